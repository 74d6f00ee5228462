/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/daemon/follow.h"

#include "common/log.h"
#include "common/pamwire.h"
#include "common/paths.h"
#include "helperd/config/packages.h"
#include "helperd/engine/locks.h"
#include "helperd/host/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Seconds. Directories report no changes, hence the hourly walk; it is repeated sooner after unanswered questions. */
enum { WALK_EVERY = 3600, WALK_AGAIN = 300, STRAYS_AFTER = 2 };
enum { STRAYS_MAX = 64 };

/* A walk over names, one look-up at a time. */
struct walk {
    struct daemon_follow *follow;
    char *at;   /* the last name; NULL: no walk is under way */
    bool again; /* something changed meanwhile: walk again after this one */
    /* Finds the name after `after`, as new memory in *ret_at, and what to look up for it. Results as the engine's. */
    int (*next)(struct engine *engine, const char *after, struct inquiry *inquiry, char **ret_at);
    int (*handle)(struct engine *engine, const char *at, const struct facts *facts);
};

struct daemon_follow {
    struct ev_loop *loop;
    struct engine *engine;
    struct lookup *lookup;
    struct daemon_follow_hooks hooks;
    struct watch *files; /* NULL: no inotify */
    struct walk holders;
    struct walk groups;
    ev_timer hourly;
    char *strays[STRAYS_MAX]; /* unknown grant files, which may not have their final name yet */
    size_t n_strays;          /* STRAYS_MAX: there may be more, so all files are looked at */
    ev_timer settle;          /* then the strays are looked at again */
    char *vanished;           /* what was logged last of lines in pam.d that are gone; NULL: nothing */
    ev_timer steps; /* not ev_idle: a step may narrow access, and must not wait until the daemon is idle */
};

/* ---- in steps ---- */

/* The engine may have more to do or to retry: at the loop's next turn, after other events. */
static void schedule_steps(struct daemon_follow *follow)
{
    if (ev_is_active(&follow->steps))
        return;
    ev_timer_set(&follow->steps, 0., 0.);
    ev_timer_start(follow->loop, &follow->steps);
}

static void on_steps(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct daemon_follow *follow = timer->data;
    if (engine_drift_step(follow->engine) > 0)
        schedule_steps(follow);
    follow->hooks.retries(follow->hooks.data);
}

static void schedule_walk(struct daemon_follow *follow, double seconds)
{
    ev_timer_stop(follow->loop, &follow->hourly);
    ev_timer_set(&follow->hourly, seconds, 0.);
    ev_timer_start(follow->loop, &follow->hourly);
}

/* ---- walks ---- */

static void on_walk_facts(struct facts *facts, void *data);

