/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends by the calendar: of a request (until), of a package (not_after), and when an extension may be asked for. */
#include "common/duration.h"
#include "helperd/config/package_text.h"
#include "tests/support/suite.h"
#include "tests/unit/edited.h"

/* Its last day begins at FIXTURE_NOW + 10 h: 2025-11-24T08:12:20Z. */
enum { LAST = FIXTURE_NOW + 36000, HOUR = 3600 };
#define ENDS "not_after = 2025-11-24T08:12:20Z\n"
#define LONG "duration = 8h\nmax_duration = 3d\nextension = approval\nmax_total = 30d\n"

static int ask_until(int64_t until, int64_t start, json_t **ret)
{
    char *names[] = {(char *)"edited", NULL};
    const struct submission submission = {
        .packages = names, .justification = "x", .until = until, .start = start};
    return acts_submit(&fixture, "alice", &submission, ret);
}

static int64_t asked_until(int64_t until)
{
    json_t *value = NULL;
    ck_assert_msg(ask_until(until, 0, &value) == 0, "%s", fixture_message);
    ck_assert_int_eq(acts_number(value, "until"), until);
    return fixture_id(value);
}

static int64_t end_of(int64_t id)
{
    json_t *value = acts_look(&fixture, id);
    const int64_t end = acts_number(value, "assignment_end");
    json_decref(value);
    return end;
}

static int extend_until(int64_t until, json_t **ret)
{
    const struct call *call = fixture_call(&fixture, "alice", NULL);
    return fixture_answer(engine_extend(call, "edited", "more", (struct wish){.until = until}), ret);
}

static void says(int result, int wanted, const char *what)
{
    ck_assert_msg(result == wanted && strstr(fixture_message, what), "%d: %s", result, fixture_message);
}

/* ---- of a request ---- */

/* The end that was asked for holds, however long the approval took; a duration begins with the access (rule 8). */
START_TEST(test_until_is_an_end)
{
    edit(HEAD LONG BY_BOB);
    const int64_t id = asked_until(FIXTURE_NOW + 5 * HOUR);
    acts_pass(&fixture, HOUR);
    ck_assert_int_eq(approve("bob", id), 0);
    ck_assert_int_eq(end_of(id), FIXTURE_NOW + 5 * HOUR);
    acts_pass(&fixture, 4 * HOUR - 1);
    ck_assert(fixture_gate_opens(&fixture, "alice", "edited"));
    acts_pass(&fixture, 1);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "edited"));
}
END_TEST

START_TEST(test_until_with_a_start)
{
    json_t *value = NULL;
    edit(HEAD LONG BY_BOB);
    ck_assert_int_eq(ask_until(FIXTURE_NOW + 5 * HOUR, FIXTURE_NOW + 4 * HOUR, &value), 0);
    ck_assert_int_eq(acts_number(value, "duration"), HOUR);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(approve("bob", id), 0);
    acts_pass(&fixture, 4 * HOUR);
    acts_retry_due(&fixture, NULL);
    ck_assert_int_eq(end_of(id), FIXTURE_NOW + 5 * HOUR);
}
END_TEST

START_TEST(test_bad_ends)
{
    edit(HEAD LONG BY_BOB);
    says(ask_until(FIXTURE_NOW, 0, NULL), BUS_ERROR_INVALID_ARGUMENT,
         "before it begins. Please give a later");
    says(ask_until(FIXTURE_NOW + 60, FIXTURE_NOW + 60, NULL), BUS_ERROR_INVALID_ARGUMENT, "a later end");
    says(ask_until(FIXTURE_NOW + DURATION_MAX + 1, 0, NULL), BUS_ERROR_INVALID_ARGUMENT, "ten years");
    says(ask_until(INT64_MAX, 0, NULL), BUS_ERROR_INVALID_ARGUMENT, "ten years");
    says(ask_until(FIXTURE_NOW + 72 * HOUR + 1, 0, NULL), BUS_ERROR_POLICY_REFUSED,
         "at most 3 d at a time. The longest: pkg-request submit edited -d 3d");
    ck_assert_int_eq(ask_until(FIXTURE_NOW + 72 * HOUR, 0, NULL), 0);
    char *names[] = {(char *)"other", NULL};
    const struct submission both = {.packages = names, .duration = 60, .until = FIXTURE_NOW + 60};
    says(acts_submit(&fixture, "alice", &both, NULL), BUS_ERROR_INVALID_ARGUMENT, "one of the two");
}
END_TEST

