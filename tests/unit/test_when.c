/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/when.c: times in zones, and what no calendar holds. */
#include "cli/when.h"
#include "common/when_parse.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOON INT64_C(1763899200) /* 2025-11-23T12:00:00Z */

static const struct {
    const char *zone;
    int64_t time;
    const char *want;
} isos[] = {
    {"UTC0", NOON, "2025-11-23T12:00:00+00:00"},
    {"CET-1CEST,M3.5.0,M10.5.0/3", NOON, "2025-11-23T13:00:00+01:00"},
    {"CET-1CEST,M3.5.0,M10.5.0/3", INT64_C(1753272000), "2025-07-23T14:00:00+02:00"},
    {"NST3:30", NOON, "2025-11-23T08:30:00-03:30"},
    {"UTC0", 0, "1970-01-01T00:00:00+00:00"},
    {"UTC0", -5, "1970-01-01T00:00:00+00:00"},
    {"UTC0", INT64_MIN, "1970-01-01T00:00:00+00:00"},
    {"UTC0", INT64_C(253402214400), "9999-12-31T00:00:00+00:00"},
    {"UTC0", INT64_MAX, "forever"},
};

START_TEST(iso)
{
    char text[WHEN_MAX];

    setenv("TZ", isos[_i].zone, 1);
    tzset();
    ck_assert_str_eq(when_iso(isos[_i].time, text), isos[_i].want);
}
END_TEST

static const struct {
    int64_t distance;
    const char *want;
} relatives[] = {
    {0, "now"},           {45, "in 45 s"},           {-45, "45 s ago"},       {-133, "2 min ago"},
    {3 * 3600, "in 3 h"}, {3 * 3600 + 59, "in 3 h"}, {5400, "in 1 h 30 min"}, {-26 * 3600, "1 d 2 h ago"},
};

START_TEST(relative)
{
    char text[WHEN_MAX];

    ck_assert_str_eq(when_relative(NOON + relatives[_i].distance, NOON, text), relatives[_i].want);
}
END_TEST

START_TEST(relative_at_the_edges)
{
    char text[WHEN_MAX];

    ck_assert_str_eq(when_relative(INT64_MAX, NOON, text), "forever");
    ck_assert_ptr_nonnull(strstr(when_relative(INT64_MIN, NOON, text), "ago"));
}
END_TEST

START_TEST(full)
{
    char text[WHEN_MAX];

    setenv("TZ", "CET-1", 1);
    tzset();
    ck_assert_str_eq(when_full(NOON + 3 * 3600, NOON, text), "Sun 2025-11-23 16:00 CET (in 3 h)");
    ck_assert_str_eq(when_full(INT64_MAX, NOON, text), "forever");
}
END_TEST

static const struct {
    const char *text;
    int64_t want; /* 0: refused */
} times[] = {
    {"+2h", NOON + 7200},
    {"+90", 0},
    {"14:30", NOON + 5400},
    {"12:00", NOON + 23 * 3600}, /* past today: tomorrow's */
    {"2025-11-24 09:00", NOON + 20 * 3600},
    {"2025-11-24T09:00", NOON + 20 * 3600},
    {"2025-11-24 09:00:30", NOON + 20 * 3600 + 30},
    {"2025-02-31 09:00", 0},
    {"25:00", 0},
    {"tomorrow", 0},
    {"+", 0},
    {"", 0},
    {"2025-11-24 09:00 ", 0},
    {"2025-11-24T09:00:00+01:00", NOON + 20 * 3600}, /* as our lists print it */
    {"2025-11-24 09:00:00 +0100", NOON + 20 * 3600}, /* as our messages do */
    {"2025-11-24T09:00+01", NOON + 20 * 3600},
    {"2025-11-24T09:00Z", NOON + 21 * 3600},
    {"2025-11-24 09:00:30Z", NOON + 21 * 3600 + 30},
    {"2025-11-24T09:00-03:30", NOON + 24 * 3600 + 1800},
    {"2025-11-24T09:00+14:00", NOON + 7 * 3600},
    {"2025-11-24T09:00+14:01", 0},
    {"2025-11-24T09:00+01:60", 0},
    {"2025-11-24T09:00+1", 0},
    {"2025-11-24T09:00+1:00", 0},
    {"2025-11-24T09:00+01:00 ", 0},
    {"2025-11-24T09:00+01:0x", 0},
    {"2025-11-24T09:00+ 1:00", 0},
    {"2025-11-24T09:00ZZ", 0},
    {"2025-11-24T09:00  Z", 0},
    {"2025-11-24T09:00:00.5Z", 0},
    {"2025-11-24T24:00", 0},
    {"2025-02-29T09:00Z", 0},
    {"2025-11-24Z", 0},
    {"14:30Z", 0},
};

