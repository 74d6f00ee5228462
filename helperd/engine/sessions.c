/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Warnings on terminals, and the end of live sessions with an assignment: what is due, and its results. The daemon
 * calls the root service. Spares what the user holds by another package.
 */
#include "helperd/engine/internal.h"

#include "common/cleanup.h"
#include "common/duration.h"
#include "common/hostname.h"
#include "common/log.h"
#include "common/wordlist.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 100 }; /* plans made in one transaction */

/* ---- warnings ---- */

static void compose_warning(const struct assignment *assignment, const struct package *package, int64_t now,
                            struct engine_warning *ret)
{
    char left[DURATION_TEXT_MAX];
    char host[HOSTNAME_TEXT_MAX];
    hostname_visible(host);
    duration_format(assignment->span.end - now, left);
    ret->uid = assignment->uid;
    snprintf(ret->text, sizeof(ret->text), "Your access to %s on %s ends in %s%s. %s: pkg-request %s %s",
             package->name, host, left,
             package->at_end == PACKAGE_AT_END_TERMINATE ? ", and sessions like this one may end with it"
                                                         : "",
             package->extension == PACKAGE_EXTENSION_NO ? "To ask for it anew then" : "To have it longer",
             package->extension == PACKAGE_EXTENSION_NO ? "submit" : "extend", package->name);
}

/* Takes a due warning, and plans the next one of its assignment. *ret_wanted: show it. False: none is due. */
static bool take_warning(struct txn *txn, struct engine_warning *ret, bool *ret_wanted)
{
    const struct engine *engine = txn->engine;
    const int64_t now = txn_now(txn);
    struct assignment assignment = {0};
    if (store_find_due_warning(txn->store, now, &assignment) != 0)
        return false;
    *ret_wanted = assignment_warns(engine, &assignment) && assignment_is_near_end(&assignment.span, now);
    if (*ret_wanted)
        compose_warning(&assignment, packages_find(engine->packages, assignment.package), now, ret);
    assignment_plan_warning(engine, &assignment);
    store_update_assignment(txn->store, &assignment);
    assignment_deinit(&assignment);
    return true;
}

int engine_take_due_warning(struct engine *engine, struct engine_warning *ret)
{
    bool wanted = false;
    int64_t next = 0;
    int r = store_next_chore(engine->store, &next);
    if (r < 0 || next == 0 || next > clock_now(&engine->clock))
        return r < 0 ? r : STORE_E_NONE;
    struct txn txn;
    txn_begin(&txn, engine);
    for (int i = 0; i < AT_ONCE && !wanted && take_warning(&txn, ret, &wanted); i++)
        ;
    r = txn_commit(&txn);
    return r < 0 ? r : wanted ? 0 : STORE_E_NONE;
}

int engine_plan_warnings(struct engine *engine)
{
    struct txn txn;
    txn_begin(&txn, engine);
    for (size_t i = 0; i < engine->packages->count; i++)
        if (engine->packages->items[i].at_end != PACKAGE_AT_END_KEEP)
            store_replan_warnings(txn.store, engine->packages->items[i].name);
    return txn_commit(&txn);
}

/* ---- endings ---- */

/* Spares what the user has by other packages now. */
struct sparing {
    struct engine *engine;
    struct engine_ending *ending;
};

static void spare_services(strv services, char *const *others)
{
    size_t kept = 0;
    for (size_t i = 0; services[i]; i++)
        if (strv_contains(others, services[i]))
            free(services[i]);
        else
            services[kept++] = services[i];
    services[kept] = NULL;
}

static void spare_gid(struct engine_ending *ending, gid_t gid)
{
    size_t kept = 0;
    for (size_t i = 0; i < ending->n_gids; i++)
        if (ending->gids[i] != gid)
            ending->gids[kept++] = ending->gids[i];
    ending->n_gids = kept;
}

static int spare_assignment(const struct assignment *assignment, void *data)
{
    const struct sparing *sparing = data;
    const struct package *package = packages_find(sparing->engine->packages, assignment->package);
    struct grant *grants = NULL;
    size_t count = 0;
    if (assignment->uid != sparing->ending->uid ||
        !grant_span_holds(&assignment->span, clock_now(&sparing->engine->clock)))
        return 0;
    if (package && assignment->state == STATE_FULFILLED)
        spare_services(sparing->ending->services, package->services);
    const int r = store_get_grants(sparing->engine->store, assignment->id, &grants, &count);
    for (size_t i = 0; r == 0 && i < count; i++)
        if (!grants[i].problem)
            spare_gid(sparing->ending, grants[i].gid);
    store_free_grants(grants, count);
    return r;
}

