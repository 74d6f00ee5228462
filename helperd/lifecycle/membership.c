/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memberships in /etc/group (membership = files): which are wanted, and which are not any more. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char under_way[] = "it is being put into /etc/group";

int engine_put_membership(struct engine *engine, const struct membership *membership, const char *event)
{
    _cleanup_free_ char *detail = NULL;
    int r = store_put_membership(engine->store, membership);
    if (r < 0 || !event)
        return r;
    if (asprintf(&detail, "%s in %s: %s", membership->user, membership->group,
                 membership->problem ? membership->problem : membership_state_text(membership->state)) < 0)
        detail = NULL;
    return engine_audit(engine, own_act(detail), event, 0, 0);
}

/* What its state asks for is to be done at once. */
void engine_schedule_membership(struct engine *engine, struct membership *membership)
{
    const bool act = membership_act(membership->state) != MEMBERSHIP_ACT_NONE;
    membership->attempts = 0;
    membership->retry_at = act ? clock_now(&engine->clock) : 0;
    free(membership->problem);
    membership->problem = NULL;
    engine->chores_are_due |= act;
}

/* Somebody tries again what failed: now, whatever its own pause is. */
static void try_now(struct engine *engine, struct membership *membership)
{
    const int64_t attempts = membership->attempts;
    engine_schedule_membership(engine, membership);
    membership->attempts = attempts;
}

/* What is known of it; one that is not known yet is made. */
static int know(struct engine *engine, const char *user, const char *group, struct membership *ret)
{
    const int r = store_get_membership(engine->store, user, group, ret);
    if (r != STORE_E_NONE)
        return r;
    *ret = (struct membership){.user = strdup(user), .group = strdup(group)};
    return ret->user && ret->group ? 0 : -ENOMEM;
}

int engine_describe_membership(const struct membership *membership, char **ret_problem)
{
    if (membership->state == MEMBERSHIP_THERE)
        return 0;
    *ret_problem = strdup(membership->problem ? membership->problem : under_way);
    return *ret_problem ? 0 : -ENOMEM;
}

int engine_want_membership(struct engine *engine, const char *user, const char *group, gid_t gid,
                           char **ret_problem)
{
    struct membership membership = {0};
    int r = know(engine, user, group, &membership);
    const enum membership_state before = membership.state;
    if (r == 0) {
        membership.gid = gid;
        membership_move(&membership, MEMBERSHIP_WANT_EVENT);
        if (membership.state != before)
            engine_schedule_membership(engine, &membership);
        else if (membership.problem)
            try_now(engine, &membership);
        r = engine_put_membership(engine, &membership, NULL);
    }
    if (r == 0)
        r = engine_describe_membership(&membership, ret_problem);
    membership_deinit(&membership);
    return r;
}

static int release(struct engine *engine, const struct assignment *assignment, const char *group)
{
    struct membership membership = {0};
    bool still = false;
    int r = store_get_membership(engine->store, assignment->user, group, &membership);
    if (r != 0)
        return r < 0 ? r : 0;
    r = store_user_gets_group(engine->store, assignment->user, group, assignment->id, &still);
    if (r == 0 && !still && membership_move(&membership, MEMBERSHIP_RELEASE_EVENT)) {
        engine_schedule_membership(engine, &membership);
        r = engine_put_membership(engine, &membership, NULL);
    }
    membership_deinit(&membership);
    return r;
}

int engine_release_memberships(struct engine *engine, const struct assignment *assignment,
                               const struct grant *grants, size_t count)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < count; i++)
        r = release(engine, assignment, grants[i].group);
    return r;
}
