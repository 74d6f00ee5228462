/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/host/lookup_outage.h"

#include "common/log.h"

enum {
    REMINDER_TIMEOUTS = 300, /* between two lines about one outage */
};

bool outage_note_failure(struct outage *outage, double now, double timeout, const char *why)
{
    const bool begins = !outage->lasts;
    outage->failed = now;
    outage->count++;
    if (outage->lasts && now - outage->told < REMINDER_TIMEOUTS * timeout)
        return false;
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
    return begins;
}

void outage_end(struct outage *outage)
{
    log_notice("Users and groups are answered again. %u look-up%s failed within %.0f s.", outage->count,
               outage->count == 1 ? "" : "s", outage->failed - outage->begun);
    *outage = (struct outage){0};
}
