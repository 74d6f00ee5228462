/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom a name of a policy means: what the directory says, and never how it is spelled (rules 1, 5, 9). */
#include "helperd/policy/policy.h"
#include "tests/support/answer.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>

enum { OLGA = 5001, BOB = 1002, OTHER_BOB = 5002, LEADS = 5010, LOCAL_LEADS = 2002 };

static struct namebook book;

/* olga is a directory's, and one of its dirleads; so is a bob, beside the bob of this host. */
static void setup(void)
{
    namebook_note(&book, "olga", NAMED_FOUND, "olga", OLGA);
    namebook_note(&book, "Olga@corp.test", NAMED_FOUND, "olga", OLGA);
    namebook_note(&book, "bob", NAMED_FOUND, "bob", BOB);
    namebook_note(&book, "BOB", NAMED_FOUND, "bob", OTHER_BOB);
    namebook_note(&book, "%DirLeads", NAMED_FOUND, "dirleads", LEADS);
    namebook_note(&book, "%dirleads@corp.test", NAMED_FOUND, "dirleads", LEADS);
    namebook_note(&book, "%leads", NAMED_FOUND, "leads", LOCAL_LEADS);
    namebook_note(&book, "ghost", NAMED_ABSENT, NULL, 0);
    namebook_note(&book, "%ghosts", NAMED_ABSENT, NULL, 0);
    namebook_note(&book, "OLGA", NAMED_UNKNOWN, NULL, 0);
    namebook_note(&book, "%slow", NAMED_UNKNOWN, NULL, 0);
    namebook_note(&book, "Stale", NAMED_FOUND, "olga", OLGA);
    namebook_note(&book, "Stale", NAMED_UNKNOWN, NULL, 0);
    namebook_note(&book, "%Stales", NAMED_FOUND, "dirleads", LEADS);
    namebook_note(&book, "%Stales", NAMED_UNKNOWN, NULL, 0);
    namebook_note(&book, "away", NAMED_ABSENT, NULL, 0);
    namebook_note(&book, "away", NAMED_UNKNOWN, NULL, 0);
}

static void teardown(void)
{
    namebook_deinit(&book);
}

static char *of_olga[] = {(char *)"corp", (char *)"leads", NULL};
static gid_t gids_of_olga[] = {5000, LEADS};
static struct subject olga = {.name = (char *)"olga",
                              .uid = OLGA,
                              .groups = of_olga, /* the directory's leads, another group than this host's */
                              .gids = gids_of_olga,
                              .n_gids = 2,
                              .all_groups = true,
                              .book = &book};
static char *of_bob[] = {(char *)"bob", NULL};
static gid_t gids_of_bob[] = {BOB};
static struct subject bob = {.name = (char *)"bob",
                             .uid = BOB,
                             .groups = of_bob,
                             .gids = gids_of_bob,
                             .n_gids = 1,
                             .all_groups = true,
                             .book = &book};
static struct subject other_bob = {.name = (char *)"bob",
                                   .uid = OTHER_BOB,
                                   .groups = of_bob,
                                   .gids = gids_of_olga,
                                   .n_gids = 1,
                                   .all_groups = true,
                                   .book = &book};
/* An account of this host that was made later, by a name that a policy has. */
static struct subject late = {.name = (char *)"Olga@corp.test",
                              .uid = 1999,
                              .groups = of_bob,
                              .gids = gids_of_bob,
                              .n_gids = 0,
                              .all_groups = true,
                              .book = &book};

enum { NO, MAYBE, YES };

