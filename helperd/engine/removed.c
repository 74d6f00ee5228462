/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a package that was removed from packages.d, where it said on_removed = revoke. */
#include "helperd/engine/internal.h"

#include "common/log.h"

#include <inttypes.h>

enum { IN_ONE_TRANSACTION = 100 };

static const char reason[] = "the package was removed from packages.d";

/* One of what is held or about to be: 1 when there was one, 0 when there is none, -errno. */
static int end_one(struct engine *engine, const char *package)
{
    struct assignment assignment = {0};
    struct request request = {0};
    int r = store_find_live_assignment_of_package(engine->store, package, &assignment);
    if (r == 0) {
        r = engine_finish_assignment(engine, &assignment, ASSIGNMENT_REVOKE, own_act(reason));
        assignment_deinit(&assignment);
        return r < 0 ? r : 1;
    }
    if (r > 0)
        r = store_find_waiting_request_of_package(engine->store, package, &request);
    if (r == 0) {
        r = engine_withdraw(engine, &request, own_act(reason));
        request_deinit(&request);
        return r < 0 ? r : 1;
    }
    return r < 0 ? r : 0;
}

static int end_package(struct engine *engine, const char *package, int64_t *ended)
{
    int more = 1;
    while (more > 0) {
        int r = engine_begin(engine);
        if (r < 0)
            return r;
        int done = 0;
        for (; more > 0 && done<IN_ONE_TRANSACTION; done += more> 0)
            more = end_one(engine, package);
        r = engine_end(engine, more < 0 ? more : 0);
        if (r < 0)
            return r;
        *ended += done;
    }
    return 0;
}

int engine_end_removed(struct engine *engine, const struct packages *before, const struct packages *after)
{
    for (size_t i = 0; i < before->count; i++) {
        const struct package *package = &before->items[i];
        int64_t ended = 0;
        if (!package->revoke_on_removed || packages_find(after, package->name))
            continue;
        const int r = end_package(engine, package->name, &ended);
        if (r < 0)
            return r;
        if (ended > 0)
            log_notice("%s was removed from packages.d (on_removed = revoke): %" PRId64 " %s of it ended.",
                       package->name, ended,
                       ended == 1 ? "assignment or approved request" : "assignments or approved requests");
    }
    return 0;
}
