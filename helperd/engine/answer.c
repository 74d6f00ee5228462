/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Refusals of calls. */
#include "helperd/engine/internal.h"

#include "common/names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int engine_refuse(struct reply *reply, enum bus_error code, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(reply->message, sizeof(reply->message), format, values);
    va_end(values);
    return (int)code;
}

int engine_refuse_unknown(struct reply *reply, const char *what)
{
    return engine_refuse(reply, BUS_ERROR_UNAVAILABLE,
                         "accesspkgd does not know %s: a directory of this host does not answer, so some "
                         "groups are unknown. Nothing was changed. Please try again in a moment.",
                         what);
}

int engine_check_text(const char *what, const char *text, struct reply *reply)
{
    if (strlen(text) > BUS_TEXT_MAX)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                             "The %s is longer than %d bytes. Please shorten it; nothing was changed.", what,
                             BUS_TEXT_MAX);
    if (!text_is_line(text))
        return engine_refuse(
            reply, BUS_ERROR_INVALID_ARGUMENT,
            "The %s contains control characters or line breaks. Please write it as one line of "
            "plain text; nothing was changed.",
            what);
    return 0;
}
