/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Asks directories, which may take long: the caller bounds the time. Called by accesspkg-submit.c. */
#include "pam_module/submit/outside.h"

#include "common/cleanup.h"
#include "common/entrance.h"
#include "common/local.h"
#include "common/passage_directory.h"
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
    struct passage_directory directory;
    size_t people; /* looked up so far */
    bool judged;   /* the line was found */
    char *outside; /* what is found: at most PROTOCOL_OUTSIDE_MAX bytes */
};

/* ---- people ----------------------------------------------------------------------------------------------------- */

static bool gets_in(struct search *search, const struct passage_person *person, const struct gate_line *line)
{
    const struct passage_lookup lookup = passage_directory_lookup(&search->directory);
    return passage_is_exempt(&lookup, person, line) ||
           passage_holds_one(person, &line->options, search->now) ||
           passage_is_named(&lookup, person, search->open_to);
}

enum place { PLACE_NOWHERE = 0, PLACE_INSIDE, PLACE_OUTSIDE }; /* nowhere: there is no such user */

static enum place find_person(struct search *search, const char *name, const struct gate_line *line)
{
    const struct passage_person *person = NULL;
    if (search->people++ >= PEOPLE_MAX)
        return PLACE_INSIDE;
    switch (passage_directory_find(&search->directory, PATH_STATE, name, search->now, &person)) {
    case DIRECTORY_ABSENT:
        return PLACE_NOWHERE;
    case DIRECTORY_FOUND:
        return gets_in(search, person, line) ? PLACE_INSIDE : PLACE_OUTSIDE;
    case DIRECTORY_UNANSWERED:
        break;
    }
    return PLACE_INSIDE;
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
    int r = 0;
    if (directory_group(name, &group) != DIRECTORY_FOUND)
        return -EAGAIN;
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
    if (strpbrk(principal, " \t\n")) /* its words would be taken for others: it stays named */
        return;
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
    *ret = '\0';
    if (search.approvers && search.open_to)
        gates_of("", question->service, judge_line, &search);
    passage_directory_deinit(&search.directory);
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
