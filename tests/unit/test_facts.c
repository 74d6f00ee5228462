/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holds facts.c to its word: what is asked, what an answer means, and that a malformed one is none (rule 1). */
#include "tests/support/answer.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <string.h>

static json_t *question;

static void setup(void)
{
    char *groups[] = {(char *)"dbadmins", (char *)"backup", NULL};
    char *others[] = {(char *)"dave", (char *)"ghost", NULL};
    char *principals[] = {(char *)"bob", (char *)"%dba-leads", (char *)"%gone", NULL};
    gid_t gids[] = {2001, 34};
    const struct inquiry inquiry = {.caller = 1001,
                                    .user = (char *)"alice",
                                    .groups = groups,
                                    .others = others,
                                    .principals = principals,
                                    .gids = gids,
                                    .n_gids = 2};
    question = inquiry_to_json(&inquiry);
    ck_assert_ptr_nonnull(question);
}

static void teardown(void)
{
    json_decref(question);
}

/* `text`: an array of the lines. */
static struct facts *answer(const char *text)
{
    json_t *lines = json_loads(text, 0, NULL);
    ck_assert_msg(lines, "%s", text);
    return answer_facts(question, lines);
}

START_TEST(a_question_names_all_that_is_asked_for)
{
    char *text = json_dumps(question, JSON_COMPACT | JSON_SORT_KEYS);
    ck_assert_str_eq(text,
                     "{\"caller\":1001,\"gids\":[2001,34],\"groups\":[\"dbadmins\",\"backup\"],\"others\":"
                     "[\"dave\",\"ghost\"],\"principals\":[\"bob\",\"%dba-leads\",\"%gone\"],\"user\":"
                     "\"alice\"}");
    free(text);
    struct inquiry nobody = INQUIRY_EMPTY;
    ck_assert(inquiry_is_empty(&nobody));
    nobody.names_only = true;
    ck_assert(inquiry_is_empty(&nobody));
    json_t *empty = inquiry_to_json(&nobody);
    ck_assert_ptr_null(json_object_get(empty, "caller"));
    ck_assert_ptr_null(json_object_get(empty, "user"));
    ck_assert(json_is_true(json_object_get(empty, "names_only")));
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
    struct inquiry inquiry = INQUIRY_EMPTY;
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

/* Zeroed memory knows nothing, and so refuses (rule 1). */
START_TEST(without_an_answer_nothing_is_known)
{
    struct facts *facts = answer("[]");
    ck_assert(!facts->caller_known && !facts->user_known && !facts->user_gone);
    ck_assert(!facts_group(facts, "dbadmins")->known);
    ck_assert(!facts_knows_other(facts, "dave"));
    ck_assert_ptr_null(facts_principal(facts, "bob"));
    ck_assert_uint_eq(facts_gid(facts, "dbadmins"), GID_UNSET);
    ck_assert_ptr_null(facts_owner_of(facts, facts_group(facts, "dbadmins"), 2001));
    ck_assert(!facts_are_whole(facts));
    facts_free(facts);
}
END_TEST

#define ALICE "\"name\": \"alice\", \"uid\": 1001, \"groups\": [\"local\"]"

/* Gone is only who is surely not found, and whom /etc/passwd is said not to have. */
START_TEST(an_answer_tells_of_a_user)
{
    static const struct {
        const char *line;
        bool known, found, gone, local;
    } cases[] = {
        {"{\"user\": null, \"user_gone\": true}", true, false, true, false},
        {"{\"user\": null, \"user_gone\": false}", true, false, false, false},
        {"{\"user\": null, \"user_gone\": 1}", true, false, false, false},
        {"{\"user\": false, \"user_gone\": true}", false, false, false, false},
        {"{\"user\": {" ALICE ", \"local\": true}, \"user_gone\": true}", true, true, false, true},
        {"{\"user\": {" ALICE "}}", true, true, false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text), "[%s]", cases[i].line);
        struct facts *facts = answer(text);
        ck_assert_msg(facts, "%s", text);
        ck_assert_int_eq(facts->user_known, cases[i].known);
        ck_assert_int_eq(facts->user != NULL, cases[i].found);
        ck_assert_int_eq(facts->user_gone, cases[i].gone);
        ck_assert_int_eq(facts->user && facts->user->local, cases[i].local);
        facts_free(facts);
    }
}
END_TEST

