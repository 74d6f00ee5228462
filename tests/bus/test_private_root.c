/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tests/support/private-root says on a machine that gives none: here, in a chroot, which has no user namespaces. */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRIVATE_ROOT "tests/support/private-root \"$ACCESSPKG_BUILD\" true"

static void check_refused(const char *words)
{
    live_expect("alice", PRIVATE_ROOT, 77, words);
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

/* (.ci/run plays the demo as such a root where it does get a user namespace.) */
START_TEST(root_without_a_capability)
{
    static const char *const lacking[] = {"net_admin", "sys_admin"};
    char command[256];
    snprintf(command, sizeof(command), "setpriv --bounding-set -%s --inh-caps -%s %s", lacking[_i],
             lacking[_i], PRIVATE_ROOT);
    live_expect("root", command, 77, "needs CAP_SYS_ADMIN and CAP_NET_ADMIN");
    ck_assert_ptr_nonnull(strstr(live_output, "nor a user namespace"));
    ck_assert_ptr_null(strstr(live_output, "RTNETLINK"));
}
END_TEST

int main(void)
{
    suite_case("an ordinary user", NULL, NULL);
    suite_add(without_a_range, without_a_user_namespace);
    suite_case("root", NULL, NULL);
    suite_loop(root_without_a_capability, 0, 2);
    return suite_run();
}
