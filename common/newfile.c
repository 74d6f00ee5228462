/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/newfile.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

static int write_text(int fd, const char *text)
{
    const size_t size = strlen(text);
    for (size_t done = 0; done < size;) {
        const ssize_t n = write(fd, text + done, size - done);
        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int copy_attribute(const char *from, const char *name, int to)
{
    char value[4096];
    const ssize_t size = getxattr(from, name, value, sizeof(value));
    if (size < 0)
        return errno == ENODATA ? 0 : -errno;
    return fsetxattr(to, name, value, (size_t)size, 0) < 0 && errno != ENOTSUP ? -errno : 0;
}

static int copy_attributes(const char *from, int to)
{
    char names[4096];
    const ssize_t length = listxattr(from, names, sizeof(names));
    int r = length >= 0 || errno == ENOTSUP ? 0 : -errno;
    for (const char *name = names; r == 0 && name < names + length; name += strlen(name) + 1)
        r = copy_attribute(from, name, to);
    return r;
}

int newfile_fill(int fd, const char *text, const struct stat *like, const char *attributes)
{
    int r = write_text(fd, text);
    if (r == 0 && fchown(fd, like->st_uid, like->st_gid) < 0)
        r = -errno;
    if (r == 0 && attributes)
        r = copy_attributes(attributes, fd);
    if (r == 0 && (fchmod(fd, like->st_mode & 07777) < 0 || fsync(fd) < 0))
        r = -errno;
    return r;
}
