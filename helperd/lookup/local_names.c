/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/lookup/local_names.h"

#include "common/cleanup.h"
#include "common/local.h"
#include "common/paths.h"

#include <grp.h>
#include <pwd.h>
#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

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

static void read_names(struct local_names *ret)
{
    _cleanup_fclose_ FILE *users = local_open(PATH_ETC "/passwd");
    _cleanup_fclose_ FILE *groups = local_open(PATH_ETC "/group");
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

static void keep(void *item)
{
    (void)item;
}

static void free_names(struct local_names *names)
{
    tdestroy(names->seconds, free);
    tdestroy(names->uids, keep);
    tdestroy(names->users, free);
    tdestroy(names->groups, free);
}

/* ---- kept from one question to the next while the files are the same ---- */

static void stat_files(struct stat ret[2])
{
    static const char *const paths[] = {PATH_ETC "/passwd", PATH_ETC "/group"};
    for (size_t i = 0; i < 2; i++)
        if (stat(paths[i], &ret[i]) < 0)
            ret[i] = (struct stat){0};
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino != 0 && a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* A file that was changed a moment ago may be changed again without a new time. */
static bool is_settled(const struct stat *file)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return file->st_ctim.tv_sec + 1 < now.tv_sec;
}

const struct local_names *local_names_now(void)
{
    static struct local_names kept;
    static struct stat kept_of[2];
    static bool settled;
    struct stat now[2];
    stat_files(now);
    if (settled && is_same(&now[0], &kept_of[0]) && is_same(&now[1], &kept_of[1]))
        return &kept;
    free_names(&kept);
    settled = is_settled(&now[0]) && is_settled(&now[1]);
    kept_of[0] = now[0];
    kept_of[1] = now[1];
    read_names(&kept);
    return &kept;
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
