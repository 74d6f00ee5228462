/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the groups that a user holds by access packages from the grant file, and compares each with the clock at each
 * call: a look-up after the end no longer has the group, even if every process of ours is dead. Runs inside any process
 * that looks up a user's groups, so it uses no library and no D-Bus and keeps nothing. Counts a gid only if root's
 * allow-list has it, and a file only if it was written for the user's uid. Called by libnss_accesspkg.c.
 */
#include "nss_module/groups.h"

#include "common/cleanup.h"
#include "common/grantdir.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ENTRY_FIRST = 1024, ENTRY_MAX = 1024 * 1024 }; /* bytes of an entry of passwd */

static int64_t now(void)
{
    struct timespec time;
    /* CLOCK_REALTIME cannot fail; if it did, no grant holds at INT64_MIN. */
    return clock_gettime(CLOCK_REALTIME, &time) == 0 ? (int64_t)time.tv_sec : INT64_MIN;
}

static enum nss_status status_for_fault(int r, int *errnop)
{
    switch (-r) {
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EAGAIN:
        *errnop = -r;
        return NSS_STATUS_UNAVAIL;
    default:
        *errnop = ENOENT;
        return NSS_STATUS_NOTFOUND;
    }
}

/* ---- whose file it is ---------------------------------------------------------------------------------------- */

/* 0; -ENOENT: no such user; -ERANGE: the buffer is too small; -ENOMEM; -EAGAIN: the directory did not answer. */
static int find_uid(const char *user, char *buffer, size_t size, uid_t *ret)
{
    struct passwd entry, *found = NULL;
    const int error = getpwnam_r(user, &entry, buffer, size, &found);
    if (found) {
        *ret = found->pw_uid;
        return 0;
    }
    if (error == ERANGE || error == ENOMEM)
        return -error;
    return error == 0 || error == ENOENT || error == ESRCH ? -ENOENT : -EAGAIN;
}

/*
 * Refuses the file of an account that was removed and created again under the same name. Must run after the file was
 * read: an account created between the two would pass otherwise.
 */
static int check_file_uid(const char *user, uid_t uid)
{
    char first[ENTRY_FIRST];
    uid_t found = 0;
    int r = find_uid(user, first, sizeof(first), &found);
    for (size_t size = 2 * sizeof(first); r == -ERANGE && size <= ENTRY_MAX; size *= 2) {
        _cleanup_free_ char *buffer = malloc(size);
        r = buffer ? find_uid(user, buffer, size, &found) : -ENOMEM;
    }
    if (r < 0)
        return r;
    return found == uid ? 0 : -EPERM;
}

/* ---- initgroups -------------------------------------------------------------------------------------------- */

/* The list that glibc hands from service to service: `used` of `size` gids, at most `limit` if that is positive. */
struct gid_list {
    long int *used, *size;
    gid_t **gids;
    long int limit;
};

static bool list_has(const struct gid_list *list, gid_t gid)
{
    for (long int i = 0; i < *list->used; i++)
        if ((*list->gids)[i] == gid)
            return true;
    return false;
}

static bool list_is_full(const struct gid_list *list)
{
    return list->limit > 0 && *list->used >= list->limit;
}

static int list_grow(struct gid_list *list)
{
    if (*list->size > LONG_MAX / 2)
        return -ENOMEM;
    long int size = *list->size < 8 ? 16 : *list->size * 2;
    if (list->limit > 0 && size > list->limit)
        size = list->limit;
    gid_t *grown = reallocarray(*list->gids, (size_t)size, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    *list->gids = grown;
    *list->size = size;
    return 0;
}

static int list_add(struct gid_list *list, gid_t gid)
{
    if (*list->used >= *list->size) {
        const int r = list_grow(list);
        if (r < 0)
            return r;
    }
    (*list->gids)[(*list->used)++] = gid;
    return 0;
}

static bool has_current_group(const struct grant_user *file, int64_t at)
{
    for (size_t i = 0; i < file->n_groups; i++)
        if (grant_span_holds(&file->groups[i].span, at))
            return true;
    return false;
}

/* Where to look, and when. */
struct context {
    const char *state;
    uid_t owner; /* of the state folder */
    int64_t now;
};

/* Adds the groups that hold now and that root allows. -ENOENT when there is none. */
static int list_add_current(struct gid_list *list, const struct context *context,
                            const struct grant_user *file, gid_t primary)
{
    bool any = false;
    if (grantdir_check_allow(context->state, context->owner) < 0)
        return -ENOENT;
    for (size_t i = 0; i < file->n_groups && !list_is_full(list); i++) {
        const struct grant_group *group = &file->groups[i];
        if (!grant_span_holds(&group->span, context->now) ||
            !grantdir_allows_by(context->state, context->owner, group->gid))
            continue;
        any = true;
        if (group->gid == primary || list_has(list, group->gid))
            continue;
        const int r = list_add(list, group->gid);
        if (r < 0)
            return r;
    }
    return any ? 0 : -ENOENT;
}

enum nss_status groups_initgroups(const char *state, const char *user, gid_t primary, long int *start,
                                  long int *size, gid_t **groups, long int limit, int *errnop)
{
    const int saved = errno;
    struct context context = {.state = state, .now = now()};
    struct grant_user file;
    struct gid_list list = {.used = start, .size = size, .gids = groups, .limit = limit};
    int r = grantdir_read_user_below(state, user, context.now, &file, &context.owner);
    if (r == 0) {
        r = has_current_group(&file, context.now) ? check_file_uid(user, file.uid) : -ENOENT;
        if (r == 0)
            r = list_add_current(&list, &context, &file, primary);
        grant_user_deinit(&file);
    }
    errno = saved;
    return r == 0 ? NSS_STATUS_SUCCESS : status_for_fault(r, errnop);
}
