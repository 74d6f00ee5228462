/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delegations. See store.h for results and ownership. */
#pragma once

#include "common/identity.h"

struct store;

/*
 * A delegate decides in the name of an approver. A delegation is live until it is revoked or its end has passed;
 * nothing happens at its end. The row is kept.
 */
struct delegation {
    int64_t id;
    char *user; /* the approver */
    struct identity identity;
    char *delegate;
    uid_t delegate_uid;
    char *reason; /* NULL: none was given */
    int64_t since;
    int64_t until;
    bool local;          /* the approver was in /etc/passwd */
    bool delegate_local; /* the delegate was */
};
void delegation_deinit(struct delegation *delegation);
int store_add_delegation(struct store *store, struct delegation *delegation); /* sets its id */
int store_revoke_delegation(struct store *store, int64_t id, int64_t now);
/* Revokes those whose end has passed at this time: a clock that is set back must not revive them. */
int store_end_delegations(struct store *store, int64_t ended);
/* Those live at `now`, as a new array for store_free_delegations. By uid alone (ignored for ALL), for the name of a
 * caller is not known yet when the look-up is planned: compare the names afterwards. */
enum store_delegations { STORE_DELEGATIONS_GIVEN, STORE_DELEGATIONS_RECEIVED, STORE_DELEGATIONS_ALL };
int store_get_delegations(struct store *store, enum store_delegations which, uid_t uid, int64_t now,
                          struct delegation **ret, size_t *ret_count);
void store_free_delegations(struct delegation *delegations, size_t count);
/* A live delegation that this user name gave or received: while its user was local; with another uid. */
int store_find_delegation_of_gone(struct store *store, const char *user, int64_t now, struct delegation *ret);
int store_find_stale_delegation(struct store *store, const char *user, uid_t uid, int64_t now,
                                struct delegation *ret);
/* How many of the uid's last `most` delegations were given after `since`. */
int store_count_delegations_since(struct store *store, uid_t uid, int64_t since, int64_t most, int64_t *ret);
