/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the people whom principals stand for. Local users and the local members of local groups come first, so that a
 * directory that hangs does not cost them.
 */
#include "helperd/lookup/people.h"

#include "common/names.h"
#include "helperd/lookup/find.h"
#include "helperd/lookup/local_files.h"
#include "helperd/lookup/say.h"
#include "helperd/lookup/subject.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PEOPLE_MAX = 256,         /* of one group: FACTS_PEOPLE_MAX, more than any quorum needs */
    PEOPLE_OF_ALL_MAX = 2048, /* of all principals of a question: bounds the answer */
    PATIENCE_MS = 500,        /* for all principals of a question that has no "patience" */
};

struct principal {
    const char *name;
    size_t index;
    bool is_group, local;
    json_t
        *people; /* of a group that was found: objects with a name, and the uid that it must have, or none */
    size_t told; /* people listed so far */
    bool unsure; /* a look-up failed, or there was no time for all */
};

struct answer {
    const json_t *holders;
    struct principal *principals;
    size_t count;
    bool addresses;
    struct timespec begun; /* with patience: the time limit for all principals */
    json_int_t patience;   /* milliseconds */
    size_t people;         /* how many more may be listed */
};

/* ---- people
 * ------------------------------------------------------------------------------------------------------- */

static bool is_used_up(const struct answer *answer)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return answer->people == 0 ||
           (now.tv_sec - answer->begun.tv_sec) * 1000 + (now.tv_nsec - answer->begun.tv_nsec) / 1000000 >=
               answer->patience;
}

static json_t *new_line(const struct principal *principal)
{
    json_t *line = json_pack("{s:I}", "principal", (json_int_t)principal->index);
    if (principal->local)
        json_object_set_new(line, "local", json_true());
    return line;
}

static void say_flag(const struct principal *principal, const char *flag)
{
    json_t *line = new_line(principal);
    json_object_set_new(line, flag, json_true());
    say_line(line);
}

static void say_person(const struct answer *answer, const struct principal *principal,
                       const struct passwd *entry)
{
    json_t *line = new_line(principal);
    json_t *person = json_pack("{s:s, s:I}", "name", entry->pw_name, "uid", (json_int_t)entry->pw_uid);
    if (answer->addresses && entry->pw_gecos && text_is_utf8(entry->pw_gecos))
        json_object_set_new(person, "gecos", json_string(entry->pw_gecos));
    json_object_set_new(line, "exists", json_true());
    json_object_set_new(line, "people", json_pack("[o]", person));
    say_line(line);
}

/* Lists this user if they may log in, as themselves, and have this uid (NULL: any). */
static void tell_person(struct answer *answer, struct principal *principal, const char *name,
                        const json_t *uid)
{
    const struct passwd *found = NULL;
    const enum directory_answer directory = find_user(name, &found);
    if (directory == DIRECTORY_UNANSWERED && !principal->unsure)
        say_flag(principal, "unanswered");
    principal->unsure |= directory == DIRECTORY_UNANSWERED;
    if (directory != DIRECTORY_FOUND)
        return;
    const bool decides = subject_may_log_in(found) && !local_files_run_as_another(found->pw_name);
    if ((!answer->addresses && !decides) || !text_is_utf8(found->pw_name) ||
        (uid && json_integer_value(uid) != (json_int_t)found->pw_uid)) {
        say_flag(principal, "exists");
        return;
    }
    say_person(answer, principal, found);
    principal->told++;
    answer->people--;
}

static void say_whole(const struct principal *principal)
{
    if (!principal->unsure)
        say_flag(principal, "whole");
}

/* Whether the first `count` of these people have this name. */
static bool is_listed(const json_t *people, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(people, i), "name")), name) == 0)
            return true;
    return false;
}

/* The holders who have the group, with its present gid, by a package; then its members. Each name once. Copied, for the
 * next look-up may overwrite them. */
static json_t *list_group_people(const struct group *group, const json_t *holders)
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

/* ---- principals
 * ---------------------------------------------------------------------------------------------------- */

static void answer_user_principal(struct answer *answer, struct principal *principal)
{
    tell_person(answer, principal, principal->name, NULL);
    say_whole(principal);
}

/* Looks up the group and its people; they stay NULL when it was not found or the look-up failed. */
static void read_group(const struct answer *answer, struct principal *principal)
{
    const struct group *found = NULL;
    const enum directory_answer directory = find_group(principal->name + 1, &found);
    if (directory == DIRECTORY_ABSENT)
        say_whole(principal);
    if (directory == DIRECTORY_UNANSWERED)
        say_flag(principal, "unanswered");
    if (directory != DIRECTORY_FOUND)
        return;
    principal->people = list_group_people(found, json_object_get(answer->holders, principal->name));
    say_flag(principal, "exists");
}

/* Lists those of its people who are in /etc/passwd, or the others, within the limits. */
static void tell_people(struct answer *answer, struct principal *principal, bool local)
{
    for (size_t i = 0; i < json_array_size(principal->people); i++) {
        const json_t *person = json_array_get(principal->people, i);
        const char *name = json_string_value(json_object_get(person, "name"));
        if ((local_files_user(name) != NULL) != local)
            continue;
        if (principal->told == PEOPLE_MAX || is_used_up(answer)) {
            principal->unsure = true;
            return;
        }
        tell_person(answer, principal, name, json_object_get(person, "uid"));
    }
}

static void answer_local_group(struct answer *answer, struct principal *principal)
{
    read_group(answer, principal);
    tell_people(answer, principal, true);
}

static void finish_local_group(struct answer *answer, struct principal *principal)
{
    tell_people(answer, principal, false);
    if (principal->people)
        say_whole(principal);
}

static void answer_group_principal(struct answer *answer, struct principal *principal)
{
    answer_local_group(answer, principal);
    finish_local_group(answer, principal);
}

static const struct {
    bool group, local;
    void (*run)(struct answer *answer, struct principal *principal);
} passes[] = {
    {false, true, answer_user_principal},  {true, true, answer_local_group},
    {false, false, answer_user_principal}, {true, false, answer_group_principal},
    {true, true, finish_local_group},
};

static void run_passes(struct answer *answer)
{
    for (size_t pass = 0; pass < sizeof(passes) / sizeof(passes[0]); pass++)
        for (size_t i = 0; i < answer->count; i++) {
            struct principal *principal = &answer->principals[i];
            const bool begins = passes[pass].run != finish_local_group;
            if (principal->is_group == passes[pass].group && principal->local == passes[pass].local &&
                !(begins && is_used_up(answer)))
                passes[pass].run(answer, principal);
        }
}

void people_answer_principals(const json_t *question)
{
    const json_t *names = json_object_get(question, "principals");
    const json_t *patience = json_object_get(question, "patience");
    struct answer answer = {
        .holders = json_object_get(question, "holders"),
        .principals = calloc(json_array_size(names) + 1, sizeof(*answer.principals)),
        .addresses = json_is_true(json_object_get(question, "addresses")),
        .patience = patience ? json_integer_value(patience) : PATIENCE_MS,
        .people = PEOPLE_OF_ALL_MAX,
    };
    if (!answer.principals) {
        say_line(NULL);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &answer.begun);
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        const bool is_group = name[0] == '%';
        answer.principals[answer.count++] = (struct principal){
            .name = name, .index = i, .is_group = is_group, .local = local_files_have(name)};
    }
    run_passes(&answer);
    for (size_t i = 0; i < answer.count; i++)
        json_decref(answer.principals[i].people);
    free(answer.principals);
}
