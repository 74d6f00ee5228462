/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Live sessions: when their user is warned of the end, and that they end with an assignment. */
#include "helperd/lifecycle/lifecycle.h"

#include <errno.h>
#include <string.h>

bool engine_warns(const struct engine *engine, const struct assignment *assignment)
{
    const struct package *package = packages_find(engine->packages, assignment->package);
    return package && package->at_end != PACKAGE_AT_END_KEEP;
}

void engine_plan_warning(const struct engine *engine, struct assignment *assignment)
{
    assignment->warn_at = engine_warns(engine, assignment)
                              ? assignment_next_warning(&assignment->span, clock_now(&engine->clock))
                              : 0;
    assignment->notice_at = assignment_next_notice(&assignment->span, clock_now(&engine->clock));
}

int engine_will_end_sessions(struct engine *engine, const struct assignment *assignment)
{
    const struct package *package = packages_find(engine->packages, assignment->package);
    if (!package || package->at_end != PACKAGE_AT_END_TERMINATE || assignment->uid == 0)
        return 0;
    struct ending ending = {.assignment = assignment->id,
                            .services = strv_join(package->services, " "),
                            .retry_at = clock_now(&engine->clock)};
    const int r = ending.services ? store_put_ending(engine->store, &ending) : -ENOMEM;
    engine->chores_are_due = true;
    ending_deinit(&ending);
    return r;
}
