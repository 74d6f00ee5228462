/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds requests by USER/PACKAGE instead of their number, among those that the caller may see. */
#pragma once

#include "cli/runner.h"

/*
 * Finds the request of this user and package that waits for a decision (`review`: for a review), else the most recent
 * one. `name` is split at its last slash, as a package's name has none. 0, or -1 with *ret_error filled.
 */
int find_request(struct invocation *invocation, const char *name, bool review, int64_t *ret,
                 struct client_error *ret_error);

/* Makes sure that ids[index] is the operand's number, and finds it if needed. 0, or -1 with *ret_error filled. */
int find_operand(struct invocation *invocation, size_t index, bool review, struct client_error *ret_error);
