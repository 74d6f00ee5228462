/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Assignments that begin later: their start, what is judged then, and what a start that nobody looked at leaves. */
#include "tests/support/suite.h"
#include "tests/unit/assignments.h"

#include <string.h>

/* Rule 8: the clock of a scheduled one starts at its start. */
START_TEST(test_scheduled_start)
{
    json_t *value = NULL;
    char *names[] = {(char *)"asked", NULL};
    const struct submission submission = {.packages = names, .start = FIXTURE_NOW + 1000};
    ck_assert_int_eq(acts_submit(&fixture, "alice", &submission, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "approved");
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 1000);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", &value), 0); /* rule 7 */
    ck_assert_int_eq(fixture_id(value), id);
    acts_pass(&fixture, 1000);
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    int64_t assignment = 0;
    struct inquiry inquiry = INQUIRY_EMPTY;
    ck_assert_int_eq(engine_take_due_retry(&fixture.engine, &assignment, &inquiry), 0);
    struct facts *facts = fixture_facts(NULL, inquiry.user);
    ck_assert_int_eq(engine_retry(&fixture.engine, assignment, facts), 0);
    facts_free(facts);
    inquiry_deinit(&inquiry);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    acts_pass(&fixture, 3599);
    ck_assert(fixture_gate_opens(&fixture, "alice", "asked"));
    acts_pass(&fixture, 1);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "asked"));
}
END_TEST

START_TEST(test_cancel_before_start)
{
    json_t *value = NULL;
    char *names[] = {(char *)"fixed", NULL};
    const struct submission submission = {.packages = names, .start = FIXTURE_NOW + 1000};
    ck_assert_int_eq(acts_submit(&fixture, "alice", &submission, &value), 0);
    ck_assert_str_eq(acts_text(value, "state"), "approved");
    ck_assert(json_is_true(json_object_get(value, "may_cancel")));
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(acts_cancel(&fixture, "alice", id, "", NULL), 0);
    acts_pass(&fixture, 2000);
    ck_assert_str_eq(fixture_state(&fixture, id), "cancelled");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "fixed"));
}
END_TEST

/* Rule 9 at fulfilment: whoever is not eligible any more when the start comes is given nothing. */
START_TEST(test_eligibility_at_the_start)
{
    json_t *value = NULL;
    char *names[] = {(char *)"asked", NULL};
    const struct submission submission = {.packages = names, .start = FIXTURE_NOW + 10};
    ck_assert_int_eq(acts_submit(&fixture, "alice", &submission, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    acts_pass(&fixture, 10);
    int64_t assignment = 0;
    struct inquiry inquiry = INQUIRY_EMPTY;
    ck_assert_int_eq(engine_take_due_retry(&fixture.engine, &assignment, &inquiry), 0);
    struct facts *facts = fixture_facts(NULL, inquiry.user);
    strv_free(facts->user->groups);
    facts->user->groups = strv_split("alice");
    ck_assert_int_eq(engine_retry(&fixture.engine, assignment, facts), 0);
    facts_free(facts);
    inquiry_deinit(&inquiry);
    ck_assert_str_eq(fixture_state(&fixture, id), "revoked");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "asked"));
}
END_TEST

static int submit_later(const char *user, const char *package, int64_t start, json_t **ret_value)
{
    char *names[] = {(char *)package, NULL};
    const struct submission submission = {.packages = names, .start = start};
    return acts_submit(&fixture, user, &submission, ret_value);
}

static void hold_unasked(const char *user, uid_t uid, const char *package)
{
    struct assignment assignment = {.package = (char *)package,
                                    .user = (char *)user,
                                    .uid = uid,
                                    .state = STATE_FULFILLED,
                                    .span = {fixture.now, fixture.now + 9999}};
    ck_assert_int_eq(store_add_assignment(fixture.engine.store, &assignment), 0);
}

/* Rule 7, where the policy asks nobody: one that waits for its start is not filed again beside itself. */
/* Rule 14: the group of this name is another one by the start. */
START_TEST(test_other_group_at_the_start)
{
    json_t *value = NULL;
    char *names[] = {(char *)"asked", NULL};
    const struct submission submission = {.packages = names, .start = FIXTURE_NOW + 10};
    ck_assert_int_eq(acts_submit(&fixture, "alice", &submission, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    acts_pass(&fixture, 10);
    struct facts *facts = fixture_facts(NULL, "alice");
    facts->groups[0].gid = facts->groups[1].gid = 2002;
    acts_retry_due(&fixture, facts);
    ck_assert_str_eq(fixture_state(&fixture, id), "revoked");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "asked"));
}
END_TEST

START_TEST(test_one_at_a_time)
{
    json_t *value = NULL;
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + 1000, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "fixed", "x", &value), 0);
    ck_assert_int_eq(fixture_id(value), id);
    acts_pass(&fixture, 1000);
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
}
END_TEST

