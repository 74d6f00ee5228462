/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memberships in /etc/group (membership = files): hands out what to ask of the root service, applies its answers, and
 * compares the file. The daemon makes the calls, one at a time. Plans are made by lifecycle/membership_plan.c.
 */
#include "helperd/engine/internal.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "common/names.h"
#include "helperd/engine/unrecorded.h"
#include "helperd/lifecycle/narrow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    ADOPTED_AT_ONCE = 100, /* in one transaction */
    UNEXPLAINED_SHOWN = 5, /* lines of the status */
};

/* While no commit succeeds, who is to be taken out is taken out all the same (rule 13): each once, and after a pause again. */
static int take_removal(struct engine *engine, int64_t now, int error, struct membership *ret)
{
    struct removals *removals = &engine->removals;
    if (now < removals->rest_until && now >= removals->rest_until - ENGINE_FAULT_RETRY)
        return error;
    const int r = store_find_due_removal(engine->store, now, removals->taken, ret);
    if (r == 0) {
        removals->taken++;
        ret->until = now;
        return 0;
    }
    *removals = (struct removals){.rest_until = now + ENGINE_FAULT_RETRY};
    return error;
}

int engine_take_due_membership(struct engine *engine, struct membership *ret)
{
    struct txn txn;
    const int64_t now = clock_now(&engine->clock);
    struct membership membership = {0};
    int r = engine_release_narrowed(engine, ret);
    if (r == 0)
        return 0;
    r = store_find_due_membership(engine->store, now, &membership);
    if (r == 0)
        r = store_user_has_group_until(engine->store, membership.user, membership.group, &membership.until);
    if (r != 0) {
        membership_deinit(&membership);
        return r;
    }
    if (membership.until == 0)
        membership.until = now; /* nobody gives it any more */
    membership.retry_at = now + retry_backoff(engine, ++membership.attempts);
    txn_begin(&txn, engine);
    membership_save(&txn, &membership, AUDIT_NONE);
    r = txn_commit(&txn);
    if (r == 0) {
        engine->removals = (struct removals){0};
        *ret = membership;
        return 0;
    }
    membership_deinit(&membership);
    return take_removal(engine, now, r, ret);
}

/* ---- what an answer means ---- */

/* Sets the problem of the grants of this group from the membership. False: there is no such grant. */
static bool describe_grants(struct txn *txn, const struct membership *membership, struct grants *grants)
{
    bool concerned = false;
    for (size_t i = 0; i < grants->count; i++) {
        struct grant *grant = &grants->items[i];
        /* Leaves a problem with the group itself, and a grant that was removed manually, as they are. */
        if (strcmp(grant->group, membership->group) != 0 || grant->gid != membership->gid || grant->drifted)
            continue;
        concerned = true;
        free(grant->problem);
        grant->problem = NULL;
        txn_ok(txn, membership_describe(membership, &grant->problem));
    }
    return concerned;
}

/* Updates one of the user's assignments if it gives the group. */
static void review_one(struct txn *txn, int64_t id, const struct membership *membership)
{
    struct assignment assignment = {0};
    _cleanup_(grants_deinit) struct grants grants = {0};
    txn_ok(txn, store_get_assignment(txn->store, id, &assignment));
    grants_load(txn, &assignment, &grants);
    if (describe_grants(txn, membership, &grants))
        assignment_regrant(txn, &assignment, &grants, assignment_start_asked(txn, &assignment));
    assignment_deinit(&assignment);
}

struct ids {
    int64_t *items;
    size_t count;
};

