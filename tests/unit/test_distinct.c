/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether different people can complete all stages of a request. */
#include "helperd/config/distinct.h"
#include "helperd/policy/policy.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *people[4]; /* a letter each, by stage */
    int64_t quorums[4];
    size_t stages;
    size_t reach;
} cases[] = {
    {{"a"}, {1}, 1, 1},
    {{"a", "a"}, {1, 1}, 2, 1},
    {{"a", "b"}, {1, 1}, 2, 2},
    {{"ab", "a"}, {1, 1}, 2, 2},           /* b has to take the first one */
    {{"abc", "ab", "a"}, {1, 1, 1}, 3, 3}, /* and so on, backwards */
    {{"ab", "ab", "ab"}, {1, 1, 1}, 3, 2},
    {{"ab", "bc"}, {2, 1}, 2, 2},
    {{"ab", "ab"}, {2, 1}, 2, 1},
    {{"abcd", "ab", "ab"}, {2, 1, 1}, 3, 3}, /* c and d */
    {{"abc", "ab", "ab"}, {2, 1, 1}, 3, 2},
    {{""}, {1}, 1, 0},
};

static size_t reach_of(size_t i)
{
    struct distinct_stage stages[4] = {0};
    size_t people[4][8];
    for (size_t stage = 0; stage < cases[i].stages; stage++) {
        stages[stage] = (struct distinct_stage){.people = people[stage], .quorum = cases[i].quorums[stage]};
        for (const char *person = cases[i].people[stage]; *person; person++)
            people[stage][stages[stage].count++] = (size_t)(*person - 'a');
    }
    return distinct_reach(stages, cases[i].stages, 4);
}

START_TEST(test_table)
{
    ck_assert_uint_eq(reach_of((size_t)_i), cases[_i].reach);
}
END_TEST

/* One after the other each has one person more: the last approval moves all those before it. */
START_TEST(test_long_chain)
{
    enum { STAGES = 16 };
    struct distinct_stage stages[STAGES];
    size_t people[STAGES][2];
    for (size_t i = 0; i < STAGES; i++) {
        people[i][0] = i;
        people[i][1] = i + 1;
        stages[i] = (struct distinct_stage){people[i], 2, 1};
    }
    stages[STAGES - 1].people = (size_t[]){0};
    stages[STAGES - 1].count = 1;
    ck_assert_uint_eq(distinct_reach(stages, STAGES, STAGES + 1), STAGES);
    stages[STAGES - 2].count = 1;
    stages[STAGES - 2].people = (size_t[]){0};
    ck_assert_uint_eq(distinct_reach(stages, STAGES, STAGES + 1), STAGES - 1);
}
END_TEST

static struct person both[] = {{.name = (char *)"bob", .uid = 12}, {.name = (char *)"carol", .uid = 13}};
static struct principal known[] = {
    {.name = (char *)"bob", .exists = true, .whole = true, .people = both, .n_people = 1},
    {.name = (char *)"%leads", .exists = true, .whole = true, .people = both, .n_people = 2},
    {.name = (char *)"%slow", .exists = true, .whole = false, .people = both, .n_people = 2},
};

static size_t reach_by_policy(char **first, char **second, uid_t requestor, bool same_approver)
{
    const struct package package = {.n_stages = 2, .same_approver = same_approver};
    const struct stage stages[] = {{.number = 1, .quorum = 1, .approvers = first},
                                   {.number = 2, .quorum = 1, .approvers = second}};
    const struct facts facts = {.principals = known, .n_principals = 3};
    return policy_reach_stages(&package, stages, &(struct identity){requestor, UID_UNSET}, &facts);
}

START_TEST(test_by_policy)
{
    char *bob[] = {(char *)"bob", NULL};
    char *leads[] = {(char *)"%leads", NULL};
    char *slow[] = {(char *)"%slow", NULL};
    ck_assert_uint_eq(reach_by_policy(bob, bob, 99, false), 1);
    ck_assert_uint_eq(reach_by_policy(bob, bob, 99, true), 2);
    ck_assert_uint_eq(reach_by_policy(leads, bob, 99, false), 2);
    ck_assert_uint_eq(reach_by_policy(leads, bob, 13, false), 1); /* carol asks herself */
    ck_assert_uint_eq(reach_by_policy(bob, slow, 99, false), 2);  /* not all is known */
}
END_TEST

int main(void)
{
    suite_case("distinct", NULL, NULL);
    suite_rows(test_table, cases);
    suite_add(test_long_chain, test_by_policy);
    return suite_run();
}
