/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The groups of an assignment that is not whole yet, when its package names others by now. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool has_group(const struct grant *grants, size_t count, const char *group)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(grants[i].group, group) == 0)
            return true;
    return false;
}

/* What is in place stays to the end; what is not, and is not to be given any more, is not waited for. */
static int drop_unnamed(struct engine *engine, const struct assignment *assignment,
                        const struct package *package, struct grant *grants, size_t *count)
{
    size_t kept = 0;
    int r = 0;
    for (size_t i = 0; i < *count; i++) {
        if (r < 0 || !grants[i].problem || strv_contains(package->groups, grants[i].group)) {
            grants[kept++] = grants[i];
            continue;
        }
        r = engine_release_memberships(engine, assignment, &grants[i], 1);
        grant_deinit(&grants[i]);
    }
    *count = kept;
    return r;
}

int engine_renew_grants(struct engine *engine, const struct assignment *assignment, struct grant **grants,
                        size_t *count)
{
    const struct package *package = packages_find(engine->packages, assignment->package);
    const int r = package ? drop_unnamed(engine, assignment, package, *grants, count) : 0;
    if (!package || r < 0)
        return r;
    struct grant *grown = reallocarray(*grants, *count + strv_length(package->groups) + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    *grants = grown;
    for (char *const *group = package->groups; *group; group++) {
        if (has_group(grown, *count, *group))
            continue;
        struct grant grant = {
            .group = strdup(*group), .gid = GID_UNSET, .problem = strdup("it is being put in place")};
        grown[*count] = grant;
        ++*count;
        if (!grant.group || !grant.problem)
            return -ENOMEM;
    }
    return 0;
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
int engine_groups_to_try(struct engine *engine, const struct assignment *assignment, struct inquiry *inquiry)
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
