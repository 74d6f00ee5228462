/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lock that keeps a second accesspkgd from the store. */
#include "helperd/store/store.h"

#include "common/cleanup.h"
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    PREDECESSOR_SECONDS = 10, /* how long to wait for a killed accesspkgd that still writes to a slow disk */
    PAUSE_NS = 10000000,
    EXITING = 0x4, /* PF_EXITING of linux/sched.h, in the field "flags" of proc(5) */
};

/*
 * True when this process was killed or is exiting: it runs none of its code any more, and the kernel will release its
 * locks. False when /proc cannot be read, unless the process is gone.
 */
static bool is_dying(pid_t pid)
{
    char path[32];
    char text[1024] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    _cleanup_fclose_ FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT;
    if (!fgets(text, sizeof(text), file))
        return errno == ESRCH;
    const char *behind_name = strrchr(text, ')');
    char state = 0;
    unsigned flags = 0;
    unsigned long pending = 0;
    /* Fields 3, 9 and 31 of proc(5): state, flags, pending signals. */
    if (!behind_name || sscanf(behind_name,
                               ") %c %*s %*s %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                               "%*s %*s %*s %*s %*s %*s %*s %*s %*s %lu",
                               &state, &flags, &pending) != 3)
        return false;
    return strchr("ZX", state) || (flags & EXITING) || (pending & 1UL << (SIGKILL - 1));
}

/*
 * Takes the lock, and waits for a dying holder. Uses fcntl(2), whose locks end with the process; a lock of flock(2)
 * would live on in a child that has forked and not executed yet.
 */
static int take_lock(int fd)
{
    for (int pauses = 0; pauses < PREDECESSOR_SECONDS * (1000000000 / PAUSE_NS); pauses++) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        if (fcntl(fd, F_SETLK, &lock) == 0)
            return 0;
        if ((errno != EAGAIN && errno != EACCES) || fcntl(fd, F_GETLK, &lock) < 0)
            return -errno;
        if (lock.l_type != F_UNLCK && !is_dying(lock.l_pid))
            return -EBUSY;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    return -EBUSY;
}

/* In a file that no other user can open, for a user who can open a file can lock it. */
int store_lock(const char *path, int *ret)
{
    _cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        const int r = -errno;
        log_error("Cannot open the lock %s: %s. The folder is made by: systemd-tmpfiles --create "
                  "accesspkg.conf",
                  path, strerror(-r));
        return r;
    }
    const int r = take_lock(fd);
    if (r == -EBUSY)
        log_error("%s is locked: another accesspkgd is running. See: systemctl status accesspkgd", path);
    else if (r < 0)
        log_error("%s cannot be locked: %s. Its folder has to be on a disk of this host.", path,
                  strerror(-r));
    if (r < 0)
        return r;
    *ret = steal_fd(&fd);
    return 0;
}
