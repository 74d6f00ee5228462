/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of an assignment: cut short, returned, revoked, assigned, kept apart, refused for a while. */
#include "tests/support/suite.h"
#include "tests/unit/assignments.h"

#include <string.h>

/* An approver may give less, or later; never more, nor earlier. */
START_TEST(test_decided_otherwise)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", &value), 0);
    const int64_t id = fixture_id(value);
    const struct decision_terms more = {.reason = "", .duration = 3601};
    const struct decision_terms less = {.reason = "", .duration = 600};
    ck_assert_int_eq(acts_approve(&fixture, "bob", id, &more, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "less, not more"));
    ck_assert_int_eq(acts_approve(&fixture, "bob", id, &less, &value), 0);
    ck_assert_int_eq(acts_number(value, "duration"), 3600);
    ck_assert_int_eq(acts_number(value, "granted"), 600);
    ck_assert_int_eq(acts_number(value, "assignment_end"), FIXTURE_NOW + 600);
    json_decref(value);

    ck_assert_int_eq(fixture_submit(&fixture, "alice", "audit", "x", &value), 0);
    const int64_t second = fixture_id(value);
    const struct decision_terms later = {.reason = "", .start = FIXTURE_NOW + 5000};
    ck_assert_int_eq(acts_approve(&fixture, "bob", second, &later, &value), 0);
    ck_assert_str_eq(acts_text(value, "state"), "approved");
    json_decref(value);
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 600);
    acts_pass(&fixture, 700);
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 5000);
}
END_TEST

/* Rule 6 and the end before the end. */
static void check_end(int64_t id, const char *by, const char *why)
{
    json_t *value = acts_look(&fixture, id);
    ck_assert_str_eq(acts_text(value, "revoked_by"), by);
    ck_assert_int_eq(acts_number(value, "revoked"), fixture.now);
    ck_assert_int_eq(acts_number(value, "assignment_end"), fixture.now);
    ck_assert_str_eq(acts_text(value, "revoke_reason"), why);
    json_decref(value);
}

START_TEST(test_return_and_revoke)
{
    const int64_t first = acts_hold(&fixture, "alice", "asked");
    const int64_t second = acts_hold(&fixture, "alice", "fixed"); /* gives dbadmins as well */
    ck_assert_int_eq(acts_return(&fixture, "alice", "asked"), 0);
    ck_assert_str_eq(fixture_state(&fixture, first), "revoked");
    check_end(first, "alice", "done");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "asked"));
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert_int_eq(acts_return(&fixture, "alice", "asked"), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "fixed", ""), BUS_ERROR_INVALID_ARGUMENT);
    /* By a name that the store does not know, and a directory might. */
    ck_assert_int_eq(acts_revoke(&fixture, "ALICE", "fixed", "left the team"), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_ptr_nonnull(strstr(fixture_message, "ALICE does not hold fixed"));
    ck_assert_ptr_nonnull(strstr(fixture_message, ". alice holds it, see: pkg-admin holders fixed"));
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "fixed", "left the team"), 0);
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    check_end(second, "root", "left the team");
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "fixed", "again"), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_ptr_nonnull(strstr(fixture_message, "alice does not hold fixed"));
    ck_assert_ptr_null(strstr(fixture_message, "holds it"));
}
END_TEST

