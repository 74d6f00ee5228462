/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Look-ups that are not answered, in the journal: told of once, again when they go on for long, and once more, with a
 * count, when there were none for a while. How long is measured by the look-ups' time-out. Times are the loop's.
 */
#pragma once

#include <stdbool.h>

struct outage {
    bool lasts;
    double begun, failed, told; /* failed: the last time */
    unsigned count;
};

/* `why` it is not answered, as a sentence's end: "A look-up of users or groups ...". */
void outage_note_failure(struct outage *outage, double now, double timeout, const char *why);
/* Whether this ends it. One good answer among bad ones is no end of an outage. */
bool outage_note_success(struct outage *outage, double now, double timeout);