/* `held`: its store was put back, and what it does not give any more may be carried still. */
static int load_gids(struct engine *engine, struct engine_ending *ending, bool held)
{
    struct grant *grants = NULL;
    size_t count = 0;
    int r = store_get_grants(engine->store, ending->assignment, &grants, &count);
    if (r == 0 && !(ending->gids = calloc(count + 1, sizeof(*ending->gids))))
        r = -ENOMEM;
    for (size_t i = 0; r == 0 && i < count; i++)
        if ((!grants[i].problem || (held && grants[i].drifted)) && grants[i].gid != GID_UNSET)
            ending->gids[ending->n_gids++] = grants[i].gid;
    store_free_grants(grants, count);
    return r;
}

void engine_ending_deinit(struct engine_ending *ending)
{
    free(ending->user);
    strv_free(ending->services);
    free(ending->gids);
    *ending = (struct engine_ending){0};
}

static int load_ending(struct engine *engine, const struct ending *row, struct engine_ending *ret)
{
    struct assignment assignment = {0};
    int r = store_get_assignment(engine->store, row->assignment, &assignment);
    if (r != 0)
        return r < 0 ? r : -EIO;
    *ret = (struct engine_ending){.assignment = row->assignment,
                                  .uid = assignment.uid,
                                  .user = steal_ptr(assignment.user),
                                  .services = wordlist_read(row->services)};
    const bool held = assignment.held;
    assignment_deinit(&assignment);
    r = ret->services ? load_gids(engine, ret, held) : -ENOMEM;
    if (r == 0)
        r = store_each_live_of_user(engine->store, ret->user, spare_assignment,
                                    &(struct sparing){engine, ret});
    return r;
}

/* Changes of a user in /etc/group that are under way would count as held: their ends wait, and others go on. All that wait
 * are gone through once a second. */
static int find_ending(struct engine *engine, int64_t now, struct ending *ret)
{
    if (engine->endings_waited == now)
        return STORE_E_NONE;
    int r = store_find_due_ending(engine->store, now, ret);
    ending_deinit(ret);
    if (r != 0)
        return r;
    r = store_find_ready_ending(engine->store, now, ret);
    engine->endings_waited = r == STORE_E_NONE ? now : 0;
    return r;
}

int engine_take_due_ending(struct engine *engine, struct engine_ending *ret)
{
    const int64_t now = clock_now(&engine->clock);
    struct ending row = {0};
    struct engine_ending ending = {0};
    int r = find_ending(engine, now, &row);
    if (r != 0)
        return r;
    r = load_ending(engine, &row, &ending);
    row.retry_at = now + retry_backoff(engine, ++row.attempts);
    if (r == 0) {
        struct txn txn;
        txn_begin(&txn, engine);
        store_put_ending(txn.store, &row);
        r = txn_commit(&txn);
    }
    ending_deinit(&row);
    if (r == 0)
        *ret = ending;
    else
        engine_ending_deinit(&ending);
    return r;
}

static void record_done(struct txn *txn, struct ending *row, const struct engine_ending *ending,
                        char *const *remaining)
{
    _cleanup_free_ char *told = strv_join(remaining, "; ");
    row->retry_at = 0;
    free(row->problem);
    row->problem = NULL;
    free(row->remaining);
    row->remaining = strv_join(remaining, "\n");
    if (!txn_ok(txn, row->remaining && told ? 0 : -ENOMEM))
        return;
    if (*told)
        log_notice("Sessions of %s were ended with assignment %" PRId64 ". What remains: %s", ending->user,
                   ending->assignment, told);
    store_put_ending(txn->store, row);
    txn_audit(txn, own_act(*told ? told : NULL), AUDIT_END_SESSIONS, 0, ending->assignment);
}

static void record_failure(struct txn *txn, struct ending *row, const struct engine_ending *ending,
                           const char *failure)
{
    if (!row->problem || strcmp(row->problem, failure) != 0)
        log_warning("Sessions of %s could not be ended with assignment %" PRId64 ": %s. It is tried again.",
                    ending->user, ending->assignment, failure);
    free(row->problem);
    row->problem = strdup(failure);
    if (txn_ok(txn, row->problem ? 0 : -ENOMEM))
        store_put_ending(txn->store, row);
}

int engine_ending_done(struct engine *engine, const struct engine_ending *ending, char *const *remaining,
                       const char *failure)
{
    struct txn txn;
    struct ending row = {0};
    int r = store_get_ending(engine->store, ending->assignment, &row);
    if (r != 0)
        return r < 0 ? r : -EIO;
    txn_begin(&txn, engine);
    if (failure)
        record_failure(&txn, &row, ending, failure);
    else
        record_done(&txn, &row, ending, remaining);
    r = txn_commit(&txn);
    ending_deinit(&row);
    return r;
}
