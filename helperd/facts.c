/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/facts.h"

#include "common/cleanup.h"
#include "common/paths.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

/* ---- the question ----------------------------------------------------------------------------------------------- */

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
    free(inquiry->gids);
    *inquiry = INQUIRY_NOBODY;
}

bool inquiry_is_empty(const struct inquiry *inquiry)
{
    return inquiry->caller == (uid_t)-1 && !inquiry->user && strv_length(inquiry->groups) == 0 &&
           strv_length(inquiry->others) == 0 && strv_length(inquiry->principals) == 0 && inquiry->n_gids == 0;
}

static int put_names(json_t *question, const char *key, char *const *names)
{
    json_t *array = json_array();
    int r = json_object_set_new(question, key, array);
    for (; r == 0 && names && *names; names++)
        r = json_array_append_new(array, json_string(*names));
    return r;
}

static int put_gids(json_t *question, const struct inquiry *inquiry)
{
    json_t *array = json_array();
    int r = json_object_set_new(question, "gids", array);
    for (size_t i = 0; r == 0 && i < inquiry->n_gids; i++)
        r = json_array_append_new(array, json_integer(inquiry->gids[i]));
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
            put_names(question, "principals", inquiry->principals) | put_gids(question, inquiry);
    if (inquiry->n_holders > 0)
        r |= put_holders(question, inquiry);
    if (inquiry->caller != (uid_t)-1)
        r |= json_object_set_new(question, "caller", json_integer(inquiry->caller));
    if (inquiry->user)
        r |= json_object_set_new(question, "user", json_string(inquiry->user));
    if (inquiry->names_only)
        r |= json_object_set_new(question, "names_only", json_true());
    if (r == 0)
        return question;
    json_decref(question);
    return NULL;
}

/* ---- what is known ---------------------------------------------------------------------------------------------- */

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

struct subject *subject_of_root(void)
{
    _cleanup_fclose_ FILE *file = fopen(PATH_ETC "/passwd", "re");
    const struct passwd *entry = NULL;
    struct subject *subject = calloc(1, sizeof(*subject));
    while (file && (entry = fgetpwent(file)) && entry->pw_uid != 0)
        continue;
    if (!subject)
        return NULL;
    *subject = (struct subject){.name = strdup(entry ? entry->pw_name : "root"),
                                .may_log_in = true,
                                .local = true,
                                .groups = calloc(1, sizeof(char *))};
    if (subject->name && subject->groups)
        return subject;
    subject_free(subject);
    return NULL;
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
    for (size_t i = 0; i < facts->n_groups; i++) {
        free(facts->groups[i].name);
        free(facts->groups[i].alias);
    }
    free(facts->groups);
    for (size_t i = 0; i < facts->n_gids; i++)
        free(facts->gids[i].name);
    free(facts->gids);
    for (size_t i = 0; i < facts->n_others; i++) {
        free(facts->others[i].name);
        subject_free(facts->others[i].subject);
    }
    free(facts->others);
    for (size_t i = 0; i < facts->n_principals; i++)
        principal_deinit(&facts->principals[i]);
    free(facts->principals);
    free(facts);
}

static char *copy_item(const json_t *array, size_t index)
{
    return strdup(json_string_value(json_array_get(array, index)));
}

struct facts *facts_new(const json_t *question)
{
    const json_t *groups = json_object_get(question, "groups");
    const json_t *gids = json_object_get(question, "gids");
    const json_t *others = json_object_get(question, "others");
    struct facts *facts = calloc(1, sizeof(*facts));
    if (!facts)
        return NULL;
    facts->caller_asked = json_object_get(question, "caller");
    facts->user_asked = json_object_get(question, "user");
    facts->groups = calloc(json_array_size(groups) + 1, sizeof(*facts->groups));
    facts->gids = calloc(json_array_size(gids) + 1, sizeof(*facts->gids));
    facts->others = calloc(json_array_size(others) + 1, sizeof(*facts->others));
    bool failed = !facts->groups || !facts->gids || !facts->others;
    for (size_t i = 0; !failed && i < json_array_size(groups); i++) {
        facts->groups[facts->n_groups++] = (struct fact_group){copy_item(groups, i), .gid = GID_UNSET};
        failed = !facts->groups[i].name;
    }
    for (size_t i = 0; !failed && i < json_array_size(gids); i++)
        facts->gids[facts->n_gids++].gid = (gid_t)json_integer_value(json_array_get(gids, i));
    for (size_t i = 0; !failed && i < json_array_size(others); i++) {
        facts->others[facts->n_others++].name = copy_item(others, i);
        failed = !facts->others[i].name;
    }
    if (!failed)
        return facts;
    facts_free(facts);
    return NULL;
}

