/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who can decide what waits: fallback approvers that are asked early or after their time, and requests that nobody can
 * decide.
 */
#include "common/names.h"
#include "helperd/lifecycle/lifecycle.h"
#include "tests/support/answer.h"
#include "tests/support/circles.h"
#include "tests/support/suite.h"

#include <string.h>

static struct fixture fixture;

static void setup(void)
{
    circles_setup(&fixture);
}

/* The events of a request after its filing, "escalate, undecidable". */
static const char *events_of(int64_t request)
{
    return acts_query(&fixture,
                      "SELECT coalesce(group_concat(event, ', '), '') FROM (SELECT event FROM audit"
                      " WHERE request = %d AND event <> 'submit' ORDER BY id)",
                      (int)request);
}

/* The group vanishes: a fallback approver may decide at once, before any survey has come by. */
START_TEST(test_vanished_at_the_decision)
{
    const int64_t id = circles_submit(&fixture, "alice", "early", true);
    ck_assert_int_eq(circles_decide(&fixture, "dave", UID_UNSET, id, true), BUS_ERROR_NOT_AUTHORIZED);
    circles_set_group(0, "leads", NULL);
    ck_assert_int_eq(circles_decide(&fixture, "dave", UID_UNSET, id, true), 0);
    ck_assert_str_eq(acts_text(circles_value, "request_state"), "approved");
    ck_assert_str_eq(events_of(id), "escalate, approve, fulfil"); /* rule 12 */
    ck_assert(fixture_gate_opens(&fixture, "alice", "early"));
}
END_TEST

/* The survey finds it out, and tells: who follows the request sees the fallback approvers named. */
START_TEST(test_vanished_at_a_survey)
{
    const int64_t id = circles_submit(&fixture, "alice", "early", true);
    ck_assert_uint_eq(json_array_size(json_object_get(circles_value, "approvers")), 1);
    circles_survey_all(&fixture);
    ck_assert_str_eq(events_of(id), "");
    circles_set_group(0, "leads", "");
    fixture.now += 60;
    fixture.changed = 0;
    circles_survey_all(&fixture);
    ck_assert_int_eq(fixture.changed, id);
    ck_assert_str_eq(events_of(id), "escalate");
    ck_assert_uint_eq(json_array_size(json_object_get(circles_show(&fixture, id), "approvers")), 3);
    ck_assert_int_eq(acts_number(circles_value, "escalated"), fixture.now);
    ck_assert(!json_object_get(circles_value, "undecidable"));
    fixture.now += 60;
    circles_survey_all(&fixture);
    ck_assert_str_eq(events_of(id), "escalate"); /* told once */
    /* Set once: the approvers come back, the fallback approvers stay. */
    fixture.changed = 0;
    circles_set_group(0, "leads", "bob");
    circles_survey_all(&fixture);
    ck_assert_str_eq(events_of(id), "escalate");
    ck_assert_int_eq(fixture.changed, 0);
    ck_assert_int_eq(circles_decide(&fixture, "dave", UID_UNSET, id, true), 0);
}
END_TEST

/* Only a request that was filed already knows; a new one is judged at once, in the answer of Submit. */
START_TEST(test_judged_at_submission)
{
    circles_set_group(0, "leads", "alice"); /* nobody but the requestor */
    const int64_t id = circles_submit(&fixture, "alice", "early", true);
    ck_assert_uint_eq(json_array_size(json_object_get(circles_value, "approvers")), 3);
    ck_assert_int_eq(circles_survey_due(&fixture), 0);
    const int64_t alone = circles_submit(&fixture, "alice", "alone", true);
    ck_assert(json_is_true(json_object_get(circles_value, "undecidable")));
    ck_assert_str_eq(acts_text(circles_value, "undecidable_why"), "nobody is left who may approve it");
    ck_assert_str_eq(events_of(id), "escalate");
    ck_assert_str_eq(events_of(alone), "undecidable");
    const int64_t other = circles_submit(&fixture, "bob", "alone", true); /* alice can */
    ck_assert(!json_object_get(circles_value, "undecidable"));
    ck_assert_str_eq(events_of(other), "");
}
END_TEST

