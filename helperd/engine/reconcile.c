/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A store that is not what was known (lineage.c) meets the grant files, which are: what a file gives goes on until its end,
 * and what it does not give is held until an administrator asks for it. Writes no file.
 */
#include "helperd/engine/lineage.h"

#include "common/cleanup.h"
#include "common/duration.h"
#include "common/grantdir.h"
#include "common/log.h"
#include "helperd/grants/grant.h"
#include "helperd/lifecycle/narrow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char held_back[] = "state.db was put back, and the grant file does not give it (drift)";

struct meeting {
    struct txn *txn;
    const struct grant_source *source;
    const struct grant_user *file;
};

/* ---- held ---- */

static bool file_gives(const struct grant_user *file, const struct assignment *assignment,
                       const struct grant *grant)
{
    for (size_t i = 0; file->uid == assignment->uid && i < file->n_groups; i++)
        if (file->groups[i].gid == grant->gid && file->groups[i].span.start == assignment->span.start)
            return true;
    return false;
}

/* A membership that was being asked for is asked for no more; one that is in /etc/group is the root service's to end. */
static void drop_membership(struct txn *txn, const char *user, const char *group)
{
    struct membership membership = {0};
    if (store_get_membership(txn->store, user, group, &membership) == 0 &&
        (membership.state == MEMBERSHIP_ASKING || membership.state == MEMBERSHIP_ADDING)) {
        membership.state = MEMBERSHIP_NONE;
        store_put_membership(txn->store, &membership);
    }
    membership_deinit(&membership);
}

static bool hold_grant(const struct meeting *meeting, const struct assignment *assignment,
                       struct grant *grant)
{
    const bool partial = assignment->state == STATE_PARTIALLY_FULFILLED;
    if (!grant->problem && partial && file_gives(meeting->file, assignment, grant))
        return false;
    free(grant->problem);
    grant->problem = strdup(held_back);
    grant->drifted = true;
    txn_ok(meeting->txn, grant->problem ? 0 : -ENOMEM);
    drop_membership(meeting->txn, assignment->user, grant->group);
    return true;
}

static void hold(const struct meeting *meeting, struct assignment *assignment)
{
    struct txn *txn = meeting->txn;
    _cleanup_(grants_deinit) struct grants grants = {0};
    bool any = false;
    grants_load(txn, assignment, &grants);
    for (size_t i = 0; i < grants.count; i++)
        any |= hold_grant(meeting, assignment, &grants.items[i]);
    if (!any && assignment->state == STATE_PARTIALLY_FULFILLED)
        return;
    assignment_move(txn, assignment, ASSIGNMENT_FALL_SHORT);
    assignment->retry_at = 0;
    assignment->held = true;
    store_update_assignment(txn->store, assignment);
    store_set_grants(txn->store, assignment->id, grants.items, grants.count, true);
    txn_audit(txn, own_act(held_back), "hold", assignment->request, assignment->id);
    txn_announce(txn, assignment->request);
}

/* ---- taken over from the file ---- */

static const struct grant_package *find_line(const struct meeting *meeting,
                                             const struct assignment *assignment)
{
    const struct grant_user *file = meeting->file;
    for (size_t i = 0; file->uid == assignment->uid && i < file->n_packages; i++)
        if (strcmp(file->packages[i].name, assignment->package) == 0 &&
            file->packages[i].span.start == assignment->span.start &&
            grant_span_holds(&file->packages[i].span, meeting->source->now))
            return &file->packages[i];
    return NULL;
}

