/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transitions of an assignment: fulfilled, wholly or partially, resolved again, extended, finished. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/cleanup.h"
#include "common/duration.h"
#include "common/log.h"
#include "common/names.h"
#include "helperd/lifecycle/narrow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void assignment_move(struct txn *txn, struct assignment *assignment, enum assignment_event event)
{
    const enum state next = assignment_next(assignment->state, event);
    if (next == STATE_NONE) {
        log_error("Assignment %" PRId64 " is %s: the event %s is not allowed and was refused.",
                  assignment->id, state_shown(assignment->state), assignment_event_text(event));
        txn_ok(txn, -EPROTO);
        return;
    }
    assignment->state = next;
}

/* Why the group cannot be put in place; NULL: it can. The NSS module accepts only groups on root's allow-list. */
static const char *find_problem(const struct engine *engine, const struct fact_group *group)
{
    char allowed[NAME_ENCODED_MAX + 1];
    if (!group || !group->known)
        return "it could not be looked up, for its directory does not answer; it is tried again";
    if (group->gid == GID_UNSET)
        return "there is no such group on this host (an administrator makes it, then runs: pkg-admin reload)";
    if (group->gid == 0)
        return "its number is 0, which no package may give";
    if (!group->local && engine->config->membership == CONFIG_MEMBERSHIP_FILES)
        return "it is a directory's, and with membership = files packages give groups of /etc/group alone";
    if (grantdir_allowed_name(engine->state, group->gid, allowed, sizeof(allowed)) < 0 ||
        strcmp(allowed, group->name) != 0)
        return "it is not on the allow-list (an administrator runs: pkg-admin reload)";
    return NULL;
}

static int say_alias(gid_t gid, const char *alias, char **ret)
{
    if (asprintf(ret, "its number %u is the group %s's now", gid, alias) >= 0)
        return 0;
    *ret = NULL;
    return -ENOMEM;
}

int group_problem(const struct engine *engine, const struct facts *facts, const char *name,
                  char **ret_problem)
{
    const struct fact_group *group = facts ? facts_group(facts, name) : NULL;
    if (group && group->alias)
        return say_alias(group->gid, group->alias, ret_problem);
    const char *problem = facts ? find_problem(engine, group) : "it is being put in place";
    *ret_problem = problem ? strdup(problem) : NULL;
    return problem && !*ret_problem ? -ENOMEM : 0;
}

static bool is_whole(const struct grants *grants)
{
    for (size_t i = 0; i < grants->count; i++)
        if (grants->items[i].problem)
            return false;
    return true;
}

/* A grant stays in place when its group could not be looked up, or was not found and had been in a directory, which may
 * be away. *ret_alias: another group that has its gid now; NULL: none. */
static bool stays(const struct facts *facts, const struct grant *grant, const char **ret_alias)
{
    const struct fact_group *group = facts ? facts_group(facts, grant->group) : NULL;
    const bool in_place = !grant->problem && grant->gid != GID_UNSET;
    if (!in_place || !group || (group->known && (group->gid != GID_UNSET || grant->local)))
        return false;
    *ret_alias = facts_owner_of(facts, group, grant->gid);
    return true;
}

/* Sets gid and problem of a grant from the facts. */
static void resolve_one(struct txn *txn, const char *user, const struct facts *facts, struct grant *grant)
{
    const struct fact_group *group = facts ? facts_group(facts, grant->group) : NULL;
    const char *alias = NULL;
    if (stays(facts, grant, &alias)) {
        txn_ok(txn, alias ? say_alias(grant->gid, alias, &grant->problem) : 0);
        return;
    }
    free(grant->problem);
    grant->problem = NULL;
    grant->gid = group ? group->gid : GID_UNSET;
    grant->local = group && group->local;
    if (txn_ok(txn, group_problem(txn->engine, facts, grant->group, &grant->problem)) && !grant->problem &&
        txn->engine->config->membership == CONFIG_MEMBERSHIP_FILES)
        membership_want(txn, user, grant->group, grant->gid, &grant->problem);
}

/* Leaves out grants that were removed manually. */
static void resolve(struct txn *txn, const char *user, const struct facts *facts, struct grants *grants)
{
    for (size_t i = 0; i < grants->count; i++)
        if (!grants->items[i].drifted)
            resolve_one(txn, user, facts, &grants->items[i]);
}

