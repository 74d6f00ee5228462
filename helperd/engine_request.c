/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's life of a request: submitted, cancelled, decided. */
#include "helperd/engine_internal.h"

#include "common/cleanup.h"
#include "common/duration.h"
#include "common/log.h"
#include "common/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    REASON_SHOWN_MAX = 204, /* bytes of somebody's reason inside a refusal */
    PACE_SECONDS = 3600,
    FILED_PER_PENDING = 25, /* requests in that time, for each that may wait at a time */
};

struct policy_decider engine_decider(const struct caller *caller, const struct facts *facts)
{
    return (struct policy_decider){.subject = facts->caller, .identity = caller->identity};
}

bool engine_is_own(const struct request *request, const struct caller *caller, const struct facts *facts)
{
    return facts->caller && caller->identity.uid == request->requestor.uid &&
           strcmp(facts->caller->name, request->user) == 0;
}

int engine_show(struct engine *engine, const struct caller *caller, const struct facts *facts, int64_t id,
                struct reply *reply)
{
    struct record record = {0};
    const struct policy_decider decider = engine_decider(caller, facts);
    const int r = record_load(engine->store, id, &record);
    if (r == STORE_E_NONE)
        return engine_refuse(reply, BUS_ERROR_NO_SUCH_REQUEST, "There is no request %" PRId64 ".", id);
    if (r < 0)
        return r;
    reply->value = view_request(&record, engine->packages, &decider, clock_now(&engine->clock));
    record_deinit(&record);
    return reply->value ? 0 : -ENOMEM;
}

/* ---- submit ---- */

/* Shows what is there already or was just filed: the request with what only Submit says of it. */
static int show_submitted(struct engine *engine, const struct caller *caller, const struct facts *facts,
                          int64_t id, bool existing, bool held, struct reply *reply)
{
    const int r = engine_show(engine, caller, facts, id, reply);
    if (r != 0)
        return r;
    if (json_object_set_new(reply->value, "existing", json_boolean(existing)) < 0 ||
        json_object_set_new(reply->value, "held", json_boolean(held)) < 0) {
        json_decref(reply->value);
        reply->value = NULL;
        return -ENOMEM;
    }
    return 0;
}

/* An assignment that no request stands behind (adopted): the little that can be said of it. */
static json_t *view_bare_assignment(const struct assignment *assignment)
{
    json_t *end = assignment->span.end == GRANT_FOREVER ? NULL : json_integer(assignment->span.end);
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o*}", "package", assignment->package, "user",
                     assignment->user, "state", state_identifier(assignment_shown_state(assignment)),
                     "assignment", (json_int_t)assignment->id, "assignment_start",
                     (json_int_t)assignment->span.start, "assignment_end", end);
}

/* 0: shown; STORE_E_NONE: there is nothing of this package; other results as the engine's. */
static int show_existing(struct engine *engine, const struct caller *caller, const struct facts *facts,
                         const struct subject *subject, const char *package, struct reply *reply)
{
    struct assignment assignment = {0};
    struct request request = {0};
    int r = store_find_live_assignment(engine->store, subject->uid, subject->name, package, &assignment);
    if (r == 0) {
        const bool held = assignment.state == STATE_FULFILLED &&
                          grant_span_holds(&assignment.span, clock_now(&engine->clock));
        if (assignment.request) {
            r = show_submitted(engine, caller, facts, assignment.request, true, held, reply);
        } else {
            reply->value = view_bare_assignment(&assignment);
            r = reply->value && json_object_set_new(reply->value, "existing", json_true()) == 0 &&
                        json_object_set_new(reply->value, "held", json_boolean(held)) == 0
                    ? 0
                    : -ENOMEM;
        }
    } else if (r == STORE_E_NONE) {
        r = store_find_open_request(engine->store, subject->uid, subject->name, package, &request);
        if (r == 0)
            r = show_submitted(engine, caller, facts, request.id, true, false, reply);
    }
    assignment_deinit(&assignment);
    request_deinit(&request);
    return r;
}