/* Behind its end nothing can be given, so it waits no longer. */
START_TEST(test_a_request_expires_with_its_end)
{
    edit(HEAD LONG BY_BOB);
    const int64_t id = asked_until(FIXTURE_NOW + HOUR);
    json_t *value = acts_look(&fixture, id);
    ck_assert_int_eq(acts_number(value, "expires"), FIXTURE_NOW + HOUR);
    json_decref(value);
    acts_pass(&fixture, HOUR);
    ck_assert_str_eq(fixture_state(&fixture, id), "expired");
    ck_assert_int_eq(approve("bob", id), BUS_ERROR_ALREADY_DECIDED);
}
END_TEST

/* Rule 14: what was seen is what is decided, the end with it. */
START_TEST(test_the_end_is_in_the_text)
{
    edit(HEAD LONG BY_BOB);
    const int64_t id = asked_until(FIXTURE_NOW + HOUR);
    json_t *value = acts_look(&fixture, id);
    ck_assert_ptr_nonnull(strstr(acts_text(value, "text"), "\nuntil 1763939540\n"));
    json_decref(value);
}
END_TEST

START_TEST(test_an_approver_gives_an_earlier_end)
{
    edit(HEAD LONG BY_BOB);
    const int64_t id = asked_until(FIXTURE_NOW + 5 * HOUR);
    const struct decision_terms later = {.reason = "", .until = FIXTURE_NOW + 5 * HOUR + 1};
    const struct decision_terms past = {.reason = "", .until = FIXTURE_NOW};
    const struct decision_terms both = {.reason = "", .until = FIXTURE_NOW + 60, .duration = 60};
    const struct decision_terms earlier = {.reason = "", .until = FIXTURE_NOW + 3 * HOUR};
    says(acts_approve(&fixture, "bob", id, &later, NULL), BUS_ERROR_POLICY_REFUSED,
         "asks for it until Mon 2025-11-24 03:12 UTC; an approver can give less, not more");
    says(acts_approve(&fixture, "bob", id, &past, NULL), BUS_ERROR_INVALID_ARGUMENT, "before it begins");
    says(acts_approve(&fixture, "bob", id, &both, NULL), BUS_ERROR_INVALID_ARGUMENT, "one of the two");
    acts_pass(&fixture, HOUR);
    ck_assert_int_eq(acts_approve(&fixture, "bob", id, &earlier, NULL), 0);
    ck_assert_int_eq(end_of(id), FIXTURE_NOW + 3 * HOUR);
    ck_assert_int_eq(acts_return(&fixture, "alice", "edited"), 0);

    const int64_t by_time = ask_for(2 * HOUR, 0); /* an end may be given where a duration was asked for */
    const int64_t now = fixture.now;
    const struct decision_terms longer = {.reason = "", .until = now + 2 * HOUR + 1};
    const struct decision_terms shorter = {.reason = "", .until = now + HOUR};
    says(acts_approve(&fixture, "bob", by_time, &longer, NULL), BUS_ERROR_POLICY_REFUSED,
         "is for 2 h; an approver can give less, not more");
    ck_assert_int_eq(acts_approve(&fixture, "bob", by_time, &shorter, NULL), 0);
    ck_assert_int_eq(end_of(by_time), now + HOUR);
}
END_TEST

