/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Extends what users hold: at once, or by a request that an approver decides. */
#include "helperd/engine/internal.h"

#include "common/duration.h"
#include "common/timetext.h"
#include "helperd/engine/locks.h"

struct extension_terms {
    const char *justification; /* NULL: none was given */
    int64_t duration;          /* what it would add */
    int64_t until;             /* the end that it would have; 0: by its duration */
    bool waived;               /* no approver is asked */
};

static int file_extension(const struct call *call, const struct assignment *assignment,
                          const struct package *package, const struct extension_terms *terms)
{
    int r;
    struct request request = {
        .package = package->name,
        .user = call->facts->caller->name,
        .requestor = call->caller->identity,
        .full_name = call->facts->caller->full_name,
        .organisation = call->facts->caller->organisation,
        .state = STATE_SUBMITTED,
        .justification = (char *)terms->justification,
        .duration = terms->duration,
        .until = terms->until,
        .submitted = clock_now(&call->engine->clock),
        .extends = assignment->id,
    };
    if ((r = engine_check_limits(call->engine, call->caller->identity.uid, terms->waived, call->reply)) !=
            0 ||
        (r = engine_check_cooldown(call->engine, call->facts->caller, package, false, call->reply)) != 0)
        return r;
    request_file(engine_join(call->engine), call->facts, package, &request,
                 &(struct filing){.waived = terms->waived});
    call->reply->answer = (struct answer){.request = request.id, .extended = true};
    return 0;
}

/* When an extension may be asked for, if that is not always. */
static int check_window(const struct call *call, const struct assignment *assignment,
                        const struct package *package)
{
    const int64_t opens = assignment->span.end - package->extend_window;
    char from[TIME_TEXT_MAX], length[DURATION_TEXT_MAX];
    if (!package->extend_window || clock_now(&call->engine->clock) >= opens)
        return 0;
    return engine_refuse(call->reply, BUS_ERROR_POLICY_REFUSED,
                         "An extension of %s may be asked for in the last %s before the end: from %s on. "
                         "Nothing was filed.",
                         package->name, duration_format(package->extend_window, length),
                         time_people(opens, from));
}

static int check_until(const struct call *call, const struct assignment *assignment, int64_t until)
{
    char end[TIME_TEXT_MAX];
    if (!until || until > assignment->span.end || assignment->span.end == GRANT_FOREVER)
        return 0;
    return engine_refuse(
        call->reply, BUS_ERROR_POLICY_REFUSED,
        "The access to %s lasts until %s anyway. Please ask for a later end; nothing was changed.",
        assignment->package, time_people(assignment->span.end, end));
}

/* Checks an extension against the policy now (rule 9). */
static int check_extend(const struct call *call, const struct assignment *assignment,
                        const struct package *package, const struct extension_terms *terms)
{
    const struct subject *caller = call->facts->caller;
    const struct extension extension = {assignment, package, terms->duration, terms->waived};
    int r;
    if ((r = check_until(call, assignment, terms->until)) != 0 ||
        (r = engine_check_extension(call->engine, &extension, call->reply)) != 0 ||
        (r = check_window(call, assignment, package)) != 0)
        return r;
    if (package->requestors[0] && !policy_names(package->requestors, caller))
        return policy_may_name(package->requestors, caller)
                   ? engine_refuse_unknown(call->reply, "whether the policy lets you have more time of it")
                   : engine_refuse(call->reply, BUS_ERROR_POLICY_REFUSED,
                                   "The policy of %s no longer lets you ask for it. An administrator of this "
                                   "host can tell who may.",
                                   package->name);
    /* Incompatible packages are not extended, however they came to be held together. */
    const int duties = engine_check_duties(call->engine, caller, package, false, call->reply);
    if (duties != 0)
        return duties;
    if (package->justification_required && !terms->justification &&
        package->extension != PACKAGE_EXTENSION_ALLOWED)
        return engine_refuse(call->reply, BUS_ERROR_POLICY_REFUSED,
                             "%s asks for a justification. Please say why: pkg-request extend %s -m 'REASON'",
                             package->name, package->name);
    return 0;
}

static int extend_assignment(const struct call *call, const struct assignment *assignment,
                             const struct package *package, struct extension_terms *terms)
{
    struct request waiting = {0};
    bool emergency = true;
    int r = assignment_is_emergency(call->engine, assignment, &emergency);
    if (r < 0)
        return r;
    /* No approver was asked for an emergency, so its extension needs approval; what was taken over from a grant file may
     * be one. */
    terms->waived =
        package && (!package->approval_required ||
                    (package->extension == PACKAGE_EXTENSION_ALLOWED && !emergency && assignment->request));
    r = check_extend(call, assignment, package, terms);
    if (r != 0)
        return r;
    r = request_find_waiting(call->engine, call->facts->caller, package->name, &waiting); /* rule 7 */
    call->reply->answer = (struct answer){.request = waiting.id, .extended = true, .existing = true};
    request_deinit(&waiting);
    return r == STORE_E_NONE ? file_extension(call, assignment, package, terms) : r;
}

/* What it would add. To an end that it has already: something, for what is refused then is said of the end. */
static int64_t added_time(const struct assignment *assignment, struct wish wish,
                          const struct package *package)
{
    if (wish.until)
        return wish.until > assignment->span.end ? wish.until - assignment->span.end : 1;
    return wish.duration || !package ? wish.duration : package->duration;
}

int engine_extend(const struct call *call, const char *name, const char *justification, struct wish wish)
{
    const struct package *package = packages_find(call->engine->packages, name);
    struct assignment assignment = {0};
    int r;
    if ((justification && (r = engine_check_text("justification", justification, call->reply)) != 0) ||
        (r = engine_check_times(call->engine, wish, call->reply)) != 0 ||
        (r = engine_check_caller(call)) != 0 ||
        (r = engine_check_locked(call->engine, call->facts->caller, &call->caller->identity,
                                 BUS_ERROR_POLICY_REFUSED, call->reply)) != 0 ||
        (r = engine_begin_call(call->engine, call->facts)) != 0)
        return r;
    r = store_find_live_assignment(call->engine->store, call->caller->identity.uid, call->facts->caller->name,
                                   name, &assignment);
    if (r == STORE_E_NONE)
        return package ? engine_refuse_not_held(name, call->reply)
                       : engine_refuse_unknown_package(call->engine, name, call->reply);
    struct extension_terms terms = {
        .justification = justification,
        .duration = r == 0 ? added_time(&assignment, wish, package) : 0,
        .until = wish.until,
    };
    if (r == 0)
        r = extend_assignment(call, &assignment, package, &terms);
    assignment_deinit(&assignment);
    return r;
}

/* ---- returning and revoking ---- */
