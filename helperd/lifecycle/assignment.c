/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An assignment's way along its table: put in place as far as its groups can be, known anew, moved to a later end,
 * finished.
 */
#include "helperd/lifecycle/lifecycle.h"

#include "common/cleanup.h"
#include "common/duration.h"
#include "common/log.h"
#include "common/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int engine_move_assignment(struct assignment *assignment, enum assignment_event event)
{
    const enum state next = assignment_next(assignment->state, event);
    if (next == STATE_NONE) {
        log_error("Assignment %" PRId64 " is %s: the event %s is not allowed and was refused.",
                  assignment->id, state_shown(assignment->state), assignment_event_text(event));
        return -EPROTO;
    }
    assignment->state = next;
    return 0;
}

/* The NSS module honours only what root allowed. */
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

int engine_group_problem(const struct engine *engine, const struct facts *facts, const char *name,
                         char **ret_problem)
{
    const struct fact_group *group = facts ? facts_group(facts, name) : NULL;
    if (group && group->alias)
        return say_alias(group->gid, group->alias, ret_problem);
    const char *problem = facts ? find_problem(engine, group) : "it is being put in place";
    *ret_problem = problem ? strdup(problem) : NULL;
    return problem && !*ret_problem ? -ENOMEM : 0;
}

static bool is_whole(const struct grant *grants, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (grants[i].problem)
            return false;
    return true;
}

/* What is in place stays there while nobody says otherwise: where its group is not known, or is merely not found in a
 * directory. Its number may be another group's by now. */
static bool stays(const struct facts *facts, const struct grant *grant, const char **ret_alias)
{
    const struct fact_group *group = facts ? facts_group(facts, grant->group) : NULL;
    const bool in_place = !grant->problem && grant->gid != GID_UNSET;
    if (!in_place || !group || (group->known && (group->gid != GID_UNSET || grant->local)))
        return false;
    *ret_alias = facts_owner_of(facts, group, grant->gid);
    return true;
}

/* Fills in gid and problem of a grant from what is known now. */
static int resolve_one(struct engine *engine, const char *user, const struct facts *facts,
                       struct grant *grant)
{
    const struct fact_group *group = facts ? facts_group(facts, grant->group) : NULL;
    const char *alias = NULL;
    if (stays(facts, grant, &alias))
        return alias ? say_alias(grant->gid, alias, &grant->problem) : 0;
    free(grant->problem);
    grant->problem = NULL;
    grant->gid = group ? group->gid : GID_UNSET;
    grant->local = group && group->local;
    const int r = engine_group_problem(engine, facts, grant->group, &grant->problem);
    return r == 0 && !grant->problem && engine->config->membership == CONFIG_MEMBERSHIP_FILES
               ? engine_want_membership(engine, user, grant->group, grant->gid, &grant->problem)
               : r;
}

/* What drifted stays so. 0 or -errno. */
static int resolve(struct engine *engine, const char *user, const struct facts *facts, struct grant *grants,
                   size_t count)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < count; i++)
        if (!grants[i].drifted)
            r = resolve_one(engine, user, facts, &grants[i]);
    return r;
}

static char *describe(const struct grant *grants, size_t count)
{
    char *text = strdup("");
    for (size_t i = 0; text && i < count; i++) {
        char *longer = NULL;
        if (asprintf(&longer, "%s%s%s%s%s", text, *text ? "; " : "", grants[i].group,
                     grants[i].problem ? ": " : "", grants[i].problem ? grants[i].problem : "") < 0)
            longer = NULL;
        free(text);
        text = longer;
    }
    return text;
}

/* Writes the assignment as it is now with its grants, and notes what follows from it. */
static int put_in_place(struct engine *engine, const struct assignment *assignment,
                        const struct grant *grants, size_t count)
{
    int r = store_set_grants(engine->store, assignment->id, grants, count, true);
    engine_survey_holders(engine, grants, count);
    if (r == 0)
        r = engine_will_publish(engine, assignment->user, false);
    _cleanup_free_ char *detail = describe(grants, count);
    if (r == 0)
        r = engine_audit(engine, own_act(detail),
                         assignment->state == STATE_FULFILLED ? "fulfil" : "fall-short", assignment->request,
                         assignment->id);
    if (r == 0)
        r = engine_tell_place(engine, assignment, detail);
    if (r == 0)
        r = engine_will_announce(engine, assignment->request);
    return r;
}

