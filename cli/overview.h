/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-request without a command: shows what the caller holds, what waits, and what they may ask for. */
#pragma once

#include "cli/runner.h"

/* Returns the exit code; with 0, *ret_requests are the caller's newest requests, new. */
int overview_show(struct invocation *invocation, json_t **ret_requests);
