/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/daemon/follow.h"

#include "common/paths.h"
#include "helperd/config/packages.h"
#include "helperd/host/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Seconds. A directory tells of no change; a walk with questions that nobody answered is made again sooner. */
enum { WALK_EVERY = 3600, WALK_AGAIN = 300, STRAYS_AFTER = 2 };
enum { STRAYS_MAX = 64 };

/* A walk from name to name, one look-up at a time. What changes meanwhile is looked at by another one behind it. */
struct walk {
    struct daemon_watch *watch;
    char *at; /* the last name; NULL: no walk is under way */
    bool again;
    /* Names what comes behind `after`, new in *ret_at, and what to look up of it. As the engine's. */
    int (*next)(struct engine *engine, const char *after, struct inquiry *inquiry, char **ret_at);
    int (*heed)(struct engine *engine, const char *at, const struct facts *facts);
};

struct daemon_watch {
    struct ev_loop *loop;
    struct engine *engine;
    struct lookup *lookup;
    struct daemon_watch_hooks hooks;
    struct watch *files; /* NULL: this machine gives no inotify */
    struct walk holders;
    struct walk groups;
    ev_timer hourly;
    char *strays
        [STRAYS_MAX]; /* grant files of nobody: looked at again when they had the time to get their name */
    size_t n_strays;  /* STRAYS_MAX: perhaps more; then at all of them */
    ev_timer settle;
    ev_timer steps; /* not ev_idle: what narrows access must not wait for the daemon to be idle */
};

/* ---- in steps ---- */

/* The engine may have something left to do, or something to try again: behind what else is to be done now. */
static void go_on(struct daemon_watch *watch)
{
    if (ev_is_active(&watch->steps))
        return;
    ev_timer_set(&watch->steps, 0., 0.);
    ev_timer_start(watch->loop, &watch->steps);
}

static void on_steps(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct daemon_watch *watch = timer->data;
    if (engine_drift_step(watch->engine) > 0)
        go_on(watch);
    watch->hooks.retries(watch->hooks.data);
}

static void walk_all_in(struct daemon_watch *watch, double seconds)
{
    ev_timer_stop(watch->loop, &watch->hourly);
    ev_timer_set(&watch->hourly, seconds, 0.);
    ev_timer_start(watch->loop, &watch->hourly);
}

/* ---- walks ---- */

static void on_walk_facts(struct facts *facts, void *data);

static void walk_on(struct walk *walk)
{
    struct daemon_watch *watch = walk->watch;
    struct inquiry inquiry = INQUIRY_NOBODY;
    char *at = NULL;
    int r = walk->next(watch->engine, walk->at, &inquiry, &at);
    if (r == 0)
        r = lookup_ask(watch->lookup, &inquiry, on_walk_facts, walk);
    inquiry_deinit(&inquiry);
    free(walk->at);
    walk->at = at;
    if (r == 0)
        return;
    if (r < 0)
        walk_all_in(watch, WALK_AGAIN);
    free(walk->at);
    walk->at = NULL;
    if (walk->again) {
        walk->again = false;
        walk->at = strdup("");
        if (walk->at)
            walk_on(walk);
    }
}

static void walk_start(struct walk *walk)
{
    if (walk->at) {
        walk->again = true;
        return;
    }
    walk->at = strdup("");
    if (walk->at)
        walk_on(walk);
}

/* What is not answered is asked again sooner. */
static void on_walk_facts(struct facts *facts, void *data)
{
    struct walk *walk = data;
    if (facts)
        walk->heed(walk->watch->engine, walk->at, facts);
    if (!facts || !facts_are_whole(facts))
        walk_all_in(walk->watch, WALK_AGAIN);
    facts_free(facts);
    go_on(walk->watch);
    walk_on(walk);
}

static int next_holder(struct engine *engine, const char *after, struct inquiry *inquiry, char **ret_at)
{
    const int r = engine_next_holder(engine, after, &inquiry->user);
    if (r == 0 && !(*ret_at = strdup(inquiry->user)))
        return -ENOMEM;
    return r;
}

static int next_groups(struct engine *engine, const char *after, struct inquiry *inquiry, char **ret_at)
{
    const int r = engine_next_groups(engine, after, inquiry);
    if (r == 0 && !(*ret_at = strdup(inquiry->groups[strv_length(inquiry->groups) - 1])))
        return -ENOMEM;
    return r;
}

static int heed_groups(struct engine *engine, const char *at, const struct facts *facts)
{
    (void)at;
    return engine_heed_groups(engine, facts);
}

static void on_hour(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct daemon_watch *watch = timer->data;
    daemon_watch_walk(watch);
    watch->hooks.directory(watch->hooks.data);
}

