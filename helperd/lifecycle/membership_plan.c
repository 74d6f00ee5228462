/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans memberships in /etc/group (membership = files): wanted, or released and to be removed. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char under_way[] = "it is being put into /etc/group";

void membership_save(struct txn *txn, const struct membership *membership, enum audit_event event)
{
    _cleanup_free_ char *detail = NULL;
    store_put_membership(txn->store, membership);
    if (event == AUDIT_NONE)
        return;
    if (asprintf(&detail, "%s in %s: %s", membership->user, membership->group,
                 membership->problem ? membership->problem : membership_state_text(membership->state)) < 0)
        detail = NULL;
    struct act act = own_act(detail);
    act.user = membership->user;
    txn_audit(txn, act, event, 0, 0);
}

static void schedule(struct txn *txn, struct membership *membership, bool act)
{
    membership->attempts = 0;
    membership->retry_at = act ? txn_now(txn) : 0;
    free(membership->problem);
    membership->problem = NULL;
    txn->chores_are_due |= act;
}

void membership_schedule(struct txn *txn, struct membership *membership)
{
    const enum membership_act act = membership_act(membership->state);
    schedule(txn, membership, act != MEMBERSHIP_ACT_NONE && act != MEMBERSHIP_ACT_NOTE);
}

void membership_move_end(struct txn *txn, const char *user, const char *group)
{
    struct membership membership = {0};
    if (store_get_membership(txn->store, user, group, &membership) == 0 &&
        membership.state == MEMBERSHIP_THERE && membership.ours) {
        schedule(txn, &membership, true);
        membership_save(txn, &membership, AUDIT_NONE);
    }
    membership_deinit(&membership);
}

void memberships_move_ends(struct txn *txn, const struct assignment *assignment, const struct grants *grants)
{
    for (size_t i = 0; i < grants->count; i++)
        membership_move_end(txn, assignment->user, grants->items[i].group);
}

/* Makes a failed act due now, without shortening the pause after it. */
static void retry_now(struct txn *txn, struct membership *membership)
{
    const int64_t attempts = membership->attempts;
    membership_schedule(txn, membership);
    membership->attempts = attempts;
}

static bool load_or_new(struct txn *txn, const char *user, const char *group, struct membership *ret)
{
    const int r = store_get_membership(txn->store, user, group, ret);
    if (r != STORE_E_NONE)
        return txn_ok(txn, r);
    *ret = (struct membership){.user = strdup(user), .group = strdup(group)};
    return txn_ok(txn, ret->user && ret->group ? 0 : -ENOMEM);
}

int membership_describe(const struct membership *membership, char **ret_problem)
{
    if (membership->state == MEMBERSHIP_THERE)
        return 0;
    *ret_problem = strdup(membership->problem ? membership->problem : under_way);
    return *ret_problem ? 0 : -ENOMEM;
}

void membership_want(struct txn *txn, const char *user, const char *group, gid_t gid, char **ret_problem)
{
    struct membership membership = {0};
    if (load_or_new(txn, user, group, &membership)) {
        const enum membership_state before = membership.state;
        membership.gid = gid;
        membership_move(&membership, MEMBERSHIP_WANT_EVENT);
        if (membership.state != before)
            membership_schedule(txn, &membership);
        else if (membership.problem && membership.state != MEMBERSHIP_THERE)
            retry_now(txn, &membership);
        membership_save(txn, &membership, AUDIT_NONE);
        txn_ok(txn, membership_describe(&membership, ret_problem));
    }
    membership_deinit(&membership);
}

void membership_release(struct txn *txn, const struct assignment *assignment, const char *group)
{
    struct membership membership = {0};
    bool still = false;
    if (store_get_membership(txn->store, assignment->user, group, &membership) == 0 &&
        txn_ok(txn, store_user_gets_group(txn->store, assignment->user, group, assignment->id, &still)) &&
        !still && membership_move(&membership, MEMBERSHIP_RELEASE_EVENT)) {
        membership_schedule(txn, &membership);
        membership_save(txn, &membership, AUDIT_NONE);
    }
    membership_deinit(&membership);
    if (still)
        membership_move_end(txn, assignment->user, group);
}

void memberships_release(struct txn *txn, const struct assignment *assignment, const struct grants *grants)
{
    for (size_t i = 0; i < grants->count; i++)
        membership_release(txn, assignment, grants->items[i].group);
}
