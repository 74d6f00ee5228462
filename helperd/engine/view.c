/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/engine/view.h"

#include "common/canonical.h"
#include "common/cleanup.h"
#include "common/duration.h"
#include "helperd/lifecycle/texts.h"

#include <errno.h>
#include <string.h>

/* An object under construction; keeps a failure, which is checked once, at the end. */
struct builder {
    json_t *object;
    bool failed;
};

static void set_value(struct builder *builder, const char *key, json_t *value)
{
    if (json_object_set_new(builder->object, key, value) < 0)
        builder->failed = true;
}

static void set_text(struct builder *builder, const char *key, const char *text)
{
    if (text && *text)
        set_value(builder, key, json_string(text));
}

static void set_time(struct builder *builder, const char *key, int64_t time)
{
    if (time > 0)
        set_value(builder, key, json_integer(time));
}

static const char *get_verdict(const struct request *request, const struct decision *decision)
{
    return request->emergency ? "reviewed" : decision->approved ? "approved" : "denied";
}

json_t *view_decision(const struct request *request, const struct decision *decision)
{
    return json_pack("{s:I, s:s, s:s*, s:s, s:s, s:I}", "stage", (json_int_t)decision->stage, "decider",
                     decision->decider, "for", decision->for_user, "verdict", get_verdict(request, decision),
                     "reason", decision->reason ? decision->reason : "", "at", (json_int_t)decision->at);
}

static void set_decisions(struct builder *builder, const struct record *record)
{
    if (record->n_decisions == 0)
        return;
    json_t *array = json_array();
    for (size_t i = 0; i < record->n_decisions; i++)
        if (json_array_append_new(array, view_decision(&record->request, &record->decisions[i])) < 0)
            builder->failed = true;
    set_value(builder, "decisions", array);
}

/* Whether a principal is the requestor, who never decides (rule 5). */
static bool is_requestor(const struct engine *engine, const struct request *request, const char *principal)
{
    const struct named *named = engine->names ? namebook_find(engine->names, principal) : NULL;
    if (*principal == '%')
        return false;
    return named && named->state == NAMED_FOUND ? named->id == request->requestor.uid
                                                : strcmp(principal, request->user) == 0;
}

static json_t *list_asked(const struct engine *engine, const struct request *request, char *const *principals)
{
    json_t *asked = json_array();
    for (; asked && principals && *principals; principals++)
        if (!is_requestor(engine, request, *principals) &&
            json_array_append_new(asked, json_string(*principals)) < 0) {
            json_decref(asked);
            return NULL;
        }
    return asked;
}

static void set_approvers(struct builder *builder, const struct engine *engine, const struct record *record)
{
    const struct stage *stage = &record->stage;
    json_t *approvers = list_asked(engine, &record->request, stage->approvers);
    if (policy_escalated(stage, clock_now(&engine->clock))) {
        json_t *fallback = list_asked(engine, &record->request, stage->fallback_approvers);
        if (json_array_extend(approvers, fallback) < 0)
            builder->failed = true;
        json_decref(fallback);
    }
    set_value(builder, "stage", json_integer(record->request.stage));
    set_value(builder, "stages", json_integer(record->request.n_stages));
    set_value(builder, "quorum", json_integer(stage->quorum));
    set_value(builder, "approvers", approvers);
    set_time(builder, "escalated", stage->escalated);
    if (record->request.state == STATE_PENDING_APPROVAL && record->request.undecidable) {
        set_value(builder, "undecidable", json_true());
        set_text(builder, "undecidable_why", record->request.undecidable);
    }
}

static void set_problems(struct builder *builder, const struct record *record)
{
    json_t *problems = json_array();
    for (size_t i = 0; i < record->n_grants; i++) {
        const struct grant *grant = &record->grants[i];
        if (grant->problem &&
            json_array_append_new(problems, json_sprintf("%s: %s", grant->group, grant->problem)) < 0)
            builder->failed = true;
    }
    set_value(builder, "problems", problems);
}

/* When it ends or ended; who revoked it and why, which its user reads. */
static void set_end(struct builder *builder, const struct assignment *assignment)
{
    const int64_t planned = assignment->span.end, ended = assignment->ended;
    const int64_t end = ended && ended < planned ? ended : planned;
    if (end != GRANT_FOREVER)
        set_time(builder, "assignment_end", end);
    set_time(builder, "revoked", ended);
    set_text(builder, "revoked_by", assignment->ended_by);
    set_text(builder, "revoke_reason", assignment->end_reason);
}

/* Sessions and processes that the end of the access did not end, one a line. */
static void set_remaining(struct builder *builder, const struct record *record)
{
    json_t *lines = json_array();
    for (const char *line = record->remaining; line && *line;) {
        const size_t length = strcspn(line, "\n");
        if (json_array_append_new(lines, json_stringn(line, length)) < 0)
            builder->failed = true;
        line += length + (line[length] == '\n');
    }
    if (json_array_size(lines) > 0)
        set_value(builder, "remaining", lines);
    else
        json_decref(lines);
}

