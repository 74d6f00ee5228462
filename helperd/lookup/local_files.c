/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/lookup/local_files.h"

#include "common/cleanup.h"
#include "common/file_seen.h"
#include "common/local.h"
#include "common/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sorted pointers to lines. */
struct index {
    const void **lines;
    size_t count;
};

static struct {
    struct file_seen seen;
    struct passwd *lines;
    size_t count;
    struct index by_name, by_uid;
} users;

static struct {
    struct file_seen seen;
    struct group *lines;
    size_t count;
    struct index by_name, by_gid;
} groups;

/* ---- reading ---- */

/* A longer array, where it is full; NULL: no memory. */
static void *grow(void *array, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0) /* no power of two */
        return array;
    return reallocarray(array, count ? count * 2 : 1, size);
}

static char *copy(const char *text)
{
    return strdup(text ? text : "");
}

static void free_user(struct passwd *user)
{
    free(user->pw_name);
    free(user->pw_gecos);
    free(user->pw_shell);
}

static bool copy_user(const struct passwd *entry, struct passwd *ret)
{
    *ret = (struct passwd){.pw_name = copy(entry->pw_name),
                           .pw_uid = entry->pw_uid,
                           .pw_gid = entry->pw_gid,
                           .pw_gecos = copy(entry->pw_gecos),
                           .pw_shell = copy(entry->pw_shell)};
    if (ret->pw_name && ret->pw_gecos && ret->pw_shell)
        return true;
    free_user(ret);
    return false;
}

static void free_group(struct group *group)
{
    for (char **member = group->gr_mem; member && *member; member++)
        free(*member);
    free(group->gr_mem);
    free(group->gr_name);
}

static bool copy_group(const struct group *entry, struct group *ret)
{
    size_t count = 0;
    while (entry->gr_mem[count])
        count++;
    *ret = (struct group){.gr_name = copy(entry->gr_name),
                          .gr_gid = entry->gr_gid,
                          .gr_mem = calloc(count + 1, sizeof(*ret->gr_mem))};
    bool whole = ret->gr_name && ret->gr_mem;
    for (size_t i = 0; whole && i < count; i++)
        whole = (ret->gr_mem[i] = copy(entry->gr_mem[i])) != NULL;
    if (!whole)
        free_group(ret);
    return whole;
}

static void forget_users(void)
{
    for (size_t i = 0; i < users.count; i++)
        free_user(&users.lines[i]);
    free(users.lines);
    free(users.by_name.lines);
    free(users.by_uid.lines);
    users.lines = NULL;
    users.count = 0;
    users.by_name = users.by_uid = (struct index){0};
}

static void forget_groups(void)
{
    for (size_t i = 0; i < groups.count; i++)
        free_group(&groups.lines[i]);
    free(groups.lines);
    free(groups.by_name.lines);
    free(groups.by_gid.lines);
    groups.lines = NULL;
    groups.count = 0;
    groups.by_name = groups.by_gid = (struct index){0};
}

typedef int (*compare_lines)(const void *a, const void *b);

static int compare_user_names(const void *a, const void *b)
{
    const struct passwd *const *left = a, *const *right = b;
    return strcmp((*left)->pw_name, (*right)->pw_name);
}

static int compare_uids(const void *a, const void *b)
{
    const struct passwd *const *left = a, *const *right = b;
    return ((*left)->pw_uid > (*right)->pw_uid) - ((*left)->pw_uid < (*right)->pw_uid);
}

static int compare_group_names(const void *a, const void *b)
{
    const struct group *const *left = a, *const *right = b;
    return strcmp((*left)->gr_name, (*right)->gr_name);
}

static int compare_gids(const void *a, const void *b)
{
    const struct group *const *left = a, *const *right = b;
    return ((*left)->gr_gid > (*right)->gr_gid) - ((*left)->gr_gid < (*right)->gr_gid);
}

static int compare_then_place(const void *a, const void *b, void *compare)
{
    const char *const *left = a, *const *right = b;
    const int difference = (*(compare_lines *)compare)(a, b);
    return difference ? difference : (*left > *right) - (*left < *right);
}

