/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accesspkg-lookup: answers accesspkgd's questions about users and groups, in a process of its own, because a
 * look-up may leave the host and hang there. accesspkgd runs several, one question at a time each, and kills
 * one that does not answer. It decides nothing and must never write anywhere but to its answer.
 *
 * On stdin one JSON object a line, the question: {"caller": UID, "user": NAME, "groups": [NAME, ...], "gids": [GID, ...],
 * "others": [NAME, ...], "principals": [NAME or %GROUP, ...], "holders": {%GROUP: [{"name", "uid", "gid"}, ...]},
 * "names_only": BOOL}, each member optional. Holders have the group by a package, which no look-up of the group tells:
 * they count among its people. On stdout the
 * answer, a JSON object a line as soon as it is found out, so that what hangs takes nothing with it that was found before.
 * What the files of this host answer alone comes first, the groups of users later:
 *
 *     {"caller": SUBJECT}
 *     {"user": SUBJECT, "user_gone": whether /etc/passwd does not have it either}
 *     {"other": INDEX, "subject": SUBJECT}
 *     {"group": INDEX, "gid": GID, "local": whether /etc/group has it, "alias": by which other name the gid answers}
 *     {"number": INDEX, "name": NAME}                          of "gids"
 *     {"groups_of": "caller", "user" or the INDEX of another, "names": [NAME, ...], "all": whether every directory
 *      answered}                                               not with "names_only"
 *     {"principals": true}                                     nothing but these comes now:
 *     {"principal": INDEX, "exists": BOOL, "names": members of a group, "people": [{"name", "uid"}], "whole": BOOL}
 *     {"end": true}
 *
 * SUBJECT, GID and NAME are null for what does not exist, and false where that was not answered: a look-up that failed
 * is no absence (rule 1). A principal may have several lines, which add up; "whole" says that all of its people were told
 * of, those who may log in. Principals have a time of their own, so that a large group in a slow directory costs nobody
 * the rest of the answer.
 */
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/local.h"
#include "common/names.h"
#include "helperd/lookup/subject.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    IDLE_SECONDS = 60, /* then SIGALRM ends an idle process; accesspkgd starts another when it needs one */
    PEOPLE_MAX = 256,  /* FACTS_PEOPLE_MAX: more than any quorum needs to be told of one group */
    PEOPLE_OF_ALL_MAX = 2048, /* of all principals of a question: bounds the answer */
    PRINCIPALS_MAX_MS = 500,  /* and what they may cost whoever waits for it */
};

/* Without memory, or without anybody who reads it, there is no answer. */
static void say(json_t *line)
{
    if (!line || json_dumpf(line, stdout, JSON_COMPACT) < 0 || putchar('\n') == EOF || fflush(stdout) == EOF)
        exit(1);
    json_decref(line);
}

/* ---- users and groups ------------------------------------------------------------------------------------------- */

/* Whose groups are looked up when all names are answered. */
struct member {
    json_t *of; /* "caller", "user", or an index */
    char *name; /* NULL: nobody was found */
    gid_t primary;
};

/* The subject; the member owns `of`. */
static json_t *find_member(struct member *member, json_t *of, const json_t *who)
{
    *member = (struct member){.of = of};
    json_t *subject = subject_find(who, &member->primary);
    const char *name = json_string_value(json_object_get(subject, "name"));
    member->name = name ? strdup(name) : NULL;
    return subject;
}

static void answer_user(struct member *member, const json_t *who)
{
    json_t *subject = find_member(member, json_string("user"), who);
    bool local = true;
    const bool gone = json_is_null(subject) && local_has_user(json_string_value(who), &local) == 0 && !local;
    say(json_pack("{s:o, s:b}", "user", subject, "user_gone", gone));
}

/* By which other name than the one asked for, and the one that the directory writes, the gid answers. A line of
 * /etc/group with both says that the group has two names. */
static json_t *find_alias(const char *asked, const char *written, gid_t gid)
{
    const struct group *found = NULL;
    bool local = false;
    if (directory_group_by_gid(gid, &found) != DIRECTORY_FOUND || strcmp(found->gr_name, asked) == 0 ||
        strcmp(found->gr_name, written) == 0)
        return NULL;
    char alias[1024];
    text_visible(found->gr_name, alias, sizeof(alias));
    return local_has_group(asked, gid, &local) == 0 && local ? NULL : json_string(alias);
}

