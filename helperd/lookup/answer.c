/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/lookup/answer.h"

#include "common/cleanup.h"
#include "common/names.h"
#include "helperd/lookup/find.h"
#include "helperd/lookup/local_files.h"
#include "helperd/lookup/named.h"
#include "helperd/lookup/people.h"
#include "helperd/lookup/say.h"
#include "helperd/lookup/subject.h"

#include <stdlib.h>
#include <string.h>

/* ---- users and groups ------------------------------------------------------------------------------------------- */

/* A user whose groups are looked up once all names are answered. */
struct member {
    json_t *of; /* "caller", "user", or an index */
    char *name; /* NULL: not found */
    gid_t primary;
};

/* Returns the subject, and fills in the member, which takes over `of`. */
static json_t *find_member(struct member *member, json_t *of, const json_t *who)
{
    *member = (struct member){.of = of};
    json_t *subject = subject_find(who, &member->primary);
    const char *name = json_string_value(json_object_get(subject, "name"));
    member->name = name ? strdup(name) : NULL;
    return subject;
}

/* By which other name the uid answers: what this user runs runs as that one. */
static void add_other_name(json_t *subject, const char *name)
{
    const struct passwd *found = NULL;
    const uid_t uid = (uid_t)json_integer_value(json_object_get(subject, "uid"));
    if (name && find_user_by_uid(uid, &found) == DIRECTORY_FOUND && strcmp(found->pw_name, name) != 0 &&
        text_is_utf8(found->pw_name))
        json_object_set_new(subject, "runs_as", json_string(found->pw_name));
}

static void answer_user(struct member *member, const json_t *who)
{
    json_t *subject = find_member(member, json_string("user"), who);
    add_other_name(subject, member->name);
    const bool gone =
        json_is_null(subject) && local_files_have_users() && !local_files_user(json_string_value(who));
    say_line(json_pack("{s:o, s:b}", "user", subject, "user_gone", gone));
}

static bool files_have_group(const char *name, gid_t gid)
{
    size_t count;
    const struct group *groups = local_files_groups(&count);
    for (size_t i = 0; i < count; i++)
        if (groups[i].gr_gid == gid && strcmp(groups[i].gr_name, name) == 0)
            return true;
    return false;
}

/* Another name of the gid than the one asked for and the directory's spelling of it; NULL: none, or /etc/group gives
 * the gid both names. */
static json_t *find_alias(const char *asked, const char *written, gid_t gid)
{
    const struct group *found = NULL;
    if (find_group_by_gid(gid, &found) != DIRECTORY_FOUND || strcmp(found->gr_name, asked) == 0 ||
        strcmp(found->gr_name, written) == 0)
        return NULL;
    char alias[1024];
    text_visible(found->gr_name, alias, sizeof(alias));
    return files_have_group(asked, gid) ? NULL : json_string(alias);
}

static void answer_group(const char *name, size_t index)
{
    const struct group *found = NULL;
    const enum directory_answer answer = find_group(name, &found);
    if (answer == DIRECTORY_UNANSWERED || !local_files_have_groups()) {
        say_line(json_pack("{s:I, s:b}", "group", (json_int_t)index, "gid", 0));
        return;
    }
    json_t *gid = answer == DIRECTORY_FOUND ? json_integer(found->gr_gid) : json_null();
    json_t *alias = NULL;
    if (answer == DIRECTORY_FOUND) {
        _cleanup_free_ char *written = strdup(found->gr_name);
        alias = written ? find_alias(name, written, found->gr_gid) : NULL;
    }
    say_line(json_pack("{s:I, s:o, s:b, s:o*}", "group", (json_int_t)index, "gid", gid, "local",
                       local_files_group(name) != NULL, "alias", alias));
}

static void answer_gid(gid_t gid, size_t index)
{
    const struct group *found = NULL;
    const enum directory_answer answer = find_group_by_gid(gid, &found);
    char name[1024];
    say_line(json_pack("{s:I, s:o}", "number", (json_int_t)index, "name",
                       answer == DIRECTORY_FOUND
                           ? json_string(text_visible(found->gr_name, name, sizeof(name)))
                       : answer == DIRECTORY_ABSENT ? json_null()
                                                    : json_false()));
}

/* ---- a question
 * ----------------------------------------------------------------------------------------------------- */

/* Answers the caller, the user and the others, and fills in `members`, which has room for all. Returns how many. */
static size_t answer_names(const json_t *question, struct member *members)
{
    const json_t *caller = json_object_get(question, "caller");
    const json_t *user = json_object_get(question, "user");
    const json_t *others = json_object_get(question, "others");
    size_t count = 0;
    if (caller)
        say_line(json_pack("{s:o}", "caller", find_member(&members[count++], json_string("caller"), caller)));
    if (user)
        answer_user(&members[count++], user);
    for (size_t i = 0; i < json_array_size(others); i++)
        say_line(json_pack(
            "{s:I, s:o}", "other", (json_int_t)i, "subject",
            find_member(&members[count++], json_integer((json_int_t)i), json_array_get(others, i))));
    return count;
}

static void answer_groups_of_member(const struct member *member)
{
    bool all = false;
    json_t *gids = json_array();
    json_t *names = subject_find_groups(member->name, member->primary, gids, &all);
    say_line(
        json_pack("{s:O, s:o, s:o, s:b}", "groups_of", member->of, "names", names, "gids", gids, "all", all));
}

void answer_question(const json_t *question)
{
    const json_t *groups = json_object_get(question, "groups");
    const json_t *gids = json_object_get(question, "gids");
    const bool names_only = json_is_true(json_object_get(question, "names_only"));
    struct member *members =
        calloc(json_array_size(json_object_get(question, "others")) + 2, sizeof(*members));
    if (!members) {
        say_line(NULL);
        return;
    }
    const size_t count = answer_names(question, members);
    for (size_t i = 0; i < json_array_size(groups); i++)
        answer_group(json_string_value(json_array_get(groups, i)), i);
    for (size_t i = 0; i < json_array_size(gids); i++)
        answer_gid((gid_t)json_integer_value(json_array_get(gids, i)), i);
    for (size_t i = 0; i < count; i++) {
        if (members[i].name && !names_only)
            answer_groups_of_member(&members[i]);
        json_decref(members[i].of);
        free(members[i].name);
    }
    free(members);
    if (find_lacked()) /* it is asked again, elsewhere */
        return;
    named_answer_names(question);
    say_line(json_pack("{s:b}", "principals", 1));
    people_answer_principals(question);
    say_line(json_pack("{s:b}", "end", 1));
    say_all();
}
