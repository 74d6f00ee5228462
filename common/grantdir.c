/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens and checks the files of the contract on disk, for the PAM and NSS modules: a handful of system calls per call
 * (one where there is no file), nothing kept in between. Must never trust a file before MUST 1 to 5 of the header hold (rule 1). The writers are in
 * grantdir_write.c, so that the modules do not contain them.
 */
#include "common/grantdir.h"

#include "common/cleanup.h"
#include "common/grantdir_open.h"
#include "common/names.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ID_DIGITS_MAX = 10, ALLOW_SIZE_MAX = NAME_ENCODED_MAX + 1 };

/* MUST 1 and 2 for a folder. `forbidden` differs: the state folder is sticky, and its group may add to it. */
int grantdir_open_folder(int at, const char *path, mode_t forbidden, struct grantdir_folder *ret)
{
    struct stat st;
    _cleanup_close_ int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (st.st_mode & forbidden)
        return -EPERM;
    *ret = (struct grantdir_folder){.fd = steal_fd(&fd), .owner = st.st_uid};
    return 0;
}

int grantdir_open_users(const char *state, struct grantdir_folder *ret)
{
    _cleanup_folder_ struct grantdir_folder top = {-1, 0}, grants = {-1, 0};
    int r = grantdir_open_folder(AT_FDCWD, state, S_IWOTH, &top);
    if (r == 0)
        r = grantdir_open_folder(top.fd, "grants", S_IWGRP | S_IWOTH, &grants);
    if (r == 0)
        r = grantdir_open_folder(grants.fd, "user", S_IWGRP | S_IWOTH, ret);
    return r;
}

int grantdir_open_allow(const char *state, struct grantdir_folder *ret)
{
    _cleanup_folder_ struct grantdir_folder top = {-1, 0}, allow = {-1, 0};
    int r = grantdir_open_folder(AT_FDCWD, state, S_IWOTH, &top);
    if (r == 0)
        r = grantdir_open_folder(top.fd, "allow", S_IWGRP | S_IWOTH, &allow);
    if (r < 0)
        return r;
    /* The state folder's group (accesspkgd) could have created an allow/ of its own. */
    if (allow.owner != top.owner)
        return -EPERM;
    *ret = (struct grantdir_folder){.fd = steal_fd(&allow.fd), .owner = allow.owner};
    return 0;
}

/* ---- readers ---- */

/* "<state>/<below><name>" */
static int join_path(const char *state, const char *below, const char *name, char ret[PATH_MAX])
{
    if (strlen(state) + strlen(below) + strlen(name) + sizeof("/") > PATH_MAX)
        return -ENAMETOOLONG;
    stpcpy(stpcpy(stpcpy(stpcpy(ret, state), "/"), below), name);
    return 0;
}

/* MUST 1 and 2 for a folder, by its path: see the header. */
static int check_folder(const char *path, mode_t forbidden, uid_t *ret_owner)
{
    struct stat st;
    if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode))
        return -ENOTDIR;
    *ret_owner = st.st_uid;
    return st.st_mode & forbidden ? -EPERM : 0;
}

static int check_folder_below(const char *state, const char *below, uid_t *ret_owner)
{
    char path[PATH_MAX];
    const int r = join_path(state, below, "", path);
    return r < 0 ? r : check_folder(path, S_IWGRP | S_IWOTH, ret_owner);
}

/* Of the state folder, and of the folder with the files. */
struct owners {
    uid_t state, files;
};

static int check_users(const char *state, struct owners *ret)
{
    int r = check_folder(state, S_IWOTH, &ret->state);
    if (r == 0)
        r = check_folder_below(state, "grants", &ret->files);
    return r < 0 ? r : check_folder_below(state, "grants/user", &ret->files);
}

static int check_allow(const char *state, struct owners *ret)
{
    int r = check_folder(state, S_IWOTH, &ret->state);
    if (r == 0)
        r = grantdir_check_allow(state, ret->state);
    ret->files = ret->state;
    return r;
}

