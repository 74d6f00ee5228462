/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What would become of a request, as pkg-admin and pkg-request both show it. */
#pragma once

#include "cli/runner.h"

/* Explains the package for this user; "" is the caller. The exit code. */
int explain_show(struct invocation *invocation, const char *package, const char *user);