static int refuse_request(enum policy_request_verdict verdict, const struct package *package,
                          struct reply *reply)
{
    char longest[DURATION_TEXT_MAX];
    switch (verdict) {
    case POLICY_REQUEST_NOT_REQUESTOR:
        return engine_refuse(
            reply, BUS_ERROR_POLICY_REFUSED,
            "The policy of %s does not let you ask for it. An administrator of this host can tell "
            "who may.",
            package->name);
    case POLICY_REQUEST_NEEDS_JUSTIFICATION:
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "%s asks for a justification. Please say why: pkg-request submit %s -m 'REASON'",
                             package->name, package->name);
    case POLICY_REQUEST_TOO_LONG:
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "%s is given for at most %s at a time. Please ask for less.", package->name,
                             duration_format(package->max_duration, longest));
    case POLICY_REQUEST_ALLOWED:
        break;
    }
    return 0;
}

/* The stages as the policy has them now; the request keeps them whatever becomes of the policy. */
static void plan_stages(const struct package *package, int64_t now, struct stage *stages)
{
    for (size_t i = 0; i < package->n_stages; i++)
        stages[i] = (struct stage){
            .number = (int64_t)i + 1,
            .quorum = package->stages[i].quorum,
            .timeout = package->stages[i].timeout,
            .escalate_after = package->stages[i].escalate_after,
            .entered = i == 0 ? now : 0,
            .approvers = package->stages[i].approvers,
            .fallback_approvers = package->stages[i].fallback_approvers,
        };
}

/* Inside a transaction: writes the request, routed or waived. */
static int file_request(struct engine *engine, const struct facts *facts, const struct package *package,
                        struct request *request)
{
    const int64_t now = request->submitted;
    /* The gate files for others: the log tells that uid 0 did. */
    const struct identity filer = {request->origin_verified ? 0 : request->requestor.uid,
                                   request->requestor.loginuid};
    const bool waived = !package->approval_required;
    int r = engine_move_request(request, waived ? REQUEST_WAIVE : REQUEST_ROUTE);
    if (r < 0)
        return r;
    struct stage *stages = calloc(package->n_stages + 1, sizeof(*stages));
    if (!stages)
        return -ENOMEM;
    plan_stages(package, now, stages);
    if (waived) {
        request->ended = now;
    } else {
        request->n_stages = (int64_t)package->n_stages;
        request->stage = 1;
        request->deadline = now + stages[0].timeout;
    }
    r = store_add_request(engine->store, request, stages);
    free(stages);
    if (r == 0)
        r = engine_audit(engine, request->user, &filer, "submit", request->id, 0, request->justification);
    if (r == 0 && waived)
        r = engine_audit(engine, "accesspkgd", &NOBODY, "waive", request->id, 0, "the policy asks nobody");
    if (r == 0 && waived)
        r = engine_fulfil(engine, request, package, facts);
    if (r == 0)
        r = engine_will_announce(engine, request->id);
    return r;
}

/* Whoever files and cancels in turn, forever, fills the disk: nothing that was filed is ever deleted. */
static int check_pace(struct engine *engine, uid_t uid, struct reply *reply)
{
    const int64_t most = FILED_PER_PENDING * engine->config->pending_per_user;
    int64_t filed = 0;
    const int r =
        store_filed_since(engine->store, uid, clock_now(&engine->clock) - PACE_SECONDS, most, &filed);
    if (r == 0 && filed >= most)
        return engine_refuse(reply, BUS_ERROR_LIMIT_EXCEEDED,
                             "%" PRId64 " requests of yours were filed within an hour, which is the limit of "
                             "this host. Please try again later.",
                             filed);
    return r;
}

