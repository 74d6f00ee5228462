/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A strict reader of our INI files. packages.c and config.c list the keys in a table; this reader reports everything
 * that is not in the table, with file and line.
 *
 *   - a comment is a line that starts with '#' or ';', or follows a value after a blank and ';' (a '#' there is text,
 *     and so is all that stands in a word in double quotes);
 *   - a line that starts with a blank continues the value before it (lists may be long), and must not contain '=';
 *   - words of a list are separated by blanks; names with blanks stand in double quotes (wordlist.h);
 *   - text is UTF-8 without control characters; a byte order mark and carriage returns at line ends are skipped;
 *   - sections and keys must not repeat.
 */
#pragma once

#include "common/problems.h"
#include "common/strv.h"

#include <stdint.h>
#include <sys/types.h>

enum {
    INIFILE_SIZE_MAX = 1024 * 1024, /* bytes of a file */
    INIFILE_LINE_MAX = 1000,        /* bytes of a line */
    INIFILE_SECTIONS_MAX = 64,
    INIFILE_ENTRIES_MAX = 256,
    INIFILE_COMPLAINTS_MAX = 50, /* for one file; one more says that there are more */
};

struct inifile_section {
    char *name;
    size_t line;
};

struct inifile_entry {
    size_t section; /* index */
    size_t line;    /* where the value starts */
    size_t last_line;
    char *key;
    char *
        value; /* with a '\n' for each line that it goes on; in what inifile_apply converts, these are blanks */
};

struct inifile {
    char *label; /* its name in messages: "db-admins.conf" */
    struct problems *problems;
    size_t complaints;
    struct inifile_section sections[INIFILE_SECTIONS_MAX];
    size_t n_sections;
    struct inifile_entry entries[INIFILE_ENTRIES_MAX];
    size_t n_entries;
};

/*
 * Adds syntax errors to *problems; the result has the rest, so that the caller can find more errors. Keeps `problems`,
 * which must outlive it, for later complaints. NULL when there is no memory.
 */
struct inifile *inifile_parse(const char *label, const char *text, size_t size, struct problems *problems);

/* For files that are read to be judged, not to be followed: whoever owns and may write them. */
#define INIFILE_ANY_OWNER ((uid_t)-1)

struct inifile_source {
    int folder; /* or AT_FDCWD */
    const char *path;
    const char *label; /* its name in messages */
    uid_t owner;       /* the one user who may write it, or INIFILE_ANY_OWNER */
};

/*
 * Opens the file without following a link, checks on the descriptor that it is a regular file that only its `owner` may
 * write, and parses it. -ENOENT, -EISDIR, -ENOMEM: not reported, the caller decides; -EINVAL when it cannot be trusted
 * or is too large, other -errno when it cannot be read: reported in *problems.
 */
int inifile_load(const struct inifile_source *source, struct problems *problems, struct inifile **ret);
void inifile_free(struct inifile *file);

/* The same checks of owner and mode for a folder. 0, or -EINVAL, reported in *problems. */
int inifile_check_owner(int fd, const char *label, uid_t owner, struct problems *problems);

/* Adds an error "LABEL:LINE: ..."; line 0 leaves the line out. */
void inifile_complain(struct inifile *file, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The line of a key; of its section when the key is not there; 0 when neither is. */
size_t inifile_line(const struct inifile *file, const char *section, const char *key);
bool inifile_has(const struct inifile *file, const char *section, const char *key);

enum inifile_kind {
    INIFILE_TEXT,     /* char *, owned */
    INIFILE_LIST,     /* strv, owned */
    INIFILE_WORD,     /* int, an index into `words` */
    INIFILE_DURATION, /* int64_t, seconds */
    INIFILE_NUMBER,   /* int64_t */
    INIFILE_TERM,     /* int64_t, seconds, or DURATION_FOREVER */
    INIFILE_END, /* int64_t, seconds since the epoch: a day (its end) or a date with a time, in the host's zone */
};

struct inifile_key {
    const char *section; /* or the "kind" that inifile_apply is called with */
    const char *key;
    enum inifile_kind kind;
    size_t offset;            /* where the value goes */
    const char *const *words; /* INIFILE_WORD; ends with NULL */
    int64_t minimum;          /* INIFILE_NUMBER, INIFILE_DURATION */
    int64_t maximum;          /* 0: no bound */
};

struct inifile_table {
    const struct inifile_key *keys;
    size_t count;
};

/*
 * Converts the entries of one section into the struct at `base`, by the table's rows whose section is `kind`. Reports
 * an unknown key or a bad value, which changes nothing. 0 or -ENOMEM.
 */
int inifile_apply(struct inifile *file, size_t section, const char *kind, const struct inifile_table *table,
                  void *base);
