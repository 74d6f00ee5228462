/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cancels and decides requests. */
#include "helperd/engine/internal.h"
#include "helperd/engine/lineage.h"

#include "common/cleanup.h"
#include "common/duration.h"
#include "common/names.h"
#include "common/timetext.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { REASON_SHOWN_MAX = 204 }; /* bytes of a reason in a refusal */

/* ---- cancel ---- */

/* Refuses a call that comes too late, and says how the request ended. */
static int refuse_late(const struct record *record, struct reply *reply)
{
    const struct request *request = &record->request;
    char when[TIME_TEXT_MAX];
    char reason[REASON_SHOWN_MAX] = "";
    const bool due = request->state == STATE_PENDING_APPROVAL; /* it is about to expire */
    time_people(due ? request->deadline : request->ended, when);
    if (request->emergency)
        return engine_refuse(reply, BUS_ERROR_ALREADY_DECIDED,
                             "Request %" PRId64
                             " was an emergency, given at once on %s: nobody decides on it. To "
                             "hand it back: pkg-request return %s. To review it: pkg-approve review %" PRId64,
                             request->id, when, request->package, request->id);
    if (record->n_decisions > 0 && (request->state == STATE_DENIED || request->state == STATE_APPROVED)) {
        const struct decision *last = &record->decisions[record->n_decisions - 1];
        if (last->reason)
            text_visible(last->reason, reason, sizeof(reason)); /* cut at a character's edge */
        return engine_refuse(reply, BUS_ERROR_ALREADY_DECIDED,
                             "Request %" PRId64 " was %s by %s%s%s on %s%s%s%s.", request->id,
                             last->approved ? "approved" : "denied", last->decider,
                             last->for_user ? " for " : "", last->for_user ? last->for_user : "", when,
                             *reason ? " (reason: " : "", reason, *reason ? ")" : "");
    }
    return engine_refuse(reply, BUS_ERROR_ALREADY_DECIDED,
                         "Request %" PRId64 " is no longer waiting: %s on %s.", request->id,
                         state_shown(due ? STATE_EXPIRED : request->state), when);
}

/* Appends what the requestor can do instead. */
static int refuse_cancel(const struct record *record, struct reply *reply)
{
    const int r = refuse_late(record, reply);
    const size_t used = strlen(reply->message);
    if (record->request.state == STATE_APPROVED && !record->request.emergency)
        snprintf(reply->message + used, sizeof(reply->message) - used,
                 " To hand back what you hold of it: pkg-request return %s", record->request.package);
    return r;
}

static int refuse_unknown_request(int64_t id, struct reply *reply)
{
    return engine_refuse(reply, BUS_ERROR_NO_SUCH_REQUEST,
                         "You have no request %" PRId64 ". See: pkg-request list", id);
}

/* False also for a request whose deadline has passed: when many expire at once, some are not moved yet. */
static bool is_waiting(const struct request *request, int64_t now)
{
    return request->state == STATE_PENDING_APPROVAL && now < request->deadline;
}

static int cancel_request(const struct call *call, struct record *record, const char *reason)
{
    if (!engine_is_own_request(&record->request, call->caller, call->facts))
        return refuse_unknown_request(record->request.id, call->reply);
    if (!is_waiting(&record->request, clock_now(&call->engine->clock)) && !record->request.waiting)
        return refuse_cancel(record, call->reply);
    request_withdraw(engine_join(call->engine), &record->request, engine_caller_act(call, reason));
    call->reply->answer.request = record->request.id;
    return 0;
}

int engine_cancel(const struct call *call, int64_t id, const char *reason)
{
    struct record record = {0};
    int r;
    if ((r = engine_check_text("reason", reason, call->reply)) != 0 ||
        (r = engine_begin_call(call->engine, call->facts)) != 0)
        return r;
    r = record_load(call->engine->store, id, &record);
    if (r != 0)
        return r == STORE_E_NONE ? refuse_unknown_request(id, call->reply) : r;
    r = cancel_request(call, &record, reason);
    record_deinit(&record);
    return r;
}

/* ---- decide ---- */

