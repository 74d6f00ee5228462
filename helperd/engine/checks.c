/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checks before something is filed, extended, assigned or approved: limits, cool-down, separation of duties. */
#include "helperd/engine/internal.h"

#include "common/duration.h"
#include "common/names.h"
#include "common/similar.h"
#include "common/timetext.h"
#include "helperd/engine/denial.h"
#include "helperd/engine/locks.h"

#include <inttypes.h>
#include <string.h>

#define START_AHEAD_MAX ((int64_t)366 * 24 * 3600)

enum {
    PACE_SECONDS = 3600,
    FILED_PER_PENDING = 25, /* requests within that time, for each that may be pending */
};

static int64_t begin_of(const struct engine *engine, struct wish wish)
{
    const int64_t now = clock_now(&engine->clock);
    return wish.start > now ? wish.start : now;
}

static int check_until(struct engine *engine, struct wish wish, struct reply *reply)
{
    const int64_t begin = begin_of(engine, wish);
    char until[TIME_TEXT_MAX];
    if (wish.duration && wish.until)
        return engine_refuse(
            reply, BUS_ERROR_INVALID_ARGUMENT,
            "A duration and an end were given. Please give one of the two; nothing was changed.");
    if (wish.until <= begin)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                             "It would end at %s, before it begins. Please give a later end; nothing was "
                             "changed.",
                             time_people(wish.until, until));
    if (wish.until - begin > DURATION_MAX)
        return engine_refuse(
            reply, BUS_ERROR_INVALID_ARGUMENT,
            "The end lies more than ten years ahead. Please give an earlier one; nothing was changed.");
    return 0;
}

int engine_check_times(struct engine *engine, struct wish wish, struct reply *reply)
{
    if (wish.duration < 0 || (wish.duration > DURATION_MAX && wish.duration != DURATION_FOREVER))
        return engine_refuse(
            reply, BUS_ERROR_INVALID_ARGUMENT,
            "The duration is longer than ten years, or shorter than a second. Please give another, or "
            "'forever'; nothing was changed.");
    if (wish.start < 0 || wish.start > clock_now(&engine->clock) + START_AHEAD_MAX)
        return engine_refuse(
            reply, BUS_ERROR_INVALID_ARGUMENT,
            "The start lies more than a year ahead. Please give an earlier one; nothing was changed.");
    return wish.until ? check_until(engine, wish, reply) : 0;
}

int64_t engine_wished_duration(const struct engine *engine, struct wish wish, const struct package *package)
{
    if (wish.until)
        return wish.until - begin_of(engine, wish);
    return wish.duration ? wish.duration : package->duration;
}

int engine_check_not_over(const struct package *package, int64_t begins, struct reply *reply)
{
    char end[TIME_TEXT_MAX];
    if (policy_last_end(package, 0) > begins)
        return 0;
    return engine_refuse(
        reply, BUS_ERROR_POLICY_REFUSED,
        "%s is given until %s at the latest (not_after in its file). An administrator of this "
        "host can tell what comes then.",
        package->name, time_people(package->not_after, end));
}

/* Limits requests per hour, for a user who files and cancels in turn would fill the disk: no request is ever
 * deleted. */
static int check_pace(struct engine *engine, uid_t uid, struct reply *reply)
{
    const int64_t most = FILED_PER_PENDING * engine->config->pending_per_user;
    const int64_t now = clock_now(&engine->clock);
    const int r = store_find_filed_since(engine->store, uid, now - PACE_SECONDS, now, most);
    if (r == 0)
        return engine_refuse(reply, BUS_ERROR_LIMIT_EXCEEDED,
                             "%" PRId64 " requests of yours were filed within an hour, which is the limit of "
                             "this host. Please try again later.",
                             most);
    return r == STORE_E_NONE ? 0 : r;
}

/* Also limits pending requests, so that no user floods the approvers. */
int engine_check_limits(struct engine *engine, uid_t uid, bool waived, struct reply *reply)
{
    int64_t open = 0;
    const int r = waived
                      ? STORE_E_NONE
                      : store_find_too_many_open(engine->store, uid, engine->config->pending_per_user, &open);
    if (r == 0)
        return engine_refuse(reply, BUS_ERROR_LIMIT_EXCEEDED,
                             "%" PRId64
                             " requests of yours are waiting already, which is the limit of this host. "
                             "Please cancel one first: pkg-request cancel ID",
                             open);
    return r == STORE_E_NONE ? check_pace(engine, uid, reply) : r;
}

