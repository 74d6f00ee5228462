/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's start: what a crash left undone is made good, then every grant file is held to the store. */
#include "helperd/engine_internal.h"

#include "common/grantdir.h"
#include "helperd/grant.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { VERIFY_STEP = 8 }; /* grant files verified between two calls: what a call may have to wait for */

static int note_outstanding(enum store_publication kind, const char *name, bool narrows, void *data)
{
    return engine_note_publication(data, kind, name, narrows);
}

int engine_start(struct engine *engine, bool newborn)
{
    int r = 0;
    engine->last_now = clock_now(&engine->clock);
    if (newborn) {
        r = engine_begin(engine);
        if (r == 0)
            r = engine_end(engine, grant_adopt(engine->store, engine->state, engine->last_now));
    }
    if (r == 0)
        r = store_each_publication(engine->store, note_outstanding, engine);
    if (r == 0) {
        engine_publish(engine, false);
        r = engine_tick(engine);
    }
    if (r == 0)
        r = engine_adopt_memberships(engine);
    return r;
}

int engine_heed_policy(struct engine *engine)
{
    const int r = engine_repair_drift(engine);
    return r < 0 ? r : engine_plan_warnings(engine);
}

/* Verification: each phase takes down names, then acts on a few of them per step. */
static int take_down(const char *name, void *data)
{
    struct engine_verification *verification = data;
    char **grown = reallocarray(verification->names, verification->count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    verification->names = grown;
    grown[verification->count] = strdup(name);
    return grown[verification->count++] ? 0 : -ENOMEM;
}

static int take_down_gid(gid_t gid, void *data)
{
    char name[16];
    snprintf(name, sizeof(name), "%u", gid);
    return take_down(name, data);
}

static int collect_users(struct engine *engine, struct engine_verification *verification)
{
    const int r = store_each_live_user(engine->store, take_down, verification);
    return r < 0 ? r : grantdir_each_user(engine->state, take_down, verification);
}

static int collect_gids(struct engine *engine, struct engine_verification *verification)
{
    const int r = store_each_live_gid(engine->store, take_down, verification);
    return r < 0 ? r : grantdir_each_gid(engine->state, take_down_gid, verification);
}

static int verify_user(struct engine *engine, const char *name)
{
    return engine_write_user(engine, name, false);
}

static int verify_gid(struct engine *engine, const char *name)
{
    return engine_write_gid(engine, name);
}

static const struct {
    int (*collect)(struct engine *engine, struct engine_verification *verification);
    int (*act)(struct engine *engine, const char *name);
} phases[] = {{collect_users, verify_user}, {collect_gids, verify_gid}};

void engine_verification_deinit(struct engine_verification *verification)
{
    for (size_t i = 0; i < verification->count; i++)
        free(verification->names[i]);
    free(verification->names);
    verification->names = NULL;
    verification->count = verification->next = 0;
}

int engine_verify(struct engine *engine, struct engine_verification *verification)
{
    if (verification->phase == sizeof(phases) / sizeof(phases[0]))
        return 0;
    int r = 0;
    if (!verification->names) {
        r = phases[verification->phase].collect(engine, verification);
        if (r == -ENOENT)
            r = 0;
        if (r < 0)
            verification->next = verification->count;
    }
    /* One file that resists costs the others nothing. */
    for (int i = 0; r == 0 && i < VERIFY_STEP && verification->next < verification->count; i++)
        r = phases[verification->phase].act(engine, verification->names[verification->next++]);
    if (verification->next == verification->count) {
        engine_verification_deinit(verification);
        verification->phase++;
    }
    return r < 0 ? r : 1;
}