/* Rule 9: checks again before approval what was checked at submission. */
static int check_requestor(const struct call *call, const struct request *request,
                           const struct package *package)
{
    const struct engine *engine = call->engine;
    const struct facts *facts = call->facts;
    struct reply *reply = call->reply;
    if (!package)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "The package %s is no longer in packages.d, so request %" PRId64
                             " cannot be approved. You can deny it.",
                             request->package, request->id);
    if (!facts->user || facts->user->uid != request->requestor.uid)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "The user %s who filed request %" PRId64
                             " is no longer on this host with the same uid. You can deny it.",
                             request->user, request->id);
    if (locks_find(&engine->locks, request->user, request->requestor.uid))
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "%s is locked on this host, so request %" PRId64
                             " cannot be approved. You can deny it.",
                             request->user, request->id);
    if (package->requestors[0] && !policy_names(package->requestors, facts->user) &&
        policy_may_name(package->requestors, facts->user))
        return engine_refuse_unknown(reply, "whether the requestor may still ask for it");
    if (package->requestors[0] && !policy_names(package->requestors, facts->user))
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "%s may no longer ask for %s, so request %" PRId64
                             " cannot be approved. You can deny it.",
                             request->user, request->package, request->id);
    return 0;
}

static int64_t get_asked_time(const struct request *request)
{
    return request->granted ? request->granted : request->duration;
}

/* The duration that an approval gives: at most what was requested and what the policy allows now (rule 9). */
static int64_t get_given_time(const struct request *request, const struct package *package, struct wish wish)
{
    const int64_t given = wish.duration ? wish.duration : get_asked_time(request);
    return given < package->max_duration ? given : package->max_duration;
}

/* From when it would give something: its start or now, or the end of what it extends. The wish has a duration from there in
 * the place of an end. */
static int find_begin(struct engine *engine, const struct request *request, struct wish *wish, int64_t *ret)
{
    struct assignment assignment = {0};
    const int64_t now = clock_now(&engine->clock), start = wish->start ? wish->start : request->start;
    const int r = request->extends ? store_get_assignment(engine->store, request->extends, &assignment) : 0;
    *ret = request->extends && r == 0 ? assignment.span.end : start > now ? start : now;
    if (wish->until)
        wish->duration = wish->until - *ret;
    assignment_deinit(&assignment);
    return r < 0 ? r : 0;
}

/* An approver gives less than what was asked for. */
static int check_given_time(const struct request *request, struct wish wish, struct reply *reply)
{
    const int64_t asked = get_asked_time(request);
    char text[DURATION_TEXT_MAX], when[TIME_TEXT_MAX];
    if (wish.until && wish.duration <= 0)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "Request %" PRId64 " would give nothing until %s. Please give a later end.",
                             request->id, time_people(wish.until, when));
    if (wish.until && request->until && wish.until > request->until)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "Request %" PRId64 " asks for it until %s; an approver can give less, not more.",
                             request->id, time_people(request->until, when));
    if (wish.duration > asked)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "Request %" PRId64 " is for %s; an approver can give less, not more.",
                             request->id, duration_format(asked, text));
    return 0;
}

/* The end that was asked for, or is given, stays where it is when the start moves. */
static int check_begins(const struct request *request, struct wish wish, int64_t begins, struct reply *reply)
{
    const int64_t end = wish.until ? wish.until : request->until;
    char when[TIME_TEXT_MAX];
    if (request->extends || !end || begins < end)
        return 0;
    return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                         "Request %" PRId64 " would give nothing: it begins only when it ends, on %s. Please "
                         "give an earlier start, or deny it.",
                         request->id, time_people(end, when));
}

/* Wraps a refusal that is worded for the requestor for an approver. */
static int refuse_to_approver(int r, const struct request *request, struct reply *reply)
{
    char why[sizeof(reply->message)];
    if (r <= 0)
        return r;
    snprintf(why, sizeof(why), "%s", reply->message);
    return engine_refuse(reply, (enum bus_error)r,
                         "Request %" PRId64 " cannot be approved now; you can deny it. %s", request->id, why);
}

/* An approver may grant less time or a later start, never more than was requested; the user must not hold the package,
 * or still hold what is extended. */
static int check_approval(struct engine *engine, const struct request *request, const struct package *package,
                          struct wish wish, struct reply *reply)
{
    const int64_t start = wish.start ? wish.start : request->start, now = clock_now(&engine->clock);
    if (wish.start && request->extends)
        return engine_refuse(
            reply, BUS_ERROR_POLICY_REFUSED,
            "Request %" PRId64
            " is for an extension, which begins where the access would end. Please leave --start out.",
            request->id);
    if (wish.start && wish.start < request->start)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "Request %" PRId64
                             " is for a later start; an approver can set it later, not earlier.",
                             request->id);
    const struct subject requestor = {.uid = request->requestor.uid, .name = request->user};
    struct assignment assignment = {0};
    int r = check_given_time(request, wish, reply);
    if (r == 0)
        r = check_begins(request, wish, start > now ? start : now, reply);
    if (r != 0)
        return r;
    if (!request->extends) {
        r = engine_check_not_over(package, start > now ? start : now, reply);
        if (r != 0)
            return refuse_to_approver(r, request, reply);
        r = store_find_live_assignment(engine->store, request->requestor.uid, request->user, request->package,
                                       &assignment);
        assignment_deinit(&assignment);
        if (r == 0)
            return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                                 "%s holds %s already, so request %" PRId64
                                 " cannot be approved. You can deny it.",
                                 request->user, request->package, request->id);
        r = r < 0 ? r : engine_check_duties(engine, &requestor, package, false, reply);
        return refuse_to_approver(r, request, reply);
    }
    r = store_get_assignment(engine->store, request->extends, &assignment);
    if (r == 0)
        r = engine_check_extension(engine,
                                   &(struct extension){.assignment = &assignment,
                                                       .package = package,
                                                       .seconds = get_given_time(request, package, wish)},
                                   reply);
    if (r == 0)
        r = engine_check_duties(engine, &requestor, package, false, reply);
    assignment_deinit(&assignment);
    return refuse_to_approver(r, request, reply);
}