/* What would be over when it begins is not approved, neither by a later start nor because another took long. */
START_TEST(test_nothing_is_approved_that_is_over)
{
    edit(HEAD LONG "[stage 1]\napprovers = bob carol\nquorum = 2\n");
    const int64_t id = asked_until(FIXTURE_NOW + 5 * HOUR);
    const struct decision_terms late = {.reason = "", .start = FIXTURE_NOW + 5 * HOUR};
    says(acts_approve(&fixture, "bob", id, &late, NULL), BUS_ERROR_POLICY_REFUSED,
         "would give nothing: it begins only when it ends, on Mon 2025-11-24 03:12 UTC. Please give an "
         "earlier start");
    const struct decision_terms earlier = {.reason = "", .until = FIXTURE_NOW + HOUR};
    ck_assert_int_eq(acts_approve(&fixture, "bob", id, &earlier, NULL), 0);
    json_t *value = acts_look(&fixture, id);
    ck_assert_int_eq(acts_number(value, "expires"), FIXTURE_NOW + HOUR);
    json_decref(value);
    acts_pass(&fixture, HOUR);
    ck_assert_int_eq(approve("carol", id), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_str_eq(fixture_state(&fixture, id), "expired");
}
END_TEST

START_TEST(test_assigned_until)
{
    json_t *value = NULL;
    const struct assign_terms terms = {.package = "edited", .reason = "x", .until = FIXTURE_NOW + 9 * HOUR};
    ck_assert_int_eq(acts_assign(&fixture, "dave", &terms, &value), 0);
    ck_assert_int_eq(acts_number(value, "assignment_end"), FIXTURE_NOW + 9 * HOUR);
    json_decref(value);
}
END_TEST

/* ---- of an extension ---- */

START_TEST(test_extension_until)
{
    json_t *value = NULL;
    edit(HEAD LONG BY_BOB);
    const int64_t held = asked_until(FIXTURE_NOW + 5 * HOUR);
    ck_assert_int_eq(approve("bob", held), 0);
    says(extend_until(FIXTURE_NOW + 5 * HOUR, NULL), BUS_ERROR_POLICY_REFUSED,
         "lasts until Mon 2025-11-24 03:12 UTC anyway. Please ask for a later end");
    says(extend_until(FIXTURE_NOW + 77 * HOUR + 1, NULL), BUS_ERROR_POLICY_REFUSED, "at most 3 d at a time");
    ck_assert_int_eq(extend_until(FIXTURE_NOW + 7 * HOUR, &value), 0);
    /* An approver sees both ends. */
    ck_assert_int_eq(acts_number(value, "present_end"), FIXTURE_NOW + 5 * HOUR);
    ck_assert_int_eq(acts_number(value, "new_end"), FIXTURE_NOW + 7 * HOUR);
    ck_assert_int_eq(acts_number(value, "duration"), 2 * HOUR);
    ck_assert_int_eq(acts_number(value, "not_after"), 0);
    const int64_t id = fixture_id(value);
    ck_assert_str_eq(
        acts_query(&fixture,
                   "SELECT facts ->> 'present_end' || ' ' || (facts ->> 'new_end') FROM outbox WHERE"
                   " event = 'request-waits' AND request = %lld",
                   (long long)id),
        "1763953940 1763961140");
    const struct decision_terms less = {.reason = "", .until = FIXTURE_NOW + 6 * HOUR};
    const struct decision_terms none = {.reason = "", .until = FIXTURE_NOW + 5 * HOUR};
    says(acts_approve(&fixture, "bob", id, &none, NULL), BUS_ERROR_POLICY_REFUSED,
         "would give nothing until");
    ck_assert_int_eq(acts_approve(&fixture, "bob", id, &less, NULL), 0);
    ck_assert_int_eq(end_of(held), FIXTURE_NOW + 6 * HOUR);
    ck_assert_int_eq(extend_until(FIXTURE_NOW + 9 * HOUR, &value), 0); /* its own end is no bound any more */
    ck_assert_int_eq(approve("bob", fixture_id(value)), 0);
    ck_assert_int_eq(end_of(held), FIXTURE_NOW + 9 * HOUR);
}
END_TEST

/* Given, but the group is not there yet. */
static int64_t taken_without_group(void)
{
    struct facts *facts = fixture_facts("alice", NULL);
    char *names[] = {(char *)"edited", NULL};
    const struct submission submission = {.packages = names, .justification = "x"};
    json_t *value = NULL;
    for (size_t i = 0; i < facts->n_groups; i++)
        facts->groups[i].gid = GID_UNSET;
    const struct call *call = fixture_call_with(&fixture, fixture_caller("alice"), facts);
    ck_assert_int_eq(fixture_answer(engine_submit(call, &submission), &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    return id;
}

/* An end that is given to what is not in place yet holds when it is (of a duration: rule 8). */
START_TEST(test_extension_until_before_it_is_whole)
{
    edit(HEAD "duration = 2h\nmax_duration = 3d\nextension = allowed\napproval = none\n");
    const int64_t id = taken_without_group();
    ck_assert_int_eq(extend_until(FIXTURE_NOW + 3 * HOUR, NULL), 0);
    acts_pass(&fixture, HOUR);
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-extended");
    ck_assert_int_eq(end_of(id), FIXTURE_NOW + 3 * HOUR);
}
END_TEST

START_TEST(test_extension_of_what_has_no_end)
{
    edit(HEAD "duration = 1h\nmax_duration = forever\nextension = approval\n" BY_BOB);
    const int64_t id = ask_for(DURATION_FOREVER, 0);
    ck_assert_int_eq(approve("bob", id), 0);
    says(extend_until(FIXTURE_NOW + HOUR, NULL), BUS_ERROR_POLICY_REFUSED, "has no end");
}
END_TEST

START_TEST(test_window)
{
    json_t *value = NULL;
    edit(HEAD LONG "extend_window = 2h\n" BY_BOB);
    const int64_t id = ask_for(24 * HOUR, 0);
    ck_assert_int_eq(approve("bob", id), 0);
    says(acts_extend(&fixture, "alice", "edited", HOUR, NULL), BUS_ERROR_POLICY_REFUSED,
         "An extension of edited may be asked for in the last 2 h before the end: from Mon 2025-11-24 20:12 "
         "UTC on. Nothing was filed.");
    /* Nor is anybody told before: a tenth of the time would be 2 h 24 min. */
    ck_assert_str_eq(
        acts_query(&fixture, "SELECT notice_at FROM assignment WHERE request = %lld", (long long)id),
        "1764015140");
    acts_pass(&fixture, 22 * HOUR - 1);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "edited", HOUR, NULL), BUS_ERROR_POLICY_REFUSED);
    acts_pass(&fixture, 1);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "edited", HOUR, &value), 0);
    ck_assert_int_eq(approve("bob", fixture_id(value)), 0);
    ck_assert_int_eq(end_of(id), FIXTURE_NOW + 25 * HOUR);
}
END_TEST

