/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends a call: commits, then makes the answer from the store; again after the answer had to wait. */
#include "helperd/engine/internal.h"

#include "common/disk.h"
#include "helperd/engine/denial.h"
#include "helperd/engine/unrecorded.h"
#include "helperd/lifecycle/publication.h"

#include <errno.h>
#include <string.h>

/* The assignment of the answer's request, or one without a request. 0, STORE_E_NONE, -errno. */
static int find_assignment(const struct call *call, struct assignment *ret)
{
    const struct answer *answer = &call->reply->answer;
    return answer->request ? store_find_assignment_of_request(call->engine->store, answer->request, ret)
                           : store_get_assignment(call->engine->store, answer->assignment, ret);
}

static int put_bool(json_t *view, const char *key, bool value)
{
    return json_object_set_new(view, key, json_boolean(value)) < 0 ? -ENOMEM : 0;
}

static int put_withdrawn(const struct answer *answer, json_t *view)
{
    json_t *ids = json_array();
    bool failed = !ids;
    for (size_t i = 0; i < answer->n_withdrawn; i++)
        failed |= json_array_append_new(ids, json_integer(answer->withdrawn[i])) < 0;
    failed |= json_object_set_new(view, "withdrawn", ids) < 0;
    return failed ? -ENOMEM : 0;
}

static int put_emergencies(const struct answer *answer, json_t *view)
{
    json_t *names = json_array();
    bool failed = !names;
    for (size_t i = 0; i < answer->n_emergencies; i++)
        failed |= json_array_append_new(names, json_string(answer->emergencies[i])) < 0;
    failed |= json_object_set_new(view, "may_emergency", names) < 0;
    return failed ? -ENOMEM : 0;
}

/* Adds who gets in by a package of the line without an approval, unless everybody does. */
static int put_open_to(const struct call *call, json_t *view)
{
    const struct answer *answer = &call->reply->answer;
    json_t *principals = json_array();
    int r = principals ? 0 : -ENOMEM;
    for (size_t i = 0; i < answer->n_line && r == 0; i++) {
        const struct package *package = packages_find(call->engine->packages, answer->line[i]);
        r = package ? view_add_open_to(principals, package) : 0;
    }
    if (r == 0)
        return view_set(view, "open_to", principals);
    json_decref(principals);
    return r < 0 ? r : 0;
}

/* What is told at the gate of a request that is pending. */
static int put_pending(const struct call *call, json_t *view)
{
    const struct answer *answer = &call->reply->answer;
    const char *state = json_string_value(json_object_get(view, "request_state"));
    int r = 0;
    if (!state || strcmp(state, state_identifier(STATE_PENDING_APPROVAL)) != 0)
        return 0;
    if (answer->n_emergencies > 0)
        r = put_emergencies(answer, view);
    if (r == 0 && answer->n_line > 0)
        r = put_open_to(call, view);
    if (r == 0 && answer->denied)
        r = denial_show(call->engine, answer->denied, view);
    return r;
}

/* Adds members that only this answer has. `assignment`: zero: none. */
static int put_particulars(const struct call *call, const struct assignment *assignment, json_t *view)
{
    const struct answer *answer = &call->reply->answer;
    const bool held = assignment->state == STATE_FULFILLED &&
                      grant_span_holds(&assignment->span, clock_now(&call->engine->clock));
    int r = 0;
    if (answer->submitted || answer->extended)
        r = put_bool(view, "existing", answer->existing);
    if (r == 0 && answer->submitted)
        r = put_bool(view, "held", held);
    if (r == 0 && answer->submitted && call->facts->user && call->facts->user->runs_as)
        r = json_object_set_new(view, "runs_as", json_string(call->facts->user->runs_as)) < 0 ? -ENOMEM : 0;
    if (r == 0 && (answer->n_emergencies > 0 || answer->n_line > 0 || answer->denied))
        r = put_pending(call, view);
    if (r == 0 && answer->n_withdrawn > 0)
        r = put_withdrawn(answer, view);
    return r == 0 && answer->ended && assignment->id ? standing_show(call->engine, assignment, view) : r;
}

