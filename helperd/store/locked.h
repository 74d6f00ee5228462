/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Locks of users that are in the audit log, and what a locked user has. See store.h for results and ownership. */
#pragma once

#include "helperd/store/assignment.h"
#include "helperd/store/delegate.h"
#include "helperd/store/request.h"

#include <sys/types.h>

/* A lock (common/locks.h) as it was recorded last. */
struct locked {
    char *user;
    char *id;
    bool lifted;
};
void locked_deinit(struct locked *locked);
int store_put_locked(struct store *store, const struct locked *locked);
int store_get_locked(struct store *store, const char *user, struct locked *ret);
/* The next user after `after` ("": the first). */
int store_next_locked(struct store *store, const char *after, struct locked *ret);
int store_remove_locked(struct store *store, const char *user);

/* Any live assignment, any request that waits for a decision or its start, any live delegation, given or received, of
 * this name or of this uid (UID_UNSET: of the name alone). */
int store_find_assignment_of_either(struct store *store, const char *user, uid_t uid, struct assignment *ret);
int store_find_request_of_either(struct store *store, const char *user, uid_t uid, struct request *ret);
int store_find_any_delegation(struct store *store, int64_t now, struct delegation *ret);
int store_find_delegation_of_either(struct store *store, const char *user, uid_t uid, int64_t now,
                                    struct delegation *ret);