/* MUST 2 for a file. */
static bool is_trusted(const struct stat *st, uid_t owner)
{
    return S_ISREG(st->st_mode) && st->st_uid == owner && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static int read_whole(int fd, size_t size, char *ret)
{
    for (size_t used = 0; used < size;) {
        const ssize_t n = read(fd, ret + used, size - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EBADMSG;
        used += (size_t)n;
    }
    return 0;
}

/* Where files of one kind are. */
struct place {
    const char *below; /* the state folder */
    size_t max;        /* bytes of a file */
    int (*check_folders)(const char *state, struct owners *ret);
};
static const struct place users = {"grants/user/", GRANTFILE_USER_MAX, check_users};
static const struct place entries = {"allow/", ALLOW_SIZE_MAX, check_allow};

/* What was read; not terminated. */
struct text {
    char *bytes; /* to be freed */
    size_t size;
    uid_t state_owner;
};

/* MUST 1 to 3 for a file. The path first: where there is no file, that is all. */
static int read_trusted(const char *state, const struct place *place, const char *name, struct text *ret)
{
    char path[PATH_MAX];
    struct stat st;
    struct owners owners = {0};
    int r = join_path(state, place->below, name, path);
    if (r < 0)
        return r;
    _cleanup_close_ int fd =
        openat(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    r = place->check_folders(state, &owners);
    if (r < 0)
        return r;
    if (!is_trusted(&st, owners.files))
        return S_ISDIR(st.st_mode) ? -EISDIR : -EPERM;
    if (st.st_size <= 0 || (uintmax_t)st.st_size > place->max)
        return -EBADMSG;
    const size_t size = (size_t)st.st_size;
    _cleanup_free_ char *text = malloc(size);
    if (!text)
        return -ENOMEM;
    r = read_whole(fd, size, text);
    if (r < 0)
        return r;
    *ret = (struct text){.bytes = steal_ptr(text), .size = size, .state_owner = owners.state};
    return 0;
}

/* MUST 4. Without a sum that could overflow: `written` is never negative. */
static bool is_from_the_future(int64_t written, int64_t now)
{
    return written - GRANTFILE_SKEW > now;
}

int grantdir_read_user_below(const char *state, const char *user, int64_t now, struct grant_user *ret,
                             uid_t *ret_state_owner)
{
    char name[NAME_ENCODED_MAX + 1];
    struct text text = {0};
    struct grant_user file;
    int r = name_encode(user, name, sizeof(name));
    if (r == 0)
        r = read_trusted(state, &users, name, &text);
    if (r == 0)
        r = grant_user_parse(text.bytes, text.size, &file);
    free(text.bytes);
    if (r < 0)
        return r;
    if (strcmp(file.user, user) != 0)
        r = -EBADMSG;
    else if (is_from_the_future(file.written, now))
        r = -ETIME;
    if (r < 0) {
        grant_user_deinit(&file);
        return r;
    }
    *ret = file;
    *ret_state_owner = text.state_owner;
    return 0;
}

int grantdir_read_user(const char *state, const char *user, int64_t now, struct grant_user *ret)
{
    uid_t owner;
    return grantdir_read_user_below(state, user, now, ret, &owner);
}

/* Not with snprintf, which depends on the host's locale. */
const char *grantdir_allow_name(gid_t gid, char ret[GRANTDIR_ALLOW_NAME_MAX])
{
    uint32_t id = gid;
    char digits[ID_DIGITS_MAX];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + id % 10);
        id /= 10;
    } while (id);
    char *out = stpcpy(ret, GRANTDIR_ALLOW_PREFIX);
    while (n)
        *out++ = digits[--n];
    *out = '\0';
    return ret;
}

/* The state folder's group (accesspkgd) could have created an allow/ of its own: its owner is the state folder's. */
int grantdir_check_allow(const char *state, uid_t state_owner)
{
    uid_t owner = 0;
    const int r = check_folder_below(state, "allow", &owner);
    return r < 0 ? r : owner == state_owner ? 0 : -EPERM;
}

bool grantdir_allows_by(const char *state, uid_t owner, gid_t gid)
{
    char name[GRANTDIR_ALLOW_NAME_MAX], path[PATH_MAX];
    struct stat st;
    return grant_gid_is_valid(gid) && join_path(state, "allow/", grantdir_allow_name(gid, name), path) == 0 &&
           fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_trusted(&st, owner);
}

bool grantdir_allows(const char *state, gid_t gid)
{
    struct owners owners = {0};
    return check_allow(state, &owners) == 0 && grantdir_allows_by(state, owners.files, gid);
}

/* Reads the one line of an entry of allow/, and terminates it. */
static int read_allow(const char *state, const char *entry, char ret[ALLOW_SIZE_MAX])
{
    struct text text;
    const int r = read_trusted(state, &entries, entry, &text);
    if (r < 0)
        return r;
    _cleanup_free_ char *bytes = text.bytes;
    if (memchr(bytes, '\n', text.size) != bytes + text.size - 1 || memchr(bytes, '\0', text.size))
        return -EBADMSG;
    memcpy(ret, bytes, text.size - 1);
    ret[text.size - 1] = '\0';
    return 0;
}

int grantdir_allowed_name(const char *state, gid_t gid, char *ret_name, size_t size)
{
    char entry[GRANTDIR_ALLOW_NAME_MAX], line[ALLOW_SIZE_MAX];
    if (!grant_gid_is_valid(gid))
        return -ENOENT;
    int r = read_allow(state, grantdir_allow_name(gid, entry), line);
    if (r == 0)
        r = name_decode(line, ret_name, size);
    return r == -EINVAL ? -EBADMSG : r;
}

const char *grantdir_fault(int result)
{
    static const struct {
        int error;
        const char *words;
    } faults[] = {
        {ENOENT, NULL},
        {EPERM, "the grant file or its folder has the wrong owner, or others may write it"},
        {EISDIR, "the user is locked: a folder stands in the place of the grant file (pkg-admin lock)"},
        {EBADMSG, "the grant file is damaged"},
        {ETIME, "the grant file says that it was written in the future; set the clock: timedatectl"},
        {EACCES, "the grant file or a folder above may not be read here: its mode, AppArmor or SELinux"},
        {ELOOP, "the grant file or its folder is a symbolic link"},
        {ENOTDIR, "one of the folders of the grant file is a symbolic link, or no folder"},
        {ENAMETOOLONG, "the user's name is too long for a grant file"},
        {ENOMEM, "there was no memory to read the grant file"},
        {EMFILE, "too many files are open to read the grant file"},
        {ENFILE, "too many files are open to read the grant file"},
    };
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (faults[i].error == -result)
            return faults[i].words;
    return "the grant file could not be read";
}