const struct subject *facts_other(const struct facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->n_others; i++)
        if (strcmp(facts->others[i].name, name) == 0)
            return facts->others[i].subject;
    return NULL;
}

bool facts_knows_other(const struct facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->n_others; i++)
        if (strcmp(facts->others[i].name, name) == 0)
            return facts->others[i].known;
    return false;
}

const struct principal *facts_principal(const struct facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->n_principals; i++)
        if (strcmp(facts->principals[i].name, name) == 0)
            return &facts->principals[i];
    return NULL;
}

const struct fact_group *facts_group(const struct facts *facts, const char *group)
{
    for (size_t i = 0; i < facts->n_groups; i++)
        if (strcmp(facts->groups[i].name, group) == 0)
            return &facts->groups[i];
    return NULL;
}

gid_t facts_gid(const struct facts *facts, const char *group)
{
    const struct fact_group *found = facts_group(facts, group);
    return found ? found->gid : GID_UNSET;
}

const char *facts_owner_of(const struct facts *facts, const struct fact_group *group, gid_t gid)
{
    for (size_t i = 0; group->known && group->gid == GID_UNSET && i < facts->n_gids; i++)
        if (facts->gids[i].gid == gid && facts->gids[i].name && strcmp(facts->gids[i].name, group->name) != 0)
            return facts->gids[i].name;
    return NULL;
}

bool facts_are_whole(const struct facts *facts)
{
    bool whole = (facts->caller_known || !facts->caller_asked) && (facts->user_known || !facts->user_asked);
    for (size_t i = 0; i < facts->n_groups; i++)
        whole &= facts->groups[i].known;
    for (size_t i = 0; i < facts->n_gids; i++)
        whole &= facts->gids[i].known;
    for (size_t i = 0; i < facts->n_others; i++)
        whole &= facts->others[i].known;
    return whole;
}

/* ---- a line of the answer ----------------------------------------------------------------------------------------- */

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

/* An empty text counts as not given. */
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
        r = copy_optional(object, "full_name", &subject->full_name);
    return r < 0 ? r : copy_optional(object, "organisation", &subject->organisation);
}

/* An object, null where there is none, false where it was not answered; an answer is given once. */
static int take_subject(const json_t *value, struct subject **ret, bool *ret_known)
{
    if (*ret_known)
        return -EBADMSG;
    if (json_is_null(value) || json_is_false(value)) {
        *ret_known = json_is_null(value);
        return 0;
    }
    struct subject *subject = calloc(1, sizeof(*subject));
    const int r = subject ? read_subject(value, subject) : -ENOMEM;
    if (r < 0) {
        subject_free(subject);
        return r;
    }
    *ret = subject;
    *ret_known = true;
    return 0;
}

static int take_user(struct facts *facts, const json_t *line)
{
    const int r = take_subject(json_object_get(line, "user"), &facts->user, &facts->user_known);
    facts->user_gone = facts->user_known && !facts->user && json_is_true(json_object_get(line, "user_gone"));
    return r;
}

/* *ret: an index that is one of the question's. */
static int take_index(const json_t *line, const char *key, size_t count, size_t *ret)
{
    const json_t *value = json_object_get(line, key);
    const json_int_t index = json_integer_value(value);
    if (!json_is_integer(value) || index < 0 || (size_t)index >= count)
        return -EBADMSG;
    *ret = (size_t)index;
    return 0;
}

