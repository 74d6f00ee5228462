/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads root's locks: their records, and the folders that stand in the place of grant files. */
#include "common/locks.h"

#include "common/cleanup.h"
#include "common/grantdir_open.h"
#include "common/identity.h"
#include "common/locks_record.h"
#include "common/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

void locks_deinit(struct locks *locks)
{
    for (size_t i = 0; i < locks->count; i++)
        lock_deinit(&locks->items[i]);
    free(locks->items);
    *locks = (struct locks){0};
}

const struct lock *locks_record(const struct locks *locks, const char *user)
{
    for (size_t i = 0; i < locks->count; i++)
        if (strcmp(locks->items[i].user, user) == 0)
            return &locks->items[i];
    return NULL;
}

static bool concerns(const struct lock *lock, const char *user, uid_t uid)
{
    return (user && strcmp(lock->user, user) == 0) || (uid != UID_UNSET && lock->uid == uid);
}

const struct lock *locks_find(const struct locks *locks, const char *user, uid_t uid)
{
    for (size_t i = 0; i < locks->count; i++)
        if (!locks->items[i].lifted && concerns(&locks->items[i], user, uid))
            return &locks->items[i];
    return NULL;
}

/* ---- the folders ---- */

static bool is_folder(int users, uid_t owner, const char *name, struct stat *ret)
{
    return fstatat(users, name, ret, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(ret->st_mode) &&
           ret->st_uid == owner;
}

/* The owner of the state folder: root, except in tests. */
static int get_root(const char *state, uid_t *ret)
{
    struct stat st;
    if (stat(state, &st) < 0)
        return -errno;
    *ret = st.st_uid;
    return 0;
}

bool locks_is_closed(const char *state, const char *user)
{
    char name[NAME_ENCODED_MAX + 1];
    struct stat st;
    uid_t root = 0;
    _cleanup_folder_ struct grantdir_folder users = {-1, 0};
    return name_encode(user, name, sizeof(name)) == 0 && get_root(state, &root) == 0 &&
           grantdir_open_users(state, &users) == 0 && is_folder(users.fd, root, name, &st);
}

/* ---- loading ---- */

static int add(struct locks *locks, struct lock *lock)
{
    struct lock *grown = lock->user && lock->why && lock->lifted_why
                             ? reallocarray(locks->items, locks->count + 1, sizeof(*grown))
                             : NULL;
    if (!grown) {
        lock_deinit(lock);
        return -ENOMEM;
    }
    locks->items = grown;
    grown[locks->count++] = *lock;
    return 0;
}

/* MUST 2: what is known is the name alone. */
static struct lock nameless(const char *user, int64_t at)
{
    struct lock lock = {
        .user = strdup(user),
        .uid = UID_UNSET,
        .at = at,
        .by = UID_UNSET,
        .login = UID_UNSET,
        .why = strdup(""),
        .lifted_by = UID_UNSET,
        .lifted_login = UID_UNSET,
        .lifted_why = strdup(""),
    };
    return lock;
}

struct walk {
    struct locks *locks;
    int folder;
    uid_t root;
};

static void set_id(struct lock *lock, const struct stat *st)
{
    snprintf(lock->id, sizeof(lock->id), "%llx-%llx", (unsigned long long)st->st_ino,
             (unsigned long long)st->st_mtim.tv_sec);
}

static int add_record(struct walk *walk, const char *name, const char *user)
{
    struct stat st = {0};
    struct lock lock = {0};
    _cleanup_free_ char *text = NULL;
    const int r = lock_read(walk->folder, name, walk->root, &text, &st);
    if (r == -ENOENT || r == -ENOMEM)
        return r == -ENOENT ? 0 : r;
    if (r < 0 || lock_parse(text, user, &lock) < 0) {
        lock = nameless(user, st.st_mtim.tv_sec);
        set_id(&lock, &st);
    }
    return add(walk->locks, &lock);
}

static int add_folder(struct walk *walk, const char *name, const char *user)
{
    struct stat st;
    if (!is_folder(walk->folder, walk->root, name, &st))
        return 0;
    struct lock *known = (struct lock *)locks_record(walk->locks, user);
    if (known)
        known->closed = true;
    /* A lock whose lifting was interrupted stands. */
    if (known && known->lifted)
        known->lifted = 0;
    if (known)
        return 0;
    struct lock lock = nameless(user, st.st_mtim.tv_sec);
    set_id(&lock, &st);
    lock.closed = true;
    return add(walk->locks, &lock);
}

static int each(struct walk *walk, int (*fn)(struct walk *walk, const char *name, const char *user),
                bool folders)
{
    _cleanup_close_ int fd = openat(walk->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries)
        return -errno;
    steal_fd(&fd);
    int r = 0;
    while (r == 0) {
        errno = 0;
        const struct dirent *entry = readdir(entries);
        char user[NAME_ENCODED_MAX + 1];
        if (!entry) {
            r = -errno;
            break;
        }
        if (folders && entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
            continue;
        if (name_decode(entry->d_name, user, sizeof(user)) == 0)
            r = fn(walk, entry->d_name, user);
    }
    closedir(entries);
    return r;
}

/* A folder has a link for each folder in it, where the file system counts them; on others it says 1, or what it likes. */
static bool count_folders(int folder, nlink_t *ret)
{
    struct statfs fs;
    struct stat st;
    if (fstatfs(folder, &fs) < 0 || fstat(folder, &st) < 0 || st.st_nlink < 2)
        return false;
    *ret = st.st_nlink - 2;
    return fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC || fs.f_type == TMPFS_MAGIC;
}

/*
 * Looks for the folders of the records. True: there are no others. So what a start takes does not grow with the number of
 * grant files.
 */
static bool find_known_folders(struct walk *walk)
{
    nlink_t left = 0;
    if (!count_folders(walk->folder, &left))
        return false;
    for (size_t i = 0; i < walk->locks->count; i++) {
        const struct lock *lock = &walk->locks->items[i];
        char name[NAME_ENCODED_MAX + 1];
        if (name_encode(lock->user, name, sizeof(name)) < 0 || add_folder(walk, name, lock->user) < 0)
            return false;
        left -= lock->closed && left > 0;
    }
    return left == 0;
}

int locks_open_folder(const char *state, struct grantdir_folder *ret)
{
    _cleanup_folder_ struct grantdir_folder top = {-1, 0}, locks = {-1, 0};
    int r = grantdir_open_folder(AT_FDCWD, state, S_IWOTH, &top);
    if (r == 0)
        r = grantdir_open_folder(top.fd, "locks", S_IWGRP | S_IWOTH, &locks);
    /* The state folder's group (accesspkgd) could have created a locks/ of its own. */
    if (r == 0 && locks.owner != top.owner)
        r = -EPERM;
    if (r == 0)
        *ret = (struct grantdir_folder){.fd = steal_fd(&locks.fd), .owner = locks.owner};
    return r;
}

int locks_load(const char *state, struct locks *ret)
{
    struct locks locks = {0};
    struct walk walk = {.locks = &locks};
    _cleanup_folder_ struct grantdir_folder folder = {-1, 0}, users = {-1, 0};
    int r = get_root(state, &walk.root);
    if (r == 0)
        r = locks_open_folder(state, &folder);
    walk.folder = folder.fd;
    if (r == 0)
        r = each(&walk, add_record, false);
    if (r == 0 || r == -ENOENT)
        r = grantdir_open_users(state, &users);
    walk.folder = users.fd;
    if (r == 0 && !find_known_folders(&walk))
        r = each(&walk, add_folder, true);
    if (r < 0 && r != -ENOENT) {
        locks_deinit(&locks);
        return r;
    }
    *ret = locks;
    return 0;
}
