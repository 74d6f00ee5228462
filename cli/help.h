/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program prints instead of running the command (NULL: none was given). Each returns the exit code. */
#pragma once

#include "cli/runner.h"

int help_print(const struct program *program, const struct command *command);
int help_print_version(const struct program *program, const struct command *command);

/* The input of packaging/completions. */
int help_print_completion(const struct program *program);
int help_print_family(const struct program *program, const struct command_family *family);
