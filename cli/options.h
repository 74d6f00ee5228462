/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of all programs as one table, for the parser (runner.c), --help and completion (help.c). */
#pragma once

#include "cli/command.h"

struct option_row {
    const char *name;
    char letter;                                                  /* 0: none */
    const char *argument;                                         /* NULL: takes none */
    unsigned takes;                                               /* the command must take this */
    int (*set)(struct invocation *invocation, const char *value); /* 0, or 64 after saying what is wrong */
    enum { OPTION_NONE, OPTION_HELP, OPTION_VERSION, OPTION_COMPLETION } instead; /* of any command */
    const char *help;                                                             /* NULL: not shown */
};

enum { N_OPTIONS = 22 };
extern const struct option_row options_rows[]; /* and a row without a name */

/* Whether a command of the program takes what the option sets. */
bool options_concern(const struct program *program, const struct option_row *option);

/* A number of decimal digits, at least 1, and nothing else: no sign, no blank, no 0x. */
bool options_parse_positive(const char *text, int64_t *ret);

/* A reason or justification: UTF-8, at most BUS_TEXT_MAX bytes. 0, or 64 after saying what is wrong with it. */
int options_check_text(const struct invocation *invocation, const char *text);

/* A request's number, or 0 for USER/PACKAGE (cli/find.h asks the bus). 0, or 64 after saying what is wrong with it. */
int options_parse_id(const struct invocation *invocation, const char *text, int64_t *ret);
