/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request's way along its table: moved, timed out, withdrawn; what is on record of it. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/cleanup.h"
#include "common/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int engine_move_request(struct request *request, enum request_event event)
{
    const enum state next = request_next(request->state, event);
    if (next == STATE_NONE) {
        log_error("Request %" PRId64 " is %s: the event %s is not allowed and was refused.", request->id,
                  state_shown(request->state), request_event_text(event));
        return -EPROTO;
    }
    request->state = next;
    return 0;
}

int engine_note_local(struct engine *engine, const struct facts *facts, const char *user, uid_t uid)
{
    const struct subject *const subjects[] = {facts->user, facts->caller};
    for (size_t i = 0; i < 2; i++)
        if (subjects[i] && subjects[i]->uid == uid && strcmp(subjects[i]->name, user) == 0)
            return subjects[i]->local ? store_note_seen(engine->store, user, uid, true) : 0;
    return 0;
}

int engine_time_out(struct engine *engine, struct request *request)
{
    int r = engine_move_request(request, REQUEST_TIME_OUT);
    request->ended = clock_now(&engine->clock);
    if (r == 0)
        r = store_update_request(engine->store, request);
    if (r == 0)
        r = engine_audit(engine, own_act(NULL), "time-out", request->id, 0);
    if (r == 0)
        r = engine_tell_requestor(engine, OUTBOX_EXPIRED, request, NULL, NULL);
    if (r == 0)
        r = engine_will_announce(engine, request->id);
    return r;
}

int engine_withdraw(struct engine *engine, struct request *request, struct act act)
{
    int r = engine_move_request(request, REQUEST_CANCEL);
    request->ended = clock_now(&engine->clock);
    request->waiting = false;
    free(request->cancel_reason);
    request->cancel_reason = act.reason ? strdup(act.reason) : NULL;
    if (r == 0)
        r = store_update_request(engine->store, request);
    if (r == 0)
        r = engine_audit(engine, act, "cancel", request->id, 0);
    if (r == 0 && strcmp(act.actor, request->user) != 0)
        r = engine_tell_requestor(engine, OUTBOX_WITHDRAWN, request, act.actor, act.reason);
    if (r == 0)
        r = engine_will_announce(engine, request->id);
    return r;
}

int engine_audit_decision(struct engine *engine, int64_t request, const struct decision *decision,
                          const char *event)
{
    _cleanup_free_ char *detail = NULL;
    const char *reason = decision->reason ? decision->reason : "";
    if (decision->for_user && asprintf(&detail, "for %s (uid %u)%s%s", decision->for_user,
                                       decision->for_identity.uid, *reason ? ": " : "", reason) < 0) {
        detail = NULL;
        return -ENOMEM;
    }
    return engine_audit(
        engine, (struct act){decision->decider, decision->identity, detail ? detail : decision->reason},
        event, request, 0);
}

int engine_find_waiting(struct engine *engine, const struct subject *subject, const char *package,
                        int64_t *ret_id)
{
    struct request request = {0};
    int r = store_find_open_request(engine->store, subject->uid, subject->name, package, &request);
    if (r == STORE_E_NONE)
        r = store_find_waiting_request(engine->store, subject->uid, subject->name, package, &request);
    if (r == 0)
        *ret_id = request.id;
    request_deinit(&request);
    return r;
}

int engine_has_unreviewed(struct engine *engine, const struct subject *subject, const struct package *package,
                          bool *ret)
{
    struct request last = {0};
    const int r = store_find_unreviewed(engine->store, subject->uid, subject->name, package->name, &last);
    request_deinit(&last);
    *ret = r == 0;
    return r < 0 ? r : 0;
}

int engine_of_emergency(struct engine *engine, const struct assignment *assignment, bool *ret)
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
