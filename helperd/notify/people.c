/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/notify/people.h"

#include "common/directory.h"
#include "common/local.h"
#include "common/names.h"
#include "common/remembered.h"
#include "helperd/notify/mail/address.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Names that a directory has known since we started; groups with a % before their names. */
static struct remembered known;

/* 0; -EAGAIN: the look-up failed, or a directory that knew the name denies it, as it may while its server is away.
 * `local`: the name is in the files of this host. */
static int check_answer(enum directory_answer answer, const char *name, bool local)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (answer == DIRECTORY_FOUND && local)
        remembered_forget(&known, name);
    else if (answer == DIRECTORY_FOUND)
        remembered_note(&known, name);
    const bool doubted =
        answer == DIRECTORY_ABSENT && !local && remembered_doubts(&known, name, (double)now.tv_sec);
    return answer == DIRECTORY_UNANSWERED || doubted ? -EAGAIN : 0;
}

static int check_user_answer(enum directory_answer answer, const char *name)
{
    bool local = false;
    return local_has_user(name, &local) == 0 ? check_answer(answer, name, local) : -EAGAIN;
}

static int check_group_answer(enum directory_answer answer, const char *group)
{
    char principal[1024];
    bool local = false;
    snprintf(principal, sizeof(principal), "%%%s", group);
    return local_has_group(group, (gid_t)-1, &local) == 0 ? check_answer(answer, principal, local) : -EAGAIN;
}

static bool array_contains(const json_t *array, const char *name)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *item = json_string_value(json_array_get(array, i));
        if (item && strcmp(item, name) == 0)
            return true;
    }
    return false;
}

/* The recipients of a notice. */
struct audience {
    json_t *to;
    json_t *beyond;       /* an object with the names of those beyond PEOPLE_MAX */
    const json_t *except; /* names to leave out */
};

static bool is_recipient(const struct audience *audience, const char *name)
{
    for (size_t i = 0; i < json_array_size(audience->to); i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(audience->to, i), "name")), name) == 0)
            return true;
    return false;
}

static bool is_left_out(const struct audience *audience, const char *name)
{
    return !text_is_utf8(name) || array_contains(audience->except, name) || is_recipient(audience, name);
}

/* A policy may spell the name in another way than the directory: one person is told once, and not when left out. */
static int add_user(struct audience *audience, const char *written)
{
    if (is_left_out(audience, written))
        return 0;
    if (json_array_size(audience->to) >= PEOPLE_MAX)
        return json_object_set_new(audience->beyond, written, json_true()) < 0 ? -ENOMEM : 0;
    const struct passwd *entry = NULL;
    const enum directory_answer answer = directory_user(written, &entry);
    const int r = check_user_answer(answer, written);
    if (r < 0 || answer != DIRECTORY_FOUND || is_left_out(audience, entry->pw_name))
        return r;
    json_t *person = json_object();
    char address[ADDRESS_MAX + 1];
    json_object_set_new(person, "name", json_string(entry->pw_name));
    if (entry->pw_gecos && *entry->pw_gecos && text_is_utf8(entry->pw_gecos))
        json_object_set_new(person, "full_name",
                            json_stringn(entry->pw_gecos, strcspn(entry->pw_gecos, ",")));
    if (address_of_gecos(entry->pw_gecos, address))
        json_object_set_new(person, "address", json_string(address));
    return json_array_append_new(audience->to, person) < 0 ? -ENOMEM : 0;
}

/* Copied, for the look-up of a member may overwrite the group. */
static json_t *list_group_members(const char *group, int *ret_error)
{
    const struct group *entry = NULL;
    const enum directory_answer answer = directory_group(group, &entry);
    *ret_error = check_group_answer(answer, group);
    json_t *members = json_array();
    for (char **member = answer == DIRECTORY_FOUND ? entry->gr_mem : NULL; member && *member; member++)
        json_array_append_new(members, json_string(*member));
    return members;
}

static int add_principal(struct audience *audience, const char *name)
{
    if (name[0] != '%')
        return add_user(audience, name);
    int r = 0;
    json_t *members = list_group_members(name + 1, &r);
    for (size_t i = 0; r == 0 && i < json_array_size(members); i++)
        r = add_user(audience, json_string_value(json_array_get(members, i)));
    json_decref(members);
    return r;
}

/* Adds the delegates of the recipients so far; not the delegates of delegates, who may not pass on what they
 * received. */
static int add_delegates(struct audience *audience, const json_t *pairs)
{
    const size_t own = json_array_size(audience->to);
    int r = 0;
    for (size_t i = 0; r == 0 && i + 1 < json_array_size(pairs); i += 2) {
        const char *from = json_string_value(json_array_get(pairs, i));
        const char *delegate = json_string_value(json_array_get(pairs, i + 1));
        for (size_t k = 0; r == 0 && from && delegate && k < own; k++)
            if (strcmp(json_string_value(json_object_get(json_array_get(audience->to, k), "name")), from) ==
                0)
                r = add_user(audience, delegate);
    }
    return r;
}

static int add_recipients(struct audience *audience, const json_t *notice)
{
    const json_t *recipients = json_object_get(notice, "recipients");
    int r = audience->to && audience->beyond ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < json_array_size(recipients); i++) {
        const char *name = json_string_value(json_array_get(recipients, i));
        r = name ? add_principal(audience, name) : 0;
    }
    return r < 0 ? r : add_delegates(audience, json_object_get(notice, "delegates"));
}

int people_add(json_t *notice)
{
    struct audience audience = {json_array(), json_object(), json_object_get(notice, "except")};
    int r = add_recipients(&audience, notice);
    const size_t told = json_array_size(audience.to);
    const size_t beyond =
        json_object_size(audience.beyond) + (size_t)json_integer_value(json_object_get(notice, "unnamed"));
    if (r == 0 && json_object_set(notice, "to", audience.to) < 0)
        r = -ENOMEM;
    if (r == 0 && beyond > 0)
        r = json_object_set_new(notice, "to_of", json_integer((json_int_t)(told + beyond))) < 0 ? -ENOMEM : 0;
    json_decref(audience.to);
    json_decref(audience.beyond);
    return r;
}
