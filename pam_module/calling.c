/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by session.c. */
#include "pam_module/calling.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value behind "Key:"; NULL when the line has another key. */
static const char *status_value(const char *line, const char *key)
{
    const size_t length = strlen(key);
    return strncmp(line, key, length) == 0 && line[length] == ':' ? line + length + 1 : NULL;
}

static void strike_gids(const char *numbers, const struct grant_group *groups, size_t count, bool *missing)
{
    char *end;
    for (;; numbers = end) {
        const unsigned long gid = strtoul(numbers, &end, 10);
        if (end == numbers)
            return;
        for (size_t i = 0; i < count; i++)
            missing[i] = missing[i] && groups[i].gid != gid;
    }
}

int calling_find_missing(const struct calling_process *process, const struct grant_group *groups,
                         size_t count, bool *ret_missing)
{
    char path[64];
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    bool is_theirs = false;
    snprintf(path, sizeof(path), "%.30s/%d/status", process->proc, (int)process->pid);
    _cleanup_fclose_ FILE *in = fopen(path, "re");
    if (!in)
        return -errno;
    for (size_t i = 0; i < count; i++)
        ret_missing[i] = true;
    while (getline(&line, &size, in) > 0) {
        const char *value;
        if ((value = status_value(line, "Uid")))
            is_theirs = strtoul(value, NULL, 10) == process->uid;
        else if ((value = status_value(line, "Gid")) || (value = status_value(line, "Groups")))
            strike_gids(value, groups, count, ret_missing);
    }
    return ferror(in) ? -EIO : is_theirs ? 0 : -ESRCH;
}