/* However it came about: what begins, or is approved, beside what is held stops nothing else. */
START_TEST(test_held_meanwhile)
{
    json_t *value = NULL;
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + 1000, &value), 0);
    const int64_t later = fixture_id(value);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", &value), 0);
    const int64_t pending = fixture_id(value);
    hold_unasked("alice", ALICE, "fixed");
    hold_unasked("alice", ALICE, "asked");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", pending, true, "", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "holds asked already"));
    acts_pass(&fixture, 1000);
    ck_assert_str_eq(fixture_state(&fixture, later), "cancelled");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", pending, false, "no", NULL), 0);
}
END_TEST

/* No sum with a clock overflows, and nothing waits for ever. */
START_TEST(test_out_of_range)
{
    json_t *value = NULL;
    const int64_t year = (int64_t)366 * 24 * 3600;
    ck_assert_int_eq(submit_later("alice", "fixed", INT64_MAX, NULL), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + year + 1, NULL),
                     BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + year, NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", &value), 0);
    const int64_t id = fixture_id(value);
    const struct decision_terms never = {.reason = "", .start = INT64_MAX};
    ck_assert_int_eq(acts_approve(&fixture, "bob", id, &never, NULL), BUS_ERROR_INVALID_ARGUMENT);
    const struct assign_terms ever = {.package = "fixed", .reason = "", .duration = INT64_MAX - 1};
    const struct assign_terms late = {.package = "fixed", .reason = "", .start = INT64_MAX};
    ck_assert_int_eq(acts_assign(&fixture, "dave", &ever, NULL), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(acts_assign(&fixture, "dave", &late, NULL), BUS_ERROR_INVALID_ARGUMENT);
    acts_hold(&fixture, "dave", "free");
    ck_assert_int_eq(acts_extend(&fixture, "dave", "free", INT64_MAX - 1, NULL), BUS_ERROR_INVALID_ARGUMENT);
}
END_TEST

/* Rule 8: nobody looked at its start, but its time began there; a clock that passes both leaves nothing. */
START_TEST(test_start_was_missed)
{
    json_t *value = NULL;
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + 1000, NULL), 0);
    acts_pass(&fixture, 2800);
    acts_retry_due(&fixture, NULL);
    ck_assert(fixture_gate_opens(&fixture, "alice", "fixed"));
    acts_pass(&fixture, 1799);
    ck_assert(fixture_gate_opens(&fixture, "alice", "fixed"));
    acts_pass(&fixture, 1);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "fixed"));

    ck_assert_int_eq(submit_later("alice", "fixed", fixture.now + 1000, &value), 0);
    const int64_t id = fixture_id(value);
    acts_pass(&fixture, 1000 + 3600);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
}
END_TEST

/* Nobody looked for a while: what ended before its start stands in its way no more. */
START_TEST(test_start_behind_a_missed_end)
{
    json_t *value = NULL;
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + 10000, &value), 0);
    const int64_t id = fixture_id(value);
    hold_unasked("alice", ALICE, "fixed"); /* to FIXTURE_NOW + 9999 */
    acts_pass(&fixture, 10100);
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(fixture_gate_opens(&fixture, "alice", "fixed"));
}
END_TEST

/* What was approved for later can be taken back before it begins. */
START_TEST(test_revoke_before_start)
{
    json_t *value = NULL;
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + 1000, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "fixed", "left the team"), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "cancelled");
    ck_assert_int_eq(acts_count(&fixture,
                                "SELECT count(*) FROM audit WHERE actor = 'root' AND event = 'cancel' AND"
                                " detail = 'left the team'"),
                     1);
    acts_pass(&fixture, 2000);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "fixed"));
}
END_TEST

/* An administrator's word answers all that waits. */
START_TEST(test_assign_answers_what_waits)
{
    json_t *value = NULL;
    ck_assert_int_eq(submit_later("alice", "asked", FIXTURE_NOW + 1000, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    const struct assign_terms terms = {.package = "asked", .reason = "now"};
    ck_assert_int_eq(acts_assign(&fixture, "alice", &terms, NULL), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "cancelled");
    acts_pass(&fixture, 1000);
    ck_assert(fixture_gate_opens(&fixture, "alice", "asked"));
}
END_TEST

/* Two requests that exclude each other since the policy changed: the first to be approved gets it. */
START_TEST(test_duties_shut_nobody_out)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", &value), 0);
    const int64_t first = fixture_id(value);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "audit", "x", &value), 0);
    const int64_t second = fixture_id(value);
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + 100, &value), 0);
    const int64_t third = fixture_id(value);
    fixture_write_package(&fixture, "audit", AUDIT "incompatible = asked fixed\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "audit", "x", &value), 0);
    json_decref(value);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", first, true, "", NULL), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", second, true, "", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "which alice holds"));
    hold_unasked("alice", ALICE, "audit");
    acts_pass(&fixture, 100);
    ck_assert_str_eq(fixture_state(&fixture, third), "cancelled"); /* rule 9 at its start */
}
END_TEST

int main(void)
{
    suite_case("later", setup, fixture_teardown);
    suite_add(test_scheduled_start, test_cancel_before_start, test_eligibility_at_the_start,
              test_other_group_at_the_start, test_one_at_a_time, test_held_meanwhile, test_out_of_range,
              test_start_was_missed, test_start_behind_a_missed_end, test_revoke_before_start,
              test_assign_answers_what_waits, test_duties_shut_nobody_out);
    return suite_run();
}
