/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/disk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int error;
    const char *format; /* with the path, twice */
} advices[] = {
    {ENOSPC, "The disk of %s is full. Make room on it, see: df -h %s"},
    {EDQUOT, "The quota on the disk of %s is used up. Raise it, or make room, see: df -h %s"},
    {EIO,
     "Something is wrong with the files in %s, or with their disk. See what: journalctl -u accesspkgd; and: "
     "journalctl -k; findmnt -T %s"},
    {EROFS,
     "%s cannot be written: its disk is mounted read-only, or the user accesspkg may not write there. See: "
     "findmnt -T %s"},
};

static const char *find_format(int error)
{
    for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
        if (advices[i].error == -error)
            return advices[i].format;
    return NULL;
}

bool disk_blamed(int error)
{
    return find_format(error) != NULL;
}

bool disk_is_shut(int error)
{
    return error != -EIO && disk_blamed(error);
}

const char *disk_advice(int error, const char *path, char ret[DISK_ADVICE_MAX])
{
    const char *format = find_format(error);
    if (format) {
        /* One of the table above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(ret, DISK_ADVICE_MAX, format, path, path);
#pragma GCC diagnostic pop
    } else {
        snprintf(ret, DISK_ADVICE_MAX, "%s could not be written: %s.", path, strerror(-error));
    }
    return ret;
}
