/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A time as people read it in a log and on another host: ISO 8601 with the zone ("14:05 on 23 Nov" would be ambiguous). */
#pragma once

#include <stdint.h>

enum { TIME_TEXT_MAX = 32 };

/* "2026-11-24 10:45:00 +0100", in the process's zone; the number where it is no time. ret. */
char *time_text(int64_t time, char ret[TIME_TEXT_MAX]);