/* An index of lines, of which those that are alike in it are left out but for the first. False: no memory. */
static bool sort(const void *lines, size_t count, size_t size, compare_lines compare, struct index *ret)
{
    *ret = (struct index){calloc(count + 1, sizeof(*ret->lines)), 0};
    if (!ret->lines)
        return false;
    for (size_t i = 0; i < count; i++)
        ret->lines[i] = (const char *)lines + i * size;
    qsort_r(ret->lines, count, sizeof(*ret->lines), compare_then_place, &compare);
    for (size_t i = 0; i < count; i++)
        if (ret->count == 0 || compare(&ret->lines[i], &ret->lines[ret->count - 1]) != 0)
            ret->lines[ret->count++] = ret->lines[i];
    return true;
}

static const void *find(const struct index *index, const void *key, compare_lines compare)
{
    const void *const *found = bsearch(&key, index->lines, index->count, sizeof(*index->lines), compare);
    return found ? *found : NULL;
}

static bool add_user(const struct passwd *entry)
{
    struct passwd *grown = grow(users.lines, users.count, sizeof(*users.lines));
    users.lines = grown ? grown : users.lines;
    if (!grown || !copy_user(entry, &grown[users.count]))
        return false;
    users.count++;
    return true;
}

static bool read_users(FILE *file)
{
    const struct passwd *entry = NULL;
    while ((entry = fgetpwent(file)))
        if (!add_user(entry))
            return false;
    return sort(users.lines, users.count, sizeof(*users.lines), compare_user_names, &users.by_name) &&
           sort(users.lines, users.count, sizeof(*users.lines), compare_uids, &users.by_uid);
}

/* What is no file, as a pipe, might have us wait. */
static FILE *open_seen(const struct file_seen *seen, const char *path, off_t most)
{
    return S_ISREG(seen->status.st_mode) && seen->status.st_size <= most ? local_open(path) : NULL;
}

static void look_at_users(off_t most)
{
    if (file_seen_still(&users.seen, PATH_ETC "/passwd"))
        return;
    _cleanup_fclose_ FILE *file = open_seen(&users.seen, PATH_ETC "/passwd", most);
    forget_users();
    if (file && read_users(file))
        return;
    forget_users();
    users.seen.settled = false; /* it may be read the next time */
}

static bool add_group(const struct group *entry)
{
    struct group *grown = grow(groups.lines, groups.count, sizeof(*groups.lines));
    groups.lines = grown ? grown : groups.lines;
    if (!grown || !copy_group(entry, &grown[groups.count]))
        return false;
    groups.count++;
    return true;
}

static bool read_groups(FILE *file)
{
    const struct group *entry = NULL;
    while ((entry = fgetgrent(file)))
        if (!add_group(entry))
            return false;
    return sort(groups.lines, groups.count, sizeof(*groups.lines), compare_group_names, &groups.by_name) &&
           sort(groups.lines, groups.count, sizeof(*groups.lines), compare_gids, &groups.by_gid);
}

static void look_at_groups(off_t most)
{
    if (file_seen_still(&groups.seen, PATH_ETC "/group"))
        return;
    _cleanup_fclose_ FILE *file = open_seen(&groups.seen, PATH_ETC "/group", most);
    forget_groups();
    if (file && read_groups(file))
        return;
    forget_groups();
    groups.seen.settled = false;
}

void local_files_look(off_t most)
{
    look_at_users(most);
    look_at_groups(most);
}

/* ---- finding ---- */

const struct passwd *local_files_user(const char *name)
{
    return find(&users.by_name, &(struct passwd){.pw_name = (char *)name}, compare_user_names);
}

const struct passwd *local_files_user_by_uid(uid_t uid)
{
    return find(&users.by_uid, &(struct passwd){.pw_uid = uid}, compare_uids);
}

const struct group *local_files_group(const char *name)
{
    return find(&groups.by_name, &(struct group){.gr_name = (char *)name}, compare_group_names);
}

const struct group *local_files_group_by_gid(gid_t gid)
{
    return find(&groups.by_gid, &(struct group){.gr_gid = gid}, compare_gids);
}

bool local_files_have_users(void)
{
    return users.count > 0;
}

bool local_files_have_groups(void)
{
    return groups.count > 0;
}

const struct group *local_files_groups(size_t *ret_count)
{
    *ret_count = groups.count;
    return groups.lines;
}

bool local_files_run_as_another(const char *user)
{
    const struct passwd *line = local_files_user(user);
    return line && local_files_user_by_uid(line->pw_uid) != line;
}

bool local_files_have(const char *principal)
{
    return principal[0] == '%' ? local_files_group(principal + 1) != NULL
                               : local_files_user(principal) != NULL;
}
