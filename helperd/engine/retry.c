/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Retries partially fulfilled assignments; revokes them if the user may not have them any more (rule 9). */
#include "helperd/engine/internal.h"

#include "common/cleanup.h"
#include "helperd/lifecycle/publication.h"

#include <errno.h>

int engine_take_due_retry(struct engine *engine, int64_t *ret_assignment, struct inquiry *inquiry)
{
    struct txn txn;
    struct assignment assignment = {0};
    int r = store_find_due_retry(engine->store, clock_now(&engine->clock), &assignment);
    if (r != 0)
        return r;
    assignment.attempts++;
    assignment.retry_at = clock_now(&engine->clock) + retry_backoff(engine, assignment.attempts);
    txn_begin(&txn, engine);
    store_update_assignment(txn.store, &assignment);
    r = txn_commit(&txn);
    if (r == 0)
        r = assignment_inquire_groups(engine, &assignment, inquiry);
    char *const packages[] = {assignment.package, NULL};
    if (r == 0)
        r = engine_inquire_requestors(engine, packages, inquiry);
    if (r == 0) {
        *ret_assignment = assignment.id;
        inquiry->user = steal_ptr(assignment.user);
    }
    assignment_deinit(&assignment);
    return r;
}

/* The principals who may have the assignment by the policy; NULL: any user. */
static char *const *find_eligible(const struct engine *engine, const struct assignment *assignment,
                                  const struct request *request)
{
    const struct package *package = packages_find(engine->packages, assignment->package);
    if (package && request->emergency)
        return package->emergency;
    return package && assignment->request && !request->assigned && package->requestors[0]
               ? package->requestors
               : NULL;
}

/* Whether a group of what was approved, and has not begun, is another one by now: it has its name, and another gid. */
static bool has_other_group(const struct assignment *assignment, const struct request *request,
                            const struct facts *facts)
{
    for (size_t i = 0; !assignment->begun && i < facts->n_groups; i++) {
        const gid_t seen = request_gid(request, facts->groups[i].name);
        const gid_t now = facts_gid(facts, facts->groups[i].name);
        if (seen != GID_UNSET && now != GID_UNSET && seen != now)
            return true;
    }
    return false;
}

/* Rules 9 and 14: why this user may not have it any more; NULL: they may. */
static const char *find_ineligible(const struct engine *engine, const struct assignment *assignment,
                                   const struct request *request, const struct facts *facts)
{
    const struct subject *user = facts->user;
    char *const *eligible = find_eligible(engine, assignment, request);
    const struct package *package = packages_find(engine->packages, assignment->package);
    if (!assignment->begun && policy_last_end(package, 0) <= clock_now(&engine->clock))
        return "the package's end (not_after) has passed";
    if (has_other_group(assignment, request, facts))
        return "a group that was approved has another gid by now: please ask for it anew";
    if (user->uid != assignment->uid)
        return "the user's name belongs to another uid by now";
    if (!eligible || policy_names(eligible, user))
        return NULL;
    return request->emergency ? "the policy no longer lets the user take it in an emergency"
                              : "the policy no longer lets the user have it";
}

static int retry_or_revoke(struct engine *engine, struct assignment *assignment, const struct facts *facts,
                           bool asked)
{
    struct request request = {0};
    int r = assignment->request ? store_get_request(engine->store, assignment->request, &request) : 0;
    if (r != 0)
        return r < 0 ? r : -EIO;
    const char *why = find_ineligible(engine, assignment, &request, facts);
    char *const *eligible = find_eligible(engine, assignment, &request);
    /* Neither granted nor revoked while a group that matters is unknown. */
    const bool unknown = eligible && facts->user->uid == assignment->uid &&
                         !policy_names(eligible, facts->user) && policy_may_name(eligible, facts->user);
    if (!unknown && why)
        assignment_finish(engine_join(engine), assignment, ASSIGNMENT_REVOKE, own_act(why));
    else if (!unknown)
        assignment_resolve(engine_join(engine), assignment, facts, asked);
    request_deinit(&request);
    return store_failed(engine->store);
}

int engine_retry_assignment(struct engine *engine, struct assignment *assignment, const struct facts *facts,
                            bool asked)
{
    return assignment->state == STATE_PARTIALLY_FULFILLED && facts->user &&
                   clock_now(&engine->clock) < assignment->span.end
               ? retry_or_revoke(engine, assignment, facts, asked)
               : 0;
}

int engine_retry(struct engine *engine, int64_t id, const struct facts *facts)
{
    struct assignment assignment = {0};
    int r = engine_begin_call(engine, facts);
    if (r == 0)
        r = store_get_assignment(engine->store, id, &assignment);
    if (r == 0)
        r = engine_retry_assignment(engine, &assignment, facts, false);
    r = engine_end(engine, r);
    if (r == 0)
        r = engine_check_fulfilment(engine, assignment.request);
    assignment_deinit(&assignment);
    return r;
}

int engine_check_fulfilment(struct engine *engine, int64_t request)
{
    struct assignment assignment = {0};
    int r = store_find_assignment_of_request(engine->store, request, &assignment);
    if (r != 0)
        return r < 0 ? r : 0;
    enum publication_state file = PUBLICATION_DONE;
    const int error = engine_publication_error(engine, assignment.user, &file);
    if (error < 0 && assignment.state == STATE_FULFILLED) {
        struct txn txn;
        txn_begin(&txn, engine);
        assignment_fall_short(&txn, &assignment, error);
        r = txn_commit(&txn);
    }
    assignment_deinit(&assignment);
    return r;
}
