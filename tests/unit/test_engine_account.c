/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule 9: whose account has expired or is locked decides nothing, by none of the ways to decide. */
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <string.h>

static struct fixture fixture;

#define DB   "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napprovers = bob\n"
#define ROOT "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napprovers = root\n"
#define PROD                                                                                                 \
    "[package]\ngroups = backup\n[policy]\nduration = 1h\napprovers = bob\nemergency = alice\n"              \
    "emergency_duration = 1h\n"
#define BOTH "[package]\ngroups = backup\n[policy]\nduration = 1h\napprovers = bob carol\n"

static void setup(void)
{
    fixture_init(&fixture, "db", DB, "for-root", ROOT, "prod", PROD, "both", BOTH, NULL);
}

static int approve(const char *who, int64_t id)
{
    return fixture_decide(&fixture, who, id, true, "", NULL);
}

static int approve_from(const char *who, uid_t loginuid, int64_t id)
{
    const struct caller caller = {.identity = {fixture_caller(who).identity.uid, loginuid}};
    const struct decision_terms terms = {.reason = "", .digest = fixture_digest(&fixture.engine, id)};
    const struct call *call = fixture_call_with(&fixture, caller, fixture_facts(who, "alice"));
    return fixture_answer(engine_decide(call, id, true, &terms), NULL);
}

static int review(const char *who, int64_t id)
{
    return fixture_answer(engine_review(acts_call_of_delegate(&fixture, who), id, ""), NULL);
}

static int revoke(const char *who, const char *package)
{
    return fixture_answer(engine_revoke(acts_call_of_delegate(&fixture, who), "alice", package, "enough"),
                          NULL);
}

static int64_t take_in_emergency(void)
{
    json_t *value = NULL;
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "prod", "disk is full", &value), 0);
    return fixture_id(value);
}

static void check_says(const char *words)
{
    ck_assert_msg(strstr(fixture_message, words), "wanted %s: %s", words, fixture_message);
}

/* Each state, and no answer: by whom, since when, and what to do. */
static const struct {
    enum account_state state;
    int64_t day;
    const char *why;
    int result;
    const char *says;
} states[] = {
    {ACCOUNT_EXPIRED, 20000, NULL, BUS_ERROR_NOT_AUTHORIZED, "the account bob expired on 2024-10-04"},
    {ACCOUNT_EXPIRED, 0, NULL, BUS_ERROR_NOT_AUTHORIZED, "on 1970-01-01. Nothing was changed."},
    {ACCOUNT_INACTIVE, 20001, NULL, BUS_ERROR_NOT_AUTHORIZED, "the account bob is inactive since 2024-10-05"},
    {ACCOUNT_LOCKED, 0, NULL, BUS_ERROR_NOT_AUTHORIZED, "the account bob is locked"},
    {ACCOUNT_LOCKED, 0, NULL, BUS_ERROR_NOT_AUTHORIZED, "usermod -U bob"},
    {ACCOUNT_UNKNOWN, 0, "it did not answer", BUS_ERROR_UNAVAILABLE,
     "is locked (it did not answer). Nothing was changed."},
    {ACCOUNT_ABSENT, 0, NULL, 0, ""},
    {ACCOUNT_OPEN, 0, NULL, 0, ""},
};

START_TEST(test_each_way)
{
    const int wanted = states[_i].result;
    const int64_t id = acts_file(&fixture, "alice", "db");
    const int64_t second = acts_file(&fixture, "alice", "both");
    const int64_t emergency = take_in_emergency();
    acts_hold(&fixture, "carol", "db");
    fixture_set_account("bob", states[_i].state, states[_i].day, states[_i].why);

    ck_assert_int_eq(approve("bob", id), wanted);
    check_says(states[_i].says);
    ck_assert_str_eq(fixture_state(&fixture, id), wanted ? "pending-approval" : "fulfilled");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", second, false, "no", NULL), wanted);
    check_says(states[_i].says);
    ck_assert_int_eq(review("bob", emergency), wanted);
    check_says(states[_i].says);
    ck_assert_int_eq(acts_delegate(&fixture, "bob", "dave", fixture.now + 60), wanted);
    check_says(states[_i].says);
    ck_assert_int_eq(revoke("bob", "prod"), wanted);
    check_says(states[_i].says);
    ck_assert_int_eq(fixture_gate_opens(&fixture, "alice", "prod"), wanted != 0);
}
END_TEST

