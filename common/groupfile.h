/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What /etc/group says by itself, whatever NSS adds to it. */
#pragma once

#include "common/strv.h"

#include <sys/types.h>

enum { GROUPFILE_E_NONE = 1 };

/* The line with this name. 0; GROUPFILE_E_NONE; -ENOTUNIQ when two lines have it; -errno. */
int groupfile_find(const char *path, const char *name, gid_t *ret_gid, strv *ret_members);

/* The lines that list this user (NULL: that have members), by name. -EFBIG: larger than 16 MiB; -EINVAL: no regular
 * file. */
struct groupfile {
    struct groupfile_line {
        char *name;
        gid_t gid;
        char **members; /* sorted */
        size_t n_members;
    } * lines;
    size_t count;
};
int groupfile_read(const char *path, const char *user, struct groupfile *ret);
void groupfile_deinit(struct groupfile *file);
bool groupfile_lists(const struct groupfile_line *line, const char *user);
/* The first line with this name; others of the same name stand behind it. NULL: there is none. */
const struct groupfile_line *groupfile_named(const struct groupfile *file, const char *name);

/* That somebody stands there who has the group by a package as well, and the command that takes them out; new, NULL:
 * no memory. */
char *groupfile_say_standing(const char *user, const char *group);
