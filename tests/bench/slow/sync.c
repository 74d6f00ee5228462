/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Preloaded by a benchmark: each sync takes ACCESSPKG_SYNC_US microseconds longer, as on a slower disk. */
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/syscall.h>

static void delay(void)
{
    const char *text = getenv("ACCESSPKG_SYNC_US");
    const long us = text ? strtol(text, NULL, 10) : 0;
    const struct timespec wait = {us / 1000000, us % 1000000 * 1000};
    if (us > 0)
        ppoll(NULL, 0, &wait, NULL);
}

int fsync(int fd)
{
    delay();
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    delay();
    return (int)syscall(SYS_fdatasync, fd);
}
