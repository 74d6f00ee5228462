/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. */
#include "common/when_parse.h"

#include "common/duration.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

enum { DAY = 24 * 3600, OFFSET_MAX = 14 * 3600 };

static struct tm broken_down(int64_t time)
{
    struct tm tm;
    const time_t seconds = (time_t)(time > 0 ? time : 0);
    if (!localtime_r(&seconds, &tm))
        gmtime_r(&seconds, &tm);
    return tm;
}

static int64_t local_offset(int64_t time)
{
    return broken_down(time).tm_gmtoff;
}

/* What the parts would be in UTC. -EINVAL for parts that no calendar has (31 February). */
static int count_seconds(const struct tm *parts, int64_t *ret)
{
    struct tm made = *parts;
    const int64_t time = timegm(&made);
    if (made.tm_mday != parts->tm_mday || made.tm_mon != parts->tm_mon || made.tm_hour != parts->tm_hour ||
        made.tm_min != parts->tm_min || made.tm_sec != parts->tm_sec)
        return -EINVAL;
    *ret = time;
    return 0;
}

/* A local time that exists never comes where clocks go forward, and twice where they go back. */
struct local_times {
    int64_t first, last; /* the same where it comes once */
    bool exists;
    struct when_gap gap; /* where it does not */
};

/* The last minute before clocks went forward, and the first time after, somewhere from `from` to `to`. */
static struct when_gap find_gap(int64_t from, int64_t to)
{
    const int64_t offset = local_offset(from);
    while (to - from > 1) {
        const int64_t middle = from + (to - from) / 2;
        if (local_offset(middle) == offset)
            from = middle;
        else
            to = middle;
    }
    return (struct when_gap){to - 60, to};
}

/* By the offsets of the days around: no zone changes its own twice within two days. */
static struct local_times find_local_times(int64_t as_utc)
{
    const int64_t before = local_offset(as_utc - DAY), after = local_offset(as_utc + DAY);
    const int64_t candidates[] = {as_utc - before, as_utc - after};
    struct local_times found = {0};
    for (size_t i = 0; i < 2; i++) {
        const int64_t time = candidates[i];
        if (time + local_offset(time) != as_utc)
            continue;
        found.first = found.exists && found.first < time ? found.first : time;
        found.last = found.exists && found.last > time ? found.last : time;
        found.exists = true;
    }
    if (!found.exists)
        found.gap = find_gap(as_utc - after, as_utc - before);
    return found;
}

/* "Z", "+02:00", "+0200" or "+02", to the end of the text. Seconds. */
static int parse_offset(const char *text, int64_t *ret)
{
    int64_t hours = 0, minutes = 0;
    if (strcmp(text, "Z") == 0) {
        *ret = 0;
        return 0;
    }
    const char sign = *text;
    const size_t length = strlen(text);
    char digits[5] = "0000";
    if ((sign != '+' && sign != '-') || (length != 3 && length != 5 && length != 6))
        return -EINVAL;
    if (length == 6 && text[3] != ':')
        return -EINVAL;
    memcpy(digits, text + 1, 2);
    if (length > 3)
        memcpy(digits + 2, text + length - 2, 2);
    if (strspn(digits, "0123456789") != 4)
        return -EINVAL;
    hours = (digits[0] - '0') * 10 + digits[1] - '0';
    minutes = (digits[2] - '0') * 10 + digits[3] - '0';
    const int64_t seconds = hours * 3600 + minutes * 60;
    if (minutes > 59 || seconds > OFFSET_MAX)
        return -EINVAL;
    *ret = sign == '-' ? -seconds : seconds;
    return 0;
}

/* A date with a time as one number: local, or in the zone that it names. */
static int parse_date(const char *text, int64_t *ret_seconds, bool *ret_local)
{
    static const char *const forms[] = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M",
                                        "%Y-%m-%dT%H:%M"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        struct tm parts = {0};
        int64_t seconds = 0, offset = 0;
        const char *end = strptime(text, forms[i], &parts);
        if (!end)
            continue;
        if (*end && parse_offset(end + (*end == ' '), &offset) < 0)
            continue;
        if (count_seconds(&parts, &seconds) < 0)
            return -EINVAL;
        *ret_seconds = seconds - offset;
        *ret_local = !*end;
        return 0;
    }
    return -EINVAL;
}

