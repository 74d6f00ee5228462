/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls that are ready in the same moment share a transaction, so that one commit makes all of them durable; each is
 * answered after it (rule 2). The transaction is begun and committed in one go: nothing else of the daemon runs
 * meanwhile. After a fault each call is run again by itself, so that none pays for another's. What narrows, and what has
 * transactions of its own, runs alone and at once.
 */
#include "helperd/bus/call.h"

#include <stdlib.h>
#include <time.h>

enum {
    SHARE_MAX = 128, /* calls in one transaction */
    /*
     * Of work for one; then the others wait for the next. Who was answered calls again meanwhile: so no more work than
     * makes what a commit takes small beside it.
     */
    SHARE_COMMITS = 8,
    SHARE_LEAST_NS = 1000000,
    SHARE_MOST_NS = 10000000,
};

static void run_alone(struct bus_call *call)
{
    const struct call asked = bus_call_asked(call);
    asked.engine->chores_begun = false;
    call->manager->conclude(call, engine_finish(&asked, bus_call_run(call, &asked)));
}

/* Each emergency has a line in the log, of which a transaction has one. */
static bool may_share(const struct bus_call *call)
{
    return call->method->flags & BUS_CALL_SHARES && !call->terms.emergency;
}

void bus_call_run_ready(struct bus_call *call)
{
    struct bus_manager *manager = call->manager;
    if (!may_share(call)) {
        run_alone(call);
        return;
    }
    if (manager->ready)
        manager->last_ready->next_ready = call;
    else
        manager->ready = call;
    manager->last_ready = call;
    manager->hooks.ready(manager->hooks.data);
}

static struct bus_call *take_ready(struct bus_manager *manager)
{
    struct bus_call *call = manager->ready;
    manager->ready = call->next_ready;
    call->next_ready = NULL;
    return call;
}

void bus_call_drop_ready(struct bus_call *call)
{
    struct bus_manager *manager = call->manager;
    struct bus_call *before = NULL;
    for (struct bus_call **c = &manager->ready; *c; before = *c, c = &(*c)->next_ready) {
        if (*c == call) {
            *c = call->next_ready;
            if (manager->last_ready == call)
                manager->last_ready = before;
            return;
        }
    }
}

static int64_t read_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t worked_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

int64_t bus_share_work(int64_t commit_ns)
{
    const int64_t ns = SHARE_COMMITS * commit_ns;
    if (ns == 0 || ns > SHARE_MOST_NS)
        return SHARE_MOST_NS;
    return ns < SHARE_LEAST_NS ? SHARE_LEAST_NS : ns;
}

static void note_commit(struct bus_manager *manager, int64_t took)
{
    manager->commit_ns = manager->commit_ns ? manager->commit_ns + (took - manager->commit_ns) / 4 : took;
}

struct shared {
    struct bus_call *call;
    int result;
};

/* 0, or the fault of the last one. */
static int run_calls(struct bus_manager *manager, struct shared *shared, size_t *ret_count)
{
    const int64_t until = worked_ns() + bus_share_work(manager->commit_ns);
    size_t count = 0;
    int r = 0;
    for (const struct bus_call *call = manager->ready; call; call = call->next_ready)
        engine_verify_subjects(manager->engine, call->facts);
    while (r >= 0 && manager->ready && count < SHARE_MAX && (count == 0 || worked_ns() < until)) {
        struct shared *one = &shared[count++];
        one->call = take_ready(manager);
        const struct call asked = bus_call_asked(one->call);
        r = one->result = bus_call_run(one->call, &asked);
    }
    *ret_count = count;
    return r < 0 ? r : 0;
}

static void run_again(const struct shared *shared, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct reply *reply = &shared[i].call->reply;
        json_decref(reply->value);
        free(reply->long_message);
        *reply = (struct reply){0};
        run_alone(shared[i].call);
    }
}

static void share(struct bus_manager *manager)
{
    struct shared shared[SHARE_MAX];
    size_t count = 0;
    manager->engine->chores_begun = false;
    store_begin_reading(manager->engine->store);
    const int fault = run_calls(manager, shared, &count);
    const int64_t began = read_ns(CLOCK_MONOTONIC);
    const int committed = engine_end_shared(manager->engine, fault);
    const int64_t took = read_ns(CLOCK_MONOTONIC) - began;
    store_end_reading(manager->engine->store);
    if (committed < 0) {
        run_again(shared, count);
        return;
    }
    note_commit(manager, took);
    store_begin_reading(manager->engine->store);
    for (size_t i = 0; i < count; i++) {
        const struct call asked = bus_call_asked(shared[i].call);
        manager->conclude(shared[i].call, engine_answer(&asked, shared[i].result));
    }
    store_end_reading(manager->engine->store);
}

/* Whether another call is on its way here: its caller or its facts are being asked for. */
static bool is_coming(const struct bus_call *call)
{
    return !call->facts && !call->parked && !call->steps;
}

bool bus_manager_expects_calls(const struct bus_manager *manager)
{
    for (const struct bus_call *call = manager->calls; call; call = call->next)
        if (is_coming(call))
            return true;
    return admission_expects_calls(manager->admission);
}

void bus_manager_share(struct bus_manager *manager)
{
    if (manager->ready && !manager->ready->next_ready) {
        store_begin_reading(manager->engine->store);
        run_alone(take_ready(manager));
    } else if (manager->ready)
        share(manager);
    if (manager->ready)
        manager->hooks.ready(manager->hooks.data);
}
