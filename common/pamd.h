/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses one file of /etc/pam.d as libpam 1.5.2 of Debian 12 does: text in, lines out, each with its place in the text,
 * so that an editor can be built on it. pamstack.h follows includes. tests/pam/test_pamstack.c compares it with libpam.
 * Surprises:
 * - a backslash continues in the next line, across comments and empty lines; a comment ends a line, backslash or not;
 * - any word may stand in brackets, with "\]" for a bracket in it; no blank is needed after the closing one;
 * - "-account" is an account line, but libpam does not log that its module is missing;
 * - a control that libpam cannot parse, or an unknown word, makes every answer "bad".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    PAMD_LINE_MAX = 1023, /* bytes of a line with its continuations: libpam cuts a longer one in two */
    PAMD_CODES = 32,      /* what a module may return: PAM_SUCCESS to PAM_INCOMPLETE */
};

enum pamd_type {
    PAMD_AUTH,
    PAMD_ACCOUNT,
    PAMD_PASSWORD,
    PAMD_SESSION,
    PAMD_EVERY,   /* "@include": any type */
    PAMD_UNKNOWN, /* no such type: libpam fails the phase that it reads, or auth when it reads all */
};

enum pamd_kind {
    PAMD_MODULE,
    PAMD_INCLUDE,  /* "include" and "@include": as if its lines stood here */
    PAMD_SUBSTACK, /* the same, but "done" and "die" end the substack alone */
};

/* What libpam does with a module's code; above zero: skips so many lines. */
enum pamd_action {
    PAMD_IGNORE = 0,
    PAMD_OK = -1,
    PAMD_DONE = -2,
    PAMD_BAD = -3,
    PAMD_DIE = -4,
    PAMD_RESET = -5,
};

struct pamd_line {
    unsigned number;      /* of the first of its lines, from 1 */
    size_t start, length; /* all its lines in the text, breaks included */
    enum pamd_type type;
    const char *type_word; /* as written, without the "-" */
    enum pamd_kind kind;
    bool silent;             /* "-account" */
    bool odd_control;        /* libpam could not parse the control */
    const char *control;     /* as written, without its brackets; NULL: none */
    int actions[PAMD_CODES]; /* enum pamd_action, or how many lines to skip; all PAMD_BAD for an include */
    const char *target;      /* path of the module, or name of the included file; NULL: none */
    const char *const *arguments; /* of a module */
    size_t n_arguments;
    char *words; /* memory of the texts above */
};

struct pamd_file {
    char *path; /* as given to pamd_parse */
    char *text;
    size_t size;
    struct pamd_line *lines; /* without empty lines and comments */
    size_t n_lines;
    /* The line at which libpam gives up the file; 0: none. It keeps the lines above. */
    unsigned too_long;   /* longer than PAMD_LINE_MAX: libpam continues in the middle of it */
    unsigned unfinished; /* ends in a backslash at the end of the file */
};

/* Accepts any bytes. 0 or -ENOMEM. */
int pamd_parse(const char *path, const char *text, size_t size, struct pamd_file *ret);
/* Reads the file and parses it. 0 or -errno, as textfile_read. */
int pamd_read(const char *path, struct pamd_file *ret);
void pamd_deinit(struct pamd_file *file);

/* The file's name in the module's path; "" when there is no target. */
const char *pamd_module(const struct pamd_line *line);

/* Fills `actions` from a control without its brackets. False, and all PAMD_BAD, when libpam cannot parse it. */
bool pamd_parse_control(const char *control, int actions[PAMD_CODES]);
