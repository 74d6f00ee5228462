/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Durations as people write them: "90s", "15m", "4h", "1h30m", "2d", "1w". In files a bare number is seconds. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { DURATION_TEXT_MAX = 48 };

/* The longest duration accepted anywhere: ten years, so that no sum with a clock overflows. */
#define DURATION_MAX ((int64_t)10 * 365 * 24 * 3600)

/* No end. Only where a file or command allows "forever"; add to it with duration_after alone. */
#define DURATION_FOREVER INT64_MAX

/* 0; -EINVAL when it is not a duration, is zero, or repeats a unit; -ERANGE above DURATION_MAX. Seconds. */
int duration_parse(const char *text, int64_t *ret_seconds);

/* The same of what people type: a number without a unit is -EINVAL, for "4" may mean hours. */
int duration_parse_typed(const char *text, int64_t *ret_seconds);

/* The same as duration_parse, where "forever" stands for DURATION_FOREVER. */
int duration_parse_or_forever(const char *text, int64_t *ret_seconds);

/* from + seconds, for a point in time or a duration; DURATION_FOREVER when either has no end. */
int64_t duration_after(int64_t from, int64_t seconds);

/* For people, the two most significant units: "4 h", "1 h 30 min", "2 d 3 h", "45 s"; negative counts as 0; "forever".
 * Returns ret. */
char *duration_format(int64_t seconds, char ret[DURATION_TEXT_MAX]);

/* For files and commands, as duration_parse_or_forever reads it: "1h30m", "4h"; 90 gives "1m30s". Returns ret. */
char *duration_write(int64_t seconds, char ret[DURATION_TEXT_MAX]);
