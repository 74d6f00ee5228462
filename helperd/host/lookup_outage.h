/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logs outages of look-ups: when one begins, again while it lasts (every REMINDER_TIMEOUTS time-outs of a look-up), and
 * when it is over, with a count. Times are the loop's.
 */
#pragma once

#include <stdbool.h>

struct outage {
    bool lasts;
    double begun, failed, told; /* failed: last failure; told: last line in the journal */
    unsigned count;
};

/* `why` ends a sentence: "A look-up of users or groups ...". True when an outage begins. */
bool outage_note_failure(struct outage *outage, double now, double timeout, const char *why);
void outage_end(struct outage *outage);
