/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/privileged/answer.h"

#include "common/log.h"
#include "common/names.h"

#include <stdarg.h>
#include <stdio.h>

int answer_refuse(struct answer *answer, enum bus_error error, const char *format, ...)
{
    char text[ANSWER_MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    answer->error = error;
    text_visible(text, answer->message, sizeof(answer->message));
    return (int)error;
}

int answer_give(struct answer *answer, json_t *value)
{
    if (!answer->values)
        answer->values = json_array();
    if (json_array_append_new(answer->values, value) < 0)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "accesspkg-privileged is short of memory");
    return 0;
}

json_t *answer_write(const struct answer *answer)
{
    if (answer->error)
        return json_pack("{s:i, s:s}", "error", (int)answer->error, "message", answer->message);
    return answer->values ? json_pack("{s:O}", "values", answer->values) : json_pack("{s:[]}", "values");
}

void answer_read(json_t *json, struct answer *ret)
{
    const json_int_t error = json_integer_value(json_object_get(json, "error"));
    json_t *values = json_object_get(json, "values");
    *ret = (struct answer){0};
    if (error > BUS_ERROR_NONE && error < BUS_ERROR_COUNT)
        answer_refuse(ret, (enum bus_error)error, "%s", json_string_value(json_object_get(json, "message")));
    else if (json_is_array(values))
        ret->values = json_incref(values);
    else
        answer_refuse(
            ret, BUS_ERROR_UNAVAILABLE,
            "the process that did this ended without a word, and it may be done or not; see: journalctl -u "
            "accesspkg-privileged");
    json_decref(json);
}

void answer_deinit(struct answer *answer)
{
    json_decref(answer->values);
    answer->values = NULL;
}
