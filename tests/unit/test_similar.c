/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* common/similar.c: which name is taken for a misspelt one, and which is not. */
#include "common/similar.h"
#include "tests/support/suite.h"

#include <string.h>

static const char *const names[] = {"db-admins", "db-backup", "log-reader", "web", "ab"};

static const char *guess(const char *typed)
{
    struct similar similar = {.typed = typed};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        similar_try(&similar, names[i]);
    return similar.best;
}

static const struct {
    const char *typed, *best;
} cases[] = {
    {"db-admn", "db-admins"},     /* two missed */
    {"db-amdins", "db-admins"},   /* swapped: one error */
    {"db_admins", "db-admins"},   /* mistaken */
    {"dbb-admins", "db-admins"},  /* typed twice */
    {"log-raeder", "log-reader"}, /* swapped */
    {"wbe", "web"},               /* of three letters one error at most */
    {"bew", NULL},
    {"db", NULL}, /* of two none: everything would be near */
    {"ba", NULL},
    {"", NULL},
    {"reports", NULL},
    {"db-", NULL},
    {"db-adXYZs", "db-admins"},
    {"dX-aYZXns", NULL},
};

START_TEST(the_nearest_name_is_meant)
{
    if (!cases[_i].best)
        ck_assert_ptr_null(guess(cases[_i].typed));
    else
        ck_assert_str_eq(guess(cases[_i].typed), cases[_i].best);
}
END_TEST

START_TEST(a_text_of_any_length_is_taken)
{
    char large[5000];

    memset(large, 'd', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    ck_assert_ptr_null(guess(large));
    large[64] = '\0';
    struct similar similar = {.typed = large};
    similar_try(&similar, large);
    ck_assert_ptr_eq(similar.best, large);
    large[63] = 'x';
    similar = (struct similar){.typed = "db-admins"};
    similar_try(&similar, large);
    ck_assert_ptr_null(similar.best);
}
END_TEST

int main(void)
{
    suite_case("names", NULL, NULL);
    suite_rows(the_nearest_name_is_meant, cases);
    suite_add(a_text_of_any_length_is_taken);
    return suite_run();
}
