/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The groups of an assignment. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void grants_load(struct txn *txn, const struct assignment *assignment, struct grants *ret)
{
    txn_ok(txn, store_get_grants(txn->store, assignment->id, &ret->items, &ret->count));
}

void grants_deinit(struct grants *grants)
{
    store_free_grants(grants->items, grants->count);
    *grants = (struct grants){0};
}

bool grant_is_dropped(const struct grant *grant, const struct package *package)
{
    return package && grant->problem && !strv_contains(package->groups, grant->group);
}

void grants_drop_unnamed(struct txn *txn, const struct assignment *assignment, struct grants *grants)
{
    const struct package *package = packages_find(txn->engine->packages, assignment->package);
    size_t kept = 0;
    for (size_t i = 0; i < grants->count; i++) {
        struct grant *grant = &grants->items[i];
        if (!grant_is_dropped(grant, package)) {
            grants->items[kept++] = *grant;
        } else {
            membership_release(txn, assignment, grant->group);
            grant_deinit(grant);
        }
    }
    grants->count = kept;
}

static int add_gids(const struct grant *grants, size_t count, struct inquiry *inquiry)
{
    gid_t *gids = reallocarray(inquiry->gids, inquiry->n_gids + count + 1, sizeof(*gids));
    if (!gids)
        return -ENOMEM;
    inquiry->gids = gids;
    for (size_t i = 0; i < count; i++)
        if (!grants[i].problem)
            gids[inquiry->n_gids++] = grants[i].gid;
    return 0;
}

int assignment_inquire_groups(struct engine *engine, const struct assignment *assignment,
                              struct inquiry *inquiry)
{
    _cleanup_(grants_deinit) struct grants grants = {0};
    int r = store_get_grants(engine->store, assignment->id, &grants.items, &grants.count);
    if (r < 0 || (r = add_gids(grants.items, grants.count, inquiry)) < 0)
        return r;
    strv groups = calloc(grants.count + 1, sizeof(*groups));
    if (!groups)
        return -ENOMEM;
    for (size_t i = 0; i < grants.count; i++)
        groups[i] = steal_ptr(grants.items[i].group);
    strv_free(inquiry->groups);
    inquiry->groups = groups;
    return 0;
}
