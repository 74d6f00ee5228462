/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* setup: a first package, by questions or by options alone. */
#pragma once

#include "cli/runner.h"

/* The command. Returns the exit code. */
int setup_package(struct invocation *invocation);
