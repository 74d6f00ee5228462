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

#define FIRST ".first"

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

enum noted { NOTED_NEVER = 0, NOTED_BEFORE, NOTED_LATELY };

/* The usual case, in one call: there is a recent note. A user who could fake one could only suppress a new note. */
static enum noted find_note(const char *state, const char *name, int64_t start, int64_t now)
{
    char path[PATH_LENGTH];
    struct stat st;
    if (join_used(state, "/", name, path) < 0 || fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
        st.st_mtim.tv_sec < start)
        return NOTED_NEVER;
    return st.st_mtim.tv_sec <= now && now - st.st_mtim.tv_sec < USAGE_GRAIN ? NOTED_LATELY : NOTED_BEFORE;
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

static int write_note(int folder, const char *name, int64_t now)
{
    const struct timespec times[] = {{.tv_sec = now}, {.tv_sec = now}};
    _cleanup_close_ int file =
        openat(folder, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    return file < 0 || futimens(file, times) < 0 ? -errno : 0;
}

/* Keeps the note of the first use from being cleared away by its age, and its modification time. */
static void keep_note(int folder, const char *name, int64_t now)
{
    const struct timespec times[] = {{.tv_sec = now}, {.tv_nsec = UTIME_OMIT}};
    utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW);
}

int usage_note(const char *state, const struct usage_subject *subject, int64_t now)
{
    char digits[NAME_LENGTH], first[NAME_LENGTH + sizeof(FIRST)];
    const char *name = note_name(subject->assignment, digits);
    const enum noted noted = find_note(state, name, subject->start, now);
    if (noted == NOTED_LATELY)
        return 0;
    _cleanup_close_ int folder = open_used_folder(state);
    if (folder < 0)
        return folder;
    stpcpy(stpcpy(first, name), FIRST);
    if (noted == NOTED_BEFORE)
        keep_note(folder, first, now);
    const int r = noted == NOTED_NEVER ? write_note(folder, first, now) : 0;
    return r < 0 ? r : write_note(folder, name, now);
}

static int64_t read_note(int folder, const char *name, int64_t start)
{
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtim.tv_sec >= start
               ? st.st_mtim.tv_sec
               : 0;
}

int usage_read(const char *state, const struct usage_subject *subject, struct usage *ret)
{
    char digits[NAME_LENGTH], first[NAME_LENGTH + sizeof(FIRST)];
    const char *name = note_name(subject->assignment, digits);
    _cleanup_close_ int folder = open_used_folder(state);
    if (folder < 0)
        return folder;
    stpcpy(stpcpy(first, name), FIRST);
    ret->last = read_note(folder, name, subject->start);
    ret->first = ret->last ? read_note(folder, first, subject->start) : 0;
    return 0;
}
