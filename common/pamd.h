/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One file of /etc/pam.d as libpam 1.5.2 of Debian 12 reads it: text in, lines out, each with its place in the text, so
 * that an editor can be built on it. Files that lines include are pamstack.h's. Held to libpam by
 * tests/pam/test_pamstack.c. What differs from what one expects:
 * - a backslash goes on in the next line, over comments and empty lines; a comment ends a line, backslash or not;
 * - any word may stand in brackets, with "\]" for one of its own; behind the bracket no blank is needed;
 * - "-account" is an account line: libpam only does not log that the module is missing;
 * - a control that it cannot parse makes everything "bad", a word that it does not know included.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    PAMD_LINE_MAX = 1023, /* bytes of a line with those that it goes on in: libpam cuts a longer one in two */
    PAMD_CODES = 32,      /* what a module may return: PAM_SUCCESS to PAM_INCOMPLETE */
};

enum pamd_type {
    PAMD_AUTH,
    PAMD_ACCOUNT,
    PAMD_PASSWORD,
    PAMD_SESSION,
    PAMD_EVERY,   /* "@include": whatever of the file is wanted */
    PAMD_UNKNOWN, /* no such type: libpam fails the phase that it reads, auth where it reads all of them */
};

enum pamd_kind {
    PAMD_MODULE,
    PAMD_INCLUDE,  /* "include" and "@include": the lines stand here */
    PAMD_SUBSTACK, /* the same, but what ends the phase in it ends it alone */
};

/* What becomes of a module's code; above zero: so many lines are skipped. */
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
    const char *type_word; /* as written, less a "-" */
    enum pamd_kind kind;
    bool silent;             /* "-account" */
    bool odd_control;        /* libpam could not parse the control */
    const char *control;     /* as written, less its brackets; NULL: none */
    int actions[PAMD_CODES]; /* enum pamd_action, or how many lines to skip; of an include all PAMD_BAD */
    const char *target;      /* path of the module, or the file's name; NULL: none */
    const char *const *arguments; /* of a module */
    size_t n_arguments;
    char *words; /* what the texts above point into */
};

struct pamd_file {
    char *path; /* as it was opened */
    char *text;
    size_t size;
    struct pamd_line *lines; /* empty ones and comments are not among them */
    size_t n_lines;
    /* Where libpam gives the file up. 0: nowhere; it keeps the lines above. */
    unsigned
        too_long; /* a line of more than PAMD_LINE_MAX bytes. (libpam goes on in the middle of it: nobody knows) */
    unsigned unfinished; /* goes on behind the end of the file */
};

/* 0 or -ENOMEM; any bytes are a file. */
int pamd_parse(const char *path, const char *text, size_t size, struct pamd_file *ret);
/* Reads it: 0 or -errno, as textfile_read. */
int pamd_read(const char *path, struct pamd_file *ret);
void pamd_deinit(struct pamd_file *file);

/* The last part of a module's path. */
const char *pamd_module(const struct pamd_line *line);

/* A module's path or an argument as libpam reads it back: in brackets where it has blanks. New; NULL: no memory. */
char *pamd_quote(const char *word);

/* Fills `actions` from a control without its brackets. False: libpam could not parse it; all are PAMD_BAD then. */
bool pamd_parse_control(const char *control, int actions[PAMD_CODES]);
