/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by pamwire_record.c and cli/setup.c. */
#include "common/rootlock.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

int rootlock_take(const char *path, int *ret_lock)
{
    _cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    /* Also of a file that somebody has copied here. */
    if (fd < 0 || fchmod(fd, 0600) < 0)
        return -errno;
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return -errno;
    *ret_lock = steal_fd(&fd);
    return 0;
}
