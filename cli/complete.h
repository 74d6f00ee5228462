/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words that a shell may offer for an operand: packages, requests and users that the command would take from this
 * user, as accesspkgd has them now. Silent: without accesspkgd there are none, and a call does not start it.
 */
#pragma once

#include "cli/runner.h"

/* `words`: the command, what is wanted (as the tables of commands and options name it), the operands before it; ends with
 * NULL. Prints a word a line. Returns 0, or 64 if the shell has to look for itself. */
int complete_print(struct invocation *invocation, char *const *words);
