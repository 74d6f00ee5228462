/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may ask and who may decide, as tables. */
#include "helperd/policy/policy.h"
#include "tests/support/suite.h"

#include <stdlib.h>

static char *no_one[] = {NULL};
static char *alice_groups[] = {(char *)"alice", (char *)"staff", NULL};
static char *bob_groups[] = {(char *)"bob", (char *)"dba-leads", NULL};
static struct subject alice = {
    .name = (char *)"alice", .uid = 1001, .may_log_in = true, .groups = alice_groups, .all_groups = true};
static struct subject bob = {
    .name = (char *)"bob", .uid = 1002, .may_log_in = true, .groups = bob_groups, .all_groups = true};
static struct subject locked = {
    .name = (char *)"bob", .uid = 1002, .may_log_in = false, .groups = bob_groups, .all_groups = true};

START_TEST(test_names)
{
    char *by_name[] = {(char *)"carol", (char *)"alice", NULL};
    char *by_group[] = {(char *)"%staff", NULL};
    char *group_called_alice[] = {(char *)"%alice", NULL};
    char *user_called_staff[] = {(char *)"staff", NULL};
    char *prefix[] = {(char *)"ali", (char *)"alicea", (char *)"%staf", (char *)"%", (char *)"", NULL};
    ck_assert(policy_names(by_name, &alice));
    ck_assert(policy_names(by_group, &alice));
    ck_assert(policy_names(group_called_alice, &alice));
    ck_assert(!policy_names(user_called_staff, &alice));
    ck_assert(!policy_names(by_group, &bob));
    ck_assert(!policy_names(prefix, &alice));
    ck_assert(!policy_names(no_one, &alice));
    ck_assert(!policy_names(NULL, &alice));
}
END_TEST