/* Who is none of the approvers is told that, and no more. */
START_TEST(test_no_approver)
{
    fixture_set_account("dave", ACCOUNT_LOCKED, 0, NULL);
    ck_assert_int_eq(approve("dave", acts_file(&fixture, "carol", "both")), BUS_ERROR_NOT_AUTHORIZED);
    check_says("not an approver");
}
END_TEST

START_TEST(test_not_asked)
{
    const int64_t id = acts_file(&fixture, "alice", "db");
    fixture_set_account("bob", ACCOUNT_LOCKED, 0, NULL);
    fixture.config.account_state = CONFIG_NO;
    ck_assert_int_eq(approve("bob", id), 0);
    ck_assert_int_eq(acts_delegate(&fixture, "bob", "dave", fixture.now + 60), 0);
    ck_assert_int_eq(approve("dave", acts_file(&fixture, "carol", "db")), 0);
    ck_assert_int_eq(revoke("bob", "db"), 0);
}
END_TEST

/* Zeroed memory: a call that did not ask decides nothing (rule 1). */
START_TEST(test_nothing_known)
{
    const int64_t id = acts_file(&fixture, "alice", "db");
    const struct decision_terms terms = {.reason = "", .digest = fixture_digest(&fixture.engine, id)};
    const struct call *call = fixture_call(&fixture, "bob", "alice");
    account_deinit(&call->facts->caller->account);
    ck_assert_int_eq(fixture_answer(engine_decide(call, id, true, &terms), NULL), BUS_ERROR_UNAVAILABLE);
}
END_TEST

