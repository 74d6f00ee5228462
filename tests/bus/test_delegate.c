/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deciding in somebody's name, over the real commands and the real daemon. */
#include "tests/support/live.h"
#include "tests/support/live_calls.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ASKED                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = %staff dave carol\nduration = 1h\napprovers = "    \
    "bob\n"
#define OTHER "[package]\ngroups = auditors\n[policy]\nduration = 1h\napprovers = erin carol\n"

static void setup(void)
{
    live_start("asked", ASKED, "other", OTHER, NULL);
}

START_TEST(test_in_bob_s_name)
{
    live_expect("alice", "pkg-request submit asked -m 'disk is full'", 0, "waits for: bob");
    live_expect("dave", "pkg-approve", 0, "Nothing waits for you");
    live_expect("dave", "pkg-approve show 1", 1, "no request 1");
    live_expect("dave", "pkg-approve delegate", 0, "Nobody may decide in your name");
    live_expect("bob", "pkg-approve delegate --to dave --until +2h -m leave", 0,
                "dave may decide in your name until");
    live_expect("bob", "pkg-approve delegate", 0, "dave");
    live_expect("dave", "pkg-approve delegate", 0, "leave");
    live_expect("dave", "pkg-approve delegate --json", 0, "\"until\": \"20");
    live_expect("alice", "pkg-approve delegate", 0, "Nobody may decide in your name");
    live_expect("root", "pkg-approve delegate", 0, "bob");
    live_expect("dave", "pkg-approve", 0, "disk is full");
    live_expect("dave", "pkg-approve show 1", 0, "you may decide for bob");
    live_expect("dave", "pkg-approve approve 1 -m 'ticket 7'", 0, "alice holds asked");
    live_expect("alice", "pkg-request status 1", 0, "approved by dave for bob,");
    live_expect("bob", "pkg-approve deny 1 -m no", 1, "was approved by dave for bob");
    live_expect("dave", "pkg-approve history", 0, "alice");
    live_expect("bob", "pkg-approve delegate --revoke dave", 0, "dave may no longer decide in your name");
    live_expect("dave", "pkg-approve show 1", 0, "approved by dave for bob");
    live_expect("bob", "pkg-approve delegate --revoke dave", 1, "no delegation between you and dave");
    live_expect("carol", "pkg-request submit asked", 0, "is filed");
    live_expect("dave", "pkg-approve approve 2", 77, "not an approver");
    live_expect("dave", "pkg-approve show 2", 1, "no request 2");
}
END_TEST

START_TEST(test_one_level_and_nobody_s_own)
{
    live_expect("bob", "pkg-approve delegate --to dave --until +2h", 0, "dave may decide");
    live_expect("dave", "pkg-approve delegate --to alice --until +1h", 0, "alice may decide");
    live_expect("carol", "pkg-request submit asked", 0, "is filed");
    live_expect("alice", "pkg-approve approve 1", 77, "not an approver");
    live_expect("dave", "pkg-request submit asked", 0, "is filed");
    live_expect("dave", "pkg-approve approve 2", 77, "your own");
    live_expect("dave", "pkg-approve deny 1 -m 'not now'", 0, "carol does not get asked");
    live_expect("carol", "pkg-request status 1", 0, "denied by dave for bob");
}
END_TEST

/* Rule 9: the delegator as the account is now. */
START_TEST(test_delegator_without_a_login)
{
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    live_expect("bob", "pkg-approve delegate --to dave --until +2h", 0, "dave may decide");
    live_expect("root", "usermod -s /usr/sbin/nologin bob", 0, "");
    live_expect("dave", "pkg-approve approve 1", 77, "not an approver");
    live_expect("dave", "pkg-approve", 0, "Nothing waits for you");
    live_expect("root", "usermod -s /bin/bash bob", 0, "");
    live_expect("dave", "pkg-approve approve 1", 0, "alice holds asked");
}
END_TEST

