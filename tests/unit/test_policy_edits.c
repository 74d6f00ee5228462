/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A policy that is edited (edited.h): who decides, who may have it, pauses and limits. */
#include "tests/support/suite.h"
#include "tests/unit/edited.h"

/* The stage as it was filed: bob may, although the policy names carol by now, and carol may not. */
START_TEST(test_approvers)
{
    const int64_t id = ask();
    edit(HEAD TERMS "approvers = carol\n");
    ck_assert_int_eq(approve("carol", id), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(approve("bob", id), 0);
    ck_assert(fixture_gate_opens(&fixture, "alice", "edited"));
}
END_TEST

/* The next request is filed under the new one. */
START_TEST(test_approvers_of_the_next)
{
    const int64_t id = ask();
    edit(HEAD TERMS "approvers = carol\n");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, "no", NULL), 0);
    const int64_t next = ask();
    ck_assert_int_eq(approve("bob", next), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(approve("carol", next), 0);
}
END_TEST

START_TEST(test_quorum)
{
    edit(HEAD TERMS "[stage 1]\napprovers = bob carol\nquorum = 2\n");
    const int64_t two = ask();
    edit(BASE);
    ck_assert_int_eq(approve("bob", two), 0);
    ck_assert_str_eq(fixture_state(&fixture, two), "pending-approval"); /* two, as it was filed */
    ck_assert_int_eq(approve("carol", two), 0);
    ck_assert_str_eq(fixture_state(&fixture, two), "fulfilled");

    ck_assert_int_eq(acts_return(&fixture, "alice", "edited"), 0);
    const int64_t one = ask();
    edit(HEAD TERMS "[stage 1]\napprovers = bob carol\nquorum = 2\n");
    ck_assert_int_eq(approve("bob", one), 0);
    ck_assert_str_eq(fixture_state(&fixture, one), "fulfilled");
}
END_TEST

START_TEST(test_stages)
{
    const int64_t one = ask();
    edit(HEAD TERMS "[stage 1]\napprovers = bob\n[stage 2]\napprovers = carol\n");
    ck_assert_int_eq(approve("bob", one), 0);
    ck_assert_str_eq(fixture_state(&fixture, one), "fulfilled"); /* no stage was added to it */

    ck_assert_int_eq(acts_return(&fixture, "alice", "edited"), 0);
    const int64_t two = ask();
    edit(BASE);
    ck_assert_int_eq(approve("bob", two), 0);
    ck_assert_str_eq(fixture_state(&fixture, two), "pending-approval"); /* none was taken away */
    ck_assert_int_eq(approve("carol", two), 0);
    ck_assert_str_eq(fixture_state(&fixture, two), "fulfilled");
}
END_TEST

START_TEST(test_timeout)
{
    const int64_t day = ask();
    edit(BASE "approval_timeout = 1h\n");
    acts_pass(&fixture, 2 * 3600);
    ck_assert_str_eq(fixture_state(&fixture, day), "pending-approval");
    acts_pass(&fixture, 22 * 3600);
    ck_assert_str_eq(fixture_state(&fixture, day), "expired");
    const int64_t hour = ask();
    edit(BASE);
    acts_pass(&fixture, 3600);
    ck_assert_str_eq(fixture_state(&fixture, hour), "expired");
}
END_TEST

/* Approval is asked for no longer: the request waits as it was filed, and a repeated one shows it (rule 7); who cancels
 * it and asks anew is given at once. */
START_TEST(test_approval_required_to_none)
{
    json_t *value = NULL;
    const int64_t id = ask();
    edit(HEAD TERMS "approval = none\n");
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "edited", "x", &value), 0);
    ck_assert_int_eq(fixture_id(value), id);
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, "ask anew", NULL), 0);
    const int64_t next = ask();
    ck_assert_str_eq(fixture_state(&fixture, next), "fulfilled");
}
END_TEST

/* Approval is asked for by now: what nobody had to approve, and waits for its start, begins; the next one waits. */
START_TEST(test_approval_none_to_required)
{
    edit(HEAD TERMS "approval = none\n");
    const int64_t id = ask_for(0, FIXTURE_NOW + 1000);
    edit(BASE);
    acts_pass(&fixture, 1000);
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert_int_eq(acts_return(&fixture, "alice", "edited"), 0);
    ck_assert_str_eq(fixture_state(&fixture, ask()), "pending-approval");
}
END_TEST

START_TEST(test_requestors)
{
    const int64_t id = ask();
    edit("[package]\ngroups = dbadmins\n[policy]\nrequestors = dave\n" TERMS BY_BOB);
    ck_assert_int_eq(approve("bob", id), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "may no longer ask for edited"));
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, "not any more", NULL), 0);
    edit(BASE);
    const int64_t held = ask();
    ck_assert_int_eq(approve("bob", held), 0);
    edit("[package]\ngroups = dbadmins\n[policy]\nrequestors = dave\n" TERMS BY_BOB);
    ck_assert(fixture_gate_opens(&fixture, "alice", "edited")); /* to its end */
    ck_assert_int_eq(acts_extend(&fixture, "alice", "edited", 60, NULL), BUS_ERROR_POLICY_REFUSED);
}
END_TEST