/* Those of /etc/group come first, so that they are there when the rest hangs. */
START_TEST(the_groups_of_a_user_come_later)
{
    struct facts *facts =
        answer("[{\"caller\": {" ALICE "}}, {\"user\": {" ALICE "}}, {\"other\": 0, \"subject\": {" ALICE
               "}}, {\"groups_of\": \"caller\", \"names\": [\"local\", \"far\"], \"all\": true},"
               " {\"groups_of\": 0, \"names\": [\"near\"], \"all\": false}]");
    ck_assert_ptr_nonnull(facts);
    ck_assert(strv_contains(facts->caller->groups, "far") && facts->caller->all_groups);
    ck_assert(strv_contains(facts->user->groups, "local") && !facts->user->all_groups);
    const struct subject *other = facts_other(facts, "dave");
    ck_assert(strv_contains(other->groups, "near") && !strv_contains(other->groups, "local"));
    ck_assert(!other->all_groups);
    facts_free(facts);
}
END_TEST

START_TEST(an_answer_tells_of_groups)
{
    struct facts *facts =
        answer("[{\"group\": 0, \"gid\": null, \"local\": true}, {\"group\": 1, \"gid\": 34, \"alias\": "
               "\"tape\"}, {\"number\": 0, \"name\": \"guests\"}, {\"number\": 1, \"name\": false}]");
    ck_assert_ptr_nonnull(facts);
    const struct fact_group *gone = facts_group(facts, "dbadmins");
    ck_assert(gone->known && gone->local);
    ck_assert_uint_eq(gone->gid, GID_UNSET);
    ck_assert_str_eq(facts_owner_of(facts, gone, 2001), "guests");
    ck_assert_ptr_null(facts_owner_of(facts, gone, 34)); /* its name was not answered */
    ck_assert_ptr_null(facts_owner_of(facts, gone, 5));
    const struct fact_group *other = facts_group(facts, "backup");
    ck_assert_str_eq(other->alias, "tape");
    ck_assert_uint_eq(facts_gid(facts, "backup"), 34);
    ck_assert_ptr_null(facts_owner_of(facts, other, 2001)); /* it is there, with whatever number */
    ck_assert_ptr_null(facts_group(facts, "unasked"));
    facts_free(facts);
    facts = answer("[{\"group\": 0, \"gid\": false}, {\"number\": 0, \"name\": \"guests\"}]");
    ck_assert_ptr_null(facts_owner_of(facts, facts_group(facts, "dbadmins"), 2001));
    facts_free(facts);
    /* Its own name is no other's. */
    facts = answer("[{\"group\": 0, \"gid\": null}, {\"number\": 0, \"name\": \"dbadmins\"}]");
    ck_assert_ptr_null(facts_owner_of(facts, facts_group(facts, "dbadmins"), 2001));
    facts_free(facts);
}
END_TEST

START_TEST(an_answer_tells_of_others)
{
    struct facts *facts =
        answer("[{\"other\": 0, \"subject\": {\"name\": \"Dave\", \"uid\": 1004, \"groups\": []}},"
               " {\"other\": 1, \"subject\": null}]");
    ck_assert_uint_eq(facts_other(facts, "dave")->uid, 1004);
    ck_assert_str_eq(facts_other(facts, "dave")->name, "Dave"); /* asked for by one name, found by another */
    ck_assert_ptr_null(facts_other(facts, "ghost"));
    ck_assert(facts_knows_other(facts, "dave") && facts_knows_other(facts, "ghost"));
    facts_free(facts);
    facts = answer("[{\"other\": 0, \"subject\": false}]");
    ck_assert(!facts_knows_other(facts, "dave"));
    facts_free(facts);
}
END_TEST

