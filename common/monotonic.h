/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The monotonic clock, for deadlines: setting the host's clock does not change it. */
#pragma once

#include <stdint.h>
#include <time.h>

/* Milliseconds since some point in the past. */
static inline int64_t monotonic_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
