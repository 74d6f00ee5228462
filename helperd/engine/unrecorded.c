/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ends that hold and are not recorded yet (rule 13, lifecycle/narrow.h): recorded with the next transaction that can be
 * committed, and what is asked of the root service and answered until then.
 */
#include "helperd/engine/unrecorded.h"

#include "common/cleanup.h"
#include "common/disk.h"
#include "common/log.h"
#include "helperd/lifecycle/narrow.h"
#include "helperd/lifecycle/publication.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct act act_of(const struct unrecorded *what)
{
    return (struct act){.actor = what->actor,
                        .identity = {(uid_t)what->uid, (uid_t)what->loginuid},
                        .reason = *what->reason ? what->reason : NULL,
                        .at = what->at};
}

static bool is_live(enum state state)
{
    return state == STATE_FULFILLED || state == STATE_PARTIALLY_FULFILLED;
}

static void record_end(struct txn *txn, struct narrowed *narrowed)
{
    struct assignment assignment = {0};
    const int r = store_get_assignment(txn->store, narrowed->what.assignment, &assignment);
    if (r == 0 && is_live(assignment.state) &&
        narrow_is_about(&narrowed->what, assignment.user, assignment.package, assignment.span.start))
        assignment_finish(txn, &assignment, narrowed->event, act_of(&narrowed->what));
    else
        narrow_note_recorded(narrowed);
    assignment_deinit(&assignment);
}

static void record_withdrawal(struct txn *txn, struct narrowed *narrowed)
{
    struct request request = {0};
    const int r = store_get_request(txn->store, narrowed->what.request, &request);
    if (r == 0 && (request.waiting || request.state == STATE_PENDING_APPROVAL) &&
        narrow_is_about(&narrowed->what, request.user, request.package, request.submitted))
        request_withdraw(txn, &request, act_of(&narrowed->what));
    narrow_note_recorded(narrowed);
    request_deinit(&request);
}

void engine_record_narrowed(struct txn *txn)
{
    for (struct narrowed *n = txn->engine->narrowed; n; n = n->next) {
        if (!n->stands || n->noted)
            continue;
        if (n->what.assignment)
            record_end(txn, n);
        else
            record_withdrawal(txn, n);
    }
}

int engine_refuse_unrecorded(const struct call *call, int error)
{
    const struct answer *answer = &call->reply->answer;
    const struct narrowed *n =
        narrow_find(call->engine, answer->assignment, answer->assignment ? 0 : answer->request);
    char disk[DISK_ADVICE_MAX], user[NAME_ENCODED_MAX + 1];
    enum publication_state file = PUBLICATION_DONE;
    if (!n)
        return error;
    disk_advice(error, call->engine->state, disk);
    text_visible(n->what.user, user, sizeof(user));
    if (engine_publication_error(call->engine, n->what.user, &file) < 0 && file == PUBLICATION_GIVES)
        return engine_refuse(
            call->reply, BUS_ERROR_UNAVAILABLE,
            "The end of %s for %s could not be recorded, and their grant file can neither be "
            "written nor removed, so the access lasts. It is tried again every few seconds. %s",
            n->what.package, user, disk);
    return engine_refuse(
        call->reply, BUS_ERROR_UNAVAILABLE, "%s of %s has ended; it is not recorded yet. %s. %s",
        n->what.package, user,
        n->slot >= 0 ? "It is noted, and recorded as soon as state.db can be written"
                     : "It could not be noted either: if accesspkgd is restarted before state.db can be "
                       "written, the access is back",
        disk);
}

int engine_add_unrecorded(const struct engine *engine, json_t *status)
{
    json_t *lines = json_array();
    int r = lines ? 0 : -1;
    for (const struct narrowed *n = engine->narrowed; n && r == 0; n = n->next) {
        char user[NAME_ENCODED_MAX + 1];
        r = json_array_append_new(
            lines,
            json_sprintf("%s of %s has ended; it is recorded when the disk of %s takes it", n->what.package,
                         text_visible(n->what.user, user, sizeof(user)), engine->state));
    }
    if (r == 0 && json_array_size(lines) > 0)
        return json_object_set_new(status, "unrecorded", lines) < 0 ? -ENOMEM : 0;
    json_decref(lines);
    return r < 0 ? -ENOMEM : 0;
}

size_t engine_count_unrecorded(const struct engine *engine)
{
    size_t count = 0;
    for (const struct narrowed *n = engine->narrowed; n; n = n->next)
        count++;
    return count;
}

/* ---- membership = files ---- */

/* The next group of ours that the user has from this assignment alone: 0, STORE_E_NONE, -errno. */
static int take_group(struct engine *engine, struct narrowed *narrowed, struct membership *ret)
{
    struct store *store = engine->store;
    struct grant *grants = NULL;
    size_t count = 0;
    int r = store_get_grants(store, narrowed->what.assignment, &grants, &count);
    bool found = false;
    while (r == 0 && !found && narrowed->n_released < count) {
        const char *group = grants[narrowed->n_released++].group;
        bool still = false;
        struct membership membership = {0};
        found = store_get_membership(store, narrowed->what.user, group, &membership) == 0 &&
                store_user_gets_group(store, narrowed->what.user, group, narrowed->what.assignment, &still) ==
                    0 &&
                !still && membership_move(&membership, MEMBERSHIP_RELEASE_EVENT) &&
                membership_act(membership.state) == MEMBERSHIP_ACT_REMOVE;
        if (found)
            *ret = membership;
        else
            membership_deinit(&membership);
    }
    store_free_grants(grants, count);
    return r < 0 ? r : found ? 0 : STORE_E_NONE;
}

int engine_release_narrowed(struct engine *engine, struct membership *ret)
{
    for (struct narrowed *n = engine->narrowed; n; n = n->next)
        if (n->stands && n->what.assignment && take_group(engine, n, ret) == 0)
            return 0;
    return STORE_E_NONE;
}
