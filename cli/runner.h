/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a program's table of commands: parsing, --help, --version, shell completion, usage errors (exit 64), and errors
 * of stdout at the end. Checks that all arguments are UTF-8, as libdbus aborts the process on other text.
 */
#pragma once

#include "cli/command.h"

enum { RUNNER_DEADLINE = 25 };

/* Runs the command in argv. Returns the exit code. */
int runner_main(const struct program *program, int argc, char *argv[]);
