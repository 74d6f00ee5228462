/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notices: what somebody must hear of is written down in the transaction of the change itself, with what was so at that
 * moment. Who delivers them takes them from the engine (engine/notices.c).
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
static int put_except(struct engine *engine, json_t *facts, const struct request *request, int64_t stage,
                      bool delegators_too)
{
    struct decision *decisions = NULL;
    size_t count = 0;
    json_t *names = json_array();
    const int r = store_get_decisions(engine->store, request->id, &decisions, &count);
    add_name(names, request->user);
    for (size_t i = 0; i < count; i++) {
        if (decisions[i].stage != stage)
            continue;
        add_name(names, decisions[i].decider);
        if (delegators_too && decisions[i].for_user)
            add_name(names, decisions[i].for_user);
    }
    store_free_decisions(decisions, count);
    return json_object_set_new(facts, "except", names) < 0 ? -ENOMEM : r;
}

/* Nobody may be there to deliver them, for ever. */
static int keep_bounded(struct engine *engine, int64_t newest)
{
    int64_t lost = 0;
    const int r = newest > WAITING_MAX ? store_remove_notices(engine->store, newest - WAITING_MAX, &lost) : 0;
    if (lost > 0)
        log_warning("%" PRId64
                    " of the notices that nobody delivered were dropped: more than %d would wait. See: "
                    "systemctl status accesspkg-notify",
                    lost, WAITING_MAX);
    return r;
}

/* Inside a transaction. Takes `to` and `facts`. */
static int put_notice(struct engine *engine, enum outbox_event event, int64_t request, int64_t assignment,
                      int64_t turn, json_t *to, json_t *facts)
{
    struct notice notice = {
        .event = event,
        .request = request,
        .assignment = assignment,
        .turn = turn,
        .at = clock_now(&engine->clock),
        .recipients = json_dumps(to, JSON_COMPACT),
        .facts = json_dumps(facts, JSON_COMPACT),
    };
    int r = notice.recipients && notice.facts ? 0 : -ENOMEM;
    if (r == 0 && json_array_size(to) > 0) {
        r = store_add_notice(engine->store, &notice);
        if (r == 0 && notice.id > 0) {
            engine->noticed = notice.id;
            r = keep_bounded(engine, notice.id);
        }
    }
    notice_deinit(&notice);
    json_decref(to);
    json_decref(facts);
    return r;
}

static json_t *only(const char *name)
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

static int tell_asked(struct engine *engine, enum outbox_event event, const struct request *request,
                      const struct stage *stage, int64_t turn, json_t *to)
{
    json_t *facts = facts_of_request(engine, request);
    put_stage(facts, request, stage);
    const int r = put_except(engine, facts, request, stage->number, true);
    if (r == 0)
        return put_notice(engine, event, request->id, 0, turn, to, facts);
    json_decref(to);
    json_decref(facts);
    return r;
}

int engine_tell_stage(struct engine *engine, const struct request *request, const struct stage *stage)
{
    json_t *to = json_array();
    add_names(to, stage->approvers);
    const int r =
        store_set_reminder(engine->store, request->id, clock_now(&engine->clock) + stage->timeout / 2);
    if (r == 0)
        return tell_asked(engine, OUTBOX_REQUEST_WAITS, request, stage, stage->number, to);
    json_decref(to);
    return r;
}

int engine_tell_escalated(struct engine *engine, const struct request *request, const struct stage *stage)
{
    json_t *to = json_array();
    add_names(to, stage->fallback_approvers);
    return tell_asked(engine, OUTBOX_REQUEST_WAITS, request, stage, stage->number, to);
}

int engine_remind_due(struct engine *engine, const struct request *request)
{
    const int64_t now = clock_now(&engine->clock);
    struct stage stage = {0};
    int r = store_get_stage(engine->store, request->id, request->stage, &stage);
    if (r != 0)
        return r < 0 ? r : -EIO;
    /* Once when both times have passed while nobody looked. */
    const int64_t last = stage.entered + stage.timeout - stage.timeout / 10;
    const bool is_last = now >= last;
    r = store_set_reminder(engine->store, request->id, is_last ? 0 : last);
    if (r == 0)
        r = tell_asked(engine, OUTBOX_REMINDER, request, &stage, 2 * stage.number + is_last,
                       asked_by(&stage, now));
    stage_deinit(&stage);
    return r;
}