/* Refuses one open request too many of a user, so that nobody buries the approvers. */
static int check_limit(struct engine *engine, uid_t uid, struct reply *reply)
{
    int64_t open = 0;
    const int r = store_count_open_requests(engine->store, uid, &open);
    if (r == 0 && open >= engine->config->pending_per_user)
        return engine_refuse(reply, BUS_ERROR_LIMIT_EXCEEDED,
                             "%" PRId64
                             " requests of yours are waiting already, which is the limit of this host. "
                             "Please cancel one first: pkg-request cancel ID",
                             open);
    return r == 0 ? check_pace(engine, uid, reply) : r;
}

static int file_new(struct engine *engine, const struct caller *caller, const struct facts *facts,
                    const struct subject *subject, const struct submission *submission,
                    const struct package *package, struct reply *reply)
{
    int r = check_limit(engine, subject->uid, reply);
    if (r != 0)
        return r;
    struct request request = {
        .package = package->name,
        .user = subject->name,
        .requestor = {subject->uid, caller->identity.loginuid},
        .full_name = subject->full_name,
        .organisation = subject->organisation,
        .state = STATE_SUBMITTED,
        .justification = (char *)submission->justification,
        .no_reason_given = package->justification_required && !submission->justification,
        .service = (char *)submission->service,
        .host = (char *)submission->host,
        .address = (char *)submission->address,
        .tty = (char *)submission->tty,
        .origin_verified = caller->identity.uid == 0,
        .duration = submission->duration ? submission->duration : package->duration,
        .submitted = clock_now(&engine->clock),
    };
    r = engine_begin(engine);
    if (r == 0)
        r = engine_end(engine, file_request(engine, facts, package, &request));
    if (r == 0)
        r = engine_check_fulfilment(engine, request.id);
    if (r != 0)
        return r;
    struct assignment assignment = {0};
    const bool held = store_find_live_assignment(engine->store, subject->uid, subject->name, package->name,
                                                 &assignment) == 0 &&
                      assignment.state == STATE_FULFILLED;
    assignment_deinit(&assignment);
    return show_submitted(engine, caller, facts, request.id, false, held, reply);
}

/* Whose request it is. Only uid 0 names another user: it speaks for the gate. */
static int find_requestor(const struct caller *caller, const struct facts *facts,
                          const struct submission *submission, const struct subject **ret,
                          struct reply *reply)
{
    const bool named = submission->user && *submission->user;
    char visible[NAME_ENCODED_MAX + 1];
    if (named && caller->identity.uid != 0 &&
        (!facts->caller || strcmp(facts->caller->name, submission->user) != 0))
        return engine_refuse(
            reply, BUS_ERROR_NOT_AUTHORIZED,
            "A request can be filed for oneself only; the PAM module, as root, files for others.");
    const struct subject *subject = named && caller->identity.uid == 0 ? facts->user : facts->caller;
    if (!subject)
        return engine_refuse(reply, BUS_ERROR_NO_SUCH_USER, "There is no user %s on this host.",
                             named ? text_visible(submission->user, visible, sizeof(visible))
                                   : "with your uid");
    char encoded[NAME_ENCODED_MAX + 1];
    if (name_encode(subject->name, encoded, sizeof(encoded)) < 0)
        return engine_refuse(
            reply, BUS_ERROR_INVALID_ARGUMENT,
            "The user name is too long to be written to a grant file (255 bytes once encoded).");
    *ret = subject;
    return 0;
}

static int check_submission(const struct submission *submission, struct reply *reply)
{
    const size_t count = strv_length(submission->packages);
    char visible[2 * NAME_PACKAGE_MAX];
    if (count == 0 || count > BUS_PACKAGES_MAX)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT, "Please name 1 to %d packages.",
                             BUS_PACKAGES_MAX);
    for (size_t i = 0; i < count; i++)
        if (!name_is_package(submission->packages[i]))
            return engine_refuse(
                reply, BUS_ERROR_INVALID_ARGUMENT,
                "'%s' cannot be a package's name: lower-case letters, digits, '.', '_', '-', at "
                "most %d bytes.",
                text_visible(submission->packages[i], visible, sizeof(visible)), NAME_PACKAGE_MAX);
    if (submission->duration < 0 || submission->duration > DURATION_MAX)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT, "The duration is out of range.");
    if (submission->justification)
        return engine_check_text("justification", submission->justification, reply);
    return 0;
}