/* By what packages.d says at this moment: a reload writes the allow-list before the daemon hears of it. */
static void compare_allow_list(struct daemon_watch *watch)
{
    struct problems problems = {0};
    struct packages *packages = NULL;
    if (packages_load(PATH_PACKAGES, 0, &packages, &problems) == 0)
        engine_heed_allow_list(watch->engine, packages);
    packages_free(packages);
    problems_deinit(&problems);
}

/* What no watch tells of is compared when the hour comes. */
static void compare_unwatched(struct daemon_watch *watch)
{
    if (watch->files && watch_renew(watch->files))
        return;
    engine_heed_files(watch->engine);
    compare_allow_list(watch);
    go_on(watch);
}

void daemon_watch_walk(struct daemon_watch *watch)
{
    compare_unwatched(watch);
    walk_all_in(watch, WALK_EVERY);
    walk_start(&watch->holders);
    walk_start(&watch->groups);
}

/* ---- what is heard ---- */

static void on_settle(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct daemon_watch *watch = timer->data;
    if (watch->n_strays == STRAYS_MAX)
        engine_heed_files(watch->engine);
    while (watch->n_strays > 0) {
        char *name = watch->strays[--watch->n_strays];
        engine_heed_user_file(watch->engine, name, true);
        free(name);
    }
    go_on(watch);
}

static void heed_user_file(struct daemon_watch *watch, const char *name)
{
    if (engine_heed_user_file(watch->engine, name, false) <= 0 || watch->n_strays == STRAYS_MAX)
        return;
    watch->strays[watch->n_strays] = strdup(name);
    if (watch->strays[watch->n_strays])
        watch->n_strays++;
    if (ev_is_active(&watch->settle))
        return;
    ev_timer_set(&watch->settle, STRAYS_AFTER, 0.);
    ev_timer_start(watch->loop, &watch->settle);
}

static void on_changed(enum watch_set set, const char *name, void *data)
{
    struct daemon_watch *watch = data;
    switch (set) {
    case WATCH_GRANT_USER:
        if (name)
            heed_user_file(watch, name);
        else
            engine_heed_files(watch->engine);
        break;
        break;
    case WATCH_PASSWD:
        walk_start(&watch->holders);
        watch->hooks.directory(watch->hooks.data);
        break;
    case WATCH_GROUP:
        walk_start(&watch->groups);
        watch->hooks.directory(watch->hooks.data);
        break;
    case WATCH_NSSWITCH:
        daemon_watch_walk(watch);
        watch->hooks.directory(watch->hooks.data);
        break;
    case WATCH_ALLOW:
        compare_allow_list(watch);
        engine_retry_all(watch->engine); /* what lacked its entry may have it now */
        break;
    case WATCH_SETS:
        break;
    }
    go_on(watch);
}

int daemon_watch_new(struct ev_loop *loop, struct engine *engine, struct lookup *lookup,
                     const struct daemon_watch_hooks *hooks, struct daemon_watch **ret)
{
    struct daemon_watch *watch = calloc(1, sizeof(*watch));
    if (!watch || engine_watch(engine) < 0) {
        free(watch);
        return -ENOMEM;
    }
    *watch = (struct daemon_watch){.loop = loop, .engine = engine, .lookup = lookup, .hooks = *hooks};
    watch->holders = (struct walk){.watch = watch, .next = next_holder, .heed = engine_heed_holder};
    watch->groups = (struct walk){.watch = watch, .next = next_groups, .heed = heed_groups};
    ev_timer_init(&watch->hourly, on_hour, WALK_EVERY, 0.);
    watch->hourly.data = watch;
    ev_timer_init(&watch->settle, on_settle, STRAYS_AFTER, 0.);
    watch->settle.data = watch;
    ev_timer_init(&watch->steps, on_steps, 0., 0.);
    watch->steps.data = watch;
    const struct watch_folders folders = {.etc = PATH_ETC, .state = PATH_STATE};
    watch_new(loop, &folders, on_changed, watch, &watch->files); /* it said why, if it cannot */
    *ret = watch;
    return 0;
}

void daemon_watch_free(struct daemon_watch *watch)
{
    if (!watch)
        return;
    watch_free(watch->files);
    ev_timer_stop(watch->loop, &watch->hourly);
    ev_timer_stop(watch->loop, &watch->steps);
    ev_timer_stop(watch->loop, &watch->settle);
    while (watch->n_strays > 0)
        free(watch->strays[--watch->n_strays]);
    free(watch->holders.at);
    free(watch->groups.at);
    free(watch);
}
