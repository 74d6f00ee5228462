/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/notify/hooks.h"

#include "common/cleanup.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

enum { HOOKS_MAX = 64 };

static bool is_hook_name(const char *name)
{
    if (!*name)
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '_' && *name != '-')
            return false;
    return true;
}

static const char *find_doubt(const struct stat *status, bool folder)
{
    if (!folder && !S_ISREG(status->st_mode))
        return "is no regular file";
    if (status->st_uid != 0)
        return "does not belong to root";
    if (status->st_mode & (S_IWGRP | S_IWOTH))
        return "may be written by others than root";
    return NULL;
}

static int open_folder(const char *folder, char *ret_why, size_t why_size)
{
    struct stat status;
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *doubt = NULL;
    if (fd < 0 || fstat(fd, &status) < 0) {
        const int error = errno;
        snprintf(ret_why, why_size, "%s cannot be read: %s", folder, strerror(error));
        if (fd >= 0)
            close(fd);
        return -error;
    }
    doubt = find_doubt(&status, true);
    if (doubt) {
        snprintf(ret_why, why_size,
                 "%s %s: nothing of it is run. As root: chown root:root %s && chmod 755 %s", folder, doubt,
                 folder, folder);
        close(fd);
        return -EPERM;
    }
    return fd;
}

/* Links are followed: hooks_open checks the target. */
static int select_hook(const struct dirent *entry)
{
    return is_hook_name(entry->d_name);
}

static bool is_meant_to_run(int folder, const char *name)
{
    struct stat status;
    return fstatat(folder, name, &status, 0) < 0 ||
           (!S_ISDIR(status.st_mode) && (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)));
}

int hooks_list(const char *folder, strv *ret, char *ret_why, size_t why_size)
{
    struct dirent **entries = NULL;
    strv found = calloc(HOOKS_MAX + 1, sizeof(*found));
    const int fd = found ? open_folder(folder, ret_why, why_size) : -ENOMEM;
    int r = fd < 0 ? fd : 0;
    const int count = r == 0 ? scandirat(fd, ".", &entries, select_hook, alphasort) : 0;
    size_t kept = 0;
    if (count < 0)
        r = -errno;
    for (int i = 0; i < count; i++) {
        if (r == 0 && kept < HOOKS_MAX && is_meant_to_run(fd, entries[i]->d_name)) {
            found[kept] = strdup(entries[i]->d_name);
            r = found[kept++] ? 0 : -ENOMEM;
        }
        free(entries[i]);
    }
    free(entries);
    if (fd >= 0)
        close(fd);
    if (r < 0 && r != -ENOENT) {
        strv_free(found);
        return r;
    }
    *ret = found;
    return 0;
}

int hooks_open(const char *folder, const char *name, char *ret_why, size_t why_size)
{
    struct stat status;
    const int parent = open_folder(folder, ret_why, why_size);
    if (parent < 0)
        return parent;
    int fd = openat(parent, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    const int error = errno;
    const bool is_there = fd >= 0 || fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    close(parent);
    if (fd < 0 && error == ENOENT && is_there) {
        snprintf(ret_why, why_size, "is a link that leads nowhere");
        return -ELOOP;
    }
    if (fd < 0 || fstat(fd, &status) < 0) {
        snprintf(ret_why, why_size, "cannot be opened: %s", strerror(error));
        if (fd >= 0)
            close(fd);
        return -error;
    }
    const char *doubt = find_doubt(&status, false);
    if (doubt) {
        snprintf(ret_why, why_size, "%s: it is not run", doubt);
        close(fd);
        return -EPERM;
    }
    return fd;
}
