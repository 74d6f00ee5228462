/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One phase of a PAM service as libpam 1.5.2 of Debian 12 puts it together and walks it. Loading follows "@include",
 * "include" and "substack" through /etc/pam.d and absolute paths (and no other folder: so does Debian's libpam), bounded in
 * depth, files and lines. Walking knows what each control does with each code; what modules answer is the caller's to say,
 * and may be unknown. No module is loaded, nothing executed. tests/pam/test_pamstack.c holds it to libpam.
 */
#pragma once

#include "common/findings.h"
#include "common/pamd.h"

#include <stdint.h>

enum {
    PAMSTACK_LEVELS = 16, /* of substacks: libpam takes no more */
    PAMSTACK_ENTRIES = 2000,
    PAMSTACK_FILES = 200,
};

struct pamstack_include {
    const struct pamd_file *file; /* where the line stands that includes */
    const struct pamd_line *line;
    int parent; /* the include that brought that file; -1: the service's own */
};

struct pamstack_entry {
    const struct pamd_file *file;
    const struct pamd_line *line;
    int include; /* what brought it: of the stack's includes; -1: the service's own file */
    int level;   /* how many substacks it is in */
    enum {
        PAMSTACK_MODULE,
        PAMSTACK_FAILS,    /* a line that libpam cannot use: it answers PAM_PERM_DENIED */
        PAMSTACK_SUBSTACK, /* where one begins; it answers nothing */
    } kind;
};

struct pamstack {
    struct pamstack_entry *entries;
    size_t n_entries;
    struct pamstack_include *includes;
    size_t n_includes;
    struct pamd_file **files;
    size_t n_files;
    bool given_up; /* libpam refuses everybody: it could not read what it had to */
    bool
        uncertain; /* something could not be read here, or is too much: what comes of the phase is not known */
};

/*
 * The phase of a service in /etc/pam.d or /usr/lib/pam.d below `root` ("": this host). What libpam would stumble over is
 * told, as lines of findings. 0; -ENOENT: the service has no file; -ENOMEM. No entries, and not given up: libpam takes
 * the phase of the service "other" instead.
 */
int pamstack_load(const char *root, const char *service, enum pamd_type phase, struct findings *findings,
                  struct pamstack *ret);
void pamstack_deinit(struct pamstack *stack);

/* The code that a module returns. */
typedef int pamstack_answer(const struct pamstack_entry *entry, void *data);
/* What the application is told, where each module answers so. */
int pamstack_run(const struct pamstack *stack, pamstack_answer *answer, void *data);

/* The codes that a module may return, a bit each (1 << PAM_SUCCESS). */
typedef uint32_t pamstack_answers(const struct pamstack_entry *entry, void *data);

/* How an entry can be passed over, bits. */
enum { PAMSTACK_BY_JUMP = 1, PAMSTACK_BY_END = 2 };

/* Whether somebody is let in (told PAM_SUCCESS, or PAM_NEW_AUTHTOK_REQD), on whichever way through the phase. */
struct pamstack_outlook {
    bool asked;             /* on one on which the watched entry was asked */
    bool unasked;           /* on one on which it was not, whoever passed over it */
    unsigned char *skipped; /* by entry: on one on which that entry passed over the watched one. Owned */
};

/*
 * Walks every way that these answers allow, as seen from one entry (n_entries: from none). 0; -E2BIG: there are too many
 * ways; -ENOMEM.
 */
int pamstack_explore(const struct pamstack *stack, size_t watched, pamstack_answers *answers, void *data,
                     struct pamstack_outlook *ret);

/* The entry that comes next when this action is taken at one, in a phase that nobody has refused yet. */
size_t pamstack_next(const struct pamstack *stack, size_t at, int action);