/* Its end moved, or its groups are others, since the store was saved. */
static void follow(const struct meeting *meeting, struct assignment *assignment,
                   const struct grant_package *line)
{
    struct txn *txn = meeting->txn;
    struct grant *grants = NULL;
    size_t count = 0;
    if (!txn_ok(txn, grant_list_groups(meeting->file, line, &grants, &count)))
        return;
    assignment->extended |= line->span.end > assignment->span.end;
    assignment->span.end = line->span.end;
    assignment->duration =
        line->span.end == GRANT_FOREVER ? DURATION_FOREVER : line->span.end - line->span.start;
    assignment->begun = true;
    assignment_plan_warning(txn->engine, assignment);
    assignment->retry_at = 0;
    assignment_move(txn, assignment, ASSIGNMENT_FULFIL);
    store_update_assignment(txn->store, assignment);
    store_set_grants(txn->store, assignment->id, grants, count, true);
    free(grants);
}

static bool is_ours(const struct meeting *meeting, const struct grant_package *line)
{
    struct assignment assignment = {0};
    const bool found = store_find_live_assignment(meeting->txn->store, meeting->file->uid,
                                                  meeting->file->user, line->name, &assignment) == 0;
    const bool same = found && assignment.span.start == line->span.start;
    /* What the store has ended since, and was given again. */
    if (found && !same)
        assignment_finish(meeting->txn, &assignment, ASSIGNMENT_REVOKE,
                          own_act("state.db was put back, and it was given anew since"));
    assignment_deinit(&assignment);
    return same;
}

static void adopt_lines(const struct meeting *meeting)
{
    const struct grant_user *file = meeting->file;
    for (size_t i = 0; i < file->n_packages; i++)
        if (grant_span_holds(&file->packages[i].span, meeting->source->now) &&
            !is_ours(meeting, &file->packages[i]))
            txn_ok(meeting->txn, grant_adopt_package(meeting->source, file, &file->packages[i]));
}

/* ---- groups without a package: of what was partially fulfilled ---- */

static bool same_span(const struct grant_span *a, const struct grant_span *b)
{
    return a->start == b->start && a->end == b->end;
}

static bool has_package(const struct grant_user *file, const struct grant_span *span)
{
    for (size_t i = 0; i < file->n_packages; i++)
        if (same_span(&file->packages[i].span, span))
            return true;
    return false;
}

static bool is_first_of_span(const struct grant_user *file, size_t group)
{
    for (size_t i = 0; i < group; i++)
        if (same_span(&file->groups[i].span, &file->groups[group].span))
            return false;
    return true;
}

/* The package that gives all of these; NULL: none does. */
static const struct package *find_giver(const struct engine *engine, const struct grant *grants, size_t count)
{
    for (size_t p = 0; p < engine->packages->count; p++) {
        const struct package *package = &engine->packages->items[p];
        size_t given = 0;
        while (given < count && strv_contains(package->groups, grants[given].group))
            given++;
        if (given == count)
            return package;
    }
    return NULL;
}

/* Held: nothing makes it whole by itself, as which requests stood behind it is not known any more. */
static void adopt_groups(struct txn *txn, const struct grant_user *file, const struct grant_span *span)
{
    struct grant *grants = NULL;
    size_t count = 0;
    struct assignment there = {0};
    if (!txn_ok(txn, grant_list_groups(file, &(struct grant_package){.span = *span}, &grants, &count)))
        return;
    const struct package *package = find_giver(txn->engine, grants, count);
    const int found =
        package ? store_find_live_assignment(txn->store, file->uid, file->user, package->name, &there)
                : STORE_E_NONE;
    assignment_deinit(&there);
    if (!package)
        log_warning("No package gives the group %s, which %s has by a grant file: it is not taken over.",
                    grants[0].group, file->user);
    if (package && found == STORE_E_NONE) {
        struct assignment assignment = {
            .package = package->name,
            .user = (char *)file->user,
            .uid = file->uid,
            .state = assignment_next(STATE_NONE, ASSIGNMENT_FALL_SHORT),
            .span = *span,
            .begun = true,
            .held = true,
            .duration = span->end == GRANT_FOREVER ? DURATION_FOREVER : span->end - span->start,
        };
        store_add_assignment(txn->store, &assignment);
        store_set_grants(txn->store, assignment.id, grants, count, true);
        txn_audit(txn, own_act("taken over in part from the grant file"), "adopt", 0, assignment.id);
    }
    free(grants);
}