START_TEST(parse)
{
    struct when_gap gap;
    int64_t time = 0;

    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1); /* noon in UTC is 13:00 here */
    tzset();
    ck_assert_int_eq(when_parse(times[_i].text, NOON, &time, &gap) == 0, times[_i].want != 0);
    ck_assert_int_eq(time, times[_i].want);
}
END_TEST

static const struct {
    const char *text;
    int64_t want; /* 0: refused */
} pasts[] = {
    {"2h", NOON - 7200},
    {"7d", NOON - 7 * 86400},
    {"12:30", NOON - 1800},
    {"14:30", NOON + 5400 - 86400}, /* still ahead today: yesterday's */
    {"2025-11-23", NOON - 13 * 3600},
    {"2025-11-22 13:00", NOON - 86400},
    {"2025-02-31", 0},
    {"yesterday", 0},
    {"-7d", 0},
    {"", 0},
};

START_TEST(parse_past)
{
    struct when_gap gap;
    int64_t time = 0;

    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    ck_assert_int_eq(when_parse_past(pasts[_i].text, NOON, &time, &gap) == 0, pasts[_i].want != 0);
    ck_assert_int_eq(time, pasts[_i].want);
}
END_TEST

/* Clocks went back on 2025-10-26 at 01:00Z, from 03:00+02:00 to 02:00+01:00; forward on 2025-03-30 at 01:00Z. */
#define BACK  INT64_C(1761440400)
#define AHEAD INT64_C(1743296400)

static const struct {
    const char *text;
    int64_t now;
    int64_t want;   /* 0: there is no such time */
    int64_t before; /* its neighbours then: this one, and a minute later */
} turns[] = {
    {"2025-10-26 02:30", BACK - 7200, BACK - 1800, 0},
    {"2025-10-26 02:30", BACK - 1800, BACK + 1800, 0}, /* the first has come */
    {"2025-10-26T02:30", BACK, BACK + 1800, 0},
    {"2025-10-26 02:30", BACK + 3600, BACK + 1800, 0}, /* both have come */
    {"2025-10-26 02:00", BACK - 7200, BACK - 3600, 0},
    {"2025-10-26 03:00", BACK - 7200, BACK + 3600, 0},
    {"2025-10-26 01:59:59", BACK - 7200, BACK - 3601, 0},
    {"2025-10-26T02:30:00+01:00", BACK - 7200, BACK + 1800, 0},
    {"2025-10-26T02:30:00+02:00", BACK - 7200, BACK - 1800, 0},
    {"02:30", BACK - 7200, BACK - 1800, 0},
    {"02:30", BACK, BACK + 1800, 0},
    {"02:30", BACK + 1800, BACK + 25 * 3600 + 1800 - 3600, 0},
    {"2025-03-30 01:59", AHEAD - 7200, AHEAD - 60, 0},
    {"2025-03-30 03:00", AHEAD - 7200, AHEAD, 0},
    {"2025-03-30 02:00", AHEAD - 7200, 0, AHEAD - 60},
    {"2025-03-30 02:30", AHEAD - 7200, 0, AHEAD - 60},
    {"2025-03-30 02:59:59", AHEAD - 40 * 86400, 0, AHEAD - 60},
    {"02:30", AHEAD - 7200, 0, AHEAD - 60},
    {"02:30", AHEAD - 23 * 3600, 0, AHEAD - 60},
    {"02:30", AHEAD, AHEAD + 23 * 3600 + 1800, 0},
    {"2025-03-30T02:30+01:00", AHEAD - 7200, AHEAD + 1800, 0},
};

