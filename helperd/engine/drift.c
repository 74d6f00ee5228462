/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's drift: what others did by hand to grant files, groups and the allow-list is compared with the store, and
 * the assignments concerned fall short. Grants nothing and puts nothing back: that is the retry's (fulfil.c).
 * Here: which files are our own, what is left to look at, in small steps. Users who are gone are in gone.c.
 */
#include "helperd/engine/drift.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { STEP_MAX = 4 }; /* what a call may have to wait for */

/* ---- our own writing ---- */

static struct drift_own *find_own(const struct engine *engine, const char *user)
{
    struct drift *drift = engine->drift;
    for (size_t i = 0; i < DRIFT_OWN_MAX; i++)
        if (drift->own[i].user && strcmp(drift->own[i].user, user) == 0)
            return &drift->own[i];
    return NULL;
}

/* A name stands here once, so that a former file of ours that somebody moves back is not taken for the last one. */
static void remember_own(struct engine *engine, const char *user, const struct grantdir_mark *mark)
{
    if (!engine->drift)
        return;
    struct drift_own *own = find_own(engine, user);
    if (!own && mark->inode == 0)
        return;
    if (!own) {
        own = &engine->drift->own[engine->drift->oldest];
        engine->drift->oldest = (engine->drift->oldest + 1) % DRIFT_OWN_MAX;
        free(own->user);
        *own = (struct drift_own){.user = strdup(user)};
    }
    own->mark = *mark;
}

bool drift_is_own(struct engine *engine, const char *user)
{
    const struct drift_own *own = find_own(engine, user);
    struct grantdir_mark mark = {0};
    return own && own->mark.inode != 0 && grantdir_mark_user(engine->state, user, &mark) == 0 &&
           grantdir_same_mark(&own->mark, &mark);
}

int engine_write_user(struct engine *engine, const char *user, bool narrows)
{
    struct grantdir_mark mark;
    const int r =
        grant_publish_user(engine->store, engine->state, user, clock_now(&engine->clock), narrows, &mark);
    if (r == 0)
        remember_own(engine, user, &mark);
    return r;
}

/* ---- what is left to do ---- */

int engine_watch(struct engine *engine)
{
    if (engine->drift)
        return 0;
    engine->drift = calloc(1, sizeof(*engine->drift));
    if (!engine->drift)
        return -ENOMEM;
    engine->drift->last = &engine->drift->first;
    return 0;
}

static void item_free(struct drift_item *item)
{
    free(item->user);
    free(item->group.name);
    free(item->why);
    strv_free(item->packages);
    free(item);
}

int drift_add_item(struct engine *engine, const struct drift_item *item)
{
    struct drift_item *copy = malloc(sizeof(*copy));
    if (!copy) {
        free(item->user);
        free(item->group.name);
        free(item->why);
        strv_free(item->packages);
        return -ENOMEM;
    }
    *copy = *item;
    copy->next = NULL;
    *engine->drift->last = copy;
    engine->drift->last = &copy->next;
    return 0;
}

static void drop_first(struct drift *drift)
{
    struct drift_item *item = drift->first;
    drift->first = item->next;
    if (!drift->first)
        drift->last = &drift->first;
    item_free(item);
}

void engine_unwatch(struct engine *engine)
{
    struct drift *drift = engine->drift;
    if (!drift)
        return;
    while (drift->first)
        drop_first(drift);
    for (size_t i = 0; i < DRIFT_OWN_MAX; i++)
        free(drift->own[i].user);
    free(drift);
    engine->drift = NULL;
}

/* ---- steps ---- */

/* 1: the item is not done yet. */
static int work_on(struct engine *engine, struct drift_item *item)
{
    switch (item->kind) {
    case LOOK_AT_USER:
        return drift_look_at_user(engine, item->user, true);
    case GROUP_CHANGED:
        return drift_take_group_away(engine, item);
    }
    return -EINVAL;
}

int engine_drift_step(struct engine *engine)
{
    struct drift *drift = engine->drift;
    for (int i = 0; drift && drift->first && i < STEP_MAX; i++) {
        struct drift_item *item = drift->first;
        const int r = work_on(engine, item);
        if (r < 0)
            drift_complain(r, item->user ? item->user : item->group.name);
        if (r <= 0)
            drop_first(drift);
    }
    return drift && drift->first;
}

/* ---- the policy ---- */

static int try_again(struct engine *engine, struct assignment *assignment)
{
    assignment->retry_at = clock_now(&engine->clock);
    const int r = engine_begin(engine);
    return r < 0 ? r : engine_end(engine, store_update_assignment(engine->store, assignment));
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
        if (package && package->drift_repair)
            r = try_again(engine, &assignment);
        after = assignment.id;
        assignment_deinit(&assignment);
    }
    return r < 0 ? r : 0;
}
