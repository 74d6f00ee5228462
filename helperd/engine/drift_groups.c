/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drift of groups: deleted, with another gid, or missing from the allow-list. */
#include "helperd/engine/drift.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "common/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS_ASKED = 64 }; /* gids in one look-up */

/* `names` and the inquiry's gids have room. */
static int next_group(struct engine *engine, struct store_group *at, strv names, size_t *count,
                      struct inquiry *inquiry)
{
    struct store_group found = {0};
    const int r = store_next_live_group(engine->store, at, &found);
    if (r != 0)
        return r;
    inquiry->gids[inquiry->n_gids++] = found.gid;
    const bool again = *count > 0 && strcmp(names[*count - 1], found.name) == 0;
    if (again)
        free(found.name);
    else
        names[(*count)++] = found.name;
    *at = (struct store_group){.name = names[*count - 1], .gid = found.gid, .local = true};
    return 0;
}

int engine_next_groups(struct engine *engine, const char *after, struct inquiry *inquiry)
{
    if (!*after)
        engine_begin_unknown_groups(engine);
    struct store_group at = {.name = (char *)after, .gid = GID_UNSET, .local = true};
    size_t count = 0;
    strv names = calloc(GROUPS_ASKED + 1, sizeof(*names));
    free(inquiry->gids);
    inquiry->n_gids = 0;
    inquiry->gids = calloc(GROUPS_ASKED, sizeof(*inquiry->gids));
    int r = names && inquiry->gids ? 0 : -ENOMEM;
    while (r == 0 && inquiry->n_gids < GROUPS_ASKED)
        r = next_group(engine, &at, names, &count, inquiry);
    if (r < 0 || count == 0) {
        strv_free(names);
        free(inquiry->gids);
        inquiry->gids = NULL;
        inquiry->n_gids = 0;
        if (r >= 0)
            engine_end_unknown_groups(engine);
        return r < 0 ? r : STORE_E_NONE;
    }
    strv_free(inquiry->groups);
    inquiry->groups = names;
    return 0;
}

static bool is_queued(const struct drift *drift, const struct store_group *group)
{
    for (const struct drift_item *item = drift->first; item; item = item->next)
        if (item->kind == DRIFT_GROUP && item->group.gid == group->gid &&
            strcmp(item->group.name, group->name) == 0 && item->group.local == group->local)
            return true;
    return false;
}

/* Takes over `packages` and `why`. */
static int queue_group(struct engine *engine, const struct store_group *group, strv packages, char *why)
{
    struct drift_item item = {.kind = DRIFT_GROUP, .group = *group, .why = why, .packages = packages};
    item.group.name = strdup(group->name);
    if (!item.group.name || !why || is_queued(engine->drift, group)) {
        const bool known = item.group.name && why;
        free(item.group.name);
        free(why);
        strv_free(packages);
        return known ? 0 : -ENOMEM;
    }
    return drift_add_item(engine, &item);
}

static int note_local_group(struct engine *engine, const struct store_group *group)
{
    struct txn txn;
    txn_begin(&txn, engine);
    store_note_group_local(txn.store, group->name, group->gid);
    return txn_commit(&txn);
}

/* Logs once that the group is not found. Its directory may be away, so nothing else follows. */
static int note_not_found(struct engine *engine, const char *name)
{
    const int r = engine_note_unknown_group(engine, name);
    if (r > 0)
        log_warning(
            "The group %s is not found just now. Its directory may be away: what was given of it stays.",
            name);
    return r < 0 ? r : 0;
}

/* Why the grants of the group are lost, new; NULL: they are not. */
static int find_group_problem(const struct facts *facts, const struct fact_group *now,
                              const struct store_group *group, char **ret)
{
    const char *owner = now->alias ? now->alias : facts_owner_of(facts, now, group->gid);
    int r = 0;
    *ret = NULL;
    if (owner && (now->gid == group->gid || now->gid == GID_UNSET))
        r = asprintf(ret, "the number %u of the group %s is the group %s's now", group->gid, group->name,
                     owner);
    else if (now->gid != GID_UNSET && now->gid != group->gid)
        r = asprintf(ret, "the group %s has the number %u now, not %u", group->name, now->gid, group->gid);
    else if (now->known && now->gid == GID_UNSET && group->local && !now->local)
        r = asprintf(ret, "the group %s was deleted", group->name);
    return r < 0 ? -ENOMEM : 0;
}

/* Compares a group that has grants in place with the facts. */
static int compare_group(struct engine *engine, const struct facts *facts, const struct store_group *group)
{
    const struct fact_group *now = facts_group(facts, group->name);
    char *why = NULL;
    if (!now || !(now->known || now->doubted)) {
        const int r = engine_note_unknown_group(engine, group->name);
        return r < 0 ? r : 0;
    }
    const int r = find_group_problem(facts, now, group, &why);
    if (r < 0 || why)
        return r < 0 ? r : queue_group(engine, group, NULL, why);
    if (now->gid == GID_UNSET)
        return note_not_found(engine, group->name);
    engine_note_known_group(engine, group->name);
    return now->local && !group->local ? note_local_group(engine, group) : 0;
}

