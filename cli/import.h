/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin import: makes a group's present members holders of a package. Removes no one from the group. */
#pragma once

#include "cli/runner.h"

/* Returns the exit code. *ret_left: it printed commands that remove users from the local file. */
int import_group(struct invocation *invocation, bool *ret_left);