static int take_group(struct facts *facts, const json_t *line)
{
    const json_t *gid = json_object_get(line, "gid");
    size_t index = 0;
    int r = take_index(line, "group", facts->n_groups, &index);
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

static int take_gid(struct facts *facts, const json_t *line)
{
    const json_t *name = json_object_get(line, "name");
    size_t index = 0;
    int r = take_index(line, "number", facts->n_gids, &index);
    if (r < 0 || facts->gids[index].known)
        return -EBADMSG;
    struct fact_gid *gid = &facts->gids[index];
    gid->known = json_is_string(name) || json_is_null(name);
    if (!gid->known)
        return json_is_false(name) ? 0 : -EBADMSG;
    return copy_optional(line, "name", &gid->name);
}

static int take_other(struct facts *facts, const json_t *line)
{
    size_t index = 0;
    const int r = take_index(line, "other", facts->n_others, &index);
    struct fact_other *other = &facts->others[index];
    return r < 0 ? r : take_subject(json_object_get(line, "subject"), &other->subject, &other->known);
}

static struct subject *find_member(const struct facts *facts, const json_t *of)
{
    const char *role = json_string_value(of);
    const json_int_t index = json_integer_value(of);
    if (json_is_integer(of) && index >= 0 && (size_t)index < facts->n_others)
        return facts->others[index].subject;
    if (!role)
        return NULL;
    return strcmp(role, "caller") == 0 ? facts->caller : strcmp(role, "user") == 0 ? facts->user : NULL;
}

/* In place of those of /etc/group, which came with the name. */
static int take_groups_of(const struct facts *facts, const json_t *line)
{
    struct subject *subject = find_member(facts, json_object_get(line, "groups_of"));
    strv names = NULL;
    const int r =
        subject && !subject->all_groups ? read_names(json_object_get(line, "names"), &names) : -EBADMSG;
    if (r < 0)
        return r;
    strv_free(subject->groups);
    subject->groups = names;
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
        *person = (struct person){strdup(name), (uid_t)json_integer_value(uid)};
        if (!person->name)
            return -ENOMEM;
        principal->n_people++;
    }
    return 0;
}

/* The one of this name, a new one where it is the first line of it. NULL: no memory. */
static struct principal *know_principal(struct facts *facts, const char *name)
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

static int take_principal(struct facts *facts, const json_t *question, const json_t *line)
{
    const json_t *asked = json_object_get(question, "principals");
    size_t index = 0;
    const int r = take_index(line, "principal", json_array_size(asked), &index);
    if (r < 0)
        return r;
    struct principal *principal = know_principal(facts, json_string_value(json_array_get(asked, index)));
    if (!principal)
        return -ENOMEM;
    principal->exists |= json_is_true(json_object_get(line, "exists"));
    principal->whole |= json_is_true(json_object_get(line, "whole"));
    if (json_object_get(line, "names"))
        principal->n_names = (size_t)json_integer_value(json_object_get(line, "names"));
    return add_people(principal, json_object_get(line, "people"));
}

int facts_add(struct facts *facts, const json_t *question, const json_t *line)
{
    if (json_object_get(line, "caller"))
        return take_subject(json_object_get(line, "caller"), &facts->caller, &facts->caller_known);
    if (json_object_get(line, "user"))
        return take_user(facts, line);
    if (json_object_get(line, "group"))
        return take_group(facts, line);
    if (json_object_get(line, "number"))
        return take_gid(facts, line);
    if (json_object_get(line, "other"))
        return take_other(facts, line);
    if (json_object_get(line, "groups_of"))
        return take_groups_of(facts, line);
    if (json_object_get(line, "principal"))
        return take_principal(facts, question, line);
    if (json_is_true(json_object_get(line, "principals")))
        return FACTS_E_PRINCIPALS;
    return json_is_true(json_object_get(line, "end")) ? FACTS_E_END : -EBADMSG;
}
