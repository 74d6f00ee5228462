/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notices: what somebody must hear of is written down in the transaction of the change itself, with what was so at that
 * moment. Who delivers them takes them from the engine (engine/delivery.c).
 */
#include "helperd/lifecycle/lifecycle.h"

#include "common/log.h"
#include "common/names.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum {
    WAITING_MAX = 50000, /* while nobody delivers them; of more the oldest are lost, which is logged */
    SHOWN_MAX = 1024,
};

/* The daemon's texts are UTF-8; a user's name is whatever the directory says. */
void notice_put_text(json_t *facts, const char *key, const char *text)
{
    char visible[SHOWN_MAX];
    if (!text || !*text)
        return;
    json_object_set_new(
        facts, key, json_string(text_is_utf8(text) ? text : text_visible(text, visible, sizeof(visible))));
}

void notice_put_number(json_t *facts, const char *key, int64_t number)
{
    if (number > 0)
        json_object_set_new(facts, key, json_integer(number));
}

static void put_package(const struct engine *engine, json_t *facts, const char *name)
{
    const struct package *package = packages_find(engine->packages, name);
    notice_put_text(facts, "package", name);
    if (package)
        notice_put_text(facts, "description", package->description);
}

static json_t *facts_of_request(const struct engine *engine, const struct request *request)
{
    json_t *facts = json_object();
    put_package(engine, facts, request->package);
    notice_put_text(facts, "user", request->user);
    notice_put_text(facts, "full_name", request->full_name);
    notice_put_text(facts, "organisation", request->organisation);
    notice_put_text(facts, "justification", request->justification);
    notice_put_text(facts, "service", request->service);
    notice_put_text(facts, "from_host", request->host);
    notice_put_text(facts, "address", request->address);
    notice_put_text(facts, "tty", request->tty);
    notice_put_number(facts, "duration", request->granted ? request->granted : request->duration);
    notice_put_number(facts, "start", request->start);
    notice_put_number(facts, "submitted", request->submitted);
    if (request->extends)
        json_object_set_new(facts, "extension", json_true());
    if (request->emergency)
        json_object_set_new(facts, "emergency", json_true());
    if (request->no_reason_given)
        json_object_set_new(facts, "no_reason_given", json_true());
    return facts;
}

static json_t *facts_of_assignment(const struct engine *engine, const struct assignment *assignment)
{
    json_t *facts = json_object();
    put_package(engine, facts, assignment->package);
    notice_put_text(facts, "user", assignment->user);
    if (assignment->span.end == GRANT_FOREVER)
        json_object_set_new(facts, "unlimited", json_true());
    else
        notice_put_number(facts, "until", assignment->span.end);
    return facts;
}

static void put_stage(json_t *facts, const struct request *request, const struct stage *stage)
{
    notice_put_number(facts, "stage", stage->number);
    notice_put_number(facts, "stages", request->n_stages);
    notice_put_number(facts, "deadline", request->deadline);
}

static void put_decision(json_t *facts, const struct decision *decision, const char *verdict)
{
    notice_put_text(facts, "decider", decision->decider);
    notice_put_text(facts, "decided_for", decision->for_user);
    notice_put_text(facts, "verdict", verdict);
    notice_put_text(facts, "reason", decision->reason);
}

static void add_name(json_t *names, const char *name)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        if (strcmp(json_string_value(json_array_get(names, i)), name) == 0)
            return;
    json_array_append_new(names, json_string(name));
}

static void add_names(json_t *names, char *const *more)
{
    for (; more && *more; more++)
        add_name(names, *more);
}

/* Those whom the stage asks now. */
static json_t *asked_by(const struct stage *stage, int64_t now)
{
    json_t *names = json_array();
    add_names(names, stage->approvers);
    if (policy_escalated(stage, now))
        add_names(names, stage->fallback_approvers);
    return names;
}