static const struct decision *find_last_decision(const struct record *record, int64_t stage)
{
    for (size_t i = record->n_decisions; i-- > 0;)
        if (record->decisions[i].stage == stage)
            return &record->decisions[i];
    return NULL;
}

/* The current stage is not the caller's: their stage is complete (rule 4), follows later, or there is none. */
static int refuse_other_stage(struct engine *engine, const struct record *record,
                              const struct policy_decider *decider, struct reply *reply)
{
    const struct request *request = &record->request;
    const int64_t stage = engine_find_stage_of(engine, record, decider);
    const struct decision *last = find_last_decision(record, stage);
    char when[TIME_TEXT_MAX];
    char reason[REASON_SHOWN_MAX] = "";
    if (decider->identity.uid == request->requestor.uid || stage == 0 || stage == request->stage)
        return engine_refuse_decider(POLICY_DECIDE_NOT_APPROVER, NULL, request->id, reply);
    if (stage > request->stage || !last)
        return engine_refuse(reply, BUS_ERROR_NOT_AUTHORIZED,
                             "Request %" PRId64 " is in stage %" PRId64 " of %" PRId64
                             ", which others decide. You are asked in stage %" PRId64 ".",
                             request->id, request->stage, request->n_stages, stage);
    if (last->reason)
        text_visible(last->reason, reason, sizeof(reason));
    return engine_refuse(reply, BUS_ERROR_ALREADY_DECIDED,
                         "Stage %" PRId64 " of request %" PRId64
                         " was approved by %s%s%s on %s%s%s%s. Stage %" PRId64 " is for others to decide.",
                         stage, request->id, last->decider, last->for_user ? " for " : "",
                         last->for_user ? last->for_user : "", time_people(last->at, when),
                         *reason ? " (reason: " : "", reason, *reason ? ")" : "", request->stage);
}

static int judge_decider(struct engine *engine, const struct record *record,
                         const struct policy_decider *decider, const struct policy_delegator **ret_for_whom,
                         struct reply *reply)
{
    const struct policy_pending pending = record_pending(engine->packages, record);
    const enum policy_decide_verdict verdict =
        policy_decide_as(&pending, decider, clock_now(&engine->clock), ret_for_whom);
    return verdict == POLICY_DECIDE_NOT_APPROVER
               ? refuse_other_stage(engine, record, decider, reply)
               : engine_refuse_decider(verdict, *ret_for_whom, record->request.id, reply);
}

static int refuse_changed(const struct request *request, const char *how, struct reply *reply)
{
    return engine_refuse(reply, BUS_ERROR_CHANGED,
                         "Request %" PRId64
                         " has changed since it was shown to you%s. Nothing was decided. Please look again: "
                         "pkg-approve show %" PRId64,
                         request->id, how, request->id);
}

/* A group that is another one by now: it has its name, and another gid. NULL: none. */
static const char *find_other_group(const struct request *request, char *const *groups,
                                    const struct facts *facts)
{
    for (; *groups; groups++) {
        const gid_t seen = request_gid(request, *groups);
        const gid_t now = facts_gid(facts, *groups);
        if (seen != GID_UNSET && now != GID_UNSET && seen != now)
            return *groups;
    }
    return NULL;
}

/* Refuses an approval of groups that have other gids than those that were shown; from then on they are shown. */
static int check_gids(const struct call *call, struct record *record, const struct package *package)
{
    _cleanup_free_ char **groups = request_groups(&record->request, package, record_is_bound(record));
    const char *other = groups ? find_other_group(&record->request, groups, call->facts) : NULL;
    char visible[NAME_ENCODED_MAX + 1], how[sizeof(visible) + 64];
    if (!other)
        return groups ? 0 : -ENOMEM;
    snprintf(how, sizeof(how), ": the group %s has another gid by now",
             text_visible(other, visible, sizeof(visible)));
    request_note_gids(engine_join(call->engine), &record->request, groups, call->facts);
    return refuse_changed(&record->request, how, call->reply);
}

