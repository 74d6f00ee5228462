/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends what is held of packages that were removed from packages.d and said on_removed = revoke. */
#include "helperd/engine/internal.h"

#include "common/log.h"

#include <inttypes.h>

enum { IN_ONE_TRANSACTION = 100 };

static const char reason[] = "the package was removed from packages.d";

/* Ends one assignment or approved request. False: there is none. */
static bool end_one(struct txn *txn, const char *package)
{
    struct assignment assignment = {0};
    struct request request = {0};
    const bool held = store_find_live_assignment_of_package(txn->store, package, &assignment) == 0;
    const bool waits = !held && store_find_waiting_request_of_package(txn->store, package, &request) == 0;
    if (held)
        assignment_finish(txn, &assignment, ASSIGNMENT_REVOKE, own_act(reason));
    else if (waits)
        request_withdraw(txn, &request, own_act(reason));
    assignment_deinit(&assignment);
    request_deinit(&request);
    return held || waits;
}

static int end_package(struct engine *engine, const char *package, int64_t *ended)
{
    bool more = true;
    while (more) {
        struct txn txn;
        int done = 0;
        txn_begin(&txn, engine);
        while (done < IN_ONE_TRANSACTION && (more = end_one(&txn, package)))
            done++;
        const int r = txn_commit(&txn);
        if (r < 0)
            return r;
        *ended += done;
    }
    return 0;
}

bool engine_ends_with(const struct package *package, const struct packages *after)
{
    return package->revoke_on_removed && !packages_find(after, package->name);
}

int engine_end_removed_packages(struct engine *engine, const struct packages *before,
                                const struct packages *after)
{
    for (size_t i = 0; i < before->count; i++) {
        const struct package *package = &before->items[i];
        int64_t ended = 0;
        if (!engine_ends_with(package, after))
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