static int refuse_denied(struct engine *engine, const struct request *denied, int64_t until,
                         struct reply *reply)
{
    char denial[DENIAL_TEXT_MAX], when[TIME_TEXT_MAX];
    const int r = denial_describe(engine, denied, denial);
    return r < 0 ? r
                 : engine_refuse(reply, BUS_ERROR_POLICY_REFUSED, "%s A new one can be filed after %s.",
                                 denial, time_people(until, when));
}

/* A cool-down follows a denial, and the expiry of a request from the gate (a job that logs in every day). */
int engine_check_cooldown(struct engine *engine, const struct subject *subject, const struct package *package,
                          bool at_gate, struct reply *reply)
{
    struct request last = {0};
    char when[TIME_TEXT_MAX];
    int r = store_find_last_request(engine->store, subject->uid, subject->name, package->name, &last);
    const int64_t pause = last.state == STATE_DENIED                               ? package->cooldown
                          : last.state == STATE_EXPIRED && last.at_gate && at_gate ? package->gate_cooldown
                                                                                   : 0;
    if (r == 0 && pause > 0 && clock_now(&engine->clock) < last.ended + pause)
        r = last.state == STATE_DENIED
                ? refuse_denied(engine, &last, last.ended + pause, reply)
                : engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                                "Request %" PRId64
                                " for %s expired without a decision. At a login a new one is filed "
                                "after %s; ask at any time with: pkg-request submit %s",
                                last.id, package->name, time_people(last.ended + pause, when), package->name);
    request_deinit(&last);
    return r == STORE_E_NONE ? 0 : r;
}

/* ---- separation of duties ---- */

int engine_check_duties(struct engine *engine, const struct subject *subject, const struct package *package,
                        bool pending_too, struct reply *reply)
{
    struct conflict conflict = {0};
    const int r = duties_find_conflict(engine, subject, package, pending_too, &conflict);
    if (r < 0 || !*conflict.package)
        return r;
    if (conflict.held)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "Nobody may hold %s together with %s (separation of duties), which %s holds. To "
                             "hand that back first: pkg-request return %s",
                             package->name, conflict.package, subject->name, conflict.package);
    return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                         "Nobody may hold %s together with %s (separation of duties), which %s has asked "
                         "for. Cancel that request first; its number: pkg-request list",
                         package->name, conflict.package, subject->name);
}

static int refuse_without_reason(const struct package *package, bool at_gate, struct reply *reply)
{
    if (at_gate)
        return engine_refuse(
            reply, BUS_ERROR_POLICY_REFUSED,
            "%s is given for a reason alone, and none was given, so nothing was filed. Give it at "
            "the prompt of a login that has one (ssh -o "
            "PreferredAuthentications=keyboard-interactive), or in a session on this host: "
            "pkg-request submit %s -m 'REASON'",
            package->name, package->name);
    return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                         "%s asks for a justification. Please say why: pkg-request submit %s -m 'REASON'",
                         package->name, package->name);
}

static int refuse_request(enum policy_request_verdict verdict, const struct package *package, bool at_gate,
                          struct reply *reply)
{
    char longest[DURATION_TEXT_MAX], most[DURATION_TEXT_MAX];
    switch (verdict) {
    case POLICY_REQUEST_NOT_REQUESTOR:
        return engine_refuse(
            reply, BUS_ERROR_POLICY_REFUSED,
            "The policy of %s does not let you ask for it. An administrator of this host can tell "
            "who may.",
            package->name);
    case POLICY_REQUEST_UNKNOWN:
        return engine_refuse_unknown(reply, "whether the policy lets you ask for it");
    case POLICY_REQUEST_NEEDS_JUSTIFICATION:
        return refuse_without_reason(package, at_gate, reply);
    case POLICY_REQUEST_TOO_LONG:
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "%s is given for at most %s at a time. The longest: pkg-request submit "
                             "%s -d %s",
                             package->name, duration_format(package->max_duration, longest), package->name,
                             duration_write(package->max_duration, most));
    case POLICY_REQUEST_OVER:
        return engine_check_not_over(package, INT64_MAX, reply);
    case POLICY_REQUEST_ALLOWED:
        break;
    }
    return 0;
}

