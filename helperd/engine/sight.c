/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a caller may see a request, and its view. */
#include "helperd/engine/internal.h"

#include "common/cleanup.h"
#include "common/names.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

bool engine_is_caller(const struct facts *facts, const char *name)
{
    const struct subject *caller = facts->caller;
    const struct subject *user = facts->user;
    return caller && (strcmp(caller->name, name) == 0 ||
                      (user && user->uid == caller->uid && strcmp(user->name, caller->name) == 0));
}

bool engine_is_own_request(const struct request *request, const struct caller *caller,
                           const struct facts *facts)
{
    return facts->caller && caller->identity.uid == request->requestor.uid &&
           strcmp(facts->caller->name, request->user) == 0;
}

/* ---- what the requestor holds ----------------------------------------------------------------------------------- */

enum { HOLDS_MAX = 64 };

struct holds {
    const struct engine *engine;
    const struct record *record; /* whose own assignment is not among them */
    json_t *list;
};

static int add_held(const struct assignment *assignment, void *data)
{
    const struct holds *holds = data;
    struct usage use = {0};
    if (assignment->id == holds->record->assignment.id ||
        assignment->uid != holds->record->request.requestor.uid || json_array_size(holds->list) >= HOLDS_MAX)
        return 0;
    assignment_read_use(holds->engine, assignment, &use);
    json_t *end = assignment->span.end == GRANT_FOREVER ? NULL : json_integer(assignment->span.end);
    json_t *used = use.last > 0 ? json_integer(use.last) : NULL;
    json_t *held = json_pack("{s:s, s:o*, s:o*}", "package", assignment->package, "until", end, "used", used);
    return json_array_append_new(holds->list, held) < 0 ? -ENOMEM : 0;
}

/* Who decides weighs it; nobody else is told. */
static int set_holds(const struct call *call, const struct record *record, json_t *view)
{
    if (!json_is_true(json_object_get(view, "may_decide")) &&
        !json_is_true(json_object_get(view, "may_review")))
        return 0;
    struct holds holds = {call->engine, record, json_array()};
    const int r = store_each_live_of_user(call->engine->store, record->request.user, add_held, &holds);
    if (r == 0 && json_array_size(holds.list) > 0)
        return view_set(view, "holds", holds.list);
    json_decref(holds.list);
    return r;
}

int engine_show_request(const struct call *call, int64_t id)
{
    struct record record = {0};
    const struct policy_decider decider = engine_viewer(call->engine, call->caller, call->facts);
    const int r = record_load(call->engine->store, id, &record);
    if (r == STORE_E_NONE)
        return engine_refuse(call->reply, BUS_ERROR_NO_SUCH_REQUEST, "There is no request %" PRId64 ".", id);
    if (r < 0)
        return r;
    call->reply->value = view_request(call->engine, &record, &decider, true);
    const int held = call->reply->value ? set_holds(call, &record, call->reply->value) : -ENOMEM;
    record_deinit(&record);
    return held;
}

typedef bool (*asks)(char *const *principals, const struct policy_decider *decider);

/* The first stage of the request with a list that names the decider; 0: none. */
static int64_t find_stage(struct engine *engine, const struct record *record,
                          const struct policy_decider *decider, asks asks_decider)
{
    int64_t found = 0;
    for (int64_t number = 1; found == 0 && number <= record->request.n_stages; number++) {
        struct stage stage = {0};
        if (store_get_stage(engine->store, record->request.id, number, &stage) == 0 &&
            (asks_decider(stage.approvers, decider) || asks_decider(stage.fallback_approvers, decider)))
            found = number;
        stage_deinit(&stage);
    }
    return found;
}

int64_t engine_find_stage_of(struct engine *engine, const struct record *record,
                             const struct policy_decider *decider)
{
    return find_stage(engine, record, decider, policy_asks);
}

bool engine_was_asked(struct engine *engine, const struct record *record,
                      const struct policy_decider *decider)
{
    return engine_find_stage_of(engine, record, decider) != 0;
}

bool engine_may_be_asked(struct engine *engine, const struct record *record,
                         const struct policy_decider *decider)
{
    return find_stage(engine, record, decider, policy_may_ask) != 0;
}

static int refuse_delegator_account(const struct policy_delegator *for_whom, struct reply *reply)
{
    char who[NAME_ENCODED_MAX + 64], visible[NAME_ENCODED_MAX + 1];
    snprintf(who, sizeof(who), "%s, in whose name you would decide,",
             text_visible(for_whom->subject->name, visible, sizeof(visible)));
    return engine_refuse_account(&for_whom->subject->account, who, reply);
}