static void adopt_loose_groups(struct txn *txn, const struct grant_user *file, int64_t now)
{
    for (size_t i = 0; i < file->n_groups; i++) {
        const struct grant_span *span = &file->groups[i].span;
        if (grant_span_holds(span, now) && !has_package(file, span) && is_first_of_span(file, i))
            adopt_groups(txn, file, span);
    }
}

static int adopt_loose_of_user(const char *user, void *data)
{
    struct txn *txn = data;
    const int64_t now = txn_now(txn);
    struct grant_user file = {0};
    if (grantdir_read_user(txn->engine->state, user, now, &file) < 0)
        return 0; /* grant_adopt has said why */
    adopt_loose_groups(txn, &file, now);
    grant_user_deinit(&file);
    return store_failed(txn->store);
}

void reconcile_loose_groups(struct txn *txn)
{
    const int r = grantdir_each_user(txn->engine->state, adopt_loose_of_user, txn);
    txn_ok(txn, r == -ENOENT ? 0 : r);
}

/* ---- user by user ---- */

struct numbers {
    int64_t *ids;
    size_t count;
};

static int collect(const struct assignment *assignment, void *data)
{
    struct numbers *numbers = data;
    int64_t *grown = reallocarray(numbers->ids, numbers->count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    numbers->ids = grown;
    grown[numbers->count++] = assignment->id;
    return 0;
}

static void meet_assignment(const struct meeting *meeting, int64_t id)
{
    struct assignment assignment = {0};
    if (txn_ok(meeting->txn, store_get_assignment(meeting->txn->store, id, &assignment)) &&
        assignment.span.end > meeting->source->now) {
        const struct grant_package *line = find_line(meeting, &assignment);
        if (line)
            follow(meeting, &assignment, line);
        else
            hold(meeting, &assignment);
    }
    assignment_deinit(&assignment);
}

/* A file that the modules refuse gives nothing. */
static int meet_user(struct txn *txn, const struct grant_source *source, const char *user)
{
    struct grant_user file = {0};
    struct numbers numbers = {0};
    const int read = grantdir_read_user(source->state, user, source->now, &file);
    if (grant_is_reading_fault(read))
        return read;
    const struct meeting meeting = {txn, source, &file};
    txn_ok(txn, store_each_live_of_user(txn->store, user, collect, &numbers));
    for (size_t i = 0; i < numbers.count; i++)
        meet_assignment(&meeting, numbers.ids[i]);
    free(numbers.ids);
    adopt_lines(&meeting);
    adopt_loose_groups(txn, &file, source->now);
    if (read == 0)
        store_add_publication(txn->store, user, false);
    grant_user_deinit(&file);
    return store_failed(txn->store);
}

struct walk {
    struct txn *txn;
    const struct grant_source *source;
};

static int meet_file(const char *user, void *data)
{
    const struct walk *walk = data;
    bool holds = false;
    const int r = store_user_holds(walk->txn->store, user, &holds);
    return r < 0 || holds ? r : meet_user(walk->txn, walk->source, user);
}

void reconcile_files(struct txn *txn)
{
    const struct grant_source source = engine_grant_source(txn->engine);
    const struct walk walk = {txn, &source};
    char *at = NULL, *next = NULL;
    int r;
    /* Files first: who holds something by the store as it was put back is met below. */
    r = grantdir_each_user(source.state, meet_file, (void *)&walk);
    if (r == -ENOENT)
        r = 0;
    while (r == 0 && (r = store_next_live_user(txn->store, at ? at : "", &next)) == 0) {
        free(at);
        at = next;
        r = meet_user(txn, &source, at);
    }
    free(at);
    if (r != STORE_E_NONE)
        txn_ok(txn, r);
}