/* ---- of a package ---- */

/* What would last longer is cut. */
START_TEST(test_nothing_lasts_longer)
{
    json_t *value = NULL;
    edit(HEAD LONG ENDS BY_BOB);
    const int64_t id = ask_for(24 * HOUR, 0);
    value = acts_look(&fixture, id);
    ck_assert_int_eq(acts_number(value, "not_after"), LAST); /* so that both read it before */
    json_decref(value);
    ck_assert_int_eq(approve("bob", id), 0);
    ck_assert_int_eq(end_of(id), LAST);
    says(acts_extend(&fixture, "alice", "edited", HOUR, NULL), BUS_ERROR_POLICY_REFUSED,
         "edited is given until Mon 2025-11-24 08:12 UTC at the latest (not_after in its file), and the "
         "access "
         "lasts until Mon 2025-11-24 08:12 UTC, so it cannot be extended.");
    const struct assign_terms terms = {.package = "edited", .reason = "x", .duration = DURATION_FOREVER};
    ck_assert_int_eq(acts_assign(&fixture, "dave", &terms, &value), 0);
    ck_assert_int_eq(acts_number(value, "assignment_end"), LAST);
    json_decref(value);
}
END_TEST

START_TEST(test_an_extension_is_cut)
{
    json_t *value = NULL;
    edit(HEAD LONG ENDS BY_BOB);
    const int64_t id = ask_for(8 * HOUR, 0);
    value = acts_look(&fixture, id);
    ck_assert_int_eq(acts_number(value, "not_after"), 0); /* it is not in the way */
    json_decref(value);
    ck_assert_int_eq(approve("bob", id), 0);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "edited", 24 * HOUR, &value), 0);
    ck_assert_int_eq(acts_number(value, "new_end"), LAST);
    ck_assert_int_eq(acts_number(value, "not_after"), LAST); /* so that both read why */
    ck_assert_int_eq(approve("bob", fixture_id(value)), 0);
    ck_assert_int_eq(end_of(id), LAST);
}
END_TEST