/* Rule 14: what was seen is what is decided. */
static int check_seen(const struct call *call, const struct record *record,
                      const struct decision_terms *terms)
{
    char digest[CANONICAL_DIGEST_MAX];
    if (!terms->digest)
        return engine_refuse(
            call->reply, BUS_ERROR_INVALID_ARGUMENT,
            "Please say what you decide on: the option 'digest', as GetRequest and ListRequests show it "
            "for request %" PRId64 ".",
            record->request.id);
    if (record_digest(call->engine, record, digest) < 0)
        return -ENOMEM;
    return strcmp(terms->digest, digest) == 0 ? 0 : refuse_changed(&record->request, "", call->reply);
}

static void note_given(struct request *request, const struct package *package, struct wish wish,
                       int64_t begins)
{
    const int64_t given = get_given_time(request, package, wish);
    /* Rule 14: the package's end is shown where it comes first, so a later one gives no more. */
    const int64_t last = policy_last_end(package, wish.until ? wish.until : request->until);
    if (wish.until || last < duration_after(begins, get_asked_time(request)))
        request->until = last;
    if (given != request->duration)
        request->granted = given;
    if (wish.start && wish.start == begins)
        request->start = wish.start;
}

static int decide_record(const struct call *call, struct record *record, bool approve,
                         const struct decision_terms *terms)
{
    struct request *request = &record->request;
    const struct policy_decider decider = engine_decider(call->engine, call->caller, call->facts);
    const struct policy_delegator *for_whom = NULL;
    const int64_t now = clock_now(&call->engine->clock);
    struct wish wish = WISH(terms);
    int64_t begins = 0;
    if (!is_waiting(request, now))
        return engine_was_asked(call->engine, record, &decider)
                   ? refuse_late(record, call->reply)
                   : engine_refuse_decider(POLICY_DECIDE_NOT_APPROVER, NULL, request->id, call->reply);
    int r = stage_judge(call->engine, record, call->facts);
    if (r == 0 || r == ENGINE_E_UNKNOWN)
        r = judge_decider(call->engine, record, &decider, &for_whom, call->reply);
    if (r == 0)
        r = engine_check_account(call);
    const struct package *package = packages_find(call->engine->packages, request->package);
    if (r == 0)
        r = check_seen(call, record, terms);
    if (r == 0 && approve)
        r = lineage_check_request(call->engine, request, call->reply);
    if (r == 0 && approve)
        r = check_requestor(call, request, package);
    if (r == 0 && approve)
        r = find_begin(call->engine, request, &wish, &begins);
    if (r == 0 && approve)
        r = check_approval(call->engine, request, package, wish, call->reply);
    if (r == 0 && approve)
        r = check_gids(call, record, package);
    if (r != 0)
        return r;
    const struct decision decision = {
        .stage = request->stage,
        .decider = call->facts->caller->name,
        .identity = call->caller->identity,
        .for_user = for_whom ? for_whom->subject->name : NULL,
        .for_identity = for_whom ? for_whom->identity : IDENTITY_NONE,
        .approved = approve,
        .reason = (char *)terms->reason,
        .at = now,
    };
    if (approve)
        note_given(request, package, wish, begins);
    request_decide(engine_join(call->engine), record, &decision, package, call->facts);
    call->reply->answer.request = request->id;
    return 0;
}

int engine_decide(const struct call *call, int64_t id, bool approve, const struct decision_terms *terms)
{
    struct record record = {0};
    if (!approve && !*terms->reason)
        return engine_refuse(call->reply, BUS_ERROR_INVALID_ARGUMENT,
                             "Please give a reason for the denial: pkg-approve deny %" PRId64 " -m 'REASON'",
                             id);
    int r;
    if ((r = engine_check_text("reason", terms->reason, call->reply)) != 0 ||
        (r = engine_check_times(call->engine, WISH(terms), call->reply)) != 0 ||
        (r = engine_check_decider(call)) != 0 || (r = engine_begin_call(call->engine, call->facts)) != 0)
        return r;
    r = record_load(call->engine->store, id, &record);
    if (r == STORE_E_NONE)
        return engine_refuse(call->reply, BUS_ERROR_NO_SUCH_REQUEST,
                             "There is no request %" PRId64 ". See what waits for you: pkg-approve", id);
    if (r == 0)
        r = decide_record(call, &record, approve, terms);
    record_deinit(&record);
    return r;
}