static struct grant *grants_of_package(const struct package *package, size_t *ret_count)
{
    const size_t count = strv_length(package->groups);
    struct grant *grants = calloc(count + 1, sizeof(*grants));
    for (size_t i = 0; grants && i < count; i++) {
        grants[i] = (struct grant){.group = strdup(package->groups[i]), .gid = GID_UNSET};
        if (!grants[i].group) {
            store_free_grants(grants, count);
            return NULL;
        }
    }
    *ret_count = count;
    return grants;
}

/*
 * Its clock starts when it is whole for the first time, or at `start` where one was asked for; until then the end of a
 * partial one bounds how long it may take (rule 8). What drifts and is put back ends when it would have ended.
 */
static int settle(struct engine *engine, struct assignment *assignment, int64_t start, bool whole)
{
    const int64_t now = clock_now(&engine->clock);
    const int64_t begin = start ? start : now;
    if (assignment->state == STATE_NONE || (whole && !start && !assignment->begun))
        assignment->span = (struct grant_span){begin, duration_after(begin, assignment->duration)};
    assignment->begun |= whole;
    engine_plan_warning(engine, assignment);
    if (whole)
        assignment->attempts = 0;
    assignment->retry_at = whole ? 0 : now + engine_backoff(engine, assignment->attempts);
    return engine_move_assignment(assignment, whole ? ASSIGNMENT_FULFIL : ASSIGNMENT_FALL_SHORT);
}

/* What was given, never more than the policy allows now; an administrator's own word stands, and an emergency has a
 * bound of its own. */
static int64_t granted(const struct request *request, const struct package *package)
{
    const int64_t asked = request->granted ? request->granted : request->duration;
    return request->assigned || request->emergency || asked < package->max_duration ? asked
                                                                                    : package->max_duration;
}

int engine_fulfil(struct engine *engine, const struct request *request, const struct package *package,
                  const struct facts *facts)
{
    size_t count = 0;
    struct grant *grants = grants_of_package(package, &count);
    if (!grants)
        return -ENOMEM;
    struct assignment assignment = {
        .request = request->id,
        .package = request->package,
        .user = request->user,
        .uid = request->requestor.uid,
        .duration = granted(request, package),
    };
    int r = resolve(engine, request->user, facts, grants, count);
    /* Without facts it is its start that has come, perhaps a while ago. */
    if (r == 0)
        r = settle(engine, &assignment, facts ? 0 : request->start, is_whole(grants, count));
    if (!facts)
        assignment.retry_at = clock_now(&engine->clock);
    if (r == 0)
        r = store_add_assignment(engine->store, &assignment);
    if (r == 0 && facts)
        r = engine_note_local(engine, facts, assignment.user, assignment.uid);
    if (r == 0)
        r = put_in_place(engine, &assignment, grants, count);
    store_free_grants(grants, count);
    return r;
}

/* What drifted is put back when an administrator says so, or the package does. */
static void forget_drift(const struct engine *engine, const struct assignment *assignment,
                         struct grant *grants, size_t count, bool asked)
{
    const struct package *package = packages_find(engine->packages, assignment->package);
    for (size_t i = 0; i < count; i++)
        grants[i].drifted = grants[i].drifted && !asked && !(package && package->drift_repair);
}

/* Whether nothing is left to try: all that lacks was taken away by hand. */
static bool rests(const struct grant *grants, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (grants[i].problem && !grants[i].drifted)
            return false;
        any |= grants[i].drifted;
    }
    return any;
}

int engine_regrant(struct engine *engine, struct assignment *assignment, const struct grant *grants,
                   size_t count, int64_t start)
{
    int r = settle(engine, assignment, start, is_whole(grants, count));
    if (r == 0 && rests(grants, count))
        assignment->retry_at = 0;
    if (r == 0)
        r = store_update_assignment(engine->store, assignment);
    return r < 0 ? r : put_in_place(engine, assignment, grants, count);
}

int engine_resolve_anew(struct engine *engine, struct assignment *assignment, const struct facts *facts,
                        bool asked)
{
    int64_t start = 0;
    struct grant *grants = NULL;
    size_t count = 0;
    int r = engine_start_of(engine, assignment, &start);
    if (r == 0)
        r = store_get_grants(engine->store, assignment->id, &grants, &count);
    if (r == 0)
        r = engine_will_publish(engine, assignment->user, true); /* a group may be gone, or renumbered */
    if (r == 0)
        forget_drift(engine, assignment, grants, count, asked);
    if (r == 0)
        r = engine_renew_grants(engine, assignment, &grants, &count);
    if (r == 0)
        r = resolve(engine, assignment->user, facts, grants, count);
    if (r == 0)
        r = engine_regrant(engine, assignment, grants, count, start);
    store_free_grants(grants, count);
    return r;
}

static int64_t start_of(const struct request *request)
{
    return request->start > request->ended ? request->start : 0;
}

