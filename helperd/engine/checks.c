/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the engine asks before anything is filed, extended, assigned or approved: limits, pauses, separate duties. */
#include "helperd/engine/internal.h"

#include "common/duration.h"
#include "common/names.h"

#include <inttypes.h>
#include <string.h>

#define START_AHEAD_MAX ((int64_t)366 * 24 * 3600)

enum {
    PACE_SECONDS = 3600,
    FILED_PER_PENDING = 25, /* requests in that time, for each that may wait at a time */
};

int engine_check_terms(struct engine *engine, int64_t duration, int64_t start, struct reply *reply)
{
    if (duration < 0 || (duration > DURATION_MAX && duration != DURATION_FOREVER))
        return engine_refuse(
            reply, BUS_ERROR_INVALID_ARGUMENT,
            "The duration is longer than ten years, or shorter than a second. Please give another, or "
            "'forever'; nothing was changed.");
    if (start < 0 || start > clock_now(&engine->clock) + START_AHEAD_MAX)
        return engine_refuse(
            reply, BUS_ERROR_INVALID_ARGUMENT,
            "The start lies more than a year ahead. Please give an earlier one; nothing was changed.");
    return 0;
}

/* Whoever files and cancels in turn, forever, fills the disk: nothing that was filed is ever deleted. */
static int check_pace(struct engine *engine, uid_t uid, struct reply *reply)
{
    const int64_t most = FILED_PER_PENDING * engine->config->pending_per_user;
    int64_t filed = 0;
    const int r =
        store_filed_since(engine->store, uid, clock_now(&engine->clock) - PACE_SECONDS, most, &filed);
    if (r == 0 && filed >= most)
        return engine_refuse(reply, BUS_ERROR_LIMIT_EXCEEDED,
                             "%" PRId64 " requests of yours were filed within an hour, which is the limit of "
                             "this host. Please try again later.",
                             filed);
    return r;
}

/* Refuses one open request too many of a user, so that nobody buries the approvers. */
int engine_check_limits(struct engine *engine, uid_t uid, bool waived, struct reply *reply)
{
    int64_t open = 0;
    const int r = waived ? 0 : store_count_open_requests(engine->store, uid, &open);
    if (r == 0 && !waived && open >= engine->config->pending_per_user)
        return engine_refuse(reply, BUS_ERROR_LIMIT_EXCEEDED,
                             "%" PRId64
                             " requests of yours are waiting already, which is the limit of this host. "
                             "Please cancel one first: pkg-request cancel ID",
                             open);
    return r == 0 ? check_pace(engine, uid, reply) : r;
}

/* A denial holds for a while; so does silence, for what no person asked for (a job that logs in every day). */
int engine_check_cooldown(struct engine *engine, const struct subject *subject, const struct package *package,
                          bool at_gate, struct reply *reply)
{
    struct request last = {0};
    char when[ENGINE_TIME_MAX];
    int r = store_find_last_request(engine->store, subject->uid, subject->name, package->name, &last);
    const int64_t pause = last.state == STATE_DENIED                               ? package->cooldown
                          : last.state == STATE_EXPIRED && last.at_gate && at_gate ? package->gate_cooldown
                                                                                   : 0;
    if (r == 0 && pause > 0 && clock_now(&engine->clock) < last.ended + pause)
        r = last.state == STATE_DENIED
                ? engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                                "Request %" PRId64
                                " for %s was denied. A new one can be filed after %s. Why it was "
                                "denied: pkg-request status %" PRId64,
                                last.id, package->name, engine_time(last.ended + pause, when), last.id)
                : engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                                "Request %" PRId64
                                " for %s expired without a decision. At a login a new one is filed "
                                "after %s; ask at any time with: pkg-request submit %s",
                                last.id, package->name, engine_time(last.ended + pause, when), package->name);
    request_deinit(&last);
    return r == STORE_E_NONE ? 0 : r;
}

/* ---- separation of duties ---- */

struct duties {
    const struct engine *engine;
    const struct package *package;
    char found[NAME_PACKAGE_MAX + 1];
};

/* It counts both ways: whichever of the two packages names the other. */
static bool conflict(const struct duties *duties, const char *other_name)
{
    const struct package *other = packages_find(duties->engine->packages, other_name);
    return strv_contains(duties->package->incompatible, other_name) ||
           (other && strv_contains(other->incompatible, duties->package->name));
}

static int note_conflict(const char *name, void *data)
{
    struct duties *duties = data;
    if (strcmp(name, duties->package->name) != 0 && conflict(duties, name))
        snprintf(duties->found, sizeof(duties->found), "%s", name);
    return duties->found[0] != '\0';
}

int engine_check_duties(struct engine *engine, uid_t uid, const char *user, const struct package *package,
                        bool pending_too, struct reply *reply)
{
    struct duties duties = {.engine = engine, .package = package};
    int r = store_each_package_held(engine->store, uid, user, note_conflict, &duties);
    if (r < 0)
        return r;
    if (duties.found[0])
        return engine_refuse(
            reply, BUS_ERROR_POLICY_REFUSED,
            "%s cannot be had together with %s (separation of duties), which %s holds. That is to be handed "
            "back first: pkg-request return %s",
            package->name, duties.found, user, duties.found);
    r = store_each_package_asked(engine->store, uid, user, pending_too, note_conflict, &duties);
    if (r < 0)
        return r;
    if (duties.found[0])
        return engine_refuse(
            reply, BUS_ERROR_POLICY_REFUSED,
            "%s cannot be had together with %s (separation of duties), which %s has a request for. That is "
            "to be cancelled first; its number: pkg-request list",
            package->name, duties.found, user);
    return 0;
}
