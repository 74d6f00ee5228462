/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/live_calls.h"

#include <check.h>

#define SHORT "[package]\ngroups = auditors\n[policy]\napproval = none\nduration = 1s\n"
#define OPEN  "[package]\ngroups = auditors\n[policy]\napprovers = bob\n"

void live_calls_setup(void)
{
    live_start("db-admins", LIVE_DB_ADMINS, "short", SHORT, "open", OPEN, NULL);
}

json_t *live_packed(json_t *value)
{
    ck_assert_ptr_nonnull(value);
    return value;
}

json_t *live_submit_arguments(const char *user, const char *package, const char *why)
{
    return live_packed(json_pack("[s, [s], {s:s}]", user, package, "justification", why));
}

enum bus_error live_submit(const char *user, const char *package, const char *why, json_t **ret)
{
    return live_call(user, -1, "Submit", "sasa{sv}", live_submit_arguments("", package, why), ret);
}

int64_t live_file(const char *user, const char *package)
{
    json_t *value = NULL;
    ck_assert_msg(live_submit(user, package, "because", &value) == BUS_ERROR_NONE, "%s", live_message);
    const int64_t id = json_integer_value(json_object_get(value, "id"));
    json_decref(value);
    return id;
}

json_t *live_decision(const char *user, int64_t id, const char *reason)
{
    json_t *shown = NULL;
    live_call(user, -1, "GetRequest", "x", live_packed(json_pack("[I]", (json_int_t)id)), &shown);
    const char *digest = json_string_value(json_object_get(shown, "digest"));
    json_t *arguments = live_packed(
        json_pack("[I, {s:s, s:s}]", (json_int_t)id, "digest", digest ? digest : "", "reason", reason));
    json_decref(shown);
    return arguments;
}

enum bus_error live_approve(const char *user, int64_t id)
{
    return live_call(user, -1, "Approve", "xa{sv}", live_decision(user, id, "fine"), NULL);
}

enum bus_error live_deny(const char *user, int64_t id, const char *reason)
{
    return live_call(user, -1, "Deny", "xa{sv}", live_decision(user, id, reason), NULL);
}

void live_check_state(int64_t id, const char *expected)
{
    json_t *value = NULL;
    ck_assert_int_eq(
        live_call("root", -1, "GetRequest", "x", live_packed(json_pack("[I]", (json_int_t)id)), &value),
        BUS_ERROR_NONE);
    ck_assert_str_eq(json_string_value(json_object_get(value, "state")), expected);
    json_decref(value);
}
