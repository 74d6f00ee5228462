/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's frame: transactions and their effects, the passing of time, holders who are others now. */
#include "helperd/engine/internal.h"

#include "common/log.h"
#include "common/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TICK_MAX = 100,   /* deadlines in one transaction; the rest follows at once in the next */
    VERIFY_STEP = 50, /* grant files verified between two calls */
    FAULT_RETRY = 5,  /* seconds until what failed, as a grant file to be written, is tried again */
    CLOCK_BACK = 2,   /* seconds back that count as the clock having been set */
};

struct published {
    struct published *next;
    bool narrows;
    bool tentative; /* noted by a transaction that is not committed yet */
    bool done;
    int error;     /* of the last try; 0: not tried */
    int64_t tried; /* when it failed */
    char user[];
};

int engine_refuse(struct reply *reply, enum bus_error code, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(reply->message, sizeof(reply->message), format, values);
    va_end(values);
    return (int)code;
}

int engine_refuse_unknown(struct reply *reply, const char *what)
{
    return engine_refuse(reply, BUS_ERROR_UNAVAILABLE,
                         "It is not known just now %s: a directory of this host does not answer, so not all "
                         "groups are known. Nothing was changed. Please try again in a moment.",
                         what);
}

int engine_check_text(const char *what, const char *text, struct reply *reply)
{
    char visible[BUS_TEXT_MAX + 1];
    if (strlen(text) > BUS_TEXT_MAX)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                             "The %s is longer than %d bytes. Please shorten it; nothing was changed.", what,
                             BUS_TEXT_MAX);
    if (strcmp(text_visible(text, visible, sizeof(visible)), text) != 0)
        return engine_refuse(
            reply, BUS_ERROR_INVALID_ARGUMENT,
            "The %s contains control characters or line breaks. Please write it as one line of "
            "plain text; nothing was changed.",
            what);
    return 0;
}

char *engine_time(int64_t when, char ret[ENGINE_TIME_MAX])
{
    struct tm parts;
    const time_t seconds = when;
    if (!localtime_r(&seconds, &parts) || strftime(ret, ENGINE_TIME_MAX, "%Y-%m-%d %H:%M:%S %z", &parts) == 0)
        snprintf(ret, ENGINE_TIME_MAX, "%" PRId64, when);
    return ret;
}

int engine_audit(struct engine *engine, const char *actor, const struct identity *identity, const char *event,
                 int64_t request, int64_t assignment, const char *detail)
{
    return store_add_audit(engine->store, &(struct audit){.at = clock_now(&engine->clock),
                                                          .actor = actor,
                                                          .identity = *identity,
                                                          .event = event,
                                                          .request = request,
                                                          .assignment = assignment,
                                                          .detail = detail});
}

int engine_move_request(struct request *request, enum request_event event)
{
    const enum state next = request_next(request->state, event);
    if (next == STATE_NONE) {
        log_error("Request %" PRId64 " is %s: the event %s is not allowed and was refused.", request->id,
                  state_shown(request->state), request_event_text(event));
        return -EPROTO;
    }
    request->state = next;
    return 0;
}

int engine_move_assignment(struct assignment *assignment, enum assignment_event event)
{
    const enum state next = assignment_next(assignment->state, event);
    if (next == STATE_NONE) {
        log_error("Assignment %" PRId64 " is %s: the event %s is not allowed and was refused.",
                  assignment->id, state_shown(assignment->state), assignment_event_text(event));
        return -EPROTO;
    }
    assignment->state = next;
    return 0;
}

/* ---- transactions and their effects ---- */

int engine_begin(struct engine *engine)
{
    int r = store_begin(engine->store);
    if (r < 0)
        return r;
    for (const struct published *p = engine->published; r == 0 && p; p = p->next)
        if (p->done)
            r = store_remove_publication(engine->store, p->user);
    if (r < 0)
        engine_rollback(engine);
    return r;
}

static bool is_done(const struct published *entry)
{
    return entry->done;
}

static bool is_tentative(const struct published *entry)
{
    return entry->tentative;
}

static bool is_any(const struct published *entry)
{
    (void)entry;
    return true;
}

static void forget_published(struct engine *engine, bool (*which)(const struct published *entry))
{
    for (struct published **p = &engine->published; *p;) {
        struct published *entry = *p;
        if (which(entry)) {
            *p = entry->next;
            free(entry);
        } else {
            p = &entry->next;
        }
    }
}

