/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/host/lookup_outage.h"

#include "common/log.h"

enum {
    CALM_TIMEOUTS = 30,      /* without a failure, until an outage is over */
    REMINDER_TIMEOUTS = 300, /* until one that goes on is told of again */
};

void outage_note_failure(struct outage *outage, double now, double timeout, const char *why)
{
    outage->failed = now;
    outage->count++;
    if (outage->lasts && now - outage->told < REMINDER_TIMEOUTS * timeout)
        return;
    if (outage->lasts)
        log_warning(
            "Users and groups are still not all answered: %u look-ups failed so far; the last one %s.",
            outage->count, why);
    else
        log_warning(
            "A look-up of users or groups %s. What was not found counts as not known, and what needs it "
            "waits or is refused. See whether the directory answers: getent passwd NAME. Further "
            "failures are counted; it is logged when they end.",
            why);
    if (!outage->lasts)
        outage->begun = now;
    outage->lasts = true;
    outage->told = now;
}

bool outage_note_success(struct outage *outage, double now, double timeout)
{
    if (!outage->lasts || now - outage->failed < CALM_TIMEOUTS * timeout)
        return false;
    log_notice("Users and groups are answered again. %u look-up%s failed within %.0f s.", outage->count,
               outage->count == 1 ? "" : "s", outage->failed - outage->begun);
    *outage = (struct outage){0};
    return true;
}