static int note_id(const struct assignment *assignment, void *data)
{
    struct ids *ids = data;
    int64_t *grown = reallocarray(ids->items, ids->count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    ids->items = grown;
    grown[ids->count++] = assignment->id;
    return 0;
}

static void review(struct txn *txn, const struct membership *membership)
{
    struct ids ids = {0};
    txn_ok(txn, store_each_live_of_user(txn->store, membership->user, note_id, &ids));
    for (size_t i = 0; i < ids.count; i++)
        review_one(txn, ids.items[i], membership);
    free(ids.items);
}

/* The end was told; or it moved meanwhile, and is to be told again. */
static void note_end(struct txn *txn, struct membership *membership, int64_t told)
{
    int64_t until = 0;
    if (!txn_ok(txn, store_user_has_group_until(txn->store, membership->user, membership->group, &until)))
        return;
    membership_schedule(txn, membership);
    membership_save(txn, membership, AUDIT_NONE);
    if (until != told)
        membership_move_end(txn, membership->user, membership->group);
}

static void note_success(struct txn *txn, struct membership *membership, enum membership_event event)
{
    static const enum audit_event audited[MEMBERSHIP_EVENT_COUNT] = {
        [MEMBERSHIP_SEEN_IN_EVENT] = AUDIT_MEMBER_BEFORE,
        [MEMBERSHIP_ADDED_EVENT] = AUDIT_MEMBER_ADDED,
        [MEMBERSHIP_REMOVED_EVENT] = AUDIT_MEMBER_REMOVED,
    };
    if (!membership_move(membership, event))
        return; /* a late answer */
    membership_schedule(txn, membership);
    membership_save(txn, membership, audited[event]);
    if (membership->state == MEMBERSHIP_THERE)
        review(txn, membership);
}

/* Its retry was planned when it was taken. */
static void note_failure(struct txn *txn, struct membership *membership, const char *failure)
{
    const bool news = !membership->problem || strcmp(membership->problem, failure) != 0;
    free(membership->problem);
    membership->problem = strdup(failure);
    if (!txn_ok(txn, membership->problem ? 0 : -ENOMEM))
        return;
    membership_save(txn, membership, news ? AUDIT_MEMBER_FAILED : AUDIT_NONE);
    if (!news)
        return;
    if (membership->state == MEMBERSHIP_THERE)
        log_warning(
            "The root service cannot be told when %s leaves the group %s of /etc/group: %s. It is tried "
            "again.",
            membership->user, membership->group, failure);
    else
        log_warning("%s cannot be %s the group %s of /etc/group: %s. It is tried again.", membership->user,
                    membership->state == MEMBERSHIP_REMOVING ? "taken out of" : "put into", membership->group,
                    failure);
    if (membership->state != MEMBERSHIP_REMOVING && membership->state != MEMBERSHIP_THERE)
        review(txn, membership);
}

static enum membership_event event_of(enum membership_act act, bool member)
{
    switch (act) {
    case MEMBERSHIP_ACT_ADD:
        return member ? MEMBERSHIP_SEEN_IN_EVENT : MEMBERSHIP_ADDED_EVENT;
    case MEMBERSHIP_ACT_REMOVE:
        return MEMBERSHIP_REMOVED_EVENT;
    case MEMBERSHIP_ACT_ASK:
    case MEMBERSHIP_ACT_NOTE:
    case MEMBERSHIP_ACT_NONE:
        break;
    }
    return member ? MEMBERSHIP_SEEN_IN_EVENT : MEMBERSHIP_SEEN_OUT_EVENT;
}

int engine_membership_done(struct engine *engine, const struct membership *asked, bool member,
                           const char *failure)
{
    struct txn txn;
    struct membership membership = {0};
    engine_verify_user(engine, asked->user);
    int r = store_get_membership(engine->store, asked->user, asked->group, &membership);
    if (r != 0)
        return r < 0 ? r : 0; /* released before anything was done */
    if (asked->state == MEMBERSHIP_REMOVING && membership.state != MEMBERSHIP_REMOVING &&
        narrow_any(engine)) {
        if (failure)
            log_warning("%s cannot be taken out of the group %s of /etc/group: %s. It is tried again.",
                        asked->user, asked->group, failure);
        membership_deinit(&membership);
        return 0; /* that it is not wanted any more is not recorded yet: asked again then */
    }
    txn_begin(&txn, engine);
    const bool tells = membership_act(asked->state) == MEMBERSHIP_ACT_NOTE;
    if (failure)
        note_failure(&txn, &membership, failure);
    else if (!tells)
        note_success(&txn, &membership, event_of(membership_act(asked->state), member));
    if (!failure && (tells || asked->state == MEMBERSHIP_ADDING) && membership.state == MEMBERSHIP_THERE)
        note_end(&txn, &membership, asked->until);
    r = txn_commit(&txn);
    membership_deinit(&membership);
    return r;
}

/* ---- what /etc/group says ---- */

struct names {
    strv items;
    size_t count;
};

static int note_name(const char *name, void *data)
{
    struct names *names = data;
    strv grown = reallocarray(names->items, names->count + 2, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    names->items = grown;
    grown[names->count] = strdup(name);
    if (!grown[names->count])
        return -ENOMEM;
    grown[++names->count] = NULL;
    return 0;
}

int engine_membership_groups(struct engine *engine, strv *ret)
{
    struct names names = {.items = calloc(1, sizeof(*names.items))};
    const int r = names.items ? store_each_membership_group(engine->store, note_name, &names) : -ENOMEM;
    if (r == 0)
        *ret = names.items;
    else
        strv_free(names.items);
    return r;
}

struct comparison {
    char *const *members;
    struct names lost; /* users */
};

static int compare_one(const struct membership *membership, void *data)
{
    struct comparison *comparison = data;
    if (membership->state != MEMBERSHIP_THERE || strv_contains(comparison->members, membership->user))
        return 0;
    return note_name(membership->user, &comparison->lost);
}

static void lose_member(struct txn *txn, const char *user, const char *group)
{
    struct membership membership = {0};
    if (txn_ok(txn, store_get_membership(txn->store, user, group, &membership)) &&
        membership_move(&membership, MEMBERSHIP_LOST_EVENT)) {
        membership_schedule(txn, &membership);
        membership_save(txn, &membership, AUDIT_NONE);
        drift_note_member_removed(txn, user, group);
    }
    membership_deinit(&membership);
}

int engine_compare_members(struct engine *engine, const char *group, char *const *members)
{
    struct comparison comparison = {.members = members};
    /* The root service ends what is due by itself: that is no drift. */
    int r = engine_tick(engine);
    if (r == 0)
        r = store_each_membership_of_group(engine->store, group, compare_one, &comparison);
    if (r == 0 && comparison.lost.count > 0) {
        struct txn txn;
        txn_begin(&txn, engine);
        for (size_t i = 0; i < comparison.lost.count; i++)
            lose_member(&txn, comparison.lost.items[i], group);
        r = txn_commit(&txn);
    }
    strv_free(comparison.lost.items);
    return r;
}

/* ---- the start ---- */

/* Wants memberships for grants that were in place by NSS. */
static void adopt(struct txn *txn, int64_t id)
{
    struct assignment assignment = {0};
    _cleanup_(grants_deinit) struct grants grants = {0};
    if (txn_ok(txn, store_get_assignment(txn->store, id, &assignment))) {
        grants_load(txn, &assignment, &grants);
        for (size_t i = 0; i < grants.count; i++)
            if (!grants.items[i].problem)
                membership_want(txn, assignment.user, grants.items[i].group, grants.items[i].gid,
                                &grants.items[i].problem);
        const int64_t start = assignment_start_asked(txn, &assignment);
        assignment_regrant(txn, &assignment, &grants, start ? start : assignment.span.start);
    }
    assignment_deinit(&assignment);
}

/* Adopts the next few above *after. 0, STORE_E_NONE: no more, -errno. */
static int adopt_some(struct engine *engine, int64_t *after)
{
    struct txn txn;
    int found = 0;
    txn_begin(&txn, engine);
    for (int i = 0; found == 0 && i < ADOPTED_AT_ONCE; i++)
        if ((found = store_next_without_membership(txn.store, *after, after)) == 0)
            adopt(&txn, *after);
    const int r = txn_commit(&txn);
    return r < 0 ? r : found;
}

int engine_adopt_memberships(struct engine *engine)
{
    int64_t after = 0;
    int r = 0;
    while (engine_gives_by_files(engine) && r == 0)
        r = adopt_some(engine, &after);
    return r < 0 ? r : 0;
}

int engine_note_memberships(struct engine *engine)
{
    struct txn txn;
    txn_begin(&txn, engine);
    store_note_memberships(txn.store, clock_now(&engine->clock));
    txn.chores_are_due = true;
    return txn_commit(&txn);
}

/* ---- notes that the store does not know ---- */

bool engine_gives_by_files(const struct engine *engine)
{
    return engine->config->membership == CONFIG_MEMBERSHIP_FILES;
}

static int add_unexplained(struct engine *engine, const char *user, const char *group)
{
    char shown_user[NAME_ENCODED_MAX + 1], shown_group[NAME_ENCODED_MAX + 1];
    engine->unexplained_count++;
    if (json_array_size(engine->unexplained) >= UNEXPLAINED_SHOWN)
        return 0;
    return json_array_append_new(
        engine->unexplained,
        json_sprintf("%s in %s: accesspkg added them, and holds nothing that says so; they go at their time",
                     text_visible(user, shown_user, sizeof(shown_user)),
                     text_visible(group, shown_group, sizeof(shown_group))));
}

int engine_compare_notes(struct engine *engine, char *const *users, char *const *groups)
{
    json_decref(engine->unexplained);
    engine->unexplained = json_array();
    engine->unexplained_count = 0;
    int r = engine->unexplained ? 0 : -ENOMEM;
    for (; r == 0 && *users && *groups; users++, groups++) {
        struct membership membership = {0};
        const int found = store_get_membership(engine->store, *users, *groups, &membership);
        if (found == STORE_E_NONE)
            r = add_unexplained(engine, *users, *groups) < 0 ? -ENOMEM : 0;
        else
            r = found;
        membership_deinit(&membership);
    }
    return r;
}

/* ---- answers that wait ---- */

bool engine_is_settling(struct engine *engine, const char *user)
{
    struct membership membership = {0};
    const int r = user ? store_find_membership_under_way(engine->store, user, &membership)
                       : store_find_any_membership_under_way(engine->store, &membership);
    membership_deinit(&membership);
    return r == 0;
}