void engine_rollback(struct engine *engine)
{
    store_rollback(engine->store);
    engine->changed.count = 0;
    engine->chores_are_due = false;
    engine->noticed = 0;
    /* A note too many would write a file again, and so undo what somebody took away by hand. */
    forget_published(engine, is_tentative);
}

static void announce(struct engine *engine)
{
    for (size_t i = 0; i < engine->changed.count; i++)
        if (engine->hooks.changed)
            engine->hooks.changed(engine->changed.ids[i], engine->hooks.data);
    engine->changed.count = 0;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static int64_t at_least(int64_t time, int64_t earliest)
{
    return time != 0 && time < earliest ? earliest : time;
}

/*
 * Deadlines not before `earliest`: after a fault they are due still, and asking for them at once would turn in
 * circles. A retry that is due is under way, or waits for one that is.
 */
static void set_deadline(struct engine *engine, int64_t earliest)
{
    const int64_t now = clock_now(&engine->clock);
    int64_t next = 0;
    int64_t retry = 0;
    int64_t chore = 0;
    if (store_next_deadline(engine->store, &next) < 0 || store_next_retry(engine->store, &retry) < 0 ||
        store_next_chore(engine->store, &chore) < 0)
        next = now + FAULT_RETRY;
    next = sooner(at_least(next, earliest), at_least(sooner(retry, chore), now + 1));
    for (const struct published *p = engine->published; p; p = p->next)
        if (p->error)
            next = sooner(next, now + FAULT_RETRY);
    if (engine->hooks.deadline)
        engine->hooks.deadline(next, engine->hooks.data);
}

int engine_commit(struct engine *engine)
{
    const int r = store_commit(engine->store);
    if (r < 0) {
        engine_rollback(engine);
        return r;
    }
    forget_published(engine, is_done);
    for (struct published *entry = engine->published; entry; entry = entry->next)
        entry->tentative = false;
    engine_publish(engine);
    announce(engine);
    const bool due = engine->chores_are_due;
    engine->chores_are_due = false;
    engine->chores_begun |= due;
    if (due && engine->hooks.chores)
        engine->hooks.chores(engine->hooks.data);
    if (engine->noticed && engine->hooks.notices)
        engine->hooks.notices(engine->noticed, engine->hooks.data);
    engine->noticed = 0;
    set_deadline(engine, 0);
    return 0;
}

int engine_end(struct engine *engine, int r)
{
    if (r == 0)
        return engine_commit(engine);
    engine_rollback(engine);
    return r;
}

static int note_publication(struct engine *engine, const char *user, bool narrows, bool tentative)
{
    for (struct published *p = engine->published; p; p = p->next) {
        if (!p->done && strcmp(p->user, user) == 0) {
            p->narrows |= narrows;
            p->error = 0; /* it says something else by now: tried at once */
            return 0;
        }
    }
    struct published *entry = calloc(1, sizeof(*entry) + strlen(user) + 1);
    if (!entry)
        return -ENOMEM;
    entry->narrows = narrows;
    entry->tentative = tentative;
    strcpy(entry->user, user);
    entry->next = engine->published;
    engine->published = entry;
    return 0;
}

int engine_note_publication(struct engine *engine, const char *user, bool narrows)
{
    return note_publication(engine, user, narrows, false);
}

int engine_will_publish(struct engine *engine, const char *user, bool narrows)
{
    const int r = store_add_publication(engine->store, user, narrows);
    return r < 0 ? r : note_publication(engine, user, narrows, true);
}

int engine_will_announce(struct engine *engine, int64_t request)
{
    if (request == 0)
        return 0;
    int64_t *grown = reallocarray(engine->changed.ids, engine->changed.count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    engine->changed.ids = grown;
    engine->changed.ids[engine->changed.count++] = request;
    return 0;
}

bool engine_is_outstanding(const struct engine *engine, const char *user)
{
    for (const struct published *p = engine->published; p; p = p->next)
        if (!p->done && strcmp(p->user, user) == 0)
            return true;
    return false;
}

/* What failed is not tried again at each call: whoever calls often would fill the log. */
static bool rests(const struct published *entry, int64_t now)
{
    return entry->error && now >= entry->tried && now < entry->tried + FAULT_RETRY;
}

void engine_publish(struct engine *engine)
{
    const int64_t now = clock_now(&engine->clock);
    for (struct published *p = engine->published; p; p = p->next) {
        if (p->done || rests(p, now))
            continue;
        p->error = engine_write_user(engine, p->user, p->narrows);
        p->tried = now;
        p->done = p->error == 0;
    }
}

int engine_publication_error(const struct engine *engine, const char *user)
{
    for (const struct published *p = engine->published; p; p = p->next)
        if (p->error && strcmp(p->user, user) == 0)
            return p->error;
    return 0;
}

/* ---- time ---- */

static bool anything_due(struct engine *engine, int64_t now)
{
    int64_t next = 0;
    return store_next_deadline(engine->store, &next) < 0 || (next > 0 && next <= now);
}

static int note_user(const char *user, void *data)
{
    return engine_note_publication(data, user, false);
}

/* Readers refuse a file from the future: after the clock was set back every file is written again. What was due by the
 * old clock, as a membership to be taken away, does not wait until the new one has caught up; and what ends by its time
 * alone, as a delegation, stays ended. */
static int follow_clock(struct engine *engine, int64_t now)
{
    int r = 0;
    if (now + CLOCK_BACK < engine->last_now) {
        log_warning("The clock was set back by %" PRId64 " s: all grant files are written again.",
                    engine->last_now - now);
        r = engine_begin(engine);
        if (r == 0) {
            r = store_end_delegations(engine->store, engine->last_now); /* rule 8 */
            r = engine_end(engine, r < 0 ? r : store_hasten(engine->store, now));
        }
        if (r == 0)
            r = store_each_live_user(engine->store, note_user, engine);
    }
    if (r == 0)
        engine->last_now = now;
    return r;
}

int engine_tick(struct engine *engine)
{
    const int64_t now = clock_now(&engine->clock);
    int r = follow_clock(engine, now);
    engine_publish(engine);
    if (r == 0 && anything_due(engine, now)) {
        r = engine_begin(engine);
        if (r == 0) {
            int due = 1;
            for (int i = 0; due > 0 && i < TICK_MAX; i++)
                due = engine_do_due(engine, now);
            r = engine_end(engine, due < 0 ? due : 0);
        }
    }
    set_deadline(engine, r < 0 ? now + FAULT_RETRY : 0);
    return r;
}

/* ---- holders whose uid changed ---- */

static int revoke_stale(struct engine *engine, const struct subject *subject)
{
    struct assignment assignment = {0};
    int r;
    while ((r = store_find_stale_assignment(engine->store, subject->name, subject->uid, &assignment)) == 0) {
        log_notice("Assignment %" PRId64 " of %s ends: the user of this name has the uid %u now, not %u.",
                   assignment.id, assignment.user, subject->uid, assignment.uid);
        r = engine_finish_assignment(engine, &assignment, ASSIGNMENT_REVOKE, "accesspkgd", &NOBODY,
                                     "the user of this name has another uid now");
        assignment_deinit(&assignment);
        if (r < 0)
            return r;
    }
    return r < 0 ? r : 0;
}

static bool is_stale(struct engine *engine, const struct subject *subject)
{
    struct assignment assignment = {0};
    if (!subject || store_find_stale_assignment(engine->store, subject->name, subject->uid, &assignment) != 0)
        return false;
    assignment_deinit(&assignment);
    return true;
}

int engine_heed(struct engine *engine, const struct facts *facts)
{
    const struct subject *const subjects[] = {facts->caller, facts->user};
    int r = 0;
    for (size_t i = 0; r == 0 && i < 2; i++) {
        if (!is_stale(engine, subjects[i]))
            continue;
        r = engine_begin(engine);
        if (r == 0)
            r = engine_end(engine, revoke_stale(engine, subjects[i]));
    }
    return r;
}

int engine_next_holder(struct engine *engine, const char *after, char **ret)
{
    if (!*after)
        engine_begin_unknown(engine, ENGINE_UNKNOWN_USER);
    const int r = store_next_concerned_user(engine->store, after, ret);
    if (r == STORE_E_NONE)
        engine_end_unknown(engine, ENGINE_UNKNOWN_USER);
    return r;
}

int engine_enter(struct engine *engine, const struct facts *facts)
{
    const int r = engine_tick(engine);
    return r < 0 ? r : engine_heed(engine, facts);
}

void engine_deinit(struct engine *engine)
{
    /* A clean stop strikes out what is in place, so that the next start has nothing to replay. */
    if (engine->published && engine_begin(engine) == 0)
        engine_end(engine, 0);
    forget_published(engine, is_any);
    engine_unwatch(engine);
    engine_forget_unknown(engine);
    free(engine->changed.ids);
    engine->changed.ids = NULL;
}
