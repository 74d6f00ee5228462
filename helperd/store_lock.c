/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's lock. */
#include "helperd/store.h"

#include "common/cleanup.h"
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

/* A file of its own, that nobody else can open: whoever can open one can lock it. */
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
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        const int r = errno == EWOULDBLOCK ? -EBUSY : -errno;
        if (r == -EBUSY)
            log_error("%s is locked: another accesspkgd is running. See: systemctl status accesspkgd", path);
        else
            log_error("%s cannot be locked: %s. Its folder has to be on a disk of this host.", path,
                      strerror(-r));
        return r;
    }
    *ret = steal_fd(&fd);
    return 0;
}
