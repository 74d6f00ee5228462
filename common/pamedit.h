/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Edits the text of a file of pam.d: our marked lines in, our marked lines out, what is different. Each of our lines ends
 * in PAMEDIT_MARK, so that a person, `sed` or a package that is removed can take them out. Pure: pamwire.h has the files.
 */
#pragma once

#include "common/pamstack.h"

#include <stdio.h>

#define PAMEDIT_MARK "# accesspkg: pam enable"

enum {
    PAMEDIT_E_NO_ACCOUNT = 1, /* no line of the account phase: libpam takes those of "other" */
    PAMEDIT_E_UNREADABLE, /* libpam cannot use a line of the phase, or we do not know what it makes of it */
    PAMEDIT_E_TOO_LONG,   /* our line would be longer than libpam takes */
    PAMEDIT_E_JOINED,     /* a backslash above makes a line of ours the end of another one */
};

/* What our lines say. */
struct pamedit_gate {
    const char *const *packages;
    size_t n_packages;
    const char *const *options; /* further ones of the module, such as "wait=60" */
    size_t n_options;
    bool report;              /* mode=report */
    bool root_passes;         /* root's own calls step over the line: for su, which would judge the target */
    bool exempt_caller;       /* of exempt_group the caller counts, not whom they become: for su */
    const char *exempt_group; /* NULL: none */
};

/* Our lines, each with its line break; new memory in *ret. 0; PAMEDIT_E_TOO_LONG; -ENOMEM. */
int pamedit_render(const struct pamedit_gate *gate, char **ret);

/* The text without our marked lines, and these lines, as new memory; *ret_lines is "" where there are none. 0;
 * PAMEDIT_E_JOINED; -ENOMEM. */
int pamedit_strip(const char *text, size_t size, char **ret_text, size_t *ret_size, char **ret_lines);

/* Whether the line, of this text, is one of ours. */
bool pamedit_is_ours(const char *text, const struct pamd_line *line);

/* An entry that may jump over one of ours, and over another without it: NULL: none. */
const struct pamstack_entry *pamedit_find_jump(const struct pamstack *account);

/*
 * Where our lines go in the service's own file, as an offset in its text: above the first line of the account phase that
 * includes others, ends the phase early or jumps; without one above the first line of the phase. 0 or PAMEDIT_E_.
 */
int pamedit_place(const struct pamstack *account, const struct findings *stumbles, size_t *ret_at);

/* The text with `lines` inserted at this offset. New memory; NULL: no memory. */
char *pamedit_insert(const char *text, size_t size, size_t at, const char *lines, size_t *ret_size);

/* Prints what is different as `diff -u` does, in one hunk. */
void pamedit_diff(const char *before, const char *after, FILE *out);