static int parse_day(const char *text, int64_t *ret)
{
    struct tm parts = {0};
    const char *end = strptime(text, "%Y-%m-%d", &parts);
    return end && !*end ? count_seconds(&parts, ret) : -EINVAL;
}

/* Today at such a time of day. */
static int parse_clock(const char *text, int64_t now, int64_t *ret)
{
    struct tm clock = {0};
    const char *end = strptime(text, "%H:%M", &clock);
    if (!end || *end)
        return -EINVAL;
    struct tm parts = broken_down(now);
    parts.tm_hour = clock.tm_hour;
    parts.tm_min = clock.tm_min;
    parts.tm_sec = 0;
    return count_seconds(&parts, ret);
}

static int tell_gap(const struct local_times *times, struct when_gap *ret_gap)
{
    *ret_gap = times->gap;
    return WHEN_E_GAP;
}

/* Of a time that comes twice the one that lies ahead. */
static int64_t next_of(const struct local_times *times, int64_t now)
{
    return times->first > now ? times->first : times->last;
}

int when_parse(const char *text, int64_t now, int64_t *ret, struct when_gap *ret_gap)
{
    int64_t seconds = 0;
    bool local = true;
    if (text[0] == '+') {
        if (duration_parse_typed(text + 1, &seconds) < 0)
            return -EINVAL;
        *ret = now + seconds;
        return 0;
    }
    const bool is_date = parse_date(text, &seconds, &local) == 0;
    if (!is_date && parse_clock(text, now, &seconds) < 0)
        return -EINVAL;
    if (!local) {
        *ret = seconds;
        return 0;
    }
    struct local_times times = find_local_times(seconds);
    const int64_t last = times.exists ? times.last : times.gap.before;
    if (!is_date && last <= now)
        times = find_local_times(seconds + DAY);
    if (!times.exists)
        return tell_gap(&times, ret_gap);
    *ret = next_of(&times, now);
    return 0;
}

/* Of a time that came twice the first counts, so that what happened since is seen as a whole. */
int when_parse_past(const char *text, int64_t now, int64_t *ret, struct when_gap *ret_gap)
{
    int64_t seconds = 0;
    bool local = true;
    if (duration_parse_typed(text, &seconds) == 0) {
        *ret = now > seconds ? now - seconds : 0;
        return 0;
    }
    const bool is_day = parse_day(text, &seconds) == 0;
    const bool is_clock = !is_day && parse_clock(text, now, &seconds) == 0;
    if (!is_day && !is_clock && parse_date(text, &seconds, &local) < 0)
        return -EINVAL;
    if (!local) {
        *ret = seconds;
        return 0;
    }
    struct local_times times = find_local_times(seconds);
    const int64_t first = times.exists ? times.first : times.gap.after;
    if (is_clock && first > now)
        times = find_local_times(seconds - DAY);
    if (!times.exists && !is_day)
        return tell_gap(&times, ret_gap);
    *ret = times.exists ? times.first : times.gap.after;
    return 0;
}

/* Without a clock: nothing in it depends on when it is read. */
int when_parse_end(const char *text, int64_t *ret, struct when_gap *ret_gap)
{
    int64_t seconds = 0;
    bool local = true;
    const bool is_day = parse_day(text, &seconds) == 0;
    if ((!is_day && parse_date(text, &seconds, &local) < 0) || seconds < DAY)
        return -EINVAL;
    if (!local) {
        *ret = seconds;
        return 0;
    }
    const struct local_times times = find_local_times(is_day ? seconds + DAY : seconds);
    if (!times.exists && !is_day)
        return tell_gap(&times, ret_gap);
    *ret = times.exists ? times.first : times.gap.after;
    return 0;
}
