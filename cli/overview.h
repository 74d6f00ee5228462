/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-request without a command: what the caller holds, what waits, and what they may ask for. */
#pragma once

#include "cli/runner.h"

/* The exit code; *ret_requests: the caller's newest requests, new, with 0. */
int overview_show(struct invocation *invocation, json_t **ret_requests);
