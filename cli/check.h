/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* check-config: runs accesspkgd as a program, with the caller's rights, to look for errors in package files. */
#pragma once

#include "cli/runner.h"

/* The command. Returns the exit code. */
int check_config(struct invocation *invocation);

/* For commands that check first. Folder NULL: packages.d and accesspkg.conf. The output goes to `out`, or where
 * helper_run has it (-1). Returns the exit code. */
int check_run(const struct invocation *invocation, const char *folder, int out);
/* The same, as it will be once the draft of this package is its file. */
int check_draft(const struct invocation *invocation, const char *package, int out);
/* What it said: new memory, NULL when it cannot be read; printed, with --json on stderr. */
char *check_read_output(int said);
void check_print_output(const struct invocation *invocation, int said);
