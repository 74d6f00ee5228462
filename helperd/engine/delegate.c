/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Adds, ends and lists delegations: an approver lets a delegate decide in their name until a time. */
#include "helperd/engine/internal.h"

#include "common/names.h"
#include "helperd/engine/locks.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum {
    GIVEN_MAX = 16, /* live delegations that a user gave; POLICY_DELEGATORS_MAX may be received */
    PACE_SECONDS = 3600,
    PACE_MAX = 64, /* delegations within that time, for their rows stay long */
};

/* ---- one delegation ---- */

static json_t *view_delegation(const struct delegation *delegation)
{
    return json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:s*}", "user", delegation->user, "uid",
                     (json_int_t)delegation->identity.uid, "to", delegation->delegate, "to_uid",
                     (json_int_t)delegation->delegate_uid, "since", (json_int_t)delegation->since, "until",
                     (json_int_t)delegation->until, "reason", delegation->reason);
}

static int show_delegation(const struct delegation *delegation, struct reply *reply)
{
    reply->value = view_delegation(delegation);
    return reply->value ? 0 : -ENOMEM;
}

static bool is_given_by(const struct delegation *delegation, const struct subject *subject)
{
    return delegation->identity.uid == subject->uid && strcmp(delegation->user, subject->name) == 0;
}

static bool is_received_by(const struct delegation *delegation, const struct subject *subject)
{
    return delegation->delegate_uid == subject->uid && strcmp(delegation->delegate, subject->name) == 0;
}

/* ---- adding ---- */

static int check_until(struct engine *engine, int64_t until, struct reply *reply)
{
    const int64_t now = clock_now(&engine->clock);
    if (until == 0)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                             "Please say until when, for a delegation has an end; nothing was changed.");
    if (until <= now)
        return engine_refuse(
            reply, BUS_ERROR_INVALID_ARGUMENT,
            "The end of the delegation has passed already. Please give a later one; nothing was changed.");
    if (until > now + DELEGATION_AHEAD_MAX)
        return engine_refuse(
            reply, BUS_ERROR_INVALID_ARGUMENT,
            "A delegation lasts a year at most. Please give a sooner end; nothing was changed.");
    return 0;
}

/* Whoever calls is told no more: what shadow says of somebody else is root's to know, and everybody may delegate. */
static int check_delegate_account(struct engine *engine, const struct subject *to, struct reply *reply)
{
    char user[NAME_ENCODED_MAX + 1];
    if (engine->config->account_state == CONFIG_NO || to->uid == 0 || account_may_decide(&to->account))
        return 0;
    text_visible(to->name, user, sizeof(user));
    if (to->account.state == ACCOUNT_UNKNOWN)
        return engine_refuse(
            reply, BUS_ERROR_UNAVAILABLE,
            "Whether %s may decide is not known now. Nothing was changed. Please try again in a "
            "moment; an administrator can see more: journalctl -u accesspkg-privileged",
            user);
    return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                         "%s may not decide now. Nothing was changed. Please name somebody else.", user);
}

/* Checks the caller and the delegate, who is facts->user. */
static int check_parties(const struct call *call, const char *asked)
{
    const struct facts *facts = call->facts;
    struct reply *reply = call->reply;
    char visible[NAME_ENCODED_MAX + 1];
    const struct subject *to = facts->user;
    int r = engine_check_caller(call);
    if (r == 0)
        r = engine_check_account(call);
    if (r == 0)
        r = engine_check_locked(call->engine, facts->caller, &call->caller->identity,
                                BUS_ERROR_NOT_AUTHORIZED, reply);
    if (r == 0 && to)
        r = engine_check_locked(call->engine, to, NULL, BUS_ERROR_POLICY_REFUSED, reply);
    if (r != 0)
        return r;
    if (!facts->caller->may_log_in)
        return engine_refuse(
            reply, BUS_ERROR_NOT_AUTHORIZED,
            "Your account has no login shell, so it cannot decide, and there is nothing to delegate.");
    if (!to)
        return engine_refuse(reply, BUS_ERROR_NO_SUCH_USER, "There is no user %s on this host.",
                             text_visible(asked, visible, sizeof(visible)));
    /* By login id, too: an intruder in an approver's account must not delegate to their own account. */
    if (policy_same_person(&call->caller->identity, &(struct identity){to->uid, UID_UNSET}) ||
        strcmp(to->name, facts->caller->name) == 0)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "%s is you (by account or by login). Please name somebody else.", to->name);
    if (!to->may_log_in)
        return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                             "%s has no login shell and so cannot decide. Please name somebody else.",
                             to->name);
    return check_delegate_account(call->engine, to, reply);
}

