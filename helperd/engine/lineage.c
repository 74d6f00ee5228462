/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the store is the one that was known on this host (rule 13). An older, another or a new one begins with what the
 * grant files give and revives nothing; what was approved before waits; the status says so, until root accepts it.
 * Evidence is grants/mark, which follows each commit, and root's note in /etc (common/storenote.h). A whole state folder
 * that is put back is told by root's note alone, if it is older than the last start or reload.
 */
#include "helperd/engine/lineage.h"

#include "common/cleanup.h"
#include "common/disk.h"
#include "common/log.h"
#include "common/storenote.h"
#include "helperd/engine/locks.h"
#include "helperd/grants/grant.h"
#include "helperd/lifecycle/publication.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVIDENCE = 2 };

struct evidence {
    const char *where;
    bool known;
    struct storenote note;
};

/* ---- what is known ---- */

/* Root's note of another machine came with a copy of its /etc. */
static bool is_of_this_machine(const struct storenote *note)
{
    char machine[STORENOTE_WORD_MAX];
    return strcmp(storenote_machine(machine), note->machine) == 0;
}

static void judge_reading(struct evidence *evidence, int r)
{
    evidence->known = r == 0;
    if (r < 0 && r != -ENOENT)
        log_warning("%s, which says how far state.db was, cannot be used: %s.", evidence->where,
                    r == -EBADMSG ? "it is damaged"
                    : r == -EPERM ? "it has the wrong owner, or others may write it"
                                  : strerror(-r));
}

static void find_evidence(const struct engine *engine, struct evidence ret[EVIDENCE])
{
    ret[0] = (struct evidence){.where = "grants/" STORENOTE_MARK};
    judge_reading(&ret[0], storenote_read_mark(engine->state, &ret[0].note));
    ret[1] = (struct evidence){.where = engine->store_note};
    if (engine->store_note)
        judge_reading(&ret[1], storenote_read(engine->store_note, engine->note_owner, &ret[1].note));
    ret[1].known = ret[1].known && is_of_this_machine(&ret[1].note);
}

/* Why the store is not what is known there, new; NULL: it is. 0 or -errno. */
static int judge(struct engine *engine, bool newborn, const struct evidence *evidence, char **ret)
{
    const struct storenote *note = &evidence->note;
    struct store_numbers numbers = {0};
    int r = store_get_numbers(engine->store, &numbers);
    *ret = NULL;
    if (r < 0 || !evidence->known)
        return r;
    const int known = store_find_epoch(engine->store, note->epoch);
    if (known < 0)
        return known;
    if (newborn)
        r = asprintf(
            ret,
            "state.db is new, and %s knows of one with %" PRId64
            " entries in its log: it was lost, its disk is not mounted, or accesspkg was set up anew",
            evidence->where, note->audit);
    else if (known == STORE_E_NONE)
        r = asprintf(ret, "state.db is another one than %s knows of, or from before it was restored",
                     evidence->where);
    else if (numbers.audit < note->audit)
        r = asprintf(ret,
                     "state.db is older than it was: its log ends with entry %" PRId64
                     ", and %s knows of %" PRId64,
                     numbers.audit, evidence->where, note->audit);
    return r < 0 ? -ENOMEM : 0;
}

static int judge_origin(struct engine *engine, char **ret)
{
    _cleanup_free_ char *host = NULL;
    const int r = store_get_origin(engine->store, &host);
    *ret = NULL;
    if (r < 0 || !host || !engine->host_key || strcmp(host, engine->host_key) == 0)
        return r < 0 ? r : 0;
    return asprintf(ret,
                    "state.db is another host's, or host_key was lost: its host's key is %s, and the one "
                    "here is %s",
                    host, engine->host_key) < 0
               ? -ENOMEM
               : 0;
}

