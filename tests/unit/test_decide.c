/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests approved, denied and timed out: by whom, in which stage, and as things are at the decision. */
#include "common/names.h"
#include "tests/support/suite.h"
#include "tests/unit/requests.h"

#include <string.h>

/* Rules 2 and 3: approved, committed, and the file says so when the answer comes. */
START_TEST(test_approval)
{
    json_t *value = NULL;
    const int64_t id = acts_file(&fixture, "alice", "db-admins");
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 12 * 3600); /* a reminder; the time-out comes later */

    fixture.now += 3600; /* the delay of the approval eats nothing (rule 8) */
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "have fun", &value), 0);
    ck_assert_str_eq(acts_text(value, "state"), "fulfilled");
    ck_assert_int_eq(acts_number(value, "assignment_end"), fixture.now + 3600);
    json_decref(value);
    ck_assert_int_eq(fixture.changed, id);
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    ck_assert(!fixture_gate_opens(&fixture, "bob", "db-admins"));

    acts_pass(&fixture, 3599);
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
    acts_pass(&fixture, 1);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");

    /* Rule 8: a clock set back revives nothing. */
    fixture.now -= 2000;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
}
END_TEST

START_TEST(test_denial)
{
    const int64_t id = acts_file(&fixture, "alice", "db-admins");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, "", NULL), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, "not today", NULL), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "denied");
    /* Rule 4: the second approver is told who and when. */
    ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "denied by bob on Sun 2025-11-2"));
    ck_assert_ptr_nonnull(strstr(fixture_message, "not today"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    /* Whoever was not asked learns nothing of it. */
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_ptr_null(strstr(fixture_message, "bob"));
    ck_assert_int_ne(acts_file(&fixture, "alice", "db-admins"), id);
}
END_TEST

/* A reason is cut where a character ends: libdbus ends a process that sends half of one. */
START_TEST(test_long_reason_in_a_refusal)
{
    char reason[512] = "";
    for (size_t shift = 0; shift < 4; shift++) {
        memset(reason, 'x', shift);
        reason[shift] = '\0';
        for (int i = 0; i < 100; i++)
            strcat(reason, "\xe2\x82\xac");
        const int64_t id = acts_file(&fixture, "alice", "db-admins");
        ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, reason, NULL), 0);
        ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
        ck_assert(text_is_utf8(fixture_message));
        ck_assert_ptr_nonnull(strstr(fixture_message, "...)."));
    }
}
END_TEST

