/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-request submit --wait: stays until a request is decided and its groups are in place. */
#pragma once

#include "cli/runner.h"

/*
 * Waits from this state of the request on, after signals_subscribe. The exit code: 0 held (or approved for later), 1
 * it will not be; 130 Ctrl-C, which leaves it filed; 69 the bus. *ret_request: what it became, new, with 0 and 1.
 */
int wait_until_done(struct invocation *invocation, const json_t *request, json_t **ret_request);