START_TEST(test_over)
{
    json_t *value = NULL;
    edit(HEAD LONG ENDS "emergency = dave\n" BY_BOB);
    says(ask_until(LAST + 7200, LAST, NULL), BUS_ERROR_POLICY_REFUSED,
         "is given until Mon 2025-11-24 08:12 UTC");
    const int64_t waits = ask();
    fixture.now = LAST;
    says(approve("bob", waits), BUS_ERROR_POLICY_REFUSED,
         "cannot be approved now; you can deny it. edited is given until Mon 2025-11-24 08:12 UTC at the "
         "latest");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", waits, false, "over", NULL), 0);
    says(fixture_submit(&fixture, "alice", "edited", "x", NULL), BUS_ERROR_POLICY_REFUSED,
         "edited is given until Mon 2025-11-24 08:12 UTC at the latest (not_after in its file). An "
         "administrator");
    says(acts_emergency(&fixture, "dave", "edited", "x", NULL), BUS_ERROR_POLICY_REFUSED, "is given until");
    const struct assign_terms terms = {.package = "edited", .reason = "x"};
    says(acts_assign(&fixture, "dave", &terms, NULL), BUS_ERROR_POLICY_REFUSED, "is given until");
    const struct call *call = fixture_call(&fixture, "alice", NULL);
    ck_assert_int_eq(fixture_answer(engine_list_packages(call), &value), 0);
    ck_assert(json_is_false(json_object_get(json_array_get(value, 0), "may_request")));
    json_decref(value);
}
END_TEST

/* What is held when the package gets an end keeps its own: it was approved so. */
START_TEST(test_a_later_policy_takes_nothing)
{
    edit(HEAD LONG BY_BOB);
    const int64_t id = ask_for(24 * HOUR, 0);
    ck_assert_int_eq(approve("bob", id), 0);
    edit(HEAD LONG ENDS BY_BOB);
    ck_assert_int_eq(end_of(id), FIXTURE_NOW + 24 * HOUR);
    says(acts_extend(&fixture, "alice", "edited", HOUR, NULL), BUS_ERROR_POLICY_REFUSED,
         "cannot be extended");
    acts_pass(&fixture, 12 * HOUR);
    ck_assert(fixture_gate_opens(&fixture, "alice", "edited"));
}
END_TEST

START_TEST(test_what_begins_too_late_does_not)
{
    const int64_t ahead = ask_for(0, LAST + HOUR);
    ck_assert_int_eq(approve("bob", ahead), 0);
    edit(HEAD LONG ENDS BY_BOB);
    acts_pass(&fixture, 11 * HOUR);
    ck_assert_str_eq(fixture_state(&fixture, ahead), "cancelled");
    json_t *value = acts_look(&fixture, ahead);
    ck_assert_ptr_nonnull(
        strstr(acts_text(value, "cancel_reason"), "that of the package (not_after), has passed"));
    json_decref(value);
}
END_TEST

/* What is not in place yet is not held: a package that is over gives it no more. */
START_TEST(test_what_is_not_in_place_when_it_is_over)
{
    edit(HEAD "duration = 24h\nmax_duration = 3d\napproval = none\n");
    const int64_t id = taken_without_group();
    edit(HEAD "duration = 24h\nmax_duration = 3d\napproval = none\n" ENDS);
    acts_pass(&fixture, LAST - FIXTURE_NOW);
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(fixture_state(&fixture, id), "revoked");
    ck_assert_str_eq(acts_query(&fixture, "SELECT end_reason FROM assignment"),
                     "the package's end (not_after) has passed");
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM outbox WHERE event = 'fulfilled'"), 0);
}
END_TEST

/* Nor is its end forgotten with the file. */
START_TEST(test_the_end_of_a_package_without_its_file)
{
    edit(HEAD "duration = 24h\nmax_duration = 3d\napproval = none\n" ENDS);
    const int64_t id = taken_without_group();
    ck_assert_int_eq(end_of(id), LAST);
    acts_remove_package(&fixture, "edited");
    fixture_reload(&fixture);
    acts_pass(&fixture, HOUR);
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert_int_eq(end_of(id), LAST);
}
END_TEST

