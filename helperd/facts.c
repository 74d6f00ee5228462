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

static void principal_deinit(struct principal *principal)
{
    for (size_t i = 0; i < principal->n_people; i++)
        free(principal->people[i].name);
    free(principal->people);
    free(principal->name);
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
    for (size_t i = 0; i < facts->n_others; i++)
        subject_free(facts->others[i]);
    free(facts->others);
    for (size_t i = 0; i < facts->n_principals; i++)
        principal_deinit(&facts->principals[i]);
    free(facts->principals);
    free(facts);
}

const struct subject *facts_other(const struct facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->n_others; i++)
        if (strcmp(facts->others[i]->name, name) == 0)
            return facts->others[i];
    return NULL;
}

const struct principal *facts_principal(const struct facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->n_principals; i++)
        if (strcmp(facts->principals[i].name, name) == 0)
            return &facts->principals[i];
    return NULL;
}

void inquiry_deinit(struct inquiry *inquiry)
{
    free(inquiry->user);
    strv_free(inquiry->groups);
    strv_free(inquiry->others);
    strv_free(inquiry->principals);
    for (size_t i = 0; i < inquiry->n_holders; i++) {
        free(inquiry->holders[i].principal);
        free(inquiry->holders[i].name);
    }
    free(inquiry->holders);
    *inquiry = INQUIRY_NOBODY;
}

static int put_names(json_t *question, const char *key, char *const *names)
{
    json_t *array = json_array();
    int r = json_object_set_new(question, key, array);
    for (; r == 0 && names && *names; names++)
        r = json_array_append_new(array, json_string(*names));
    return r;
}

/* {"%dba-leads": [{"name", "uid", "gid"}, ...], ...} */
static int put_holders(json_t *question, const struct inquiry *inquiry)
{
    json_t *all = json_object();
    int r = json_object_set_new(question, "holders", all);
    for (size_t i = 0; r == 0 && i < inquiry->n_holders; i++) {
        const struct holder *holder = &inquiry->holders[i];
        if (!json_object_get(all, holder->principal))
            r = json_object_set_new(all, holder->principal, json_array());
        r |= json_array_append_new(json_object_get(all, holder->principal),
                                   json_pack("{s:s, s:I, s:I}", "name", holder->name, "uid",
                                             (json_int_t)holder->uid, "gid", (json_int_t)holder->gid));
    }
    return r;
}

json_t *inquiry_to_json(const struct inquiry *inquiry)
{
    json_t *question = json_object();
    int r = put_names(question, "groups", inquiry->groups) | put_names(question, "others", inquiry->others) |
            put_names(question, "principals", inquiry->principals);
    if (inquiry->n_holders > 0)
        r |= put_holders(question, inquiry);
    if (inquiry->caller != (uid_t)-1)
        r |= json_object_set_new(question, "caller", json_integer(inquiry->caller));
    if (inquiry->user)
        r |= json_object_set_new(question, "user", json_string(inquiry->user));
    if (r == 0)
        return question;
    json_decref(question);
    return NULL;
}

gid_t facts_gid(const struct facts *facts, const char *group)
{
    for (size_t i = 0; i < facts->n_groups; i++)
        if (strcmp(facts->groups[i].name, group) == 0)
            return facts->groups[i].gid;
    return GID_UNSET;
}

bool facts_group_is_local(const struct facts *facts, const char *group)
{
    for (size_t i = 0; i < facts->n_groups; i++)
        if (strcmp(facts->groups[i].name, group) == 0)
            return facts->groups[i].local;
    return false;
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
    subject->local = json_is_true(json_object_get(object, "local"));
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
    const json_t *local = json_object_get(answer, "local_groups");
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
        facts->groups[facts->n_groups].local = json_is_true(json_array_get(local, facts->n_groups));
        if (!facts->groups[facts->n_groups].name)
            return false;
    }
    return true;
}

static bool read_others(const json_t *question, const json_t *answer, struct facts *facts)
{
    const json_t *others = json_object_get(answer, "others");
    const size_t count = json_array_size(others);
    if (count != json_array_size(json_object_get(question, "others")))
        return false;
    facts->others = calloc(count ? count : 1, sizeof(*facts->others));
    for (size_t i = 0; facts->others && i < count; i++) {
        const json_t *object = json_array_get(others, i);
        if (json_is_null(object))
            continue;
        facts->others[facts->n_others] = subject_from_json(object);
        if (!facts->others[facts->n_others++])
            return false;
    }
    return facts->others;
}

static bool read_people(const json_t *array, struct principal *principal)
{
    const size_t count = json_array_size(array);
    principal->exists = json_is_array(array);
    principal->people = calloc(count ? count : 1, sizeof(*principal->people));
    for (; principal->people && principal->n_people < count; principal->n_people++) {
        const json_t *object = json_array_get(array, principal->n_people);
        const char *name = json_string_value(json_object_get(object, "name"));
        const json_t *uid = json_object_get(object, "uid");
        struct person *person = &principal->people[principal->n_people];
        if (!name || !json_is_integer(uid) || !(person->name = strdup(name)))
            return false;
        person->uid = (uid_t)json_integer_value(uid);
    }
    return principal->people;
}

static bool read_principals(const json_t *question, const json_t *answer, struct facts *facts)
{
    const json_t *names = json_object_get(question, "principals");
    const json_t *found = json_object_get(answer, "principals");
    const size_t count = json_array_size(names);
    if (json_array_size(found) != count)
        return false;
    facts->principals = calloc(count ? count : 1, sizeof(*facts->principals));
    for (size_t i = 0; facts->principals && i < count; i++) {
        if (json_is_false(json_array_get(found, i)))
            continue; /* it could not be found out */
        struct principal *principal = &facts->principals[facts->n_principals++];
        principal->name = strdup(json_string_value(json_array_get(names, i)));
        if (!principal->name || !read_people(json_array_get(found, i), principal))
            return false;
    }
    return facts->principals;
}

struct facts *facts_from_json(const json_t *question, const json_t *answer)
{
    struct facts *facts = calloc(1, sizeof(*facts));
    if (!facts)
        return NULL;
    if (!json_is_object(answer) || !read_subject(answer, "caller", &facts->caller) ||
        !read_subject(answer, "user", &facts->user) || !read_groups(question, answer, facts) ||
        !read_others(question, answer, facts) || !read_principals(question, answer, facts)) {
        facts_free(facts);
        return NULL;
    }
    facts->user_gone = !facts->user && json_is_true(json_object_get(answer, "user_gone"));
    return facts;
}