/* Where the look-up could not tell, a survey follows. */
START_TEST(test_surveyed_after_submission)
{
    circles_set_group(0, "leads", NULL);
    const int64_t id = circles_submit(&fixture, "alice", "early", false);
    ck_assert_str_eq(events_of(id), "");
    ck_assert_int_eq(circles_survey_due(&fixture), 1);
    ck_assert_str_eq(events_of(id), "escalate");
    ck_assert_int_eq(circles_survey_due(&fixture), 0);
}
END_TEST

/* A stage that is entered later is looked at when it is entered. */
START_TEST(test_surveyed_after_advance)
{
    const int64_t id = circles_submit(&fixture, "alice", "staged", true);
    circles_set_group(0, "leads", NULL);
    ck_assert_int_eq(circles_decide(&fixture, "carol", UID_UNSET, id, true), 0);
    ck_assert_int_eq(acts_number(circles_value, "stage"), 2);
    ck_assert_int_eq(circles_survey_due(&fixture), 1);
    ck_assert_str_eq(events_of(id), "approve, escalate");
    ck_assert_int_eq(circles_decide(&fixture, "dave", UID_UNSET, id, true), 0);
    ck_assert_str_eq(acts_text(circles_value, "request_state"), "approved");
}
END_TEST

/* Nobody is asked early who is the requestor, or may not log in (rules 5 and 9). */
START_TEST(test_fallback_is_judged_like_approvers)
{
    circles_set_group(0, "leads", NULL);
    const int64_t id = circles_submit(&fixture, "dave", "later", true);
    ck_assert_int_eq(circles_decide(&fixture, "dave", UID_UNSET, id, true), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert(circles_is_undecidable(&fixture, id));
    const int64_t other = circles_submit(&fixture, "alice", "later", true);
    ck_assert_int_eq(circles_decide(&fixture, "bob", UID_UNSET, other, true), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(circles_decide(&fixture, "dave", UID_UNSET, other, false), 0);
}
END_TEST

START_TEST(test_undecidable_and_again)
{
    const int64_t id = circles_submit(&fixture, "alice", "alone", true);
    ck_assert_int_eq(circles_count_undecidable(&fixture), 0);
    circles_set_group(0, "leads", NULL);
    fixture.changed = 0;
    circles_survey_all(&fixture);
    ck_assert_int_eq(fixture.changed, id);
    ck_assert(circles_is_undecidable(&fixture, id));
    ck_assert_str_eq(acts_text(circles_value, "undecidable_why"),
                     "nobody is left who may approve it (%leads does not exist)");
    ck_assert_int_eq(circles_count_undecidable(&fixture), 1);
    circles_survey_all(&fixture);
    ck_assert_str_eq(events_of(id), "undecidable"); /* told once */

    circles_set_group(0, "leads", "bob");
    circles_survey_all(&fixture);
    ck_assert(!circles_is_undecidable(&fixture, id));
    ck_assert_int_eq(circles_count_undecidable(&fixture), 0);
    ck_assert_str_eq(events_of(id), "undecidable, decidable");
    ck_assert_int_eq(circles_decide(&fixture, "bob", UID_UNSET, id, true), 0);
}
END_TEST

START_TEST(test_one_of_two_is_left)
{
    const int64_t id = circles_submit(&fixture, "alice", "two", true);
    ck_assert_int_eq(circles_decide(&fixture, "bob", UID_UNSET, id, true), 0);
    circles_survey_all(&fixture);
    ck_assert(!circles_is_undecidable(&fixture, id)); /* carol is left, and bob's approval counts */
    circles_set_group(0, "leads", "bob");
    circles_survey_all(&fixture);
    ck_assert(circles_is_undecidable(&fixture, id));
    ck_assert_int_eq(circles_decide(&fixture, "carol", UID_UNSET, id, true), BUS_ERROR_NOT_AUTHORIZED);

    const int64_t own = circles_submit(&fixture, "carol", "two", true);
    ck_assert_str_eq(acts_text(circles_value, "undecidable_why"),
                     "it needs 2 more approvals, and only 1 more can be given");
    ck_assert_int_eq(circles_count_undecidable(&fixture), 2);
    ck_assert_int_eq(circles_decide(&fixture, "bob", UID_UNSET, own, false),
                     0); /* one denial still ends it */
    ck_assert_int_eq(circles_count_undecidable(&fixture), 1);
}
END_TEST

/* An approval may take two people out of the count: bob's account from carol's login. It is looked at at once. */
START_TEST(test_two_in_one)
{
    const int64_t alone = circles_submit(&fixture, "alice", "two", true);
    const int64_t helped = circles_submit(&fixture, "alice", "pair", true);
    ck_assert_int_eq(circles_decide(&fixture, "bob", CAROL, alone, true), 0);
    ck_assert_int_eq(circles_survey_due(&fixture), 1);
    ck_assert(circles_is_undecidable(&fixture, alone));
    ck_assert_int_eq(circles_decide(&fixture, "bob", CAROL, helped, true), 0);
    ck_assert_int_eq(circles_survey_due(&fixture), 1);
    ck_assert_str_eq(events_of(helped), "approve, escalate");
    ck_assert_int_eq(circles_decide(&fixture, "carol", UID_UNSET, helped, true), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_int_eq(circles_decide(&fixture, "dave", UID_UNSET, helped, true), 0);
    ck_assert_str_eq(acts_text(circles_value, "request_state"), "approved");
}
END_TEST

START_TEST(test_nologin)
{
    circles_submit(&fixture, "alice", "nologin", true);
    ck_assert_str_eq(acts_text(circles_value, "undecidable_why"),
                     "nobody is left who may approve it (erin may not log in)");
}
END_TEST

/* Long names are cut where a character ends, in a reason that is bounded: libdbus ends a process that sends half of
 * one. */
START_TEST(test_long_names)
{
    char text_of_package[2048] = CIRCLES_POLICY "approvers =";
    for (int i = 0; i < 6; i++) {
        strcat(text_of_package, "\n ");
        for (int shift = 0; shift <= i; shift++)
            strcat(text_of_package, "x");
        for (int j = 0; j < 25; j++)
            strcat(text_of_package, "\xe2\x82\xac");
    }
    strcat(text_of_package, "\n");
    fixture_write_package(&fixture, "euro", text_of_package);
    fixture_reload(&fixture);
    circles_submit(&fixture, "alice", "euro", true);
    const char *why = acts_text(circles_value, "undecidable_why");
    ck_assert(text_is_utf8(why));
    ck_assert_ptr_nonnull(strstr(why, "... does not exist)"));
    ck_assert_uint_lt(strlen(why), 511);
}
END_TEST

/* What ended is not counted, whatever it ended as. */
START_TEST(test_ended_is_not_counted)
{
    circles_set_group(0, "leads", "");
    const int64_t id = circles_submit(&fixture, "alice", "alone", true);
    ck_assert_int_eq(circles_count_undecidable(&fixture), 1);
    fixture.now += 24 * 3600;
    ck_assert_int_eq(circles_count_undecidable(&fixture), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "expired");
    circles_survey_all(&fixture);
    ck_assert_str_eq(events_of(id), "undecidable, time-out");
}
END_TEST

/* A directory that does not answer must not escalate, and alarms nobody; it is asked again. */
START_TEST(test_outage)
{
    int64_t due = 0;
    struct inquiry inquiry = INQUIRY_EMPTY;
    const int64_t id = circles_submit(&fixture, "alice", "early", true);
    const int64_t other = circles_submit(&fixture, "alice", "alone", true);
    circles_set_group(0, "leads", NULL);
    survey_plan_all(&fixture.engine);
    for (int i = 0; i < 2; i++) { /* tried twice, then the next one's turn comes */
        ck_assert_int_eq(engine_take_due_survey(&fixture.engine, &due, &inquiry), 0);
        ck_assert_int_eq(due, id);
        ck_assert_int_eq(engine_survey(&fixture.engine, due, NULL), 0);
        inquiry_deinit(&inquiry);
    }
    ck_assert_int_eq(engine_take_due_survey(&fixture.engine, &due, &inquiry), 0);
    ck_assert_int_eq(due, other);
    ck_assert_int_eq(engine_survey(&fixture.engine, due, NULL), 0);
    inquiry_deinit(&inquiry);
    ck_assert_str_eq(events_of(id), "");
    ck_assert_str_eq(events_of(other), "");
    ck_assert_int_eq(circles_survey_due(&fixture), 1); /* the second try */
    ck_assert_str_eq(events_of(other), "undecidable");
    circles_survey_all(&fixture);
    ck_assert_str_eq(events_of(id), "escalate");
}
END_TEST

/* The same when the look-up answers, but could not find this group out. */
START_TEST(test_unknown_group)
{
    int64_t due = 0;
    struct inquiry inquiry = INQUIRY_EMPTY;
    const int64_t id = circles_submit(&fixture, "alice", "early", true);
    survey_plan_all(&fixture.engine);
    ck_assert_int_eq(engine_take_due_survey(&fixture.engine, &due, &inquiry), 0);
    json_t *question = inquiry_to_json(&inquiry);
    json_t *lines = json_pack("[{s:o}]", "user", circles_subject("alice"));
    for (size_t i = 0; inquiry.principals[i]; i++)
        if (strcmp(inquiry.principals[i], "%leads") != 0)
            json_array_append_new(
                lines, json_pack("{s:I, s:b, s:b}", "principal", (json_int_t)i, "exists", 1, "whole", 1));
    struct facts *facts = answer_facts(question, lines);
    ck_assert_ptr_nonnull(facts);
    ck_assert_int_eq(engine_survey(&fixture.engine, due, facts), ENGINE_E_UNKNOWN);
    facts_free(facts);
    json_decref(question);
    inquiry_deinit(&inquiry);
    ck_assert_str_eq(events_of(id), "");
}
END_TEST

/* Some directories that are away say that there is nobody: then the requestor is missing, too. */
START_TEST(test_nobody_at_all)
{
    int64_t due = 0;
    struct inquiry inquiry = INQUIRY_EMPTY;
    const int64_t id = circles_submit(&fixture, "alice", "early", true);
    circles_set_group(0, "leads", NULL);
    survey_plan_all(&fixture.engine);
    ck_assert_int_eq(engine_take_due_survey(&fixture.engine, &due, &inquiry), 0);
    ck_assert_str_eq(inquiry.user, "alice");
    struct facts *facts = circles_look_up(NULL, &inquiry);
    struct facts nobody = *facts;
    nobody.user = NULL;
    ck_assert_int_eq(engine_survey(&fixture.engine, due, &nobody), ENGINE_E_UNKNOWN);
    ck_assert_str_eq(events_of(id), "");
    ck_assert_int_eq(engine_survey(&fixture.engine, due, facts), 0);
    ck_assert_str_eq(events_of(id), "escalate");
    facts_free(facts);
    inquiry_deinit(&inquiry);
}
END_TEST

/* All that wait are seen, those filed meanwhile and a second walk that was asked for during the first included. */
START_TEST(test_walk)
{
    int64_t due = 0;
    struct inquiry inquiry = INQUIRY_EMPTY;
    circles_submit(&fixture, "alice", "alone", true);
    circles_submit(&fixture, "alice", "early", true);
    circles_submit(&fixture, "dave", "alone", true);
    survey_plan_all(&fixture.engine);
    ck_assert_int_eq(engine_take_due_survey(&fixture.engine, &due, &inquiry), 0);
    inquiry_deinit(&inquiry);
    survey_plan_all(&fixture.engine);
    ck_assert_int_eq(circles_survey_due(&fixture), 2 + 3);
    ck_assert_int_eq(circles_survey_due(&fixture), 0);
}
END_TEST

/* Those that ask the same approvers share a look-up, and each is judged for its own requestor. */
START_TEST(test_shared_look_up)
{
    static const char *const users[] = {"alice", "bob", "dave"};
    int64_t ids[3];
    struct surveys surveys;
    struct inquiry inquiry = INQUIRY_EMPTY;
    for (size_t i = 0; i < 3; i++)
        ids[i] = circles_submit(&fixture, users[i], "alone", true);
    circles_submit(&fixture, "alice", "early", true);
    circles_set_group(0, "leads", "bob");
    survey_plan_all(&fixture.engine);
    ck_assert_int_eq(engine_take_due_surveys(&fixture.engine, &surveys, &inquiry), 0);
    ck_assert_uint_eq(surveys.count, 3);
    ck_assert_mem_eq(surveys.requests, ids, sizeof(ids));
    ck_assert_str_eq(inquiry.user, "alice");
    ck_assert_str_eq(inquiry.others[0], "bob");
    ck_assert_str_eq(inquiry.others[1], "dave");
    struct facts *facts = circles_look_up(NULL, &inquiry);
    ck_assert_int_eq(engine_survey_all(&fixture.engine, &surveys, facts), 0);
    facts_free(facts);
    inquiry_deinit(&inquiry);
    ck_assert_str_eq(events_of(ids[0]), "");
    ck_assert_str_eq(events_of(ids[1]), "undecidable");
    ck_assert_str_eq(events_of(ids[2]), "");
    ck_assert_int_eq(circles_survey_due(&fixture), 1);
}
END_TEST

/* Users who were not found in time are looked up alone, until the walk ends. */
START_TEST(test_shared_look_up_is_late)
{
    int64_t due = 0;
    struct surveys surveys;
    struct inquiry inquiry = INQUIRY_EMPTY;
    circles_submit(&fixture, "alice", "alone", true);
    const int64_t other = circles_submit(&fixture, "bob", "alone", true);
    circles_submit(&fixture, "dave", "alone", true);
    circles_set_group(0, "leads", NULL);
    for (int missing = 0; missing < 2; missing++) { /* an answer to the first alone, and none at all */
        survey_plan_all(&fixture.engine);
        ck_assert_int_eq(engine_take_due_surveys(&fixture.engine, &surveys, &inquiry), 0);
        ck_assert_uint_eq(surveys.count, 3);
        struct facts *facts = circles_look_up(NULL, &inquiry);
        facts->late = true;
        for (size_t i = 0; i < facts->n_others; i++)
            facts->others[i].known = false;
        ck_assert_int_eq(engine_survey_all(&fixture.engine, &surveys, missing ? NULL : facts), 0);
        facts_free(facts);
        inquiry_deinit(&inquiry);
        ck_assert_int_eq(engine_take_due_surveys(&fixture.engine, &surveys, &inquiry), 0);
        ck_assert_uint_eq(surveys.count, 1);
        ck_assert_int_eq(surveys.requests[0], missing ? other - 1 : other);
        inquiry_deinit(&inquiry);
        while (engine_take_due_survey(&fixture.engine, &due, &inquiry) == 0)
            inquiry_deinit(&inquiry);
    }
    ck_assert_str_eq(events_of(other), "");
}
END_TEST

START_TEST(test_escalation_after_its_time)
{
    const int64_t id = circles_submit(&fixture, "alice", "later", true);
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 2 * 3600);
    fixture.now += 2 * 3600 - 1;
    ck_assert_int_eq(circles_decide(&fixture, "dave", UID_UNSET, id, true), BUS_ERROR_NOT_AUTHORIZED);
    fixture.now += 1;
    fixture.changed = 0;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_int_eq(fixture.changed, id);
    ck_assert_str_eq(events_of(id), "escalate");
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 12 * 3600); /* the next is a reminder */
    ck_assert_int_eq(json_integer_value(json_object_get(circles_show(&fixture, id), "escalated")),
                     fixture.now);
    fixture.now -= 3600; /* a clock set back takes nothing back */
    ck_assert_int_eq(circles_decide(&fixture, "dave", UID_UNSET, id, true), 0);
}
END_TEST

/* Asked early, they are not asked again when their time comes. */
START_TEST(test_early_leaves_nothing_for_later)
{
    circles_set_group(0, "leads", NULL);
    const int64_t id = circles_submit(&fixture, "alice", "later", true);
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 12 * 3600); /* a reminder, no escalation */
    fixture.now += 3 * 3600;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_str_eq(events_of(id), "escalate");
}
END_TEST

int main(void)
{
    suite_case("survey", setup, circles_teardown);
    suite_add(test_vanished_at_the_decision, test_vanished_at_a_survey, test_judged_at_submission,
              test_surveyed_after_submission, test_surveyed_after_advance,
              test_fallback_is_judged_like_approvers, test_undecidable_and_again, test_one_of_two_is_left,
              test_two_in_one, test_nologin, test_long_names, test_ended_is_not_counted, test_outage,
              test_unknown_group, test_nobody_at_all, test_walk, test_shared_look_up,
              test_shared_look_up_is_late, test_escalation_after_its_time,
              test_early_leaves_nothing_for_later);
    return suite_run();
}
