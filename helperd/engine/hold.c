/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Returns, revokes, assigns and retries what users hold. */
#include "helperd/engine/internal.h"
#include "helperd/engine/lineage.h"

#include "common/names.h"
#include "helperd/engine/locks.h"
#include "helperd/lifecycle/narrow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int engine_refuse_not_held(const char *package, struct reply *reply)
{
    char visible[2 * NAME_PACKAGE_MAX];
    return engine_refuse(
        reply, BUS_ERROR_NO_SUCH_REQUEST,
        "You do not hold %s now, so nothing was changed. What you hold, and what waits: pkg-request",
        text_visible(package, visible, sizeof(visible)));
}

static int refuse_not_holder(const char *user, const char *package, struct reply *reply)
{
    char holder[NAME_ENCODED_MAX + 1], visible[2 * NAME_PACKAGE_MAX], word[TEXT_WORD_MAX];
    text_visible(user, holder, sizeof(holder));
    text_visible(package, visible, sizeof(visible));
    return engine_refuse(
        reply, BUS_ERROR_NO_SUCH_REQUEST,
        "%s does not hold %s now, so nothing was changed. What they have of it: pkg-admin explain %s %s",
        holder, visible, visible, text_word(user, word));
}

/* ---- extension ---- */

static void note_withdrawn(const struct call *call, int64_t request)
{
    struct answer *answer = &call->reply->answer;
    if (answer->n_withdrawn < sizeof(answer->withdrawn) / sizeof(answer->withdrawn[0]))
        answer->withdrawn[answer->n_withdrawn++] = request;
}

/* Ends the assignment; its pending extension is withdrawn with it, and shown in the answer. */
static void end_before_its_end(const struct call *call, struct assignment *assignment, const char *reason)
{
    struct txn *txn = engine_join(call->engine);
    struct request extension = {0};
    if (store_find_open_request(txn->store, assignment->uid, assignment->user, assignment->package,
                                &extension) == 0 &&
        extension.extends == assignment->id)
        note_withdrawn(call, extension.id);
    request_deinit(&extension);
    assignment_finish(txn, assignment, ASSIGNMENT_REVOKE, engine_caller_act(call, reason));
    call->reply->answer.request = assignment->request;
    call->reply->answer.assignment = assignment->id;
    call->reply->answer.ended = true;
}

/* What is due may fail: what ends does not wait for it (rule 13). */
static int enter_to_end(const struct call *call)
{
    const int r = engine_begin_call(call->engine, call->facts);
    if (r < 0)
        engine_end(call->engine, r);
    return r < 0 ? 0 : r;
}

int engine_return(const struct call *call, const char *package, const char *reason)
{
    struct assignment assignment = {0};
    int r;
    if ((r = engine_check_text("reason", reason, call->reply)) != 0 || (r = engine_check_caller(call)) != 0 ||
        (r = enter_to_end(call)) != 0)
        return r;
    r = store_find_live_assignment(call->engine->store, call->caller->identity.uid, call->facts->caller->name,
                                   package, &assignment);
    if (r == STORE_E_NONE)
        r = engine_refuse_not_held(package, call->reply);
    else if (r == 0)
        end_before_its_end(call, &assignment, reason);
    assignment_deinit(&assignment);
    return r;
}

/* Whether the caller decided on the request in any stage, or may decide on this package now. */
static bool may_end(const struct call *call, int64_t request, const char *package,
                    const struct policy_decider *decider)
{
    struct record record = {0};
    bool may = policy_reviews(packages_find(call->engine->packages, package), decider);
    if (!may && request && record_load(call->engine->store, request, &record) == 0) {
        for (size_t i = 0; i < record.n_decisions; i++)
            may |= policy_took_part(&record.decisions[i], &decider->identity);
        may |= engine_was_asked(call->engine, &record, decider);
        record_deinit(&record);
    }
    return may;
}

