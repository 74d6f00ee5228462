/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts the engine: replays what a crash left undone, then verifies every grant file. Stops it. */
#include "helperd/engine/internal.h"

#include "common/disk.h"
#include "common/grantdir.h"
#include "common/log.h"
#include "helperd/engine/locks.h"
#include "helperd/grants/grant.h"
#include "helperd/lifecycle/narrow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { VERIFY_STEP = 8 }; /* grant files in one step, which delays calls */

static int note_outstanding(const char *user, bool narrows, void *data)
{
    return engine_note_publication(data, user, narrows);
}

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
    return engine_note_publication(engine, user, true);
}

static int adopt_files(struct engine *engine)
{
    struct txn txn;
    txn_begin(&txn, engine);
    txn_ok(&txn, grant_adopt(&(struct grant_source){
                     .store = txn.store, .state = engine->state, .now = engine->last_now}));
    return txn_commit(&txn);
}

int engine_start(struct engine *engine, bool newborn)
{
    int r = 0;
    engine->last_now = clock_now(&engine->clock);
    /* First: what a locked user held is neither adopted nor written. A fault is logged, and it is tried again. */
    engine_apply_locks(engine);
    if (newborn)
        r = adopt_files(engine);
    const int lists = grantdir_remove_member_lists(engine->state);
    if (lists < 0)
        log_warning(
            "grants/gid, which an older version wrote and nothing reads any more, could not be removed: "
            "%s. Remove it by hand.",
            strerror(-lists));
    if (r < 0 || (r = narrow_load(engine, note_narrowed)) < 0 ||
        (r = store_each_publication(engine->store, note_outstanding, engine)) < 0)
        return r;
    engine_publish(engine);
    if ((r = bind_waiting_requests(engine)) < 0 && !disk_is_shut(r))
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
    const int r = engine_repair_drift(engine);
    return r < 0 ? r : engine_plan_warnings(engine);
}

/* Verification lists all users first, then writes a few files per step. */
static int note_file(const char *name, void *data)
{
    struct engine_verification *verification = data;
    char **grown = reallocarray(verification->names, verification->count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    verification->names = grown;
    grown[verification->count] = strdup(name);
    return grown[verification->count++] ? 0 : -ENOMEM;
}

static int note_all_files(struct engine *engine, struct engine_verification *verification)
{
    int r = store_each_live_user(engine->store, note_file, verification);
    if (r == 0)
        r = grantdir_each_user(engine->state, note_file, verification);
    return r == -ENOENT ? 0 : r;
}

void engine_verification_deinit(struct engine_verification *verification)
{
    for (size_t i = 0; i < verification->count; i++)
        free(verification->names[i]);
    free(verification->names);
    *verification = (struct engine_verification){.begun = verification->begun};
}

int engine_verify(struct engine *engine, struct engine_verification *verification)
{
    int r = 0;
    if (!verification->begun) {
        verification->begun = true;
        r = note_all_files(engine, verification);
        if (r < 0)
            verification->next = verification->count;
    }
    /* A file that cannot be written does not stop the others. */
    for (int i = 0; r == 0 && i < VERIFY_STEP && verification->next < verification->count; i++)
        r = engine_write_user(engine, verification->names[verification->next++], false);
    const bool done = verification->next == verification->count;
    if (done)
        engine_verification_deinit(verification);
    return r < 0 ? r : !done;
}

void engine_deinit(struct engine *engine)
{
    /* An empty transaction removes the notes of files in place, so that the next start has nothing to replay. */
    if (engine->published) {
        struct txn txn;
        txn_begin(&txn, engine);
        txn_commit(&txn);
    }
    engine_forget_publications(engine);
    narrow_unload(engine);
    engine_forget_locks(engine);
    engine_unwatch_drift(engine);
    engine_forget_unknown(engine);
    json_decref(engine->unexplained);
    engine->unexplained = NULL;
}
