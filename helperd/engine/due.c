/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's things that are due: requests that nobody decided in time, starts and ends that have come, what has to be
 * told or asked of others by now. One at a time, inside a transaction of engine_tick's; sets no clock and no timer.
 */
#include "helperd/engine/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int time_out_request(struct engine *engine, struct request *request)
{
    int r = engine_move_request(request, REQUEST_TIME_OUT);
    request->ended = clock_now(&engine->clock);
    if (r == 0)
        r = store_update_request(engine->store, request);
    if (r == 0)
        r = engine_audit(engine, "accesspkgd", &NOBODY, "time-out", request->id, 0, NULL);
    if (r == 0)
        r = engine_tell_requestor(engine, OUTBOX_EXPIRED, request, NULL, NULL);
    if (r == 0)
        r = engine_will_announce(engine, request->id);
    return r;
}

/* An extension that is still waiting has nothing left to extend. */
static int withdraw_extension(struct engine *engine, const struct assignment *assignment)
{
    struct request request = {0};
    int r = store_find_open_request(engine->store, assignment->uid, assignment->user, assignment->package,
                                    &request);
    if (r == 0 && request.extends == assignment->id)
        r = engine_withdraw(engine, &request, "accesspkgd", &NOBODY, "what it would have extended has ended");
    request_deinit(&request);
    return r < 0 ? r : 0;
}

int engine_finish_assignment(struct engine *engine, struct assignment *assignment,
                             enum assignment_event event, const char *actor, const struct identity *identity,
                             const char *detail)
{
    struct grant *grants = NULL;
    size_t count = 0;
    int r = engine_move_assignment(assignment, event);
    assignment->retry_at = 0;
    if (r == 0)
        r = store_get_grants(engine->store, assignment->id, &grants, &count);
    if (r == 0)
        r = store_update_assignment(engine->store, assignment);
    if (r == 0 && event == ASSIGNMENT_REVOKE)
        r = store_note_end(engine->store, assignment->id, clock_now(&engine->clock), actor, detail);
    if (r == 0)
        r = store_set_grants(engine->store, assignment->id, grants, count, false);
    if (r == 0)
        r = engine_release_memberships(engine, assignment, grants, count);
    if (r == 0)
        r = engine_will_end_sessions(engine, assignment);
    if (r == 0)
        r = engine_will_publish(engine, assignment->user, true);
    if (r == 0)
        r = engine_audit(engine, actor, identity, assignment_event_text(event), assignment->request,
                         assignment->id, detail);
    if (r == 0)
        r = engine_note_standing(engine, assignment);
    engine_survey_holders(engine, grants, count);
    /* Who hands it back knows. */
    if (r == 0 && strcmp(actor, assignment->user) != 0)
        r = engine_tell_holder(engine, event == ASSIGNMENT_END ? OUTBOX_ENDED : OUTBOX_REVOKED, assignment, 0,
                               actor, detail);
    if (r == 0)
        r = withdraw_extension(engine, assignment);
    if (r == 0)
        r = engine_will_announce(engine, assignment->request);
    store_free_grants(grants, count);
    return r;
}

/* Rule 9, at a start: why it is not to begin after all. 0; 1 with *ret_why; -errno. */
static int find_obstacle(struct engine *engine, const struct request *request, const struct package *package,
                         const char **ret_why)
{
    struct assignment assignment = {0};
    struct reply reply = {0};
    if (!package) {
        *ret_why = "the package is no longer in packages.d";
        return 1;
    }
    int r = store_find_live_assignment(engine->store, request->requestor.uid, request->user, request->package,
                                       &assignment);
    assignment_deinit(&assignment);
    if (r <= 0) {
        *ret_why = "the user holds the package already";
        return r < 0 ? r : 1;
    }
    r = request->overrides
            ? 0
            : engine_check_duties(engine, request->requestor.uid, request->user, package, false, &reply);
    *ret_why = "the user holds, or will, what is incompatible with it by now";
    return r > 0 ? 1 : r;
}

/* Its start has come. What the groups are is not known here: the assignment begins partial and is tried at once. */
static int start_request(struct engine *engine, struct request *request)
{
    const struct package *package = packages_find(engine->packages, request->package);
    const char *why = NULL;
    int r = find_obstacle(engine, request, package, &why);
    if (r != 0)
        return r < 0 ? r : engine_withdraw(engine, request, "accesspkgd", &NOBODY, why);
    request->waiting = false;
    r = store_update_request(engine->store, request);
    return r < 0 ? r : engine_fulfil(engine, request, package, NULL);
}

static int end_assignment(struct engine *engine, struct assignment *assignment)
{
    return engine_finish_assignment(engine, assignment, ASSIGNMENT_END, "accesspkgd", &NOBODY, NULL);
}

static int escalate(struct engine *engine, struct request *request)
{
    return engine_escalate_due(engine, request);
}

static int remind(struct engine *engine, struct request *request)
{
    return engine_remind_due(engine, request);
}

/* What of it is done first. A start stands behind the ends: after a while without us both may be due, and what has ended
 * stands in no start's way. */
static const struct due {
    int (*find_request)(struct store *store, int64_t now, struct request *ret);
    int (*on_request)(struct engine *engine, struct request *request);
    int (*find_assignment)(struct store *store, int64_t now, struct assignment *ret);
    int (*on_assignment)(struct engine *engine, struct assignment *assignment);
} dues[] = {
    {.find_request = store_due_request, .on_request = time_out_request},
    {.find_request = store_due_escalation, .on_request = escalate},
    {.find_request = store_due_reminder, .on_request = remind},
    {.find_assignment = store_due_assignment, .on_assignment = end_assignment},
    {.find_request = store_due_start, .on_request = start_request},
    {.find_assignment = store_due_notice, .on_assignment = engine_notice_due},
};

/* 0 when it was due and is done; STORE_E_NONE; -errno. */
static int do_if_due(struct engine *engine, const struct due *due, int64_t now)
{
    struct request request = {0};
    struct assignment assignment = {0};
    int r = due->find_request ? due->find_request(engine->store, now, &request)
                              : due->find_assignment(engine->store, now, &assignment);
    const bool is_due = r == 0;
    if (is_due)
        r = due->on_request ? due->on_request(engine, &request) : due->on_assignment(engine, &assignment);
    request_deinit(&request);
    assignment_deinit(&assignment);
    return is_due && r > 0 ? 0 : r;
}

int engine_do_due(struct engine *engine, int64_t now)
{
    int r = STORE_E_NONE;
    for (size_t i = 0; r == STORE_E_NONE && i < sizeof(dues) / sizeof(dues[0]); i++)
        r = do_if_due(engine, &dues[i], now);
    return r == STORE_E_NONE ? 0 : r < 0 ? r : 1;
}
