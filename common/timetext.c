/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/timetext.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

char *time_text(int64_t when, char ret[TIME_TEXT_MAX])
{
    struct tm parts;
    const time_t seconds = when;
    if (!localtime_r(&seconds, &parts) || strftime(ret, TIME_TEXT_MAX, "%Y-%m-%d %H:%M:%S %z", &parts) == 0)
        snprintf(ret, TIME_TEXT_MAX, "%" PRId64, when);
    return ret;
}
