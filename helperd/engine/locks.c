/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Locks of users: root's, in the file system alone. This file ends what a locked user has, records who locked them and why,
 * and refuses what they ask. It lifts no lock, and puts none in place.
 */
#include "helperd/engine/locks.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "common/names.h"
#include "helperd/engine/internal.h"
#include "helperd/lifecycle/narrow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The user reads it; why they are locked they do not. */
static const char ended_by_lock[] = "the user is locked on this host (pkg-admin lock)";

static struct act lock_act(const char *reason, uid_t by, uid_t login)
{
    return (struct act){.actor = "root", .identity = {by, login}, .reason = reason};
}

/* ---- ending ---- */

static int64_t end_assignments(struct txn *txn, const struct lock *lock)
{
    struct assignment assignment = {0};
    int64_t count = 0;
    while (store_find_assignment_of_either(txn->store, lock->user, lock->uid, &assignment) == 0) {
        assignment_finish(txn, &assignment, ASSIGNMENT_REVOKE,
                          lock_act(ended_by_lock, lock->by, lock->login));
        assignment_deinit(&assignment);
        count++;
    }
    return count;
}

static int64_t withdraw_requests(struct txn *txn, const struct lock *lock)
{
    struct request request = {0};
    int64_t count = 0;
    while (store_find_request_of_either(txn->store, lock->user, lock->uid, &request) == 0) {
        const struct act act = lock_act(ended_by_lock, lock->by, lock->login);
        narrow_note_withdrawal(txn, &request, act);
        request_withdraw(txn, &request, act);
        request_deinit(&request);
        count++;
    }
    return count;
}

static int64_t end_delegations(struct txn *txn, const struct lock *lock)
{
    struct delegation delegation = {0};
    int64_t count = 0;
    while (store_find_delegation_of_either(txn->store, lock->user, lock->uid, txn_now(txn), &delegation) ==
           0) {
        delegation_end(txn, &delegation, lock_act(ended_by_lock, lock->by, lock->login));
        delegation_deinit(&delegation);
        count++;
    }
    return count;
}

static bool has_anything(struct engine *engine, const struct lock *lock)
{
    struct assignment assignment = {0};
    struct request request = {0};
    struct delegation delegation = {0};
    struct store *store = engine->store;
    const bool has = store_find_assignment_of_either(store, lock->user, lock->uid, &assignment) == 0 ||
                     store_find_request_of_either(store, lock->user, lock->uid, &request) == 0 ||
                     store_find_delegation_of_either(store, lock->user, lock->uid, clock_now(&engine->clock),
                                                     &delegation) == 0;
    assignment_deinit(&assignment);
    request_deinit(&request);
    delegation_deinit(&delegation);
    return has;
}

static void end_all(struct txn *txn, const struct lock *lock)
{
    char user[NAME_ENCODED_MAX + 1];
    const int64_t held = end_assignments(txn, lock);
    const int64_t asked = withdraw_requests(txn, lock);
    const int64_t delegated = end_delegations(txn, lock);
    txn_publish(txn, lock->user, true);
    txn_warn(txn,
             "%s is locked. Ended: assignments %" PRId64 ", requests %" PRId64 ", delegations %" PRId64 ".",
             text_visible(lock->user, user, sizeof(user)), held, asked, delegated);
}

/* ---- recording ---- */

static char *describe(const struct lock *lock, const char *why)
{
    char user[NAME_ENCODED_MAX + 1], uid[24] = "";
    char *text = NULL;
    if (lock->uid != UID_UNSET)
        snprintf(uid, sizeof(uid), " (uid %u)", lock->uid);
    if (asprintf(&text, "%s%s%s%s", text_visible(lock->user, user, sizeof(user)), uid, *why ? ": " : "",
                 why) < 0)
        return NULL;
    return text;
}

static void audit_lock(struct txn *txn, const struct lock *lock)
{
    _cleanup_free_ char *detail = describe(lock, lock->why);
    struct act act = lock_act(detail, lock->by, lock->login);
    act.at = lock->at;
    act.user = lock->user;
    if (txn_ok(txn, detail ? 0 : -ENOMEM))
        txn_audit(txn, act, AUDIT_LOCK, 0, 0);
}

static void audit_unlock(struct txn *txn, const struct lock *lock)
{
    _cleanup_free_ char *detail = describe(lock, lock->lifted_why);
    struct act act = lock_act(detail, lock->lifted_by, lock->lifted_login);
    act.at = lock->lifted;
    act.user = lock->user;
    if (txn_ok(txn, detail ? 0 : -ENOMEM))
        txn_audit(txn, act, AUDIT_UNLOCK, 0, 0);
}

