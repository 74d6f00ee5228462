/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The groups of an assignment: loaded, and recomputed for a partial one after its package changed. */
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

static bool has_group(const struct grants *grants, const char *group)
{
    for (size_t i = 0; i < grants->count; i++)
        if (strcmp(grants->items[i].group, group) == 0)
            return true;
    return false;
}

/* What is in place stays to the end; what is missing, and not given by the package any more, is not waited for. */
static void drop_unnamed(struct txn *txn, const struct assignment *assignment, const struct package *package,
                         struct grants *grants)
{
    size_t kept = 0;
    for (size_t i = 0; i < grants->count; i++) {
        struct grant *grant = &grants->items[i];
        if (!grant->problem || strv_contains(package->groups, grant->group)) {
            grants->items[kept++] = *grant;
        } else {
            membership_release(txn, assignment, grant->group);
            grant_deinit(grant);
        }
    }
    grants->count = kept;
}

void grants_renew(struct txn *txn, const struct assignment *assignment, struct grants *grants)
{
    const struct package *package = packages_find(txn->engine->packages, assignment->package);
    if (!package)
        return;
    drop_unnamed(txn, assignment, package, grants);
    struct grant *grown =
        reallocarray(grants->items, grants->count + strv_length(package->groups) + 1, sizeof(*grown));
    if (grown)
        grants->items = grown;
    if (!txn_ok(txn, grown ? 0 : -ENOMEM))
        return;
    for (char *const *group = package->groups; *group; group++) {
        if (has_group(grants, *group))
            continue;
        const struct grant grant = {
            .group = strdup(*group), .gid = GID_UNSET, .problem = strdup("it is being put in place")};
        grown[grants->count++] = grant;
        if (!txn_ok(txn, grant.group && grant.problem ? 0 : -ENOMEM))
            return;
    }
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

/* Those that it holds or waits for, then those that its package names besides. */
int assignment_inquire_groups(struct engine *engine, const struct assignment *assignment,
                              struct inquiry *inquiry)
{
    const struct package *package =
        assignment->package ? packages_find(engine->packages, assignment->package) : NULL;
    struct grant *grants = NULL;
    size_t n_grants = 0;
    int r = store_get_grants(engine->store, assignment->id, &grants, &n_grants);
    if (r < 0)
        return r;
    size_t count = n_grants;
    r = add_gids(grants, n_grants, inquiry);
    strv groups = calloc(count + (package ? strv_length(package->groups) : 0) + 1, sizeof(*groups));
    for (size_t i = 0; groups && i < count; i++)
        groups[i] = steal_ptr(grants[i].group);
    for (char *const *group = package ? package->groups : NULL; groups && r == 0 && group && *group; group++)
        if (!strv_contains(groups, *group) && !(groups[count++] = strdup(*group)))
            r = -ENOMEM;
    store_free_grants(grants, n_grants);
    if (!groups || r < 0) {
        strv_free(groups);
        return -ENOMEM;
    }
    strv_free(inquiry->groups);
    inquiry->groups = groups;
    return 0;
}
