/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes notices: in the transaction of the change, with the facts of that moment. engine/delivery.c hands them to the
 * notifier.
 */
#include "helperd/lifecycle/lifecycle.h"

#include "common/duration.h"
#include "common/log.h"
#include "common/names.h"
#include "helperd/lifecycle/texts.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum {
    WAITING_MAX = 50000, /* while the notifier is away; of more the oldest are dropped (logged) */
    SHOWN_MAX = 1024,
};

/* A user's name may be anything that a directory has, so it is made visible when it is not UTF-8. */
void notice_set_text(json_t *facts, const char *key, const char *text)
{
    char visible[SHOWN_MAX];
    if (!text || !*text)
        return;
    json_object_set_new(
        facts, key, json_string(text_is_utf8(text) ? text : text_visible(text, visible, sizeof(visible))));
}

void notice_set_number(json_t *facts, const char *key, int64_t number)
{
    if (number > 0)
        json_object_set_new(facts, key, json_integer(number));
}

static void set_package_facts(const struct engine *engine, json_t *facts, const char *name)
{
    const struct package *package = packages_find(engine->packages, name);
    notice_set_text(facts, "package", name);
    if (package)
        notice_set_text(facts, "description", package->description);
}

static json_t *view_request_facts(const struct engine *engine, const struct request *request)
{
    json_t *facts = json_object();
    set_package_facts(engine, facts, request->package);
    notice_set_text(facts, "user", request->user);
    notice_set_text(facts, "full_name", request->full_name);
    notice_set_text(facts, "organisation", request->organisation);
    notice_set_text(facts, "justification", request->justification);
    notice_set_text(facts, "service", request->service);
    notice_set_text(facts, "from_host", request->host);
    notice_set_text(facts, "address", request->address);
    notice_set_text(facts, "tty", request->tty);
    notice_set_number(facts, "duration", request->granted ? request->granted : request->duration);
    notice_set_number(facts, "start", request->start);
    notice_set_number(facts, "asked_until", request->until);
    notice_set_number(facts, "submitted", request->submitted);
    if (request->extends)
        json_object_set_new(facts, "extension", json_true());
    if (request->emergency)
        json_object_set_new(facts, "emergency", json_true());
    if (request->no_reason_given)
        json_object_set_new(facts, "no_reason_given", json_true());
    return facts;
}

static json_t *view_assignment_facts(const struct engine *engine, const struct assignment *assignment)
{
    json_t *facts = json_object();
    set_package_facts(engine, facts, assignment->package);
    notice_set_text(facts, "user", assignment->user);
    if (assignment->span.end == GRANT_FOREVER)
        json_object_set_new(facts, "unlimited", json_true());
    else
        notice_set_number(facts, "until", assignment->span.end);
    return facts;
}

static void set_stage(json_t *facts, const struct request *request, const struct stage *stage)
{
    notice_set_number(facts, "stage", stage->number);
    notice_set_number(facts, "stages", request->n_stages);
    notice_set_number(facts, "deadline", request->deadline);
}

static void set_decision(json_t *facts, const struct decision *decision, const char *verdict)
{
    notice_set_text(facts, "decider", decision->decider);
    notice_set_text(facts, "decided_for", decision->for_user);
    notice_set_text(facts, "verdict", verdict);
    notice_set_text(facts, "reason", decision->reason);
}

/* The principals whom the stage asks now. */
static json_t *list_asked(const struct stage *stage, int64_t now)
{
    json_t *names = json_array();
    texts_add_all(names, stage->approvers);
    if (policy_escalated(stage, now))
        texts_add_all(names, stage->fallback_approvers);
    return names;
}

/* Excludes from the recipients those who decided in this stage already, and the requestor (rule 5). */
static void set_except(struct txn *txn, json_t *facts, const struct request *request, int64_t stage,
                       bool delegators_too)
{
    struct decision *decisions = NULL;
    size_t count = 0;
    json_t *names = json_array();
    txn_ok(txn, store_get_decisions(txn->store, request->id, &decisions, &count));
    texts_add(names, request->user);
    for (size_t i = 0; i < count; i++) {
        if (decisions[i].stage != stage)
            continue;
        texts_add(names, decisions[i].decider);
        if (delegators_too && decisions[i].for_user)
            texts_add(names, decisions[i].for_user);
    }
    store_free_decisions(decisions, count);
    txn_ok(txn, json_object_set_new(facts, "except", names) < 0 ? -ENOMEM : 0);
}

/* Bounds the outbox while the notifier is away. */
static void drop_oldest(struct txn *txn, int64_t newest)
{
    int64_t lost = 0;
    if (newest > WAITING_MAX)
        store_remove_notices(txn->store, newest - WAITING_MAX, &lost);
    if (lost > 0)
        log_warning("%" PRId64
                    " of the notices that nobody delivered were dropped: more than %d would wait. See: "
                    "systemctl status accesspkg-notify",
                    lost, WAITING_MAX);
}