int engine_check_filing(struct engine *engine, const struct subject *subject, const struct package *package,
                        const struct policy_ask *ask, struct reply *reply)
{
    int r;
    if ((r = engine_check_locked(engine, subject, NULL, BUS_ERROR_POLICY_REFUSED, reply)) != 0 ||
        (r = refuse_request(policy_may_request(package, subject, ask), package, ask->at_gate, reply)) != 0 ||
        (r = engine_check_limits(engine, subject->uid, !package->approval_required, reply)) != 0 ||
        (r = engine_check_cooldown(engine, subject, package, ask->at_gate, reply)) != 0)
        return r;
    return engine_check_duties(engine, subject, package, true, reply);
}

/* Whoever may call may list all packages. */
int engine_refuse_unknown_package(const struct engine *engine, const char *package, struct reply *reply)
{
    char visible[2 * NAME_PACKAGE_MAX];
    struct similar similar = {.typed = package};
    text_visible(package, visible, sizeof(visible));
    for (size_t i = 0; i < engine->packages->count; i++)
        similar_try(&similar, engine->packages->items[i].name);
    if (similar.best)
        return engine_refuse(reply, BUS_ERROR_NO_SUCH_PACKAGE,
                             "There is no access package %s on this host; do you mean %s? See: pkg-request "
                             "packages",
                             visible, similar.best);
    return engine_refuse(reply, BUS_ERROR_NO_SUCH_PACKAGE,
                         "There is no access package %s on this host. See: pkg-request packages", visible);
}

static int refuse_longer(const struct extension *extension, int64_t total, struct reply *reply)
{
    const struct package *package = extension->package;
    char text[DURATION_TEXT_MAX];
    duration_format(total, text);
    if (extension->unapproved && !package->max_total)
        return engine_refuse(
            reply, BUS_ERROR_POLICY_REFUSED,
            "%s may last at most %s with extensions that no approver is asked for. Please ask "
            "for less, or anew after its end.",
            package->name, text);
    return engine_refuse(
        reply, BUS_ERROR_POLICY_REFUSED,
        "With its extensions %s may last at most %s. Please ask for less, or anew after its end.",
        package->name, text);
}

/* What was given before the package had such an end keeps its own, and that is all. */
static int refuse_beyond(const struct extension *extension, struct reply *reply)
{
    char end[TIME_TEXT_MAX], last[TIME_TEXT_MAX];
    return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                         "%s is given until %s at the latest (not_after in its file), and the access lasts "
                         "until %s, so it cannot be extended.",
                         extension->package->name, time_people(extension->package->not_after, last),
                         time_people(extension->assignment->span.end, end));
}

int engine_check_extension(struct engine *engine, const struct extension *extension, struct reply *reply)
{
    const struct assignment *assignment = extension->assignment;
    const struct package *package = extension->package;
    const int64_t seconds = extension->seconds;
    char text[DURATION_TEXT_MAX], most[DURATION_TEXT_MAX];
    if (!assignment_is_live(assignment->state) || assignment->span.end <= clock_now(&engine->clock))
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "The access to %s has ended, so it cannot be extended. Please ask for it anew: "
                             "pkg-request submit %s",
                             assignment->package, assignment->package);
    if (assignment->span.end == GRANT_FOREVER)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "The access to %s has no end, so there is nothing to extend.",
                             assignment->package);
    if (!package || package->extension == PACKAGE_EXTENSION_NO)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "The policy of %s allows no extension. When it ends, ask for it anew: "
                             "pkg-request submit %s",
                             assignment->package, assignment->package);
    if (policy_last_end(package, 0) <= assignment->span.end)
        return refuse_beyond(extension, reply);
    if (seconds > package->max_duration)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "%s can be extended by at most %s at a time. The longest: pkg-request extend "
                             "%s -d %s",
                             package->name, duration_format(package->max_duration, text), package->name,
                             duration_write(package->max_duration, most));
    const int64_t total = policy_longest(package, extension->unapproved);
    /* To no end at all, where max_duration says so: then there is no max_total (packages_file.c). */
    if (seconds != DURATION_FOREVER && assignment->span.end - assignment->span.start > total - seconds)
        return refuse_longer(extension, total, reply);
    return 0;
}

