/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests named USER/PACKAGE instead of by their number, where the caller may see them. */
#pragma once

#include "cli/runner.h"

/*
 * The request of this user and package that waits for a decision (`review`: for a review), else the most recent one.
 * A package's name has no slash in it, so the last one parts the two. 0, or -1 with *ret_error filled.
 */
int find_request(struct invocation *invocation, const char *name, bool review, int64_t *ret,
                 struct client_error *ret_error);

/* The number of this operand, looked for once. 0, or -1 with *ret_error filled. */
int find_operand(struct invocation *invocation, size_t index, bool review, struct client_error *ret_error);
