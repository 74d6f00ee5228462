/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/host/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t read_system(void *data)
{
    (void)data;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

struct clock clock_system(void)
{
    return (struct clock){.read = read_system};
}
