/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs accesspkgd as a program, with the caller's rights: for what it does without its bus. */
#pragma once

#include "cli/command.h"

/* Its exit code, or 69 after a message. Its stdout becomes `out`; with -1 it stays, or with --json becomes stderr. */
int helper_run(const struct invocation *invocation, const char *argument, int out);
int helper_run_with(const struct invocation *invocation, char *const *argv, int out);
