/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/local.h"

#include "common/cleanup.h"
#include "common/paths.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

FILE *local_open(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file)
        rewind(file); /* from here on the stream knows where it is, without asking the kernel */
    return file;
}

int local_has_user(const char *name, bool *ret)
{
    _cleanup_fclose_ FILE *file = local_open(PATH_ETC "/passwd");
    const struct passwd *entry = NULL;
    bool any = false, found = false;
    if (!file)
        return errno;
    while (!found && (entry = fgetpwent(file))) {
        any = true;
        found = strcmp(entry->pw_name, name) == 0;
    }
    if (!any)
        return ENODATA;
    *ret = found;
    return 0;
}

int local_has_group(const char *name, gid_t gid, bool *ret)
{
    _cleanup_fclose_ FILE *file = local_open(PATH_ETC "/group");
    const struct group *entry = NULL;
    bool any = false, found = false;
    if (!file)
        return errno;
    while (!found && (entry = fgetgrent(file))) {
        any = true;
        found = strcmp(entry->gr_name, name) == 0 && (gid == (gid_t)-1 || entry->gr_gid == gid);
    }
    if (!any)
        return ENODATA;
    *ret = found;
    return 0;
}
