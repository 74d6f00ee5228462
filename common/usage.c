/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Runs inside the PAM module's host: a handful of system calls, nothing kept. */
#include "common/usage.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LENGTH = 512, NAME_LENGTH = 24 };

/* The name of the assignment's note. Not with snprintf, which a login that is let in would pay for. */
static const char *note_name(int64_t assignment, char ret[NAME_LENGTH])
{
    uint64_t rest = assignment < 0 ? 0 : (uint64_t)assignment;
    char *at = ret + NAME_LENGTH - 1;
    *at = '\0';
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    return at;
}

/* "<state>/used<slash><name>" */
static int join_used(const char *state, const char *slash, const char *name, char ret[PATH_LENGTH])
{
    static const char used[] = "/used";
    if (strlen(state) + sizeof(used) + strlen(slash) + strlen(name) > PATH_LENGTH)
        return -ENAMETOOLONG;
    stpcpy(stpcpy(stpcpy(stpcpy(ret, state), used), slash), name);
    return 0;
}

/* The usual case, in one call: there is a recent note. A user who could fake one could only suppress a new note. */
static bool is_noted(const char *state, const char *name, int64_t now)
{
    char path[PATH_LENGTH];
    struct stat st;
    return join_used(state, "/", name, path) == 0 && fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           st.st_mtim.tv_sec <= now && now - st.st_mtim.tv_sec < USAGE_GRAIN;
}

/* Opens the folder if it can be trusted. With O_PATH, as it is not read. */
static int open_used_folder(const char *state)
{
    char path[PATH_LENGTH];
    struct stat st;
    const int r = join_used(state, "", "", path);
    if (r < 0)
        return r;
    _cleanup_close_ int folder = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0 || fstat(folder, &st) < 0)
        return -errno;
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)))
        return -EPERM;
    return steal_fd(&folder);
}

int usage_note(const char *state, int64_t assignment, int64_t now)
{
    const struct timespec times[] = {{.tv_sec = now}, {.tv_sec = now}};
    char digits[NAME_LENGTH];
    const char *name = note_name(assignment, digits);
    if (is_noted(state, name, now))
        return 0;
    _cleanup_close_ int folder = open_used_folder(state);
    if (folder < 0)
        return folder;
    _cleanup_close_ int file =
        openat(folder, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    return file < 0 || futimens(file, times) < 0 ? -errno : 0;
}

int64_t usage_last(const char *state, int64_t assignment)
{
    char digits[NAME_LENGTH];
    struct stat st;
    _cleanup_close_ int folder = open_used_folder(state);
    if (folder < 0)
        return folder;
    return fstatat(folder, note_name(assignment, digits), &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_mtim.tv_sec
                                                                                         : 0;
}