/* Rule 14: what was approved until the package's end does not last longer because that is moved before it begins. */
START_TEST(test_a_later_end_of_the_package_gives_no_more)
{
    edit(HEAD LONG ENDS BY_BOB);
    const int64_t late = ask_for(24 * HOUR, FIXTURE_NOW + 2 * HOUR);
    ck_assert_int_eq(approve("bob", late), 0);
    edit(HEAD LONG "not_after = 2025-11-30\n" BY_BOB);
    acts_pass(&fixture, 2 * HOUR);
    acts_retry_due(&fixture, NULL);
    ck_assert_int_eq(end_of(late), LAST);
}
END_TEST

START_TEST(test_a_later_end_of_the_package_of_what_is_not_whole)
{
    struct facts *facts = fixture_facts("bob", "alice");
    edit(HEAD LONG ENDS BY_BOB);
    const int64_t id = ask_for(24 * HOUR, 0);
    for (size_t i = 0; i < facts->n_groups; i++)
        facts->groups[i].gid = GID_UNSET;
    ck_assert_int_eq(acts_approve_knowing(&fixture, "bob", facts, id, NULL), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    edit(HEAD LONG BY_BOB);
    acts_pass(&fixture, HOUR);
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert_int_eq(end_of(id), LAST);
}
END_TEST

/* Nor does an extension, of which one approver saw the end. */
START_TEST(test_a_later_end_of_the_package_extends_no_more)
{
    json_t *value = NULL;
    edit(HEAD LONG ENDS "[stage 1]\napprovers = bob\n[stage 2]\napprovers = carol\n");
    const int64_t held = ask_for(8 * HOUR, 0);
    ck_assert_int_eq(approve("bob", held), 0);
    ck_assert_int_eq(approve("carol", held), 0);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "edited", 24 * HOUR, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(approve("bob", id), 0);
    edit(HEAD LONG "[stage 1]\napprovers = bob\n[stage 2]\napprovers = carol\n");
    value = acts_look(&fixture, id);
    ck_assert_int_eq(acts_number(value, "new_end"), LAST); /* as the second one reads, too */
    json_decref(value);
    ck_assert_int_eq(approve("carol", id), 0);
    ck_assert_int_eq(end_of(held), LAST);
}
END_TEST

/* A package without the new keys has the text, and so the digest, that it had before there were any. */
START_TEST(test_keys_in_the_digest)
{
    char before[CANONICAL_DIGEST_MAX];
    strcpy(before, packages_find(fixture.packages, "edited")->digest);
    char *text = package_text(packages_find(fixture.packages, "edited"));
    ck_assert_ptr_null(strstr(text, "not-after"));
    ck_assert_ptr_null(strstr(text, "extend-window"));
    free(text);
    edit(BASE ENDS "extend_window = 1h\nemergency = dave\nreview_within = 1d\n");
    text = package_text(packages_find(fixture.packages, "edited"));
    ck_assert_ptr_nonnull(strstr(text, "\nnot-after 1763971940\nextend-window 3600\nreview-within 86400\n"));
    free(text);
    ck_assert_str_ne(before, packages_find(fixture.packages, "edited")->digest);
}
END_TEST

int main(void)
{
    suite_case("of a request", setup, fixture_teardown);
    suite_add(test_until_is_an_end, test_until_with_a_start, test_bad_ends,
              test_a_request_expires_with_its_end, test_the_end_is_in_the_text,
              test_an_approver_gives_an_earlier_end, test_nothing_is_approved_that_is_over,
              test_assigned_until);
    suite_case("of an extension", setup, fixture_teardown);
    suite_add(test_extension_until, test_extension_until_before_it_is_whole,
              test_extension_of_what_has_no_end, test_window);
    suite_case("of a package", setup, fixture_teardown);
    suite_add(test_nothing_lasts_longer, test_an_extension_is_cut, test_over,
              test_a_later_policy_takes_nothing, test_what_begins_too_late_does_not,
              test_what_is_not_in_place_when_it_is_over, test_the_end_of_a_package_without_its_file,
              test_a_later_end_of_the_package_gives_no_more,
              test_a_later_end_of_the_package_of_what_is_not_whole,
              test_a_later_end_of_the_package_extends_no_more, test_keys_in_the_digest);
    return suite_run();
}