/* *ret_replaced: the caller's present delegation to this delegate, which the new one replaces; *ret_count: the
 * others. */
static int find_given(struct engine *engine, const struct facts *facts, int64_t *ret_replaced,
                      int64_t *ret_count)
{
    struct delegation *given = NULL;
    size_t count = 0;
    const int r = store_get_delegations(engine->store, STORE_DELEGATIONS_GIVEN, facts->caller->uid,
                                        clock_now(&engine->clock), &given, &count);
    if (r < 0)
        return r;
    *ret_replaced = 0;
    *ret_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_given_by(&given[i], facts->caller) && is_received_by(&given[i], facts->user))
            *ret_replaced = given[i].id;
        else
            ++*ret_count;
    }
    store_free_delegations(given, count);
    return 0;
}

static int count_received(struct engine *engine, const struct facts *facts, int64_t *ret)
{
    struct delegation *received = NULL;
    size_t count = 0;
    const int r = store_get_delegations(engine->store, STORE_DELEGATIONS_RECEIVED, facts->user->uid,
                                        clock_now(&engine->clock), &received, &count);
    if (r < 0)
        return r;
    *ret = 0;
    for (size_t i = 0; i < count; i++)
        *ret += !is_given_by(&received[i], facts->caller) || !is_received_by(&received[i], facts->user);
    store_free_delegations(received, count);
    return 0;
}

static int check_counts(struct engine *engine, const struct facts *facts, int64_t *ret_replaced,
                        struct reply *reply)
{
    int64_t given = 0;
    int64_t received = 0;
    int64_t lately = 0;
    const int64_t since = clock_now(&engine->clock) - PACE_SECONDS;
    int r;
    if ((r = find_given(engine, facts, ret_replaced, &given)) < 0 ||
        (r = count_received(engine, facts, &received)) < 0 ||
        (r = store_count_delegations_since(engine->store, facts->caller->uid, since, PACE_MAX, &lately)) < 0)
        return r;
    if (given >= GIVEN_MAX)
        return engine_refuse(reply, BUS_ERROR_LIMIT_EXCEEDED,
                             "You have delegated to %" PRId64
                             " others already, which is the limit. Please end "
                             "one first: pkg-approve delegate --revoke USER",
                             given);
    if (received >= POLICY_DELEGATORS_MAX)
        return engine_refuse(reply, BUS_ERROR_LIMIT_EXCEEDED,
                             "%s decides for %" PRId64 " others already, which is the limit. Please name "
                             "somebody else.",
                             facts->user->name, received);
    if (lately >= PACE_MAX)
        return engine_refuse(reply, BUS_ERROR_LIMIT_EXCEEDED,
                             "You have delegated %" PRId64
                             " times within an hour, which is the limit of this "
                             "host. Please try again later.",
                             lately);
    return 0;
}

int engine_delegate(const struct call *call, const struct delegate_terms *terms)
{
    int64_t replaced = 0;
    int r;
    if ((r = engine_check_text("reason", terms->reason, call->reply)) != 0 ||
        (r = check_until(call->engine, terms->until, call->reply)) != 0 ||
        (r = check_parties(call, terms->to)) != 0 ||
        (r = engine_begin_call(call->engine, call->facts)) != 0 ||
        (r = check_counts(call->engine, call->facts, &replaced, call->reply)) != 0)
        return r;
    struct delegation delegation = {
        .user = call->facts->caller->name,
        .identity = call->caller->identity,
        .delegate = call->facts->user->name,
        .delegate_uid = call->facts->user->uid,
        .reason = *terms->reason ? (char *)terms->reason : NULL,
        .since = clock_now(&call->engine->clock),
        .until = terms->until,
        .local = call->facts->caller->local,
        .delegate_local = call->facts->user->local,
    };
    struct txn *txn = engine_join(call->engine);
    if (replaced)
        store_revoke_delegation(txn->store, replaced, delegation.since);
    store_add_delegation(txn->store, &delegation);
    delegation_audit(txn, engine_caller_act(call, delegation.reason), AUDIT_DELEGATE, &delegation);
    return show_delegation(&delegation, call->reply);
}