/* Rule 5: none of the uid and loginuid of one may equal any of the other; an unset loginuid counts as none. */
START_TEST(test_same_person)
{
    static const struct {
        struct identity a;
        struct identity b;
        bool same;
    } table[] = {
        {{1001, 1001}, {1002, 1002}, false},
        {{1001, UID_UNSET}, {1002, UID_UNSET}, false},
        {{1001, 1001}, {1001, 1001}, true},
        {{1001, UID_UNSET}, {1001, UID_UNSET}, true},
        {{1001, 1001}, {1002, 1001}, true},
        {{1001, UID_UNSET}, {1002, 1001}, true},
        {{1001, 1002}, {1002, UID_UNSET}, true},
        {{1001, 1003}, {1002, 1003}, true},
        {{UID_UNSET, UID_UNSET}, {1002, 1002}, false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ck_assert_msg(policy_same_person(&table[i].a, &table[i].b) == table[i].same, "row %zu", i);
        ck_assert_msg(policy_same_person(&table[i].b, &table[i].a) == table[i].same, "row %zu, turned", i);
    }
}
END_TEST

START_TEST(test_may_request)
{
    char *staff[] = {(char *)"%staff", NULL};
    struct package package = {
        .name = (char *)"p", .requestors = staff, .max_duration = 3600, .justification_required = true};
    const struct policy_ask justified = {.has_justification = true};
    const struct policy_ask bare = {0};
    const struct policy_ask gate = {.at_gate = true};
    const struct policy_ask longest = {.has_justification = true, .duration = 3600};
    const struct policy_ask too_long = {.has_justification = true, .duration = 3601};
    ck_assert_int_eq(policy_may_request(&package, &alice, &justified), POLICY_REQUEST_ALLOWED);
    ck_assert_int_eq(policy_may_request(&package, &alice, &bare), POLICY_REQUEST_NEEDS_JUSTIFICATION);
    ck_assert_int_eq(policy_may_request(&package, &alice, &gate), POLICY_REQUEST_ALLOWED);
    ck_assert_int_eq(policy_may_request(&package, &alice, &longest), POLICY_REQUEST_ALLOWED);
    ck_assert_int_eq(policy_may_request(&package, &alice, &too_long), POLICY_REQUEST_TOO_LONG);
    ck_assert_int_eq(policy_may_request(&package, &bob, &justified), POLICY_REQUEST_NOT_REQUESTOR);
    struct subject half_bob = bob; /* a directory did not answer */
    half_bob.all_groups = false;
    ck_assert_int_eq(policy_may_request(&package, &half_bob, &justified), POLICY_REQUEST_UNKNOWN);
    half_bob.groups = alice.groups;
    ck_assert_int_eq(policy_may_request(&package, &half_bob, &justified), POLICY_REQUEST_ALLOWED);
    char *carol[] = {(char *)"carol", NULL};
    package.requestors = carol;
    ck_assert_int_eq(policy_may_request(&package, &half_bob, &justified), POLICY_REQUEST_NOT_REQUESTOR);
    package.requestors = no_one;
    package.justification_required = false;
    ck_assert_int_eq(policy_may_request(&package, &bob, &bare), POLICY_REQUEST_ALLOWED);
}
END_TEST

START_TEST(test_may_decide)
{
    char *leads[] = {(char *)"%dba-leads", NULL};
    char *managers[] = {(char *)"alice", NULL};
    const struct stage stage = {.number = 2,
                                .quorum = 2,
                                .approvers = leads,
                                .fallback_approvers = managers,
                                .escalate_after = 100,
                                .entered = 1000};
    const struct identity requestor = {1003, UID_UNSET};
    const struct policy_decider by_bob = {.subject = &bob, .identity = {1002, UID_UNSET}};
    const struct policy_decider by_alice = {.subject = &alice, .identity = {1001, UID_UNSET}};
    const struct policy_decider by_locked = {.subject = &locked, .identity = {1002, UID_UNSET}};
    const struct policy_decider by_own_login = {.subject = &bob, .identity = {1002, 1003}};
    const struct decision elsewhere = {.stage = 1, .identity = {1002, UID_UNSET}, .approved = true};
    const struct decision here = {.stage = 2, .identity = {1002, UID_UNSET}, .approved = true};
    const struct decision same_login = {.stage = 2, .identity = {1009, 1002}, .approved = true};

    ck_assert_int_eq(
        policy_may_decide(&(struct policy_pending){&stage, &requestor, NULL, 0, false}, &by_bob, 1000),
        POLICY_DECIDE_ALLOWED);
    ck_assert_int_eq(
        policy_may_decide(&(struct policy_pending){&stage, &requestor, &elsewhere, 1, false}, &by_bob, 1000),
        POLICY_DECIDE_OTHER_STAGE); /* rule 4 */
    ck_assert_int_eq(
        policy_may_decide(&(struct policy_pending){&stage, &requestor, &elsewhere, 1, true}, &by_bob, 1000),
        POLICY_DECIDE_ALLOWED);
    ck_assert_int_eq(
        policy_may_decide(&(struct policy_pending){&stage, &requestor, &here, 1, false}, &by_bob, 1000),
        POLICY_DECIDE_TWICE);
    ck_assert_int_eq(
        policy_may_decide(&(struct policy_pending){&stage, &requestor, &same_login, 1, false}, &by_bob, 1000),
        POLICY_DECIDE_TWICE);
    ck_assert_int_eq(
        policy_may_decide(&(struct policy_pending){&stage, &requestor, NULL, 0, false}, &by_locked, 1000),
        POLICY_DECIDE_NO_LOGIN);
    ck_assert_int_eq(
        policy_may_decide(&(struct policy_pending){&stage, &requestor, NULL, 0, false}, &by_own_login, 1000),
        POLICY_DECIDE_OWN_REQUEST);
    ck_assert_int_eq(
        policy_may_decide(&(struct policy_pending){&stage, &by_bob.identity, NULL, 0, false}, &by_bob, 1000),
        POLICY_DECIDE_OWN_REQUEST);
    /* The fallback approvers come in when the time has passed, not before. */
    ck_assert_int_eq(
        policy_may_decide(&(struct policy_pending){&stage, &requestor, NULL, 0, false}, &by_alice, 1099),
        POLICY_DECIDE_NOT_APPROVER);
    ck_assert_int_eq(
        policy_may_decide(&(struct policy_pending){&stage, &requestor, NULL, 0, false}, &by_alice, 1100),
        POLICY_DECIDE_ALLOWED);
    ck_assert_int_eq(policy_lacking(&stage, &elsewhere, 1), 2);
    ck_assert_int_eq(policy_lacking(&stage, &here, 1), 1);
    /* Zeroed memory refuses. */
    const struct stage nothing = {0};
    ck_assert_int_eq(
        policy_may_decide(&(struct policy_pending){&nothing, &requestor, NULL, 0, false}, &by_bob, 1000),
        POLICY_DECIDE_NOT_APPROVER);
}
END_TEST

/* ---- who can still complete a stage ---- */

enum { ALICE = 1001, BOB = 1002, CAROL = 1003, DAVE = 1004 };

static struct person one_alice[] = {{.name = (char *)"alice", .uid = ALICE}};
static struct person one_bob[] = {{.name = (char *)"bob", .uid = BOB}};
static struct person one_dave[] = {{.name = (char *)"dave", .uid = DAVE}};
static struct person leads_people[] = {{.name = (char *)"bob", .uid = BOB},
                                       {.name = (char *)"carol", .uid = CAROL}};
static struct person daves[] = {{.name = (char *)"dave", .uid = DAVE},
                                {.name = (char *)"david", .uid = DAVE}}; /* one person, two names */
static struct person many[FACTS_PEOPLE_MAX];

#define WHOLE(name, persons, n)                                                                              \
    {                                                                                                        \
        (char *)(name), .exists = true, .whole = true, .people = (persons), .n_people = (n)                  \
    }
#define PART(name, persons, n)                                                                               \
    {                                                                                                        \
        (char *)(name), .exists = true, .people = (persons), .n_people = (n)                                 \
    }
#define NONE(name)                                                                                           \
    {                                                                                                        \
        (char *)(name), .whole = true                                                                        \
    }

static struct principal known[] = {
    WHOLE("alice", one_alice, 1),
    WHOLE("bob", one_bob, 1),
    WHOLE("dave", one_dave, 1),
    WHOLE("Dave", one_dave, 1), /* the directory finds them by it, too */
    WHOLE("erin", NULL, 0),     /* may not log in */
    NONE("ghost"),
    WHOLE("%leads", leads_people, 2),
    WHOLE("%daves", daves, 2),
    WHOLE("%empty", NULL, 0),
    NONE("%gone"),
    PART("%many", many, FACTS_PEOPLE_MAX),
    PART("%part", leads_people, 2), /* what was found in time */
    PART("%slow", NULL, 0),
    /* "%unknown" and "nobody-asked" could not be looked up */
};

static const struct decision by_bob_here = {.stage = 1, .identity = {BOB, UID_UNSET}, .approved = true};
static const struct decision by_bob_before = {.stage = 2, .identity = {BOB, UID_UNSET}, .approved = true};
static const struct decision by_carol_as_bob = {.stage = 1, .identity = {CAROL, BOB}, .approved = true};

/* The requestor is alice, uid 1001, unless another identity stands in the row. */
static const struct {
    const char *approvers;
    const char *fallback;
    int64_t quorum;
    struct identity requestor;
    const struct decision *decision;
    enum policy_reach_verdict verdict;
    int64_t everybody;
} reaches[] = {
    {"bob", "", 1, {ALICE, UID_UNSET}, NULL, POLICY_REACH_APPROVERS, 1},
    {"%leads", "", 2, {ALICE, UID_UNSET}, NULL, POLICY_REACH_APPROVERS, 2},
    {"bob %leads", "", 2, {ALICE, UID_UNSET}, NULL, POLICY_REACH_APPROVERS, 2},
    {"bob %leads", "", 3, {ALICE, UID_UNSET}, NULL, POLICY_REACH_NONE, 2}, /* bob is one */
    {"%daves dave", "", 2, {ALICE, UID_UNSET}, NULL, POLICY_REACH_NONE, 1},
    /* The requestor never counts: by uid, nor by login (rule 5). */
    {"alice", "", 1, {ALICE, UID_UNSET}, NULL, POLICY_REACH_NONE, 0},
    {"bob", "", 1, {ALICE, BOB}, NULL, POLICY_REACH_NONE, 0},
    {"bob", "dave", 1, {ALICE, BOB}, NULL, POLICY_REACH_FALLBACK, 1},
    {"%leads", "", 2, {BOB, UID_UNSET}, NULL, POLICY_REACH_NONE, 1},
    /* Who has approved counts, and cannot again. */
    {"%leads", "", 2, {ALICE, UID_UNSET}, &by_bob_here, POLICY_REACH_APPROVERS, 1},
    {"bob", "", 2, {ALICE, UID_UNSET}, &by_bob_here, POLICY_REACH_NONE, 0},
    {"%leads", "", 2, {ALICE, UID_UNSET}, &by_carol_as_bob, POLICY_REACH_NONE, 0},
    {"bob", "", 1, {ALICE, UID_UNSET}, &by_bob_here, POLICY_REACH_APPROVERS, 0}, /* nothing lacks */
    {"bob", "", 1, {ALICE, UID_UNSET}, &by_bob_before, POLICY_REACH_NONE, 0}, /* in another stage: rule 4 */
    {"bob", "dave", 1, {ALICE, UID_UNSET}, &by_bob_before, POLICY_REACH_FALLBACK, 1},
    {"bob", "dave", 2, {ALICE, UID_UNSET}, &by_bob_here, POLICY_REACH_FALLBACK, 1},
    /* Those who do not exist, have no members, may not log in. */
    {"%gone", "", 1, {ALICE, UID_UNSET}, NULL, POLICY_REACH_NONE, 0},
    {"%empty", "", 1, {ALICE, UID_UNSET}, NULL, POLICY_REACH_NONE, 0},
    /* Whom the directory finds by another spelling counts, once. */
    {"Dave", "", 1, {ALICE, UID_UNSET}, NULL, POLICY_REACH_APPROVERS, 1},
    {"Dave dave", "", 2, {ALICE, UID_UNSET}, NULL, POLICY_REACH_NONE, 1},
    {"Dave", "", 1, {DAVE, UID_UNSET}, NULL, POLICY_REACH_NONE, 0},
    {"erin ghost", "", 1, {ALICE, UID_UNSET}, NULL, POLICY_REACH_NONE, 0},
    {"%gone", "bob", 1, {ALICE, UID_UNSET}, NULL, POLICY_REACH_FALLBACK, 1},
    {"bob %gone", "%leads", 2, {ALICE, UID_UNSET}, NULL, POLICY_REACH_FALLBACK, 2},
    {"%gone", "alice ghost", 1, {ALICE, UID_UNSET}, NULL, POLICY_REACH_NONE, 0},
    {"bob", "dave", 3, {ALICE, UID_UNSET}, NULL, POLICY_REACH_NONE, 2},
    /* A list that was cut off is enough for every quorum. */
    {"%many",
     "",
     PACKAGE_PRINCIPALS_MAX,
     {ALICE, UID_UNSET},
     NULL,
     POLICY_REACH_APPROVERS,
     PACKAGE_PRINCIPALS_MAX},
    /* What could not be looked up decides nothing, unless the others are enough without it. */
    {"%unknown", "bob", 1, {ALICE, UID_UNSET}, NULL, POLICY_REACH_UNKNOWN, 0},
    {"%part", "", 2, {ALICE, UID_UNSET}, NULL, POLICY_REACH_APPROVERS, 2},
    {"%part", "", 3, {ALICE, UID_UNSET}, NULL, POLICY_REACH_UNKNOWN, 0},
    {"%part", "%many", 3, {ALICE, UID_UNSET}, NULL, POLICY_REACH_UNKNOWN, 0},
    {"%slow", "dave", 1, {ALICE, UID_UNSET}, NULL, POLICY_REACH_UNKNOWN, 0},
    {"%gone", "%part", 2, {ALICE, UID_UNSET}, NULL, POLICY_REACH_FALLBACK, 2},
    {"bob %unknown", "dave", 2, {ALICE, UID_UNSET}, NULL, POLICY_REACH_UNKNOWN, 0},
    {"bob %unknown", "", 1, {ALICE, UID_UNSET}, NULL, POLICY_REACH_APPROVERS, 1},
    {"bob", "nobody-asked", 1, {ALICE, UID_UNSET}, NULL, POLICY_REACH_APPROVERS, 1},
    {"%gone", "nobody-asked", 1, {ALICE, UID_UNSET}, NULL, POLICY_REACH_UNKNOWN, 0},
    {"%gone", "nobody-asked bob", 1, {ALICE, UID_UNSET}, NULL, POLICY_REACH_FALLBACK, 1},
};
enum { N_REACHES = sizeof(reaches) / sizeof(reaches[0]) };

START_TEST(test_reach)
{
    const struct facts facts = {.principals = known, .n_principals = sizeof(known) / sizeof(known[0])};
    struct stage stage = {.number = 1,
                          .quorum = reaches[_i].quorum,
                          .approvers = strv_split(reaches[_i].approvers),
                          .fallback_approvers = strv_split(reaches[_i].fallback)};
    const struct policy_pending pending = {.stage = &stage,
                                           .requestor = &reaches[_i].requestor,
                                           .decisions = reaches[_i].decision,
                                           .n_decisions = reaches[_i].decision ? 1 : 0};
    const struct policy_reach reach = policy_reach(&pending, &facts);
    ck_assert_int_eq(reach.verdict, reaches[_i].verdict);
    ck_assert_int_eq(reach.everybody, reaches[_i].everybody);
    stage_deinit(&stage);
}
END_TEST

/* Zeroed memory changes nothing. */
START_TEST(test_reach_of_nothing)
{
    const struct policy_reach reach = {0};
    const struct facts facts = {0};
    const struct identity requestor = {ALICE, UID_UNSET};
    struct stage stage = {.number = 1, .quorum = 1, .approvers = strv_split("bob")};
    ck_assert_int_eq(reach.verdict, POLICY_REACH_UNKNOWN);
    const struct policy_pending pending = {.stage = &stage, .requestor = &requestor};
    ck_assert_int_eq(policy_reach(&pending, &facts).verdict, POLICY_REACH_UNKNOWN);
    stage_deinit(&stage);
}
END_TEST

/* Asked before its time, a fallback approver is asked for good, whatever the clock says. */
START_TEST(test_escalated)
{
    struct stage stage = {.number = 1, .quorum = 1, .escalate_after = 100, .entered = 1000};
    ck_assert(!policy_escalated(&stage, 1099));
    ck_assert(policy_escalated(&stage, 1100));
    stage.escalated = 1050;
    ck_assert(policy_escalated(&stage, 1050));
    ck_assert(policy_escalated(&stage, 900));
    stage = (struct stage){.number = 1, .quorum = 1, .entered = 1000};
    ck_assert(!policy_escalated(&stage, 1 << 30));
}
END_TEST

int main(void)
{
    suite_case("policy", NULL, NULL);
    suite_add(test_names, test_same_person, test_may_request, test_may_decide);
    suite_loop(test_reach, 0, N_REACHES);
    suite_add(test_reach_of_nothing, test_escalated);
    return suite_run();
}