/* What was found in time counts, and that it may not be all. */
START_TEST(an_answer_tells_of_principals)
{
    struct facts *facts = answer("[{\"principal\": 0, \"exists\": true, \"whole\": true}, {\"principal\": 1, "
                                 "\"exists\": true},"
                                 " {\"principal\": 1, \"people\": [{\"name\": \"bob\", \"uid\": 1002}]},"
                                 " {\"principal\": 1, \"people\": [{\"name\": \"erin\", \"uid\": 1005}]}]");
    ck_assert_ptr_nonnull(facts);
    ck_assert(facts_principal(facts, "bob")->exists); /* who may not log in */
    ck_assert_uint_eq(facts_principal(facts, "bob")->n_people, 0);
    const struct principal *leads = facts_principal(facts, "%dba-leads");
    ck_assert(leads->exists && !leads->whole);
    ck_assert_uint_eq(leads->n_people, 2);
    ck_assert_str_eq(leads->people[1].name, "erin");
    ck_assert_uint_eq(leads->people[1].uid, 1005);
    ck_assert_ptr_null(facts_principal(facts, "%gone"));
    facts_free(facts);
    facts = answer("[{\"principal\": 2, \"whole\": true}]");
    ck_assert(!facts_principal(facts, "%gone")->exists && facts_principal(facts, "%gone")->whole);
    facts_free(facts);
}
END_TEST

#define THERE                                                                                                \
    "[{\"group\": 0, \"gid\": 2001}, {\"group\": 1, \"gid\": 34, \"local\": true}, {\"principal\": 0, "      \
    "\"exists\": "                                                                                           \
    "true, \"local\": true, \"whole\": true}, {\"principal\": 1, \"exists\": true, \"whole\": true}]"
#define DENIED                                                                                               \
    "[{\"group\": 0, \"gid\": null}, {\"group\": 1, \"gid\": null}, {\"number\": 0, \"name\": \"guests\"}, " \
    "{\"principal\": 0, \"whole\": true}, {\"principal\": 1, \"whole\": true}, {\"principal\": 2, "          \
    "\"whole\": true}]"
enum { DAY = 24 * 60 * 60 };

static struct facts *doubt(const char *text, struct remembered *known, double now, bool doubted)
{
    struct facts *facts = answer(text);
    ck_assert_ptr_nonnull(facts);
    ck_assert_int_eq(facts_doubt(facts, known, now) != NULL, doubted);
    return facts;
}

/* SSSD denies what is not in its cache while its server is away. What the files of this host had and have no more is
 * gone, and so is what no directory had before. */
START_TEST(a_denial_of_what_was_there_is_in_doubt)
{
    struct remembered known = {0};
    facts_free(doubt(DENIED, &known, 0, false));
    facts_free(doubt(THERE, &known, 1, false));
    struct facts *facts = doubt(DENIED, &known, 2, true);
    const struct fact_group *group = facts_group(facts, "dbadmins");
    ck_assert(!group->known && group->doubted && facts->unanswered);
    ck_assert_str_eq(facts_owner_of(facts, group, 2001), "guests"); /* this much is said for sure */
    ck_assert(facts_group(facts, "backup")->known);
    ck_assert(!facts_principal(facts, "%dba-leads")->whole);
    ck_assert(facts_principal(facts, "bob")->whole && facts_principal(facts, "%gone")->whole);
    facts_free(facts);
    facts_free(doubt(DENIED, &known, 2 + DAY - 1, true));
    facts_free(doubt(THERE, &known, 2 + DAY, false));
    facts_free(doubt(DENIED, &known, 3 + DAY, true)); /* counted anew */
    facts = doubt(DENIED, &known, 3 + 2 * DAY, false);
    ck_assert(facts_group(facts, "dbadmins")->known && facts_principal(facts, "%dba-leads")->whole);
    facts_free(facts);
    remembered_deinit(&known);
}
END_TEST

START_TEST(an_answer_has_an_end)
{
    json_t *end = json_pack("{s:b}", "end", 1);
    json_t *principals = json_pack("{s:b}", "principals", 1);
    struct facts *facts = answer(
        "[{\"caller\": null}, {\"user\": null}, {\"group\": 0, \"gid\": 1}, {\"group\": 1, \"gid\": null},"
        " {\"number\": 0, \"name\": null}, {\"number\": 1, \"name\": \"x\"}, {\"other\": 0, \"subject\": "
        "null},"
        " {\"other\": 1, \"subject\": null}]");
    ck_assert(facts_are_whole(facts)); /* principals are not waited for */
    ck_assert_int_eq(facts_add(facts, question, principals), FACTS_E_PRINCIPALS);
    ck_assert_int_eq(facts_add(facts, question, end), FACTS_E_END);
    facts_free(facts);
    json_decref(end);
    json_decref(principals);
}
END_TEST

