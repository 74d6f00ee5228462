/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's notices: what somebody must hear of is written down in the transaction of the change itself, with what was
 * so at that moment, and stays until accesspkg-notify says that it was delivered. Tells nobody anything itself.
 */
#include "helperd/engine/internal.h"

#include "common/cleanup.h"
#include "common/hostname.h"
#include "common/log.h"
#include "common/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAITING_MAX =
        50000, /* notices that wait while nobody delivers them; of more the oldest are lost, which is logged */
    TAKE_MAX = 64,
    STALE_MAX = 512,
    SHOWN_MAX = 1024,
    FAILURE_MAX = 512,
};

/* ---- facts ---- */

/* The daemon's texts are UTF-8; a user's name is whatever the directory says. */
static void put_text(json_t *facts, const char *key, const char *text)
{
    char visible[SHOWN_MAX];
    if (!text || !*text)
        return;
    json_object_set_new(
        facts, key, json_string(text_is_utf8(text) ? text : text_visible(text, visible, sizeof(visible))));
}

static void put_number(json_t *facts, const char *key, int64_t number)
{
    if (number > 0)
        json_object_set_new(facts, key, json_integer(number));
}

static void put_package(const struct engine *engine, json_t *facts, const char *name)
{
    const struct package *package = packages_find(engine->packages, name);
    put_text(facts, "package", name);
    if (package)
        put_text(facts, "description", package->description);
}

static json_t *facts_of_request(const struct engine *engine, const struct request *request)
{
    json_t *facts = json_object();
    put_package(engine, facts, request->package);
    put_text(facts, "user", request->user);
    put_text(facts, "full_name", request->full_name);
    put_text(facts, "organisation", request->organisation);
    put_text(facts, "justification", request->justification);
    put_text(facts, "service", request->service);
    put_text(facts, "from_host", request->host);
    put_text(facts, "address", request->address);
    put_text(facts, "tty", request->tty);
    put_number(facts, "duration", request->granted ? request->granted : request->duration);
    put_number(facts, "start", request->start);
    put_number(facts, "submitted", request->submitted);
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
    put_text(facts, "user", assignment->user);
    if (assignment->span.end == GRANT_FOREVER)
        json_object_set_new(facts, "unlimited", json_true());
    else
        put_number(facts, "until", assignment->span.end);
    return facts;
}

static void put_stage(json_t *facts, const struct request *request, const struct stage *stage)
{
    put_number(facts, "stage", stage->number);
    put_number(facts, "stages", request->n_stages);
    put_number(facts, "deadline", request->deadline);
}

static void put_decision(json_t *facts, const struct decision *decision, const char *verdict)
{
    put_text(facts, "decider", decision->decider);
    put_text(facts, "decided_for", decision->for_user);
    put_text(facts, "verdict", verdict);
    put_text(facts, "reason", decision->reason);
}

/* ---- who hears it ---- */

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

/* ---- writing ---- */

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

/* ---- requests ---- */

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
    put_text(facts, request->extends ? "extend" : "anew", words);
    put_text(facts, "actor", actor);
    put_text(facts, "reason", reason);
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

/* ---- assignments ---- */

int engine_tell_holder(struct engine *engine, enum outbox_event event, const struct assignment *assignment,
                       int64_t turn, const char *actor, const char *reason)
{
    json_t *facts = facts_of_assignment(engine, assignment);
    put_text(facts, "actor", actor);
    put_text(facts, "reason", reason);
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
    put_text(facts, extends ? "extend" : "anew", words);
    return put_notice(engine, OUTBOX_ENDS_SOON, assignment->request, assignment->id, assignment->span.end,
                      only(assignment->user), facts);
}

/* ---- delivery ---- */

/* It waits no longer, or for others: who asks to decide it now would only be a nuisance. */
static int is_stale(struct engine *engine, const struct notice *notice, const json_t *facts, bool *ret)
{
    struct request request = {0};
    *ret = notice->event == OUTBOX_EVENT_COUNT;
    if (notice->event != OUTBOX_REQUEST_WAITS && notice->event != OUTBOX_REMINDER)
        return 0;
    const int r = store_get_request(engine->store, notice->request, &request);
    *ret = r > 0 || request.state != STATE_PENDING_APPROVAL ||
           request.stage != json_integer_value(json_object_get(facts, "stage"));
    request_deinit(&request);
    return r < 0 ? r : 0;
}

/* Who decides in whose name now: "bob", "dave" where dave does in bob's. */
static json_t *list_delegates(struct engine *engine)
{
    struct delegation *live = NULL;
    size_t count = 0;
    json_t *pairs = json_array();
    if (store_get_delegations(engine->store, STORE_DELEGATIONS_ALL, UID_UNSET, clock_now(&engine->clock),
                              &live, &count) < 0)
        return pairs;
    for (size_t i = 0; i < count; i++)
        if (text_is_utf8(live[i].user) && text_is_utf8(live[i].delegate)) {
            json_array_append_new(pairs, json_string(live[i].user));
            json_array_append_new(pairs, json_string(live[i].delegate));
        }
    store_free_delegations(live, count);
    return pairs;
}