START_TEST(test_who_may_not_decide)
{
    const int64_t id = acts_file(&fixture, "carol", "db-admins");
    ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL),
                     BUS_ERROR_NOT_AUTHORIZED); /* rule 5 */
    ck_assert_int_eq(fixture_decide(&fixture, "alice", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(fixture_decide(&fixture, "root", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(fixture_decide(&fixture, "erin", id, true, "", NULL),
                     BUS_ERROR_NOT_AUTHORIZED); /* nologin */
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id + 1, true, "", NULL), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", -1, true, "", NULL), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
}
END_TEST

/* Rule 5: an approver who became the requestor's login (or the other way round) is the same person. */
START_TEST(test_same_login)
{
    const int64_t id = acts_file(&fixture, "alice", "db-admins");
    const struct caller su = {.identity = {BOB, ALICE}};
    const struct call *call = fixture_call_with(&fixture, su, fixture_facts("bob", "alice"));
    const struct decision_terms seen = {.reason = "", .digest = fixture_digest(&fixture.engine, id)};
    ck_assert_int_eq(fixture_answer(engine_decide(call, id, true, &seen), NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
}
END_TEST

/* Files for alice at the gate, in a process of root's with bob's login id: the state after bob approves. */
static int decide_what_the_gate_files(bool own_login_id, uid_t decider_login)
{
    json_t *value = NULL;
    char *names[] = {(char *)"db-admins", NULL};
    const struct submission submission = {
        .user = "alice", .packages = names, .at_gate = true, .own_login_id = own_login_id};
    const struct caller root = {.identity = {0, BOB}};
    const struct call *call = fixture_call_with(&fixture, root, fixture_facts("root", "alice"));
    ck_assert_int_eq(fixture_answer(engine_submit(call, &submission), &value), 0);
    const struct caller bob = {.identity = {BOB, decider_login}};
    call = fixture_call_with(&fixture, bob, fixture_facts("bob", "alice"));
    const int64_t id = fixture_id(value);
    const struct decision_terms seen = {.reason = "", .digest = fixture_digest(&fixture.engine, id)};
    return fixture_answer(engine_decide(call, id, true, &seen), NULL);
}

/* Rule 5: the login id of an sshd that bob started by hand bars bob from nothing ... */
START_TEST(test_login_id_of_an_sshd)
{
    ck_assert_int_eq(decide_what_the_gate_files(false, BOB), 0);
}
END_TEST

/* ... and that of the su with which bob became alice does. */
START_TEST(test_login_id_of_a_su)
{
    ck_assert_int_eq(decide_what_the_gate_files(true, BOB), BUS_ERROR_NOT_AUTHORIZED);
}
END_TEST

START_TEST(test_require_login_id)
{
    fixture.config.require_login_id = CONFIG_YES;
    ck_assert_int_eq(decide_what_the_gate_files(false, UID_UNSET), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(decide_what_the_gate_files(false, BOB), 0);
}
END_TEST

/* Who did what to it, as "actor uid event; ...". */
static const char *audit_of(int64_t request)
{
    return acts_query(&fixture,
                      "SELECT group_concat(actor || ' ' || coalesce(uid, '-') || ' ' || event, '; ')"
                      " FROM (SELECT * FROM audit WHERE request = %d ORDER BY id)",
                      (int)request);
}

/* Rule 12: every change of state, with who; uid 0 where the gate filed it. */
START_TEST(test_audit)
{
    json_t *value = NULL;
    char *names[] = {(char *)"db-admins", NULL};
    const struct submission submission = {.user = "alice", .packages = names, .at_gate = true};
    ck_assert_int_eq(acts_submit(&fixture, "alice", &submission, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    acts_pass(&fixture, 3600);
    ck_assert_str_eq(audit_of(id), "alice 0 submit; bob 1002 approve; accesspkgd - fulfil; accesspkgd - end");

    const int64_t self = acts_file(&fixture, "dave", "self");
    ck_assert_str_eq(audit_of(self), "dave 1004 submit; accesspkgd - waive; accesspkgd - fulfil");
    const int64_t late = acts_file(&fixture, "carol", "db-admins");
    acts_pass(&fixture, 24 * 3600);
    ck_assert_str_eq(audit_of(late), "carol 1003 submit; accesspkgd - time-out");
    const int64_t denied = acts_file(&fixture, "carol", "db-admins");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", denied, false, "no", NULL), 0);
    ck_assert_str_eq(audit_of(denied), "carol 1003 submit; bob 1002 deny");
}
END_TEST

START_TEST(test_stages)
{
    const int64_t id = acts_file(&fixture, "alice", "staged");
    json_t *value = NULL;
    ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_ptr_nonnull(
        strstr(fixture_message, "is in stage 1 of 2, which others decide. You are asked in stage 2."));
    ck_assert_int_eq(fixture_decide(&fixture, "alice", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "You are not an approver of request"));
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", &value), 0);
    ck_assert_int_eq(acts_number(value, "stage"), 1);
    json_decref(value);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "fine", &value), 0);
    ck_assert_int_eq(acts_number(value, "stage"), 2);
    ck_assert_int_eq(acts_number(value, "expires"), fixture.now + 7200);
    json_decref(value);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "staged"));
    /* Rule 4, of a stage that is complete: who, when and why. */
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "Stage 1 of request "));
    ck_assert_ptr_nonnull(strstr(fixture_message, " was approved by dave on Sun 20"));
    ck_assert_ptr_nonnull(strstr(fixture_message, "(reason: fine). Stage 2 is for others to decide."));
    ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL), 0);
    ck_assert(fixture_gate_opens(&fixture, "alice", "staged"));
}
END_TEST

START_TEST(test_time_out)
{
    const int64_t id = acts_file(&fixture, "alice", "db-admins");
    fixture.now += 24 * 3600;
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "Expired"));
    ck_assert_str_eq(fixture_state(&fixture, id), "expired");
    ck_assert_int_ne(acts_file(&fixture, "alice", "db-admins"), id);
}
END_TEST

/* Rule 9: what was true at submission is asked again at the decision. */
START_TEST(test_eligibility_is_judged_now)
{
    const int64_t id = acts_file(&fixture, "alice", "db-admins");
    struct facts *facts = fixture_facts("bob", NULL); /* alice is gone */
    ck_assert_int_eq(acts_approve_knowing(&fixture, "bob", facts, id, NULL), BUS_ERROR_POLICY_REFUSED);
    facts = fixture_facts("bob", "alice"); /* another alice */
    facts->user->uid = 1234;
    ck_assert_int_eq(acts_approve_knowing(&fixture, "bob", facts, id, NULL), BUS_ERROR_POLICY_REFUSED);
    facts = fixture_facts("bob", "alice"); /* no longer staff */
    strv_free(facts->user->groups);
    facts->user->groups = strv_split("alice");
    ck_assert_int_eq(acts_approve_knowing(&fixture, "bob", facts, id, NULL), BUS_ERROR_POLICY_REFUSED);

    /* A pending request keeps the approvers it was filed under; a shorter maximum holds at once. */
    fixture_write_package(&fixture, "db-admins",
                          "[package]\ngroups = dbadmins\n[policy]\nduration = 10m\napprovers = dave\n");
    fixture_reload(&fixture);
    json_t *value = NULL;
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", &value), 0);
    ck_assert_int_eq(acts_number(value, "assignment_end"), fixture.now + 600);
    json_decref(value);
}
END_TEST

int main(void)
{
    suite_case("decide", setup, fixture_teardown);
    suite_add(test_approval, test_denial, test_long_reason_in_a_refusal, test_who_may_not_decide,
              test_same_login, test_login_id_of_an_sshd, test_login_id_of_a_su, test_require_login_id,
              test_audit, test_stages, test_time_out, test_eligibility_is_judged_now);
    return suite_run();
}