/* `notice` has event, request, assignment, turn. Takes over `to` and `facts`. */
static void add_notice(struct txn *txn, struct notice notice, json_t *to, json_t *facts)
{
    notice.at = txn_now(txn);
    notice.recipients = json_dumps(to, JSON_COMPACT);
    notice.facts = json_dumps(facts, JSON_COMPACT);
    if (txn_ok(txn, notice.recipients && notice.facts ? 0 : -ENOMEM) && json_array_size(to) > 0 &&
        txn_ok(txn, store_add_notice(txn->store, &notice)) && notice.id > 0) {
        txn->noticed = notice.id;
        drop_oldest(txn, notice.id);
    }
    notice_deinit(&notice);
    json_decref(to);
    json_decref(facts);
}

static json_t *list_name(const char *name)
{
    json_t *names = json_array();
    texts_add(names, name);
    return names;
}

/* Those who may review an emergency: the approvers and fallback approvers of every stage. */
static void add_reviewers(json_t *names, const struct package *package)
{
    for (size_t i = 0; i < package->n_stages; i++) {
        texts_add_all(names, package->stages[i].approvers);
        texts_add_all(names, package->stages[i].fallback_approvers);
    }
}

/* What they decide about: the end that there is, and the one that there would be. */
static void set_extension(struct txn *txn, json_t *facts, const struct request *request)
{
    struct assignment assignment = {0};
    const struct package *package = packages_find(txn->engine->packages, request->package);
    if (!txn_ok(txn, store_get_assignment(txn->store, request->extends, &assignment)))
        return;
    const int64_t end = policy_extended_end(package, &assignment, request);
    notice_set_number(facts, "present_end", assignment.span.end);
    notice_set_number(facts, "new_end", end == GRANT_FOREVER ? 0 : end);
    assignment_deinit(&assignment);
}

static void notify_approvers(struct txn *txn, struct notice notice, const struct request *request,
                             const struct stage *stage, json_t *to)
{
    json_t *facts = view_request_facts(txn->engine, request);
    set_stage(facts, request, stage);
    if (request->extends)
        set_extension(txn, facts, request);
    set_except(txn, facts, request, stage->number, true);
    notice.request = request->id;
    add_notice(txn, notice, to, facts);
}

void notify_stage(struct txn *txn, const struct request *request, const struct stage *stage)
{
    json_t *to = json_array();
    texts_add_all(to, stage->approvers);
    notify_approvers(txn, (struct notice){.event = OUTBOX_REQUEST_WAITS, .turn = stage->number}, request,
                     stage, to);
}

void notify_escalated(struct txn *txn, const struct request *request, const struct stage *stage)
{
    json_t *to = json_array();
    texts_add_all(to, stage->fallback_approvers);
    notify_approvers(txn, (struct notice){.event = OUTBOX_REQUEST_WAITS, .turn = stage->number}, request,
                     stage, to);
}

void notify_reminder(struct txn *txn, struct request *request)
{
    const int64_t now = txn_now(txn);
    struct stage stage = {0};
    if (txn_ok(txn, store_get_stage(txn->store, request->id, request->stage, &stage))) {
        /* One reminder when both times have passed, as after a stop of the daemon. */
        const int64_t last = stage.entered + stage.timeout - stage.timeout / 10;
        const bool is_last = now >= last;
        store_set_reminder(txn->store, request->id, is_last ? 0 : last);
        notify_approvers(txn, (struct notice){.event = OUTBOX_REMINDER, .turn = 2 * stage.number + is_last},
                         request, &stage, list_asked(&stage, now));
    }
    stage_deinit(&stage);
}

/* Tells the requestor. */
static void notify_outcome(struct txn *txn, enum outbox_event event, const struct request *request,
                           const struct decision *decision, const char *verdict)
{
    json_t *facts = view_request_facts(txn->engine, request);
    set_decision(facts, decision, verdict);
    add_notice(txn, (struct notice){.event = event, .request = request->id}, list_name(request->user), facts);
}

void notify_decision(struct txn *txn, const struct record *record, const struct decision *decision)
{
    const struct request *request = &record->request;
    const char *verdict = decision->approved ? "approved" : "denied";
    json_t *facts = view_request_facts(txn->engine, request);
    set_stage(facts, request, &record->stage);
    set_decision(facts, decision, verdict);
    set_except(txn, facts, request, record->stage.number, false);
    add_notice(txn,
               (struct notice){
                   .event = OUTBOX_DECIDED_BY_OTHER, .request = request->id, .turn = record->stage.number},
               list_asked(&record->stage, decision->at), facts);
    if (request->state != STATE_PENDING_APPROVAL)
        notify_outcome(txn, decision->approved ? OUTBOX_APPROVED : OUTBOX_DENIED, request, decision, verdict);
}

