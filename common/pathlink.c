/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/pathlink.h"

#include <string.h>
#include <sys/stat.h>

bool path_find_link(const char *path, char *ret, size_t size)
{
    struct stat st;
    for (size_t length = 1; size > 0 && length < size; length++) {
        if (path[length] && path[length] != '/')
            continue;
        memcpy(ret, path, length);
        ret[length] = '\0';
        if (lstat(ret, &st) == 0 && S_ISLNK(st.st_mode))
            return true;
        if (!path[length])
            break;
    }
    if (size > 0)
        *ret = '\0';
    return false;
}
