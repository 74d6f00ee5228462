/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/timetext.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

char *time_people(int64_t time, char ret[TIME_TEXT_MAX])
{
    struct tm parts;
    const time_t seconds = time;
    if (!localtime_r(&seconds, &parts) || strftime(ret, TIME_TEXT_MAX, "%a %Y-%m-%d %H:%M %Z", &parts) == 0)
        snprintf(ret, TIME_TEXT_MAX, "%" PRId64, time);
    return ret;
}

char *time_programs(int64_t time, char ret[TIME_TEXT_MAX])
{
    struct tm parts;
    char date[TIME_TEXT_MAX / 2];
    const time_t seconds = time;
    if (!localtime_r(&seconds, &parts) || strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        snprintf(ret, TIME_TEXT_MAX, "%" PRId64, time);
        return ret;
    }
    const long minutes = parts.tm_gmtoff / 60, size = minutes < 0 ? -minutes : minutes;
    snprintf(ret, TIME_TEXT_MAX, "%s%c%02ld:%02ld", date, minutes < 0 ? '-' : '+', size / 60, size % 60);
    return ret;
}