static void answer_group(const char *name, size_t index)
{
    const struct group *found = NULL;
    const enum directory_answer answer = directory_group(name, &found);
    bool local = false;
    if (answer == DIRECTORY_UNANSWERED || local_has_group(name, (gid_t)-1, &local) != 0) {
        say(json_pack("{s:I, s:b}", "group", (json_int_t)index, "gid", 0));
        return;
    }
    json_t *gid = answer == DIRECTORY_FOUND ? json_integer(found->gr_gid) : json_null();
    json_t *alias = NULL;
    if (answer == DIRECTORY_FOUND) {
        _cleanup_free_ char *written = strdup(found->gr_name);
        alias = written ? find_alias(name, written, found->gr_gid) : NULL;
    }
    say(json_pack("{s:I, s:o, s:b, s:o*}", "group", (json_int_t)index, "gid", gid, "local", local, "alias",
                  alias));
}

static void answer_gid(gid_t gid, size_t index)
{
    const struct group *found = NULL;
    const enum directory_answer answer = directory_group_by_gid(gid, &found);
    char name[1024];
    say(json_pack("{s:I, s:o}", "number", (json_int_t)index, "name",
                  answer == DIRECTORY_FOUND    ? json_string(text_visible(found->gr_name, name, sizeof(name)))
                  : answer == DIRECTORY_ABSENT ? json_null()
                                               : json_false()));
}

/* ---- whom a principal stands for ---------------------------------------------------------------------------------- */

/* What all principals of a question may cost together. */
struct allowance {
    struct timespec begun;
    size_t people;
};

static bool is_used_up(const struct allowance *allowance)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return allowance->people == 0 || (now.tv_sec - allowance->begun.tv_sec) * 1000 +
                                             (now.tv_nsec - allowance->begun.tv_nsec) / 1000000 >=
                                         PRINCIPALS_MAX_MS;
}

/* Tells of this user, if there is one, and may log in, and is no other one by now (`uid`; NULL: whoever it is): 1; 0: not;
 * -1: not answered. */
static int answer_person(const char *name, const json_t *uid, size_t index)
{
    const struct passwd *found = NULL;
    const enum directory_answer answer = directory_user(name, &found);
    if (answer != DIRECTORY_FOUND)
        return answer == DIRECTORY_ABSENT ? 0 : -1;
    const bool counts = subject_may_log_in(found) && text_is_utf8(found->pw_name) &&
                        (!uid || json_integer_value(uid) == (json_int_t)found->pw_uid);
    json_t *line = json_pack("{s:I, s:b}", "principal", (json_int_t)index, "exists", 1);
    if (counts)
        json_object_set_new(
            line, "people",
            json_pack("[{s:s, s:I}]", "name", found->pw_name, "uid", (json_int_t)found->pw_uid));
    say(line);
    return counts;
}

static void say_whole(size_t index)
{
    say(json_pack("{s:I, s:b}", "principal", (json_int_t)index, "whole", 1));
}

/* Among the first `count`. */
static bool is_listed(const json_t *people, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(people, i), "name")), name) == 0)
            return true;
    return false;
}

/* Who has the group by a package (of it as it is now, not of one that had its name), then its members: new objects, each
 * name once. Copied: the next look-up may write over them. */
static json_t *list_people(const struct group *group, const json_t *holders)
{
    json_t *people = json_array();
    for (size_t i = 0; i < json_array_size(holders); i++) {
        json_t *holder = json_array_get(holders, i);
        const char *name = json_string_value(json_object_get(holder, "name"));
        if (json_integer_value(json_object_get(holder, "gid")) == (json_int_t)group->gr_gid &&
            !is_listed(people, json_array_size(people), name)) /* by another package */
            json_array_append(people, holder);
    }
    const size_t held = json_array_size(people);
    for (char *const *member = group->gr_mem; *member; member++)
        if (text_is_utf8(*member) && !is_listed(people, held, *member))
            json_array_append_new(people, json_pack("{s:s}", "name", *member));
    return people;
}

