/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A policy that is edited while something is under way. What holds everywhere: a request keeps the stages that it was
 * filed under; whether its requestor may have it, for how long and beside what, and who is in a group, is judged now
 * (rule 9); what is held stays as it was given, to its end.
 */
#include "common/duration.h"
#include "common/grantdir.h"
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <string.h>

static struct fixture fixture;

#define HEAD   "[package]\ngroups = dbadmins\n[policy]\nrequestors = %staff\n"
#define TERMS  "duration = 1h\nmax_duration = 2h\nextension = approval\n"
#define BY_BOB "approvers = bob\n"
#define BASE   HEAD TERMS BY_BOB
#define OTHER  "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\n"

static void setup(void)
{
    fixture_init(&fixture, "edited", BASE, "other", OTHER, NULL);
}

static void edit(const char *text)
{
    fixture_write_package(&fixture, "edited", text);
    fixture_reload(&fixture);
}

static int64_t ask_for(int64_t duration, int64_t start)
{
    json_t *value = NULL;
    char *names[] = {(char *)"edited", NULL};
    const struct submission submission = {
        .packages = names, .justification = "x", .duration = duration, .start = start};
    ck_assert_msg(acts_submit(&fixture, "alice", &submission, &value) == 0, "%s", fixture_message);
    return fixture_id(value);
}

static int64_t ask(void)
{
    return ask_for(0, 0);
}

static int approve(const char *decider, int64_t id)
{
    return fixture_decide(&fixture, decider, id, true, "", NULL);
}

static int64_t extension(int64_t seconds)
{
    json_t *value = NULL;
    ck_assert_msg(acts_extend(&fixture, "alice", "edited", seconds, &value) == 0, "%s", fixture_message);
    return fixture_id(value);
}

static int64_t held_until(const char *user)
{
    struct grant_user file = {0};
    int64_t end = 0;
    if (grantdir_read_user(fixture.state, user, fixture.now, &file) < 0)
        return 0;
    for (size_t i = 0; i < file.n_packages; i++)
        if (strcmp(file.packages[i].name, "edited") == 0)
            end = file.packages[i].span.end;
    grant_user_deinit(&file);
    return end;
}

/* ---- who decides ------------------------------------------------------------------------------------------------- */

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

/* ---- who may have it --------------------------------------------------------------------------------------------- */

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

/* ---- for how long ------------------------------------------------------------------------------------------------ */

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
    edit(HEAD "duration = 1h\nextension = allowed\n" BY_BOB);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "edited", 60, &value), 0);
    ck_assert_int_eq(fixture_id(value), id); /* rule 7: the one that waits */
    ck_assert_int_eq(held_until("alice"), FIXTURE_NOW + 3600);
}
END_TEST

/* ---- what it gives ----------------------------------------------------------------------------------------------- */

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

/* In between, while a group is missing: the mended file is what it is completed from; what is in place stays. */
START_TEST(test_groups_of_a_partial_one)
{
    struct inquiry inquiry = INQUIRY_NOBODY;
    int64_t assignment = 0;
    edit(WITH("dbadmins bakcup")); /* misspelled */
    const int64_t id = ask();
    ck_assert_int_eq(approve("bob", id), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    edit(WITH("backup"));
    acts_pass(&fixture, 60);
    ck_assert_int_eq(engine_due_retry(&fixture.engine, &assignment, &inquiry), 0);
    ck_assert(strv_contains(inquiry.groups, "dbadmins")); /* all that it takes is looked up */
    ck_assert(strv_contains(inquiry.groups, "bakcup"));
    ck_assert(strv_contains(inquiry.groups, "backup"));
    inquiry_deinit(&inquiry);
    struct facts *facts = fixture_facts(NULL, "alice");
    ck_assert_int_eq(engine_retry(&fixture.engine, assignment, facts), 0);
    facts_free(facts);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM \"grant\" WHERE name = 'bakcup'"), 0);
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

/* ---- pauses and limits ------------------------------------------------------------------------------------------- */

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
    suite_case("policy_edits", setup, fixture_teardown);
    suite_add(test_approvers, test_approvers_of_the_next, test_quorum, test_stages, test_timeout,
              test_approval_required_to_none, test_approval_none_to_required, test_requestors,
              test_requestors_before_the_start, test_justification, test_incompatible,
              test_incompatible_before_the_start, test_incompatible_with_what_is_held, test_duration,
              test_max_duration, test_max_duration_from_forever, test_max_duration_before_the_start,
              test_max_duration_of_an_extension, test_max_total_of_an_extension, test_extension_switched_off,
              test_extension_at_once_by_now, test_groups_before, test_groups_after,
              test_groups_of_a_partial_one, test_removed_while_partial, test_removed_and_put_back,
              test_removed_at_the_start, test_cooldown, test_override_is_on_record);
    return suite_run();
}
