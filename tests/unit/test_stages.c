/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule 4: one person takes part in one stage of a request, unless its policy says so. */
#include "tests/support/acts.h"

#include <check.h>

static struct fixture fixture;

#define TWO    "[stage 1]\napprovers = bob carol\n[stage 2]\napprovers = bob carol\n"
#define STAGES "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\n" TWO
#define SAME   "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\nsame_approver = yes\n" TWO

static void setup(void)
{
    fixture_init(&fixture, "stages", STAGES, "same", SAME, NULL);
}

static void teardown(void)
{
    fixture_deinit(&fixture);
}

static int64_t submit(const char *package)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", package, "x", &value), 0);
    return fixture_id(value);
}

START_TEST(test_other_person)
{
    const int64_t id = submit("stages");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "this stage needs another person"));
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, "no", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "stages"));
    ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL), 0);
    ck_assert(fixture_gate_opens(&fixture, "alice", "stages"));
}
END_TEST

START_TEST(test_same_approver)
{
    const int64_t id = submit("same");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert(fixture_gate_opens(&fixture, "alice", "same"));
}
END_TEST

/* The policy of the moment: what it allows no more does not hold for a request that waits. */
START_TEST(test_policy_is_edited)
{
    const int64_t id = submit("same");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    fixture_write_package(&fixture, "same", STAGES);
    fixture_reload(&fixture);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stages");
    TCase *tests = tcase_create("stages");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_other_person);
    tcase_add_test(tests, test_same_approver);
    tcase_add_test(tests, test_policy_is_edited);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