/* All of these, as far as the allowance goes. */
static void answer_people(const json_t *people, size_t index, struct allowance *allowance)
{
    bool whole = true;
    size_t told = 0;
    for (size_t i = 0; i < json_array_size(people); i++) {
        if (told == PEOPLE_MAX || is_used_up(allowance)) {
            whole = false;
            break;
        }
        const json_t *person = json_array_get(people, i);
        const int counts = answer_person(json_string_value(json_object_get(person, "name")),
                                         json_object_get(person, "uid"), index);
        whole &= counts >= 0;
        told += counts > 0;
        allowance->people -= counts > 0;
    }
    if (whole)
        say_whole(index);
}

static void answer_group_people(const char *group, const json_t *holders, size_t index,
                                struct allowance *allowance)
{
    const struct group *found = NULL;
    const enum directory_answer answer = directory_group(group, &found);
    if (answer == DIRECTORY_ABSENT)
        say_whole(index);
    if (answer != DIRECTORY_FOUND)
        return;
    json_t *people = list_people(found, holders);
    say(json_pack("{s:I, s:b, s:I}", "principal", (json_int_t)index, "exists", 1, "names",
                  (json_int_t)json_array_size(people)));
    answer_people(people, index, allowance);
    json_decref(people);
}

static void answer_principals(const json_t *question)
{
    const json_t *principals = json_object_get(question, "principals");
    struct allowance allowance = {.people = PEOPLE_OF_ALL_MAX};
    clock_gettime(CLOCK_MONOTONIC, &allowance.begun);
    for (size_t i = 0; i < json_array_size(principals) && !is_used_up(&allowance); i++) {
        const char *principal = json_string_value(json_array_get(principals, i));
        const json_t *holders = json_object_get(json_object_get(question, "holders"), principal);
        if (principal[0] == '%')
            answer_group_people(principal + 1, holders, i, &allowance);
        else if (answer_person(principal, NULL, i) >= 0)
            say_whole(i);
    }
}

/* ---- a question ----------------------------------------------------------------------------------------------------- */

/* All whom the question names one by one; there is room for them. How many. */
static size_t answer_names(const json_t *question, struct member *members)
{
    const json_t *caller = json_object_get(question, "caller");
    const json_t *user = json_object_get(question, "user");
    const json_t *others = json_object_get(question, "others");
    size_t count = 0;
    if (caller)
        say(json_pack("{s:o}", "caller", find_member(&members[count++], json_string("caller"), caller)));
    if (user)
        answer_user(&members[count++], user);
    for (size_t i = 0; i < json_array_size(others); i++)
        say(json_pack(
            "{s:I, s:o}", "other", (json_int_t)i, "subject",
            find_member(&members[count++], json_integer((json_int_t)i), json_array_get(others, i))));
    return count;
}

static void answer_groups_of(const struct member *member)
{
    bool all = false;
    json_t *names = subject_find_groups(member->name, member->primary, &all);
    say(json_pack("{s:O, s:o, s:b}", "groups_of", member->of, "names", names, "all", all));
}

static void answer(const json_t *question)
{
    const json_t *groups = json_object_get(question, "groups");
    const json_t *gids = json_object_get(question, "gids");
    const bool names_only = json_is_true(json_object_get(question, "names_only"));
    struct member *members =
        calloc(json_array_size(json_object_get(question, "others")) + 2, sizeof(*members));
    if (!members)
        exit(1);
    const size_t count = answer_names(question, members);
    for (size_t i = 0; i < json_array_size(groups); i++)
        answer_group(json_string_value(json_array_get(groups, i)), i);
    for (size_t i = 0; i < json_array_size(gids); i++)
        answer_gid((gid_t)json_integer_value(json_array_get(gids, i)), i);
    for (size_t i = 0; i < count; i++) {
        if (members[i].name && !names_only)
            answer_groups_of(&members[i]);
        json_decref(members[i].of);
        free(members[i].name);
    }
    free(members);
    say(json_pack("{s:b}", "principals", 1));
    answer_principals(question);
    say(json_pack("{s:b}", "end", 1));
}

int main(void)
{
    for (;;) {
        alarm(IDLE_SECONDS);
        json_t *question = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL);
        if (!question)
            return 0;
        alarm(0);
        answer(question);
        json_decref(question);
    }
}