int engine_compare_groups(struct engine *engine, const struct facts *facts)
{
    int r = engine_watch_drift(engine);
    for (size_t i = 0; r == 0 && i < facts->n_groups; i++) {
        struct store_group after = {.name = facts->groups[i].name};
        struct store_group group = {0};
        while (r == 0 && (r = store_next_live_group(engine->store, &after, &group)) == 0) {
            const bool same = strcmp(group.name, after.name) == 0;
            r = same ? compare_group(engine, facts, &group) : STORE_E_NONE;
            free(group.name);
            after.gid = group.gid;
            after.local = group.local;
        }
        r = r < 0 ? r : 0;
    }
    return r;
}

static const char *judge_by_group(const struct assignment *assignment, const struct grant *grant,
                                  const void *data)
{
    (void)assignment;
    const struct drift_item *item = data;
    return grant->gid == item->group.gid && strcmp(grant->group, item->group.name) == 0 ? item->why : NULL;
}

/* Judges the next assignment with this group. 1: there may be more; 0: no more; -errno. */
int drift_remove_group(struct engine *engine, struct drift_item *item)
{
    struct assignment assignment = {0};
    int r = store_next_assignment_with_group(engine->store, &item->group, item->after, &assignment);
    if (r != 0)
        return r < 0 ? r : 0;
    item->after = assignment.id;
    if (!item->packages || strv_contains(item->packages, assignment.package)) {
        struct txn txn;
        txn_begin(&txn, engine);
        drift_judge_assignment(&txn, &assignment, judge_by_group, item, NULL);
        r = txn_commit(&txn);
    }
    assignment_deinit(&assignment);
    return r < 0 ? r : 1;
}

/* ---- the allow-list ---- */

static strv list_packages_with(const struct packages *packages, const char *group)
{
    size_t count = 0;
    strv names = calloc(packages->count + 1, sizeof(*names));
    for (size_t i = 0; names && i < packages->count; i++) {
        if (!strv_contains(packages->items[i].groups, group))
            continue;
        names[count] = strdup(packages->items[i].name);
        if (!names[count++]) {
            strv_free(names);
            return NULL;
        }
    }
    return names;
}

static const char off_list[] = "it was taken off the allow-list, which pkg-admin reload mends";

static bool is_on_allow_list(const struct engine *engine, const char *group, gid_t gid)
{
    char allowed[NAME_ENCODED_MAX + 1];
    return grantdir_allowed_name(engine->state, gid, allowed, sizeof(allowed)) == 0 &&
           strcmp(allowed, group) == 0;
}

static int compare_allowed(struct engine *engine, const struct packages *written,
                           const struct store_group *group)
{
    if (is_on_allow_list(engine, group->name, group->gid))
        return 0;
    strv packages = list_packages_with(written, group->name);
    if (!packages)
        return -ENOMEM;
    if (!packages[0]) {
        strv_free(packages);
        return 0;
    }
    return queue_group(engine, group, packages, strdup(off_list));
}

int engine_compare_allow_list(struct engine *engine, const struct packages *written)
{
    struct store_group after = {.name = (char *)""};
    struct store_group group = {0};
    char *previous = NULL;
    int r = engine_watch_drift(engine);
    while (r == 0 && (r = store_next_live_group(engine->store, &after, &group)) == 0) {
        r = compare_allowed(engine, written, &group);
        free(previous);
        previous = group.name;
        after = group;
    }
    free(previous);
    return r < 0 ? r : 0;
}

/* Plans a retry for grants that were lost with their entry on the allow-list, which is there again. */
static void wake_assignment(struct txn *txn, struct assignment *assignment)
{
    _cleanup_(grants_deinit) struct grants grants = {0};
    bool any = false;
    grants_load(txn, assignment, &grants);
    for (size_t i = 0; i < grants.count; i++) {
        struct grant *grant = &grants.items[i];
        if (grant->drifted && strncmp(grant->problem, off_list, strlen(off_list)) == 0 &&
            is_on_allow_list(txn->engine, grant->group, grant->gid)) {
            grant->drifted = false;
            any = true;
        }
    }
    if (!any)
        return;
    assignment->retry_at = txn_now(txn);
    store_update_assignment(txn->store, assignment);
    store_set_grants(txn->store, assignment->id, grants.items, grants.count, true);
}

int engine_retry_all(struct engine *engine)
{
    struct txn txn;
    struct assignment assignment = {0};
    txn_begin(&txn, engine);
    for (int64_t after = 0; store_next_partial(txn.store, after, true, &assignment) == 0;) {
        wake_assignment(&txn, &assignment);
        after = assignment.id;
        assignment_deinit(&assignment);
    }
    store_hasten_retries(txn.store, txn_now(&txn));
    return txn_commit(&txn);
}
