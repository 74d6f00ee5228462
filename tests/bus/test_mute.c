/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A root service that does not answer: the real daemon waits within bounds, and serves others meanwhile. */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#define ASKED "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napprovers = bob\n"
#define FREE  "[package]\ngroups = dbadmins backup\n[policy]\napproval = none\nduration = 1h\n"

static void setup_mute(void)
{
    ck_assert_int_eq(
        live_run("root", "printf '[grants]\\nmembership = files\\n' >/etc/accesspkg/accesspkg.conf"), 0);
    live_start("asked", ASKED, "free", FREE, NULL);
    live_start_privileged(60);
    live_signal_privileged(SIGSTOP);
}

static void teardown_mute(void)
{
    live_signal_privileged(SIGCONT);
    live_stop();
    live_run("root", "rm -f /etc/accesspkg/accesspkg.conf; for user in alice carol dave; do for group in "
                     "dbadmins backup; do gpasswd -d $user $group; done; done");
}

static time_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

static void becomes_member(const char *user)
{
    char command[128];
    snprintf(command, sizeof(command), "grep 'dbadmins.*%s' /etc/group", user);
    for (int i = 0; i < 2000 && live_run("root", command) != 0; i++)
        ;
    live_expect("root", command, 0, user);
}

static int submit(void *user)
{
    (void)user;
    execlp("pkg-request", "pkg-request", "submit", "free", NULL);
    return 127;
}

/*
 * Three people's answers wait, each for two groups, which are asked for one after the other: each is told within its
 * own patience (25 s) what is recorded, whatever is before it. Meanwhile others are served; who leaves costs nothing.
 */
START_TEST(test_mute)
{
    pid_t waiting[3] = {live_fork("alice", submit, NULL), live_fork("carol", submit, NULL),
                        live_fork("dave", submit, NULL)};
    const time_t began = now();
    live_expect("bob", "pkg-request submit asked", 0, "is filed");
    live_expect("root", "pkg-admin status", 0, "Live assignments");
    ck_assert_int_lt(now() - began, 5);
    ck_assert_int_eq(kill(waiting[2], SIGKILL), 0);
    live_join(waiting[2]);
    ck_assert_int_eq(live_join(waiting[0]), 0);
    ck_assert_int_eq(live_join(waiting[1]), 0);
    ck_assert_int_lt(now() - began, 20);
    live_expect("root", "pkg-admin status", 0, "Not in place:");
    live_signal_privileged(SIGCONT);
    becomes_member("carol");
    becomes_member("dave");
}
END_TEST

static int approve_often(void *data)
{
    (void)data;
    execl("/bin/sh", "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do pkg-approve approve 1 & done; wait",
          NULL);
    return 127;
}

/* Rule 9: without its answer nobody decides, and each who tries is told within their own patience. Rule 15: who does it
 * often waits for themselves. */
START_TEST(test_mute_at_a_decision)
{
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    const time_t began = now();
    const pid_t bob = live_fork("bob", approve_often, NULL);
    live_expect("carol", "pkg-request submit asked", 0, "is filed");
    live_expect("root", "pkg-approve deny 2 -m no", 77, "not an approver");
    live_expect("root", "pkg-admin revoke asked dave -m enough", 1, "does not hold");
    ck_assert_int_lt(now() - began, 5);
    live_join(bob);
    live_expect("bob", "pkg-approve approve 1", 69, "accesspkg-privileged did not answer in time");
    ck_assert_int_lt(now() - began, 40);
    live_expect("alice", "pkg-request status 1", 0, "Pending approval");
}
END_TEST

/* An end is not told as done while the membership lasts. */
START_TEST(test_mute_at_the_end)
{
    live_signal_privileged(SIGCONT);
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_signal_privileged(SIGSTOP);
    live_expect("alice", "pkg-request return free", 69, "The end is recorded");
}
END_TEST

/* It stops at once, and answers what is recorded. */
START_TEST(test_mute_at_a_stop)
{
    const pid_t alice = live_fork("alice", submit, NULL);
    while (live_run("root", "pkg-request status 1") != 0)
        ;
    const time_t began = now();
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    ck_assert_int_lt(now() - began, 5);
    ck_assert_int_eq(live_join(alice), 0);
    live_signal_privileged(SIGCONT);
    live_start_daemon();
    becomes_member("alice");
}
END_TEST

int main(void)
{
    suite_case("mute", setup_mute, teardown_mute);
    suite_timeout(120);
    suite_add(test_mute, test_mute_at_a_decision, test_mute_at_the_end, test_mute_at_a_stop);
    return suite_run();
}
