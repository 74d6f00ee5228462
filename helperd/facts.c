/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/facts.h"

#include <stdlib.h>
#include <string.h>

static void subject_free(struct subject *subject)
{
    if (!subject)
        return;
    free(subject->name);
    free(subject->full_name);
    free(subject->organisation);
    strv_free(subject->groups);
    free(subject);
}

void facts_free(struct facts *facts)
{
    if (!facts)
        return;
    subject_free(facts->caller);
    subject_free(facts->user);
    for (size_t i = 0; i < facts->n_groups; i++)
        free(facts->groups[i].name);
    free(facts->groups);
    free(facts);
}

gid_t facts_gid(const struct facts *facts, const char *group)
{
    for (size_t i = 0; i < facts->n_groups; i++)
        if (strcmp(facts->groups[i].name, group) == 0)
            return facts->groups[i].gid;
    return GID_UNSET;
}

static strv strv_from_json(const json_t *array)
{
    const size_t count = json_array_size(array);
    strv list = calloc(count + 1, sizeof(*list));
    for (size_t i = 0; list && i < count; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        list[i] = text ? strdup(text) : NULL;
        if (!list[i]) {
            strv_free(list);
            return NULL;
        }
    }
    return list;
}

/* An empty text counts as not given. False when there is no memory. */
static bool copy_optional(const json_t *object, const char *key, char **ret)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (!text || !*text)
        return true;
    *ret = strdup(text);
    return *ret;
}

static struct subject *subject_from_json(const json_t *object)
{
    const char *name = json_string_value(json_object_get(object, "name"));
    const json_t *uid = json_object_get(object, "uid");
    if (!name || !*name || !json_is_integer(uid))
        return NULL;
    struct subject *subject = calloc(1, sizeof(*subject));
    if (!subject)
        return NULL;
    subject->name = strdup(name);
    subject->uid = (uid_t)json_integer_value(uid);
    subject->may_log_in = json_is_true(json_object_get(object, "may_log_in"));
    subject->groups = strv_from_json(json_object_get(object, "groups"));
    if (!subject->name || !subject->groups || !copy_optional(object, "full_name", &subject->full_name) ||
        !copy_optional(object, "organisation", &subject->organisation)) {
        subject_free(subject);
        return NULL;
    }
    return subject;
}

/* Absent and null both mean that there is no such user; a malformed one spoils the whole answer. */
static bool read_subject(const json_t *answer, const char *key, struct subject **ret)
{
    const json_t *object = json_object_get(answer, key);
    if (!object || json_is_null(object))
        return true;
    *ret = subject_from_json(object);
    return *ret;
}

static bool read_groups(const json_t *question, const json_t *answer, struct facts *facts)
{
    const json_t *names = json_object_get(question, "groups");
    const json_t *gids = json_object_get(answer, "groups");
    const size_t count = json_array_size(names);
    if (json_array_size(gids) != count)
        return false;
    facts->groups = calloc(count ? count : 1, sizeof(*facts->groups));
    if (!facts->groups)
        return false;
    for (; facts->n_groups < count; facts->n_groups++) {
        const json_t *gid = json_array_get(gids, facts->n_groups);
        facts->groups[facts->n_groups].name =
            strdup(json_string_value(json_array_get(names, facts->n_groups)));
        facts->groups[facts->n_groups].gid =
            json_is_integer(gid) ? (gid_t)json_integer_value(gid) : GID_UNSET;
        if (!facts->groups[facts->n_groups].name)
            return false;
    }
    return true;
}

struct facts *facts_from_json(const json_t *question, const json_t *answer)
{
    struct facts *facts = calloc(1, sizeof(*facts));
    if (!facts)
        return NULL;
    if (!json_is_object(answer) || !read_subject(answer, "caller", &facts->caller) ||
        !read_subject(answer, "user", &facts->user) || !read_groups(question, answer, facts)) {
        facts_free(facts);
        return NULL;
    }
    return facts;
}
