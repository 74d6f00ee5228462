/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends that hold and are not recorded yet. Included by files of engine/ only. */
#pragma once

#include "helperd/engine/internal.h"

/* Records what stands, in this transaction. */
void engine_record_narrowed(struct txn *txn);
/* The answer to a call that ended something, whose commit failed with `error`: the refusal, or `error` where it ended
 * nothing. */
int engine_refuse_unrecorded(const struct call *call, int error);
/* Adds a line for each to what the status says, as "unrecorded", if there are any. 0 or -ENOMEM. */
int engine_add_unrecorded(const struct engine *engine, json_t *status);
size_t engine_count_unrecorded(const struct engine *engine);
/* The next membership that is to be taken away though the store does not say so yet: as engine_due_membership. */
int engine_release_narrowed(struct engine *engine, struct membership *ret);
