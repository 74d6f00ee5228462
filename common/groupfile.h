/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads /etc/group as a file, not through NSS, and never writes it. */
#pragma once

#include "common/strv.h"

#include <sys/types.h>

enum { GROUPFILE_E_NONE = 1 };

/* Finds the line with this name; *ret_members is new. 0; GROUPFILE_E_NONE; -ENOTUNIQ when two lines have it; -errno. */
int groupfile_find(const char *path, const char *name, gid_t *ret_gid, strv *ret_members);

/* Lines of the file, sorted by name. */
struct groupfile {
    struct groupfile_line {
        char *name;
        gid_t gid;
        char **members; /* sorted */
        size_t n_members;
    } * lines;
    size_t count;
};
/* Reads the lines that list this user; with NULL, all lines with members. 0; -EFBIG above 16 MiB; -EINVAL for no
 * regular file; other -errno. */
int groupfile_read(const char *path, const char *user, struct groupfile *ret);
void groupfile_deinit(struct groupfile *file);
bool groupfile_lists(const struct groupfile_line *line, const char *user);
/* The first line with this name; lines of the same name follow it. NULL when there is none. */
const struct groupfile_line *groupfile_named(const struct groupfile *file, const char *name);

/* A sentence: the user is in the group in /etc/group besides a package, and the command that removes them. New memory;
 * NULL: no memory. */
char *groupfile_say_standing(const char *user, const char *group);
