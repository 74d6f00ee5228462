/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/bus/options.h"

#include "common/names.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum kind { KIND_TEXT, KIND_NUMBER, KIND_BOOLEAN, KIND_CLAIM };

static const struct option {
    const char *name;
    enum kind kind;
    unsigned sets;
    size_t offset;
} table[] = {
    {"justification", KIND_TEXT, BUS_OPTIONS_SUBMIT | BUS_OPTIONS_EXTEND,
     offsetof(struct bus_options, justification)},
    {"duration", KIND_NUMBER,
     BUS_OPTIONS_SUBMIT | BUS_OPTIONS_DECIDE | BUS_OPTIONS_EXTEND | BUS_OPTIONS_ASSIGN | BUS_OPTIONS_IMPORT,
     offsetof(struct bus_options, duration)},
    {"start", KIND_NUMBER, BUS_OPTIONS_SUBMIT | BUS_OPTIONS_DECIDE | BUS_OPTIONS_ASSIGN,
     offsetof(struct bus_options, start)},
    {"override", KIND_BOOLEAN, BUS_OPTIONS_ASSIGN, offsetof(struct bus_options, override)},
    {"dry_run", KIND_BOOLEAN, BUS_OPTIONS_IMPORT, offsetof(struct bus_options, dry_run)},
    {"gate", KIND_BOOLEAN, BUS_OPTIONS_SUBMIT, offsetof(struct bus_options, gate)},
    {"login_id", KIND_BOOLEAN, BUS_OPTIONS_SUBMIT, offsetof(struct bus_options, login_id)},
    {"can_ask", KIND_BOOLEAN, BUS_OPTIONS_SUBMIT, offsetof(struct bus_options, can_ask)},
    {"emergency", KIND_BOOLEAN, BUS_OPTIONS_SUBMIT, offsetof(struct bus_options, emergency)},
    {"service", KIND_CLAIM, BUS_OPTIONS_SUBMIT, offsetof(struct bus_options, service)},
    {"host", KIND_CLAIM, BUS_OPTIONS_SUBMIT, offsetof(struct bus_options, host)},
    {"address", KIND_CLAIM, BUS_OPTIONS_SUBMIT, offsetof(struct bus_options, address)},
    {"tty", KIND_CLAIM, BUS_OPTIONS_SUBMIT, offsetof(struct bus_options, tty)},
    {"reason", KIND_TEXT, BUS_OPTIONS_DECIDE | BUS_OPTIONS_ASSIGN | BUS_OPTIONS_IMPORT | BUS_OPTIONS_DELEGATE,
     offsetof(struct bus_options, reason)},
    {"until", KIND_NUMBER, BUS_OPTIONS_DELEGATE, offsetof(struct bus_options, until)},
    {"role", KIND_TEXT, BUS_OPTIONS_FILTER, offsetof(struct bus_options, role)},
    {"state", KIND_TEXT, BUS_OPTIONS_FILTER, offsetof(struct bus_options, state)},
    {"package", KIND_TEXT, BUS_OPTIONS_FILTER | BUS_OPTIONS_REPORT, offsetof(struct bus_options, package)},
    {"user", KIND_TEXT, BUS_OPTIONS_FILTER | BUS_OPTIONS_AUDIT, offsetof(struct bus_options, user)},
    {"name", KIND_TEXT, BUS_OPTIONS_HOLDERS, offsetof(struct bus_options, name)},
    {"kind", KIND_TEXT, BUS_OPTIONS_HOLDERS, offsetof(struct bus_options, kind)},
    {"before", KIND_NUMBER, BUS_OPTIONS_FILTER | BUS_OPTIONS_AUDIT | BUS_OPTIONS_HOLDERS,
     offsetof(struct bus_options, before)},
    {"limit", KIND_NUMBER, BUS_OPTIONS_FILTER | BUS_OPTIONS_AUDIT | BUS_OPTIONS_HOLDERS,
     offsetof(struct bus_options, limit)},
    {"before_at", KIND_NUMBER, BUS_OPTIONS_AUDIT, offsetof(struct bus_options, before_at)},
    {"since", KIND_NUMBER, BUS_OPTIONS_REPORT | BUS_OPTIONS_AUDIT, offsetof(struct bus_options, since)},
    {"request", KIND_NUMBER, BUS_OPTIONS_AUDIT, offsetof(struct bus_options, request)},
};

static const struct option *find(const char *name, unsigned set)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if ((table[i].sets & set) && strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

/* Whether the value had the type that the option takes. */
static bool set_option(const struct option *option, const json_t *value, struct bus_options *options)
{
    char *place = (char *)options + option->offset;
    switch (option->kind) {
    case KIND_TEXT:
        *(const char **)(void *)place = json_string_value(value);
        return json_is_string(value);
    case KIND_NUMBER:
        *(int64_t *)(void *)place = json_integer_value(value);
        return json_is_integer(value) && json_integer_value(value) > 0;
    case KIND_BOOLEAN:
        *(bool *)place = json_is_true(value);
        return json_is_boolean(value);
    case KIND_CLAIM:
        if (json_is_string(value))
            text_visible(json_string_value(value), place, BUS_CLAIM_MAX + 1);
        return json_is_string(value);
    }
    return false;
}

int bus_options_read(const json_t *object, unsigned set, struct bus_options *ret, struct reply *reply)
{
    struct bus_options options = {0};
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        char visible[64];
        const struct option *option = find(name, set);
        if (option && set_option(option, value, &options))
            continue;
        snprintf(reply->message, sizeof(reply->message),
                 option ? "The option '%s' is of another type than it should be, or out of range. See "
                          "org.accesspkg1(5)."
                        : "There is no option '%s' for this method. See org.accesspkg1(5).",
                 text_visible(name, visible, sizeof(visible)));
        return BUS_ERROR_INVALID_ARGUMENT;
    }
    *ret = options;
    return 0;
}