static char *describe(const struct grants *grants)
{
    char *text = strdup("");
    for (size_t i = 0; text && i < grants->count; i++) {
        const struct grant *grant = &grants->items[i];
        char *longer = NULL;
        if (asprintf(&longer, "%s%s%s%s%s", text, *text ? "; " : "", grant->group, grant->problem ? ": " : "",
                     grant->problem ? grant->problem : "") < 0)
            longer = NULL;
        free(text);
        text = longer;
    }
    return text;
}

/* Saves the grants of an assignment that is saved already, and publishes, audits and announces them. */
static void put_in_place(struct txn *txn, const struct assignment *assignment, const struct grants *grants)
{
    const enum audit_event event = assignment->state == STATE_FULFILLED ? AUDIT_FULFIL : AUDIT_FALL_SHORT;
    _cleanup_free_ char *detail = describe(grants);
    store_set_grants(txn->store, assignment->id, grants->items, grants->count, true);
    survey_plan_for_groups(txn->engine, grants);
    txn_publish(txn, assignment->user, false);
    txn_audit(txn, own_act(detail), event, assignment->request, assignment->id);
    notify_fulfilment(txn, assignment, detail);
    txn_announce(txn, assignment->request);
}

/* Makes grants of the package's groups that the request may give (rule 14). */
static void take_groups(struct txn *txn, const struct request *request, const struct package *package,
                        struct grants *ret)
{
    ret->items = calloc(strv_length(package->groups) + 1, sizeof(*ret->items));
    if (!txn_ok(txn, ret->items ? 0 : -ENOMEM))
        return;
    for (char *const *group = package->groups; *group; group++) {
        if (!request_may_give(request, *group))
            continue;
        struct grant *grant = &ret->items[ret->count++];
        *grant = (struct grant){.group = strdup(*group), .gid = GID_UNSET};
        txn_ok(txn, grant->group ? 0 : -ENOMEM);
    }
}

/* Whether the user has a group of it, or it gives none. */
static bool is_in_place(const struct grants *grants)
{
    for (size_t i = 0; i < grants->count; i++)
        if (!grants->items[i].problem)
            return true;
    return grants->count == 0;
}

/* Where its package is gone what cut it stays: its end is sooner than by its duration. */
static int64_t last_end(struct txn *txn, const struct assignment *assignment)
{
    const struct package *package = packages_find(txn->engine->packages, assignment->package);
    const struct grant_span *span = &assignment->span;
    const int64_t last = policy_last_end(package, assignment->until);
    const bool cut = !package && span->end < duration_after(span->start, assignment->duration);
    return cut && assignment->state != STATE_NONE && span->end < last ? span->end : last;
}

/* An end that was asked for, and that of the package, hold although approval took its time. */
static void begin_span(struct txn *txn, struct assignment *assignment, int64_t begin)
{
    const int64_t last = last_end(txn, assignment);
    int64_t end = duration_after(begin, assignment->duration);
    if (end > last)
        end = last > begin ? last : begin;
    assignment->span = (struct grant_span){begin, end};
}

/*
 * Sets the span, retry and state that follow from the grants. The span begins when the first group is in place, or at
 * `start` if one was requested, and does not move for groups that come late (rule 8) or that drift and are put back.
 * Until then its end bounds how long retries go on.
 */
static void settle(struct txn *txn, struct assignment *assignment, int64_t start, const struct grants *grants)
{
    const bool whole = is_whole(grants);
    const bool in_place = is_in_place(grants);
    const int64_t now = txn_now(txn);
    if (assignment->state == STATE_NONE || (in_place && !start && !assignment->begun))
        begin_span(txn, assignment, start ? start : now);
    assignment->begun |= in_place;
    assignment_plan_warning(txn->engine, assignment);
    if (whole)
        assignment->attempts = 0;
    assignment->retry_at = whole ? 0 : now + retry_backoff(txn->engine, assignment->attempts);
    assignment_move(txn, assignment, whole ? ASSIGNMENT_FULFIL : ASSIGNMENT_FALL_SHORT);
}

/* The duration to grant: at most the package's max_duration now, unless an administrator assigned it or it is an
 * emergency, which has a duration of its own. */
static int64_t granted_time(const struct request *request, const struct package *package)
{
    const int64_t asked = request->granted ? request->granted : request->duration;
    return request->assigned || request->emergency || asked < package->max_duration ? asked
                                                                                    : package->max_duration;
}

