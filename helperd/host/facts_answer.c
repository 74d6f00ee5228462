/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Adds accesspkg-lookup's answer to the facts, line by line. A malformed line refuses the whole answer (rule 1). */
#include "helperd/host/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_names(const json_t *array, strv *ret)
{
    const size_t count = json_array_size(array);
    strv list = calloc(count + 1, sizeof(*list));
    int r = list ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < count; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (!text)
            r = -EBADMSG;
        else if (!(list[i] = strdup(text)))
            r = -ENOMEM;
    }
    if (r < 0)
        strv_free(list);
    else
        *ret = list;
    return r;
}

/* Adds the gids; none when the answer has no array. */
static int read_gids(const json_t *array, struct subject *subject)
{
    const size_t count = json_array_size(array);
    gid_t *gids = calloc(count + 1, sizeof(*gids));
    if (!gids)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const json_t *gid = json_array_get(array, i);
        if (!json_is_integer(gid)) {
            free(gids);
            return -EBADMSG;
        }
        gids[i] = (gid_t)json_integer_value(gid);
    }
    free(subject->gids);
    subject->gids = gids;
    subject->n_gids = count;
    return 0;
}

/* Leaves *ret when the text is missing or empty. */
static int copy_optional(const json_t *object, const char *key, char **ret)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (!text || !*text)
        return 0;
    *ret = strdup(text);
    return *ret ? 0 : -ENOMEM;
}

static int read_subject(const json_t *object, struct subject *subject)
{
    int r = copy_optional(object, "name", &subject->name);
    const json_t *uid = json_object_get(object, "uid");
    if (r == 0 && (!subject->name || !json_is_integer(uid)))
        return -EBADMSG;
    subject->uid = (uid_t)json_integer_value(uid);
    subject->may_log_in = json_is_true(json_object_get(object, "may_log_in"));
    subject->local = json_is_true(json_object_get(object, "local"));
    if (r == 0)
        r = read_names(json_object_get(object, "groups"), &subject->groups);
    if (r == 0)
        r = read_gids(json_object_get(object, "gids"), subject);
    if (r == 0)
        r = copy_optional(object, "full_name", &subject->full_name);
    if (r == 0)
        r = copy_optional(object, "runs_as", &subject->runs_as);
    return r < 0 ? r : copy_optional(object, "organisation", &subject->organisation);
}

/* `value` is an object; null for an absent user; false for no answer. -EBADMSG also for a second answer. */
static int add_subject(const json_t *value, struct subject **ret, bool *ret_known)
{
    if (*ret_known)
        return -EBADMSG;
    if (json_is_null(value) || json_is_false(value)) {
        *ret_known = json_is_null(value);
        return 0;
    }
    struct subject *subject = calloc(1, sizeof(*subject));
    *ret = subject; /* owned by the facts even if malformed: they are dropped then */
    const int r = subject ? read_subject(value, subject) : -ENOMEM;
    *ret_known = r == 0;
    return r;
}

static int add_user_answer(struct facts *facts, const json_t *line)
{
    const int r = add_subject(json_object_get(line, "user"), &facts->user, &facts->user_known);
    facts->user_gone = facts->user_known && !facts->user && json_is_true(json_object_get(line, "user_gone"));
    return r;
}

/* Reads an index below `count`. */
static int read_index(const json_t *line, const char *key, size_t count, size_t *ret)
{
    const json_t *value = json_object_get(line, key);
    const json_int_t index = json_integer_value(value);
    if (!json_is_integer(value) || index < 0 || (size_t)index >= count)
        return -EBADMSG;
    *ret = (size_t)index;
    return 0;
}

static int add_group_answer(struct facts *facts, const json_t *line)
{
    const json_t *gid = json_object_get(line, "gid");
    size_t index = 0;
    int r = read_index(line, "group", facts->n_groups, &index);
    if (r < 0 || facts->groups[index].known)
        return -EBADMSG;
    struct fact_group *group = &facts->groups[index];
    group->known = json_is_integer(gid) || json_is_null(gid);
    if (!group->known)
        return json_is_false(gid) ? 0 : -EBADMSG;
    group->gid = json_is_integer(gid) ? (gid_t)json_integer_value(gid) : GID_UNSET;
    group->local = json_is_true(json_object_get(line, "local"));
    return copy_optional(line, "alias", &group->alias);
}

static int add_gid_answer(struct facts *facts, const json_t *line)
{
    const json_t *name = json_object_get(line, "name");
    size_t index = 0;
    int r = read_index(line, "number", facts->n_gids, &index);
    if (r < 0 || facts->gids[index].known)
        return -EBADMSG;
    struct fact_gid *gid = &facts->gids[index];
    gid->known = json_is_string(name) || json_is_null(name);
    if (!gid->known)
        return json_is_false(name) ? 0 : -EBADMSG;
    return copy_optional(line, "name", &gid->name);
}

static int add_other_answer(struct facts *facts, const json_t *line)
{
    size_t index = 0;
    const int r = read_index(line, "other", facts->n_others, &index);
    struct fact_other *other = &facts->others[index];
    return r < 0 ? r : add_subject(json_object_get(line, "subject"), &other->subject, &other->known);
}

