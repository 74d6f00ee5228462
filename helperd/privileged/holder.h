/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whom a note is about by now: the user may have been renamed, and so may the group. Asks the files /etc/passwd and
 * /etc/group alone, by uid and gid; a user who is not in the file has the noted name.
 */
#pragma once

#include "common/strv.h"
#include "helperd/privileged/notes.h"

struct holder {
    char *group; /* the line's name */
    strv users;  /* members of that line by what was noted, none: they are out */
};

/* The files' folder is `etc`. 0; -ENODATA for a file without a line, which proves nothing; other -errno. */
int holder_find(const char *etc, const struct note *note, struct holder *ret);
void holder_deinit(struct holder *holder);
