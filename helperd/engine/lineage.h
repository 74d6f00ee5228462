/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the store is the one that was known on this host, see lineage.c. Included by files of engine/ only. */
#pragma once

#include "helperd/engine/internal.h"

/* Before anything of the store is put into force. `newborn`: it has adopted no grant file yet, which is done here. 0 or
 * -errno. */
int lineage_begin(struct engine *engine, bool newborn);
void lineage_end(struct engine *engine);
/* Refuses what would put a request into force that was filed before a store was put back, until root accepts it. 0, or
 * the refusal. */
int lineage_check_request(const struct engine *engine, const struct request *request, struct reply *reply);
int lineage_check_retry(const struct engine *engine, const struct assignment *assignment,
                        struct reply *reply);
/* Inside a transaction: makes the store say what the grant files give, and no more; reconcile.c. */
void reconcile_files(struct txn *txn);
/* After grant_adopt: takes over the groups that stand in the files without a package, of assignments that were partial. */
void reconcile_loose_groups(struct txn *txn);
/* With membership = files: what the files give is in /etc/group. */
void reconcile_memberships(struct txn *txn);