/* Whether the decider may end what this user has of the package, now or later. */
static bool may_end_any(const struct call *call, const char *user, const char *package,
                        const struct policy_decider *decider)
{
    struct store *store = call->engine->store;
    struct assignment assignment = {0};
    struct request request = {0};
    const bool held = store_find_live_assignment_by_name(store, user, package, &assignment) == 0;
    const bool ahead = store_find_waiting_request_by_name(store, user, package, &request) == 0;
    const bool may = (held && may_end(call, assignment.request, package, decider)) ||
                     (ahead && may_end(call, request.id, package, decider));
    assignment_deinit(&assignment);
    request_deinit(&request);
    return may;
}

/* Rule 9: nobody acts in the name of a delegator whose account has expired or is locked. Returns one of those. */
static const struct policy_delegator *leave_out_barred(struct policy_decider *decider)
{
    struct policy_delegator *const all = decider->delegators;
    const size_t count = decider->n_delegators;
    decider->n_delegators = 0;
    for (size_t i = 0; i < count; i++) {
        const struct policy_delegator one = all[i];
        if (!decider->any_account && !account_may_decide(&one.subject->account))
            continue;
        all[i] = all[decider->n_delegators];
        all[decider->n_delegators++] = one;
    }
    return decider->n_delegators < count ? &all[decider->n_delegators] : NULL;
}

/* Uid 0 may end anything; approvers what they decided on or may decide. The refusal does not reveal whether other
 * packages are held. */
static int check_revoker(const struct call *call, const char *user, const char *package)
{
    char visible[NAME_ENCODED_MAX + 1], of[2 * NAME_PACKAGE_MAX];
    if (call->caller->identity.uid == 0)
        return 0;
    const int locked = engine_check_locked(call->engine, call->facts->caller, &call->caller->identity,
                                           BUS_ERROR_NOT_AUTHORIZED, call->reply);
    if (locked != 0)
        return locked;
    struct policy_decider decider = engine_decider(call->engine, call->caller, call->facts);
    const bool asked = may_end_any(call, user, package, &decider);
    const struct policy_delegator *barred = leave_out_barred(&decider);
    if (asked && barred && !may_end_any(call, user, package, &decider))
        return engine_refuse_decider(POLICY_DECIDE_ACCOUNT, barred, 0, call->reply);
    if (asked)
        return engine_check_account(call);
    return engine_refuse(call->reply, BUS_ERROR_NOT_AUTHORIZED,
                         "%s has nothing of %s now that you decided on, or may decide (see: pkg-approve "
                         "history). Only root may "
                         "end what is left: run the same command with sudo, or as root.",
                         text_visible(user, visible, sizeof(visible)), text_visible(package, of, sizeof(of)));
}

/* Rule 14: ends all that the user has of the package, also approved requests that wait for their start. Sets *ret_any
 * if there was any. */
static int revoke_all(const struct call *call, const char *user, const char *package, const char *reason,
                      bool *ret_any)
{
    struct store *store = call->engine->store;
    struct assignment assignment = {0};
    struct request request = {0};
    int r;
    while ((r = store_find_live_assignment_by_name(store, user, package, &assignment)) == 0) {
        end_before_its_end(call, &assignment, reason);
        assignment_deinit(&assignment);
        *ret_any = true;
    }
    while (r == STORE_E_NONE &&
           (r = store_find_waiting_request_by_name(store, user, package, &request)) == 0) {
        struct txn *txn = engine_join(call->engine);
        narrow_note_withdrawal(txn, &request, engine_caller_act(call, reason));
        request_withdraw(txn, &request, engine_caller_act(call, reason));
        if (*ret_any)
            note_withdrawn(call, request.id);
        else
            call->reply->answer = (struct answer){.request = request.id, .ended = true};
        request_deinit(&request);
        *ret_any = true;
        r = STORE_E_NONE;
    }
    return r < 0 ? r : 0;
}

