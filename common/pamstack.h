/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loads one phase of a PAM service and walks it as libpam 1.5.2 of Debian 12 does. Loading follows "@include",
 * "include" and "substack" in /etc/pam.d and at absolute paths (like Debian's libpam, in no other folder), bounded in
 * depth, files and lines. Walking applies each control to each code; the caller says what modules may answer. No module
 * is loaded, nothing executed. tests/pam/test_pamstack.c compares it with libpam.
 */
#pragma once

#include "common/findings.h"
#include "common/pamd.h"

#include <stdint.h>

enum {
    PAMSTACK_LEVELS = 16, /* of substacks: libpam's limit */
    PAMSTACK_ENTRIES = 2000,
    PAMSTACK_FILES = 200,
};

struct pamstack_include {
    const struct pamd_file *file; /* the including file */
    const struct pamd_line *line;
    int parent; /* the include of that file, as an index; -1: the service's own file */
};

struct pamstack_entry {
    const struct pamd_file *file;
    const struct pamd_line *line;
    int include; /* the include of its file, as an index; -1: the service's own file */
    int level;   /* how many substacks it is in */
    enum {
        PAMSTACK_MODULE,
        PAMSTACK_FAILS,    /* a line that libpam cannot use: it answers PAM_PERM_DENIED */
        PAMSTACK_SUBSTACK, /* the start of one; it answers nothing */
    } kind;
};

struct pamstack {
    struct pamstack_entry *entries;
    size_t n_entries;
    struct pamstack_include *includes;
    size_t n_includes;
    struct pamd_file **files;
    size_t n_files;
    bool given_up;  /* libpam could not read it all, and refuses every user */
    bool uncertain; /* we could not read it all, or it exceeds a limit: the result is unknown */
};

/* Where to read: below `root` ("": this host). With `path` that file counts as if it had this text: not written yet. */
struct pamstack_place {
    const char *root;
    const char *path; /* with the root; NULL: none */
    const char *text;
    size_t size;
};

/*
 * Loads the phase of a service in /etc/pam.d or /usr/lib/pam.d. Adds a finding for each line that libpam cannot use. 0;
 * -ENOENT when the service has no file; -ENOMEM. If there are no entries, and it is not given up, libpam uses the phase
 * of the service "other" instead.
 */
int pamstack_load_at(const struct pamstack_place *place, const char *service, enum pamd_type phase,
                     struct findings *findings, struct pamstack *ret);
int pamstack_load(const char *root, const char *service, enum pamd_type phase, struct findings *findings,
                  struct pamstack *ret);
void pamstack_deinit(struct pamstack *stack);

/* The code that a module returns. */
typedef int pamstack_answer(const struct pamstack_entry *entry, void *data);
/* The result for the application when each module answers so. */
int pamstack_run(const struct pamstack *stack, pamstack_answer *answer, void *data);

/* The codes that a module may return, a bit each (1 << PAM_SUCCESS). */
typedef uint32_t pamstack_answers(const struct pamstack_entry *entry, void *data);

/* How an entry can be skipped, bits. */
enum { PAMSTACK_BY_JUMP = 1, PAMSTACK_BY_END = 2 };

/* The ways through the phase that let a user in (PAM_SUCCESS, or PAM_NEW_AUTHTOK_REQD). */
struct pamstack_outlook {
    bool asked;   /* one of them asks the watched entry */
    bool unasked; /* one of them skips it */
    unsigned char
        *skipped; /* for each entry, whether and how (PAMSTACK_BY_) it skips the watched one; owned */
};

/*
 * Walks every way that these answers allow, and watches one entry (n_entries: none). 0; -E2BIG when there are too many
 * ways; -ENOMEM.
 */
int pamstack_explore(const struct pamstack *stack, size_t watched, pamstack_answers *answers, void *data,
                     struct pamstack_outlook *ret);

/* The index of the entry that follows after this action at entry `at`, if no module has refused yet. */
size_t pamstack_next(const struct pamstack *stack, size_t at, int action);
