/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a filed request to what it asked for: filed, decided stage by stage, begun. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/names.h"

#include <errno.h>
#include <stdlib.h>

/* Who did this and why (rule 12): the requestor asked and the policy answered, or an administrator spoke. */
static int record_filing(struct engine *engine, const struct request *request, bool waived,
                         const struct decision *word)
{
    /* The gate files for others: the log tells that uid 0 did. */
    const struct identity filer = {request->origin_verified ? 0 : request->requestor.uid,
                                   request->requestor.loginuid};
    if (word) {
        const int r = store_add_decision(engine->store, request->id, word);
        return r < 0 ? r
                     : engine_audit(
                           engine,
                           (struct act){word->decider, word->identity, *word->reason ? word->reason : NULL},
                           "assign", request->id, 0);
    }
    if (request->emergency)
        return engine_audit(engine, (struct act){request->user, filer, request->justification}, "emergency",
                            request->id, 0);
    const int r = engine_audit(engine, (struct act){request->user, filer, request->justification}, "submit",
                               request->id, 0);
    return r < 0 || !waived
               ? r
               : engine_audit(engine, own_act("the policy asks nobody"), "waive", request->id, 0);
}

/* What an approved request asked for happens: its start is awaited, or it is fulfilled, or the end of what it extends is
 * moved. */
static int complete(struct engine *engine, struct request *request, const struct package *package,
                    const struct facts *facts)
{
    if (request->extends)
        return engine_move_end(engine, request);
    request->waiting = request->start > clock_now(&engine->clock);
    return request->waiting ? 0 : engine_fulfil(engine, request, package, facts);
}

int engine_file(struct engine *engine, const struct facts *facts, const struct package *package,
                struct request *request, bool waived, const struct decision *word)
{
    const int64_t now = request->submitted;
    int r = engine_move_request(request, waived ? REQUEST_WAIVE : REQUEST_ROUTE);
    if (r < 0)
        return r;
    struct stage *stages = calloc(package->n_stages + 1, sizeof(*stages));
    if (!stages)
        return -ENOMEM;
    policy_plan_stages(package, now, stages);
    if (waived) {
        request->ended = now;
    } else {
        request->n_stages = (int64_t)package->n_stages;
        request->stage = 1;
        request->deadline = now + stages[0].timeout;
    }
    r = store_add_request(engine->store, request, stages);
    if (r == 0 && !waived)
        r = engine_note_local(engine, facts, request->user, request->requestor.uid);
    if (r == 0)
        r = record_filing(engine, request, waived, word);
    if (r == 0 && !waived)
        r = engine_enter_stage(engine, request, &stages[0], facts);
    free(stages);
    if (r == 0 && waived)
        r = complete(engine, request, package, facts);
    if (r == 0 && waived)
        r = store_update_request(engine->store, request);
    if (r == 0)
        r = engine_will_announce(engine, request->id);
    return r;
}

/* A stage is complete: on to the next one, or to fulfilment. */
static int complete_stage(struct engine *engine, struct record *record, const struct decision *decision,
                          const struct package *package, const struct facts *facts)
{
    struct request *request = &record->request;
    const int64_t now = clock_now(&engine->clock);
    if (request->stage < request->n_stages) {
        struct stage next = {0};
        int r = engine_move_request(request, REQUEST_ADVANCE);
        request->stage++;
        if (r == 0)
            r = store_get_stage(engine->store, request->id, request->stage, &next);
        request->deadline = now + next.timeout;
        if (r == 0)
            r = store_enter_stage(engine->store, request->id, request->stage, now);
        if (r == 0)
            r = engine_enter_stage(engine, request, &next, facts);
        stage_deinit(&next);
        return r < 0 ? r : engine_tell_decision(engine, record, decision);
    }
    request->ended = now;
    int r = engine_move_request(request, REQUEST_APPROVE);
    if (r == 0)
        r = engine_tell_decision(engine, record, decision);
    return r < 0 ? r : complete(engine, request, package, facts);
}

static int64_t lacking_after(const struct record *record, const struct decision *decision)
{
    return policy_lacking(&record->stage, record->decisions, record->n_decisions) -
           (decision->approved ? 1 : 0);
}

/* Inside a transaction: the decision, and what follows from it. */
int engine_record_decision(struct engine *engine, struct record *record, const struct decision *decision,
                           const struct package *package, const struct facts *facts)
{
    struct request *request = &record->request;
    int r = store_add_decision(engine->store, request->id, decision);
    if (r == 0)
        r = engine_audit_decision(engine, request->id, decision, decision->approved ? "approve" : "deny");
    if (r == 0 && !decision->approved) {
        r = engine_move_request(request, REQUEST_DENY);
        request->ended = decision->at;
        if (r == 0)
            r = engine_tell_decision(engine, record, decision);
    } else if (r == 0 && lacking_after(record, decision) <= 0) {
        r = complete_stage(engine, record, decision, package, facts);
    } else if (r == 0) {
        engine_survey_soon(engine, request->id); /* a delegate's approval takes two people out of the count */
    }
    if (r == 0)
        r = store_update_request(engine->store, request);
    if (r == 0)
        r = engine_will_announce(engine, request->id);
    return r;
}

/* Rule 9, at a start: why it is not to begin after all. 0; 1 with *ret_why; -errno. */
static int find_obstacle(struct engine *engine, const struct request *request, const struct package *package,
                         const char **ret_why)
{
    struct assignment assignment = {0};
    char other[NAME_PACKAGE_MAX + 1];
    bool held = false;
    if (!package) {
        *ret_why = "the package is no longer in packages.d";
        return 1;
    }
    int r = store_find_live_assignment(engine->store, request->requestor.uid, request->user, request->package,
                                       &assignment);
    assignment_deinit(&assignment);
    if (r <= 0) {
        *ret_why = "the user holds the package already";
        return r < 0 ? r : 1;
    }
    r = request->overrides ? 0
                           : engine_find_conflict(engine, request->requestor.uid, request->user, package,
                                                  false, other, &held);
    *ret_why = "the user holds, or will, what is incompatible with it by now";
    return r > 0 ? 1 : r;
}

/* Its start has come. What the groups are is not known here: the assignment begins partial and is tried at once. */
int engine_start_request(struct engine *engine, struct request *request)
{
    const struct package *package = packages_find(engine->packages, request->package);
    const char *why = NULL;
    int r = find_obstacle(engine, request, package, &why);
    if (r != 0)
        return r < 0 ? r : engine_withdraw(engine, request, own_act(why));
    request->waiting = false;
    r = store_update_request(engine->store, request);
    return r < 0 ? r : engine_fulfil(engine, request, package, NULL);
}
