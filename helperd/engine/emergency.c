/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Emergencies: a user whom the policy trusts takes a package at once, without approval, and an approver reviews it
 * afterwards.
 */
#include "helperd/engine/internal.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "common/names.h"
#include "common/timetext.h"

#include <inttypes.h>
#include <string.h>

enum { REVIEWERS_SHOWN_MAX = 512, REASON_SHOWN_MAX = 512 };

/* ---- taking ---- */

static int check_emergency_words(const struct submission *submission, struct reply *reply)
{
    char visible[2 * NAME_PACKAGE_MAX];
    if (strv_length(submission->packages) != 1)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT, "An emergency is about one package.");
    if (!submission->justification || text_is_blank(submission->justification))
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                             "An emergency needs a reason, which every approver reads: pkg-request emergency "
                             "%s -m 'REASON'",
                             text_visible(submission->packages[0], visible, sizeof(visible)));
    return engine_check_text("justification", submission->justification, reply);
}

static int check_not_held(struct engine *engine, const struct subject *subject, const struct package *package,
                          struct reply *reply)
{
    struct assignment assignment = {0};
    char until[TIME_TEXT_MAX];
    int r =
        store_find_live_assignment(engine->store, subject->uid, subject->name, package->name, &assignment);
    if (r == 0)
        r = assignment.span.end == GRANT_FOREVER
                ? engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                                "You hold %s already, so this is no emergency. Nothing was changed.",
                                package->name)
                : engine_refuse(
                      reply, BUS_ERROR_POLICY_REFUSED,
                      "You hold %s already, until %s, so this is no emergency. Nothing was changed.",
                      package->name, time_people(assignment.span.end, until));
    assignment_deinit(&assignment);
    return r == STORE_E_NONE ? 0 : r;
}

static void append_names(char all[REVIEWERS_SHOWN_MAX], char *const *names)
{
    _cleanup_free_ char *joined = strv_join(names, ", ");
    const size_t used = strlen(all);
    if (joined && *joined)
        snprintf(all + used, REVIEWERS_SHOWN_MAX - used, "%s%s", used ? ", " : "", joined);
}

/* "bob, %dba-leads, carol", cut when it is too long. */
static char *list_reviewer_names(const struct package *package, char *ret, size_t size)
{
    char all[REVIEWERS_SHOWN_MAX] = "";
    for (size_t i = 0; i < package->n_stages; i++) {
        append_names(all, package->stages[i].approvers);
        append_names(all, package->stages[i].fallback_approvers);
    }
    return text_visible(all, ret, size);
}

static int check_last_is_reviewed(struct engine *engine, const struct subject *subject,
                                  const struct package *package, struct reply *reply)
{
    struct request last = {0};
    char reviewers[REVIEWERS_SHOWN_MAX];
    int r = store_find_unreviewed(engine->store, subject->uid, subject->name, package->name, &last);
    if (r == 0)
        r = engine_refuse(
            reply, BUS_ERROR_POLICY_REFUSED,
            "Your emergency for %s, request %" PRId64
            ", has not been reviewed yet; until it is, you cannot take it so again. Ask one of: "
            "%s (pkg-approve review %" PRId64 "). Or ask for approval: pkg-request submit %s",
            package->name, last.id, list_reviewer_names(package, reviewers, sizeof(reviewers)), last.id,
            package->name);
    request_deinit(&last);
    return r == STORE_E_NONE ? 0 : r;
}

/*
 * Checks who may, the limit per hour and the separation of duties; not the requestors and the cool-down. A pending
 * request for an incompatible package does not block an emergency: it is checked when it is decided.
 */
static int check_emergency(struct engine *engine, const struct subject *subject, const char *name,
                           const struct package *package, struct reply *reply)
{
    if (!package)
        return engine_refuse_unknown_package(engine, name, reply);
    if (!policy_names(package->emergency, subject) && policy_may_name(package->emergency, subject))
        return engine_refuse_unknown(reply, "whether the policy lets you take it in an emergency");
    if (!policy_names(package->emergency, subject))
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "The policy of %s does not let you take it in an emergency. Ask for approval: "
                             "pkg-request submit %s",
                             package->name, package->name);
    int r;
    if ((r = engine_check_not_over(package, clock_now(&engine->clock), reply)) != 0 ||
        (r = check_not_held(engine, subject, package, reply)) != 0 ||
        (r = check_last_is_reviewed(engine, subject, package, reply)) != 0 ||
        (r = engine_check_limits(engine, subject->uid, true, reply)) != 0)
        return r;
    return engine_check_duties(engine, subject, package, false, reply);
}

/* Withdraws the user's pending request for the package; one that is approved and waits for its start stays. */
static void withdraw_open(struct txn *txn, const struct caller *caller, const struct request *emergency)
{
    struct request open = {0};
    char reason[64];
    if (store_find_open_request(txn->store, emergency->requestor.uid, emergency->user, emergency->package,
                                &open) == 0) {
        snprintf(reason, sizeof(reason), "answered by the emergency, request %" PRId64, emergency->id);
        request_withdraw(
            txn, &open,
            (struct act){.actor = emergency->user, .identity = caller->identity, .reason = reason});
    }
    request_deinit(&open);
}

