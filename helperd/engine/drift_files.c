/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drift of grant files. */
#include "helperd/engine/drift.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "common/names.h"
#include "helperd/engine/locks.h"
#include "helperd/lifecycle/publication.h"

#include <errno.h>
#include <string.h>

/* ---- a user's file ---- */

struct finding {
    const struct grant_user *file; /* NULL: it is missing, or the modules reject it */
    const char *why;
};

static const char *judge_by_file(const struct assignment *assignment, const struct grant *grant,
                                 const void *data)
{
    const struct finding *finding = data;
    if (!finding->file)
        return finding->why;
    if (grant_file_has_group(finding->file, assignment, grant))
        return NULL;
    for (size_t i = 0; i < finding->file->n_groups; i++)
        if (finding->file->groups[i].gid == grant->gid)
            return "changed by hand";
    return "removed by hand";
}

static bool judge_by_whole_file(struct txn *txn, struct assignment *assignment, const void *data)
{
    const struct finding *finding = data;
    const bool lost = assignment->state == STATE_FULFILLED && finding->file &&
                      !grant_file_has_package(finding->file, assignment);
    return drift_judge_assignment(txn, assignment, judge_by_file, finding,
                                  lost ? "its package was removed by hand" : NULL);
}

/* Nothing is missing from the file: writes it again, without what was added manually. */
static void undo_additions(struct txn *txn, const char *user)
{
    char visible[NAME_ENCODED_MAX + 1];
    _cleanup_free_ char *detail = NULL;
    text_visible(user, visible, sizeof(visible));
    if (asprintf(&detail, "grants/user/%s was changed by hand; accesspkgd writes again what was granted",
                 visible) < 0) {
        detail = NULL;
        txn_ok(txn, -ENOMEM);
        return;
    }
    struct act act = own_act(detail);
    act.user = user;
    txn_audit(txn, act, AUDIT_DRIFT, 0, 0);
    txn_publish(txn, user, true);
}

/* Its lines are right; writes it again if its mode is wrong. */
static int mend_mode(struct engine *engine, const char *user)
{
    struct grantdir_mark mark = {0};
    if (grantdir_mark_user(engine->state, user, &mark) < 0 || grantdir_has_our_mode(&mark))
        return 0;
    return engine_write_user(engine, user, true);
}

static int note_any(const struct assignment *assignment, void *data)
{
    (void)assignment;
    *(bool *)data = true;
    return 1;
}

bool drift_holds_nothing(struct engine *engine, const char *user)
{
    bool holds = false;
    return store_each_live_of_user(engine->store, user, note_any, &holds) >= 0 && !holds;
}

/* Whoever may write grants/ moved the folder away that locks the user. */
static int drop_file_of_locked(struct engine *engine, const char *user)
{
    return locks_is_closed(engine->state, user) ? 0 : engine_write_user(engine, user, true);
}

int drift_compare_user_file(struct engine *engine, const char *user, bool settled)
{
    struct grant_user file = {0};
    enum grant_likeness likeness;
    /* The usual case, at the price of one stat. */
    if (!locks_record(&engine->locks, user) && engine_is_own_file(engine, user))
        return 0;
    int r = engine_compare_lock(engine, user);
    if (r < 0)
        return r;
    if (locks_find(&engine->locks, user, UID_UNSET))
        return drop_file_of_locked(engine, user);
    if (engine_is_outstanding(engine, user) || engine_is_own_file(engine, user))
        return 0; /* a record of a lock that was lifted is still there */
    const struct grant_source source = engine_grant_source(engine);
    r = grant_compare_user(&source, user, &file, &likeness);
    if (r < 0)
        return r;
    if (likeness == GRANT_ALIKE)
        return mend_mode(engine, user);
    if (likeness == GRANT_EARLY)
        return engine_write_user(engine, user, false);
    /* The process before was cut off before it wrote the file. */
    if (engine_is_former(engine, user)) {
        if (likeness == GRANT_CHANGED)
            grant_user_deinit(&file);
        r = engine_note_former(engine, user, false);
        engine_publish(engine);
        return r;
    }
    if (!settled && drift_holds_nothing(engine, user)) {
        if (likeness == GRANT_CHANGED)
            grant_user_deinit(&file);
        return 1;
    }
    const struct finding finding = {
        .file = likeness == GRANT_CHANGED ? &file : NULL,
        .why = likeness == GRANT_REMOVED ? "removed by hand" : "changed by hand",
    };
    struct txn txn;
    txn_begin(&txn, engine);
    if (assignment_each_live(&txn, user, judge_by_whole_file, &finding) == 0)
        undo_additions(&txn, user);
    r = txn_commit(&txn);
    grant_user_deinit(&file);
    return r;
}

int engine_compare_user_file(struct engine *engine, const char *name, bool settled)
{
    char user[NAME_ENCODED_MAX + 1];
    if (!engine->drift || name_decode(name, user, sizeof(user)) < 0)
        return 0; /* no module ever opens it */
    return drift_log_failure(drift_compare_user_file(engine, user, settled), name);
}

/* ---- all files ---- */

static int add_user(const char *user, void *data)
{
    const struct drift_item item = {.kind = DRIFT_USER_FILE, .user = strdup(user)};
    return item.user ? drift_add_item(data, &item) : -ENOMEM;
}

int engine_compare_all_files(struct engine *engine)
{
    if (!engine->drift)
        return 0;
    int r = engine_apply_locks(engine);
    if (r == 0)
        r = store_each_live_user(engine->store, add_user, engine);
    if (r == 0)
        r = grantdir_each_user(engine->state, add_user, engine);
    return r == -ENOENT ? 0 : drift_log_failure(r, "user");
}
