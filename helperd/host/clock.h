/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wall clock, as something that a test can hold in its hand. Seconds since the epoch, UTC. */
#pragma once

#include <stdint.h>

struct clock {
    int64_t (*read)(void *data);
    void *data;
};

static inline int64_t clock_now(const struct clock *clock)
{
    return clock->read(clock->data);
}

/* The host's. */
struct clock clock_system(void);
