/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/suite.h"

#include <errno.h>
#include <stdlib.h>

static Suite *suite;
static TCase *current;

void suite_case(const char *name, SFun setup, SFun teardown)
{
    if (!suite)
        suite = suite_create(program_invocation_short_name);
    current = tcase_create(name);
    if (setup || teardown)
        tcase_add_checked_fixture(current, setup, teardown);
    suite_add_tcase(suite, current);
}

void suite_timeout(double seconds)
{
    tcase_set_timeout(current, seconds);
}

void suite_add_tests(const TTest *const *tests)
{
    for (; *tests; tests++)
        tcase_add_test(current, *tests);
}

void suite_loop(const TTest *test, int first, int end)
{
    tcase_add_loop_test(current, test, first, end);
}

int suite_load(int few, int many)
{
    return getenv("LOAD") ? many : few;
}

int suite_run(void)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