static void set_assignment(struct builder *builder, const struct record *record)
{
    const struct assignment *assignment = &record->assignment;
    if (assignment->id == 0)
        return;
    set_value(builder, "assignment", json_integer(assignment->id));
    set_time(builder, "assignment_start", assignment->span.start);
    set_end(builder, assignment);
    set_remaining(builder, record);
    if (assignment->state != STATE_PARTIALLY_FULFILLED)
        return;
    set_problems(builder, record);
    if (assignment->retry_at == 0)
        set_value(builder, "needs_retry", json_true());
}

/* The groups of a live assignment, whatever packages.d has now. */
static void set_held_groups(struct builder *builder, const struct record *record)
{
    json_t *groups = json_array();
    for (size_t i = 0; i < record->n_grants; i++)
        if (json_array_append_new(groups, json_string(record->grants[i].group)) < 0)
            builder->failed = true;
    set_value(builder, "groups", groups);
}

/* What an approval would give. */
static void set_given_groups(struct builder *builder, const struct record *record,
                             const struct package *package)
{
    _cleanup_free_ char **groups = request_groups(&record->request, package, record_is_bound(record));
    if (groups)
        set_value(builder, "groups", texts_new(groups));
    else
        builder->failed = true;
}

static void set_package_members(struct builder *builder, const struct record *record,
                                const struct packages *packages)
{
    const struct package *package = packages_find(packages, record->request.package);
    const bool held =
        record->n_grants > 0 && record->assignment.id && assignment_is_live(record->assignment.state);
    set_value(builder, "package", json_string(record->request.package));
    if (package)
        set_text(builder, "description", package->description);
    else
        set_value(builder, "undefined", json_true());
    if (held)
        set_held_groups(builder, record);
    else if (package)
        set_given_groups(builder, record, package);
}

static void set_origin(struct builder *builder, const struct request *request)
{
    set_text(builder, "service", request->service);
    set_text(builder, "host", request->host);
    set_text(builder, "address", request->address);
    set_text(builder, "tty", request->tty);
    set_value(builder, "origin", json_string(request->origin_verified ? "verified" : "claimed"));
}

/* Of the text that is decided about. */
static void set_digest(struct builder *builder, const struct engine *engine, const struct record *record,
                       bool with_text)
{
    char digest[CANONICAL_DIGEST_MAX];
    _cleanup_free_ char *text = record_text(engine, record);
    if (!text || !canonical_digest(text, digest)) {
        builder->failed = true;
        return;
    }
    set_text(builder, "digest", digest);
    if (with_text)
        set_value(builder, "text", json_string(text));
}

/* Whether the caller may decide it now, and in whose name. */
static void set_may_decide(struct builder *builder, const struct record *record,
                           const struct packages *packages, const struct policy_decider *caller, int64_t now)
{
    const struct policy_pending pending = record_pending(packages, record);
    const struct policy_delegator *for_whom = NULL;
    const bool may = record->request.state == STATE_PENDING_APPROVAL && caller->subject &&
                     policy_decide_as(&pending, caller, now, &for_whom) == POLICY_DECIDE_ALLOWED;
    set_value(builder, "may_decide", json_boolean(may));
    if (for_whom)
        set_text(builder, "decides_for", for_whom->subject->name);
}

