/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans for live sessions: when their user is warned of the end, and their end with an assignment. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/wordlist.h"

#include <errno.h>
#include <string.h>

bool assignment_warns(const struct engine *engine, const struct assignment *assignment)
{
    const struct package *package = packages_find(engine->packages, assignment->package);
    return package && package->at_end != PACKAGE_AT_END_KEEP;
}

void assignment_plan_warning(const struct engine *engine, struct assignment *assignment)
{
    const struct package *package = packages_find(engine->packages, assignment->package);
    assignment->warn_at = assignment_warns(engine, assignment)
                              ? assignment_next_warning(&assignment->span, clock_now(&engine->clock))
                              : 0;
    assignment->notice_at = assignment_next_notice(&assignment->span, package ? package->extend_window : 0,
                                                   clock_now(&engine->clock));
}

void sessions_end_later(struct txn *txn, const struct assignment *assignment)
{
    const struct package *package = packages_find(txn->engine->packages, assignment->package);
    if (!package || package->at_end != PACKAGE_AT_END_TERMINATE || assignment->uid == 0)
        return;
    struct ending ending = {.assignment = assignment->id,
                            .services = wordlist_write(package->services),
                            .retry_at = txn_now(txn)};
    if (txn_ok(txn, ending.services ? 0 : -ENOMEM))
        store_put_ending(txn->store, &ending);
    txn->chores_are_due = true;
    ending_deinit(&ending);
}