/* What is in the audit log of a user's lock. */
enum recorded { RECORDED_NOTHING = 0, RECORDED_LOCK, RECORDED_BOTH };

static int find_recorded(struct engine *engine, const struct lock *lock, enum recorded *ret)
{
    struct locked locked = {0};
    const int r = store_get_locked(engine->store, lock->user, &locked);
    *ret = r != 0 || strcmp(locked.id, lock->id) != 0 ? RECORDED_NOTHING
           : locked.lifted                            ? RECORDED_BOTH
                                                      : RECORDED_LOCK;
    locked_deinit(&locked);
    return r < 0 ? r : 0;
}

/*
 * A lock that was lifted before it was recorded ends what was held all the same, once: what its user has got since then is
 * not known apart.
 */
static int apply_lock(struct engine *engine, const struct lock *lock)
{
    struct txn txn;
    enum recorded recorded = RECORDED_NOTHING;
    const int r = find_recorded(engine, lock, &recorded);
    const bool ends = recorded == RECORDED_NOTHING || (!lock->lifted && has_anything(engine, lock));
    const bool lifts = lock->lifted && recorded != RECORDED_BOTH;
    if (r < 0 || (!ends && !lifts && (lock->lifted || recorded == RECORDED_LOCK)))
        return r;
    txn_begin(&txn, engine);
    if (recorded == RECORDED_NOTHING)
        audit_lock(&txn, lock);
    if (ends)
        end_all(&txn, lock);
    if (lifts)
        audit_unlock(&txn, lock);
    store_put_locked(txn.store, &(struct locked){lock->user, (char *)lock->id, lock->lifted != 0});
    return txn_commit(&txn);
}

/* Adds what the store knows of a lock that stands. 0 or -ENOMEM. */
static int remember(struct locks *locks, const struct locked *locked)
{
    struct lock lock = {.user = strdup(locked->user),
                        .uid = UID_UNSET,
                        .why = strdup(""),
                        .lifted_why = strdup(""),
                        .lifted = locked->lifted};
    struct lock *grown = lock.user && lock.why && lock.lifted_why
                             ? reallocarray(locks->items, locks->count + 1, sizeof(*grown))
                             : NULL;
    if (!grown) {
        lock_deinit(&lock);
        return -ENOMEM;
    }
    locks->items = grown;
    grown[locks->count++] = lock;
    return 0;
}

/* At a start that cannot read the locks. */
static void remember_recorded(struct engine *engine)
{
    struct locked locked = {0};
    char *after = strdup("");
    while (after && store_next_locked(engine->store, after, &locked) == 0) {
        free(after);
        after = remember(&engine->locks, &locked) == 0 ? strdup(locked.user) : NULL;
        locked_deinit(&locked);
    }
    free(after);
}

/* A record that is gone: accesspkgd knew of its lifting, or root took it away by hand. */
static int forget_gone(struct engine *engine)
{
    struct locked locked = {0};
    char *after = strdup("");
    int r = after ? 0 : -ENOMEM;
    while (r == 0 && (r = store_next_locked(engine->store, after, &locked)) == 0) {
        if (!locks_record(&engine->locks, locked.user)) {
            struct txn txn;
            const struct lock gone = {.user = locked.user, .uid = UID_UNSET};
            _cleanup_free_ char *detail = describe(&gone, "its record was removed by hand");
            txn_begin(&txn, engine);
            struct act act = own_act(detail);
            act.user = locked.user;
            if (!locked.lifted && txn_ok(&txn, detail ? 0 : -ENOMEM))
                txn_audit(&txn, act, AUDIT_UNLOCK, 0, 0);
            store_remove_locked(txn.store, locked.user);
            r = txn_commit(&txn);
        }
        free(after);
        after = strdup(locked.user);
        r = r == 0 && !after ? -ENOMEM : r;
        locked_deinit(&locked);
    }
    free(after);
    return r < 0 ? r : 0;
}

int engine_apply_locks(struct engine *engine)
{
    struct locks locks = {0};
    int r = locks_load(engine->state, &locks);
    engine->locks_due = true;
    if (r < 0) {
        log_error("Which users are locked cannot be read from %s/locks: %s. Those known before stay locked.",
                  engine->state, strerror(-r));
        if (engine->locks.count == 0)
            remember_recorded(engine);
        return r;
    }
    locks_deinit(&engine->locks);
    engine->locks = locks;
    for (size_t i = 0; i < locks.count; i++) {
        const int applied = apply_lock(engine, &locks.items[i]);
        r = r < 0 ? r : applied;
    }
    const int gone = forget_gone(engine);
    r = r < 0 ? r : gone;
    engine->locks_due = r < 0;
    return r;
}

