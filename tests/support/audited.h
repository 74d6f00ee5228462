/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watches a store for what no transaction may do, whoever asked for it: triggers that the test puts into its database
 * note each change of state and each decision, with the number of the transaction that they were committed in.
 */
#pragma once

#include "helperd/store/store.h"

void audited_watch(struct store *store);
/* Since the last call, or it fails: every change of state has a line of the audit log that was written in the same
 * transaction (rule 12); nobody decided on their own request, nor twice in a stage (rule 5). */
void audited_check(struct store *store);
/* Whether the log has got such a line since then: an event, and who did it. To be asked before audited_check. */
bool audited_has(struct store *store, const char *event, const char *actor);
/* The lines that the log has got since this was called last, for whoever looks for a cause. */
void audited_print(struct store *store, long step);
