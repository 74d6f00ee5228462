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
#include "common/names.h"
#include "helperd/grants/grant.h"
#include "helperd/lifecycle/narrow.h"
#include "helperd/lifecycle/publication.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char held_back[] = "state.db was put back, and the grant file does not give it (drift)";

static const char followed[] = "state.db was put back: as the grant file gives it";

struct meeting {
    struct txn *txn;
    const struct grant_source *source;
    const struct grant_user *file;
};

/* ---- held ---- */

/* The line that gives it now; NULL: none does. */
static const struct grant_group *find_given(const struct meeting *meeting,
                                            const struct assignment *assignment, const struct grant *grant)
{
    const struct grant_user *file = meeting->file;
    for (size_t i = 0; !grant->problem && file->uid == assignment->uid && i < file->n_groups; i++)
        if (file->groups[i].gid == grant->gid && file->groups[i].span.start == assignment->span.start &&
            grant_span_holds(&file->groups[i].span, meeting->source->now))
            return &file->groups[i];
    return NULL;
}

static bool is_all_given(const struct meeting *meeting, const struct assignment *assignment,
                         const struct grants *grants)
{
    for (size_t i = 0; i < grants->count; i++)
        if (!find_given(meeting, assignment, &grants->items[i]))
            return false;
    return true;
}

static void hold_grant(const struct meeting *meeting, struct grant *grant)
{
    free(grant->problem);
    grant->problem = strdup(held_back);
    grant->drifted = true;
    txn_ok(meeting->txn, grant->problem ? 0 : -ENOMEM);
}

/* Groups that the file gives stay until the file's end, also of what was fulfilled when the store was saved. Where it lacks
 * the package alone, all of them are held: with each of them in place it would count as fulfilled. */
static bool hold_grants(const struct meeting *meeting, struct assignment *assignment, struct grants *grants)
{
    const bool keep =
        assignment->state == STATE_PARTIALLY_FULFILLED || !is_all_given(meeting, assignment, grants);
    bool any = false;
    for (size_t i = 0; i < grants->count; i++) {
        const struct grant_group *given = keep ? find_given(meeting, assignment, &grants->items[i]) : NULL;
        if (given) {
            assignment->span.end = given->span.end;
        } else {
            hold_grant(meeting, &grants->items[i]);
            any = true;
        }
    }
    return any;
}

static bool has_given(const struct meeting *meeting, const struct assignment *assignment)
{
    _cleanup_(grants_deinit) struct grants grants = {0};
    grants_load(meeting->txn, assignment, &grants);
    for (size_t i = 0; i < grants.count; i++)
        if (find_given(meeting, assignment, &grants.items[i]))
            return true;
    return false;
}

/* What is not given keeps nobody in a group of /etc/group, nor in a session: both may have been outstanding. */
static void release_held(struct txn *txn, const struct assignment *assignment, const struct grants *grants)
{
    bool any_given = false;
    for (size_t i = 0; i < grants->count; i++) {
        any_given |= !grants->items[i].problem;
        if (grants->items[i].drifted)
            membership_release(txn, assignment, grants->items[i].group);
    }
    if (!any_given)
        sessions_end_later(txn, assignment);
}

