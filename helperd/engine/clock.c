/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does what is due by the clock: requests expire and escalate, assignments start and end, reminders and notices are
 * written. Every call begins here, so that what is due is done first.
 */
#include "helperd/engine/internal.h"

#include "common/log.h"
#include "helperd/engine/locks.h"
#include "helperd/engine/unrecorded.h"
#include "helperd/lifecycle/narrow.h"
#include "helperd/lifecycle/publication.h"

#include <inttypes.h>
#include <time.h>

/* Dues in one transaction, at most. Others have their turn before the next one (engine_set_deadline). */
enum {
    TICK_MAX = 50,
    CALL_MAX = 16,  /* before a call */
    CLOCK_BACK = 2, /* more seconds back than this mean that the clock was set */
};

static void end_assignment(struct txn *txn, struct assignment *assignment)
{
    assignment_finish(txn, assignment, ASSIGNMENT_END, own_act(NULL));
}

/* In this order: ends wait for nothing else, of which there may be much (rule 13), and starts follow them, for after a pause
 * of the daemon both may be due, and an ended assignment must not block a start. */
static const struct due {
    int (*find_request)(struct store *store, int64_t now, struct request *ret);
    void (*on_request)(struct txn *txn, struct request *request);
    int (*find_assignment)(struct store *store, int64_t now, struct assignment *ret);
    void (*on_assignment)(struct txn *txn, struct assignment *assignment);
} dues[] = {
    {.find_assignment = store_find_due_assignment, .on_assignment = end_assignment},
    {.find_request = store_find_due_request, .on_request = request_time_out},
    {.find_request = store_find_due_escalation, .on_request = stage_escalate},
    {.find_request = store_find_due_reminder, .on_request = notify_reminder},
    {.find_request = store_find_due_review, .on_request = notify_overdue_review},
    {.find_request = store_find_due_start, .on_request = request_start},
    {.find_assignment = store_find_due_notice, .on_assignment = notify_end},
};

/* True when one was due, which is done now. */
static bool do_if_due(struct txn *txn, const struct due *due, int64_t now)
{
    struct request request = {0};
    struct assignment assignment = {0};
    const bool is_due = (due->find_request ? due->find_request(txn->store, now, &request)
                                           : due->find_assignment(txn->store, now, &assignment)) == 0;
    if (is_due && due->on_request)
        due->on_request(txn, &request);
    else if (is_due)
        due->on_assignment(txn, &assignment);
    request_deinit(&request);
    assignment_deinit(&assignment);
    return is_due;
}

/* Does one thing that is due. False: nothing is. */
static bool do_next_due(struct txn *txn, int64_t now)
{
    for (size_t i = 0; i < sizeof(dues) / sizeof(dues[0]); i++)
        if (do_if_due(txn, &dues[i], now))
            return true;
    return false;
}

static bool anything_due(struct engine *engine, int64_t now)
{
    int64_t next = 0;
    return store_next_deadline(engine->store, &next) < 0 || (next > 0 && next <= now);
}

/* After the clock was set back: writes every grant file again, for readers reject a file from the future. */
static int notice_clock_set_back(struct engine *engine, int64_t now)
{
    if (now + CLOCK_BACK < engine->last_now) {
        log_warning("The clock was set back by %" PRId64 " s: all grant files are written again.",
                    engine->last_now - now);
        if (engine->last_now > engine->set_back_from)
            engine->set_back_from = engine->last_now;
        const int r = engine_note_all(engine);
        if (r < 0)
            return r;
    }
    engine->last_now = now;
    return 0;
}

/* Makes retries due, which would wait until the clock has caught up, and keeps delegations ended that were (rule 8): until
 * that is committed. */
static void record_set_back(struct engine *engine, int64_t now)
{
    if (!engine->set_back_from || engine->joined.records_set_back)
        return;
    struct txn *txn = engine_join(engine);
    store_end_delegations(txn->store, engine->set_back_from);
    store_hasten_retries(txn->store, now);
    txn->records_set_back = true;
}

/* After a fault: what is due would fail again, and each call with it. */
static bool rests(const struct engine *engine, int64_t now)
{
    return engine->failed_at && now >= engine->failed_at && now < engine->failed_at + ENGINE_FAULT_RETRY;
}

static int64_t elapsed_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Whether what began then has taken so long; never without a limit. */
static bool is_over(int64_t begin_ns, int64_t limit_ns)
{
    return limit_ns > 0 && elapsed_ns() - begin_ns >= limit_ns;
}

/* Nothing that a call of this transaction begins is due in the same second. */
static bool is_done(const struct engine *engine, int64_t now)
{
    return engine->joined.engine && engine->joined.none_due_at == now && !narrow_any(engine);
}

