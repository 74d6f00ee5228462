/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pkg-admin lock and unlock: root's, in the file system, whether accesspkgd and the bus are there or not (common/locks.h).
 * Each does all that it can, then says what is missing.
 */
#pragma once

#include "cli/runner.h"

int lock_user(struct invocation *invocation);
int unlock_user(struct invocation *invocation);

/* The locks as they are in the file system, a new array of objects. NULL: they cannot be read (*ret_error, -errno). */
json_t *lock_list(int *ret_error);
/* A line for each, of such an array: who, since when, by whom, why. */
field_format lock_field;