START_TEST(test_requestors_before_the_start)
{
    const int64_t id = ask_for(0, FIXTURE_NOW + 1000);
    ck_assert_int_eq(approve("bob", id), 0);
    edit("[package]\ngroups = dbadmins\n[policy]\nrequestors = dave\n" TERMS BY_BOB);
    acts_pass(&fixture, 1000);
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(fixture_state(&fixture, id), "revoked");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "edited"));
}
END_TEST

/* It is asked for in new requests; what was filed without one waits as it is, and the approver sees that there is none. */
START_TEST(test_justification)
{
    json_t *value = NULL;
    char *names[] = {(char *)"edited", NULL};
    const struct submission silent = {.packages = names};
    ck_assert_int_eq(acts_submit(&fixture, "alice", &silent, &value), 0);
    const int64_t id = fixture_id(value);
    edit(BASE "justification = required\n");
    ck_assert_int_eq(acts_submit(&fixture, "dave", &silent, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", &value), 0);
    ck_assert_ptr_null(json_object_get(value, "justification"));
    json_decref(value);
}
END_TEST

START_TEST(test_incompatible)
{
    const int64_t id = ask();
    acts_hold(&fixture, "alice", "other");
    edit(BASE "incompatible = other\n");
    ck_assert_int_eq(approve("bob", id), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "cannot be approved now; you can deny it"));
    ck_assert_ptr_nonnull(strstr(fixture_message, "separation of duties"));
    ck_assert_int_eq(acts_return(&fixture, "alice", "other"), 0);
    ck_assert_int_eq(approve("bob", id), 0);
}
END_TEST

/* Between an administrator's word and its start too, unless the word was given over these very duties. */
START_TEST(test_incompatible_before_the_start)
{
    json_t *value = NULL;
    const struct assign_terms plain = {.package = "edited", .reason = "x", .start = FIXTURE_NOW + 1000};
    struct assign_terms forced = plain;
    forced.override_duties = true;
    acts_hold(&fixture, "alice", "other");
    acts_hold(&fixture, "dave", "other");
    ck_assert_int_eq(acts_assign(&fixture, "alice", &plain, &value), 0);
    const int64_t id = fixture_id(value);
    edit(BASE "incompatible = other\n");
    ck_assert_int_eq(acts_assign(&fixture, "dave", &forced, &value), 0);
    const int64_t over = fixture_id(value);
    acts_pass(&fixture, 1000);
    ck_assert_str_eq(fixture_state(&fixture, id), "cancelled");
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(fixture_state(&fixture, over), "fulfilled");
}
END_TEST

/* Who held both before keeps both to their ends; neither is prolonged beside the other. */
START_TEST(test_incompatible_with_what_is_held)
{
    const int64_t id = ask();
    ck_assert_int_eq(approve("bob", id), 0);
    acts_hold(&fixture, "alice", "other");
    const int64_t more = extension(60);
    edit(BASE "incompatible = other\n");
    ck_assert(fixture_gate_opens(&fixture, "alice", "edited"));
    ck_assert(fixture_gate_opens(&fixture, "alice", "other"));
    ck_assert_int_eq(approve("bob", more), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", more, false, "no", NULL), 0);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "edited", 60, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "separation of duties"));
    ck_assert_int_eq(held_until("alice"), FIXTURE_NOW + 3600);
}
END_TEST

/* A pause is as long as the policy says when somebody asks, not as it said at the denial. */
START_TEST(test_cooldown)
{
    ck_assert_int_eq(fixture_decide(&fixture, "bob", ask(), false, "no", NULL), 0);
    edit(BASE "cooldown = 1h\n");
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "edited", "x", NULL), BUS_ERROR_POLICY_REFUSED);
    edit(BASE "cooldown = 1m\n");
    acts_pass(&fixture, 60);
    ask();
}
END_TEST

/* An administrator who overrides the duties is on record with what would have refused it (rule 12). */
START_TEST(test_override_is_on_record)
{
    edit(BASE "incompatible = other\n");
    acts_hold(&fixture, "dave", "other");
    const struct assign_terms forced = {.package = "edited", .reason = "incident", .override_duties = true};
    ck_assert_int_eq(acts_assign(&fixture, "dave", &forced, NULL), 0);
    ck_assert_int_eq(acts_count(&fixture,
                                "SELECT count(*) FROM audit WHERE event = 'override' AND actor = 'root'"
                                " AND uid = 0 AND request = 2 AND detail LIKE '%together with other%'"),
                     1);
    ck_assert_int_eq(acts_assign(&fixture, "alice", &forced, NULL), 0); /* nothing was in the way */
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE event = 'override'"), 1);
}
END_TEST

int main(void)
{
    suite_case("policy edits", setup, fixture_teardown);
    suite_add(test_approvers, test_approvers_of_the_next, test_quorum, test_stages, test_timeout,
              test_approval_required_to_none, test_approval_none_to_required, test_requestors,
              test_requestors_before_the_start, test_justification, test_incompatible,
              test_incompatible_before_the_start, test_incompatible_with_what_is_held, test_cooldown,
              test_override_is_on_record);
    return suite_run();
}