void notify_requestor(struct txn *txn, enum outbox_event event, const struct request *request, struct act act)
{
    json_t *facts = view_request_facts(txn->engine, request);
    char words[NAME_PACKAGE_MAX + 32];
    snprintf(words, sizeof(words), "%s -m 'REASON'", request->package);
    notice_set_text(facts, request->extends ? "extend" : "anew", words);
    notice_set_text(facts, "actor", act.actor);
    notice_set_text(facts, "reason", act.reason);
    add_notice(txn, (struct notice){.event = event, .request = request->id}, list_name(request->user), facts);
}

void notify_emergency(struct txn *txn, const struct request *request, const struct package *package)
{
    json_t *to = json_array();
    json_t *facts = view_request_facts(txn->engine, request);
    add_reviewers(to, package);
    json_object_set_new(facts, "except", list_name(request->user));
    add_notice(txn, (struct notice){.event = OUTBOX_EMERGENCY, .request = request->id}, to, facts);
    if (package->review_within)
        store_set_reminder(txn->store, request->id, request->submitted + package->review_within);
}

void notify_overdue_review(struct txn *txn, struct request *request)
{
    const struct package *package = packages_find(txn->engine->packages, request->package);
    const int64_t now = txn_now(txn), within = package ? package->review_within : 0;
    char user[NAME_ENCODED_MAX + 1], length[DURATION_TEXT_MAX];
    store_set_reminder(txn->store, request->id, within ? now + within : 0);
    if (!within)
        return;
    json_t *to = json_array();
    json_t *facts = view_request_facts(txn->engine, request);
    add_reviewers(to, package);
    json_object_set_new(facts, "except", list_name(request->user));
    add_notice(txn, (struct notice){.event = OUTBOX_REVIEW_OVERDUE, .request = request->id, .turn = now}, to,
               facts);
    txn_warn(
        txn,
        "EMERGENCY: nobody has reviewed in %s that %s (uid %u) took %s without approval, request %" PRId64
        ". To review it: pkg-approve review %" PRId64,
        duration_format(now - request->submitted, length), text_visible(request->user, user, sizeof(user)),
        request->requestor.uid, request->package, request->id, request->id);
}

void notify_review(struct txn *txn, const struct request *request, const struct package *package,
                   const struct decision *review)
{
    json_t *to = json_array();
    json_t *facts = view_request_facts(txn->engine, request);
    set_decision(facts, review, "reviewed");
    add_reviewers(to, package);
    json_object_set_new(facts, "except", json_pack("[s, s]", request->user, review->decider));
    add_notice(txn, (struct notice){.event = OUTBOX_DECIDED_BY_OTHER, .request = request->id}, to, facts);
    notify_outcome(txn, OUTBOX_REVIEW_DONE, request, review, "reviewed");
}

static struct notice new_notice(enum outbox_event event, const struct assignment *assignment, int64_t turn)
{
    return (struct notice){
        .event = event, .request = assignment->request, .assignment = assignment->id, .turn = turn};
}

void notify_holder(struct txn *txn, enum outbox_event event, const struct assignment *assignment,
                   int64_t turn, struct act act)
{
    json_t *facts = view_assignment_facts(txn->engine, assignment);
    notice_set_text(facts, "actor", act.actor);
    notice_set_text(facts, "reason", act.reason);
    add_notice(txn, new_notice(event, assignment, turn), list_name(assignment->user), facts);
}

/*
 * Tells of a state once. Waits for the first retry of a partial assignment: without that a membership that is being
 * written to /etc/group, or drift that is repaired, would cause two notices within a second.
 */
void notify_fulfilment(struct txn *txn, const struct assignment *assignment, const char *detail)
{
    const bool whole = assignment->state == STATE_FULFILLED;
    bool news = false;
    if (!whole && assignment->attempts == 0 && assignment->retry_at > 0)
        return;
    if (txn_ok(txn, store_note_told(txn->store, assignment->id, assignment->state, &news)) && news)
        notify_holder(txn, whole ? OUTBOX_FULFILLED : OUTBOX_PARTIALLY_FULFILLED, assignment, txn_now(txn),
                      (struct act){.reason = whole ? NULL : detail});
}

void notify_end(struct txn *txn, struct assignment *assignment)
{
    const struct package *package = packages_find(txn->engine->packages, assignment->package);
    assignment->notice_at = 0;
    store_update_assignment(txn->store, assignment);
    if (!assignment->begun)
        return;
    json_t *facts = view_assignment_facts(txn->engine, assignment);
    const bool extends = package && package->extension != PACKAGE_EXTENSION_NO;
    const bool reason =
        package && package->justification_required && package->extension != PACKAGE_EXTENSION_ALLOWED;
    char words[NAME_PACKAGE_MAX + 32];
    snprintf(words, sizeof(words), "%s%s", assignment->package, reason ? " -m 'REASON'" : "");
    notice_set_text(facts, extends ? "extend" : "anew", words);
    add_notice(txn, new_notice(OUTBOX_ENDS_SOON, assignment, assignment->span.end),
               list_name(assignment->user), facts);
}
