/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/lookup/local_names.h"

#include "common/cleanup.h"
#include "common/paths.h"

#include <grp.h>
#include <pwd.h>
#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_local_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The tree's items are the uids themselves, plus one: no item is NULL. */
static int compare_uids(const void *a, const void *b)
{
    return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

/* False when the uid is there already. */
static bool add_uid_to_tree(void **tree, uid_t uid)
{
    void *item = (void *)((uintptr_t)uid + 1); // NOLINT(performance-no-int-to-ptr)
    const bool seen = tfind(item, tree, compare_uids);
    return !seen && tsearch(item, tree, compare_uids);
}

static void add_name_to_tree(void **tree, const char *name)
{
    char *copy = strdup(name);
    const char *const *found = copy ? tsearch(copy, tree, compare_local_names) : NULL;
    if (!found || *found != copy)
        free(copy);
}

void local_names_read(struct local_names *ret)
{
    _cleanup_fclose_ FILE *users = fopen(PATH_ETC "/passwd", "re");
    _cleanup_fclose_ FILE *groups = fopen(PATH_ETC "/group", "re");
    const struct passwd *user = NULL;
    const struct group *group = NULL;
    *ret = (struct local_names){0};
    while (users && (user = fgetpwent(users))) {
        if (!add_uid_to_tree(&ret->uids, user->pw_uid))
            add_name_to_tree(&ret->seconds, user->pw_name);
        add_name_to_tree(&ret->users, user->pw_name);
    }
    while (groups && (group = fgetgrent(groups)))
        add_name_to_tree(&ret->groups, group->gr_name);
}

bool local_names_have_user(const struct local_names *names, const char *user)
{
    return tfind(user, &names->users, compare_local_names);
}

bool local_names_run_as_another(const struct local_names *names, const char *user)
{
    return tfind(user, &names->seconds, compare_local_names);
}

bool local_names_have(const struct local_names *names, const char *principal)
{
    return principal[0] == '%' ? tfind(principal + 1, &names->groups, compare_local_names) != NULL
                               : local_names_have_user(names, principal);
}

static void keep(void *item)
{
    (void)item;
}

void local_names_deinit(struct local_names *names)
{
    tdestroy(names->seconds, free);
    tdestroy(names->uids, keep);
    tdestroy(names->users, free);
    tdestroy(names->groups, free);
}
