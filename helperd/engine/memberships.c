/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's memberships in /etc/group (membership = files): which are wanted, what is to be asked of the root
 * service, and what its answers mean for those who wait for them. It calls nobody: the daemon does, one at a time.
 */
#include "helperd/engine/internal.h"

#include "common/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ADOPTED_AT_ONCE = 100 }; /* in one transaction */

int engine_due_membership(struct engine *engine, struct membership *ret)
{
    const int64_t now = clock_now(&engine->clock);
    struct membership membership = {0};
    int r = store_due_membership(engine->store, now, &membership);
    if (r != 0)
        return r;
    membership.retry_at = now + engine_backoff(engine, ++membership.attempts);
    r = engine_begin(engine);
    if (r == 0)
        r = engine_end(engine, engine_put_membership(engine, &membership, NULL));
    if (r == 0)
        *ret = membership;
    else
        membership_deinit(&membership);
    return r;
}

/* ---- what an answer means ---- */

/* One of the user's assignments, if it gives the group: it is known anew what becomes of that. */
static int review_one(struct engine *engine, int64_t id, const struct membership *membership)
{
    struct assignment assignment = {0};
    struct grant *grants = NULL;
    size_t count = 0;
    int64_t start = 0;
    bool concerned = false;
    int r = store_get_assignment(engine->store, id, &assignment);
    if (r == 0)
        r = store_get_grants(engine->store, id, &grants, &count);
    for (size_t i = 0; r == 0 && i < count; i++) {
        /* What is wrong with the group itself is not ours to judge. */
        if (strcmp(grants[i].group, membership->group) != 0 || grants[i].gid != membership->gid)
            continue;
        /* Taken away by hand: that waits, whatever becomes of /etc/group. */
        if (grants[i].drifted)
            continue;
        concerned = true;
        free(grants[i].problem);
        grants[i].problem = NULL;
        r = engine_describe_membership(membership, &grants[i].problem);
    }
    if (r == 0 && concerned)
        r = engine_start_of(engine, &assignment, &start);
    if (r == 0 && concerned)
        r = engine_regrant(engine, &assignment, grants, count, start);
    store_free_grants(grants, count);
    assignment_deinit(&assignment);
    return r;
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

static int review(struct engine *engine, const struct membership *membership)
{
    struct ids ids = {0};
    int r = store_each_live_of_user(engine->store, membership->user, note_id, &ids);
    for (size_t i = 0; r == 0 && i < ids.count; i++)
        r = review_one(engine, ids.items[i], membership);
    free(ids.items);
    return r;
}

static int note_success(struct engine *engine, struct membership *membership, enum membership_event event)
{
    static const char *const words[MEMBERSHIP_EVENT_COUNT] = {
        [MEMBERSHIP_SEEN_IN_EVENT] = "member-before",
        [MEMBERSHIP_ADDED_EVENT] = "member-added",
        [MEMBERSHIP_REMOVED_EVENT] = "member-removed",
    };
    if (!membership_move(membership, event))
        return 0; /* its question is answered by other means already */
    engine_schedule_membership(engine, membership);
    const int r = engine_put_membership(engine, membership, words[event]);
    return r == 0 && membership->state == MEMBERSHIP_THERE ? review(engine, membership) : r;
}

/* The next try is scheduled since it was taken. */
static int note_failure(struct engine *engine, struct membership *membership, const char *failure)
{
    const bool news = !membership->problem || strcmp(membership->problem, failure) != 0;
    free(membership->problem);
    membership->problem = strdup(failure);
    if (!membership->problem)
        return -ENOMEM;
    if (!news)
        return engine_put_membership(engine, membership, NULL);
    log_warning("%s cannot be %s the group %s of /etc/group: %s. It is tried again.", membership->user,
                membership->state == MEMBERSHIP_REMOVING ? "taken out of" : "put into", membership->group,
                failure);
    const int r = engine_put_membership(engine, membership, "member-failed");
    return r == 0 && membership->state != MEMBERSHIP_REMOVING ? review(engine, membership) : r;
}

static enum membership_event event_of(enum membership_act act, bool member)
{
    switch (act) {
    case MEMBERSHIP_ACT_ADD:
        return MEMBERSHIP_ADDED_EVENT;
    case MEMBERSHIP_ACT_REMOVE:
        return MEMBERSHIP_REMOVED_EVENT;
    case MEMBERSHIP_ACT_ASK:
    case MEMBERSHIP_ACT_NONE:
        break;
    }
    return member ? MEMBERSHIP_SEEN_IN_EVENT : MEMBERSHIP_SEEN_OUT_EVENT;
}

int engine_membership_done(struct engine *engine, const struct membership *asked, bool member,
                           const char *failure)
{
    struct membership membership = {0};
    int r = store_get_membership(engine->store, asked->user, asked->group, &membership);
    if (r != 0)
        return r < 0 ? r : 0; /* not wanted any more, and nothing was done yet */
    r = engine_begin(engine);
    if (r == 0)
        r = engine_end(engine, failure ? note_failure(engine, &membership, failure)
                                       : note_success(engine, &membership,
                                                      event_of(membership_act(asked->state), member)));
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

static int lose(struct engine *engine, const char *user, const char *group)
{
    struct membership membership = {0};
    int r = store_get_membership(engine->store, user, group, &membership);
    if (r == 0 && membership_move(&membership, MEMBERSHIP_LOST_EVENT)) {
        engine_schedule_membership(engine, &membership);
        r = engine_put_membership(engine, &membership, NULL);
        if (r == 0)
            r = engine_lose_group(engine, user, group);
    }
    membership_deinit(&membership);
    return r;
}

int engine_compare_members(struct engine *engine, const char *group, char *const *members)
{
    struct comparison comparison = {.members = members};
    int r = store_each_membership_of_group(engine->store, group, compare_one, &comparison);
    if (r == 0 && comparison.lost.count > 0)
        r = engine_begin(engine);
    if (r == 0 && comparison.lost.count > 0) {
        for (size_t i = 0; r == 0 && i < comparison.lost.count; i++)
            r = lose(engine, comparison.lost.items[i], group);
        r = engine_end(engine, r);
    }
    strv_free(comparison.lost.items);
    return r;
}

/* ---- the start ---- */

/* What was in place by way of NSS is not in /etc/group yet. */
static int adopt(struct engine *engine, int64_t id)
{
    struct assignment assignment = {0};
    struct grant *grants = NULL;
    size_t count = 0;
    int64_t start = 0;
    int r = store_get_assignment(engine->store, id, &assignment);
    if (r == 0)
        r = store_get_grants(engine->store, id, &grants, &count);
    for (size_t i = 0; r == 0 && i < count; i++)
        if (!grants[i].problem)
            r = engine_want_membership(engine, assignment.user, grants[i].group, grants[i].gid,
                                       &grants[i].problem);
    if (r == 0)
        r = engine_start_of(engine, &assignment, &start);
    if (r == 0)
        r = engine_regrant(engine, &assignment, grants, count, start ? start : assignment.span.start);
    store_free_grants(grants, count);
    assignment_deinit(&assignment);
    return r;
}

/* The next few behind *after: 0, STORE_E_NONE when that was all, -errno. */
static int adopt_some(struct engine *engine, int64_t *after)
{
    int64_t id = *after;
    int r = engine_begin(engine);
    if (r < 0)
        return r;
    for (int i = 0; r == 0 && i < ADOPTED_AT_ONCE; i++)
        if ((r = store_find_without_membership(engine->store, id, &id)) == 0)
            r = adopt(engine, id);
    const int ended = engine_end(engine, r < 0 ? r : 0);
    *after = id;
    return ended < 0 ? ended : r;
}

int engine_adopt_memberships(struct engine *engine)
{
    int64_t after = 0;
    int r = 0;
    while (engine->config->membership == CONFIG_MEMBERSHIP_FILES && r == 0)
        r = adopt_some(engine, &after);
    return r < 0 ? r : 0;
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

/* An end that is on record, but whose group could not be taken away yet, is no success. */
static int refuse_left(struct engine *engine, const char *user, struct reply *reply)
{
    struct membership membership = {0};
    int r = store_find_membership_left(engine->store, user, &membership);
    if (r == 0)
        r = engine_refuse(
            reply, BUS_ERROR_UNAVAILABLE,
            "The end is recorded, but %s could not be taken out of the group %s of /etc/group: %s. "
            "It is tried again; until then the membership lasts.",
            user, membership.group,
            membership.problem ? membership.problem : "the root service has not answered yet");
    membership_deinit(&membership);
    return r == STORE_E_NONE ? 0 : r;
}

int engine_settled(const struct call *call)
{
    struct reply fresh = {0};
    json_t *id = json_object_get(call->reply->value, "id");
    const char *user = json_string_value(json_object_get(call->reply->value, "user"));
    int r = id ? engine_show(&(const struct call){call->engine, call->caller, call->facts, &fresh},
                             json_integer_value(id))
               : 0;
    if (r == 0 && fresh.value) {
        const char *state = json_string_value(json_object_get(fresh.value, "state"));
        const enum state now = state_from_identifier(state);
        if (now == STATE_REVOKED)
            r = refuse_left(call->engine, user, call->reply);
        json_object_del(call->reply->value, "problems");
        if (json_object_update(call->reply->value, fresh.value) < 0 ||
            (json_object_get(call->reply->value, "held") && now == STATE_FULFILLED &&
             json_object_set_new(call->reply->value, "held", json_true()) < 0))
            r = -ENOMEM;
    }
    json_decref(fresh.value);
    return r;
}