/* *ret_more: there may be others. */
static int do_dues(struct engine *engine, int most, int64_t limit_ns, bool *ret_more)
{
    const int64_t begin_ns = elapsed_ns();
    const int64_t now = clock_now(&engine->clock);
    const int r = notice_clock_set_back(engine, now);
    engine_publish(engine);
    record_set_back(engine, now);
    *ret_more = false;
    if (r == 0 && is_done(engine, now))
        return store_failed(engine->store);
    if (r == 0 && (narrow_any(engine) || anything_due(engine, now))) {
        struct txn *txn = engine_join(engine);
        engine_record_narrowed(txn);
        *ret_more = true;
        for (int i = 0; *ret_more && i < most && (i == 0 || !is_over(begin_ns, limit_ns)); i++)
            *ret_more = do_next_due(txn, now);
    }
    if (r == 0 && !*ret_more && engine->joined.engine)
        engine->joined.none_due_at = now;
    return r < 0 ? r : store_failed(engine->store);
}

/* Of many that are due, first those that the call may be about. */
static void end_due_of(struct engine *engine, const struct subject *subject)
{
    struct assignment assignment = {0};
    const int64_t now = clock_now(&engine->clock);
    while (subject && store_find_due_of_user(engine->store, subject->name, now, &assignment) == 0) {
        end_assignment(engine_join(engine), &assignment);
        assignment_deinit(&assignment);
    }
}

static int do_dues_of_call(struct engine *engine, const struct facts *facts)
{
    bool more = false;
    const int r = do_dues(engine, CALL_MAX, engine->slice_ns / 2, &more);
    if (r == 0 && more) {
        end_due_of(engine, facts->caller);
        end_due_of(engine, facts->user);
    }
    return r < 0 ? r : store_failed(engine->store);
}

/* Where a disk is slow a slice works as long as the commit of the last one took: else there would be little but commits. */
static int do_slice(struct engine *engine)
{
    bool more = false;
    const int64_t limit_ns =
        engine->slice_ns && engine->slice_end_ns > engine->slice_ns ? engine->slice_end_ns : engine->slice_ns;
    int r = do_dues(engine, TICK_MAX, limit_ns, &more);
    const int64_t done_ns = elapsed_ns();
    r = engine_end(engine, r);
    engine->slice_end_ns = elapsed_ns() - done_ns;
    return r;
}

int engine_tick(struct engine *engine)
{
    engine_retry_locks(engine);
    const int r = do_slice(engine);
    store_keep_reserve(engine->store);
    engine_set_deadline(engine, r < 0 ? clock_now(&engine->clock) + ENGINE_FAULT_RETRY : 0);
    return r;
}

static void revoke_stale(struct txn *txn, const struct subject *subject)
{
    struct assignment assignment = {0};
    while (store_find_stale_assignment(txn->store, subject->name, subject->uid, &assignment) == 0) {
        log_notice("Assignment %" PRId64 " of %s ends: the user of this name has the uid %u now, not %u.",
                   assignment.id, assignment.user, subject->uid, assignment.uid);
        assignment_finish(txn, &assignment, ASSIGNMENT_REVOKE,
                          own_act("the user of this name has another uid now"));
        assignment_deinit(&assignment);
    }
}

static bool has_stale_assignment(struct engine *engine, const struct subject *subject)
{
    struct assignment assignment = {0};
    if (!subject || store_find_stale_assignment(engine->store, subject->name, subject->uid, &assignment) != 0)
        return false;
    assignment_deinit(&assignment);
    return true;
}

int engine_revoke_stale(struct engine *engine, const struct facts *facts)
{
    const struct subject *const subjects[] = {facts->caller, facts->user};
    for (size_t i = 0; i < 2; i++)
        if (has_stale_assignment(engine, subjects[i]))
            revoke_stale(engine_join(engine), subjects[i]);
    return store_failed(engine->store);
}

int engine_next_concerned_user(struct engine *engine, const char *after, char **ret)
{
    if (!*after)
        engine_begin_unknown_users(engine);
    const int r = store_next_concerned_user(engine->store, after, ret);
    if (r == STORE_E_NONE)
        engine_end_unknown_users(engine);
    return r;
}

void engine_verify_subjects(struct engine *engine, const struct facts *facts)
{
    if (facts->caller)
        engine_verify_user(engine, facts->caller->name);
    if (facts->user)
        engine_verify_user(engine, facts->user->name);
}

int engine_begin_call(struct engine *engine, const struct facts *facts)
{
    int r = 0;
    engine_verify_subjects(engine, facts);
    if (engine->failed_at && !engine->joined.engine && !rests(engine, clock_now(&engine->clock)))
        engine_end(engine, do_dues_of_call(
                               engine, facts)); /* logged: a call that only reads is answered all the same */
    else if (!engine->failed_at)
        r = do_dues_of_call(engine, facts);
    return r < 0 ? r : engine_revoke_stale(engine, facts);
}
