/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Asks directories, which may take long: the caller bounds the time. Called by accesspkg-submit.c. */
#include "pam_module/submit/outside.h"

#include "common/cleanup.h"
#include "common/directory.h"
#include "common/entrance.h"
#include "common/local.h"
#include "common/passage.h"
#include "common/paths.h"
#include "common/strv.h"
#include "dbus/contract.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PEOPLE_MAX = 8 }; /* more are not looked up, and count as inside */

struct search {
    const struct question *question;
    strv approvers, open_to;
    int64_t now;
    struct passage_lookup lookup;
    size_t people; /* looked up so far */
    struct directory_groups groups;
    const struct passage_person *groups_of; /* whose they are; NULL: not looked up */
    bool judged;                            /* the line was found */
    char *outside;                          /* what is found: at most PROTOCOL_OUTSIDE_MAX bytes */
};

/* ---- look-ups --------------------------------------------------------------------------------------------------- */

static int code_of(enum directory_answer answer)
{
    return answer == DIRECTORY_FOUND ? 0 : answer == DIRECTORY_ABSENT ? -ENOENT : -EAGAIN;
}

static int uid_of(const char *name, void *data, uid_t *ret)
{
    const struct passwd *found = NULL;
    const int r = code_of(directory_user(name, &found));
    (void)data;
    if (r == 0)
        *ret = found->pw_uid;
    return r;
}

static int in_group(const struct passage_person *person, const char *name, void *data)
{
    struct search *search = data;
    const struct group *group = NULL;
    int r = code_of(directory_group(name, &group));
    const gid_t gid = r == 0 ? group->gr_gid : 0;
    if (r == 0 && (gid == person->gid || strv_contains(group->gr_mem, person->name)))
        return 1;
    if (r == 0 && !search->groups_of)
        r = directory_groups(person->name, person->gid, &search->groups);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    search->groups_of = person;
    for (size_t i = 0; i < search->groups.count; i++)
        if (search->groups.gids[i] == gid)
            return 1;
    return search->groups.whole ? 0 : -EAGAIN;
}

/* ---- people ----------------------------------------------------------------------------------------------------- */

static bool gets_in(struct search *search, const struct passage_person *person, const struct gate_line *line)
{
    bool gets = passage_is_exempt(&search->lookup, person, line) ||
                passage_is_named(&search->lookup, person, search->open_to);
    for (size_t i = 0; i < search->question->n_packages && !gets; i++)
        gets = passage_holds(person, search->question->packages[i], search->now);
    return gets;
}

enum place { PLACE_NOWHERE = 0, PLACE_INSIDE, PLACE_OUTSIDE }; /* nowhere: there is no such user */

static enum place find_person(struct search *search, const char *name, const struct gate_line *line)
{
    const struct passwd *found = NULL;
    if (search->people++ >= PEOPLE_MAX)
        return PLACE_INSIDE;
    const enum directory_answer answer = directory_user(name, &found);
    if (answer != DIRECTORY_FOUND)
        return answer == DIRECTORY_ABSENT ? PLACE_NOWHERE : PLACE_INSIDE;
    _cleanup_free_ char *canonical = strdup(found->pw_name);
    struct passage_person person = {.name = canonical, .uid = found->pw_uid, .gid = found->pw_gid};
    if (!canonical)
        return PLACE_INSIDE;
    passage_read_grants(PATH_STATE, search->now, &person);
    const bool inside = gets_in(search, &person, line);
    if (search->groups_of)
        free(search->groups.gids);
    search->groups_of = NULL;
    grant_user_deinit(&person.grants);
    return inside ? PLACE_INSIDE : PLACE_OUTSIDE;
}

/* Adds those whose primary group it is, whom getgrnam() does not name. 0, -errno. */
static int add_primary_members(gid_t gid, strv *members)
{
    _cleanup_fclose_ FILE *file = local_open(PATH_ETC "/passwd");
    const struct passwd *entry;
    int r = file ? 0 : -errno;
    while (r == 0 && (entry = fgetpwent(file)))
        if (entry->pw_gid == gid && !strv_contains(*members, entry->pw_name))
            r = strv_add(members, entry->pw_name);
    return r;
}

/*
 * All members of the group. Those of a directory's group are not all known, as it is a primary group there, too; nor are those
 * of a group that packages give. 0, -errno.
 */
