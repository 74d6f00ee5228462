/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A policy that is edited (edited.h): for how long, and what it gives. */
#include "common/duration.h"
#include "tests/support/suite.h"
#include "tests/unit/edited.h"

/* The time that was asked for is the request's; the policy's own is for new ones. */
START_TEST(test_duration)
{
    const int64_t id = ask();
    edit(HEAD "duration = 30m\nmax_duration = 2h\n" BY_BOB);
    ck_assert_int_eq(approve("bob", id), 0);
    ck_assert_int_eq(held_until("alice"), FIXTURE_NOW + 3600);
    edit(HEAD "duration = 10m\nmax_duration = 20m\n" BY_BOB);
    ck_assert_int_eq(held_until("alice"), FIXTURE_NOW + 3600); /* held: to its end */
}
END_TEST

/* Never more than the policy allows by now: the approval gives that, and says so. */
START_TEST(test_max_duration)
{
    json_t *value = NULL;
    const int64_t id = ask_for(7200, 0);
    edit(HEAD "duration = 10m\nmax_duration = 20m\n" BY_BOB);
    const struct decision_terms hour = {.reason = "", .duration = 3600};
    ck_assert_int_eq(acts_approve(&fixture, "bob", id, &hour, &value), 0);
    ck_assert_int_eq(acts_number(value, "duration"), 7200);
    ck_assert_int_eq(acts_number(value, "granted"), 1200);
    ck_assert_int_eq(acts_number(value, "assignment_end"), FIXTURE_NOW + 1200);
    json_decref(value);
}
END_TEST

START_TEST(test_max_duration_from_forever)
{
    json_t *value = NULL;
    edit(HEAD "duration = 1h\nmax_duration = forever\n" BY_BOB);
    const int64_t id = ask_for(DURATION_FOREVER, 0);
    edit(BASE);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", &value), 0);
    ck_assert_int_eq(acts_number(value, "granted"), 7200);
    ck_assert_int_eq(acts_number(value, "assignment_end"), FIXTURE_NOW + 7200);
    json_decref(value);
    /* Held without an end before: to no end, until an administrator ends it. */
    const struct assign_terms terms = {.package = "edited", .reason = "x", .duration = DURATION_FOREVER};
    ck_assert_int_eq(acts_assign(&fixture, "dave", &terms, NULL), 0);
    edit(HEAD "duration = 10m\n" BY_BOB);
    ck_assert_int_eq(held_until("dave"), GRANT_FOREVER);
}
END_TEST

/* Between its approval and its start as well. */
START_TEST(test_max_duration_before_the_start)
{
    const int64_t id = ask_for(7200, FIXTURE_NOW + 1000);
    ck_assert_int_eq(approve("bob", id), 0);
    edit(HEAD "duration = 10m\nmax_duration = 20m\n" BY_BOB);
    acts_pass(&fixture, 1000);
    acts_retry_due(&fixture, NULL);
    ck_assert_int_eq(held_until("alice"), FIXTURE_NOW + 1000 + 1200);
}
END_TEST

START_TEST(test_max_duration_of_an_extension)
{
    json_t *value = NULL;
    ck_assert_int_eq(approve("bob", ask()), 0);
    const int64_t id = extension(7200);
    edit(HEAD "duration = 10m\nmax_duration = 20m\nextension = approval\n" BY_BOB);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", &value), 0);
    ck_assert_int_eq(acts_number(value, "granted"), 1200);
    json_decref(value);
    ck_assert_int_eq(held_until("alice"), FIXTURE_NOW + 3600 + 1200);
}
END_TEST

START_TEST(test_max_total_of_an_extension)
{
    ck_assert_int_eq(approve("bob", ask()), 0);
    const int64_t id = extension(7200);
    edit(BASE "max_total = 2h\n");
    ck_assert_int_eq(approve("bob", id), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "may last at most 2 h"));
    const struct decision_terms hour = {.reason = "", .duration = 3600};
    ck_assert_int_eq(acts_approve(&fixture, "bob", id, &hour, NULL), 0);
    ck_assert_int_eq(held_until("alice"), FIXTURE_NOW + 7200);
}
END_TEST

/* An extension that waits does not shorten what is held, and neither does the policy that allows none any more. */
START_TEST(test_extension_switched_off)
{
    ck_assert_int_eq(approve("bob", ask()), 0);
    const int64_t id = extension(60);
    edit(HEAD "duration = 1h\nmax_duration = 2h\n" BY_BOB);
    ck_assert_int_eq(approve("bob", id), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "you can deny it"));
    ck_assert_ptr_nonnull(strstr(fixture_message, "allows no extension"));
    ck_assert_int_eq(held_until("alice"), FIXTURE_NOW + 3600);
    edit(BASE);
    ck_assert_int_eq(approve("bob", id), 0);
}
END_TEST

START_TEST(test_extension_at_once_by_now)
{
    json_t *value = NULL;
    ck_assert_int_eq(approve("bob", ask()), 0);
    const int64_t id = extension(60);
    edit(HEAD "duration = 1h\nextension = allowed\nmax_total = 2h\n" BY_BOB);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "edited", 60, &value), 0);
    ck_assert_int_eq(fixture_id(value), id); /* rule 7: the one that waits */
    ck_assert_int_eq(held_until("alice"), FIXTURE_NOW + 3600);
}
END_TEST

#define WITH(groups) "[package]\ngroups = " groups "\n[policy]\nrequestors = %staff\n" TERMS BY_BOB

