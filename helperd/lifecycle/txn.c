/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transactions: effects noted inside one are done after its commit, and dropped when it is rolled back. */
#include "helperd/lifecycle/txn.h"

#include "common/log.h"
#include "helperd/lifecycle/narrow.h"
#include "helperd/lifecycle/publication.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BACKOFF_STEPS_MAX = 32 };

void txn_audit(struct txn *txn, struct act act, enum audit_event event, int64_t request, int64_t assignment)
{
    const struct audit line = {.at = act.at ? act.at : txn_now(txn),
                               .actor = act.actor,
                               .identity = act.identity,
                               .event = audit_event_text(event),
                               .request = request,
                               .assignment = assignment,
                               .detail = act.reason};
    struct store_named named = {0};
    if (store_add_audit(txn->store, &line) == 0 &&
        txn_ok(txn, store_find_named(txn->store, request, assignment, &named)))
        txn_ok(txn,
               journal_note(&txn->journal, event, &line,
                            &(struct journal_subject){named.user ? named.user : act.user, named.package}));
    store_named_deinit(&named);
}

void txn_begin(struct txn *ret, struct engine *engine)
{
    *ret = (struct txn){.engine = engine, .store = engine->store};
    store_begin(ret->store);
    engine_strike_publications(ret);
}

bool txn_ok(struct txn *txn, int r)
{
    if (r != 0)
        store_fail(txn->store, r < 0 ? r : -EIO);
    return store_failed(txn->store) == 0;
}

int64_t txn_now(const struct txn *txn)
{
    return clock_now(&txn->engine->clock);
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
 * Deadlines not before `earliest`: after a fault they are still due, and a call at once would loop. A retry or chore
 * that is due is under way, or waits for one that is: the hook is called for it in a second at the earliest.
 */
void engine_set_deadline(struct engine *engine, int64_t earliest)
{
    const int64_t now = clock_now(&engine->clock);
    int64_t next = 0;
    int64_t retry = 0;
    int64_t chore = 0;
    if (store_next_deadline(engine->store, &next) < 0 || store_next_retry(engine->store, &retry) < 0 ||
        store_next_chore(engine->store, &chore) < 0)
        next = now + ENGINE_FAULT_RETRY;
    next = sooner(at_least(next, earliest), at_least(sooner(retry, chore), now + 1));
    if (engine_publication_failed(engine) || narrow_any(engine) || engine->locks_due)
        next = sooner(next, now + ENGINE_FAULT_RETRY);
    if (engine->hooks.deadline)
        engine->hooks.deadline(next, engine->hooks.data);
}

void txn_warn(struct txn *txn, const char *format, ...)
{
    va_list values;
    if (txn->warning)
        return;
    va_start(values, format);
    if (vasprintf(&txn->warning, format, values) < 0)
        txn->warning = NULL;
    va_end(values);
}

static void run_hooks(const struct txn *txn)
{
    const struct engine_hooks *hooks = &txn->engine->hooks;
    for (size_t i = 0; hooks->changed && i < txn->n_changed; i++)
        hooks->changed(txn->changed[i], hooks->data);
    if (hooks->chores && txn->chores_are_due)
        hooks->chores(hooks->data);
    if (hooks->notices && txn->noticed)
        hooks->notices(txn->noticed, hooks->data);
}

static int publish_narrowed(struct engine *engine, const char *user)
{
    return engine_note_publication(engine, user, true);
}

/* Rule 13: what ended in it has ended. */
static void keep_narrowed(struct engine *engine)
{
    if (!narrow_keep_noted(engine, publish_narrowed))
        return;
    engine_publish(engine);
    engine_set_deadline(engine, clock_now(&engine->clock) + ENGINE_FAULT_RETRY);
    if (engine->hooks.chores)
        engine->hooks.chores(engine->hooks.data);
}

int txn_commit(struct txn *txn)
{
    struct engine *engine = txn->engine;
    const int r = store_commit(txn->store);
    if (r == 0 || !txn->again)
        engine->failed_at = r < 0 ? clock_now(&engine->clock) : 0;
    if (r < 0 && txn->again) {
        engine_drop_publications(engine);
        narrow_drop_noted(engine);
    } else if (r < 0) {
        engine_drop_publications(engine);
        keep_narrowed(engine);
    } else {
        narrow_forget_noted(engine);
        engine_keep_mark(engine);
        engine_keep_publications(engine);
        engine_publish(engine);
        engine->chores_begun |= txn->chores_are_due;
        if (txn->records_set_back)
            engine->set_back_from = 0;
        run_hooks(txn);
        engine_set_deadline(engine, 0);
        journal_write(&txn->journal);
        if (txn->warning)
            log_warning("%s", txn->warning);
    }
    journal_drop(&txn->journal);
    free(txn->changed);
    free(txn->warning);
    return r;
}

int engine_settle_publications(struct engine *engine)
{
    struct txn txn;
    if (engine->joined.engine)
        return 0; /* its commit asks for it again */
    engine_sync_publications(engine);
    /* After a fault the next commit that succeeds strikes them out. */
    if (engine->failed_at || !engine_awaits_strike(engine))
        return 0;
    txn_begin(&txn, engine);
    return txn_commit(&txn);
}

struct txn *engine_join(struct engine *engine)
{
    if (!engine->joined.engine)
        txn_begin(&engine->joined, engine);
    return &engine->joined;
}

static int end_joined(struct engine *engine, int r, bool again)
{
    struct txn txn = engine->joined;
    if (!txn.engine)
        return r;
    engine->joined = (struct txn){0};
    txn.again = again;
    txn_ok(&txn, r < 0 ? r : 0);
    const int committed = txn_commit(&txn);
    if (committed < 0)
        engine_set_deadline(engine, clock_now(&engine->clock) + ENGINE_FAULT_RETRY);
    return committed < 0 ? committed : r;
}

int engine_end(struct engine *engine, int r)
{
    return end_joined(engine, r, false);
}

int engine_end_shared(struct engine *engine, int r)
{
    return end_joined(engine, r, true);
}

void txn_announce(struct txn *txn, int64_t request)
{
    if (request == 0)
        return;
    int64_t *grown = reallocarray(txn->changed, txn->n_changed + 1, sizeof(*grown));
    if (grown) {
        txn->changed = grown;
        txn->changed[txn->n_changed++] = request;
    }
    txn_ok(txn, grown ? 0 : -ENOMEM);
}

int64_t retry_backoff(const struct engine *engine, int64_t attempts)
{
    int64_t delay = engine->config->retry_first;
    for (int64_t i = 0; i < attempts && i < BACKOFF_STEPS_MAX && delay < engine->config->retry_longest; i++)
        delay *= 2;
    return delay < engine->config->retry_longest ? delay : engine->config->retry_longest;
}
