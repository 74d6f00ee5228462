/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Group membership from the grant files, by the clock at each call: a look-up made after the end no longer shows
 * the group, even if every process of ours is dead. Runs in every process that looks up a group, so: no library, no
 * D-Bus, no name look-up (a deadlock), nothing kept. Each gid is held to root's allow-list, and a group is called
 * what root called it. Called by libnss_accesspkg.c.
 */
#include "nss_module/groups.h"

#include "common/grantdir.h"
#include "common/names.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now(void)
{
    struct timespec time;
    /* CLOCK_REALTIME cannot fail; were it to, nothing holds at this time. */
    return clock_gettime(CLOCK_REALTIME, &time) == 0 ? (int64_t)time.tv_sec : INT64_MIN;
}

/* The answer to a fault (see the header), as the status and in *errnop. */
static enum nss_status answer(int r, int *errnop)
{
    switch (-r) {
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        *errnop = -r;
        return NSS_STATUS_UNAVAIL;
    case ERANGE:
        *errnop = ERANGE;
        return NSS_STATUS_TRYAGAIN;
    default:
        *errnop = ENOENT;
        return NSS_STATUS_NOTFOUND;
    }
}

/* ---- initgroups -------------------------------------------------------------------------------------------- */

/* The list that glibc hands from service to service: `used` of `size` gids, never more than limit if that is set. */
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

/* Adds what of the file holds now and root allows. -ENOENT when that is nothing. */
static int list_add_held(struct gid_list *list, const char *state, const struct grant_user *file,
                         gid_t primary, int64_t at)
{
    bool any = false;
    for (size_t i = 0; i < file->n_groups && !list_is_full(list); i++) {
        const struct grant_group *group = &file->groups[i];
        if (!grant_span_holds(&group->span, at) || !grantdir_allows(state, group->gid))
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
    const int64_t at = now();
    struct grant_user file;
    struct gid_list list = {.used = start, .size = size, .gids = groups, .limit = limit};
    int r = grantdir_read_user(state, user, at, &file);
    if (r == 0) {
        r = list_add_held(&list, state, &file, primary, at);
        grant_user_deinit(&file);
    }
    errno = saved;
    return r == 0 ? NSS_STATUS_SUCCESS : answer(r, errnop);
}

/* ---- one group ----------------------------------------------------------------------------------------------- */

/* What is left of the caller's buffer. */
struct room {
    char *at;
    size_t size;
};

static void *take(struct room *room, size_t size)
{
    if (size > room->size)
        return NULL;
    void *taken = room->at;
    room->at += size;
    room->size -= size;
    return taken;
}

static char *take_text(struct room *room, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *taken = take(room, size);
    return taken ? memcpy(taken, text, size) : NULL;
}

/* An array for `count` pointers, where the machine wants one to stand. */
static char **take_pointers(struct room *room, size_t count)
{
    const size_t odd = (uintptr_t)room->at % _Alignof(char *);
    if (odd && !take(room, _Alignof(char *) - odd))
        return NULL;
    return take(room, count * sizeof(char *));
}

static size_t count_held(const struct grant_gid *file, int64_t at)
{
    size_t count = 0;
    for (size_t i = 0; i < file->n_members; i++)
        count += grant_span_holds(&file->members[i].span, at);
    return count;
}

/* "*" is no password: newgrp lets in members, whom the kernel or the look-up already knows, and nobody else. */
static int fill_group(const struct grant_gid *file, const char *name, int64_t at, struct room room,
                      struct group *ret)
{
    const size_t count = count_held(file, at);
    if (count == 0)
        return -ENOENT;
    char **members = take_pointers(&room, count + 1);
    struct group group = {.gr_gid = file->gid, .gr_mem = members};
    if (!members || !(group.gr_name = take_text(&room, name)) || !(group.gr_passwd = take_text(&room, "*")))
        return -ERANGE;
    for (size_t i = 0; i < file->n_members; i++)
        if (grant_span_holds(&file->members[i].span, at) &&
            !(*members++ = take_text(&room, file->members[i].name)))
            return -ERANGE;
    *members = NULL;
    *ret = group;
    return 0;
}

static int find_members(const char *state, gid_t gid, const char *name, struct room room, struct group *ret)
{
    const int64_t at = now();
    struct grant_gid file;
    int r = grantdir_read_gid(state, gid, at, &file);
    if (r == 0) {
        r = fill_group(&file, name, at, room, ret);
        grant_gid_deinit(&file);
    }
    return r;
}

enum nss_status groups_by_gid(const char *state, gid_t gid, struct group *ret, char *buffer, size_t size,
                              int *errnop)
{
    const int saved = errno;
    char name[NAME_ENCODED_MAX + 1];
    int r = grantdir_allowed_name(state, gid, name, sizeof(name));
    if (r == 0)
        r = find_members(state, gid, name, (struct room){buffer, size}, ret);
    errno = saved;
    return r == 0 ? NSS_STATUS_SUCCESS : answer(r, errnop);
}

/* Root's two entries must say the same: one that a reload has half replaced names nothing. */
static int find_gid(const char *state, const char *name, gid_t *ret)
{
    char back[NAME_ENCODED_MAX + 1];
    gid_t gid;
    int r = grantdir_allowed_gid(state, name, &gid);
    if (r == 0)
        r = grantdir_allowed_name(state, gid, back, sizeof(back));
    if (r == 0 && strcmp(back, name) != 0)
        r = -ENOENT;
    if (r == 0)
        *ret = gid;
    return r;
}

enum nss_status groups_by_name(const char *state, const char *name, struct group *ret, char *buffer,
                               size_t size, int *errnop)
{
    const int saved = errno;
    gid_t gid;
    int r = find_gid(state, name, &gid);
    if (r == 0)
        r = find_members(state, gid, name, (struct room){buffer, size}, ret);
    errno = saved;
    return r == 0 ? NSS_STATUS_SUCCESS : answer(r, errnop);
}
