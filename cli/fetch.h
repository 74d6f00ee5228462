/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fetches lists of requests. */
#pragma once

#include "cli/command.h"

/* The requests of the role (see ListRequests in the interface XML), up to --limit, as a new array, newest first. 0, or -1
 * with *ret_error filled. */
int fetch_requests(struct invocation *invocation, const char *role, json_t **ret,
                   struct client_error *ret_error);
