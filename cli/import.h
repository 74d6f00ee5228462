/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin import: a group's members of today become assignments of a package. Takes nobody out of the group. */
#pragma once

#include "cli/runner.h"

/* The exit code. *ret_left: whether it told the administrator to take somebody out of the local file. */
int import_group(struct invocation *invocation, bool *ret_left);
