/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses and formats durations, from one table of units, without a locale. */
#include "common/duration.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Largest first. Weeks are read but not written: "10 d" says more than "1 w 3 d". */
static const struct unit {
    char letter;
    const char *shown;
    int64_t seconds;
} units[] = {
    {'w', NULL, 7 * 24 * 3600}, {'d', "d", 24 * 3600}, {'h', "h", 3600}, {'m', "min", 60}, {'s', "s", 1},
};

static const char forever[] = "forever";

enum { N_UNITS = sizeof(units) / sizeof(*units), FIRST_WRITTEN = 1 };

/* Reads the digits at *text; more than DURATION_MAX becomes DURATION_MAX + 1, against overflow. -EINVAL when there
 * are none. */
static int read_digits(const char **text, int64_t *ret)
{
    const char *at = *text;
    int64_t number = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        number = number * 10 + (*at - '0');
        if (number > DURATION_MAX)
            number = DURATION_MAX + 1;
    }
    if (at == *text)
        return -EINVAL;
    *text = at;
    *ret = number;
    return 0;
}

static int find_unit(char letter)
{
    for (int i = 0; i < N_UNITS; i++)
        if (units[i].letter == letter)
            return i;
    return -EINVAL;
}

int duration_parse(const char *text, int64_t *ret_seconds)
{
    const char *at = text;
    int64_t sum = 0;
    unsigned seen = 0;
    do {
        int64_t number;
        if (read_digits(&at, &number) < 0)
            return -EINVAL;
        /* A bare number is seconds only if it stands alone: "1h30" is ambiguous. */
        const int unit = !*at && !seen ? N_UNITS - 1 : find_unit(*at);
        if (unit < 0 || seen & (1u << unit))
            return -EINVAL;
        seen |= 1u << unit;
        /* At most 5 times (DURATION_MAX + 1) weeks: far below what 64 bits hold. */
        sum += number * units[unit].seconds;
        at += *at != '\0';
    } while (*at);
    if (sum == 0)
        return -EINVAL;
    if (sum > DURATION_MAX)
        return -ERANGE;
    *ret_seconds = sum;
    return 0;
}

int duration_parse_typed(const char *text, int64_t *ret_seconds)
{
    return *text && !text[strspn(text, "0123456789")] ? -EINVAL : duration_parse(text, ret_seconds);
}

int duration_parse_or_forever(const char *text, int64_t *ret_seconds)
{
    if (strcmp(text, forever) != 0)
        return duration_parse(text, ret_seconds);
    *ret_seconds = DURATION_FOREVER;
    return 0;
}

int64_t duration_after(int64_t from, int64_t seconds)
{
    int64_t sum;
    return __builtin_add_overflow(from, seconds, &sum) ? DURATION_FOREVER : sum;
}

char *duration_format(int64_t seconds, char ret[DURATION_TEXT_MAX])
{
    if (seconds == DURATION_FOREVER)
        return strcpy(ret, forever);
    int64_t rest = seconds > 0 ? seconds : 0;
    int i = FIRST_WRITTEN;
    while (i < N_UNITS - 1 && rest < units[i].seconds)
        i++;
    const int64_t first = rest / units[i].seconds;
    rest %= units[i].seconds;
    const int64_t second = i + 1 < N_UNITS ? rest / units[i + 1].seconds : 0;
    if (second)
        snprintf(ret, DURATION_TEXT_MAX, "%lld %s %lld %s", (long long)first, units[i].shown,
                 (long long)second, units[i + 1].shown);
    else
        snprintf(ret, DURATION_TEXT_MAX, "%lld %s", (long long)first, units[i].shown);
    return ret;
}

char *duration_write(int64_t seconds, char ret[DURATION_TEXT_MAX])
{
    if (seconds == DURATION_FOREVER)
        return strcpy(ret, forever);
    int64_t rest = seconds > 0 ? seconds : 0;
    size_t used = 0;
    for (int i = FIRST_WRITTEN; i < N_UNITS; i++) {
        const int64_t number = rest / units[i].seconds;
        rest %= units[i].seconds;
        if (number || (i == N_UNITS - 1 && used == 0))
            used += (size_t)snprintf(ret + used, DURATION_TEXT_MAX - used, "%lld%c", (long long)number,
                                     units[i].letter);
    }
    return ret;
}
