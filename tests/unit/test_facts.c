/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holds facts.c to its word: what is asked, what an answer means, and that a malformed one is none (rule 1). */
#include "helperd/facts.h"

#include <check.h>
#include <string.h>

static json_t *question;

static void setup(void)
{
    char *groups[] = {(char *)"dbadmins", NULL};
    char *others[] = {(char *)"dave", (char *)"ghost", NULL};
    char *principals[] = {(char *)"bob", (char *)"%dba-leads", (char *)"%gone", NULL};
    const struct inquiry inquiry = {1001, (char *)"alice", groups, others, principals, NULL, 0};
    question = inquiry_to_json(&inquiry);
    ck_assert_ptr_nonnull(question);
}

static void teardown(void)
{
    json_decref(question);
}

static struct facts *answer(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(json);
    struct facts *facts = facts_from_json(question, json);
    json_decref(json);
    return facts;
}

START_TEST(a_question_names_all_that_is_asked_for)
{
    char *text = json_dumps(question, JSON_COMPACT | JSON_SORT_KEYS);
    ck_assert_str_eq(text, "{\"caller\":1001,\"groups\":[\"dbadmins\"],\"others\":[\"dave\",\"ghost\"],"
                           "\"principals\":[\"bob\",\"%dba-leads\",\"%gone\"],\"user\":\"alice\"}");
    free(text);
    const struct inquiry nobody = INQUIRY_NOBODY;
    json_t *empty = inquiry_to_json(&nobody);
    ck_assert_ptr_null(json_object_get(empty, "caller"));
    ck_assert_ptr_null(json_object_get(empty, "user"));
    json_decref(empty);
}
END_TEST

/* Whom the store says to have a group, beside the question for it. */
START_TEST(a_question_names_the_holders)
{
    char *principals[] = {(char *)"%a", (char *)"%b", NULL};
    struct holder holders[] = {{(char *)"%a", (char *)"carol", 1003, 7},
                               {(char *)"%a", (char *)"CORP\\dave", 4000000000, 7},
                               {(char *)"%b", (char *)"carol", 1003, 8}};
    struct inquiry inquiry = INQUIRY_NOBODY;
    inquiry.principals = principals;
    inquiry.holders = holders;
    inquiry.n_holders = 3;
    json_t *json = inquiry_to_json(&inquiry);
    char *text = json_dumps(json_object_get(json, "holders"), JSON_COMPACT | JSON_SORT_KEYS);
    ck_assert_str_eq(text, "{\"%a\":[{\"gid\":7,\"name\":\"carol\",\"uid\":1003},"
                           "{\"gid\":7,\"name\":\"CORP\\\\dave\",\"uid\":4000000000}],"
                           "\"%b\":[{\"gid\":8,\"name\":\"carol\",\"uid\":1003}]}");
    free(text);
    json_decref(json);
}
END_TEST

/* Gone is only who is not found, and whom /etc/passwd is said not to have. */
START_TEST(an_answer_tells_what_is_local)
{
    static const struct {
        const char *members;
        bool gone, local, group;
    } cases[] = {
        {"\"user\": null, \"user_gone\": true, \"local_groups\": [true]", true, false, true},
        {"\"user\": null, \"local_groups\": [false]", false, false, false},
        {"\"user\": null, \"user_gone\": 1", false, false, false},
        {"\"user\": {\"name\": \"alice\", \"uid\": 1, \"local\": true, \"groups\": []}, \"user_gone\": true",
         false, true, false},
        {"\"user\": {\"name\": \"alice\", \"uid\": 1, \"groups\": []}", false, false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text),
                 "{%s, \"groups\": [2001], \"others\": [null, null], \"principals\":"
                 " [null, null, null]}",
                 cases[i].members);
        struct facts *facts = answer(text);
        ck_assert_msg(facts, "%s", text);
        ck_assert_int_eq(facts->user_gone, cases[i].gone);
        ck_assert_int_eq(facts->user && facts->user->local, cases[i].local);
        ck_assert_int_eq(facts_group_is_local(facts, "dbadmins"), cases[i].group);
        ck_assert(!facts_group_is_local(facts, "other"));
        facts_free(facts);
    }
}
END_TEST

