/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts the engine: replays what a crash left undone; verify.c compares the grant files afterwards. Stops it. */
#include "helperd/engine/internal.h"

#include "common/disk.h"
#include "common/grantdir.h"
#include "common/log.h"
#include "helperd/engine/lineage.h"
#include "helperd/engine/locks.h"
#include "helperd/engine/verify.h"
#include "helperd/lifecycle/narrow.h"
#include "helperd/lifecycle/publication.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Sets the groups of requests that were approved by a version that did not record them, from the policy now (rule
 * 14). */
static int bind_waiting_requests(struct engine *engine)
{
    int r;
    char *name = NULL;
    while ((r = store_find_unbound(engine->store, &name)) == 0) {
        struct txn txn;
        const struct package *package = packages_find(engine->packages, name);
        char *groups = package ? strv_join(package->groups, "\n") : strdup("");
        txn_begin(&txn, engine);
        if (txn_ok(&txn, groups ? 0 : -ENOMEM))
            store_bind_groups(txn.store, name, groups);
        r = txn_commit(&txn);
        free(groups);
        free(name);
        if (r < 0)
            return r;
    }
    return r < 0 ? r : 0;
}

static int note_narrowed(struct engine *engine, const char *user)
{
    return engine_note_former(engine, user, true);
}

static void log_member_lists(const struct engine *engine)
{
    const int r = grantdir_remove_member_lists(engine->state);
    if (r < 0)
        log_warning(
            "grants/gid, which an older version wrote and nothing reads any more, could not be removed: "
            "%s. Remove it by hand.",
            strerror(-r));
}

/* The policy may say another time than when they were taken. */
static int plan_reviews(struct engine *engine)
{
    struct txn txn;
    txn_begin(&txn, engine);
    for (size_t i = 0; i < engine->packages->count; i++) {
        const struct package *package = &engine->packages->items[i];
        if (package->review_within)
            store_plan_reviews(txn.store, package->name, package->review_within, txn_now(&txn));
    }
    return txn_commit(&txn);
}

int engine_start(struct engine *engine, bool newborn)
{
    engine->last_now = clock_now(&engine->clock);
    engine->set_back_from = engine->endings_waited = 0;
    int r = lineage_begin(engine, newborn);
    if (r == 0)
        r = verification_begin(engine);
    log_member_lists(engine);
    if (r < 0 || (r = narrow_load(engine, note_narrowed)) < 0 || (r = engine_load_former(engine)) < 0)
        return r;
    engine_publish(engine);
    if (((r = bind_waiting_requests(engine)) < 0 || (r = plan_reviews(engine)) < 0) && !disk_is_shut(r))
        return r;
    r = engine_tick(engine);
    if (r == 0)
        r = engine_note_memberships(engine);
    /* Logged, and tried again: revocations and those who only ask do not wait for it. */
    if (disk_is_shut(r))
        r = 0;
    return r < 0 ? r : engine_adopt_memberships(engine);
}

int engine_apply_policy(struct engine *engine)
{
    int r;
    if ((r = engine_repair_drift(engine)) < 0 || (r = plan_reviews(engine)) < 0)
        return r;
    return engine_plan_warnings(engine);
}

void engine_deinit(struct engine *engine)
{
    /* So that the next start has nothing to replay. */
    engine_settle_publications(engine);
    engine_end_backup(engine);
    engine_verification_end(engine);
    lineage_end(engine);
    engine_forget_publications(engine);
    narrow_unload(engine);
    engine_forget_locks(engine);
    engine_unwatch_drift(engine);
    engine_forget_unknown(engine);
    json_decref(engine->unexplained);
    engine->unexplained = NULL;
}