static json_t *split(const char *text, char separator)
{
    json_t *array = json_array();
    while (text && *text) {
        const char *end = strchrnul(text, separator);
        if (end > text)
            json_array_append_new(array, json_stringn(text, (size_t)(end - text)));
        text = *end ? end + 1 : end;
    }
    return array;
}

/* Takes the facts. NULL when it could not be found out whom it is for. */
static json_t *view_notice(struct engine *engine, const struct notice *notice, json_t *facts)
{
    char host[HOSTNAME_TEXT_MAX];
    json_t *recipients = json_loads(notice->recipients, 0, NULL);
    if (engine_add_holders(engine, recipients) < 0) {
        json_decref(recipients);
        json_decref(facts);
        return NULL;
    }
    hostname_visible(host);
    put_text(facts, "host", host);
    put_number(facts, "id", notice->id);
    put_number(facts, "request", notice->request);
    put_number(facts, "assignment", notice->assignment);
    put_number(facts, "time", notice->at);
    put_text(facts, "event", outbox_identifier(notice->event));
    json_object_set_new(facts, "recipients", recipients);
    json_object_set_new(facts, "done", split(notice->done, '/'));
    if (outbox_audience(notice->event) != OUTBOX_REQUESTOR)
        json_object_set_new(facts, "delegates", list_delegates(engine));
    return facts;
}

/* Those that nobody needs any more go together: a commit each would keep callers waiting. */
struct stale {
    int64_t ids[STALE_MAX];
    size_t count;
};

static int drop_stale(struct engine *engine, struct stale *stale)
{
    int r = stale->count > 0 ? engine_begin(engine) : 0;
    if (r < 0 || stale->count == 0)
        return r;
    for (size_t i = 0; r == 0 && i < stale->count; i++)
        r = store_remove_notice(engine->store, stale->ids[i]);
    stale->count = 0;
    return engine_end(engine, r);
}

/* The next one behind *after, to the array or to those that go. 0, STORE_E_NONE, -errno. */
static int take_next(struct engine *engine, int64_t *after, json_t *array, struct stale *stale)
{
    struct notice notice = {0};
    bool is_old = false;
    int r = store_next_notice(engine->store, *after, &notice);
    if (r != 0)
        return r;
    *after = notice.id;
    json_t *facts = json_loads(notice.facts, 0, NULL);
    r = facts ? is_stale(engine, &notice, facts, &is_old) : -ENOMEM;
    if (r == 0 && is_old)
        stale->ids[stale->count++] = notice.id;
    else if (r == 0 && json_array_append_new(array, view_notice(engine, &notice, json_incref(facts))) < 0)
        r = -ENOMEM;
    json_decref(facts);
    notice_deinit(&notice);
    if (r == 0 && stale->count == STALE_MAX)
        r = drop_stale(engine, stale);
    return r;
}

int engine_take_notices(struct engine *engine, int64_t after, int64_t limit, struct reply *reply)
{
    const size_t most = limit > 0 && limit < TAKE_MAX ? (size_t)limit : TAKE_MAX;
    json_t *array = json_array();
    struct stale stale = {.count = 0};
    int r = engine_tick(engine);
    while (r == 0 && json_array_size(array) < most)
        r = take_next(engine, &after, array, &stale);
    if (r >= 0)
        r = drop_stale(engine, &stale);
    if (r < 0) {
        json_decref(array);
        return r;
    }
    reply->value = array;
    return 0;
}

/* Inside a transaction. */
static int finish_notice(struct engine *engine, const struct notice *notice, const char *message)
{
    const int r = store_remove_notice(engine->store, notice->id);
    if (r < 0 || !*message)
        return r;
    log_warning("Notice %" PRId64 " (%s) is given up: %s", notice->id, outbox_identifier(notice->event),
                message);
    return engine_audit(engine, "accesspkgd", &NOBODY, "undelivered", notice->request, notice->assignment,
                        message);
}

static int note_hook(struct engine *engine, struct notice *notice, const char *hook, bool ok,
                     const char *message)
{
    char *done = NULL;
    if (ok) {
        if (asprintf(&done, "%s%s/", notice->done ? notice->done : "", hook) < 0)
            return -ENOMEM;
        free(notice->done);
        notice->done = done;
    } else {
        free(notice->failure);
        notice->failure = strdup(message);
        notice->failed_at = clock_now(&engine->clock);
        notice->attempts++;
        if (!notice->failure)
            return -ENOMEM;
    }
    return store_update_notice(engine->store, notice);
}

int engine_notice_done(struct engine *engine, int64_t id, const char *hook, bool ok, const char *message,
                       struct reply *reply)
{
    struct notice notice = {0};
    char visible[FAILURE_MAX];
    text_visible(message, visible, sizeof(visible));
    if (strchr(hook, '/') || strlen(hook) > NAME_ENCODED_MAX)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                             "'%s' cannot be the name of a program in notify.d.",
                             text_visible(hook, visible, sizeof(visible)));
    int r = store_get_notice(engine->store, id, &notice);
    const bool known = r == 0;
    if (known)
        r = engine_begin(engine);
    if (known && r == 0)
        r = engine_end(engine, *hook ? note_hook(engine, &notice, hook, ok, visible)
                                     : finish_notice(engine, &notice, visible));
    notice_deinit(&notice);
    if (r < 0)
        return r;
    reply->value = json_boolean(known); /* rule 7: said twice it is done once */
    return 0;
}