static int show(const struct call *call)
{
    const struct answer *answer = &call->reply->answer;
    struct assignment assignment = {0};
    int r = find_assignment(call, &assignment);
    if (r >= 0 && answer->request)
        r = engine_show_request(call, answer->request);
    else if (r == 0)
        r = (call->reply->value = view_assignment(&assignment)) ? 0 : -ENOMEM;
    if (r == 0)
        r = put_particulars(call, &assignment, call->reply->value);
    assignment_deinit(&assignment);
    return r;
}

/* Rule 3: refuses while the grant file could not be written after a recorded end. */
static int check_gone(const struct call *call)
{
    struct assignment assignment = {0};
    int r = find_assignment(call, &assignment);
    enum publication_state file = PUBLICATION_DONE;
    char disk[DISK_ADVICE_MAX];
    const int error = r == 0 ? engine_publication_error(call->engine, assignment.user, &file) : 0;
    if (file == PUBLICATION_GIVES)
        r = engine_refuse(
            call->reply, BUS_ERROR_UNAVAILABLE,
            "The end of %s for %s is recorded, but the grant file could neither be written nor removed: %s. "
            "It is tried again every few seconds; until then the access lasts. %s",
            assignment.package, assignment.user, strerror(-error),
            disk_advice(error, call->engine->state, disk));
    else if (file == PUBLICATION_SHUT)
        r = engine_refuse(
            call->reply, BUS_ERROR_UNAVAILABLE,
            "%s of %s has ended, and that is recorded. But their grant file could not be written and was "
            "taken away: what else they hold comes back as soon as it can be, which is tried every few "
            "seconds. %s",
            assignment.package, assignment.user, disk_advice(error, call->engine->state, disk));
    assignment_deinit(&assignment);
    return r == STORE_E_NONE ? 0 : r;
}

/* Makes the answer after the commit. `changed`: the commit had something to write. */
static int answer(const struct call *call, int r, bool changed)
{
    const struct answer *answer = &call->reply->answer;
    if (r < 0 && answer->ended)
        return engine_refuse_unrecorded(call, r);
    if (r != 0 || (!answer->request && !answer->assignment))
        return r;
    if ((changed && (r = engine_check_fulfilment(call->engine, answer->request)) < 0) ||
        (answer->ended && (r = check_gone(call)) != 0))
        return r;
    return show(call);
}

int engine_finish(const struct call *call, int r)
{
    const bool changed = call->engine->joined.engine;
    r = engine_end(call->engine, r);
    store_begin_reading(call->engine->store);
    r = answer(call, r, changed);
    store_end_reading(call->engine->store);
    return r;
}

int engine_answer(const struct call *call, int r)
{
    return answer(call, r, true);
}

/* ---- answers that wait ---- */

bool engine_answer_waits(const struct call *call)
{
    const struct answer *answer = &call->reply->answer;
    struct assignment assignment = {0};
    if (!answer->request && !answer->assignment)
        return engine_is_settling(call->engine, NULL);
    const bool settles =
        find_assignment(call, &assignment) == 0 && engine_is_settling(call->engine, assignment.user);
    assignment_deinit(&assignment);
    return settles;
}

/* Rule 3: refuses while a membership could not be removed after a recorded end. */
static int check_left(const struct call *call)
{
    struct assignment assignment = {0};
    struct membership membership = {0};
    int r = find_assignment(call, &assignment);
    if (r == 0)
        r = store_find_membership_left(call->engine->store, assignment.user, &membership);
    if (r == 0)
        r = engine_refuse(
            call->reply, BUS_ERROR_UNAVAILABLE,
            "The end is recorded, but %s could not be taken out of the group %s of /etc/group: %s. "
            "It is tried again; until then the membership lasts.",
            assignment.user, membership.group,
            membership.problem ? membership.problem : "the root service has not answered yet");
    assignment_deinit(&assignment);
    membership_deinit(&membership);
    return r == STORE_E_NONE ? 0 : r;
}

int engine_answer_again(const struct call *call)
{
    const struct answer *answer = &call->reply->answer;
    if (!answer->request && !answer->assignment)
        return 0;
    const int r = answer->ended ? check_left(call) : 0;
    if (r != 0)
        return r;
    json_decref(call->reply->value);
    call->reply->value = NULL;
    return show(call);
}
