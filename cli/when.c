/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. */
#include "cli/when.h"

#include "common/duration.h"
#include "common/timetext.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* 9999-12-31T00:00:00Z: ISO 8601 has years of four digits. */
#define LAST_TIME INT64_C(253402214400)

static bool is_forever(int64_t time, char ret[WHEN_MAX])
{
    if (time <= LAST_TIME)
        return false;
    strcpy(ret, "forever");
    return true;
}

/* Negative times are errors; as 0 no difference can overflow. */
static int64_t not_negative(int64_t time)
{
    return time > 0 ? time : 0;
}

char *when_iso(int64_t time, char ret[WHEN_MAX])
{
    char text[TIME_TEXT_MAX];

    if (is_forever(time, ret))
        return ret;
    return strcpy(ret, time_programs(not_negative(time), text));
}

char *when_relative(int64_t time, int64_t now, char ret[WHEN_MAX])
{
    char text[DURATION_TEXT_MAX];
    int64_t distance = not_negative(time) - not_negative(now);
    bool ahead = distance > 0;

    if (is_forever(time, ret))
        return ret;
    distance = ahead ? distance : -distance;
    if (distance >= 60)
        distance -= distance % 60;
    duration_format(distance, text);
    if (distance == 0)
        strcpy(ret, "now");
    else if (ahead)
        snprintf(ret, WHEN_MAX, "in %s", text);
    else
        snprintf(ret, WHEN_MAX, "%s ago", text);
    return ret;
}

char *when_people(int64_t time, char ret[WHEN_MAX])
{
    char text[TIME_TEXT_MAX];

    if (is_forever(time, ret))
        return ret;
    return strcpy(ret, time_people(not_negative(time), text));
}

char *when_full(int64_t time, int64_t now, char ret[WHEN_MAX])
{
    char date[TIME_TEXT_MAX], relative[WHEN_MAX];

    if (is_forever(time, ret))
        return ret;
    snprintf(ret, WHEN_MAX, "%s (%.40s)", time_people(not_negative(time), date),
             when_relative(time, now, relative));
    return ret;
}
