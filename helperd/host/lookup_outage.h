/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Look-ups that are not answered, in the journal: told of once, again when they go on for long, and once more, with a
 * count, when it is over. How long is measured by the look-ups' time-out. Times are the loop's.
 */
#pragma once

#include <stdbool.h>

struct outage {
    bool lasts;
    double begun, failed, told; /* failed: the last time */
    unsigned count;
};

/* `why` it is not answered, as a sentence's end: "A look-up of users or groups ...". Whether an outage begins with it. */
bool outage_note_failure(struct outage *outage, double now, double timeout, const char *why);
void outage_end(struct outage *outage);
