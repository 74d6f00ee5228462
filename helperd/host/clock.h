/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wall clock, in seconds since the epoch, UTC. A struct, so that tests can set it. */
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

/* The host's clock. */
struct clock clock_system(void);
