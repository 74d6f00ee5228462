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

/* Without memory there is no answer. */
static void *grow(void *array, size_t count, size_t size)
{
    void *grown = array;
    if ((count & (count - 1)) == 0) /* a power of two: full */
        grown = reallocarray(array, count ? count * 2 : 1, size);
    if (!grown)
        exit(1);
    return grown;
}

static char *copy(const char *text)
{
    char *copied = strdup(text ? text : "");
    if (!copied)
        exit(1);
    return copied;
}

static struct passwd copy_user(const struct passwd *entry)
{
    return (struct passwd){.pw_name = copy(entry->pw_name),
                           .pw_uid = entry->pw_uid,
                           .pw_gid = entry->pw_gid,
                           .pw_gecos = copy(entry->pw_gecos),
                           .pw_shell = copy(entry->pw_shell)};
}

static struct group copy_group(const struct group *entry)
{
    struct group group = {.gr_name = copy(entry->gr_name), .gr_gid = entry->gr_gid};
    size_t count = 0;
    while (entry->gr_mem[count])
        count++;
    group.gr_mem = calloc(count + 1, sizeof(*group.gr_mem));
    if (!group.gr_mem)
        exit(1);
    for (size_t i = 0; i < count; i++)
        group.gr_mem[i] = copy(entry->gr_mem[i]);
    return group;
}

static void forget_users(void)
{
    for (size_t i = 0; i < users.count; i++) {
        free(users.lines[i].pw_name);
        free(users.lines[i].pw_gecos);
        free(users.lines[i].pw_shell);
    }
    free(users.lines);
    free(users.by_name.lines);
    free(users.by_uid.lines);
    users.lines = NULL;
    users.count = 0;
}

static void forget_groups(void)
{
    for (size_t i = 0; i < groups.count; i++) {
        free(groups.lines[i].gr_name);
        for (char **member = groups.lines[i].gr_mem; *member; member++)
            free(*member);
        free(groups.lines[i].gr_mem);
    }
    free(groups.lines);
    free(groups.by_name.lines);
    free(groups.by_gid.lines);
    groups.lines = NULL;
    groups.count = 0;
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

/* An index of lines, of which those that are alike in it are left out but for the first. */
static struct index sort(const void *lines, size_t count, size_t size, compare_lines compare)
{
    struct index index = {calloc(count + 1, sizeof(*index.lines)), 0};
    if (!index.lines)
        exit(1);
    for (size_t i = 0; i < count; i++)
        index.lines[i] = (const char *)lines + i * size;
    qsort_r(index.lines, count, sizeof(*index.lines), compare_then_place, &compare);
    for (size_t i = 0; i < count; i++)
        if (index.count == 0 || compare(&index.lines[i], &index.lines[index.count - 1]) != 0)
            index.lines[index.count++] = index.lines[i];
    return index;
}

static const void *find(const struct index *index, const void *key, compare_lines compare)
{
    const void *const *found = bsearch(&key, index->lines, index->count, sizeof(*index->lines), compare);
    return found ? *found : NULL;
}

static void read_users(void)
{
    _cleanup_fclose_ FILE *file = local_open(PATH_ETC "/passwd");
    const struct passwd *entry = NULL;
    forget_users();
    while (file && (entry = fgetpwent(file))) {
        users.lines = grow(users.lines, users.count, sizeof(*users.lines));
        users.lines[users.count++] = copy_user(entry);
    }
    users.seen.settled &= file != NULL; /* one that could not be opened just now is tried again */
    users.by_name = sort(users.lines, users.count, sizeof(*users.lines), compare_user_names);
    users.by_uid = sort(users.lines, users.count, sizeof(*users.lines), compare_uids);
}

static void read_groups(void)
{
    _cleanup_fclose_ FILE *file = local_open(PATH_ETC "/group");
    const struct group *entry = NULL;
    forget_groups();
    while (file && (entry = fgetgrent(file))) {
        groups.lines = grow(groups.lines, groups.count, sizeof(*groups.lines));
        groups.lines[groups.count++] = copy_group(entry);
    }
    groups.seen.settled &= file != NULL;
    groups.by_name = sort(groups.lines, groups.count, sizeof(*groups.lines), compare_group_names);
    groups.by_gid = sort(groups.lines, groups.count, sizeof(*groups.lines), compare_gids);
}

void local_files_look(void)
{
    if (!file_seen_still(&users.seen, PATH_ETC "/passwd"))
        read_users();
    if (!file_seen_still(&groups.seen, PATH_ETC "/group"))
        read_groups();
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
