/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by answer.c and waiting.c. */
#include "pam_module/submit/words.h"

#include "common/cleanup.h"
#include "common/names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

void words_one_line(const char *message, char *ret, size_t size)
{
    _cleanup_free_ char *copy = strdup(message);
    for (char *at = copy ? strchr(copy, '\n') : NULL; at; at = strchr(at, '\n'))
        *at = ' ';
    text_visible(copy ? copy : "", ret, size);
}