static int add_name_answer(struct facts *facts, const json_t *line)
{
    const json_t *found = json_object_get(line, "as");
    const json_t *id = json_object_get(line, "id");
    size_t index = 0;
    const int r = read_index(line, "named", facts->n_names, &index);
    if (r < 0 || facts->names[index].known)
        return -EBADMSG;
    struct fact_name *name = &facts->names[index];
    if (json_is_string(found) ? !json_is_integer(id) || !*json_string_value(found)
                              : !json_is_null(found) && !json_is_false(found))
        return -EBADMSG;
    name->known = !json_is_false(found);
    name->local = json_is_true(json_object_get(line, "local"));
    name->id = (id_t)json_integer_value(id);
    return copy_optional(line, "as", &name->name);
}

static struct subject *find_subject(const struct facts *facts, const json_t *of)
{
    const char *role = json_string_value(of);
    const json_int_t index = json_integer_value(of);
    if (json_is_integer(of) && index >= 0 && (size_t)index < facts->n_others)
        return facts->others[index].subject;
    if (!role)
        return NULL;
    return strcmp(role, "caller") == 0 ? facts->caller : strcmp(role, "user") == 0 ? facts->user : NULL;
}

/* Replaces the groups of /etc/group, which came with the name. */
static int add_groups_of(const struct facts *facts, const json_t *line)
{
    struct subject *subject = find_subject(facts, json_object_get(line, "groups_of"));
    strv names = NULL;
    const int r =
        subject && !subject->all_groups ? read_names(json_object_get(line, "names"), &names) : -EBADMSG;
    if (r < 0)
        return r;
    strv_free(subject->groups);
    subject->groups = names;
    const int r_gids = read_gids(json_object_get(line, "gids"), subject);
    if (r_gids < 0)
        return r_gids;
    subject->all_groups = json_is_true(json_object_get(line, "all"));
    return 0;
}

static int add_people(struct principal *principal, const json_t *array)
{
    struct person *grown =
        reallocarray(principal->people, principal->n_people + json_array_size(array) + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    principal->people = grown;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        const char *name = json_string_value(json_object_get(object, "name"));
        const json_t *uid = json_object_get(object, "uid");
        if (!name || !json_is_integer(uid) || principal->n_people == FACTS_PEOPLE_MAX)
            return -EBADMSG;
        struct person *person = &principal->people[principal->n_people];
        *person = (struct person){.name = strdup(name), .uid = (uid_t)json_integer_value(uid)};
        if (!person->name || copy_optional(object, "gecos", &person->gecos) < 0) {
            free(person->name);
            return -ENOMEM;
        }
        principal->n_people++;
    }
    return 0;
}

/* The principal of this name, or a new one. NULL: no memory. */
static struct principal *get_principal(struct facts *facts, const char *name)
{
    struct principal *known = (struct principal *)facts_principal(facts, name);
    if (known)
        return known;
    struct principal *grown = reallocarray(facts->principals, facts->n_principals + 1, sizeof(*grown));
    if (!grown)
        return NULL;
    facts->principals = grown;
    grown[facts->n_principals] = (struct principal){.name = strdup(name)};
    return grown[facts->n_principals].name ? &grown[facts->n_principals++] : NULL;
}

static int add_principal_answer(struct facts *facts, const json_t *question, const json_t *line)
{
    const json_t *asked = json_object_get(question, "principals");
    size_t index = 0;
    const int r = read_index(line, "principal", json_array_size(asked), &index);
    if (r < 0)
        return r;
    struct principal *principal = get_principal(facts, json_string_value(json_array_get(asked, index)));
    if (!principal)
        return -ENOMEM;
    principal->exists |= json_is_true(json_object_get(line, "exists"));
    principal->local |= json_is_true(json_object_get(line, "local"));
    principal->whole |= json_is_true(json_object_get(line, "whole"));
    facts->unanswered |= json_is_true(json_object_get(line, "unanswered"));
    return add_people(principal, json_object_get(line, "people"));
}

int facts_add(struct facts *facts, const json_t *question, const json_t *line)
{
    if (json_object_get(line, "caller"))
        return add_subject(json_object_get(line, "caller"), &facts->caller, &facts->caller_known);
    if (json_object_get(line, "user"))
        return add_user_answer(facts, line);
    if (json_object_get(line, "group"))
        return add_group_answer(facts, line);
    if (json_object_get(line, "number"))
        return add_gid_answer(facts, line);
    if (json_object_get(line, "other"))
        return add_other_answer(facts, line);
    if (json_object_get(line, "named"))
        return add_name_answer(facts, line);
    if (json_object_get(line, "groups_of"))
        return add_groups_of(facts, line);
    if (json_object_get(line, "principal"))
        return add_principal_answer(facts, question, line);
    if (json_is_true(json_object_get(line, "principals")))
        return FACTS_E_PRINCIPALS;
    return json_is_true(json_object_get(line, "end")) ? FACTS_E_END : -EBADMSG;
}
