/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions to a person at a terminal. Asked on stderr, answered on stdin; what is asked is encoded (rule 10). */
#pragma once

#include "cli/runner.h"

/* Whether somebody is there to be asked: a terminal, and no --json. */
bool prompt_possible(const struct invocation *invocation);

/* A line, without its end, new; NULL when the input ended (Ctrl-D). */
char *prompt_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether the answer was y or yes; everything else, and no answer, is no. */
bool prompt_yes(const char *format, ...) __attribute__((format(printf, 1, 2)));
