/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* diff: what a reload would change, for whom. */
#pragma once

#include "cli/runner.h"

/* The command. Returns the exit code. */
int diff_show(struct invocation *invocation);
