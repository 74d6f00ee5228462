/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the suites of drift share: an engine that watches, and what an administrator sees of what it found. */
#pragma once

#include "tests/support/acts.h"

#define DB_ADMINS                                                                                            \
    "[package]\ngroups = dbadmins backup\n[policy]\nrequestors = %staff\nduration = 1h\napprovers = bob\n"
#define REPAIRED                                                                                             \
    "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 30d\nmax_duration = 30d\ndrift = "    \
    "repair\n"
#define OTHER "[package]\ngroups = dbadmins\n[policy]\napproval = none\nduration = 2h\n"

static struct fixture fixture;

static void setup(void)
{
    fixture_init(&fixture, "db-admins", DB_ADMINS, "repaired", REPAIRED, "other", OTHER, NULL);
    ck_assert_int_eq(engine_watch_drift(&fixture.engine), 0);
}

static inline void has_problems(int64_t id, bool needs_retry, const char *first, const char *second)
{
    json_t *value = acts_look(&fixture, id);
    const json_t *problems = json_object_get(value, "problems");
    const char *const wanted[] = {first, second};
    ck_assert_str_eq(acts_text(value, "state"), "partially-fulfilled");
    ck_assert_uint_eq(json_array_size(problems), second ? 2 : 1);
    for (size_t i = 0; i < json_array_size(problems); i++)
        ck_assert_str_eq(json_string_value(json_array_get(problems, i)), wanted[i]);
    ck_assert_int_eq(json_is_true(json_object_get(value, "needs_retry")), needs_retry);
    json_decref(value);
}

static inline int64_t drifts(void)
{
    return acts_count(&fixture, "SELECT count(*) FROM audit WHERE event = 'drift'");
}