int engine_check_assign(const struct call *call, const struct assign_terms *terms,
                        const struct package *package)
{
    struct engine *engine = call->engine;
    const struct facts *facts = call->facts;
    struct reply *reply = call->reply;
    struct assignment assignment = {0};
    char encoded[NAME_ENCODED_MAX + 1], word[TEXT_WORD_MAX];
    if (!package && terms->user && packages_find(engine->packages, terms->user))
        return engine_refuse(
            reply, BUS_ERROR_NO_SUCH_PACKAGE,
            "There is no access package %s on this host, but there is %s: the package comes first.",
            text_visible(terms->package, encoded, sizeof(encoded)), terms->user);
    if (!package)
        return engine_refuse_unknown_package(engine, terms->package, reply);
    if (!facts->user)
        return engine_refuse(reply, BUS_ERROR_NO_SUCH_USER, "There is no user %s on this host.",
                             terms->user ? text_visible(terms->user, encoded, sizeof(encoded))
                                         : "of this name");
    if (name_encode(facts->user->name, encoded, sizeof(encoded)) < 0)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT, ENGINE_NAME_TOO_LONG);
    if (locks_find(&engine->locks, facts->user->name, facts->user->uid))
        return engine_refuse(
            reply, BUS_ERROR_POLICY_REFUSED,
            "%s is locked on this host, so nothing was given. To lift that: pkg-admin unlock %s",
            facts->user->name, text_word(facts->user->name, word));
    int r = store_find_live_assignment(engine->store, facts->user->uid, facts->user->name, package->name,
                                       &assignment);
    assignment_deinit(&assignment);
    if (r == 0)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "%s holds %s already. Until when: pkg-admin explain %s %s", facts->user->name,
                             package->name, package->name, text_word(facts->user->name, word));
    if (r < 0)
        return r;
    const int64_t now = clock_now(&engine->clock);
    r = engine_check_not_over(package, terms->start > now ? terms->start : now, reply);
    if (r != 0)
        return r;
    r = engine_check_duties(engine, facts->user, package, true, reply);
    const size_t used = strlen(reply->message);
    if (r > 0 && !terms->override_duties && terms->advice)
        snprintf(reply->message + used, sizeof(reply->message) - used,
                 ". Or give it all the same: pkg-admin assign %s %s %s", package->name,
                 text_word(facts->user->name, word), terms->advice);
    if (r > 0 && terms->override_duties)
        r = *terms->reason
                ? 0
                : engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                                "Giving what is incompatible takes a reason, for the record: pkg-admin "
                                "assign %s %s --override -m 'REASON'",
                                package->name, text_word(facts->user->name, word));
    return r;
}

int engine_check_caller(const struct call *call)
{
    return call->facts->caller ? 0 : engine_refuse(call->reply, BUS_ERROR_NOT_AUTHORIZED, ENGINE_NO_CALLER);
}

struct act engine_caller_act(const struct call *call, const char *reason)
{
    return (struct act){.actor = call->facts->caller->name,
                        .identity = call->caller->identity,
                        .reason = reason && *reason ? reason : NULL};
}

int engine_check_decider(const struct call *call)
{
    int r;
    if ((r = engine_check_caller(call)) != 0 ||
        (r = engine_check_locked(call->engine, call->facts->caller, &call->caller->identity,
                                 BUS_ERROR_NOT_AUTHORIZED, call->reply)) != 0)
        return r;
    return engine_check_login_id(call->engine, call->caller, call->reply);
}

int engine_check_login_id(const struct engine *engine, const struct caller *caller, struct reply *reply)
{
    if (engine->config->require_login_id != CONFIG_YES || caller->identity.loginuid != UID_UNSET)
        return 0;
    return engine_refuse(
        reply, BUS_ERROR_NOT_AUTHORIZED,
        "Your process has no login id, so it cannot be told who you logged in as, and this host needs one "
        "for a decision (require_login_id). Log in by ssh or on a terminal and decide there; "
        "where no login gets an id, an administrator looks at: pkg-admin status");
}