/* The first reason of all, new; NULL: none. */
static int judge_all(struct engine *engine, bool newborn, const struct evidence *evidence, char **ret)
{
    int r = newborn ? 0 : judge_origin(engine, ret);
    for (size_t i = 0; r == 0 && !*ret && i < EVIDENCE; i++)
        r = judge(engine, newborn, &evidence[i], ret);
    return r;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- the start ---- */

static void adopt_files(struct txn *txn)
{
    txn_ok(txn, grant_adopt(&(struct grant_source){.store = txn->store,
                                                   .state = txn->engine->state,
                                                   .now = txn->engine->last_now,
                                                   .packages = txn->engine->packages}));
    reconcile_loose_groups(txn);
    reconcile_memberships(txn);
}

/* What comes gets numbers that nobody has seen: a mail about a request that is lost must not approve another. */
static void take_over_numbers(struct txn *txn, const struct evidence *evidence, struct store_numbers *ret)
{
    txn_ok(txn, store_get_numbers(txn->store, ret));
    for (size_t i = 0; i < EVIDENCE; i++) {
        if (!evidence[i].known)
            continue;
        ret->audit = larger(ret->audit, evidence[i].note.audit);
        ret->request = larger(ret->request, evidence[i].note.request);
        ret->assignment = larger(ret->assignment, evidence[i].note.assignment);
        store_know_epoch(txn->store, evidence[i].note.epoch);
    }
    store_raise_numbers(txn->store, ret);
}

/* Which of them were ended since nobody knows. */
static void end_delegations(struct txn *txn)
{
    struct delegation delegation = {0};
    while (store_find_any_delegation(txn->store, txn_now(txn), &delegation) == 0) {
        delegation_end(txn, &delegation, own_act("state.db was put back"));
        delegation_deinit(&delegation);
    }
}

static int begin_unaccepted(struct engine *engine, bool newborn, const struct evidence *evidence,
                            const char *why)
{
    struct txn txn;
    struct store_numbers numbers = {0};
    const int64_t now = clock_now(&engine->clock);
    txn_begin(&txn, engine);
    take_over_numbers(&txn, evidence, &numbers);
    if (newborn) {
        adopt_files(&txn);
    } else {
        store_forget_publications(txn.store);
        end_delegations(&txn);
        reconcile_files(&txn);
        reconcile_memberships(&txn);
    }
    txn_audit(&txn, own_act(why), AUDIT_UNACCEPTED, 0, 0);
    store_set_unaccepted(txn.store, why, now, numbers.request);
    return txn_commit(&txn);
}

static int begin_newborn(struct engine *engine)
{
    struct txn txn;
    txn_begin(&txn, engine);
    adopt_files(&txn);
    return txn_commit(&txn);
}

static int note_origin(struct engine *engine)
{
    _cleanup_free_ char *host = NULL;
    struct txn txn;
    const int r = store_get_origin(engine->store, &host);
    if (r < 0 || host || !engine->host_key)
        return r < 0 ? r : 0;
    txn_begin(&txn, engine);
    store_set_origin(txn.store, engine->host_key);
    return txn_commit(&txn);
}

static int load_unaccepted(struct engine *engine)
{
    free(engine->unaccepted);
    engine->unaccepted = NULL;
    const int r = store_get_unaccepted(engine->store, &engine->unaccepted, &engine->held_request);
    if (engine->unaccepted)
        log_line(LOG_CRIT,
                 "%s. NOTHING THAT HAD ENDED IS GIVEN AGAIN, AND WHAT WAS APPROVED BEFORE DOES NOT BEGIN. "
                 "Put back "
                 "the right one, or look at what is here, then run: pkg-admin accept-store",
                 engine->unaccepted);
    return r < 0 ? r : 0;
}

int lineage_begin(struct engine *engine, bool newborn)
{
    struct evidence evidence[EVIDENCE];
    _cleanup_free_ char *why = NULL; /* set by judge_all */
    find_evidence(engine, evidence);
    int r = judge_all(engine, newborn, evidence, &why);
    /* Before anything is adopted or written, and after the store was judged, in whose log they are recorded. A fault is
     * logged, and it is tried again. */
    engine_apply_locks(engine);
    if (r == 0 && why && (r = begin_unaccepted(engine, newborn, evidence, why)) < 0) {
        log_line(LOG_CRIT, "%s. What follows from that cannot be done (above), so accesspkgd does not start.",
                 why);
        return -ECANCELED; /* whatever it was: nothing of this store may be put into force */
    }
    if (r == 0 && newborn && !why)
        r = begin_newborn(engine);
    if (r == 0)
        r = load_unaccepted(engine);
    if (r == 0)
        r = note_origin(engine);
    /* What a full disk keeps from being noted is noted by the next start. */
    if (disk_is_shut(r) && !newborn)
        r = 0;
    return r < 0 ? r : engine_open_mark(engine);
}

void lineage_end(struct engine *engine)
{
    engine_close_mark(engine);
    free(engine->unaccepted);
    engine->unaccepted = NULL;
}

/* ---- until it is accepted ---- */

int lineage_check_request(const struct engine *engine, const struct request *request, struct reply *reply)
{
    if (!engine->unaccepted || request->id > engine->held_request)
        return 0;
    return engine_refuse(
        reply, BUS_ERROR_POLICY_REFUSED,
        "Request %" PRId64
        " is from before state.db was put back, so it may have been decided already. It can be "
        "approved when an administrator has looked, and run: pkg-admin accept-store. You can deny it.",
        request->id);
}

int lineage_check_retry(const struct engine *engine, const struct assignment *assignment, struct reply *reply)
{
    char user[NAME_ENCODED_MAX + 1];
    if (!engine->unaccepted || !assignment->held)
        return 0;
    return engine_refuse(reply, BUS_ERROR_POLICY_REFUSED,
                         "%s of %s may have ended before state.db was put back. Look at what is there "
                         "(pkg-admin status), run: pkg-admin accept-store, then try again.",
                         assignment->package, text_visible(assignment->user, user, sizeof(user)));
}

/* What would have begun meanwhile: it may have begun and been revoked after the store was saved (rule 13). */
static void withdraw_missed(struct txn *txn, int64_t *ret_count)
{
    struct request request = {0};
    for (; store_find_missed_start(txn->store, txn_now(txn), txn->engine->held_request, &request) == 0;
         ++*ret_count) {
        request_withdraw(txn, &request,
                         own_act("state.db was put back, and its start has passed: it may have begun "
                                 "and ended. Please ask anew"));
        request_deinit(&request);
    }
}

static int accept_store(const struct call *call, int64_t *ret_cancelled)
{
    struct engine *engine = call->engine;
    struct txn txn;
    _cleanup_free_ char *why = strdup(engine->unaccepted);
    if (!why)
        return -ENOMEM;
    txn_begin(&txn, engine);
    store_accept(txn.store);
    withdraw_missed(&txn, ret_cancelled);
    store_begin_epoch(txn.store, txn_now(&txn));
    if (engine->host_key)
        store_set_origin(txn.store, engine->host_key);
    txn_audit(&txn, engine_caller_act(call, why), AUDIT_ACCEPT_STORE, 0, 0);
    int r = txn_commit(&txn);
    if (r < 0)
        return r;
    free(engine->unaccepted);
    engine->unaccepted = NULL;
    log_notice("state.db was accepted as it is. What is held is given again by: pkg-admin retry");
    r = engine_open_mark(engine);
    return r < 0 ? r : engine_tick(engine);
}

int engine_accept_store(const struct call *call)
{
    struct store_counts counts = {0};
    int64_t held = 0, waiting = 0, cancelled = 0;
    _cleanup_free_ char *epoch = NULL;
    int r = engine_end(call->engine, engine_begin_call(call->engine, call->facts));
    if (r < 0)
        return r;
    if (!call->engine->unaccepted)
        return engine_refuse(call->reply, BUS_ERROR_POLICY_REFUSED,
                             "state.db is the one that was known on this host: there is nothing to accept.");
    if ((r = accept_store(call, &cancelled)) < 0 ||
        (r = store_count_waiting(call->engine->store, &waiting)) < 0 ||
        (r = store_count_held(call->engine->store, &held)) < 0 ||
        (r = store_read_counts(call->engine->store, clock_now(&call->engine->clock), &counts)) < 0 ||
        (r = store_get_epoch(call->engine->store, &epoch)) < 0)
        return r;
    call->reply->value = json_pack("{s:s*, s:I, s:I, s:I, s:I}", "epoch", epoch, "held", (json_int_t)held,
                                   "waiting", (json_int_t)waiting, "cancelled", (json_int_t)cancelled,
                                   "pending", (json_int_t)counts.pending);
    return call->reply->value ? 0 : -ENOMEM;
}
