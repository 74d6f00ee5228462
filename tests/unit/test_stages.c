/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule 4: one person takes part in one stage of a request, unless its policy says so. */
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <string.h>

static struct fixture fixture;

#define TWO    "[stage 1]\napprovers = bob carol\n[stage 2]\napprovers = bob carol\n"
#define STAGES "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\n" TWO
#define SAME   "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\nsame_approver = yes\n" TWO

static void setup(void)
{
    fixture_init(&fixture, "stages", STAGES, "same", SAME, NULL);
}

START_TEST(test_other_person)
{
    const int64_t id = acts_file(&fixture, "alice", "stages");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "this stage needs another person"));
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, "no", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "stages"));
    ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL), 0);
    ck_assert(fixture_gate_opens(&fixture, "alice", "stages"));
}
END_TEST

static size_t decided(const char *who)
{
    json_t *value = NULL;
    const struct store_filter filter = {.limit = 100, .uid = UID_UNSET, .user = "alice", .package = "stages"};
    const struct call *call = fixture_call(&fixture, who, NULL);
    ck_assert_int_eq(fixture_answer(engine_list_requests(call, ENGINE_ROLE_DECIDED, &filter), &value), 0);
    const size_t count = json_array_size(json_array_get(value, 0));
    json_decref(value);
    return count;
}

/* Whoever approved finds it by user and package while it waits for the next stage, too; whoever is to, when it is done. */
START_TEST(test_what_one_approved_is_found)
{
    const int64_t id = acts_file(&fixture, "alice", "stages");
    ck_assert_uint_eq(decided("bob"), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert_uint_eq(decided("bob"), 1);
    ck_assert_uint_eq(decided("carol"), 0);
    ck_assert_uint_eq(decided("dave"), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL), 0);
    ck_assert_uint_eq(decided("bob"), 1);
    ck_assert_uint_eq(decided("carol"), 1);
}
END_TEST

START_TEST(test_same_approver)
{
    const int64_t id = acts_file(&fixture, "alice", "same");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert(fixture_gate_opens(&fixture, "alice", "same"));
}
END_TEST

/* The policy of the moment: what it allows no more does not hold for a request that waits. */
START_TEST(test_policy_is_edited)
{
    const int64_t id = acts_file(&fixture, "alice", "same");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    fixture_write_package(&fixture, "same", STAGES);
    fixture_reload(&fixture);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
}
END_TEST

int main(void)
{
    suite_case("stages", setup, fixture_teardown);
    suite_add(test_other_person, test_what_one_approved_is_found, test_same_approver, test_policy_is_edited);
    return suite_run();
}