/* Before it is fulfilled: whoever is given it is given what the package gives now. */
START_TEST(test_groups_before)
{
    const int64_t id = ask();
    edit(WITH("backup"));
    ck_assert_int_eq(approve("bob", id), 0);
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
}
END_TEST

/* Afterwards: who holds it has what was given, no less and no more, to the end; an extension changes nothing of that. */
START_TEST(test_groups_after)
{
    ck_assert_int_eq(approve("bob", ask()), 0);
    edit(WITH("backup"));
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    ck_assert_int_eq(approve("bob", extension(60)), 0);
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    acts_pass(&fixture, 3660);
    ck_assert_int_eq(approve("bob", ask()), 0);
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
}
END_TEST

/* In between, while a group is missing: what the package gives no more is not waited for, and what is new in it needs a new
 * request (rule 14); what is in place stays. */
START_TEST(test_groups_of_a_partial_one)
{
    edit(WITH("dbadmins bakcup")); /* misspelled */
    const int64_t id = ask();
    ck_assert_int_eq(approve("bob", id), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    edit(WITH("backup"));
    acts_pass(&fixture, 60);
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM \"grant\" WHERE name = 'bakcup'"), 0);
}
END_TEST

static int64_t approved_for_later(void)
{
    json_t *value = NULL;
    char *packages[] = {(char *)"edited", NULL};
    const struct submission submission = {
        .packages = packages, .justification = "x", .start = FIXTURE_NOW + 60};
    ck_assert_int_eq(acts_submit(&fixture, "alice", &submission, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(approve("bob", id), 0);
    return id;
}

/* Approved for later: no more than the approver saw, and no less than the package still gives (rule 14). */
START_TEST(test_groups_before_a_start)
{
    edit(WITH("dbadmins"));
    approved_for_later();
    edit(WITH("backup dbadmins"));
    acts_pass(&fixture, 60);
    acts_retry_due(&fixture, NULL);
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
}
END_TEST

START_TEST(test_groups_all_replaced)
{
    edit(WITH("dbadmins"));
    const int64_t id = approved_for_later();
    edit(WITH("backup"));
    acts_pass(&fixture, 60);
    ck_assert_str_eq(fixture_state(&fixture, id), "cancelled");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "edited"));
}
END_TEST

/* From before there was a bound: what the policy says at the start of the version that has one. */
START_TEST(test_groups_unbound)
{
    edit(WITH("dbadmins"));
    approved_for_later();
    acts_query(&fixture, "UPDATE request SET groups = NULL RETURNING 1");
    ck_assert_int_eq(engine_start(&fixture.engine, false), 0);
    edit(WITH("backup dbadmins"));
    acts_pass(&fixture, 60);
    acts_retry_due(&fixture, NULL);
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
}
END_TEST

/* Removed while a group is missing: nothing is known of what it gave but what it was. */
START_TEST(test_removed_while_partial)
{
    edit(WITH("dbadmins bakcup"));
    const int64_t id = ask();
    ck_assert_int_eq(approve("bob", id), 0);
    acts_remove_package(&fixture, "edited");
    fixture_reload(&fixture);
    acts_pass(&fixture, 60);
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM \"grant\" WHERE name = 'bakcup'"), 1);
}
END_TEST

/* Its file is taken away and put back: what waits waits, what is held is held, and goes on then. */
START_TEST(test_removed_and_put_back)
{
    const int64_t later = ask_for(0, FIXTURE_NOW + 1000);
    acts_remove_package(&fixture, "edited");
    fixture_reload(&fixture);
    ck_assert_int_eq(approve("bob", later), BUS_ERROR_POLICY_REFUSED);
    fixture_write_package(&fixture, "edited", BASE);
    fixture_reload(&fixture);
    ck_assert_int_eq(approve("bob", later), 0);
    acts_pass(&fixture, 1000);
    acts_retry_due(&fixture, NULL);
    acts_remove_package(&fixture, "edited");
    fixture_reload(&fixture);
    ck_assert(fixture_gate_opens(&fixture, "alice", "edited"));
    ck_assert_int_eq(acts_extend(&fixture, "alice", "edited", 60, NULL), BUS_ERROR_POLICY_REFUSED);
    fixture_write_package(&fixture, "edited", BASE);
    fixture_reload(&fixture);
    ck_assert_int_eq(approve("bob", extension(60)), 0);
    ck_assert_int_eq(held_until("alice"), FIXTURE_NOW + 1000 + 3600 + 60);
}
END_TEST

/* At its start it is not in packages.d: it does not begin. */
START_TEST(test_removed_at_the_start)
{
    const int64_t id = ask_for(0, FIXTURE_NOW + 1000);
    ck_assert_int_eq(approve("bob", id), 0);
    acts_remove_package(&fixture, "edited");
    fixture_reload(&fixture);
    ck_assert_str_eq(fixture_state(&fixture, id), "approved");
    acts_pass(&fixture, 1000);
    ck_assert_str_eq(fixture_state(&fixture, id), "cancelled");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "edited"));
}
END_TEST

int main(void)
{
    suite_case("policy terms", setup, fixture_teardown);
    suite_add(test_duration, test_max_duration, test_max_duration_from_forever,
              test_max_duration_before_the_start, test_max_duration_of_an_extension,
              test_max_total_of_an_extension, test_extension_switched_off, test_extension_at_once_by_now,
              test_groups_before, test_groups_after, test_groups_of_a_partial_one, test_groups_before_a_start,
              test_groups_all_replaced, test_groups_unbound, test_removed_while_partial,
              test_removed_and_put_back, test_removed_at_the_start);
    return suite_run();
}