START_TEST(an_answer_tells_who_there_is)
{
    struct facts *facts =
        answer("{\"caller\": null, \"groups\": [2001], \"others\": [{\"name\": \"dave\", \"uid\": 1004, "
               "\"may_log_in\": true, \"groups\": [\"staff\"]}, null], \"principals\": "
               "[[], [{\"name\": \"bob\", \"uid\": 1002}, {\"name\": \"erin\", \"uid\": 1005}], null]}");
    ck_assert_ptr_nonnull(facts);
    ck_assert_ptr_null(facts->caller);
    ck_assert_uint_eq(facts_gid(facts, "dbadmins"), 2001);
    ck_assert_uint_eq(facts_other(facts, "dave")->uid, 1004);
    ck_assert_ptr_null(facts_other(facts, "ghost"));
    ck_assert(facts_principal(facts, "bob")->exists); /* who may not log in */
    ck_assert_uint_eq(facts_principal(facts, "bob")->n_people, 0);
    const struct principal *leads = facts_principal(facts, "%dba-leads");
    ck_assert_uint_eq(leads->n_people, 2);
    ck_assert_str_eq(leads->people[1].name, "erin");
    ck_assert_uint_eq(leads->people[1].uid, 1005);
    ck_assert(!facts_principal(facts, "%gone")->exists);
    ck_assert_ptr_null(facts_principal(facts, "carol"));
    facts_free(facts);
}
END_TEST

/* What could not be found out is not the same as what is not there. */
START_TEST(a_principal_may_stay_unknown)
{
    struct facts *facts = answer("{\"groups\": [null], \"others\": [null, null], \"principals\": [false, "
                                 "[{\"name\": \"bob\", \"uid\": 1002}], null]}");
    ck_assert_ptr_nonnull(facts);
    ck_assert_ptr_null(facts_principal(facts, "bob"));
    ck_assert_uint_eq(facts_principal(facts, "%dba-leads")->n_people, 1);
    ck_assert(!facts_principal(facts, "%gone")->exists);
    facts_free(facts);
}
END_TEST

static const char *const malformed[] = {
    "[]",
    "{\"groups\": [], \"others\": [null, null], \"principals\": [null, null, null]}",
    "{\"groups\": [null], \"others\": [null], \"principals\": [null, null, null]}",
    "{\"groups\": [null], \"others\": [null, {\"uid\": 1}], \"principals\": [null, null, null]}",
    "{\"groups\": [null], \"others\": [null, null], \"principals\": [null, null]}",
    "{\"groups\": [null], \"others\": [null, null], \"principals\": [null, [{\"name\": \"x\"}], null]}",
    "{\"groups\": [null], \"others\": [null, null], \"principals\": [null, [{\"uid\": 1}], null]}",
    "{\"error\": \"the directory is away\"}",
};
enum { N_MALFORMED = sizeof(malformed) / sizeof(malformed[0]) };

START_TEST(a_malformed_answer_is_none)
{
    ck_assert_ptr_null(answer(malformed[_i]));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("facts");
    TCase *facts = tcase_create("facts");
    tcase_add_checked_fixture(facts, setup, teardown);
    tcase_add_test(facts, a_question_names_all_that_is_asked_for);
    tcase_add_test(facts, a_question_names_the_holders);
    tcase_add_test(facts, an_answer_tells_who_there_is);
    tcase_add_test(facts, a_principal_may_stay_unknown);
    tcase_add_test(facts, an_answer_tells_what_is_local);
    tcase_add_loop_test(facts, a_malformed_answer_is_none, 0, N_MALFORMED);
    suite_add_tcase(suite, facts);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