static void hold(const struct meeting *meeting, struct assignment *assignment)
{
    struct txn *txn = meeting->txn;
    _cleanup_(grants_deinit) struct grants grants = {0};
    grants_load(txn, assignment, &grants);
    if (!hold_grants(meeting, assignment, &grants) && assignment->state == STATE_PARTIALLY_FULFILLED)
        return;
    assignment_move(txn, assignment, ASSIGNMENT_FALL_SHORT);
    assignment->retry_at = 0;
    assignment->held = true;
    store_update_assignment(txn->store, assignment);
    store_set_grants(txn->store, assignment->id, grants.items, grants.count, true);
    release_held(txn, assignment, &grants);
    txn_audit(txn, own_act(held_back), AUDIT_HOLD, assignment->request, assignment->id);
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

/* What a grant file gives is in /etc/group (membership = files), whatever the store says: an end takes it out. `anew`: it
 * was given since the store was saved; whether we added it the root service knows, which takes out nothing else. */
static void keep_membership(struct txn *txn, const char *user, const struct grant *grant, bool anew)
{
    struct membership membership = {0};
    const int r = store_get_membership(txn->store, user, grant->group, &membership);
    if (r == STORE_E_NONE)
        membership =
            (struct membership){.user = strdup(user), .group = strdup(grant->group), .gid = grant->gid};
    if (txn_ok(txn, r < 0 || (membership.user && membership.group) ? r < 0 ? r : 0 : -ENOMEM) &&
        (membership.state != MEMBERSHIP_THERE || (anew && !membership.ours))) {
        membership.state = MEMBERSHIP_THERE;
        membership.ours = true;
        membership_schedule(txn, &membership);
        membership_save(txn, &membership, AUDIT_NONE);
        membership_move_end(txn, user, grant->group);
    }
    membership_deinit(&membership);
}

static void keep_memberships(struct txn *txn, const char *user, const struct grants *grants, bool anew)
{
    for (size_t i = 0; engine_gives_by_files(txn->engine) && i < grants->count; i++)
        if (!grants->items[i].problem)
            keep_membership(txn, user, &grants->items[i], anew);
}

void reconcile_memberships(struct txn *txn)
{
    int64_t id = 0;
    while (engine_gives_by_files(txn->engine) && store_next_without_membership(txn->store, id, &id) == 0) {
        struct assignment assignment = {0};
        _cleanup_(grants_deinit) struct grants grants = {0};
        if (txn_ok(txn, store_get_assignment(txn->store, id, &assignment))) {
            grants_load(txn, &assignment, &grants);
            keep_memberships(txn, assignment.user, &grants, false);
        }
        assignment_deinit(&assignment);
    }
}

/* The groups of the line that were approved (rule 14): another package's may have the same span. */
static bool list_given(const struct meeting *meeting, const struct assignment *assignment,
                       const struct grant_package *line, struct grants *ret)
{
    _cleanup_(grants_deinit) struct grants approved = {0};
    grants_load(meeting->txn, assignment, &approved);
    _cleanup_free_ char **names = calloc(approved.count + 1, sizeof(*names)); /* borrowed texts */
    if (!txn_ok(meeting->txn, names ? 0 : -ENOMEM))
        return false;
    for (size_t i = 0; i < approved.count; i++)
        names[i] = approved.items[i].group;
    return txn_ok(meeting->txn, grant_list_groups(meeting->file, line, names, &ret->items, &ret->count));
}

/* Its end moved, or its groups are others, since the store was saved. */
static void follow(const struct meeting *meeting, struct assignment *assignment,
                   const struct grant_package *line)
{
    struct txn *txn = meeting->txn;
    struct grants given = {0}; /* borrowed texts */
    if (!list_given(meeting, assignment, line, &given))
        return;
    const bool moves =
        line->span.end != assignment->span.end || assignment->state == STATE_PARTIALLY_FULFILLED;
    assignment->extended |= line->span.end > assignment->span.end;
    assignment->span.end = line->span.end;
    assignment->duration =
        line->span.end == GRANT_FOREVER ? DURATION_FOREVER : line->span.end - line->span.start;
    assignment->begun = true;
    assignment->held = false; /* also where it was when the store was saved */
    assignment_plan_warning(txn->engine, assignment);
    assignment->retry_at = 0;
    assignment_move(txn, assignment, ASSIGNMENT_FULFIL);
    store_update_assignment(txn->store, assignment);
    store_set_grants(txn->store, assignment->id, given.items, given.count, true);
    keep_memberships(txn, assignment->user, &given, false);
    if (moves)
        txn_audit(txn, own_act(followed), AUDIT_FOLLOW, assignment->request, assignment->id);
    free(given.items);
}

static void keep_memberships_of_line(const struct meeting *meeting, const struct grant_package *line)
{
    struct grants grants = {0}; /* borrowed texts */
    if (!txn_ok(meeting->txn, grant_list_groups(meeting->file, line, NULL, &grants.items, &grants.count)))
        return;
    keep_memberships(meeting->txn, meeting->file->user, &grants, true);
    free(grants.items);
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
    for (size_t i = 0; i < file->n_packages; i++) {
        const struct grant_package *line = &file->packages[i];
        if (!grant_span_holds(&line->span, meeting->source->now) || is_ours(meeting, line))
            continue;
        txn_ok(meeting->txn, grant_adopt_package(meeting->source, file, line));
        keep_memberships_of_line(meeting, line);
    }
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

/* The package that gives all of these and more: what it lacked kept it from being whole. NULL: none does. */
static const struct package *find_giver(const struct engine *engine, const struct grants *grants)
{
    for (size_t p = 0; p < engine->packages->count; p++) {
        const struct package *package = &engine->packages->items[p];
        size_t given = 0;
        while (given < grants->count && strv_contains(package->groups, grants->items[given].group))
            given++;
        if (given == grants->count && strv_length(package->groups) > given)
            return package;
    }
    return NULL;
}

static bool has_grant(const struct grants *grants, const char *group)
{
    for (size_t i = 0; i < grants->count; i++)
        if (strcmp(grants->items[i].group, group) == 0)
            return true;
    return false;
}

/* Adds the package's other groups as held, so that it does not count as whole with those in place (rule 14). */
static void add_lacking(struct txn *txn, const struct package *package, struct grants *grants)
{
    struct grant *grown =
        reallocarray(grants->items, grants->count + strv_length(package->groups), sizeof(*grown));
    if (!txn_ok(txn, grown ? 0 : -ENOMEM))
        return;
    grants->items = grown;
    for (char *const *group = package->groups; *group; group++)
        if (!has_grant(grants, *group))
            grants->items[grants->count++] = (struct grant){
                .group = *group, .gid = GID_UNSET, .problem = (char *)held_back, .drifted = true};
}

static bool holds_package(struct txn *txn, const struct grant_user *file, const struct package *package)
{
    struct assignment there = {0};
    const int found = store_find_live_assignment(txn->store, file->uid, file->user, package->name, &there);
    assignment_deinit(&there);
    return found != STORE_E_NONE;
}

/* Held: nothing makes it whole by itself, as which requests stood behind it is not known any more. */
static void adopt_partial(struct txn *txn, const struct grant_user *file, const struct grant_span *span,
                          const struct package *package, struct grants *grants)
{
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
    add_lacking(txn, package, grants);
    store_add_assignment(txn->store, &assignment);
    store_set_grants(txn->store, assignment.id, grants->items, grants->count, true);
    keep_memberships(txn, file->user, grants, true);
    txn_audit(txn, own_act("taken over in part from the grant file"), AUDIT_ADOPT, 0, assignment.id);
}

static void adopt_groups(struct txn *txn, const struct grant_user *file, const struct grant_span *span)
{
    struct grants grants = {0}; /* borrowed texts */
    if (!txn_ok(txn, grant_list_groups(file, &(struct grant_package){.span = *span}, NULL, &grants.items,
                                       &grants.count)))
        return;
    const struct package *package = find_giver(txn->engine, &grants);
    if (!package)
        log_warning("No package gives the group %s, which %s has by a grant file: it is not taken over.",
                    grants.items[0].group, file->user);
    else if (!holds_package(txn, file, package))
        adopt_partial(txn, file, span, package, &grants);
    free(grants.items);
}

struct giving {
    const struct grant_user *file;
    const struct grant_span *span;
};

static int is_giving(const struct assignment *assignment, void *data)
{
    const struct giving *giving = data;
    return assignment->state == STATE_PARTIALLY_FULFILLED && assignment->uid == giving->file->uid &&
           assignment->span.start == giving->span->start;
}

/* The store knows what was partially fulfilled: nothing is to be guessed. */
static bool is_known(struct txn *txn, const struct grant_user *file, const struct grant_span *span)
{
    return store_each_live_of_user(txn->store, file->user, is_giving, &(struct giving){file, span}) != 0;
}

static void adopt_loose_groups(struct txn *txn, const struct grant_user *file, int64_t now)
{
    for (size_t i = 0; i < file->n_groups; i++) {
        const struct grant_span *span = &file->groups[i].span;
        if (grant_span_holds(span, now) && !has_package(file, span) && is_first_of_span(file, i) &&
            !is_known(txn, file, span))
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

/* True: it was compared. */
static bool meet_assignment(struct txn *txn, struct assignment *assignment, const void *data)
{
    const struct meeting *meeting = data;
    const struct grant_package *line = find_line(meeting, assignment);
    (void)txn; /* the meeting's */
    /* What is over by the store may have been extended since. */
    if (line)
        follow(meeting, assignment, line);
    else if (assignment->span.end > meeting->source->now || has_given(meeting, assignment))
        hold(meeting, assignment);
    return true;
}

/* A file that the modules refuse gives nothing. One that a broken disk does not give is written anew: were it to be read
 * again, it would give what is held. */
static int meet_user(struct txn *txn, const struct grant_source *source, const char *user)
{
    struct grant_user file = {0};
    const int read = grantdir_read_user(source->state, user, source->now, &file);
    if (grant_is_reading_fault(read)) {
        char visible[NAME_ENCODED_MAX + 1];
        log_error("The grant file of %s cannot be read: %s.", text_visible(user, visible, sizeof(visible)),
                  strerror(-read));
        if (read != -EIO)
            return read;
    }
    const struct meeting meeting = {txn, source, &file};
    assignment_each_live(txn, user, meet_assignment, &meeting);
    adopt_lines(&meeting);
    adopt_loose_groups(txn, &file, source->now);
    if (read == 0 || read == -EIO)
        store_add_publication(txn->store, user, read != 0);
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