int engine_submit(struct engine *engine, const struct caller *caller, const struct facts *facts,
                  const struct submission *submission, struct reply *reply)
{
    const struct subject *subject = NULL;
    int r = check_submission(submission, reply);
    if (r == 0)
        r = find_requestor(caller, facts, submission, &subject, reply);
    if (r == 0)
        r = engine_enter(engine, facts);
    if (r != 0)
        return r;
    for (char **name = submission->packages; *name; name++) {
        r = show_existing(engine, caller, facts, subject, *name, reply);
        if (r != STORE_E_NONE)
            return r;
    }
    const struct policy_ask ask = {
        .has_justification = submission->justification,
        .at_gate = submission->at_gate && caller->identity.uid == 0,
        .duration = submission->duration,
    };
    int refusal = 0;
    for (char **name = submission->packages; *name; name++) {
        const struct package *package = packages_find(engine->packages, *name);
        if (!package)
            continue;
        const enum policy_request_verdict verdict = policy_may_request(package, subject, &ask);
        if (verdict == POLICY_REQUEST_ALLOWED)
            return file_new(engine, caller, facts, subject, submission, package, reply);
        if (!refusal)
            refusal = refuse_request(verdict, package, reply);
    }
    if (refusal)
        return refusal;
    return engine_refuse(reply, BUS_ERROR_NO_SUCH_PACKAGE,
                         "There is no access package %s on this host. See: pkg-request packages",
                         submission->packages[0]);
}

/* ---- cancel ---- */

/* How a request that waits no longer came to its end, for whoever comes too late. */
static int refuse_late(const struct record *record, struct reply *reply)
{
    const struct request *request = &record->request;
    char when[ENGINE_TIME_MAX];
    char reason[REASON_SHOWN_MAX] = "";
    const bool due = request->state == STATE_PENDING_APPROVAL; /* it will be shown as expired in a moment */
    engine_time(due ? request->deadline : request->ended, when);
    if (record->n_decisions > 0 && (request->state == STATE_DENIED || request->state == STATE_APPROVED)) {
        const struct decision *last = &record->decisions[record->n_decisions - 1];
        if (last->reason)
            text_visible(last->reason, reason, sizeof(reason)); /* cut at a character's edge */
        return engine_refuse(reply, BUS_ERROR_ALREADY_DECIDED,
                             "Request %" PRId64 " was %s by %s at %s%s%s%s.", request->id,
                             last->approved ? "approved" : "denied", last->decider, when,
                             *reason ? " (reason: " : "", reason, *reason ? ")" : "");
    }
    return engine_refuse(reply, BUS_ERROR_ALREADY_DECIDED,
                         "Request %" PRId64 " is no longer waiting: %s at %s.", request->id,
                         state_shown(due ? STATE_EXPIRED : request->state), when);
}

/* Whether it waits for a decision still. When very many time out together, one may be due and not done yet. */
static bool is_waiting(const struct request *request, int64_t now)
{
    return request->state == STATE_PENDING_APPROVAL && now < request->deadline;
}

static int cancel(struct engine *engine, const struct caller *caller, const struct facts *facts,
                  struct request *request, const char *reason)
{
    int r = engine_move_request(request, REQUEST_CANCEL);
    request->ended = clock_now(&engine->clock);
    free(request->cancel_reason);
    request->cancel_reason = *reason ? strdup(reason) : NULL;
    if (r == 0)
        r = store_update_request(engine->store, request);
    if (r == 0)
        r = engine_audit(engine, facts->caller->name, &caller->identity, "cancel", request->id, 0,
                         *reason ? reason : NULL);
    if (r == 0)
        r = engine_will_announce(engine, request->id);
    return r;
}

