/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What makes a program out of a table of commands: parsing, --help, --version, the words for shell completion,
 * usage errors (exit 64), and the end (a stdout that cannot be written is an error). Every argument is checked
 * here, before the bus is touched: libdbus ends the process on text that is not UTF-8.
 */
#pragma once

#include "cli/command.h"

enum { RUNNER_DEADLINE = 25 };

/* Runs the command that argv names. Returns the process's exit code. */
int runner_main(const struct program *program, int argc, char *argv[]);
