/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's drift: groups that are gone or have another number, and an allow-list that lacks them. */
#include "helperd/engine_drift.h"

#include "common/log.h"
#include "common/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS_ASKED = 64 }; /* in one look-up */

int engine_next_groups(struct engine *engine, const char *after, struct inquiry *inquiry)
{
    struct store_group group = {.name = (char *)after, .gid = GID_UNSET, .local = true};
    size_t count = 0;
    strv names = calloc(GROUPS_ASKED + 1, sizeof(*names));
    int r = names ? 0 : -ENOMEM;
    while (r == 0 && count < GROUPS_ASKED) {
        r = store_next_live_group(engine->store, &group, &group);
        if (r == 0)
            names[count++] = group.name;
        group.gid = GID_UNSET; /* behind all others of this name */
        group.local = true;
    }
    if (r < 0 || count == 0) {
        strv_free(names);
        return r < 0 ? r : STORE_E_NONE;
    }
    strv_free(inquiry->groups);
    inquiry->groups = names;
    return 0;
}

/* What is at work already, or waits, would find the same. */
static bool is_known(const struct drift *drift, const struct store_group *group)
{
    for (const struct drift_item *item = drift->first; item; item = item->next)
        if (item->kind == GROUP_CHANGED && item->group.gid == group->gid &&
            strcmp(item->group.name, group->name) == 0 && item->group.local == group->local)
            return true;
    return false;
}

/* `packages` is taken over. */
static int add_group(struct engine *engine, const struct store_group *group, strv packages, char *why)
{
    struct drift_item item = {.kind = GROUP_CHANGED, .group = *group, .why = why, .packages = packages};
    item.group.name = strdup(group->name);
    if (!item.group.name || !why || is_known(engine->drift, group)) {
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
    const int r = engine_begin(engine);
    return r < 0 ? r : engine_end(engine, store_note_group_local(engine->store, group->name, group->gid));
}

/* What the host says now of a group of which grants are in place. */
static int heed_group(struct engine *engine, const struct facts *facts, const struct store_group *group)
{
    const gid_t now = facts_gid(facts, group->name);
    const bool local = facts_group_is_local(facts, group->name);
    char *why = NULL;
    if (now == group->gid)
        return local && !group->local ? note_local_group(engine, group) : 0;
    if (now == GID_UNSET && (!group->local || local)) {
        log_warning(
            "The group %s is not known just now. Its directory may be away: what was given of it stays.",
            group->name);
        return 0;
    }
    if ((now == GID_UNSET ? asprintf(&why, "the group %s was deleted", group->name)
                          : asprintf(&why, "the group %s has the number %u now, not %u", group->name, now,
                                     group->gid)) < 0)
        return -ENOMEM;
    return add_group(engine, group, NULL, why);
}

int engine_heed_groups(struct engine *engine, const struct facts *facts)
{
    int r = engine_watch(engine);
    for (size_t i = 0; r == 0 && i < facts->n_groups; i++) {
        struct store_group after = {.name = facts->groups[i].name};
        struct store_group group = {0};
        while (r == 0 && (r = store_next_live_group(engine->store, &after, &group)) == 0) {
            const bool same = strcmp(group.name, after.name) == 0;
            r = same ? heed_group(engine, facts, &group) : STORE_E_NONE;
            free(group.name);
            after.gid = group.gid;
            after.local = group.local;
        }
        r = r < 0 ? r : 0;
    }
    return r;
}

static const char *judge_group(const struct assignment *assignment, const struct grant *grant,
                               const void *data)
{
    (void)assignment;
    const struct drift_item *item = data;
    return grant->gid == item->group.gid && strcmp(grant->group, item->group.name) == 0 ? item->why : NULL;
}

/* The next assignment with this group: 1; 0: no more; -errno. */
int drift_take_group_away(struct engine *engine, struct drift_item *item)
{
    struct assignment assignment = {0};
    int r = store_next_assignment_with_group(engine->store, &item->group, item->after, &assignment);
    if (r != 0)
        return r < 0 ? r : 0;
    item->after = assignment.id;
    if (!item->packages || strv_contains(item->packages, assignment.package)) {
        r = engine_begin(engine);
        if (r == 0) {
            r = drift_judge(engine, &assignment, judge_group, item, NULL);
            r = engine_end(engine, r < 0 ? r : 0);
        }
    }
    assignment_deinit(&assignment);
    return r < 0 ? r : 1;
}

/* ---- the allow-list ---- */

static strv packages_with(const struct packages *packages, const char *group)
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

static int heed_allowed(struct engine *engine, const struct packages *written,
                        const struct store_group *group)
{
    char allowed[NAME_ENCODED_MAX + 1];
    if (grantdir_allowed_name(engine->state, group->gid, allowed, sizeof(allowed)) == 0 &&
        strcmp(allowed, group->name) == 0)
        return 0;
    strv packages = packages_with(written, group->name);
    if (!packages)
        return -ENOMEM;
    if (!packages[0]) {
        strv_free(packages);
        return 0;
    }
    return add_group(engine, group, packages,
                     strdup("it was taken off the allow-list, which pkg-admin reload mends"));
}

int engine_heed_allow_list(struct engine *engine, const struct packages *written)
{
    struct store_group after = {.name = (char *)""};
    struct store_group group = {0};
    char *previous = NULL;
    int r = engine_watch(engine);
    while (r == 0 && (r = store_next_live_group(engine->store, &after, &group)) == 0) {
        r = heed_allowed(engine, written, &group);
        free(previous);
        previous = group.name;
        after = group;
    }
    free(previous);
    return r < 0 ? r : 0;
}
