/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Runs inside the PAM module's host: a handful of system calls, nothing kept. */
#include "common/usage.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LENGTH = 512, NAME_LENGTH = 24 };

/* The usual case, in one call: there is a recent note. A user who could fake one could only suppress a new note. */
static bool is_noted(const char *state, int64_t assignment, int64_t now)
{
    char path[PATH_LENGTH];
    struct stat st;
    return (size_t)snprintf(path, sizeof(path), "%s/used/%" PRId64, state, assignment) < sizeof(path) &&
           lstat(path, &st) == 0 && st.st_mtim.tv_sec <= now && now - st.st_mtim.tv_sec < USAGE_GRAIN;
}

/* Opens the folder if it can be trusted. With O_PATH, as it is not read. */
static int open_used_folder(const char *state)
{
    char path[PATH_LENGTH];
    struct stat st;
    if ((size_t)snprintf(path, sizeof(path), "%s/used", state) >= sizeof(path))
        return -ENAMETOOLONG;
    _cleanup_close_ int folder = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0 || fstat(folder, &st) < 0)
        return -errno;
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)))
        return -EPERM;
    return steal_fd(&folder);
}

int usage_note(const char *state, int64_t assignment, int64_t now)
{
    const struct timespec times[] = {{.tv_sec = now}, {.tv_sec = now}};
    char name[NAME_LENGTH];
    if (is_noted(state, assignment, now))
        return 0;
    _cleanup_close_ int folder = open_used_folder(state);
    if (folder < 0)
        return folder;
    snprintf(name, sizeof(name), "%" PRId64, assignment);
    _cleanup_close_ int file =
        openat(folder, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    return file < 0 || futimens(file, times) < 0 ? -errno : 0;
}

int64_t usage_last(const char *state, int64_t assignment)
{
    char name[NAME_LENGTH];
    struct stat st;
    _cleanup_close_ int folder = open_used_folder(state);
    if (folder < 0)
        return folder;
    snprintf(name, sizeof(name), "%" PRId64, assignment);
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_mtim.tv_sec : 0;
}
