/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of all programs in one table, for the parser (runner.c), --help and completion (help.c). */
#pragma once

#include "cli/command.h"

struct option_row {
    const char *name;
    char letter;                                                  /* 0: none */
    const char *argument;                                         /* NULL: takes none */
    uint64_t takes;                                               /* the command must take this */
    int (*set)(struct invocation *invocation, const char *value); /* 0, or 64 after a message */
    enum { OPTION_NONE, OPTION_HELP, OPTION_VERSION, OPTION_COMPLETION } instead; /* of the command */
    const char *help;                                                             /* NULL: not shown */
};

enum { N_OPTIONS = 38 };
extern const struct option_row options_rows[]; /* the last has no name */

/* True when a command of the program takes this option. */
bool options_concern(const struct program *program, const struct option_row *option);

/* Parses --until, once its command is known: with --since it looks back. 0, or 64 after a message. */
int options_parse_until(struct invocation *invocation);

/* Parses decimal digits, from 1 on, without sign, blank or 0x. */
bool options_parse_positive(const char *text, int64_t *ret);

/* Checks a reason or justification: UTF-8, at most BUS_TEXT_MAX bytes. 0, or 64 after a message. */
int options_check_text(const struct invocation *invocation, const char *text);

/* True for a request's number, and for USER/PACKAGE, where *ret is 0 (cli/find.h finds the number). */
bool options_read_id(const char *text, int64_t *ret);

/* The same for an operand of a command that takes `takes`. 0, or 64 after a message. */
int options_parse_id(const struct invocation *invocation, uint64_t takes, const char *text, int64_t *ret);

/* Parses a range of requests, as 3-7. */
bool options_read_range(const char *text, int64_t *ret_first, int64_t *ret_last);
