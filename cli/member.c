/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/member.h"

#include "dbus/contract.h"

const char *member_text(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text ? text : "";
}

int64_t member_integer(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

bool member_true(const json_t *object, const char *member)
{
    return json_is_true(json_object_get(object, member));
}

bool member_has(const json_t *object, const char *member)
{
    return json_object_get(object, member) != NULL;
}

bool member_endless(const json_t *object)
{
    const enum state state = state_from_identifier(member_text(object, "state"));

    return !json_object_get(object, "assignment_end") &&
           (state == STATE_FULFILLED || state == STATE_ACCESS_EXTENDED || state == STATE_PARTIALLY_FULFILLED);
}
