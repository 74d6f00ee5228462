/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replaces and removes the files of the contract on disk: always a new file and a rename, so that a reader sees the old
 * text or the new one, never a part. A change that narrows access is on stable storage before 0 is returned. Called by
 * accesspkgd for grants/ and by `pkg-admin reload`, run by root, for allow/; never by a module.
 */
#include "common/grantdir.h"

#include "common/cleanup.h"
#include "common/grantdir_open.h"
#include "common/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* No encoded name starts with a dot, so no reader opens such a file. */
#define TEMPORARY_PREFIX ".new-"

enum { TEMPORARY_NAME_MAX = 48, TEMPORARY_TRIES = 1000 };

/* ---- one file -------------------------------------------------------------------------------------------- */

/* A new file, before it gets its name. */
struct temporary {
    int folder;
    char name[TEMPORARY_NAME_MAX];
    FILE *out;
};

/* A name that exists was left by a killed writer that had our process id. */
static int create_temporary(int folder, struct temporary *ret)
{
    struct temporary new = {.folder = folder};
    _cleanup_close_ int fd = -1;
    for (int i = 0; fd < 0 && i < TEMPORARY_TRIES; i++) {
        snprintf(new.name, sizeof(new.name), TEMPORARY_PREFIX "%ld-%d", (long)getpid(), i);
        fd = openat(folder, new.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    if (fd < 0)
        return -errno;
    /* Whatever our umask is: the modules run as any user and must be able to read it. */
    new.out = fchmod(fd, 0644) == 0 ? fdopen(fd, "w") : NULL;
    if (!new.out) {
        const int r = -errno;
        unlinkat(folder, new.name, 0);
        return r;
    }
    steal_fd(&fd);
    *ret = new;
    return 0;
}

static int sync_fd(int fd)
{
    return fsync(fd) < 0 ? -errno : 0;
}

static struct grantdir_mark mark_of(const struct stat *st)
{
    return (struct grantdir_mark){
        .inode = st->st_ino,
        .seconds = st->st_mtim.tv_sec,
        .nanoseconds = st->st_mtim.tv_nsec,
        .mode = st->st_mode,
        .owner = st->st_uid,
    };
}

static int take_mark(int fd, struct grantdir_mark *ret)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    *ret = mark_of(&st);
    return 0;
}

/* Closes the file and renames it to `name`; removes it when `r` (of what was done before) or a step here failed. */
static int finish_temporary(const struct temporary *temporary, int r, const char *name, bool sync,
                            struct grantdir_mark *ret_mark)
{
    if (r == 0 && fflush(temporary->out) != 0)
        r = -errno;
    if (r == 0 && ret_mark)
        r = take_mark(fileno(temporary->out), ret_mark);
    if (r == 0 && sync)
        r = sync_fd(fileno(temporary->out));
    if (fclose(temporary->out) != 0 && r == 0)
        r = -errno;
    if (r == 0 && renameat(temporary->folder, temporary->name, temporary->folder, name) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(temporary->folder, temporary->name, 0);
    return r;
}

/* A file too large for the readers must not replace one that they accept. */
static int check_size(FILE *file, int r, long max)
{
    return r == 0 && ftell(file) > max ? -EFBIG : r;
}

/* Syncs also when there is nothing to remove: an earlier call may have stopped between its two steps. */
static int remove_durably(int folder, const char *name)
{
    const int removed = unlinkat(folder, name, 0) < 0 ? -errno : 0;
    if (removed < 0 && removed != -ENOENT)
        return removed;
    const int synced = sync_fd(folder);
    return synced < 0 ? synced : removed;
}

/* ---- grants/ --------------------------------------------------------------------------------------------- */

/* Makes the folder if it is missing, readable for all users whatever our umask is. */
static int make_folder(int at, const char *name)
{
    if (mkdirat(at, name, 0755) < 0)
        return errno == EEXIST ? 0 : -errno;
    _cleanup_close_ int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 || fchmod(fd, 0755) < 0 ? -errno : 0;
}

/* As grantdir_open_users, but makes missing folders. */
static int open_or_make_users(const char *state, struct grantdir_folder *ret)
{
    int r = grantdir_open_users(state, ret);
    if (r != -ENOENT)
        return r;
    _cleanup_folder_ struct grantdir_folder top = {-1, 0}, grants = {-1, 0};
    r = grantdir_open_folder(AT_FDCWD, state, S_IWOTH, &top);
    if (r == 0)
        r = make_folder(top.fd, "grants");
    if (r == 0)
        r = grantdir_open_folder(top.fd, "grants", S_IWGRP | S_IWOTH, &grants);
    if (r == 0)
        r = make_folder(grants.fd, "user");
    return r < 0 ? r : grantdir_open_users(state, ret);
}

int grantdir_write_user(const char *state, const struct grant_user *file, bool durable)
{
    return grantdir_write_user_marked(state, file, durable, NULL);
}

int grantdir_write_user_marked(const char *state, const struct grant_user *file, bool durable,
                               struct grantdir_mark *ret_mark)
{
    char name[NAME_ENCODED_MAX + 1];
    _cleanup_folder_ struct grantdir_folder folder = {-1, 0};
    struct temporary temporary;
    int r = name_encode(file->user, name, sizeof(name));
    if (r == 0)
        r = open_or_make_users(state, &folder);
    if (r == 0)
        r = create_temporary(folder.fd, &temporary);
    if (r < 0)
        return r;
    r = check_size(temporary.out, grant_user_render(file, temporary.out), GRANTFILE_USER_MAX);
    r = finish_temporary(&temporary, r, name, durable, ret_mark);
    return r == 0 && durable ? sync_fd(folder.fd) : r;
}

int grantdir_remove_user(const char *state, const char *user)
{
    char name[NAME_ENCODED_MAX + 1];
    _cleanup_folder_ struct grantdir_folder folder = {-1, 0};
    int r = name_encode(user, name, sizeof(name));
    if (r == 0)
        r = grantdir_open_users(state, &folder);
    return r < 0 ? r : remove_durably(folder.fd, name);
}

int grantdir_unlink_user(const char *state, const char *user)
{
    char name[NAME_ENCODED_MAX + 1];
    _cleanup_folder_ struct grantdir_folder folder = {-1, 0};
    int r = name_encode(user, name, sizeof(name));
    if (r == 0)
        r = grantdir_open_users(state, &folder);
    return r < 0 ? r : unlinkat(folder.fd, name, 0) < 0 ? -errno : 0;
}

/* A file that was removed since needs no sync of its own: the folder's has its removal. */
static int sync_named(const struct grantdir_folder *folder, const char *user)
{
    char name[NAME_ENCODED_MAX + 1];
    const int r = name_encode(user, name, sizeof(name));
    if (r < 0)
        return r;
    _cleanup_close_ int fd = openat(folder->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP ? 0 : -errno;
    return sync_fd(fd);
}

int grantdir_sync_users(const char *state, char *const *users)
{
    _cleanup_folder_ struct grantdir_folder folder = {-1, 0};
    int r = grantdir_open_users(state, &folder);
    for (; r == 0 && *users; users++)
        r = sync_named(&folder, *users);
    return r < 0 ? r : sync_fd(folder.fd);
}

int grantdir_sync_all(const char *state)
{
    _cleanup_folder_ struct grantdir_folder folder = {-1, 0};
    const int r = grantdir_open_users(state, &folder);
    if (r < 0)
        return r;
    return syncfs(folder.fd) < 0 ? -errno : 0;
}

/* ---- marks ------------------------------------------------------------------------------------------------ */

static int mark_named(const struct grantdir_folder *folder, const char *name, struct grantdir_mark *ret)
{
    struct stat st;
    if (fstatat(folder->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    *ret = mark_of(&st);
    return 0;
}

int grantdir_mark_user(const char *state, const char *user, struct grantdir_mark *ret)
{
    char name[NAME_ENCODED_MAX + 1];
    _cleanup_folder_ struct grantdir_folder folder = {-1, 0};
    int r = name_encode(user, name, sizeof(name));
    if (r == 0)
        r = grantdir_open_users(state, &folder);
    return r < 0 ? r : mark_named(&folder, name, ret);
}

bool grantdir_same_mark(const struct grantdir_mark *a, const struct grantdir_mark *b)
{
    return a->inode == b->inode && a->seconds == b->seconds && a->nanoseconds == b->nanoseconds &&
           a->mode == b->mode && a->owner == b->owner;
}

bool grantdir_has_our_mode(const struct grantdir_mark *mark)
{
    return mark->mode == (S_IFREG | 0644);
}

/* ---- every file of a folder ------------------------------------------------------------------------------ */

/* Calls `each` with every name without a leading dot, until it returns non-zero; removes what killed writers left. */
static DIR *open_entries(int folder)
{
    /* A new open file, as readdir() moves the position. */
    _cleanup_close_ int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (entries)
        steal_fd(&fd);
    return entries;
}

/* Removes temporary files on the way. 0; -ENOENT: there are no more; other -errno. */
static int next_entry(DIR *entries, const char **ret)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(entries);
        if (!entry)
            return errno ? -errno : -ENOENT;
        if (strncmp(entry->d_name, TEMPORARY_PREFIX, strlen(TEMPORARY_PREFIX)) == 0) {
            unlinkat(dirfd(entries), entry->d_name, 0);
        } else if (entry->d_name[0] != '.') {
            *ret = entry->d_name;
            return 0;
        }
    }
}

static int each_entry(int folder, int (*each)(const char *name, void *data), void *data)
{
    const char *name = NULL;
    DIR *entries = open_entries(folder);
    if (!entries)
        return -errno;
    int r = 0;
    int next = 0;
    while (r == 0 && (next = next_entry(entries, &name)) == 0)
        r = each(name, data);
    closedir(entries);
    return r != 0 || next == -ENOENT ? r : next;
}

static int remove_entry(const char *name, void *data)
{
    const int *folder = data;
    return unlinkat(*folder, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

struct user_walk {
    int (*each)(const char *user, void *data);
    void *data;
};

static int walk_user(const char *name, void *data)
{
    const struct user_walk *walk = data;
    char user[NAME_ENCODED_MAX + 1];
    return name_decode(name, user, sizeof(user)) < 0 ? 0 : walk->each(user, walk->data);
}

int grantdir_each_user(const char *state, int (*each)(const char *user, void *data), void *data)
{
    _cleanup_folder_ struct grantdir_folder folder = {-1, 0};
    const int r = grantdir_open_users(state, &folder);
    return r < 0 ? r : each_entry(folder.fd, walk_user, &(struct user_walk){each, data});
}

struct grantdir_list {
    DIR *entries;
};

int grantdir_list_users(const char *state, struct grantdir_list **ret)
{
    _cleanup_folder_ struct grantdir_folder folder = {-1, 0};
    struct grantdir_list *list = NULL;
    const int r = grantdir_open_users(state, &folder);
    if (r < 0 || !(list = malloc(sizeof(*list))))
        return r < 0 ? r : -ENOMEM;
    list->entries = open_entries(folder.fd);
    if (!list->entries) {
        free(list);
        return -errno;
    }
    *ret = list;
    return 0;
}

int grantdir_list_next(struct grantdir_list *list, char *user, size_t size)
{
    const char *name = NULL;
    int r;
    while ((r = next_entry(list->entries, &name)) == 0 && name_decode(name, user, size) < 0)
        continue;
    return r;
}

void grantdir_list_free(struct grantdir_list *list)
{
    if (list)
        closedir(list->entries);
    free(list);
}

int grantdir_remove_member_lists(const char *state)
{
    _cleanup_folder_ struct grantdir_folder top = {-1, 0}, grants = {-1, 0}, lists = {-1, 0};
    int r = grantdir_open_folder(AT_FDCWD, state, S_IWOTH, &top);
    if (r == 0)
        r = grantdir_open_folder(top.fd, "grants", S_IWGRP | S_IWOTH, &grants);
    if (r == 0)
        r = grantdir_open_folder(grants.fd, "gid", S_IWGRP | S_IWOTH, &lists);
    if (r == 0)
        r = each_entry(lists.fd, remove_entry, &lists.fd);
    if (r == 0)
        r = unlinkat(grants.fd, "gid", AT_REMOVEDIR) < 0 ? -errno : 0;
    return r == -ENOENT ? 0 : r;
}

/* ---- allow/ ---------------------------------------------------------------------------------------------- */

struct allow_walk {
    const char *state;
    int (*each)(gid_t gid, const char *name, void *data);
    void *data;
};

/* True for a name that grantdir_allow_name makes. */
static bool parse_allow_name(const char *entry, gid_t *ret)
{
    static const char prefix[] = GRANTDIR_ALLOW_PREFIX;
    char again[GRANTDIR_ALLOW_NAME_MAX];
    if (strncmp(entry, prefix, strlen(prefix)) != 0)
        return false;
    *ret = (gid_t)strtoul(entry + strlen(prefix), NULL, 10);
    return strcmp(grantdir_allow_name(*ret, again), entry) == 0;
}

static int walk_allowed(const char *entry, void *data)
{
    const struct allow_walk *walk = data;
    char name[NAME_ENCODED_MAX + 1];
    gid_t gid = 0;
    if (!parse_allow_name(entry, &gid) || grantdir_allowed_name(walk->state, gid, name, sizeof(name)) < 0)
        return 0;
    return walk->each(gid, name, walk->data);
}

int grantdir_each_allowed(const char *state, int (*each)(gid_t gid, const char *name, void *data), void *data)
{
    _cleanup_folder_ struct grantdir_folder folder = {-1, 0};
    const int r = grantdir_open_allow(state, &folder);
    return r < 0 ? r : each_entry(folder.fd, walk_allowed, &(struct allow_walk){state, each, data});
}

/* An entry as it is on disk: its file's name, and the group's name in it. */
struct allow_text {
    char file[GRANTDIR_ALLOW_NAME_MAX];
    char name[NAME_ENCODED_MAX + 1];
};

static int make_allow_text(const struct allow_entry *entry, struct allow_text *ret)
{
    if (entry->gid == 0)
        return -EPERM;
    if (entry->gid == (gid_t)-1)
        return -EINVAL;
    grantdir_allow_name(entry->gid, ret->file);
    return name_encode(entry->name, ret->name, sizeof(ret->name));
}

static int write_allow_entry(const char *state, int folder, const struct allow_entry *entry)
{
    struct allow_text text;
    struct temporary temporary;
    char now[NAME_ENCODED_MAX + 1];
    int r = make_allow_text(entry, &text);
    if (r == 0 && grantdir_allowed_name(state, entry->gid, now, sizeof(now)) == 0 &&
        strcmp(now, entry->name) == 0)
        return 0;
    if (r == 0)
        r = create_temporary(folder, &temporary);
    if (r < 0)
        return r;
    const int written = fprintf(temporary.out, "%s\n", text.name) < 0 ? -errno : 0;
    return finish_temporary(&temporary, written, text.file, true, NULL);
}

struct allow_cleaning {
    int folder;
    const struct allow_entry *entries;
    size_t count;
};

static int remove_unnamed(const char *file, void *data)
{
    const struct allow_cleaning *cleaning = data;
    for (size_t i = 0; i < cleaning->count; i++) {
        struct allow_text text;
        if (make_allow_text(&cleaning->entries[i], &text) == 0 && strcmp(text.file, file) == 0)
            return 0;
    }
    return remove_entry(file, (void *)&cleaning->folder);
}

static int open_or_make_allow(const char *state, struct grantdir_folder *ret)
{
    int r = grantdir_open_allow(state, ret);
    if (r != -ENOENT)
        return r;
    _cleanup_folder_ struct grantdir_folder top = {-1, 0};
    r = grantdir_open_folder(AT_FDCWD, state, S_IWOTH, &top);
    /* Only for root: an allow/ of another owner would block root's. */
    if (r == 0 && top.owner != geteuid())
        r = -EPERM;
    if (r == 0)
        r = make_folder(top.fd, "allow");
    return r < 0 ? r : grantdir_open_allow(state, ret);
}

int grantdir_write_allow(const char *state, const struct allow_entry *entries, size_t count)
{
    _cleanup_folder_ struct grantdir_folder folder = {-1, 0};
    struct allow_text text;
    int r = 0;
    for (size_t i = 0; r == 0 && i < count; i++)
        r = make_allow_text(&entries[i], &text);
    if (r == 0)
        r = open_or_make_allow(state, &folder);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = write_allow_entry(state, folder.fd, &entries[i]);
    if (r == 0)
        r = each_entry(folder.fd, remove_unnamed, &(struct allow_cleaning){folder.fd, entries, count});
    return r < 0 ? r : sync_fd(folder.fd);
}
