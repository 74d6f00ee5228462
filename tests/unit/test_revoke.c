/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule 14: a revocation ends everything of that user and package, what lies ahead too, and says what. */
#include "tests/support/acts.h"

#include <check.h>
#include <string.h>

static struct fixture fixture;

#define DB                                                                                                   \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\nmax_duration = 4h\nextension = approval\n"       \
    "approvers = bob\nemergency = alice\nemergency_duration = 1h\n"
#define OTHER "[package]\ngroups = backup\n[policy]\nduration = 1h\napprovers = bob\n"

static void setup(void)
{
    fixture_init(&fixture, "db", DB, "other", OTHER, NULL);
}

static void teardown(void)
{
    fixture_deinit(&fixture);
}

static int64_t submit(const char *package, int64_t start)
{
    json_t *value = NULL;
    char *names[] = {(char *)package, NULL};
    const struct submission submission = {.packages = names, .justification = "x", .start = start};
    ck_assert_msg(acts_submit(&fixture, "alice", &submission, &value) == 0, "%s", fixture_message);
    return fixture_id(value);
}

static int64_t approved(const char *package, int64_t start)
{
    const int64_t id = submit(package, start);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    return id;
}

static int64_t take_in_emergency(void)
{
    struct facts *facts = fixture_facts("alice", NULL);
    const struct caller caller = fixture_caller("alice");
    struct reply reply = {0};
    char *names[] = {(char *)"db", NULL};
    const struct submission submission = {.packages = names, .justification = "fire"};
    ck_assert_int_eq(fixture_ask(engine_emergency, &fixture.engine, &caller, facts, &reply, &submission), 0);
    facts_free(facts);
    return fixture_id(reply.value);
}

static json_t *revoke(void)
{
    struct facts *facts = fixture_facts("root", NULL);
    const struct caller caller = fixture_caller("root");
    struct reply reply = {0};
    ck_assert_int_eq(
        fixture_ask(engine_revoke, &fixture.engine, &caller, facts, &reply, "alice", "db", "enough"), 0);
    facts_free(facts);
    return reply.value;
}

static void check_withdrawn(json_t *value, int64_t first)
{
    const json_t *withdrawn = json_object_get(value, "withdrawn");
    ck_assert_uint_eq(json_array_size(withdrawn), first ? 1 : 0);
    if (first)
        ck_assert_int_eq(json_integer_value(json_array_get(withdrawn, 0)), first);
    json_decref(value);
}

START_TEST(test_what_lies_ahead)
{
    const int64_t ahead = approved("db", fixture.now + 3600);
    const int64_t emergency = take_in_emergency();
    const int64_t other = approved("other", fixture.now + 3600);
    ck_assert(fixture_gate_opens(&fixture, "alice", "db"));
    json_t *value = revoke();
    ck_assert_int_eq(acts_number(value, "id"), emergency);
    check_withdrawn(value, ahead);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db"));
    ck_assert_str_eq(fixture_state(&fixture, ahead), "cancelled");
    acts_pass(&fixture, 3601);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db"));
    ck_assert_str_eq(fixture_state(&fixture, other), "partially-fulfilled"); /* not meant: it begins */
}
END_TEST

START_TEST(test_extension_that_waits)
{
    const int64_t id = approved("db", 0);
    json_t *value = NULL;
    ck_assert_int_eq(acts_extend(&fixture, "alice", "db", 600, &value), 0);
    const int64_t extension = fixture_id(value);
    value = revoke();
    ck_assert_int_eq(acts_number(value, "id"), id);
    check_withdrawn(value, extension);
    ck_assert_str_eq(fixture_state(&fixture, extension), "cancelled");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", extension, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
}
END_TEST

START_TEST(test_nothing_else)
{
    const int64_t ahead = approved("db", fixture.now + 3600);
    json_t *value = revoke();
    ck_assert_int_eq(acts_number(value, "id"), ahead);
    check_withdrawn(value, 0);
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "db", "again"), BUS_ERROR_NO_SUCH_REQUEST);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("revoke");
    TCase *tests = tcase_create("revoke");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_what_lies_ahead);
    tcase_add_test(tests, test_extension_that_waits);
    tcase_add_test(tests, test_nothing_else);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