int engine_refuse_decider(enum policy_decide_verdict verdict, const struct policy_delegator *for_whom,
                          int64_t id, struct reply *reply)
{
    switch (verdict) {
    case POLICY_DECIDE_NOT_APPROVER:
        return engine_refuse(
            reply, BUS_ERROR_NOT_AUTHORIZED,
            "You are not an approver of request %" PRId64 ". What waits for you: pkg-approve", id);
    case POLICY_DECIDE_UNKNOWN:
        return engine_refuse_unknown(reply, "whether you are an approver of this request");
    case POLICY_DECIDE_OWN_REQUEST:
        return engine_refuse(reply, BUS_ERROR_NOT_AUTHORIZED,
                             "Request %" PRId64
                             " is your own (by account or by login): somebody else has to decide "
                             "on it.",
                             id);
    case POLICY_DECIDE_DELEGATORS_REQUEST:
        return engine_refuse(
            reply, BUS_ERROR_NOT_AUTHORIZED,
            "Request %" PRId64
            " comes (by account or by login) from the one in whose name you would decide: somebody "
            "else has to decide on it.",
            id);
    case POLICY_DECIDE_NO_LOGIN:
        return engine_refuse(reply, BUS_ERROR_NOT_AUTHORIZED,
                             "Your account has no login shell, so it cannot decide on request %" PRId64
                             ". Another approver can.",
                             id);
    case POLICY_DECIDE_TWICE:
        return engine_refuse(
            reply, BUS_ERROR_ALREADY_DECIDED,
            "This stage of request %" PRId64
            " has an approval of yours already, by you or in your name; it needs another approver's.",
            id);
    case POLICY_DECIDE_OTHER_STAGE:
        return engine_refuse(reply, BUS_ERROR_NOT_AUTHORIZED,
                             "You took part in another stage of request %" PRId64
                             ", or it was decided in your name: this stage needs another person.",
                             id);
    case POLICY_DECIDE_ACCOUNT:
        return refuse_delegator_account(for_whom, reply);
    case POLICY_DECIDE_ALLOWED:
        break;
    }
    return 0;
}

static bool is_visible(struct engine *engine, const struct caller *caller, const struct facts *facts,
                       const struct record *record, const struct policy_decider *decider)
{
    if (caller->identity.uid == 0 || engine_is_own_request(&record->request, caller, facts))
        return true;
    for (size_t i = 0; i < record->n_decisions; i++) {
        const struct decision *decision = &record->decisions[i];
        if ((decision->identity.uid == caller->identity.uid &&
             strcmp(decision->decider, facts->caller->name) == 0) ||
            (decision->for_user && decision->for_identity.uid == caller->identity.uid &&
             strcmp(decision->for_user, facts->caller->name) == 0))
            return true;
    }
    return engine_was_asked(engine, record, decider) ||
           (record->request.emergency &&
            policy_reviews(packages_find(engine->packages, record->request.package), decider));
}

enum engine_sight engine_judge_sight(struct engine *engine, const struct caller *caller,
                                     const struct facts *facts, const struct record *record)
{
    if (!facts->caller)
        return ENGINE_SIGHT_NO;
    const struct policy_decider decider = engine_viewer(engine, caller, facts);
    if (is_visible(engine, caller, facts, record, &decider))
        return ENGINE_SIGHT_YES;
    if (engine_may_be_asked(engine, record, &decider))
        return ENGINE_SIGHT_UNKNOWN;
    return caller->identity.uid == record->request.requestor.uid ? ENGINE_SIGHT_OTHER_NAME : ENGINE_SIGHT_NO;
}

int engine_refuse_sight(enum engine_sight sight, int64_t id, struct reply *reply)
{
    switch (sight) {
    case ENGINE_SIGHT_NO:
        return engine_refuse(reply, BUS_ERROR_NO_SUCH_REQUEST,
                             "There is no request %" PRId64
                             " that you may see. What waits for you: pkg-approve. Your own requests: "
                             "pkg-request list",
                             id);
    case ENGINE_SIGHT_UNKNOWN:
        return engine_refuse_unknown(reply, "whether this request is yours to see");
    case ENGINE_SIGHT_OTHER_NAME:
        return engine_refuse(
            reply, BUS_ERROR_NO_SUCH_REQUEST,
            "Request %" PRId64
            " is of another account that has your uid. Your commands run as the account that "
            "this host finds by that uid, so it is not shown to you. As root: pkg-request "
            "status %" PRId64,
            id, id);
    case ENGINE_SIGHT_YES:
        break;
    }
    return 0;
}
