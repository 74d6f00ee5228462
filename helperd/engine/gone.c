/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users who are gone, or whose name has another uid now: ends what they hold, withdraws what waits. Decides from one
 * look-up of one user; only an account that was in /etc/passwd can be gone for good.
 */
#include "helperd/engine/internal.h"

#include "common/log.h"
#include "common/names.h"

static const char gone[] = "the user is no longer on this host";
static const char other_uid[] = "the user of this name has another uid now";

static void revoke_gone(struct txn *txn, const char *name)
{
    struct assignment assignment = {0};
    char visible[NAME_ENCODED_MAX + 1];
    while (store_find_local_assignment(txn->store, name, &assignment) == 0) {
        log_notice("%s of %s ends: %s.", assignment.package, text_visible(name, visible, sizeof(visible)),
                   gone);
        assignment_finish(txn, &assignment, ASSIGNMENT_REVOKE, own_act(gone));
        assignment_deinit(&assignment);
    }
}

static void withdraw_gone(struct txn *txn, const char *name)
{
    struct request request = {0};
    while (store_find_local_request(txn->store, name, &request) == 0) {
        request_withdraw(txn, &request, own_act(gone));
        request_deinit(&request);
    }
}

static void withdraw_stale(struct txn *txn, const struct subject *subject)
{
    struct request request = {0};
    while (store_find_stale_request(txn->store, subject->name, subject->uid, &request) == 0) {
        request_withdraw(txn, &request, own_act(other_uid));
        request_deinit(&request);
    }
}

/* 1: ended one, there may be more; 0: there is none; -errno. */
static int end_one_delegation(struct engine *engine, const char *name, const struct subject *now)
{
    struct txn txn;
    struct delegation delegation = {0};
    const int64_t at = clock_now(&engine->clock);
    int r = now ? store_find_stale_delegation(engine->store, name, now->uid, at, &delegation)
                : store_find_delegation_of_gone(engine->store, name, at, &delegation);
    if (r != 0)
        return r < 0 ? r : 0;
    txn_begin(&txn, engine);
    delegation_end(&txn, &delegation, own_act(now ? other_uid : gone));
    r = txn_commit(&txn);
    delegation_deinit(&delegation);
    return r < 0 ? r : 1;
}

/* Ends delegations of a former user of this name. `now`: the present one; NULL: none. */
static int end_delegations(struct engine *engine, const char *name, const struct subject *now)
{
    int r;
    while ((r = end_one_delegation(engine, name, now)) > 0)
        ;
    return r;
}

/* Begins a transaction only if there is something to end. */
static int end_access_of_gone(struct engine *engine, const char *name)
{
    struct txn txn;
    struct assignment assignment = {0};
    struct request request = {0};
    const int held = store_find_local_assignment(engine->store, name, &assignment);
    const int waits = store_find_local_request(engine->store, name, &request);
    assignment_deinit(&assignment);
    request_deinit(&request);
    if (held < 0 || waits < 0)
        return held < 0 ? held : waits;
    if (held != 0 && waits != 0)
        return 0;
    txn_begin(&txn, engine);
    revoke_gone(&txn, name);
    withdraw_gone(&txn, name);
    return txn_commit(&txn);
}

/* A user who was never in /etc/passwd keeps what they hold: their directory may be away. Logged and recorded once. */
static int mark_missing(struct engine *engine, const char *name)
{
    struct txn txn;
    struct assignment assignment = {0};
    char visible[NAME_ENCODED_MAX + 1], word[TEXT_WORD_MAX];
    int r = store_find_missing(engine->store, name, &assignment);
    if (r != 0)
        return r < 0 ? r : 0;
    log_warning(
        "%s, who holds %s, is not known just now. The directory may be away: what was given stays. If "
        "the user is gone, revoke it: pkg-admin revoke %s %s -m 'REASON'",
        text_visible(assignment.user, visible, sizeof(visible)), assignment.package, assignment.package,
        text_word(assignment.user, word));
    txn_begin(&txn, engine);
    txn_audit(&txn, own_act("no directory knew the user"), AUDIT_MISSING, assignment.request, assignment.id);
    store_note_missing(txn.store, assignment.user);
    r = txn_commit(&txn);
    assignment_deinit(&assignment);
    return r;
}

static int end_all_of_gone(struct engine *engine, const char *name)
{
    int r;
    if ((r = end_access_of_gone(engine, name)) < 0 || (r = end_delegations(engine, name, NULL)) < 0)
        return r;
    return mark_missing(engine, name);
}

static int note_seen(struct engine *engine, const struct subject *subject)
{
    struct txn txn;
    const int r = store_find_user_unlike(engine->store, subject->name, subject->uid, subject->local);
    if (r != 0)
        return r < 0 ? r : 0;
    txn_begin(&txn, engine);
    store_note_user_seen(txn.store, subject->name, subject->uid, subject->local);
    return txn_commit(&txn);
}

static int end_stale_requests(struct engine *engine, const struct subject *subject)
{
    struct txn txn;
    struct request request = {0};
    const int r = store_find_stale_request(engine->store, subject->name, subject->uid, &request);
    request_deinit(&request);
    if (r != 0)
        return r < 0 ? r : 0;
    txn_begin(&txn, engine);
    withdraw_stale(&txn, subject);
    return txn_commit(&txn);
}

static int end_all_of_other_uid(struct engine *engine, const struct subject *subject)
{
    int r;
    if ((r = note_seen(engine, subject)) < 0 || (r = end_stale_requests(engine, subject)) < 0)
        return r;
    return end_delegations(engine, subject->name, subject);
}

int engine_compare_user(struct engine *engine, const char *name, const struct facts *facts)
{
    int r = engine_end(engine, engine_revoke_stale(engine, facts));
    if (r < 0)
        return r;
    if (facts->user)
        return end_all_of_other_uid(engine, facts->user);
    r = engine_note_unknown_user(engine, name);
    return r == 0 && facts->user_gone ? end_all_of_gone(engine, name) : r;
}
