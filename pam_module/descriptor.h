/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors inside the host process, which may have closed the standard ones (rule 11). */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Moves *fd above the standard descriptors. 0 or -errno. */
static inline int descriptor_above_standard(int *fd)
{
    if (*fd > STDERR_FILENO)
        return 0;
    const int moved = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (moved < 0)
        return -errno;
    close(*fd);
    *fd = moved;
    return 0;
}