START_TEST(test_assign)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", &value), 0);
    const int64_t waiting = fixture_id(value);
    const struct assign_terms terms = {.package = "asked", .reason = "night shift", .duration = 12 * 3600};
    ck_assert_int_eq(acts_assign(&fixture, "alice", &terms, &value), 0);
    ck_assert_str_eq(acts_text(value, "state"), "fulfilled");
    ck_assert_int_eq(acts_number(value, "assignment_end"), FIXTURE_NOW + 12 * 3600);
    const json_t *decision = json_array_get(json_object_get(value, "decisions"), 0);
    ck_assert_str_eq(acts_text(decision, "decider"), "root");
    ck_assert_str_eq(acts_text(decision, "reason"), "night shift");
    json_decref(value);
    ck_assert_str_eq(fixture_state(&fixture, waiting), "cancelled");
    ck_assert_int_eq(acts_assign(&fixture, "alice", &terms, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(acts_assign(&fixture, "bob", &terms, NULL),
                     0); /* no requestor, but the administrator's word */
    ck_assert_int_eq(acts_assign(&fixture, NULL, &terms, NULL), BUS_ERROR_NO_SUCH_USER);
    const struct assign_terms unknown = {.package = "nothing", .reason = ""};
    ck_assert_int_eq(acts_assign(&fixture, "dave", &unknown, NULL), BUS_ERROR_NO_SUCH_PACKAGE);
}
END_TEST

/* Separation of duties, both ways: "free" names "audit". */
START_TEST(test_incompatible)
{
    json_t *value = NULL;
    acts_hold(&fixture, "alice", "free");
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "audit", "x", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "pkg-request return free"));
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "audit", "x", &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "free", "x", NULL), BUS_ERROR_POLICY_REFUSED);

    /* What came to be held meanwhile is seen at the decision. */
    const struct assign_terms plain = {.package = "free", .reason = "why", .advice = "--override"};
    const struct assign_terms silent = {.package = "free", .reason = "", .override_duties = true};
    const struct assign_terms forced = {.package = "free", .reason = "why", .override_duties = true};
    ck_assert_int_eq(acts_assign(&fixture, "dave", &plain, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(
        fixture_message, "pkg-request list. Or give it all the same: pkg-admin assign free dave --override"));
    ck_assert_int_eq(acts_assign(&fixture, "dave", &silent, NULL), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(fixture_message, "pkg-admin assign free dave --override -m 'REASON'"));
    ck_assert_int_eq(acts_assign(&fixture, "dave", &forced, NULL), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(acts_return(&fixture, "dave", "free"), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
}
END_TEST

START_TEST(test_cooldown)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", &value), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", fixture_id(value), false, "no", NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message,
                                 "Request 1 for asked was denied by bob: no. A new one can be "
                                 "filed after "));
    acts_pass(&fixture, 600);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", NULL), 0);

    char *names[] = {(char *)"audit", NULL};
    const struct submission gate = {.user = "alice", .packages = names, .at_gate = true};
    ck_assert_int_eq(acts_submit(&fixture, "alice", &gate, NULL), 0);
    acts_pass(&fixture, 3600);
    ck_assert_int_eq(acts_submit(&fixture, "alice", &gate, NULL),
                     BUS_ERROR_POLICY_REFUSED);                                 /* a job logs in again */
    ck_assert_ptr_nonnull(strstr(fixture_message, "pkg-request submit audit")); /* to be pasted */
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "audit", "x", NULL), 0); /* a person may ask */
}
END_TEST

/* Rule 12: who assigned it and why, once; the user did nothing and is not said to have. */
START_TEST(test_audit_of_assign)
{
    const struct assign_terms terms = {.package = "fixed", .reason = "night shift"};
    ck_assert_int_eq(acts_assign(&fixture, "alice", &terms, NULL), 0);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE actor = 'root' AND uid = 0 AND"
                                          " event = 'assign' AND detail = 'night shift' AND request = 1"),
                     1);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE event IN ('submit', 'waive')"),
                     0);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE request = 1"),
                     2); /* and that it was put in place */
}
END_TEST

/* What one package refuses for a while, another of the named ones may give. */
START_TEST(test_pause_of_one_of_two)
{
    json_t *value = NULL;
    char *names[] = {(char *)"asked", (char *)"audit", NULL};
    const struct submission both = {.packages = names};
    ck_assert_int_eq(acts_submit(&fixture, "alice", &both, &value), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", fixture_id(value), false, "no", NULL), 0);
    ck_assert_int_eq(acts_submit(&fixture, "alice", &both, &value), 0);
    ck_assert_str_eq(acts_text(value, "package"), "audit");
    json_decref(value);
}
END_TEST

int main(void)
{
    suite_case("hold", setup, fixture_teardown);
    suite_add(test_decided_otherwise, test_return_and_revoke, test_assign, test_incompatible, test_cooldown,
              test_audit_of_assign, test_pause_of_one_of_two);
    return suite_run();
}
