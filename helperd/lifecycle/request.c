/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transitions of a request that end it, and questions about requests. How it is filed and decided: approval.c. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/cleanup.h"
#include "common/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void request_move(struct txn *txn, struct request *request, enum request_event event)
{
    const enum state next = request_next(request->state, event);
    if (next == STATE_NONE) {
        log_error("Request %" PRId64 " is %s: the event %s is not allowed and was refused.", request->id,
                  state_shown(request->state), request_event_text(event));
        txn_ok(txn, -EPROTO);
        return;
    }
    request->state = next;
}

bool is_local_user(const struct facts *facts, const char *user, uid_t uid)
{
    const struct subject *const subjects[] = {facts->user, facts->caller};
    for (size_t i = 0; i < 2; i++)
        if (subjects[i] && subjects[i]->uid == uid && strcmp(subjects[i]->name, user) == 0)
            return subjects[i]->local;
    return false;
}

/* Mostly there is nothing to write. */
void note_local_user(struct txn *txn, const struct facts *facts, const char *user, uid_t uid)
{
    if (is_local_user(facts, user, uid) && store_find_user_unlike(txn->store, user, uid, true) == 0)
        store_note_user_seen(txn->store, user, uid, true);
}

void request_time_out(struct txn *txn, struct request *request)
{
    request_move(txn, request, REQUEST_TIME_OUT);
    request->ended = txn_now(txn);
    store_update_request(txn->store, request);
    txn_audit(txn, own_act(NULL), AUDIT_TIME_OUT, request->id, 0);
    notify_requestor(txn, OUTBOX_EXPIRED, request, (struct act){0});
    txn_announce(txn, request->id);
}

void request_withdraw(struct txn *txn, struct request *request, struct act act)
{
    request_move(txn, request, REQUEST_CANCEL);
    request->ended = act.at ? act.at : txn_now(txn);
    request->waiting = false;
    free(request->cancel_reason);
    request->cancel_reason = act.reason ? strdup(act.reason) : NULL;
    store_update_request(txn->store, request);
    txn_audit(txn, act, AUDIT_CANCEL, request->id, 0);
    if (strcmp(act.actor, request->user) != 0)
        notify_requestor(txn, OUTBOX_WITHDRAWN, request, act);
    txn_announce(txn, request->id);
}

void audit_decision(struct txn *txn, int64_t request, const struct decision *decision, enum audit_event event)
{
    _cleanup_free_ char *detail = NULL;
    const char *reason = decision->reason ? decision->reason : "";
    if (decision->for_user && asprintf(&detail, "for %s (uid %u)%s%s", decision->for_user,
                                       decision->for_identity.uid, *reason ? ": " : "", reason) < 0) {
        detail = NULL;
        txn_ok(txn, -ENOMEM);
    }
    txn_audit(txn,
              (struct act){.actor = decision->decider,
                           .identity = decision->identity,
                           .reason = detail ? detail : decision->reason},
              event, request, 0);
}

int request_find_waiting(struct engine *engine, const struct subject *subject, const char *package,
                         struct request *ret)
{
    const int r = store_find_open_request(engine->store, subject->uid, subject->name, package, ret);
    return r == STORE_E_NONE
               ? store_find_waiting_request(engine->store, subject->uid, subject->name, package, ret)
               : r;
}

int emergency_is_unreviewed(struct engine *engine, const struct subject *subject,
                            const struct package *package, bool *ret)
{
    struct request last = {0};
    const int r = store_find_unreviewed(engine->store, subject->uid, subject->name, package->name, &last);
    request_deinit(&last);
    *ret = r == 0;
    return r < 0 ? r : 0;
}

int assignment_is_emergency(struct engine *engine, const struct assignment *assignment, bool *ret)
{
    struct request request = {0};
    *ret = false;
    if (assignment->request == 0)
        return 0;
    const int r = store_get_request(engine->store, assignment->request, &request);
    *ret = request.emergency;
    request_deinit(&request);
    return r > 0 ? -EIO : r;
}