int engine_retry_locks(struct engine *engine)
{
    return engine->locks_due ? engine_apply_locks(engine) : 0;
}

void engine_forget_locks(struct engine *engine)
{
    locks_deinit(&engine->locks);
}

/* The folder was taken away, and the lock stands: whoever may write grants/ did it. */
static void warn_unclosed(const struct lock *lock)
{
    char user[NAME_ENCODED_MAX + 1], word[TEXT_WORD_MAX];
    log_warning("%s is locked, but no folder stands in the place of their grant file; accesspkgd gives them "
                "nothing all the same. To put it there: pkg-admin lock %s",
                text_visible(lock->user, user, sizeof(user)), text_word(lock->user, word));
}

int engine_compare_lock(struct engine *engine, const char *user)
{
    const struct lock *known = locks_record(&engine->locks, user);
    const bool closed = known && known->closed;
    if (locks_is_closed(engine->state, user) == closed)
        return 0;
    const int r = engine_apply_locks(engine);
    const struct lock *now = locks_find(&engine->locks, user, UID_UNSET);
    if (closed && now && !now->closed)
        warn_unclosed(now);
    return r;
}

/* ---- asking ---- */

void engine_bar_locked(const struct engine *engine, struct facts *facts)
{
    if (engine->locks.count == 0)
        return;
    for (size_t i = 0; i < facts->n_others; i++) {
        struct subject *subject = facts->others[i].subject;
        if (subject && locks_find(&engine->locks, subject->name, subject->uid))
            subject->may_log_in = false;
    }
    for (size_t i = 0; i < facts->n_principals; i++) {
        struct principal *principal = &facts->principals[i];
        size_t kept = 0;
        for (size_t j = 0; j < principal->n_people; j++) {
            struct person person = principal->people[j];
            if (!locks_find(&engine->locks, person.name, person.uid)) {
                principal->people[kept++] = person;
                continue;
            }
            free(person.name);
            free(person.gecos);
        }
        principal->n_people = kept;
    }
}

static const struct lock *find_login(const struct engine *engine, const struct identity *identity)
{
    const uid_t login = identity ? identity->loginuid : UID_UNSET;
    return login == UID_UNSET ? NULL : locks_find(&engine->locks, NULL, login);
}

int engine_check_locked(const struct engine *engine, const struct subject *subject,
                        const struct identity *identity, enum bus_error code, struct reply *reply)
{
    char user[NAME_ENCODED_MAX + 1];
    if (engine->locks.count == 0)
        return 0;
    const struct lock *lock = locks_find(&engine->locks, subject->name, subject->uid);
    if (!lock && !find_login(engine, identity))
        return 0;
    if (!lock)
        return engine_refuse(reply, code,
                             "You logged in as a user who is locked on this host, so nothing was changed. "
                             "Please ask its administrators.");
    return engine_refuse(reply, code,
                         "%s is locked on this host: nothing can be asked for, decided or delegated by them "
                         "or for them. Nothing was changed. Please ask its administrators.",
                         text_visible(subject->name, user, sizeof(user)));
}

/* ---- pkg-admin ---- */

static int refuse_unlocked(const char *user, struct reply *reply)
{
    char visible[NAME_ENCODED_MAX + 1], word[TEXT_WORD_MAX];
    return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                         "There is no lock of %s. Only root sets one, in the file system: pkg-admin lock %s",
                         text_visible(user, visible, sizeof(visible)), text_word(user, word));
}

static int refuse_still_locked(const char *user, struct reply *reply)
{
    char visible[NAME_ENCODED_MAX + 1], word[TEXT_WORD_MAX];
    return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                         "The lock of %s stands. Only root lifts it, in the file system: pkg-admin unlock %s",
                         text_visible(user, visible, sizeof(visible)), text_word(user, word));
}

int engine_heed_lock(const struct call *call, const char *user, bool locked)
{
    const int applied = engine_apply_locks(call->engine);
    const struct lock *record = locks_record(&call->engine->locks, user);
    const struct lock *lock = locks_find(&call->engine->locks, user, UID_UNSET);
    if (locked && !lock)
        return refuse_unlocked(user, call->reply);
    if (!locked && lock)
        return refuse_still_locked(user, call->reply);
    call->reply->value = json_pack("{s:s, s:b, s:b}", "user", user, "locked", lock != NULL, "recorded",
                                   applied == 0 && (record || !locked));
    return call->reply->value ? 0 : -ENOMEM;
}