/* There is nothing to end. Warns of memberships by other means, for the caller believes that the user has access. */
static int refuse_revoke(struct engine *engine, const char *user, const char *package, struct reply *reply)
{
    const int refusal = refuse_not_holder(user, package, reply);
    const int r = standing_append_refusal(engine, packages_find(engine->packages, package), user, reply);
    return r < 0 ? r : refusal;
}

bool engine_has_package(struct engine *engine, const char *user, const char *package)
{
    struct assignment assignment = {0};
    struct request request = {0};
    const bool has = store_find_live_assignment_by_name(engine->store, user, package, &assignment) == 0 ||
                     store_find_waiting_request_by_name(engine->store, user, package, &request) == 0;
    assignment_deinit(&assignment);
    request_deinit(&request);
    return has;
}

/* Refuses when neither the name as it was typed nor the directory's spelling holds anything. */
static int refuse_unnamed(struct engine *engine, const struct facts *facts, const char *user,
                          const char *package, struct reply *reply)
{
    char visible[NAME_ENCODED_MAX + 1], of[2 * NAME_PACKAGE_MAX];
    if (facts->user || facts->user_known || !facts->user_asked)
        return refuse_revoke(engine, facts->user ? facts->user->name : user, package, reply);
    return engine_refuse(
        reply, BUS_ERROR_UNAVAILABLE,
        "No user %s holds %s now, by this spelling. A directory does not answer that may know the user by "
        "another one. Nothing was changed. Names as they are held: pkg-admin audit",
        text_visible(user, visible, sizeof(visible)), text_visible(package, of, sizeof(of)));
}

struct alike {
    const char *typed;
    char *held; /* the first holder whose name differs only in the case of letters; owned */
};

static int compare_letters(const struct assignment *assignment, void *data)
{
    struct alike *alike = data;
    if (alike->held || strcasecmp(assignment->user, alike->typed) != 0 ||
        strcmp(assignment->user, alike->typed) == 0)
        return 0;
    alike->held = strdup(assignment->user);
    return alike->held ? 0 : -ENOMEM;
}

/* Suggests a holder whose name differs only in case. A directory that ignores case may be away, and only the store has
 * the spelling; but it may be another user. 0 or -errno. */
static int append_similar_name(struct engine *engine, const char *user, const char *package,
                               struct reply *reply)
{
    const struct store_holders_filter filter = {
        .limit = INT64_MAX, .name = package, .kinds = STORE_NAMES_PACKAGE};
    struct alike alike = {.typed = user};
    char word[TEXT_WORD_MAX], visible[2 * NAME_PACKAGE_MAX];
    const int r = store_list_holders(engine->store, &filter, compare_letters, &alike);
    const size_t used = strlen(reply->message);
    if (r == 0 && alike.held)
        snprintf(reply->message + used, sizeof(reply->message) - used,
                 ". %s holds it, see: pkg-admin holders %s", text_word(alike.held, word),
                 text_visible(package, visible, sizeof(visible)));
    free(alike.held);
    return r;
}

/* What either spelling of the user's name has: all of it is going to end. */
static int check_revoker_of_both(const struct call *call, const char *const names[2], const char *package)
{
    bool any = false;
    int r = 0;
    for (size_t i = 0; r == 0 && i < 2; i++) {
        if (!engine_has_package(call->engine, names[i], package))
            continue;
        any = true;
        r = check_revoker(call, names[i], package);
    }
    return any ? r : check_revoker(call, names[1], package);
}

int engine_revoke(const struct call *call, const char *user, const char *package, const char *reason)
{
    if (!*reason)
        return engine_refuse(call->reply, BUS_ERROR_INVALID_ARGUMENT,
                             "Please give a reason for the revocation, which the user reads: -m 'REASON'");
    int r;
    if ((r = engine_check_text("reason", reason, call->reply)) != 0 || (r = engine_check_caller(call)) != 0 ||
        (r = enter_to_end(call)) != 0)
        return r;
    const char *const names[] = {user, call->facts->user ? call->facts->user->name : user};
    bool any = false;
    if ((r = check_revoker_of_both(call, names, package)) != 0)
        return r;
    for (size_t i = 0; i < 2; i++)
        if ((r = revoke_all(call, names[i], package, reason, &any)) < 0)
            return r;
    if (any)
        return 0;
    const int refusal = refuse_unnamed(call->engine, call->facts, user, package, call->reply);
    r = refusal > 0 ? append_similar_name(call->engine, user, package, call->reply) : 0;
    return r < 0 ? r : refusal;
}