/* Logs it after the commit; notify_emergency tells the approvers. */
static void log_emergency(struct txn *txn, const struct request *request)
{
    char user[NAME_ENCODED_MAX + 1];
    char why[REASON_SHOWN_MAX];
    txn_warn(txn, "EMERGENCY: %s (uid %u) took %s without approval, request %" PRId64 ": %s",
             text_visible(request->user, user, sizeof(user)), request->requestor.uid, request->package,
             request->id, text_visible(request->justification, why, sizeof(why)));
}

int engine_emergency(const struct call *call, const struct submission *submission)
{
    const struct subject *subject = NULL;
    int r;
    if ((r = check_emergency_words(submission, call->reply)) != 0 ||
        (r = engine_find_requestor(call, submission, &subject)) != 0 ||
        (r = engine_begin_call(call->engine, call->facts)) != 0)
        return r;
    const struct package *package = packages_find(call->engine->packages, submission->packages[0]);
    r = check_emergency(call->engine, subject, submission->packages[0], package, call->reply);
    if (r != 0)
        return r;
    struct request request = engine_compose_request(call->engine, call->caller, subject, submission, package);
    request.emergency = true;
    request.duration = package->emergency_duration;
    /* Its stages are stored but never entered, so that their approvers find it in their history. */
    request.n_stages = (int64_t)package->n_stages;
    struct txn *txn = engine_join(call->engine);
    request_file(txn, call->facts, package, &request, &(struct filing){.waived = true});
    withdraw_open(txn, call->caller, &request);
    notify_emergency(txn, &request, package);
    log_emergency(txn, &request);
    call->reply->answer = (struct answer){.request = request.id, .submitted = true};
    return 0;
}

/* ---- reviewing ---- */

static int refuse_reviewed(const struct record *record, struct reply *reply)
{
    const struct decision *review = record->n_decisions > 0 ? &record->decisions[0] : NULL;
    const char *for_user = review ? review->for_user : NULL;
    char when[TIME_TEXT_MAX];
    return engine_refuse(reply, BUS_ERROR_ALREADY_DECIDED,
                         "Request %" PRId64 " was reviewed by %s%s%s on %s.", record->request.id,
                         review ? review->decider : "somebody", for_user ? " for " : "",
                         for_user ? for_user : "", time_people(record->request.reviewed, when));
}

static void record_review(struct txn *txn, const struct request *request, const struct decision *review)
{
    store_add_decision(txn->store, request->id, review);
    store_set_reviewed(txn->store, request->id, review->at);
    audit_decision(txn, request->id, review, AUDIT_REVIEW);
    notify_review(txn, request, packages_find(txn->engine->packages, request->package), review);
    txn_announce(txn, request->id);
}

static int review_record(const struct call *call, const struct record *record, const char *reason)
{
    const struct request *request = &record->request;
    const struct package *package = packages_find(call->engine->packages, request->package);
    const struct policy_decider decider = engine_decider(call->engine, call->caller, call->facts);
    const struct policy_delegator *for_whom = NULL;
    const int64_t now = clock_now(&call->engine->clock);
    if (!request->emergency)
        return engine_refuse(call->reply, BUS_ERROR_POLICY_REFUSED,
                             "Request %" PRId64 " is no emergency: there is nothing to review.", request->id);
    if (request->reviewed)
        return refuse_reviewed(record, call->reply);
    if (!package)
        return engine_refuse(
            call->reply, BUS_ERROR_POLICY_REFUSED,
            "The package %s is no longer in packages.d, so nobody can review request %" PRId64
            ". An administrator can put its file back.",
            request->package, request->id);
    const enum policy_decide_verdict verdict = policy_may_review(package, request, &decider, &for_whom);
    int r = engine_refuse_decider(verdict, for_whom, request->id, call->reply);
    if (r == 0)
        r = engine_check_account(call);
    if (r != 0)
        return r;
    const struct decision review = {
        .decider = call->facts->caller->name,
        .identity = call->caller->identity,
        .for_user = for_whom ? for_whom->subject->name : NULL,
        .for_identity = for_whom ? for_whom->identity : IDENTITY_NONE,
        .approved = true,
        .reason = *reason ? (char *)reason : NULL,
        .at = now,
    };
    record_review(engine_join(call->engine), request, &review);
    call->reply->answer.request = request->id;
    return 0;
}

int engine_review(const struct call *call, int64_t id, const char *reason)
{
    struct record record = {0};
    int r;
    if ((r = engine_check_text("note", reason, call->reply)) != 0 || (r = engine_check_decider(call)) != 0 ||
        (r = engine_begin_call(call->engine, call->facts)) != 0)
        return r;
    r = record_load(call->engine->store, id, &record);
    if (r < 0)
        return r;
    r = engine_refuse_sight(r == 0 ? engine_judge_sight(call->engine, call->caller, call->facts, &record)
                                   : ENGINE_SIGHT_NO,
                            id, call->reply);
    if (r == 0)
        r = review_record(call, &record, reason);
    record_deinit(&record);
    return r;
}
