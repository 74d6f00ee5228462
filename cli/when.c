/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. */
#include "cli/when.h"

#include "common/duration.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

static void broken_down(int64_t time, struct tm *ret)
{
    time_t seconds = (time_t)not_negative(time);

    if (!localtime_r(&seconds, ret))
        gmtime_r(&seconds, ret);
}

char *when_iso(int64_t time, char ret[WHEN_MAX])
{
    struct tm tm;
    char date[32];

    if (is_forever(time, ret))
        return ret;
    broken_down(time, &tm);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
    long minutes = tm.tm_gmtoff / 60;
    char sign = minutes < 0 ? '-' : '+';
    minutes = minutes < 0 ? -minutes : minutes;
    snprintf(ret, WHEN_MAX, "%s%c%02ld:%02ld", date, sign, minutes / 60, minutes % 60);
    return ret;
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

char *when_full(int64_t time, int64_t now, char ret[WHEN_MAX])
{
    struct tm tm;
    char date[48], relative[WHEN_MAX];

    if (is_forever(time, ret))
        return ret;
    broken_down(time, &tm);
    strftime(date, sizeof(date), "%a %Y-%m-%d %H:%M %Z", &tm);
    snprintf(ret, WHEN_MAX, "%s (%.40s)", date, when_relative(time, now, relative));
    return ret;
}

/* Converts local time. -EINVAL for a date that does not exist (31 February). */
static int make_time(const struct tm *parts, int64_t *ret)
{
    struct tm made = *parts;
    made.tm_isdst = -1;
    const time_t time = mktime(&made);
    if (time == (time_t)-1 || made.tm_mday != parts->tm_mday || made.tm_mon != parts->tm_mon)
        return -EINVAL;
    *ret = time;
    return 0;
}

/* The next (days: 1) or last (-1) such time of day. */
static int parse_clock(const char *text, int64_t now, int days, int64_t *ret)
{
    const time_t seconds = now;
    struct tm parts;
    const char *end = localtime_r(&seconds, &parts) ? strptime(text, "%H:%M", &parts) : NULL;
    if (!end || *end)
        return -EINVAL;
    parts.tm_sec = 0;
    int r = make_time(&parts, ret);
    if (r == 0 && (days > 0 ? *ret <= now : *ret > now)) {
        struct tm other_day = parts;
        other_day.tm_mday += days;
        other_day.tm_isdst = -1;
        *ret = mktime(&other_day);
    }
    return r;
}

static int parse_date(const char *text, const char *const *forms, size_t n_forms, int64_t *ret)
{
    for (size_t i = 0; i < n_forms; i++) {
        struct tm parts = {0};
        const char *end = strptime(text, forms[i], &parts);
        if (end && !*end)
            return make_time(&parts, ret);
    }
    return -EINVAL;
}

int when_parse(const char *text, int64_t now, int64_t *ret)
{
    static const char *const forms[] = {"%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S",
                                        "%Y-%m-%dT%H:%M:%S"};
    int64_t seconds = 0;
    if (text[0] == '+') {
        if (duration_parse(text + 1, &seconds) < 0)
            return -EINVAL;
        *ret = now + seconds;
        return 0;
    }
    if (parse_date(text, forms, sizeof(forms) / sizeof(forms[0]), ret) == 0)
        return 0;
    return parse_clock(text, now, 1, ret);
}

int when_parse_past(const char *text, int64_t now, int64_t *ret)
{
    static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S",
                                        "%Y-%m-%dT%H:%M:%S"};
    int64_t seconds = 0;
    if (duration_parse(text, &seconds) == 0) {
        *ret = now > seconds ? now - seconds : 0;
        return 0;
    }
    if (parse_date(text, forms, sizeof(forms) / sizeof(forms[0]), ret) == 0)
        return 0;
    return parse_clock(text, now, -1, ret);
}
