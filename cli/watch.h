/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-approve watch: prints a line for each waiting request, then one for each change that the caller may see. */
#pragma once

#include "cli/runner.h"

int watch_requests(struct invocation *invocation);
