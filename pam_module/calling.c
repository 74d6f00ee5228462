/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by session.c. */
#include "pam_module/calling.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value behind "Key:", when the line is that one. */
static const char *value_of(const char *line, const char *key)
{
    const size_t length = strlen(key);
    return strncmp(line, key, length) == 0 && line[length] == ':' ? line + length + 1 : NULL;
}

static void strike_out(const char *numbers, const struct grant_group *groups, size_t count, bool *lacks)
{
    char *end;
    for (;; numbers = end) {
        const unsigned long gid = strtoul(numbers, &end, 10);
        if (end == numbers)
            return;
        for (size_t i = 0; i < count; i++)
            lacks[i] = lacks[i] && groups[i].gid != gid;
    }
}

int calling_lacks(const char *proc, pid_t pid, uid_t uid, const struct grant_group *groups, size_t count,
                  bool *ret_lacks)
{
    char path[64];
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    bool is_theirs = false;
    snprintf(path, sizeof(path), "%.30s/%d/status", proc, (int)pid);
    _cleanup_fclose_ FILE *in = fopen(path, "re");
    if (!in)
        return -errno;
    for (size_t i = 0; i < count; i++)
        ret_lacks[i] = true;
    while (getline(&line, &size, in) > 0) {
        const char *value;
        if ((value = value_of(line, "Uid")))
            is_theirs = strtoul(value, NULL, 10) == uid;
        else if ((value = value_of(line, "Gid")) || (value = value_of(line, "Groups")))
            strike_out(value, groups, count, ret_lacks);
    }
    return ferror(in) ? -EIO : is_theirs ? 0 : -ESRCH;
}