static const struct {
    const char *principals;
    const struct subject *subject;
    int named;
} rows[] = {
    {"olga", &olga, YES},
    {"Olga@corp.test", &olga, YES},
    {"ghost Olga@corp.test", &olga, YES},
    {"%DirLeads", &olga, YES},
    {"%dirleads@corp.test", &olga, YES},
    {"olga", &bob, NO},
    {"%DirLeads", &bob, NO},
    {"ghost", &olga, NO},
    {"%ghosts", &olga, NO},
    /* One name, two accounts: the directory says whom it means. */
    {"bob", &bob, YES},
    {"bob", &other_bob, NO},
    {"BOB", &other_bob, YES},
    {"BOB", &bob, NO},
    {"%leads", &olga, NO},
    {"Olga@corp.test", &late, NO},
    /* Not answered is neither. */
    {"OLGA", &olga, MAYBE},
    {"OLGA", &bob, MAYBE},
    {"never-asked", &olga, MAYBE},
    {"%never-asked", &olga, MAYBE},
    {"%slow", &olga, MAYBE},
    {"away", &olga, MAYBE},
    {"OLGA olga", &olga, YES},
    /* What was answered before, and is not now, names nobody for sure, and nobody else at all. */
    {"Stale", &olga, MAYBE},
    {"Stale", &bob, NO},
    {"%Stales", &olga, MAYBE},
    {"%Stales", &bob, NO},
    {"", &olga, NO},
};

START_TEST(what_the_directory_says_counts)
{
    strv principals = strv_split(rows[_i].principals);
    ck_assert_int_eq(policy_names(principals, rows[_i].subject), rows[_i].named == YES);
    ck_assert_int_eq(policy_may_name(principals, rows[_i].subject), rows[_i].named != NO);
    strv_free(principals);
}
END_TEST

/* While their groups are not all known, they may be in any. */
START_TEST(groups_that_are_not_known)
{
    char *leads[] = {(char *)"%DirLeads", NULL};
    char *ghosts[] = {(char *)"%ghosts", NULL};
    struct subject half = bob;
    half.all_groups = false;
    ck_assert(!policy_names(leads, &half) && policy_may_name(leads, &half));
    ck_assert(!policy_may_name(ghosts, &half));
}
END_TEST

/* A later answer counts: the account of this host has the name now. */
START_TEST(an_account_takes_the_name)
{
    char *names[] = {(char *)"Olga@corp.test", NULL};
    namebook_note(&book, "Olga@corp.test", NAMED_FOUND, "Olga@corp.test", 1999);
    ck_assert(!policy_may_name(names, &olga));
    ck_assert(policy_names(names, &late));
    namebook_note(&book, "Olga@corp.test", NAMED_ABSENT, NULL, 0);
    ck_assert(!policy_may_name(names, &olga) && !policy_may_name(names, &late));
}
END_TEST

START_TEST(the_gid_of_a_group)
{
    ck_assert_uint_eq(namebook_gid(&book, "%DirLeads"), LEADS);
    ck_assert_uint_eq(namebook_gid(&book, "%Stales"), GID_UNSET);
    ck_assert_uint_eq(namebook_gid(&book, "%ghosts"), GID_UNSET);
    ck_assert_uint_eq(namebook_gid(&book, "%never-asked"), GID_UNSET);
    ck_assert_uint_eq(namebook_gid(NULL, "%DirLeads"), GID_UNSET);
}
END_TEST

/* A list asks again for what is not fresh. */
START_TEST(what_is_fresh)
{
    ck_assert(namebook_is_fresh(&book, "ghost") && !namebook_is_fresh(&book, "Stale"));
    ck_assert(!namebook_is_fresh(&book, "OLGA") && !namebook_is_fresh(NULL, "olga"));
    book.expired = namebook_clock();
    ck_assert(!namebook_is_fresh(&book, "ghost") && namebook_find(&book, "ghost"));
    namebook_note(&book, "ghost", NAMED_ABSENT, NULL, 0);
    ck_assert(namebook_is_fresh(&book, "ghost"));
}
END_TEST

/* ---- from the answer of a look-up to whom it names ---- */

static json_t *new_question(void)
{
    char *names[] = {(char *)"OLGA", (char *)"%DirLeads", (char *)"ghost", (char *)"late", NULL};
    const struct inquiry inquiry = {.caller = OLGA, .names = names};
    return inquiry_to_json(&inquiry);
}

