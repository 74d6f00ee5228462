/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the approvers in whose name a caller decides: recorded as delegators, and confirmed by the facts (rule 9).
 * policy.c decides what a delegate may do.
 */
#include "helperd/engine/internal.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The delegator in the facts, with the uid that delegated. NULL: not there, or unknown. */
static const struct subject *find_delegator(const struct facts *facts, const struct delegation *delegation)
{
    const struct subject *subject = facts_other(facts, delegation->user);
    return subject && subject->uid == delegation->identity.uid && strcmp(subject->name, delegation->user) == 0
               ? subject
               : NULL;
}

struct policy_decider engine_decider(struct engine *engine, const struct caller *caller,
                                     const struct facts *facts)
{
    struct policy_decider decider = {.subject = facts->caller,
                                     .identity = caller->identity,
                                     .any_account = engine->config->account_state == CONFIG_NO};
    struct delegation *received = NULL;
    size_t count = 0;
    /* Without facts there are no delegators; nor after a fault of the store (logged there). */
    if (!facts->caller || facts->n_others == 0 ||
        store_get_delegations(engine->store, STORE_DELEGATIONS_RECEIVED, caller->identity.uid,
                              clock_now(&engine->clock), &received, &count) < 0)
        return decider;
    for (size_t i = 0; i < facts->n_others; i++)
        decider.delegators_unknown |= !facts->others[i].known;
    for (size_t i = 0; i < count && decider.n_delegators < POLICY_DELEGATORS_MAX; i++) {
        const struct subject *delegator = find_delegator(facts, &received[i]);
        if (delegator && strcmp(received[i].delegate, facts->caller->name) == 0)
            decider.delegators[decider.n_delegators++] =
                (struct policy_delegator){.subject = delegator, .identity = received[i].identity};
    }
    store_free_delegations(received, count);
    return decider;
}

struct policy_decider engine_viewer(struct engine *engine, const struct caller *caller,
                                    const struct facts *facts)
{
    struct policy_decider viewer = engine_decider(engine, caller, facts);
    viewer.any_account = true;
    return viewer;
}

int engine_inquire_delegators(struct engine *engine, uid_t caller, struct inquiry *inquiry)
{
    struct delegation *received = NULL;
    size_t count = 0;
    int r = store_get_delegations(engine->store, STORE_DELEGATIONS_RECEIVED, caller,
                                  clock_now(&engine->clock), &received, &count);
    if (r < 0)
        return r;
    const size_t before = strv_length(inquiry->others);
    strv grown = count ? reallocarray(inquiry->others, before + count + 1, sizeof(*grown)) : NULL;
    if (grown) {
        inquiry->others = grown;
        memset(grown + before, 0, (count + 1) * sizeof(*grown));
    }
    for (size_t i = 0, end = before; grown && i < count; i++)
        if (!strv_contains(grown, received[i].user))
            grown[end++] = steal_ptr(received[i].user);
    store_free_delegations(received, count);
    return count && !grown ? -ENOMEM : 0;
}