int engine_cancel(struct engine *engine, const struct caller *caller, const struct facts *facts, int64_t id,
                  const char *reason, struct reply *reply)
{
    struct record record = {0};
    int r = engine_check_text("reason", reason, reply);
    if (r == 0)
        r = engine_enter(engine, facts);
    if (r != 0)
        return r;
    r = record_load(engine->store, id, &record);
    if (r < 0)
        return r;
    if (r == STORE_E_NONE || !engine_is_own(&record.request, caller, facts))
        r = engine_refuse(reply, BUS_ERROR_NO_SUCH_REQUEST,
                          "You have no request %" PRId64 ". See: pkg-request list", id);
    else if (!is_waiting(&record.request, clock_now(&engine->clock)))
        r = refuse_late(&record, reply);
    else if ((r = engine_begin(engine)) == 0)
        r = engine_end(engine, cancel(engine, caller, facts, &record.request, reason));
    record_deinit(&record);
    return r != 0 ? r : engine_show(engine, caller, facts, id, reply);
}

/* ---- decide ---- */

bool engine_was_asked(struct engine *engine, const struct record *record, const struct facts *facts)
{
    bool asked = false;
    for (int64_t number = 1; !asked && number <= record->request.n_stages; number++) {
        struct stage stage = {0};
        if (store_get_stage(engine->store, record->request.id, number, &stage) == 0)
            asked = policy_names(stage.approvers, facts->caller) ||
                    policy_names(stage.fallback_approvers, facts->caller);
        stage_deinit(&stage);
    }
    return asked;
}

static int refuse_decider(enum policy_decide_verdict verdict, int64_t id, struct reply *reply)
{
    switch (verdict) {
    case POLICY_DECIDE_NOT_APPROVER:
        return engine_refuse(reply, BUS_ERROR_NOT_AUTHORIZED,
                             "You are not an approver of request %" PRId64 ".", id);
    case POLICY_DECIDE_OWN_REQUEST:
        return engine_refuse(reply, BUS_ERROR_NOT_AUTHORIZED,
                             "Request %" PRId64
                             " is your own (by account or by login): somebody else has to decide "
                             "on it.",
                             id);
    case POLICY_DECIDE_NO_LOGIN:
        return engine_refuse(reply, BUS_ERROR_NOT_AUTHORIZED,
                             "Your account has no login shell, so it cannot decide on request %" PRId64 ".",
                             id);
    case POLICY_DECIDE_TWICE:
        return engine_refuse(
            reply, BUS_ERROR_ALREADY_DECIDED,
            "You have approved this stage of request %" PRId64 " already; another approver has to.", id);
    case POLICY_DECIDE_ALLOWED:
        break;
    }
    return 0;
}

/* Rule 9: what was true at submission is asked again before access is given. */
static int check_requestor(const struct request *request, const struct package *package,
                           const struct facts *facts, struct reply *reply)
{
    if (!package)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "The package %s is no longer in packages.d, so request %" PRId64
                             " cannot be approved. You can deny it.",
                             request->package, request->id);
    if (!facts->user || facts->user->uid != request->requestor.uid)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "The user %s who filed request %" PRId64
                             " is no longer on this host with the same uid. You can deny it.",
                             request->user, request->id);
    if (package->requestors[0] && !policy_names(package->requestors, facts->user))
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "%s may no longer ask for %s, so request %" PRId64
                             " cannot be approved. You can deny it.",
                             request->user, request->package, request->id);
    return 0;
}

