/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who held what in a period: `pkg-admin holders --since, --until`. */
#pragma once

#include "cli/command.h"

/* name, kind NULL: every name; any kind. Returns the exit code. */
int history_show(struct invocation *invocation, const char *name, const char *kind);
