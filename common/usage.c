/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. In other people's processes: a handful of system calls, nothing kept. */
#include "common/usage.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LENGTH = 512, NAME_LENGTH = 24 };

/* O_PATH: nothing of it is read. */
static int open_folder(const char *state)
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

/* 0, or -ENOENT where there is none. */
static int read_time(int folder, const char *name, int64_t *ret)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    *ret = st.st_mtim.tv_sec;
    return 0;
}

int usage_note(const char *state, int64_t assignment, int64_t now)
{
    const struct timespec times[] = {{.tv_sec = now}, {.tv_sec = now}};
    char name[NAME_LENGTH];
    int64_t before = 0;
    _cleanup_close_ int folder = open_folder(state);
    if (folder < 0)
        return folder;
    snprintf(name, sizeof(name), "%" PRId64, assignment);
    const int r = read_time(folder, name, &before);
    if (r == 0 && before <= now && now - before < USAGE_GRAIN)
        return 0;
    if (r == -ENOENT) {
        _cleanup_close_ int file = openat(folder, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file < 0)
            return -errno;
    }
    return utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int64_t usage_last(const char *state, int64_t assignment)
{
    char name[NAME_LENGTH];
    int64_t time = 0;
    _cleanup_close_ int folder = open_folder(state);
    snprintf(name, sizeof(name), "%" PRId64, assignment);
    return folder >= 0 && read_time(folder, name, &time) == 0 ? time : 0;
}
