/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Durations as people write them: "90s", "15m", "4h", "1h30m", "2d", "1w". A bare number is seconds. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { DURATION_TEXT_MAX = 48 };

/* The longest duration accepted anywhere: ten years, so that no sum with a clock overflows. */
#define DURATION_MAX ((int64_t)10 * 365 * 24 * 3600)

/* 0; -EINVAL when it is not a duration, is zero, or repeats a unit; -ERANGE above DURATION_MAX. Seconds. */
int duration_parse(const char *text, int64_t *ret_seconds);

/* The two most significant units: "4 h", "1 h 30 min", "2 d 3 h", "45 s"; negative counts as 0. Returns ret. */
char *duration_format(int64_t seconds, char ret[DURATION_TEXT_MAX]);

/* What duration_parse reads back exactly: "1h30m", "4h", "90s" is "1m30s". Returns ret. */
char *duration_write(int64_t seconds, char ret[DURATION_TEXT_MAX]);
