/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-request submit --wait: waits until a request is decided and its groups are in place. */
#pragma once

#include "cli/runner.h"

/*
 * Call it after signals_subscribe, with the request as it is now. Returns the exit code: 0 held (or approved for
 * later); 1 refused or ended; 130 Ctrl-C, with the request still filed; 69 no bus. With 0 and 1 *ret_request is the
 * request at the end, new.
 */
int wait_until_done(struct invocation *invocation, const json_t *request, json_t **ret_request);