int engine_tell_decision(struct engine *engine, const struct record *record, const struct decision *decision)
{
    const struct request *request = &record->request;
    const char *verdict = decision->approved ? "approved" : "denied";
    json_t *facts = facts_of_request(engine, request);
    put_stage(facts, request, &record->stage);
    put_decision(facts, decision, verdict);
    int r = put_except(engine, facts, request, record->stage.number, false);
    if (r < 0) {
        json_decref(facts);
        return r;
    }
    r = put_notice(engine, OUTBOX_DECIDED_BY_OTHER, request->id, 0, record->stage.number,
                   asked_by(&record->stage, decision->at), facts);
    if (r < 0 || request->state == STATE_PENDING_APPROVAL)
        return r;
    facts = facts_of_request(engine, request);
    put_decision(facts, decision, verdict);
    return put_notice(engine, decision->approved ? OUTBOX_APPROVED : OUTBOX_DENIED, request->id, 0, 0,
                      only(request->user), facts);
}

int engine_tell_requestor(struct engine *engine, enum outbox_event event, const struct request *request,
                          const char *actor, const char *reason)
{
    json_t *facts = facts_of_request(engine, request);
    char words[NAME_PACKAGE_MAX + 32];
    snprintf(words, sizeof(words), "%s -m 'REASON'", request->package);
    notice_put_text(facts, request->extends ? "extend" : "anew", words);
    notice_put_text(facts, "actor", actor);
    notice_put_text(facts, "reason", reason);
    return put_notice(engine, event, request->id, 0, 0, only(request->user), facts);
}

int engine_tell_emergency(struct engine *engine, const struct request *request, const struct package *package)
{
    json_t *to = json_array();
    json_t *facts = facts_of_request(engine, request);
    add_reviewers(to, package);
    json_object_set_new(facts, "except", only(request->user));
    return put_notice(engine, OUTBOX_EMERGENCY, request->id, 0, 0, to, facts);
}

int engine_tell_review(struct engine *engine, const struct request *request, const struct package *package,
                       const struct decision *review)
{
    json_t *to = json_array();
    json_t *facts = facts_of_request(engine, request);
    put_decision(facts, review, "reviewed");
    add_reviewers(to, package);
    json_object_set_new(facts, "except", json_pack("[s, s]", request->user, review->decider));
    const int r = put_notice(engine, OUTBOX_DECIDED_BY_OTHER, request->id, 0, 0, to, facts);
    if (r < 0)
        return r;
    facts = facts_of_request(engine, request);
    put_decision(facts, review, "reviewed");
    return put_notice(engine, OUTBOX_REVIEW_DONE, request->id, 0, 0, only(request->user), facts);
}

int engine_tell_holder(struct engine *engine, enum outbox_event event, const struct assignment *assignment,
                       int64_t turn, const char *actor, const char *reason)
{
    json_t *facts = facts_of_assignment(engine, assignment);
    notice_put_text(facts, "actor", actor);
    notice_put_text(facts, "reason", reason);
    return put_notice(engine, event, assignment->request, assignment->id, turn, only(assignment->user),
                      facts);
}

/*
 * Told when it is another state than was told last. What falls short is first tried once more: a membership that is
 * being written to /etc/group, or drift that is repaired, would be told of twice within a second.
 */
int engine_tell_place(struct engine *engine, const struct assignment *assignment, const char *detail)
{
    const bool whole = assignment->state == STATE_FULFILLED;
    bool news = false;
    if (!whole && assignment->attempts == 0 && assignment->retry_at > 0)
        return 0;
    const int r = store_note_told(engine->store, assignment->id, assignment->state, &news);
    if (r < 0 || !news)
        return r;
    return engine_tell_holder(engine, whole ? OUTBOX_FULFILLED : OUTBOX_PARTIALLY_FULFILLED, assignment,
                              clock_now(&engine->clock), NULL, whole ? NULL : detail);
}

int engine_notice_due(struct engine *engine, struct assignment *assignment)
{
    const struct package *package = packages_find(engine->packages, assignment->package);
    assignment->notice_at = 0;
    int r = store_update_assignment(engine->store, assignment);
    if (r < 0 || !assignment->begun)
        return r;
    json_t *facts = facts_of_assignment(engine, assignment);
    const bool extends = package && package->extension != PACKAGE_EXTENSION_NO;
    const bool reason =
        package && package->justification_required && package->extension != PACKAGE_EXTENSION_ALLOWED;
    char words[NAME_PACKAGE_MAX + 32];
    snprintf(words, sizeof(words), "%s%s", assignment->package, reason ? " -m 'REASON'" : "");
    notice_put_text(facts, extends ? "extend" : "anew", words);
    return put_notice(engine, OUTBOX_ENDS_SOON, assignment->request, assignment->id, assignment->span.end,
                      only(assignment->user), facts);
}
