/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may ask and who may decide, as tables. */
#include "helperd/policy.h"

#include <check.h>
#include <stdlib.h>

static char *no_one[] = {NULL};
static char *alice_groups[] = {(char *)"alice", (char *)"staff", NULL};
static char *bob_groups[] = {(char *)"bob", (char *)"dba-leads", NULL};
static struct subject alice = {
    .name = (char *)"alice", .uid = 1001, .may_log_in = true, .groups = alice_groups};
static struct subject bob = {.name = (char *)"bob", .uid = 1002, .may_log_in = true, .groups = bob_groups};
static struct subject locked = {
    .name = (char *)"bob", .uid = 1002, .may_log_in = false, .groups = bob_groups};

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
    const struct policy_decider by_bob = {&bob, {1002, UID_UNSET}};
    const struct policy_decider by_alice = {&alice, {1001, UID_UNSET}};
    const struct policy_decider by_locked = {&locked, {1002, UID_UNSET}};
    const struct policy_decider by_own_login = {&bob, {1002, 1003}};
    const struct decision elsewhere = {.stage = 1, .identity = {1002, UID_UNSET}, .approved = true};
    const struct decision here = {.stage = 2, .identity = {1002, UID_UNSET}, .approved = true};
    const struct decision same_login = {.stage = 2, .identity = {1009, 1002}, .approved = true};

    ck_assert_int_eq(policy_may_decide(&stage, &requestor, NULL, 0, &by_bob, 1000), POLICY_DECIDE_ALLOWED);
    ck_assert_int_eq(policy_may_decide(&stage, &requestor, &elsewhere, 1, &by_bob, 1000),
                     POLICY_DECIDE_ALLOWED);
    ck_assert_int_eq(policy_may_decide(&stage, &requestor, &here, 1, &by_bob, 1000), POLICY_DECIDE_TWICE);
    ck_assert_int_eq(policy_may_decide(&stage, &requestor, &same_login, 1, &by_bob, 1000),
                     POLICY_DECIDE_TWICE);
    ck_assert_int_eq(policy_may_decide(&stage, &requestor, NULL, 0, &by_locked, 1000),
                     POLICY_DECIDE_NO_LOGIN);
    ck_assert_int_eq(policy_may_decide(&stage, &requestor, NULL, 0, &by_own_login, 1000),
                     POLICY_DECIDE_OWN_REQUEST);
    ck_assert_int_eq(policy_may_decide(&stage, &by_bob.identity, NULL, 0, &by_bob, 1000),
                     POLICY_DECIDE_OWN_REQUEST);
    /* The fallback approvers come in when the time has passed, not before. */
    ck_assert_int_eq(policy_may_decide(&stage, &requestor, NULL, 0, &by_alice, 1099),
                     POLICY_DECIDE_NOT_APPROVER);
    ck_assert_int_eq(policy_may_decide(&stage, &requestor, NULL, 0, &by_alice, 1100), POLICY_DECIDE_ALLOWED);
    ck_assert_int_eq(policy_lacking(&stage, &elsewhere, 1), 2);
    ck_assert_int_eq(policy_lacking(&stage, &here, 1), 1);
    /* Zeroed memory refuses. */
    const struct stage nothing = {0};
    ck_assert_int_eq(policy_may_decide(&nothing, &requestor, NULL, 0, &by_bob, 1000),
                     POLICY_DECIDE_NOT_APPROVER);
}
END_TEST

START_TEST(test_undecidable)
{
    char *only_alice[] = {(char *)"alice", NULL};
    char *both[] = {(char *)"alice", (char *)"bob", NULL};
    char *group[] = {(char *)"alice", (char *)"%dba-leads", NULL};
    struct stage stage = {.quorum = 1, .approvers = only_alice};
    ck_assert(policy_undecidable(&stage, "alice"));
    ck_assert(!policy_undecidable(&stage, "bob"));
    stage.fallback_approvers = both;
    ck_assert(policy_undecidable(&stage, "alice")); /* nobody ever asks them */
    stage.escalate_after = 60;
    ck_assert(!policy_undecidable(&stage, "alice"));
    stage = (struct stage){.quorum = 2, .approvers = both};
    ck_assert(policy_undecidable(&stage, "alice"));
    ck_assert(!policy_undecidable(&stage, "carol"));
    stage.approvers = group;
    ck_assert(!policy_undecidable(&stage, "alice"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("policy");
    TCase *tests = tcase_create("policy");
    tcase_add_test(tests, test_names);
    tcase_add_test(tests, test_same_person);
    tcase_add_test(tests, test_may_request);
    tcase_add_test(tests, test_may_decide);
    tcase_add_test(tests, test_undecidable);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
