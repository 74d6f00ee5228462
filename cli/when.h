/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Formats times, in the user's time zone (TZ, else the host's). In memory, seconds since the epoch. */
#pragma once

#include <stdint.h>

enum { WHEN_MAX = 96 };

/* For programs (RFC 3339): "2026-11-23T22:40:55+01:00"; "forever" after the year 9999. Returns ret, as the others do. */
char *when_iso(int64_t time, char ret[WHEN_MAX]);

/* "in 3 h", "in 1 h 30 min", "2 min ago", "now"; "forever" after the year 9999. */
char *when_relative(int64_t time, int64_t now, char ret[WHEN_MAX]);

/* For people: "Mon 2026-11-23 22:40 CET"; "forever" after the year 9999. */
char *when_people(int64_t time, char ret[WHEN_MAX]);

/* The same and how far it is: "Mon 2026-11-23 22:40 CET (in 3 h)" */
char *when_full(int64_t time, int64_t now, char ret[WHEN_MAX]);
