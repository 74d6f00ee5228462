/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by answer.c and waiting.c. */
#include "pam_module/submit/words.h"

#include "common/cleanup.h"
#include "common/names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SECONDS_OF_WEEK = 7 * 24 * 3600 };

void words_say(struct words *words, const char *format, ...)
{
    const size_t room = sizeof(words->text) - words->used;
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(words->text + words->used, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        words->used += (size_t)length < room ? (size_t)length : room - 1;
}

const char *words_when(int64_t time, int64_t now, char ret[WORDS_WHEN_MAX])
{
    const time_t then = (time_t)time, today = (time_t)now, tomorrow = (time_t)now + 24 * 3600;
    struct tm at, of_today, of_tomorrow;
    if (!localtime_r(&then, &at) || !localtime_r(&today, &of_today) || !localtime_r(&tomorrow, &of_tomorrow))
        return strcpy(ret, "later");
    const char *format = "%H:%M %Z on %Y-%m-%d";
    if (at.tm_yday == of_today.tm_yday && at.tm_year == of_today.tm_year)
        format = "%H:%M %Z";
    else if (at.tm_yday == of_tomorrow.tm_yday && at.tm_year == of_tomorrow.tm_year)
        format = "%H:%M %Z tomorrow";
    else if (time > now && time - now < SECONDS_OF_WEEK - 24 * 3600)
        format = "%H:%M %Z on %A";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* one of the four above */
    if (strftime(ret, WORDS_WHEN_MAX, format, &at) == 0)
        strcpy(ret, "later");
#pragma GCC diagnostic pop
    return ret;
}

void words_one_line(const char *message, char *ret, size_t size)
{
    _cleanup_free_ char *copy = strdup(message);
    for (char *at = copy ? strchr(copy, '\n') : NULL; at; at = strchr(at, '\n'))
        *at = ' ';
    text_visible(copy ? copy : "", ret, size);
}