static void walk_step(struct walk *walk)
{
    struct daemon_follow *follow = walk->follow;
    struct inquiry inquiry = INQUIRY_EMPTY;
    char *at = NULL;
    int r = walk->next(follow->engine, walk->at, &inquiry, &at);
    if (r == 0)
        r = lookup_ask(follow->lookup, &inquiry, on_walk_facts, walk);
    inquiry_deinit(&inquiry);
    free(walk->at);
    walk->at = at;
    if (r == 0)
        return;
    if (r < 0)
        schedule_walk(follow, WALK_AGAIN);
    free(walk->at);
    walk->at = NULL;
    if (walk->again) {
        walk->again = false;
        walk->at = strdup("");
        if (walk->at)
            walk_step(walk);
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
        walk_step(walk);
}

static void on_walk_facts(struct facts *facts, void *data)
{
    struct walk *walk = data;
    if (facts)
        walk->handle(walk->follow->engine, walk->at, facts);
    if (!facts || !facts_are_whole(facts))
        schedule_walk(walk->follow, WALK_AGAIN);
    facts_free(facts);
    schedule_steps(walk->follow);
    walk_step(walk);
}

static int next_holder(struct engine *engine, const char *after, struct inquiry *inquiry, char **ret_at)
{
    const int r = engine_next_concerned_user(engine, after, &inquiry->user);
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

static int handle_groups(struct engine *engine, const char *at, const struct facts *facts)
{
    (void)at;
    return engine_compare_groups(engine, facts);
}

static void on_hour(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct daemon_follow *follow = timer->data;
    daemon_follow_walk(follow);
    follow->hooks.directory(follow->hooks.data);
}

/* Against packages.d as it is now: a reload writes the allow-list before it tells the daemon. */
static void check_allow_list(struct daemon_follow *follow)
{
    struct problems problems = {0};
    struct packages *packages = NULL;
    if (packages_load(PATH_PACKAGES, 0, &packages, &problems) == 0)
        engine_compare_allow_list(follow->engine, packages);
    packages_free(packages);
    problems_deinit(&problems);
}

/* Compares everything if a folder cannot be watched. */
static void compare_unwatched(struct daemon_follow *follow)
{
    if (follow->files && watch_renew(follow->files))
        return;
    engine_compare_all_files(follow->engine);
    check_allow_list(follow);
    schedule_steps(follow);
}

/* ---- lines in pam.d ---- */

/* One text of all findings; NULL: none. */
static char *join_findings(const struct findings *findings)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = findings->count > 0 ? open_memstream(&text, &size) : NULL;
    for (size_t i = 0; out && i < findings->count; i++)
        fprintf(out, "%s\n", findings->items[i]);
    if (out)
        fclose(out);
    return text;
}

/* A gate that somebody's upgrade opened is told in the journal: once, and again when it is another one. */
static void check_gates(struct daemon_follow *follow)
{
    struct findings findings = {0};
    const int r = pamwire_check("", &findings);
    if (r < 0) {
        log_warning(PAMWIRE_FOLDER
                    " cannot be read: %s. A line that vanishes from /etc/pam.d is not noticed.",
                    strerror(-r));
        return;
    }
    char *now = join_findings(&findings);
    if (now && (!follow->vanished || strcmp(now, follow->vanished) != 0))
        for (size_t i = 0; i < findings.count; i++)
            log_error("%s", findings.items[i]);
    if (!now && follow->vanished)
        log_notice("No line of `pkg-admin pam enable` is missing from /etc/pam.d any more.");
    free(follow->vanished);
    follow->vanished = now;
    findings_deinit(&findings);
}

void daemon_follow_walk(struct daemon_follow *follow)
{
    check_gates(follow);
    compare_unwatched(follow);
    schedule_walk(follow, WALK_EVERY);
    walk_start(&follow->holders);
    walk_start(&follow->groups);
}

/* ---- changes of files ---- */

static void on_strays_due(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct daemon_follow *follow = timer->data;
    if (follow->n_strays == STRAYS_MAX)
        engine_compare_all_files(follow->engine);
    while (follow->n_strays > 0) {
        char *name = follow->strays[--follow->n_strays];
        engine_compare_user_file(follow->engine, name, true);
        free(name);
    }
    schedule_steps(follow);
}

static void handle_user_file(struct daemon_follow *follow, const char *name)
{
    if (engine_compare_user_file(follow->engine, name, false) <= 0 || follow->n_strays == STRAYS_MAX)
        return;
    follow->strays[follow->n_strays] = strdup(name);
    if (follow->strays[follow->n_strays])
        follow->n_strays++;
    if (ev_is_active(&follow->settle))
        return;
    ev_timer_set(&follow->settle, STRAYS_AFTER, 0.);
    ev_timer_start(follow->loop, &follow->settle);
}

static void on_file_changed(enum watch_set set, const char *name, void *data)
{
    struct daemon_follow *follow = data;
    switch (set) {
    case WATCH_GRANT_USER:
        if (name)
            handle_user_file(follow, name);
        else
            engine_compare_all_files(follow->engine);
        break;
    case WATCH_SHADOW:
        follow->hooks.accounts(follow->hooks.data);
        break;
    case WATCH_PASSWD:
        follow->hooks.accounts(follow->hooks.data);
        walk_start(&follow->holders);
        follow->hooks.directory(follow->hooks.data);
        break;
    case WATCH_GROUP:
        walk_start(&follow->groups);
        follow->hooks.directory(follow->hooks.data);
        break;
    case WATCH_NSSWITCH:
        daemon_follow_walk(follow);
        follow->hooks.directory(follow->hooks.data);
        break;
    case WATCH_ALLOW:
        check_allow_list(follow);
        engine_retry_all(follow->engine); /* groups may have their entries now */
        break;
    case WATCH_LOCKS:
        engine_apply_locks(follow->engine);
        follow->hooks.directory(follow->hooks.data); /* who can decide may have changed */
        break;
    case WATCH_PAM:
        check_gates(follow);
        return;
    case WATCH_SETS:
        break;
    }
    schedule_steps(follow);
}

int daemon_follow_new(struct ev_loop *loop, struct engine *engine, struct lookup *lookup,
                      const struct daemon_follow_hooks *hooks, struct daemon_follow **ret)
{
    struct daemon_follow *follow = calloc(1, sizeof(*follow));
    if (!follow || engine_watch_drift(engine) < 0) {
        free(follow);
        return -ENOMEM;
    }
    *follow = (struct daemon_follow){.loop = loop, .engine = engine, .lookup = lookup, .hooks = *hooks};
    follow->holders = (struct walk){.follow = follow, .next = next_holder, .handle = engine_compare_user};
    follow->groups = (struct walk){.follow = follow, .next = next_groups, .handle = handle_groups};
    ev_timer_init(&follow->hourly, on_hour, WALK_EVERY, 0.);
    follow->hourly.data = follow;
    ev_timer_init(&follow->settle, on_strays_due, STRAYS_AFTER, 0.);
    follow->settle.data = follow;
    ev_timer_init(&follow->steps, on_steps, 0., 0.);
    follow->steps.data = follow;
    const struct watch_folders folders = {.etc = PATH_ETC, .state = PATH_STATE};
    watch_new(loop, &folders, on_file_changed, follow, &follow->files); /* logs why, if it cannot */
    *ret = follow;
    return 0;
}

void daemon_follow_free(struct daemon_follow *follow)
{
    if (!follow)
        return;
    watch_free(follow->files);
    ev_timer_stop(follow->loop, &follow->hourly);
    ev_timer_stop(follow->loop, &follow->steps);
    ev_timer_stop(follow->loop, &follow->settle);
    while (follow->n_strays > 0)
        free(follow->strays[--follow->n_strays]);
    free(follow->holders.at);
    free(follow->groups.at);
    free(follow->vanished);
    free(follow);
}
