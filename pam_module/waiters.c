/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. Locks bytes of one file: a few for the places, then one for each uid, and the same again for
 * emergencies. The locks belong to the open file, not to the process (F_OFD_SETLK): each thread of a host has its own,
 * and closing another descriptor frees none. Called by gate.c.
 */
#include "pam_module/waiters.h"

#include "common/cleanup.h"
#include "pam_module/descriptor.h"

#include <stdint.h>
#include <sys/stat.h>

/* Offsets of the locks: places from `first` on, a byte for each uid from `turns` on. */
static const struct pool {
    off_t first;
    off_t count;
    off_t turns;
} pools[] = {
    {0, WAITERS_MAX, WAITERS_MAX},
    {INT64_C(1) << 33, WAITERS_EMERGENCY_MAX, (INT64_C(1) << 33) + WAITERS_EMERGENCY_MAX},
};

/* A user who can write the folder could take every place, or make us create files elsewhere. */
static int open_private_folder(const char *path)
{
    struct stat status;
    _cleanup_close_ int folder = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0 || fstat(folder, &status) < 0)
        return -errno;
    if ((status.st_uid != 0 && status.st_uid != geteuid()) || (status.st_mode & (S_IWGRP | S_IWOTH)))
        return -EPERM;
    return steal_fd(&folder);
}

static int open_lock_file(const char *path)
{
    _cleanup_close_ int folder = open_private_folder(path);
    if (folder < 0)
        return folder;
    _cleanup_close_ int file =
        openat(folder, "waiters", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (file < 0)
        return -errno;
    const int r = descriptor_above_standard(&file);
    return r < 0 ? r : steal_fd(&file);
}

static int lock_byte(int file, off_t at)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
    if (fcntl(file, F_OFD_SETLK, &lock) == 0)
        return 0;
    return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

/* Locks the user's own turn, then one of the places. */
static int take_place(int file, const struct pool *pool, uid_t user)
{
    int r = lock_byte(file, pool->turns + (off_t)user);
    if (r < 0)
        return r;
    r = -EBUSY;
    for (off_t place = 0; place < pool->count && r == -EBUSY; place++)
        r = lock_byte(file, pool->first + place);
    return r;
}

int waiters_enter(const char *folder, uid_t user, bool may_emergency)
{
    _cleanup_close_ int file = open_lock_file(folder);
    if (file < 0)
        return file;
    int r = take_place(file, &pools[0], user);
    if (r == -EBUSY && may_emergency)
        r = take_place(file, &pools[1], user);
    return r < 0 ? r : steal_fd(&file);
}