int engine_start_of(struct engine *engine, const struct assignment *assignment, int64_t *ret)
{
    struct request request = {0};
    const int r = assignment->request ? store_get_request(engine->store, assignment->request, &request) : 0;
    if (r == 0)
        *ret = start_of(&request);
    request_deinit(&request);
    return r > 0 ? -EIO : r; /* a request that is named but not there */
}

int engine_fall_short(struct engine *engine, struct assignment *assignment, int error)
{
    struct grant *grants = NULL;
    size_t count = 0;
    int r = store_get_grants(engine->store, assignment->id, &grants, &count);
    if (r == 0)
        r = engine_will_publish(engine, assignment->user, true);
    for (size_t i = 0; r == 0 && i < count; i++) {
        free(grants[i].problem);
        if (asprintf(&grants[i].problem, "the grant file could not be written: %s", strerror(-error)) < 0) {
            grants[i].problem = NULL;
            r = -ENOMEM;
        }
    }
    if (assignment->span.start >= clock_now(&engine->clock))
        assignment->begun = false; /* nobody could use it yet */
    if (r == 0)
        r = engine_regrant(engine, assignment, grants, count, 0);
    store_free_grants(grants, count);
    return r;
}

/* The end moves without a gap: from where it is, not from now. What is not whole yet lasts so much longer then. */
int engine_move_end(struct engine *engine, const struct request *request)
{
    struct assignment assignment = {0};
    int r = store_get_assignment(engine->store, request->extends, &assignment);
    if (r != 0)
        return r < 0 ? r : -EIO;
    r = engine_move_assignment(&assignment, ASSIGNMENT_EXTEND);
    const int64_t seconds = request->granted ? request->granted : request->duration;
    assignment.span.end = duration_after(assignment.span.end, seconds);
    assignment.duration = duration_after(assignment.duration, seconds);
    assignment.extended = true;
    engine_plan_warning(engine, &assignment);
    if (r == 0)
        r = store_update_assignment(engine->store, &assignment);
    if (r == 0)
        r = engine_will_publish(engine, assignment.user, false);
    if (r == 0)
        r = engine_audit(engine, own_act(NULL), "extend", request->id, assignment.id);
    if (r == 0)
        r = engine_tell_holder(engine, OUTBOX_EXTENDED, &assignment, assignment.span.end, NULL, NULL);
    if (r == 0)
        r = engine_will_announce(engine, assignment.request);
    assignment_deinit(&assignment);
    return r;
}

/* An extension that is still waiting has nothing left to extend. */
static int withdraw_extension(struct engine *engine, const struct assignment *assignment)
{
    struct request request = {0};
    int r = store_find_open_request(engine->store, assignment->uid, assignment->user, assignment->package,
                                    &request);
    if (r == 0 && request.extends == assignment->id)
        r = engine_withdraw(engine, &request, own_act("what it would have extended has ended"));
    request_deinit(&request);
    return r < 0 ? r : 0;
}

int engine_finish_assignment(struct engine *engine, struct assignment *assignment,
                             enum assignment_event event, struct act act)
{
    struct grant *grants = NULL;
    size_t count = 0;
    int r = engine_move_assignment(assignment, event);
    assignment->retry_at = 0;
    if (r == 0)
        r = store_get_grants(engine->store, assignment->id, &grants, &count);
    if (r == 0)
        r = store_update_assignment(engine->store, assignment);
    if (r == 0 && event == ASSIGNMENT_REVOKE)
        r = store_note_end(engine->store, assignment->id, clock_now(&engine->clock), act.actor, act.reason);
    if (r == 0)
        r = store_set_grants(engine->store, assignment->id, grants, count, false);
    if (r == 0)
        r = engine_release_memberships(engine, assignment, grants, count);
    if (r == 0)
        r = engine_will_end_sessions(engine, assignment);
    if (r == 0)
        r = engine_will_publish(engine, assignment->user, true);
    if (r == 0)
        r = engine_audit(engine, act, assignment_event_text(event), assignment->request, assignment->id);
    if (r == 0)
        r = engine_note_standing(engine, assignment);
    engine_survey_holders(engine, grants, count);
    /* Who hands it back knows. */
    if (r == 0 && strcmp(act.actor, assignment->user) != 0)
        r = engine_tell_holder(engine, event == ASSIGNMENT_END ? OUTBOX_ENDED : OUTBOX_REVOKED, assignment, 0,
                               act.actor, act.reason);
    if (r == 0)
        r = withdraw_extension(engine, assignment);
    if (r == 0)
        r = engine_will_announce(engine, assignment->request);
    store_free_grants(grants, count);
    return r;
}
