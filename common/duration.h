/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Durations as people write them: "90s", "15m", "4h", "1h30m", "2d", "1w". A bare number is seconds. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { DURATION_TEXT_MAX = 48 };

/* The longest duration accepted anywhere: ten years, so that no sum with a clock overflows. */
#define DURATION_MAX ((int64_t)10 * 365 * 24 * 3600)

/* No end. Not a duration of any file or command but where they say so; never to be added to without duration_after. */
#define DURATION_FOREVER INT64_MAX

/* 0; -EINVAL when it is not a duration, is zero, or repeats a unit; -ERANGE above DURATION_MAX. Seconds. */
int duration_parse(const char *text, int64_t *ret_seconds);

/* The same, where "forever" stands for DURATION_FOREVER. */
int duration_parse_or_forever(const char *text, int64_t *ret_seconds);

/* `seconds` behind a point in time, or added to a duration: DURATION_FOREVER where either of them has no end. */
int64_t duration_after(int64_t from, int64_t seconds);

/* The two most significant units: "4 h", "1 h 30 min", "2 d 3 h", "45 s"; negative counts as 0; "forever". Returns
 * ret. */
char *duration_format(int64_t seconds, char ret[DURATION_TEXT_MAX]);

/* What duration_parse_or_forever reads back exactly: "1h30m", "4h", "90s" is "1m30s". Returns ret. */
char *duration_write(int64_t seconds, char ret[DURATION_TEXT_MAX]);