void assignment_fulfil(struct txn *txn, const struct request *request, const struct package *package,
                       const struct facts *facts)
{
    _cleanup_(grants_deinit) struct grants grants = {0};
    struct assignment assignment = {
        .request = request->id,
        .package = request->package,
        .user = request->user,
        .uid = request->requestor.uid,
        .duration = granted_time(request, package),
        .until = request->until,
    };
    take_groups(txn, request, package, &grants);
    resolve(txn, request->user, facts, &grants);
    /* Without facts this is a request whose start has come, perhaps some time ago. */
    settle(txn, &assignment, facts ? 0 : request->start, &grants);
    if (!facts)
        assignment.retry_at = txn_now(txn);
    store_add_assignment(txn->store, &assignment);
    if (facts)
        note_local_user(txn, facts, assignment.user, assignment.uid);
    put_in_place(txn, &assignment, &grants);
    memberships_move_ends(txn, &assignment, &grants);
}

/* Has drifted grants put back when an administrator asks for it, or the package says drift = repair. */
static void forget_drift(const struct engine *engine, const struct assignment *assignment,
                         struct grants *grants, bool asked)
{
    const struct package *package = packages_find(engine->packages, assignment->package);
    const bool repair = asked || (package && package->drift_repair && !assignment->held);
    for (size_t i = 0; i < grants->count; i++)
        grants->items[i].drifted &= !repair;
}

/* True when a retry has nothing to do: every missing grant was removed manually. */
static bool only_drift_is_missing(const struct grants *grants)
{
    bool any = false;
    for (size_t i = 0; i < grants->count; i++) {
        if (grants->items[i].problem && !grants->items[i].drifted)
            return false;
        any |= grants->items[i].drifted;
    }
    return any;
}

void assignment_regrant(struct txn *txn, struct assignment *assignment, const struct grants *grants,
                        int64_t start)
{
    const int64_t end = assignment->span.end;
    settle(txn, assignment, start, grants);
    if (only_drift_is_missing(grants))
        assignment->retry_at = 0;
    store_update_assignment(txn->store, assignment);
    put_in_place(txn, assignment, grants);
    if (assignment->span.end != end)
        memberships_move_ends(txn, assignment, grants);
}

void assignment_resolve(struct txn *txn, struct assignment *assignment, const struct facts *facts, bool asked)
{
    _cleanup_(grants_deinit) struct grants grants = {0};
    const int64_t start = assignment_start_asked(txn, assignment);
    grants_load(txn, assignment, &grants);
    txn_publish(txn, assignment->user, true); /* a group may be gone, or renumbered */
    forget_drift(txn->engine, assignment, &grants, asked);
    assignment->held &= !asked;
    grants_drop_unnamed(txn, assignment, &grants);
    resolve(txn, assignment->user, facts, &grants);
    assignment_regrant(txn, assignment, &grants, start);
}

int64_t assignment_start_asked(struct txn *txn, const struct assignment *assignment)
{
    struct request request = {0};
    if (assignment->request)
        txn_ok(txn, store_get_request(txn->store, assignment->request, &request));
    const int64_t start = request.start > request.ended ? request.start : 0;
    request_deinit(&request);
    return start;
}

void assignment_fall_short(struct txn *txn, struct assignment *assignment, int error)
{
    _cleanup_(grants_deinit) struct grants grants = {0};
    grants_load(txn, assignment, &grants);
    txn_publish(txn, assignment->user, false); /* the file gives no more than before */
    for (size_t i = 0; i < grants.count; i++) {
        char **problem = &grants.items[i].problem;
        free(*problem);
        if (asprintf(problem, "the grant file could not be written: %s", strerror(-error)) < 0) {
            *problem = NULL;
            txn_ok(txn, -ENOMEM);
        }
    }
    if (assignment->span.start >= txn_now(txn))
        assignment->begun = false; /* it could not be used yet */
    assignment_regrant(txn, assignment, &grants, 0);
}