/* bob is locked: dave, who may decide in his name, does not. */
START_TEST(test_delegator)
{
    const int64_t id = acts_file(&fixture, "alice", "db");
    const int64_t both = acts_file(&fixture, "alice", "both");
    const int64_t emergency = take_in_emergency();
    acts_hold(&fixture, "carol", "db");
    ck_assert_int_eq(acts_delegate(&fixture, "bob", "dave", fixture.now + 60), 0);
    fixture_set_account("bob", ACCOUNT_LOCKED, 0, NULL);
    ck_assert_int_eq(approve("dave", id), BUS_ERROR_NOT_AUTHORIZED);
    check_says("bob, in whose name you would decide, may not decide: the account bob is locked");
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, false, "no", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(review("dave", emergency), BUS_ERROR_NOT_AUTHORIZED);
    check_says("bob, in whose name");
    ck_assert_int_eq(revoke("dave", "prod"), BUS_ERROR_NOT_AUTHORIZED);
    check_says("bob, in whose name");
    ck_assert(fixture_gate_opens(&fixture, "alice", "prod"));

    fixture_set_account("bob", ACCOUNT_UNKNOWN, 0, "it did not answer");
    ck_assert_int_eq(approve("dave", id), BUS_ERROR_UNAVAILABLE);
    check_says("bob, in whose name");
    ck_assert_int_eq(revoke("dave", "prod"), BUS_ERROR_UNAVAILABLE);

    /* Another delegator's account is in order. */
    fixture_set_account("bob", ACCOUNT_EXPIRED, 1, NULL);
    ck_assert_int_eq(acts_delegate(&fixture, "carol", "dave", fixture.now + 60), 0);
    ck_assert_int_eq(approve("dave", id), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(approve("dave", both), 0);

    /* Lists show what waits, as they do for bob himself. */
    json_t *value = NULL;
    ck_assert_int_eq(fixture_answer(engine_get_request(acts_call_of_delegate(&fixture, "dave"), id), &value),
                     0);
    ck_assert_str_eq(acts_text(value, "state"), "pending-approval");
    json_decref(value);
    fixture_set_account("bob", ACCOUNT_OPEN, 0, NULL);
    ck_assert_int_eq(approve("dave", id), 0);
    ck_assert_int_eq(revoke("dave", "prod"), 0);
}
END_TEST

/* The delegate is judged as bob would be. What a delegate decided in bob's name they may take back. */
START_TEST(test_delegate)
{
    const int64_t id = acts_file(&fixture, "alice", "db");
    fixture_set_account("dave", ACCOUNT_EXPIRED, 20000, NULL);
    ck_assert_int_eq(acts_delegate(&fixture, "bob", "dave", fixture.now + 60), BUS_ERROR_POLICY_REFUSED);
    check_says("dave may not decide now"); /* and why is root's to know */
    ck_assert_ptr_null(strstr(fixture_message, "expired"));
    fixture_set_account("dave", ACCOUNT_OPEN, 0, NULL);
    ck_assert_int_eq(acts_delegate(&fixture, "bob", "dave", fixture.now + 60), 0);
    fixture_set_account("dave", ACCOUNT_LOCKED, 0, NULL);
    ck_assert_int_eq(approve("dave", id), BUS_ERROR_NOT_AUTHORIZED);
    check_says("You may not decide: the account dave is locked");
    fixture_set_account("dave", ACCOUNT_OPEN, 0, NULL);
    ck_assert_int_eq(approve("dave", id), 0);
    fixture_set_account("bob", ACCOUNT_LOCKED, 0, NULL);
    ck_assert_int_eq(revoke("dave", "db"), 0);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db"));
}
END_TEST

/* Rule 5's way round it: carol, who is locked, goes on to bob's account from her open login. */
START_TEST(test_login)
{
    const int64_t id = acts_file(&fixture, "alice", "db");
    fixture_set_account("carol", ACCOUNT_LOCKED, 0, NULL);
    ck_assert_int_eq(approve_from("bob", CAROL, id), BUS_ERROR_NOT_AUTHORIZED);
    check_says("The login that you came from may not decide: the account carol is locked");
    ck_assert_int_eq(approve_from("root", CAROL, acts_file(&fixture, "alice", "for-root")),
                     BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(approve_from("bob", BOB, id), 0);
    ck_assert_int_eq(approve_from("bob", 4711, acts_file(&fixture, "alice", "both")), 0);
}
END_TEST

/* A locked root is one without a password login: sudo leads there. */
START_TEST(test_root)
{
    fixture_set_account("root", ACCOUNT_LOCKED, 0, NULL);
    ck_assert_int_eq(approve("root", acts_file(&fixture, "alice", "for-root")), 0);
    fixture_set_account("root", ACCOUNT_UNKNOWN, 0, "it did not answer");
    ck_assert_int_eq(revoke("root", "for-root"), 0);
    ck_assert_int_eq(approve("root", acts_file(&fixture, "alice", "db")), BUS_ERROR_NOT_AUTHORIZED);
}
END_TEST

/* Ending what one has, or what was delegated, is no decision (rule 13). */
START_TEST(test_narrowing)
{
    const int64_t id = acts_file(&fixture, "carol", "db");
    ck_assert_int_eq(acts_delegate(&fixture, "bob", "dave", fixture.now + 60), 0);
    acts_hold(&fixture, "alice", "db");
    fixture_set_account("alice", ACCOUNT_LOCKED, 0, NULL);
    fixture_set_account("bob", ACCOUNT_LOCKED, 0, NULL);
    fixture_set_account("carol", ACCOUNT_UNKNOWN, 0, "it did not answer");
    ck_assert_int_eq(acts_return(&fixture, "alice", "db"), 0);
    ck_assert_int_eq(acts_cancel(&fixture, "carol", id, "", NULL), 0);
    ck_assert_int_eq(fixture_answer(engine_undelegate(fixture_call(&fixture, "bob", NULL), "dave"), NULL), 0);
}
END_TEST

int main(void)
{
    suite_case("accounts", setup, fixture_teardown);
    suite_rows(test_each_way, states);
    suite_add(test_no_approver, test_not_asked, test_nothing_known, test_delegator, test_delegate, test_login,
              test_root, test_narrowing);
    return suite_run();
}