static int list_members(const char *name, strv *ret)
{
    const struct group *group = NULL;
    bool local = false;
    int r = code_of(directory_group(name, &group));
    if (r < 0)
        return r;
    const gid_t gid = group->gr_gid;
    strv members = strv_copy(group->gr_mem);
    r = members ? -local_has_group(name, gid, &local) : -ENOMEM;
    if (r == 0)
        r = local && !grantdir_allows(PATH_STATE, gid) ? add_primary_members(gid, &members) : -EAGAIN;
    if (r == 0)
        *ret = members;
    else
        strv_free(members);
    return r;
}

static enum place find_members(struct search *search, const char *group, const struct gate_line *line)
{
    enum place place = PLACE_NOWHERE;
    strv members = NULL;
    if (list_members(group, &members) < 0 || strv_length(members) > PEOPLE_MAX)
        place = PLACE_INSIDE;
    for (char **name = members; name && *name && place != PLACE_INSIDE; name++) {
        const enum place one = find_person(search, *name, line);
        place = one == PLACE_NOWHERE ? place : one;
    }
    strv_free(members);
    return place;
}

/* ---- the line --------------------------------------------------------------------------------------------------- */

static bool is_asked(const struct question *question, const struct gate_line *line)
{
    bool is = line->options.n_packages == question->n_packages && !line->options.report;
    for (size_t i = 0; i < question->n_packages && is; i++)
        is = strcmp(line->options.packages[i], question->packages[i]) == 0;
    return is;
}

static void add_outside(struct search *search, const char *principal)
{
    const size_t used = strlen(search->outside);
    if (used + 1 + strlen(principal) <= PROTOCOL_OUTSIDE_MAX)
        stpcpy(stpcpy(search->outside + used, used ? " " : ""), principal);
}

static void judge_line(const struct gate_line *line, void *data)
{
    struct search *search = data;
    if (search->judged || !is_asked(search->question, line))
        return;
    search->judged = true;
    for (char **principal = search->approvers; *principal; principal++)
        if (!strv_contains(search->open_to, *principal) &&
            (**principal == '%' ? find_members(search, *principal + 1, line)
                                : find_person(search, *principal, line)) == PLACE_OUTSIDE)
            add_outside(search, *principal);
}

/* ---- the request ------------------------------------------------------------------------------------------------- */

/* New list of a member's strings; NULL: no memory. */
static strv copy_list(const json_t *list)
{
    strv copy = calloc(1, sizeof(*copy));
    for (size_t i = 0; copy && i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text && strv_add(&copy, text) < 0) {
            strv_free(copy);
            return NULL;
        }
    }
    return copy;
}

bool outside_is_in_question(const struct question *question, const json_t *request)
{
    const char *state = json_string_value(json_object_get(request, "state"));
    return !question->report && question->service && entrance_find(question->service)->login && state &&
           strcmp(state, state_identifier(STATE_PENDING_APPROVAL)) == 0 &&
           !json_is_true(json_object_get(request, "undecidable")) && json_object_get(request, "open_to");
}

void outside_find(const struct question *question, const json_t *request, char ret[PROTOCOL_OUTSIDE_MAX + 1])
{
    struct search search = {.question = question,
                            .approvers = copy_list(json_object_get(request, "approvers")),
                            .open_to = copy_list(json_object_get(request, "open_to")),
                            .now = time(NULL),
                            .outside = ret};
    search.lookup = (struct passage_lookup){in_group, uid_of, &search};
    *ret = '\0';
    if (search.approvers && search.open_to)
        gates_of("", question->service, judge_line, &search);
    strv_free(search.approvers);
    strv_free(search.open_to);
}

/* ---- leaving out ------------------------------------------------------------------------------------------------ */

void outside_leave_out(const char *outside, const char *service, json_t *request)
{
    if (!*outside)
        return;
    json_t *approvers = json_object_get(request, "approvers"), *inside = json_array(), *approver;
    strv names = strv_split(outside);
    size_t i;
    bool enough = false; /* a group has as many as it takes */
    json_array_foreach(approvers, i, approver)
    {
        const char *name = json_string_value(approver);
        if (!name || strv_contains(names, name))
            continue;
        json_array_append(inside, approver);
        enough |= *name == '%';
    }
    const json_int_t quorum = json_integer_value(json_object_get(request, "quorum"));
    enough |= (json_int_t)json_array_size(inside) >= quorum;
    if (json_array_size(approvers) > 0 && json_array_size(inside) == 0)
        json_object_set_new(request, "none_inside", json_string(service));
    else if (enough)
        json_object_set(request, "approvers", inside);
    json_decref(inside);
    strv_free(names);
}
