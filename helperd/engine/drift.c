/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drift: compares grant files, groups and the allow-list with the store after manual changes; the assignments concerned
 * become partially fulfilled. Grants nothing and puts nothing back: retry.c does. This file works through the queue,
 * and applies drift = repair. gone.c handles users who are gone.
 */
#include "helperd/engine/drift.h"

#include <errno.h>

enum { STEP_MAX = 4 }; /* items in one step, which delays calls */

/* ---- steps ---- */

/* 1: the item is not done yet. */
static int work_on_item(struct engine *engine, struct drift_item *item)
{
    switch (item->kind) {
    case DRIFT_USER_FILE:
        return drift_compare_user_file(engine, item->user, true);
    case DRIFT_GROUP:
        return drift_remove_group(engine, item);
    }
    return -EINVAL;
}

int engine_drift_step(struct engine *engine)
{
    struct drift *drift = engine->drift;
    for (int i = 0; drift && drift->first && i < STEP_MAX; i++) {
        struct drift_item *item = drift->first;
        const int r = work_on_item(engine, item);
        if (r < 0)
            drift_log_failure(r, item->user ? item->user : item->group.name);
        if (r <= 0)
            drift_remove_first(drift);
    }
    return drift && drift->first;
}

/* ---- the policy ---- */

static int plan_retry_now(struct engine *engine, struct assignment *assignment)
{
    struct txn txn;
    assignment->retry_at = clock_now(&engine->clock);
    txn_begin(&txn, engine);
    store_update_assignment(txn.store, assignment);
    return txn_commit(&txn);
}

bool engine_is_repaired(const struct assignment *assignment, const struct package *package)
{
    return package && package->drift_repair && !assignment->held;
}

int engine_repair_drift(struct engine *engine)
{
    int64_t after = 0;
    int r = 0;
    while (r == 0) {
        struct assignment assignment = {0};
        r = store_next_partial(engine->store, after, true, &assignment);
        if (r != 0)
            break;
        const struct package *package = packages_find(engine->packages, assignment.package);
        if (engine_is_repaired(&assignment, package))
            r = plan_retry_now(engine, &assignment);
        after = assignment.id;
        assignment_deinit(&assignment);
    }
    return r < 0 ? r : 0;
}
