/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/local.h"

#include "common/cleanup.h"
#include "common/paths.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

/* Copies all that is left of the file. */
static FILE *copy_file(FILE *file, off_t size)
{
    char piece[8192];
    size_t got;
    FILE *copy = fmemopen(NULL, (size_t)size + 1, "w+");
    while (copy && (got = fread(piece, 1, sizeof(piece), file)) > 0)
        if (fwrite(piece, 1, got, copy) != got) { /* it has grown meanwhile */
            fclose(copy);
            return NULL;
        }
    if (copy)
        rewind(copy);
    return copy;
}

FILE *local_open(const char *path)
{
    struct stat st;
    FILE *file = fopen(path, "re");
    FILE *copy = file && fstat(fileno(file), &st) == 0 ? copy_file(file, st.st_size) : NULL;
    if (file && !copy) {
        rewind(file);
        return file;
    }
    if (file)
        fclose(file);
    return copy;
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