/* Moves the end from where it is, not from now. The duration grows as well, for a span that has not begun yet. */
void assignment_extend(struct txn *txn, const struct request *request)
{
    struct assignment assignment = {0};
    _cleanup_(grants_deinit) struct grants grants = {0};
    if (txn_ok(txn, store_get_assignment(txn->store, request->extends, &assignment))) {
        const struct package *package = packages_find(txn->engine->packages, assignment.package);
        const int64_t before = assignment.span.end;
        assignment_move(txn, &assignment, ASSIGNMENT_EXTEND);
        assignment.span.end = policy_extended_end(package, &assignment, request);
        assignment.duration = assignment.span.end == GRANT_FOREVER
                                  ? DURATION_FOREVER
                                  : duration_after(assignment.duration, assignment.span.end - before);
        const bool by_calendar = assignment.until || request->until;
        assignment.until = by_calendar && assignment.span.end != GRANT_FOREVER ? assignment.span.end : 0;
        assignment.extended = true;
        assignment_plan_warning(txn->engine, &assignment);
        store_update_assignment(txn->store, &assignment);
        grants_load(txn, &assignment, &grants);
        memberships_move_ends(txn, &assignment, &grants);
        txn_publish(txn, assignment.user, false);
        txn_audit(txn, own_act(NULL), AUDIT_EXTEND, request->id, assignment.id);
        notify_holder(txn, OUTBOX_EXTENDED, &assignment, assignment.span.end, (struct act){0});
        txn_announce(txn, assignment.request);
    }
    assignment_deinit(&assignment);
}

/* Withdraws a waiting request to extend this assignment. */
static void withdraw_extension(struct txn *txn, const struct assignment *assignment)
{
    struct request request = {0};
    const int r =
        store_find_open_request(txn->store, assignment->uid, assignment->user, assignment->package, &request);
    if (r == 0 && request.extends == assignment->id)
        request_withdraw(txn, &request, own_act("what it would have extended has ended"));
    request_deinit(&request);
}

/* One that ended before uses were kept has its notes for as long as they are there. */
int assignment_read_use(const struct engine *engine, const struct assignment *assignment, struct usage *ret)
{
    const struct usage_subject subject = {assignment->id, assignment->span.start};
    *ret = assignment->use;
    return ret->last ? 0 : usage_read(engine->state, &subject, ret);
}

void assignment_finish(struct txn *txn, struct assignment *assignment, enum assignment_event event,
                       struct act act)
{
    _cleanup_(grants_deinit) struct grants grants = {0};
    narrow_note_end(txn, assignment, event, act); /* before all that can fail (rule 13) */
    grants_load(txn, assignment, &grants);
    assignment_move(txn, assignment, event);
    assignment->retry_at = 0;
    assignment_read_use(txn->engine, assignment, &assignment->use);
    store_update_assignment(txn->store, assignment);
    if (event == ASSIGNMENT_REVOKE)
        store_note_end(txn->store, assignment->id, act.at ? act.at : txn_now(txn), act.actor, act.reason);
    store_set_grants(txn->store, assignment->id, grants.items, grants.count, false);
    memberships_release(txn, assignment, &grants);
    sessions_end_later(txn, assignment);
    txn_publish(txn, assignment->user, true);
    txn_audit(txn, act, event == ASSIGNMENT_REVOKE ? AUDIT_REVOKE : AUDIT_END, assignment->request,
              assignment->id);
    standing_note(txn, assignment);
    survey_plan_for_groups(txn->engine, &grants);
    /* No notice for a user who returned it. */
    if (strcmp(act.actor, assignment->user) != 0)
        notify_holder(txn, event == ASSIGNMENT_END ? OUTBOX_ENDED : OUTBOX_REVOKED, assignment, 0, act);
    withdraw_extension(txn, assignment);
    txn_announce(txn, assignment->request);
}

/* ---- all of a user ---- */

struct numbers {
    int64_t *ids;
    size_t count;
};

static int collect_id(const struct assignment *assignment, void *data)
{
    struct numbers *numbers = data;
    int64_t *grown = reallocarray(numbers->ids, numbers->count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    numbers->ids = grown;
    grown[numbers->count++] = assignment->id;
    return 0;
}

size_t assignment_each_live(struct txn *txn, const char *user, assignment_each_fn each, const void *data)
{
    struct numbers numbers = {0};
    size_t count = 0;
    txn_ok(txn, store_each_live_of_user(txn->store, user, collect_id, &numbers));
    for (size_t i = 0; i < numbers.count; i++) {
        struct assignment assignment = {0};
        if (txn_ok(txn, store_get_assignment(txn->store, numbers.ids[i], &assignment)))
            count += each(txn, &assignment, data);
        assignment_deinit(&assignment);
    }
    free(numbers.ids);
    return count;
}
