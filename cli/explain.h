/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shows what would happen to a request. For pkg-admin and pkg-request. */
#pragma once

#include "cli/runner.h"

/* Explains the package for this user; "" is the caller. Returns the exit code. */
int explain_show(struct invocation *invocation, const char *package, const char *user);
