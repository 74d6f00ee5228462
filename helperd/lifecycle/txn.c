/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transactions: what is noted inside one is done after its commit, and nothing of it when it is rolled back. */
#include "helperd/lifecycle/txn.h"

#include <errno.h>
#include <stdlib.h>

enum { BACKOFF_STEPS_MAX = 32 };

int engine_audit(struct engine *engine, struct act act, const char *event, int64_t request,
                 int64_t assignment)
{
    return store_add_audit(engine->store, &(struct audit){.at = clock_now(&engine->clock),
                                                          .actor = act.actor,
                                                          .identity = act.identity,
                                                          .event = event,
                                                          .request = request,
                                                          .assignment = assignment,
                                                          .detail = act.reason});
}

int engine_begin(struct engine *engine)
{
    int r = store_begin(engine->store);
    if (r < 0)
        return r;
    r = engine_strike_publications(engine);
    if (r < 0)
        engine_rollback(engine);
    return r;
}

void engine_rollback(struct engine *engine)
{
    store_rollback(engine->store);
    engine->changed.count = 0;
    engine->chores_are_due = false;
    engine->noticed = 0;
    engine_drop_publications(engine);
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
    if (engine_publication_failed(engine))
        next = sooner(next, now + ENGINE_FAULT_RETRY);
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
    engine_keep_publications(engine);
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
    engine_set_deadline(engine, 0);
    return 0;
}

int engine_end(struct engine *engine, int r)
{
    if (r == 0)
        return engine_commit(engine);
    engine_rollback(engine);
    return r;
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

int64_t engine_backoff(const struct engine *engine, int64_t attempts)
{
    int64_t delay = engine->config->retry_first;
    for (int64_t i = 0; i < attempts && i < BACKOFF_STEPS_MAX && delay < engine->config->retry_longest; i++)
        delay *= 2;
    return delay < engine->config->retry_longest ? delay : engine->config->retry_longest;
}