static json_t *list_reviewers(const struct engine *engine, const struct request *request)
{
    const struct package *package = packages_find(engine->packages, request->package);
    json_t *all = json_array();
    for (size_t i = 0; package && i < package->n_stages; i++) {
        json_t *approvers = list_asked(engine, request, package->stages[i].approvers);
        json_t *fallback = list_asked(engine, request, package->stages[i].fallback_approvers);
        const int r = json_array_extend(all, approvers) | json_array_extend(all, fallback);
        json_decref(approvers);
        json_decref(fallback);
        if (r < 0) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}

static void set_emergency(struct builder *builder, const struct engine *engine, const struct record *record,
                          const struct policy_decider *caller)
{
    const struct request *request = &record->request;
    const struct package *package = packages_find(engine->packages, request->package);
    const struct policy_delegator *for_whom = NULL;
    set_value(builder, "emergency", json_true());
    set_time(builder, "reviewed", request->reviewed);
    if (request->reviewed)
        return;
    set_value(builder, "needs_review", json_true());
    set_value(builder, "reviewers", list_reviewers(engine, request));
    set_value(builder, "may_review",
              json_boolean(package && caller->subject &&
                           policy_may_review(package, request, caller, &for_whom) == POLICY_DECIDE_ALLOWED));
    if (for_whom)
        set_text(builder, "decides_for", for_whom->subject->name);
}

/* What an approver of an extension decides about: the end that there is, and the one that there would be; and the
 * package's own, where that cuts it. */
static void set_extension(struct builder *builder, const struct engine *engine, const struct request *request)
{
    struct assignment assignment = {0};
    const struct package *package = packages_find(engine->packages, request->package);
    if (store_get_assignment(engine->store, request->extends, &assignment) == 0 &&
        assignment.span.end != GRANT_FOREVER) {
        const int64_t end = policy_extended_end(package, &assignment, request);
        set_time(builder, "present_end", assignment.span.end);
        if (end != GRANT_FOREVER)
            set_time(builder, "new_end", end);
        if (end < policy_extended_end(NULL, &assignment, request))
            set_time(builder, "not_after", package->not_after);
    }
    assignment_deinit(&assignment);
}

/* The package's own end, where it would come before the one that was asked for. */
static void set_last_end(struct builder *builder, const struct request *request,
                         const struct package *package, int64_t now)
{
    const int64_t begin = request->start > now ? request->start : now;
    const int64_t end = duration_after(begin, request->granted ? request->granted : request->duration);
    if (package && policy_last_end(package, request->until) < end && policy_last_end(package, 0) < end)
        set_time(builder, "not_after", package->not_after);
}

static void set_pause(struct builder *builder, const struct request *request, const struct package *package,
                      int64_t now)
{
    if (request->state == STATE_DENIED && package && request->ended + package->cooldown > now)
        set_time(builder, "pause_until", request->ended + package->cooldown);
}

json_t *view_request(const struct engine *engine, const struct record *record,
                     const struct policy_decider *caller, bool with_text)
{
    const struct packages *packages = engine->packages;
    const int64_t now = clock_now(&engine->clock);
    const struct request *request = &record->request;
    const bool pending = request->state == STATE_PENDING_APPROVAL;
    struct builder builder = {.object = json_object()};

    set_value(&builder, "id", json_integer(request->id));
    set_package_members(&builder, record, packages);
    const enum state shown =
        record->assignment.id ? assignment_shown_state(&record->assignment) : request->state;
    set_value(&builder, "state", json_string(state_identifier(shown)));
    set_value(&builder, "request_state", json_string(state_identifier(request->state)));
    set_value(&builder, "user", json_string(request->user));
    set_value(&builder, "uid", json_integer(request->requestor.uid));
    set_text(&builder, "full_name", request->full_name);
    set_text(&builder, "organisation", request->organisation);
    set_text(&builder, "justification", request->justification);
    set_value(&builder, "no_reason_given", json_boolean(request->no_reason_given));
    set_origin(&builder, request);
    set_time(&builder, "submitted", request->submitted);
    set_value(&builder, "duration", json_integer(request->duration));
    set_time(&builder, "granted", request->granted);
    set_time(&builder, "extends", request->extends);
    set_time(&builder, "start", request->start);
    set_time(&builder, "until", request->until);
    if (pending && request->extends)
        set_extension(&builder, engine, request);
    else if (pending || request->waiting)
        set_last_end(&builder, request, packages_find(packages, request->package), now);
    if (pending) {
        set_time(&builder, "expires", request->deadline);
        set_digest(&builder, engine, record, with_text);
    }
    if (request->stage > 0)
        set_approvers(&builder, engine, record);
    if (request->emergency)
        set_emergency(&builder, engine, record, caller);
    set_decisions(&builder, record);
    set_time(&builder, "ended", request->ended);
    set_pause(&builder, request, packages_find(packages, request->package), now);
    set_text(&builder, "cancel_reason", request->cancel_reason);
    set_assignment(&builder, record);
    set_may_decide(&builder, record, packages, caller, now);
    set_value(&builder, "may_cancel",
              json_boolean((pending || request->waiting) && caller->subject &&
                           caller->identity.uid == request->requestor.uid &&
                           strcmp(caller->subject->name, request->user) == 0));

    if (builder.failed) {
        json_decref(builder.object);
        return NULL;
    }
    return builder.object;
}

json_t *view_assignment(const struct assignment *assignment)
{
    json_t *end = assignment->span.end == GRANT_FOREVER ? NULL : json_integer(assignment->span.end);
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o*}", "package", assignment->package, "user",
                     assignment->user, "state", state_identifier(assignment_shown_state(assignment)),
                     "assignment", (json_int_t)assignment->id, "assignment_start",
                     (json_int_t)assignment->span.start, "assignment_end", end);
}

static bool add_principals(json_t *list, char *const *principals)
{
    for (; *principals; principals++)
        if (json_array_append_new(list, json_string(*principals)) < 0)
            return false;
    return true;
}

int view_add_open_to(json_t *principals, const struct package *package)
{
    if (!package->approval_required && !*package->requestors)
        return 1;
    return (package->approval_required || add_principals(principals, package->requestors)) &&
                   add_principals(principals, package->emergency)
               ? 0
               : -ENOMEM;
}

size_t view_bytes(const char *text)
{
    return text ? strlen(text) : 0;
}

int view_set(json_t *view, const char *key, json_t *value)
{
    return json_object_set_new(view, key, value) < 0 ? -ENOMEM : 0;
}