/* Who has said what they have to say in this stage, and the requestor, who says nothing (rule 5). */
static void put_except(struct txn *txn, json_t *facts, const struct request *request, int64_t stage,
                       bool delegators_too)
{
    struct decision *decisions = NULL;
    size_t count = 0;
    json_t *names = json_array();
    txn_ok(txn, store_get_decisions(txn->store, request->id, &decisions, &count));
    add_name(names, request->user);
    for (size_t i = 0; i < count; i++) {
        if (decisions[i].stage != stage)
            continue;
        add_name(names, decisions[i].decider);
        if (delegators_too && decisions[i].for_user)
            add_name(names, decisions[i].for_user);
    }
    store_free_decisions(decisions, count);
    txn_ok(txn, json_object_set_new(facts, "except", names) < 0 ? -ENOMEM : 0);
}

/* The notifier may be away for ever. */
static void keep_bounded(struct txn *txn, int64_t newest)
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

/* `notice` has event, request, assignment, turn. Takes `to` and `facts`. */
static void put_notice(struct txn *txn, struct notice notice, json_t *to, json_t *facts)
{
    notice.at = txn_now(txn);
    notice.recipients = json_dumps(to, JSON_COMPACT);
    notice.facts = json_dumps(facts, JSON_COMPACT);
    if (txn_ok(txn, notice.recipients && notice.facts ? 0 : -ENOMEM) && json_array_size(to) > 0 &&
        txn_ok(txn, store_add_notice(txn->store, &notice)) && notice.id > 0) {
        txn->noticed = notice.id;
        keep_bounded(txn, notice.id);
    }
    notice_deinit(&notice);
    json_decref(to);
    json_decref(facts);
}

static json_t *list_of(const char *name)
{
    json_t *names = json_array();
    add_name(names, name);
    return names;
}

/* Who may review an emergency: those who decide in any stage, its fallback approvers at once. */
static void add_reviewers(json_t *names, const struct package *package)
{
    for (size_t i = 0; i < package->n_stages; i++) {
        add_names(names, package->stages[i].approvers);
        add_names(names, package->stages[i].fallback_approvers);
    }
}

static void notify_approvers(struct txn *txn, struct notice notice, const struct request *request,
                             const struct stage *stage, json_t *to)
{
    json_t *facts = facts_of_request(txn->engine, request);
    put_stage(facts, request, stage);
    put_except(txn, facts, request, stage->number, true);
    notice.request = request->id;
    put_notice(txn, notice, to, facts);
}

void notify_stage(struct txn *txn, const struct request *request, const struct stage *stage)
{
    json_t *to = json_array();
    add_names(to, stage->approvers);
    store_set_reminder(txn->store, request->id, txn_now(txn) + stage->timeout / 2);
    notify_approvers(txn, (struct notice){.event = OUTBOX_REQUEST_WAITS, .turn = stage->number}, request,
                     stage, to);
}

void notify_escalated(struct txn *txn, const struct request *request, const struct stage *stage)
{
    json_t *to = json_array();
    add_names(to, stage->fallback_approvers);
    notify_approvers(txn, (struct notice){.event = OUTBOX_REQUEST_WAITS, .turn = stage->number}, request,
                     stage, to);
}

void notify_reminder(struct txn *txn, struct request *request)
{
    const int64_t now = txn_now(txn);
    struct stage stage = {0};
    if (txn_ok(txn, store_get_stage(txn->store, request->id, request->stage, &stage))) {
        /* Once when both times have passed while nobody looked. */
        const int64_t last = stage.entered + stage.timeout - stage.timeout / 10;
        const bool is_last = now >= last;
        store_set_reminder(txn->store, request->id, is_last ? 0 : last);
        notify_approvers(txn, (struct notice){.event = OUTBOX_REMINDER, .turn = 2 * stage.number + is_last},
                         request, &stage, asked_by(&stage, now));
    }
    stage_deinit(&stage);
}

/* The requestor hears what became of the request. */
static void notify_of_decision(struct txn *txn, enum outbox_event event, const struct request *request,
                               const struct decision *decision, const char *verdict)
{
    json_t *facts = facts_of_request(txn->engine, request);
    put_decision(facts, decision, verdict);
    put_notice(txn, (struct notice){.event = event, .request = request->id}, list_of(request->user), facts);
}