START_TEST(turning_clocks)
{
    struct when_gap gap = {0};
    int64_t time = 0;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    const int r = when_parse(turns[_i].text, turns[_i].now, &time, &gap);
    ck_assert_int_eq(r, turns[_i].want ? 0 : WHEN_E_GAP);
    ck_assert_int_eq(time, turns[_i].want);
    ck_assert_int_eq(gap.before, turns[_i].before);
    ck_assert_int_eq(gap.after, turns[_i].before ? turns[_i].before + 60 : 0);
}
END_TEST

/* Looking back, nothing is left out. */
START_TEST(turning_clocks_in_the_past)
{
    struct when_gap gap = {0};
    int64_t time = 0;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    ck_assert_int_eq(when_parse_past("2025-10-26 02:30", NOON, &time, &gap), 0);
    ck_assert_int_eq(time, BACK - 1800);
    ck_assert_int_eq(when_parse_past("02:30", BACK, &time, &gap), 0);
    ck_assert_int_eq(time, BACK - 1800);
    ck_assert_int_eq(when_parse_past("2025-10-26T02:30:00+01:00", NOON, &time, &gap), 0);
    ck_assert_int_eq(time, BACK + 1800);
    ck_assert_int_eq(when_parse_past("2025-03-30 02:30", NOON, &time, &gap), WHEN_E_GAP);
    ck_assert_int_eq(gap.after, AHEAD);
    setenv("TZ", "EET-2EEST,M4.5.5/0,M10.5.4/24", 1); /* a day that begins at 01:00, as in Cairo */
    tzset();
    ck_assert_int_eq(when_parse_past("2025-04-25", NOON, &time, &gap), 0);
    ck_assert_int_eq(time, INT64_C(1745532000));
}
END_TEST

static const struct {
    const char *text;
    int64_t want; /* 0: there is no such time */
} ends[] = {
    {"2025-11-22", NOON - 13 * 3600}, /* to its end */
    {"2025-11-22 13:00", NOON - 86400},
    {"2025-11-23T12:00Z", NOON},
    {"2025-10-26 02:30", BACK - 1800}, /* of two the first */
    {"2025-03-30 02:30", 0},
    {"2025-02-31", 0},
    {"2025-11-22 25:00", 0},
    {"1969-12-30", 0},
    {"+2d", 0},
    {"14:30", 0},
    {"2025-11-22 ", 0},
    {"", 0},
};

START_TEST(parse_end)
{
    struct when_gap gap = {0};
    int64_t time = 0;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    const int r = when_parse_end(ends[_i].text, &time, &gap);
    ck_assert_int_eq(r == 0, ends[_i].want != 0);
    ck_assert_int_eq(time, ends[_i].want);
    ck_assert_int_eq(gap.after, r > 0 ? AHEAD : 0);
    setenv("TZ", "EET-2EEST,M4.5.5/0,M10.5.4/24", 1); /* the next day begins at 01:00 */
    tzset();
    ck_assert_int_eq(when_parse_end("2025-04-24", &time, &gap), 0);
    ck_assert_int_eq(time, INT64_C(1745532000));
}
END_TEST

int main(void)
{
    suite_case("times", NULL, NULL);
    suite_rows(iso, isos);
    suite_rows(relative, relatives);
    suite_add(relative_at_the_edges, full);
    suite_rows(parse, times);
    suite_rows(parse_past, pasts);
    suite_rows(turning_clocks, turns);
    suite_add(turning_clocks_in_the_past);
    suite_rows(parse_end, ends);
    return suite_run();
}