static struct facts *answer(json_t *question, const char *lines)
{
    json_t *array = json_loads(lines, 0, NULL);
    ck_assert_msg(array, "%s", lines);
    return answer_facts(question, array);
}

#define CALLER                                                                                               \
    "{\"caller\": {\"name\": \"olga\", \"uid\": 5001, \"groups\": [], \"gids\": []}},"                       \
    "{\"groups_of\": \"caller\", \"names\": [\"dirleads\"], \"gids\": [5010], \"all\": true}"
#define OLGA_LINE   "{\"named\": 0, \"as\": \"olga\", \"id\": 5001, \"local\": false}"
#define LEADS_LINE  "{\"named\": 1, \"as\": \"dirleads\", \"id\": 5010, \"local\": false}"
#define GHOST_LINE  "{\"named\": 2, \"as\": null, \"id\": 0, \"local\": false}"
#define SILENT_LINE "{\"named\": 3, \"as\": false, \"id\": 0, \"local\": false}"

static bool names(const char *principal, const struct subject *subject)
{
    char *principals[] = {(char *)principal, NULL};
    return policy_names(principals, subject);
}

START_TEST(an_answer_names_the_caller)
{
    json_t *question = new_question();
    struct facts *facts =
        answer(question, "[" CALLER "," OLGA_LINE "," LEADS_LINE "," GHOST_LINE "," SILENT_LINE "]");
    ck_assert_ptr_nonnull(facts);
    facts_learn(facts, &book);
    ck_assert(names("OLGA", facts->caller) && names("%DirLeads", facts->caller));
    ck_assert(!names("ghost", facts->caller) && !names("late", facts->caller));
    ck_assert(!facts_are_whole(facts)); /* a directory did not answer for one of them */
    facts_free(facts);
    json_decref(question);
}
END_TEST

/* A directory whose server is away denies what it had: that is no absence yet, and still nobody else. */
START_TEST(a_denial_is_doubted)
{
    struct remembered known = {0};
    json_t *question = new_question();
    struct facts *facts = answer(question, "[" CALLER "," OLGA_LINE "]");
    ck_assert_ptr_null(facts_doubt(facts, &known, 1));
    facts_learn(facts, &book);
    facts_free(facts);
    facts = answer(question, "[" CALLER ", {\"named\": 0, \"as\": null, \"id\": 0, \"local\": false}]");
    ck_assert_str_eq(facts_doubt(facts, &known, 2), "OLGA");
    facts_learn(facts, &book);
    char *olgas[] = {(char *)"OLGA", NULL};
    ck_assert(!policy_names(olgas, facts->caller) && policy_may_name(olgas, facts->caller));
    ck_assert(!policy_may_name(olgas, &bob));
    facts_free(facts);
    remembered_deinit(&known);
    json_decref(question);
}
END_TEST

static const char *const malformed[] = {
    "[{\"named\": 4, \"as\": \"olga\", \"id\": 5001}]",
    "[{\"named\": -1, \"as\": null}]",
    "[{\"named\": \"OLGA\", \"as\": null}]",
    "[{\"named\": 0}]",
    "[{\"named\": 0, \"as\": \"olga\"}]",
    "[{\"named\": 0, \"as\": \"\", \"id\": 0}]",
    "[{\"named\": 0, \"as\": 5001, \"id\": 5001}]",
    "[" OLGA_LINE "," OLGA_LINE "]",
};

START_TEST(a_malformed_answer_is_none)
{
    json_t *question = new_question();
    ck_assert_ptr_null(answer(question, malformed[_i]));
    json_decref(question);
}
END_TEST

int main(void)
{
    suite_case("principal", setup, teardown);
    suite_rows(what_the_directory_says_counts, rows);
    suite_add(groups_that_are_not_known, an_account_takes_the_name, the_gid_of_a_group, what_is_fresh,
              an_answer_names_the_caller, a_denial_is_doubted);
    suite_rows(a_malformed_answer_is_none, malformed);
    return suite_run();
}