void notify_decision(struct txn *txn, const struct record *record, const struct decision *decision)
{
    const struct request *request = &record->request;
    const char *verdict = decision->approved ? "approved" : "denied";
    json_t *facts = facts_of_request(txn->engine, request);
    put_stage(facts, request, &record->stage);
    put_decision(facts, decision, verdict);
    put_except(txn, facts, request, record->stage.number, false);
    put_notice(txn,
               (struct notice){
                   .event = OUTBOX_DECIDED_BY_OTHER, .request = request->id, .turn = record->stage.number},
               asked_by(&record->stage, decision->at), facts);
    if (request->state != STATE_PENDING_APPROVAL)
        notify_of_decision(txn, decision->approved ? OUTBOX_APPROVED : OUTBOX_DENIED, request, decision,
                           verdict);
}

void notify_requestor(struct txn *txn, enum outbox_event event, const struct request *request, struct act act)
{
    json_t *facts = facts_of_request(txn->engine, request);
    char words[NAME_PACKAGE_MAX + 32];
    snprintf(words, sizeof(words), "%s -m 'REASON'", request->package);
    notice_put_text(facts, request->extends ? "extend" : "anew", words);
    notice_put_text(facts, "actor", act.actor);
    notice_put_text(facts, "reason", act.reason);
    put_notice(txn, (struct notice){.event = event, .request = request->id}, list_of(request->user), facts);
}

void notify_emergency(struct txn *txn, const struct request *request, const struct package *package)
{
    json_t *to = json_array();
    json_t *facts = facts_of_request(txn->engine, request);
    add_reviewers(to, package);
    json_object_set_new(facts, "except", list_of(request->user));
    put_notice(txn, (struct notice){.event = OUTBOX_EMERGENCY, .request = request->id}, to, facts);
}

void notify_review(struct txn *txn, const struct request *request, const struct package *package,
                   const struct decision *review)
{
    json_t *to = json_array();
    json_t *facts = facts_of_request(txn->engine, request);
    put_decision(facts, review, "reviewed");
    add_reviewers(to, package);
    json_object_set_new(facts, "except", json_pack("[s, s]", request->user, review->decider));
    put_notice(txn, (struct notice){.event = OUTBOX_DECIDED_BY_OTHER, .request = request->id}, to, facts);
    notify_of_decision(txn, OUTBOX_REVIEW_DONE, request, review, "reviewed");
}

static struct notice notice_of(enum outbox_event event, const struct assignment *assignment, int64_t turn)
{
    return (struct notice){
        .event = event, .request = assignment->request, .assignment = assignment->id, .turn = turn};
}

void notify_holder(struct txn *txn, enum outbox_event event, const struct assignment *assignment,
                   int64_t turn, struct act act)
{
    json_t *facts = facts_of_assignment(txn->engine, assignment);
    notice_put_text(facts, "actor", act.actor);
    notice_put_text(facts, "reason", act.reason);
    put_notice(txn, notice_of(event, assignment, turn), list_of(assignment->user), facts);
}

/*
 * Told when it is another state than was told last. What falls short is first tried once more: a membership that is
 * being written to /etc/group, or drift that is repaired, would be told of twice within a second.
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
    json_t *facts = facts_of_assignment(txn->engine, assignment);
    const bool extends = package && package->extension != PACKAGE_EXTENSION_NO;
    const bool reason =
        package && package->justification_required && package->extension != PACKAGE_EXTENSION_ALLOWED;
    char words[NAME_PACKAGE_MAX + 32];
    snprintf(words, sizeof(words), "%s%s", assignment->package, reason ? " -m 'REASON'" : "");
    notice_put_text(facts, extends ? "extend" : "anew", words);
    put_notice(txn, notice_of(OUTBOX_ENDS_SOON, assignment, assignment->span.end), list_of(assignment->user),
               facts);
}
