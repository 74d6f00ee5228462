/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/privileged/groupfile.h"

#include "common/cleanup.h"

#include <errno.h>
#include <grp.h>
#include <string.h>

int groupfile_find(const char *path, const char *name, gid_t *ret_gid, strv *ret_members)
{
    _cleanup_fclose_ FILE *in = fopen(path, "re");
    if (!in)
        return -errno;
    strv members = NULL;
    gid_t gid = 0;
    int r = GROUPFILE_E_NONE;
    for (const struct group *line; r >= 0 && (line = fgetgrent(in));) {
        if (strcmp(line->gr_name, name) != 0)
            continue;
        if (r == 0) {
            r = -ENOTUNIQ;
            break;
        }
        gid = line->gr_gid;
        members = strv_copy(line->gr_mem);
        r = members ? 0 : -ENOMEM;
    }
    if (r >= 0 && ferror(in))
        r = -EIO;
    if (r != 0) {
        strv_free(members);
        return r;
    }
    *ret_gid = gid;
    *ret_members = members;
    return 0;
}
