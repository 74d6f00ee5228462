/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads times as people write them, in the zone of the process (TZ, else the host's). Seconds since the epoch. */
#pragma once

#include <stdint.h>

/* Where clocks go forward: the last minute before, and the first time after. */
struct when_gap {
    int64_t before, after;
};

enum { WHEN_E_GAP = 1 }; /* no clock of this zone ever shows that time */

/*
 * A time as people write it: "+2h" from now, "14:30" (the next one), "2026-11-24 09:00", "2026-11-24T09:00:00", in the
 * user's zone, or in the one that it ends with: "2026-11-24T09:00Z", "...+02:00", "... +0200". Of a time that comes twice,
 * as clocks go back, the next one to come. 0; WHEN_E_GAP, with *ret_gap; -EINVAL when it is none of these.
 */
int when_parse(const char *text, int64_t now, int64_t *ret, struct when_gap *ret_gap);

/* The same where one looks back: "7d" or "2h" ago, "14:30" (the last one), "2026-11-01" (its begin), with a time. Of a time
 * that came twice, the first. */
int when_parse_past(const char *text, int64_t now, int64_t *ret, struct when_gap *ret_gap);

/* The same of an end that stands in a file: a date with a time, or a day alone, which ends when the next one begins. Of a
 * time that comes twice, the first. */
int when_parse_end(const char *text, int64_t *ret, struct when_gap *ret_gap);
