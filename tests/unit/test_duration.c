/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Durations: what is read, what is refused, and that what is written is read back. */
#include "common/duration.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdlib.h>

START_TEST(parse)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {
        {"90", 90},
        {"90s", 90},
        {"15m", 900},
        {"4h", 14400},
        {"1h30m", 5400},
        {"2d", 172800},
        {"1w", 604800},
        {"1w2d3h4m5s", 788645},
        {"30m1h", 5400},
        {"0h5m", 300},
        {"007s", 7},
        {"3650d", DURATION_MAX},
        {"315360000", DURATION_MAX},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t seconds = -1;
        ck_assert_msg(duration_parse(cases[i].text, &seconds) == 0, "'%s'", cases[i].text);
        ck_assert_int_eq(seconds, cases[i].seconds);
    }
}
END_TEST

/* A number alone is seconds in a file, and nothing when typed. */
START_TEST(parse_typed)
{
    int64_t seconds = -1;
    ck_assert_int_eq(duration_parse_typed("4", &seconds), -EINVAL);
    ck_assert_int_eq(duration_parse_typed("0", &seconds), -EINVAL);
    ck_assert_int_eq(duration_parse_typed("0h", &seconds), -EINVAL);
    ck_assert_int_eq(duration_parse_typed("", &seconds), -EINVAL);
    ck_assert_int_eq(duration_parse_typed("1h30", &seconds), -EINVAL);
    ck_assert_int_eq(duration_parse_typed("1w", &seconds), 0);
    ck_assert_int_eq(seconds, 604800);
}
END_TEST

START_TEST(refuse)
{
    static const struct {
        const char *text;
        int error;
    } cases[] = {
        {"", -EINVAL},
        {"0", -EINVAL},
        {"0s", -EINVAL},
        {"0h0m", -EINVAL},
        {"h", -EINVAL},
        {"4x", -EINVAL},
        {"4H", -EINVAL},
        {"-4h", -EINVAL},
        {"+4h", -EINVAL},
        {"4.5h", -EINVAL},
        {" 4h", -EINVAL},
        {"4h ", -EINVAL},
        {"4 h", -EINVAL},
        {"1h 30m", -EINVAL},
        {"1h30", -EINVAL},
        {"1h1h", -EINVAL},
        {"1h2m3h", -EINVAL},
        {"4h\n", -EINVAL},
        {"forever", -EINVAL},
        {"0x10", -EINVAL},
        {"3650d1s", -ERANGE},
        {"315360001", -ERANGE},
        {"521w4d", -ERANGE},
        {"9223372036854775807", -ERANGE},
        {"9223372036854775808s", -ERANGE},
        {"99999999999999999999999999999999w", -ERANGE},
        {"99999999999999999999w99999999999999999999d99999999999999999999h", -ERANGE},
        {"99999999999999999999x", -EINVAL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t seconds = -1;
        ck_assert_msg(duration_parse(cases[i].text, &seconds) == cases[i].error, "'%s'", cases[i].text);
        ck_assert_int_eq(seconds, -1);
    }
}
END_TEST

START_TEST(shown)
{
    static const struct {
        int64_t seconds;
        const char *shown;
    } cases[] = {
        {45, "45 s"},
        {60, "1 min"},
        {90, "1 min 30 s"},
        {3599, "59 min 59 s"},
        {14400, "4 h"},
        {5400, "1 h 30 min"},
        {3605, "1 h"},
        {183600, "2 d 3 h"},
        {864000, "10 d"},
        {0, "0 s"},
        {-5, "0 s"},
        {INT64_MIN, "0 s"},
        {INT64_MAX - 1, "106751991167300 d 15 h"},
        {DURATION_FOREVER, "forever"},
    };
    char text[DURATION_TEXT_MAX];
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        ck_assert_str_eq(duration_format(cases[i].seconds, text), cases[i].shown);
}
END_TEST

START_TEST(written_is_read_back)
{
    char text[DURATION_TEXT_MAX];
    ck_assert_str_eq(duration_write(5400, text), "1h30m");
    ck_assert_str_eq(duration_write(14400, text), "4h");
    ck_assert_str_eq(duration_write(90, text), "1m30s");
    ck_assert_str_eq(duration_write(INT64_MAX - 1, text), "106751991167300d15h30m6s");
    ck_assert_str_eq(duration_write(0, text), "0s");
    for (int64_t seconds = 1; seconds > 0 && seconds <= DURATION_MAX; seconds = seconds * 7 / 5 + 1) {
        int64_t back = -1;
        ck_assert_int_eq(duration_parse(duration_write(seconds, text), &back), 0);
        ck_assert_int_eq(back, seconds);
    }
}
END_TEST

/* What has no end keeps none, whatever it is added to; nothing else takes the word. */
START_TEST(forever)
{
    int64_t seconds = -1;
    char text[DURATION_TEXT_MAX];
    ck_assert_int_eq(duration_parse("forever", &seconds), -EINVAL);
    ck_assert_int_eq(duration_parse_or_forever("Forever", &seconds), -EINVAL);
    ck_assert_int_eq(duration_parse_or_forever("forever ", &seconds), -EINVAL);
    ck_assert_int_eq(seconds, -1);
    ck_assert_int_eq(duration_parse_or_forever("4h", &seconds), 0);
    ck_assert_int_eq(seconds, 14400);
    ck_assert_int_eq(duration_parse_or_forever(duration_write(DURATION_FOREVER, text), &seconds), 0);
    ck_assert_int_eq(seconds, DURATION_FOREVER);
    ck_assert_int_eq(duration_after(1763935940, 60), 1763936000);
    ck_assert_int_eq(duration_after(1763935940, DURATION_FOREVER), DURATION_FOREVER);
    ck_assert_int_eq(duration_after(DURATION_FOREVER, 60), DURATION_FOREVER);
    ck_assert_int_eq(duration_after(0, DURATION_FOREVER), DURATION_FOREVER);
    ck_assert_int_eq(duration_after(DURATION_FOREVER, DURATION_FOREVER), DURATION_FOREVER);
}
END_TEST

int main(void)
{
    suite_case("duration", NULL, NULL);
    suite_add(parse, parse_typed, refuse, shown, written_is_read_back, forever);
    return suite_run();
}