/* ---- ending ---- */

/* Ends the delegation that the caller gave the other user, or received from them. STORE_E_NONE: none. */
static int revoke_between(const struct call *call, enum store_delegations which, const char *other)
{
    struct delegation *found = NULL;
    size_t count = 0;
    int r = store_get_delegations(call->engine->store, which, call->caller->identity.uid,
                                  clock_now(&call->engine->clock), &found, &count);
    if (r < 0)
        return r;
    const bool given = which == STORE_DELEGATIONS_GIVEN;
    const struct delegation *match = NULL;
    for (size_t i = 0; !match && i < count; i++)
        if (given ? is_given_by(&found[i], call->facts->caller) && strcmp(found[i].delegate, other) == 0
                  : is_received_by(&found[i], call->facts->caller) && strcmp(found[i].user, other) == 0)
            match = &found[i];
    if (match)
        delegation_end(engine_join(call->engine), match, engine_caller_act(call, match->reason));
    r = match ? show_delegation(match, call->reply) : STORE_E_NONE;
    store_free_delegations(found, count);
    return r;
}

int engine_undelegate(const struct call *call, const char *other)
{
    char visible[NAME_ENCODED_MAX + 1];
    int r = engine_check_caller(call);
    if (r == 0)
        r = engine_begin_call(call->engine, call->facts);
    const char *const names[] = {other, call->facts->user ? call->facts->user->name : other};
    for (size_t i = 0; i < 2 && (i == 0 ? r == 0 : r == STORE_E_NONE); i++) {
        r = revoke_between(call, STORE_DELEGATIONS_GIVEN, names[i]);
        if (r == STORE_E_NONE)
            r = revoke_between(call, STORE_DELEGATIONS_RECEIVED, names[i]);
    }
    if (r == STORE_E_NONE && call->facts->user_asked && !call->facts->user_known)
        return engine_refuse(call->reply, BUS_ERROR_UNAVAILABLE,
                             "There is no delegation between you and %s, by this spelling. A directory does "
                             "not answer that may "
                             "know the user by another one. Nothing was changed. See: pkg-approve delegate",
                             text_visible(other, visible, sizeof(visible)));
    if (r == STORE_E_NONE)
        return engine_refuse(call->reply, BUS_ERROR_NO_SUCH_REQUEST,
                             "There is no delegation between you and %s now, so nothing was changed. See: "
                             "pkg-approve delegate",
                             text_visible(other, visible, sizeof(visible)));
    return r;
}

/* ---- listing ---- */

/* Adds the caller's delegations, by uid and name. */
static int add_views(struct engine *engine, const struct caller *caller, const struct facts *facts,
                     enum store_delegations which, json_t *array)
{
    struct delegation *found = NULL;
    size_t count = 0;
    int r = store_get_delegations(engine->store, which, caller->identity.uid, clock_now(&engine->clock),
                                  &found, &count);
    if (r < 0)
        return r;
    for (size_t i = 0; r == 0 && i < count; i++) {
        if ((which == STORE_DELEGATIONS_GIVEN && !is_given_by(&found[i], facts->caller)) ||
            (which == STORE_DELEGATIONS_RECEIVED && !is_received_by(&found[i], facts->caller)))
            continue;
        r = json_array_append_new(array, view_delegation(&found[i])) < 0 ? -ENOMEM : 0;
    }
    store_free_delegations(found, count);
    return r;
}

int engine_list_delegations(const struct call *call)
{
    int r;
    if ((r = engine_check_caller(call)) != 0 || (r = engine_begin_call(call->engine, call->facts)) != 0)
        return r;
    json_t *array = json_array();
    if (call->caller->identity.uid == 0) {
        r = add_views(call->engine, call->caller, call->facts, STORE_DELEGATIONS_ALL, array);
    } else {
        r = add_views(call->engine, call->caller, call->facts, STORE_DELEGATIONS_GIVEN, array);
        if (r == 0)
            r = add_views(call->engine, call->caller, call->facts, STORE_DELEGATIONS_RECEIVED, array);
    }
    if (r == 0 && array)
        call->reply->value = array;
    else
        json_decref(array);
    return r != 0 ? r : array ? 0 : -ENOMEM;
}
