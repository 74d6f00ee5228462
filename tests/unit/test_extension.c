/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Assignments extended: at once or by approval, how often and how far. */
#include "tests/support/suite.h"
#include "tests/unit/assignments.h"

#include <string.h>

/* Without a gap: the end moves from where it is; what is held is never shortened. */
START_TEST(test_extension_at_once)
{
    json_t *value = NULL;
    const int64_t id = acts_hold(&fixture, "alice", "free");
    acts_pass(&fixture, 1800);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "free", 0, &value), 0);
    ck_assert_str_eq(acts_text(value, "state"), "access-extended");
    ck_assert_int_eq(acts_number(value, "assignment_end"), FIXTURE_NOW + 7200);
    ck_assert_int_ne(fixture_id(value), id);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-extended");
    acts_pass(&fixture, 5399);
    ck_assert(fixture_gate_opens(&fixture, "alice", "free"));
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    acts_pass(&fixture, 1);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "free"));
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
    ck_assert_int_eq(acts_extend(&fixture, "alice", "free", 0, NULL), BUS_ERROR_NO_SUCH_REQUEST);
}
END_TEST

/* Rule 14: without max_total what no approver is asked for stays within max_duration in all. */
START_TEST(test_unapproved_total)
{
    fixture_write_package(&fixture, "free",
                          "[package]\ngroups = backup\n[policy]\napprovers = bob\nduration = 1h\n"
                          "max_duration = 2h\nextension = allowed\n");
    fixture_reload(&fixture);
    acts_hold(&fixture, "alice", "free");
    ck_assert_int_eq(acts_extend(&fixture, "alice", "free", 1800, NULL), 0);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "free", 1801, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(
        strstr(fixture_message, "at most 2 h with extensions that no approver is asked for"));
    ck_assert_int_eq(acts_extend(&fixture, "alice", "free", 1800, NULL), 0);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "free", 1, NULL), BUS_ERROR_POLICY_REFUSED);
}
END_TEST

START_TEST(test_extension_by_approval)
{
    json_t *value = NULL;
    acts_hold(&fixture, "alice", "asked");
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 7201, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 7200, &value), 0);
    ck_assert_str_eq(acts_text(value, "state"), "pending-approval");
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 60, &value), 0); /* rule 7: the same one */
    ck_assert(json_is_true(json_object_get(value, "existing")));
    ck_assert_int_eq(fixture_id(value), id);
    ck_assert(fixture_gate_opens(&fixture, "alice", "asked"));
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", &value), 0);
    ck_assert_int_eq(acts_number(value, "assignment_end"), FIXTURE_NOW + 3 * 3600);
    json_decref(value);
    /* 1 h + 2 h are used of 4 h in total. */
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 7200, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "at most 4 h"));
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 3600, &value), 0);
    const int64_t late = fixture_id(value);
    acts_pass(&fixture, 3 * 3600); /* it ends while its extension waits: nothing is left to extend */
    ck_assert_str_eq(fixture_state(&fixture, late), "cancelled");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", late, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
}
END_TEST

START_TEST(test_denied_extension_keeps_what_is_held)
{
    json_t *value = NULL;
    const int64_t id = acts_hold(&fixture, "alice", "asked");
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 3600, &value), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "carol", fixture_id(value), false, "no", NULL), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(fixture_gate_opens(&fixture, "alice", "asked"));
}
END_TEST

START_TEST(test_no_extension)
{
    acts_hold(&fixture, "alice", "fixed");
    ck_assert_int_eq(acts_extend(&fixture, "alice", "fixed", 0, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "allows no extension"));
    ck_assert_int_eq(acts_extend(&fixture, "dave", "fixed", 0, NULL), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(acts_extend(&fixture, "dave", "nothing", 0, NULL), BUS_ERROR_NO_SUCH_PACKAGE);
}
END_TEST

/* A package that was taken out of packages.d: what is held runs to its end, and is not extended. */
START_TEST(test_removed_package)
{
    const int64_t id = acts_hold(&fixture, "alice", "free");
    char path[256];
    snprintf(path, sizeof(path), "%s/packages.d/free.conf", fixture.folder);
    ck_assert_int_eq(remove(path), 0);
    fixture_reload(&fixture);
    ck_assert(fixture_gate_opens(&fixture, "alice", "free"));
    ck_assert_int_eq(acts_extend(&fixture, "alice", "free", 0, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    acts_pass(&fixture, 3600);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
}
END_TEST

/* An extension is filed under the limits of any other request. */
START_TEST(test_limits_of_extensions)
{
    json_t *value = NULL;
    acts_hold(&fixture, "alice", "asked");
    fixture.config.pending_per_user = 1;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "audit", "x", NULL), 0);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 60, NULL), BUS_ERROR_LIMIT_EXCEEDED);
    fixture.config.pending_per_user = 3;
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 60, &value), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", fixture_id(value), false, "no", NULL), 0);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 60, NULL),
                     BUS_ERROR_POLICY_REFUSED); /* the pause */
    ck_assert_ptr_nonnull(strstr(fixture_message, "was denied"));
}
END_TEST

/* What nobody has to approve is not filed without end either. */
START_TEST(test_pace_of_what_nobody_approves)
{
    acts_hold(&fixture, "alice", "free");
    int r = 0;
    int filed = 1;
    while ((r = acts_extend(&fixture, "alice", "free", 1, NULL)) == 0 && filed < 1000)
        filed++;
    ck_assert_int_eq(r, BUS_ERROR_LIMIT_EXCEEDED);
    ck_assert_int_eq(filed, 75);
    ck_assert_int_eq(acts_return(&fixture, "alice", "free"), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "free", "x", NULL), BUS_ERROR_LIMIT_EXCEEDED);
}
END_TEST

/* Rule 8: what is extended before it is whole lasts so much longer once it is. */
START_TEST(test_extended_before_it_is_whole)
{
    json_t *value = NULL;
    struct facts *facts = fixture_facts("alice", NULL);
    char *names[] = {(char *)"free", NULL};
    const struct submission submission = {.packages = names};
    facts->groups[1].gid = GID_UNSET;
    const struct call *call = fixture_call_with(&fixture, fixture_caller("alice"), facts);
    ck_assert_int_eq(fixture_answer(engine_submit(call, &submission), &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    ck_assert_int_eq(acts_extend(&fixture, "alice", "free", 1800, NULL), 0);
    acts_pass(&fixture, 600);
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-extended");
    acts_pass(&fixture, 5399);
    ck_assert(fixture_gate_opens(&fixture, "alice", "free"));
    acts_pass(&fixture, 1);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "free"));
}
END_TEST

START_TEST(test_extension_takes_no_start)
{
    json_t *value = NULL;
    acts_hold(&fixture, "alice", "asked");
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 60, &value), 0);
    const struct decision_terms later = {.reason = "", .start = FIXTURE_NOW + 5000};
    ck_assert_int_eq(acts_approve(&fixture, "bob", fixture_id(value), &later, NULL),
                     BUS_ERROR_POLICY_REFUSED);
}
END_TEST

int main(void)
{
    suite_case("extension", setup, fixture_teardown);
    suite_add(test_extension_at_once, test_unapproved_total, test_extension_by_approval,
              test_denied_extension_keeps_what_is_held, test_no_extension, test_removed_package,
              test_limits_of_extensions, test_pace_of_what_nobody_approves, test_extended_before_it_is_whole,
              test_extension_takes_no_start);
    return suite_run();
}