/* A stage is complete: on to the next one, or to fulfilment. */
static int complete_stage(struct engine *engine, struct request *request, const struct package *package,
                          const struct facts *facts)
{
    const int64_t now = clock_now(&engine->clock);
    if (request->stage < request->n_stages) {
        struct stage next = {0};
        int r = engine_move_request(request, REQUEST_ADVANCE);
        request->stage++;
        if (r == 0)
            r = store_get_stage(engine->store, request->id, request->stage, &next);
        request->deadline = now + next.timeout;
        stage_deinit(&next);
        if (r == 0)
            r = store_enter_stage(engine->store, request->id, request->stage, now);
        return r;
    }
    request->ended = now;
    const int r = engine_move_request(request, REQUEST_APPROVE);
    return r < 0 ? r : engine_fulfil(engine, request, package, facts);
}

static int64_t lacking_after(const struct record *record, const struct decision *decision)
{
    return policy_lacking(&record->stage, record->decisions, record->n_decisions) -
           (decision->approved ? 1 : 0);
}

/* Inside a transaction: the decision, and what follows from it. */
static int decide(struct engine *engine, struct record *record, const struct decision *decision,
                  const struct package *package, const struct facts *facts)
{
    struct request *request = &record->request;
    int r = store_add_decision(engine->store, request->id, decision);
    if (r == 0)
        r = engine_audit(engine, decision->decider, &decision->identity,
                         decision->approved ? "approve" : "deny", request->id, 0, decision->reason);
    if (r == 0 && !decision->approved) {
        r = engine_move_request(request, REQUEST_DENY);
        request->ended = decision->at;
    } else if (r == 0 && lacking_after(record, decision) <= 0) {
        r = complete_stage(engine, request, package, facts);
    }
    if (r == 0)
        r = store_update_request(engine->store, request);
    if (r == 0)
        r = engine_will_announce(engine, request->id);
    return r;
}

static int decide_record(struct engine *engine, const struct caller *caller, const struct facts *facts,
                         struct record *record, bool approve, const char *reason, struct reply *reply)
{
    const struct request *request = &record->request;
    const struct policy_decider decider = engine_decider(caller, facts);
    const int64_t now = clock_now(&engine->clock);
    if (!is_waiting(request, now))
        return engine_was_asked(engine, record, facts)
                   ? refuse_late(record, reply)
                   : refuse_decider(POLICY_DECIDE_NOT_APPROVER, request->id, reply);
    int r = refuse_decider(policy_may_decide(&record->stage, &request->requestor, record->decisions,
                                             record->n_decisions, &decider, now),
                           request->id, reply);
    const struct package *package = packages_find(engine->packages, request->package);
    if (r == 0 && approve)
        r = check_requestor(request, package, facts, reply);
    if (r != 0)
        return r;
    const struct decision decision = {
        .stage = request->stage,
        .decider = facts->caller->name,
        .identity = caller->identity,
        .approved = approve,
        .reason = (char *)reason,
        .at = now,
    };
    r = engine_begin(engine);
    if (r == 0)
        r = engine_end(engine, decide(engine, record, &decision, package, facts));
    return r;
}

int engine_decide(struct engine *engine, const struct caller *caller, const struct facts *facts, int64_t id,
                  bool approve, const char *reason, struct reply *reply)
{
    struct record record = {0};
    if (!approve && !*reason)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                             "Please give a reason for the denial: pkg-approve deny %" PRId64 " -m 'REASON'",
                             id);
    int r = engine_check_text("reason", reason, reply);
    if (r == 0 && !facts->caller)
        r = engine_refuse(reply, BUS_ERROR_NOT_AUTHORIZED, "Your uid belongs to no user on this host.");
    if (r == 0)
        r = engine_enter(engine, facts);
    if (r != 0)
        return r;
    r = record_load(engine->store, id, &record);
    if (r == STORE_E_NONE)
        return engine_refuse(reply, BUS_ERROR_NO_SUCH_REQUEST,
                             "There is no request %" PRId64 ". See what waits for you: pkg-approve", id);
    if (r == 0)
        r = decide_record(engine, caller, facts, &record, approve, reason, reply);
    record_deinit(&record);
    if (r == 0)
        r = engine_check_fulfilment(engine, id);
    return r != 0 ? r : engine_show(engine, caller, facts, id, reply);
}
