/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Time passes: requests that nobody decided in time, starts and ends that have come, what has to be told by now. Every
 * call begins here: what is due is done first.
 */
#include "helperd/engine/internal.h"

#include "common/log.h"

#include <inttypes.h>

enum {
    TICK_MAX = 100, /* deadlines in one transaction; the rest follows at once in the next */
    CLOCK_BACK = 2, /* seconds back that count as the clock having been set */
};

static int end_assignment(struct engine *engine, struct assignment *assignment)
{
    return engine_finish_assignment(engine, assignment, ASSIGNMENT_END, own_act(NULL));
}

static int escalate(struct engine *engine, struct request *request)
{
    return engine_escalate_due(engine, request);
}

static int remind(struct engine *engine, struct request *request)
{
    return engine_remind_due(engine, request);
}

/* What of it is done first. A start stands behind the ends: after a while without us both may be due, and what has ended
 * stands in no start's way. */
static const struct due {
    int (*find_request)(struct store *store, int64_t now, struct request *ret);
    int (*on_request)(struct engine *engine, struct request *request);
    int (*find_assignment)(struct store *store, int64_t now, struct assignment *ret);
    int (*on_assignment)(struct engine *engine, struct assignment *assignment);
} dues[] = {
    {.find_request = store_due_request, .on_request = engine_time_out},
    {.find_request = store_due_escalation, .on_request = escalate},
    {.find_request = store_due_reminder, .on_request = remind},
    {.find_assignment = store_due_assignment, .on_assignment = end_assignment},
    {.find_request = store_due_start, .on_request = engine_start_request},
    {.find_assignment = store_due_notice, .on_assignment = engine_notice_due},
};

/* 0 when it was due and is done; STORE_E_NONE; -errno. */
static int do_if_due(struct engine *engine, const struct due *due, int64_t now)
{
    struct request request = {0};
    struct assignment assignment = {0};
    int r = due->find_request ? due->find_request(engine->store, now, &request)
                              : due->find_assignment(engine->store, now, &assignment);
    const bool is_due = r == 0;
    if (is_due)
        r = due->on_request ? due->on_request(engine, &request) : due->on_assignment(engine, &assignment);
    request_deinit(&request);
    assignment_deinit(&assignment);
    return is_due && r > 0 ? 0 : r;
}

/* One thing that is due: 1 when there was one, 0 when there is none, -errno. */
static int do_due(struct engine *engine, int64_t now)
{
    int r = STORE_E_NONE;
    for (size_t i = 0; r == STORE_E_NONE && i < sizeof(dues) / sizeof(dues[0]); i++)
        r = do_if_due(engine, &dues[i], now);
    return r == STORE_E_NONE ? 0 : r < 0 ? r : 1;
}

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
                due = do_due(engine, now);
            r = engine_end(engine, due < 0 ? due : 0);
        }
    }
    engine_set_deadline(engine, r < 0 ? now + ENGINE_FAULT_RETRY : 0);
    return r;
}

static int revoke_stale(struct engine *engine, const struct subject *subject)
{
    struct assignment assignment = {0};
    int r;
    while ((r = store_find_stale_assignment(engine->store, subject->name, subject->uid, &assignment)) == 0) {
        log_notice("Assignment %" PRId64 " of %s ends: the user of this name has the uid %u now, not %u.",
                   assignment.id, assignment.user, subject->uid, assignment.uid);
        r = engine_finish_assignment(engine, &assignment, ASSIGNMENT_REVOKE,
                                     own_act("the user of this name has another uid now"));
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