/* Rule 5: carol asks, got at bob's account, and makes dave bob's delegate. The login is hers. */
START_TEST(test_delegated_by_the_requestor_s_login)
{
    const json_int_t too_far = 4102444800;
    json_t *value = NULL;
    if (!live_can_set_loginuid())
        return;
    live_expect("carol", "pkg-request submit asked", 0, "is filed");
    ck_assert_int_eq(live_call("bob", 1003, "Delegate", "sa{sv}",
                               json_pack("[s, {s:I}]", "dave", "until", too_far), &value),
                     BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(live_call("bob", 1003, "Delegate", "sa{sv}",
                               json_pack("[s, {s:I}]", "dave", "until", (json_int_t)time(NULL) + 600),
                               &value),
                     0);
    json_decref(value);
    ck_assert_int_eq(live_call("dave", 1004, "Approve", "xa{sv}", live_decision("dave", 1, ""), &value),
                     BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_ptr_nonnull(strstr(live_message, "in whose name"));
    ck_assert_int_eq(live_call("bob", 1004, "Delegate", "sa{sv}",
                               json_pack("[s, {s:I}]", "dave", "until", (json_int_t)time(NULL) + 600),
                               &value),
                     BUS_ERROR_POLICY_REFUSED);
}
END_TEST

START_TEST(test_refused)
{
    live_expect("bob", "pkg-approve delegate --to bob --until +2h", 1, "bob is you");
    live_expect("bob", "pkg-approve delegate --to erin --until +2h", 1, "no login shell");
    live_expect("bob", "pkg-approve delegate --to nobody-here --until +2h", 67, "no user nobody-here");
    live_expect("bob", "pkg-approve delegate --to '' --until +2h", 64, "cannot be the name");
    live_expect("bob", "pkg-approve delegate --to dave --until +2y", 64, "is no time");
    live_expect("bob", "pkg-approve delegate --to dave --until +9000h", 64,
                "A delegation lasts a year at most");
    live_expect("bob", "pkg-approve delegate --to dave --until 2020-01-01T00:00", 64, "in the past");
    live_expect("bob", "pkg-approve delegate --to dave", 64, "needs --until");
    live_expect("bob", "pkg-approve delegate --until +2h", 64, "needs --to");
    live_expect("bob", "pkg-approve delegate --revoke dave --to dave", 64, "takes no other option");
    live_expect("bob", "pkg-approve delegate --revoke dave", 1, "no delegation");
    live_expect("bob", "pkg-approve list --to dave", 64, "takes no --to");
    live_expect("bob", "pkg-approve --help", 0, "let somebody decide in your name");
    live_expect("bob", "pkg-approve --print-completion", 0, " delegate");
}
END_TEST

/* Asks on a connection from the time when the user was there: the bus lets in nobody whom it cannot look up. */
static int ask_once_gone(void *data)
{
    const int *pipes = data; /* read "go" from the first, write "ready" to the second */
    static const char *const others[] = {"bob", "dave"};
    struct client client;
    struct client_error error;
    char word = 'x';
    if (client_open(&client, &error) < 0 || write(pipes[1], &word, 1) != 1 || read(pipes[0], &word, 1) != 1)
        return 1;
    for (size_t i = 0; i < 2; i++) {
        json_t *value = NULL;
        if (client_call(&client, client_message("Undelegate", "s", json_pack("[s]", others[i])), &value,
                        &error) == 0 ||
            error.code != BUS_ERROR_NOT_AUTHORIZED || !strstr(error.message, "belongs to no user"))
            return 2;
    }
    client_close(&client);
    return 0;
}

/* A uid that no user has any more, with a delegation that it received still live. */
START_TEST(test_user_is_gone)
{
    int go[2], ready[2];
    char word = 'x';
    ck_assert_int_eq(pipe(go), 0);
    ck_assert_int_eq(pipe(ready), 0);
    live_expect("root", "cp /etc/passwd /root/", 0, "");
    live_expect("bob", "pkg-approve delegate --to dave --until +2h", 0, "dave may decide");
    int pipes[] = {go[0], ready[1]};
    const pid_t dave = live_fork("dave", ask_once_gone, pipes);
    ck_assert_int_eq(read(ready[0], &word, 1), 1);
    live_expect("root", "sed -i /^dave:/d /etc/passwd", 0, "");
    ck_assert_int_eq(write(go[1], &word, 1), 1);
    const int answered = live_join(dave);
    live_expect("root", "cat /root/passwd >/etc/passwd", 0, "");
    ck_assert_int_eq(answered, 0);
    live_expect("root", "pkg-admin status", 0, "Live assignments");
}
END_TEST

/* What was delegated outlives the daemon. */
START_TEST(test_restart)
{
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    live_expect("bob", "pkg-approve delegate --to dave --until +2h", 0, "dave may decide");
    ck_assert_int_eq(live_stop_daemon(SIGKILL), -SIGKILL);
    live_start_daemon();
    live_expect("dave", "pkg-approve approve 1", 0, "alice holds asked");
}
END_TEST

int main(void)
{
    suite_case("delegate", setup, live_stop);
    suite_timeout(60);
    suite_add(test_in_bob_s_name, test_one_level_and_nobody_s_own, test_delegator_without_a_login,
              test_delegated_by_the_requestor_s_login, test_refused, test_user_is_gone, test_restart);
    return suite_run();
}
