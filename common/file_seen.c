/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/file_seen.h"

#include <time.h>

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* A file that was changed a moment ago may be changed again without a new time. */
static bool is_settled(const struct stat *file)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return S_ISREG(file->st_mode) && file->st_ctim.tv_sec + 1 < now.tv_sec;
}

bool file_seen_still(struct file_seen *seen, const char *path)
{
    struct stat now;
    if (stat(path, &now) < 0)
        now = (struct stat){0};
    if (seen->settled && is_same(&now, &seen->status))
        return true;
    *seen = (struct file_seen){now, is_settled(&now)};
    return false;
}
