/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loads a file: checks its owner and mode on the descriptor that it then reads, never by path, so that the file cannot
 * be exchanged in between.
 */
#include "common/cleanup.h"
#include "common/inifile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_writable(const struct stat *st, const char *label, uid_t owner, struct problems *problems)
{
    if (st->st_uid != owner) {
        problems_add(problems, true,
                     "%s: belongs to uid %u, and only uid %u may say who gets in; read what it says, then "
                     "`chown %u` it",
                     label, (unsigned)st->st_uid, (unsigned)owner, (unsigned)owner);
        return -EINVAL;
    }
    if (st->st_mode & (S_IWGRP | S_IWOTH)) {
        problems_add(problems, true,
                     "%s: others than its owner may write to it (mode %04o); read what it says, then "
                     "`chmod go-w` it",
                     label, (unsigned)(st->st_mode & 07777));
        return -EINVAL;
    }
    return 0;
}

/* Root runs check-config and reload, and can read files that accesspkgd cannot, as a umask of 077 makes them. */
static int check_readable(const struct stat *st, const char *label, struct problems *problems)
{
    const mode_t others = S_ISDIR(st->st_mode) ? S_IROTH | S_IXOTH : S_IROTH;
    const mode_t group = S_ISDIR(st->st_mode) ? S_IRGRP | S_IXGRP : S_IRGRP;
    if (geteuid() != 0 || (st->st_mode & others) == others ||
        (st->st_gid != 0 && (st->st_mode & group) == group))
        return 0;
    problems_add(problems, true,
                 "%s: root alone may read it (mode %04o), and accesspkgd runs as the user accesspkg; "
                 "`chmod go+rX` it",
                 label, (unsigned)(st->st_mode & 07777));
    return -EINVAL;
}

static int check_access(const struct stat *st, const char *label, uid_t owner, struct problems *problems)
{
    if (owner == INIFILE_ANY_OWNER)
        return 0;
    const int rc = check_readable(st, label, problems);
    return rc < 0 ? rc : check_writable(st, label, owner, problems);
}

int inifile_check_owner(int fd, const char *label, uid_t owner, struct problems *problems)
{
    struct stat st;
    if (fstat(fd, &st) < 0) {
        const int error = errno;
        problems_add(problems, true, "%s: cannot be examined: %s", label, strerrordesc_np(error));
        return -EINVAL;
    }
    return check_access(&st, label, owner, problems);
}

static int complain_open(const char *label, int error, struct problems *problems)
{
    if (error == ENOENT)
        return -ENOENT;
    if (error == ELOOP) {
        problems_add(
            problems, true,
            "%s: is a symbolic link, and whoever can change where it leads would say who gets in; put the "
            "file itself here",
            label);
        return -EINVAL;
    }
    problems_add(problems, true, "%s: cannot be opened: %s%s", label, strerrordesc_np(error),
                 error == EACCES ? "; accesspkgd reads it as the user accesspkg: `chmod go+rX` it" : "");
    return -error;
}

static int check_regular(int fd, const char *label, uid_t owner, struct problems *problems)
{
    struct stat st;
    if (fstat(fd, &st) < 0) {
        const int error = errno;
        problems_add(problems, true, "%s: cannot be examined: %s", label, strerrordesc_np(error));
        return -error;
    }
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    if (!S_ISREG(st.st_mode)) {
        problems_add(problems, true, "%s: is no regular file; put one here, or take it away", label);
        return -EINVAL;
    }
    return check_access(&st, label, owner, problems);
}

/* Reads up to one byte more than allowed, as st_size may have changed. */
static int read_text(int fd, const char *label, char *buffer, size_t *ret_size, struct problems *problems)
{
    size_t size = 0;
    while (size <= INIFILE_SIZE_MAX) {
        const ssize_t n = read(fd, buffer + size, INIFILE_SIZE_MAX + 1 - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            const int error = errno;
            problems_add(problems, true, "%s: cannot be read: %s", label, strerrordesc_np(error));
            return -error;
        }
        if (n == 0) {
            *ret_size = size;
            return 0;
        }
        size += (size_t)n;
    }
    problems_add(problems, true, "%s: larger than %d KiB; split it", label, INIFILE_SIZE_MAX / 1024);
    return -EINVAL;
}

int inifile_load(const struct inifile_source *source, struct problems *problems, struct inifile **ret)
{
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    const char *label = source->label;
    _cleanup_close_ int fd = openat(source->folder, source->path, flags);
    if (fd < 0)
        return complain_open(label, errno, problems);
    int rc = check_regular(fd, label, source->owner, problems);
    if (rc < 0)
        return rc;

    size_t size = 0;
    _cleanup_free_ char *buffer = malloc(INIFILE_SIZE_MAX + 1);
    if (!buffer)
        return -ENOMEM;
    rc = read_text(fd, label, buffer, &size, problems);
    if (rc < 0)
        return rc;
    struct inifile *file = inifile_parse(label, buffer, size, problems);
    if (!file)
        return -ENOMEM;
    *ret = file;
    return 0;
}