/* ---- by an administrator ---- */

/* Withdraws the user's requests for the package that wait for a decision or for their start. */
static void withdraw_waiting(struct txn *txn, const struct call *call, const char *package)
{
    struct request request = {0};
    while (request_find_waiting(txn->engine, call->facts->user, package, &request) == 0) {
        request_withdraw(txn, &request,
                         engine_caller_act(call, "an administrator assigned the package directly"));
        request_deinit(&request);
    }
}

void engine_assign_checked(const struct call *call, const struct package *package,
                           const struct assign_terms *terms, const char *overridden)
{
    struct txn *txn = engine_join(call->engine);
    const struct subject *user = call->facts->user;
    const int64_t now = clock_now(&call->engine->clock);
    const struct decision word = {
        .decider = call->facts->caller->name,
        .identity = call->caller->identity,
        .approved = true,
        .reason = (char *)terms->reason,
        .at = now,
    };
    struct request request = {
        .package = package->name,
        .user = user->name,
        .requestor = {user->uid, UID_UNSET},
        .full_name = user->full_name,
        .organisation = user->organisation,
        .state = STATE_SUBMITTED,
        .service = (char *)"pkg-admin",
        .origin_verified = true,
        .assigned = true,
        .overrides = *overridden != '\0',
        .duration = engine_wished_duration(call->engine, WISH(terms), package),
        .start = terms->start > now ? terms->start : 0,
        .until = terms->until,
        .submitted = now,
    };
    withdraw_waiting(txn, call, package->name);
    request_file(txn, call->facts, package, &request, &(struct filing){.waived = true, .word = &word});
    if (*overridden)
        txn_audit(txn, engine_caller_act(call, overridden), AUDIT_OVERRIDE, request.id, 0);
    call->reply->answer.request = request.id;
}

int engine_assign(const struct call *call, const struct assign_terms *terms)
{
    const struct package *package = packages_find(call->engine->packages, terms->package);
    int r;
    if ((r = engine_check_text("reason", terms->reason, call->reply)) != 0 ||
        (r = engine_check_times(call->engine, WISH(terms), call->reply)) != 0 ||
        (r = engine_check_caller(call)) != 0 || (r = engine_begin_call(call->engine, call->facts)) != 0 ||
        (r = engine_check_assign(call, terms, package)) != 0)
        return r;
    /* A refusal that was overridden is in the reply, and is recorded (rule 12). */
    engine_assign_checked(call, package, terms, call->reply->message);
    return 0;
}

int engine_retry_now(const struct call *call, const char *user, const char *package)
{
    struct assignment assignment = {0};
    char visible[NAME_ENCODED_MAX + 16];
    int r = engine_begin_call(call->engine, call->facts);
    if (r == 0)
        r = store_find_live_assignment_by_name(call->engine->store, user, package, &assignment);
    if (r == STORE_E_NONE)
        return refuse_not_holder(user, package, call->reply);
    if (r == 0 && assignment.state == STATE_PARTIALLY_FULFILLED && !call->facts->user)
        r = engine_refuse(call->reply, BUS_ERROR_NO_SUCH_USER,
                          "The user %s is no longer on this host, so nothing can be put in place.",
                          text_visible(user, visible, sizeof(visible)));
    if (r == 0)
        r = lineage_check_retry(call->engine, &assignment, call->reply);
    if (r == 0)
        r = engine_retry_assignment(call->engine, &assignment, call->facts, true);
    call->reply->answer = (struct answer){.request = assignment.request, .assignment = assignment.id};
    assignment_deinit(&assignment);
    return r;
}