static const char *const malformed[] = {
    "[{}]",
    "[[]]",
    "[{\"caller\": true}]",
    "[{\"caller\": \"alice\"}]",
    "[{\"caller\": {\"uid\": 1}}]",
    "[{\"caller\": {\"name\": \"alice\"}}]",
    "[{\"caller\": {\"name\": \"\", \"uid\": 1, \"groups\": []}}]",
    "[{\"caller\": {" ALICE "}}, {\"caller\": {" ALICE "}}]",
    "[{\"user\": null}, {\"user\": null}]",
    "[{\"caller\": {\"name\": \"alice\", \"uid\": 1, \"groups\": [1]}}]",
    "[{\"group\": 2, \"gid\": 1}]",
    "[{\"group\": -1, \"gid\": 1}]",
    "[{\"group\": \"dbadmins\", \"gid\": 1}]",
    "[{\"group\": 0, \"gid\": true}]",
    "[{\"group\": 0}]",
    "[{\"group\": 0, \"gid\": 1}, {\"group\": 0, \"gid\": 2}]",
    "[{\"number\": 2, \"name\": \"x\"}]",
    "[{\"number\": 0, \"name\": 1}]",
    "[{\"other\": 2, \"subject\": null}]",
    "[{\"other\": 0, \"subject\": {\"uid\": 1}}]",
    "[{\"groups_of\": \"caller\", \"names\": [], \"all\": true}]", /* of nobody */
    "[{\"groups_of\": 5, \"names\": [], \"all\": true}]",
    "[{\"groups_of\": \"other\", \"names\": [], \"all\": true}]",
    "[{\"user\": {" ALICE "}}, {\"groups_of\": \"user\", \"names\": [1], \"all\": true}]",
    "[{\"principal\": 3, \"exists\": true}]",
    "[{\"principal\": 0, \"people\": [{\"name\": \"x\"}]}]",
    "[{\"principal\": 0, \"people\": [{\"uid\": 1}]}]",
    "[{\"error\": \"the directory is away\"}]",
};
enum { N_MALFORMED = sizeof(malformed) / sizeof(malformed[0]) };

START_TEST(a_malformed_answer_is_none)
{
    ck_assert_msg(!answer(malformed[_i]), "%s", malformed[_i]);
}
END_TEST

/* Whatever a look-up process says, memory is bounded. */
START_TEST(a_principal_has_so_many_people_at_most)
{
    json_t *line = json_pack("{s:i, s:[{s:s, s:i}]}", "principal", 0, "people", "name", "x", "uid", 1);
    struct facts *facts = answer("[]");
    for (int i = 0; i < FACTS_PEOPLE_MAX; i++)
        ck_assert_int_eq(facts_add(facts, question, line), 0);
    ck_assert_int_eq(facts_add(facts, question, line), -EBADMSG);
    facts_free(facts);
    json_decref(line);
}
END_TEST

/* Root is who it is, by the name that the host has for it. */
START_TEST(root_needs_no_directory)
{
    struct facts *facts = facts_new(NULL);
    facts->caller = subject_of_root();
    ck_assert_uint_eq(facts->caller->uid, 0);
    ck_assert_str_eq(facts->caller->name, "root");
    ck_assert_uint_eq(strv_length(facts->caller->groups), 0);
    ck_assert(!facts->caller->all_groups);
    facts_free(facts);
}
END_TEST

int main(void)
{
    suite_case("facts", setup, teardown);
    suite_add(a_question_names_all_that_is_asked_for, a_question_names_the_holders,
              without_an_answer_nothing_is_known, an_answer_tells_of_a_user, the_groups_of_a_user_come_later,
              an_answer_tells_of_groups, an_answer_tells_of_others, an_answer_tells_of_principals,
              a_denial_of_what_was_there_is_in_doubt, an_answer_has_an_end,
              a_principal_has_so_many_people_at_most, root_needs_no_directory);
    suite_loop(a_malformed_answer_is_none, 0, N_MALFORMED);
    return suite_run();
}
