/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compares the grant files with the store after a start, in steps, while calls are served. What a file lacks is put back
 * only where the process before noted it as outstanding; else it was removed manually, which drift_files.c judges. First
 * those notes, then the users who hold something, then the files of others.
 */
#include "helperd/engine/verify.h"

#include "common/cleanup.h"
#include "common/grantdir.h"
#include "common/names.h"
#include "helperd/engine/drift.h"
#include "helperd/lifecycle/publication.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    VERIFY_STEP = 8,    /* grant files in one step, which delays calls */
    SETTLE_AFTER = 512, /* publications in place that are struck out together */
};

void engine_verification_end(struct engine *engine)
{
    struct verification *verification = &engine->verification;
    engine_forget_former(engine);
    grantdir_list_free(verification->files);
    engine_forget_verified(engine);
    free(verification->at);
    *verification = (struct verification){0};
}

int verification_begin(struct engine *engine)
{
    engine_verification_end(engine);
    engine->verification.pending = true;
    return store_last_assignment(engine->store, &engine->verification.last);
}

/* ---- what the process before left ---- */

/* Writes the file if it is not what the store says; then its note may go. 0 or -errno. */
static int replay_former(struct engine *engine, const char *user)
{
    struct grant_user file = {0};
    enum grant_likeness likeness = GRANT_REJECTED;
    const struct grant_source source = engine_grant_source(engine);
    if (engine_is_outstanding(engine, user))
        return 0;
    const int r = grant_compare_user(&source, user, &file, &likeness);
    if (r == 0 && likeness == GRANT_CHANGED)
        grant_user_deinit(&file);
    if (r == 0 && likeness == GRANT_ALIKE)
        return engine_note_in_place(engine, user);
    return engine_note_former(engine, user, false);
}

static int step_former(struct engine *engine)
{
    const char *user = NULL;
    int r = 0;
    for (int i = 0; r == 0 && i < VERIFY_STEP && (user = engine_take_former(engine)); i++)
        r = replay_former(engine, user);
    engine_publish(engine);
    engine->verification.replayed += VERIFY_STEP;
    if (!engine_has_former(engine) || engine->verification.replayed % SETTLE_AFTER == 0)
        engine_settle_publications(engine);
    return r < 0 ? r : 1;
}

/* ---- users who hold something ---- */

static int verify_user(struct engine *engine, const char *user)
{
    const int r = drift_compare_user_file(engine, user, true);
    return drift_log_failure(r, user);
}

/* 1: there may be more; 0: no more; -errno. */
static int step_holders(struct engine *engine, struct verification *verification)
{
    int r = 0;
    for (int i = 0; r == 0 && i < VERIFY_STEP; i++) {
        char *next = NULL;
        r = store_next_live_user(engine->store, verification->at ? verification->at : "", &next);
        if (r != 0)
            return r < 0 ? r : 0;
        r = verify_user(engine, next);
        free(verification->at);
        verification->at = next;
    }
    return r < 0 ? r : 1;
}

/* ---- files of others ---- */

/* 1: there may be more; 0: no more; -errno. */
static int step_files(struct engine *engine, struct verification *verification)
{
    char user[NAME_ENCODED_MAX + 1];
    int r = verification->files ? 0 : grantdir_list_users(engine->state, &verification->files);
    for (int i = 0; r == 0 && i < VERIFY_STEP; i++) {
        r = grantdir_list_next(verification->files, user, sizeof(user));
        if (r == 0 && drift_holds_nothing(engine, user))
            verify_user(engine, user); /* logged */
    }
    return r == 0 ? 1 : r == -ENOENT ? 0 : r;
}

/* ---- in steps ---- */

int engine_verify(struct engine *engine)
{
    struct verification *verification = &engine->verification;
    if (!verification->pending)
        return 0;
    if (engine_has_former(engine))
        return step_former(engine);
    int r = verification->files ? 0 : step_holders(engine, verification);
    if (r == 0)
        r = step_files(engine, verification);
    if (r == 0)
        engine_verification_end(engine);
    return r;
}

void engine_verify_user(struct engine *engine, const char *user)
{
    if (engine->joined.engine || !engine_is_unverified(engine, user))
        return;
    if (verify_user(engine, user) == 0)
        engine_note_verified(engine, user);
}
