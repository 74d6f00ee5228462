/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a person at a terminal, on stderr and stdin. Makes the question visible (rule 10). */
#pragma once

#include "cli/runner.h"

/* True at a terminal and without --json. */
bool prompt_possible(const struct invocation *invocation);

/* Returns the answer, without its line end, in new memory; NULL when the input ended (Ctrl-D). */
char *prompt_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* True for the one character or the word that means yes in the user's language, and for "yes". */
bool prompt_is_yes(const char *answer);
bool prompt_is_no(const char *answer); /* the same for no */

/* Asks, and is true when the answer is yes. */
bool prompt_yes(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Asks for a reason if none was given and a person can be asked; a blank one counts as none. *ret_asked is new memory, for
 * invocation->reason, or unchanged. 0; or an exit code after a message: the input ended, or it is no text. */
int prompt_reason(struct invocation *invocation, const char *question, char **ret_asked);
