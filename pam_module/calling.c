/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by session.c. */
#include "pam_module/calling.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_MAX = 1024 * 1024 }; /* bytes; the 65,536 groups that a process can have take less */

/* Reads the file into new memory and terminates it. Without stdio, which would be more symbols for the loader to find at each login. */
static int read_status(const char *path, char **ret)
{
    size_t used = 0;
    ssize_t n;
    _cleanup_close_ int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    _cleanup_free_ char *text = malloc(STATUS_MAX + 1);
    if (!text)
        return -ENOMEM;
    while ((n = read(fd, text + used, STATUS_MAX - used)) > 0)
        used += (size_t)n;
    if (n < 0)
        return -EIO;
    text[used] = '\0';
    *ret = steal_ptr(text);
    return 0;
}

/* The value behind "Key:"; NULL when the line has another key. */
static const char *status_value(const char *line, const char *key)
{
    const size_t length = strlen(key);
    return strncmp(line, key, length) == 0 && line[length] == ':' ? line + length + 1 : NULL;
}

/* Reads one number and the blanks before it. False at the end of the line. */
static bool next_number(const char **at, unsigned long *ret)
{
    *at += strspn(*at, " \t");
    if (**at < '0' || **at > '9')
        return false;
    for (*ret = 0; **at >= '0' && **at <= '9'; ++*at)
        *ret = *ret * 10 + (unsigned long)(**at - '0');
    return true;
}

static void strike_gids(const char *numbers, const struct grant_group *groups, size_t count, bool *missing)
{
    unsigned long gid;
    while (next_number(&numbers, &gid))
        for (size_t i = 0; i < count; i++)
            missing[i] = missing[i] && groups[i].gid != gid;
}

int calling_find_missing(const struct calling_process *process, const struct grant_group *groups,
                         size_t count, bool *ret_missing)
{
    char path[96];
    _cleanup_free_ char *status = NULL;
    unsigned long uid;
    bool is_theirs = false;
    snprintf(path, sizeof(path), "%.60s/%d/status", process->proc, (int)process->pid);
    const int r = read_status(path, &status);
    if (r < 0)
        return r;
    for (size_t i = 0; i < count; i++)
        ret_missing[i] = true;
    for (const char *line = status, *end; (end = strchr(line, '\n')); line = end + 1) {
        const char *value;
        if ((value = status_value(line, "Uid")))
            is_theirs = next_number(&value, &uid) && uid == process->uid;
        else if ((value = status_value(line, "Gid")) || (value = status_value(line, "Groups")))
            strike_gids(value, groups, count, ret_missing);
    }
    return is_theirs ? 0 : -ESRCH;
}
