/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delegations. See store.h for results and ownership. */
#pragma once

#include "common/identity.h"

struct store;

/*
 * Delegations: who decides in somebody's name. One is live while it is not revoked and its end lies ahead; nothing has
 * to happen at its end. They are kept when they are over.
 */
struct delegation {
    int64_t id;
    char *user; /* who gave it */
    struct identity identity;
    char *delegate; /* who received it */
    uid_t delegate_uid;
    char *reason; /* NULL: none was given */
    int64_t since;
    int64_t until;
    bool local; /* who gave it stood in the files of this host; so did the delegate */
    bool delegate_local;
};
void delegation_deinit(struct delegation *delegation);
int store_add_delegation(struct store *store, struct delegation *delegation); /* sets its id */
int store_revoke_delegation(struct store *store, int64_t id, int64_t now);
/* Those whose end has passed by then are over, whatever the clock says later. */
int store_end_delegations(struct store *store, int64_t ended);
/* Those live at `now`, as a new array, freed with store_free_delegations; by uid, so that it can be asked before a name
 * is known: the caller compares that. `uid` is not looked at for ALL. */
enum store_delegations { STORE_DELEGATIONS_GIVEN, STORE_DELEGATIONS_RECEIVED, STORE_DELEGATIONS_ALL };
int store_get_delegations(struct store *store, enum store_delegations which, uid_t uid, int64_t now,
                          struct delegation **ret, size_t *ret_count);
void store_free_delegations(struct delegation *delegations, size_t count);
/* One that is live still, given or received by somebody of this name: who was local; who had another uid. */
int store_find_delegation_of_gone(struct store *store, const char *user, int64_t now, struct delegation *ret);
int store_find_stale_delegation(struct store *store, const char *user, uid_t uid, int64_t now,
                                struct delegation *ret);
/* How many the uid gave after `since`, of its last `most`. */
int store_delegated_since(struct store *store, uid_t uid, int64_t since, int64_t most, int64_t *ret);
