/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tests/support/private-root says to an ordinary user on a machine that gives none: here, in a chroot. */
#include "tests/support/live.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define PRIVATE_ROOT "tests/support/private-root \"$ACCESSPKG_BUILD\" true"

static void check_refused(const char *words)
{
    ck_assert_int_eq(live_run("alice", PRIVATE_ROOT), 77);
    ck_assert_ptr_nonnull(strstr(live_output, words));
    ck_assert_int_ne(live_run("root", "pgrep -u 1001 unshare"), 0);
}

START_TEST(without_a_range)
{
    ck_assert_int_eq(live_run("root", "rm -f /etc/subuid"), 0);
    check_refused("alice has no range in /etc/subuid");
    ck_assert_int_eq(live_run("root", "echo alice:200000:65536 >/etc/subuid && rm -f /etc/subgid"), 0);
    check_refused("alice has no range in /etc/subgid");
}
END_TEST

/* The kernel gives no user namespace in a chroot; unshare must not be left waiting for one. */
START_TEST(without_a_user_namespace)
{
    ck_assert_int_eq(live_run("root", "echo alice:200000:65536 | tee /etc/subuid >/etc/subgid"), 0);
    check_refused("gives ordinary users no user namespace");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("private_root");
    TCase *tests = tcase_create("an ordinary user");
    tcase_add_test(tests, without_a_range);
    tcase_add_test(tests, without_a_user_namespace);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
