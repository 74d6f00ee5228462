/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rule 9 over the real daemon, commands and root service: an approver's account is locked or expires by the host's own
 * tools, while a process of theirs goes on.
 */
#include "tests/support/live.h"
#include "tests/support/live_calls.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>

#define ASKED                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napprovers = bob frank root\nemergency = carol\n" \
    "emergency_duration = 1h\n"
#define OTHER "[package]\ngroups = auditors\n[policy]\nduration = 1h\napprovers = carol\n"

static void setup(void)
{
    live_expect(
        "root",
        "for file in passwd shadow group gshadow; do test -e /root/$file || touch /etc/$file && cp -p "
        "/etc/$file /root/; done; cp -p /etc/accesspkg/accesspkg.conf /root/ && "
        "sed -i 's/^account_state = no/account_state = yes/' /etc/accesspkg/accesspkg.conf",
        0, "");
    live_start("asked", ASKED, "other", OTHER, NULL);
    live_start_privileged(60);
}

static void teardown(void)
{
    live_stop();
    live_expect("root",
                "for file in passwd shadow group gshadow; do cp -p /root/$file /etc/; done; "
                "cp -p /root/accesspkg.conf /etc/accesspkg/",
                0, "");
}

/* By every way to decide; and each, once it is lifted. */
START_TEST(test_locked)
{
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    live_expect("carol", "pkg-request emergency asked -m 'disk is full'", 0, "");
    live_expect("root", "usermod -L bob", 0, "");
    live_expect("bob", "pkg-approve approve 1", 77, "You may not decide: the account bob is locked");
    live_expect("bob", "pkg-approve deny 1 -m no", 77, "usermod -U bob");
    live_expect("bob", "pkg-approve review 2", 77, "the account bob is locked");
    live_expect("bob", "pkg-approve delegate --to dave --until +2h", 77, "the account bob is locked");
    live_expect("bob", "pkg-approve revoke 2 -m enough", 77, "the account bob is locked");
    live_expect("bob", "pkg-approve", 0, "alice");
    live_expect("alice", "pkg-request status 1", 0, "Pending approval");
    live_expect("root", "pkg-admin explain asked alice", 0, "bob: is locked");
    live_expect("alice", "pkg-request explain asked | grep -c locked", 1, "0"); /* root's to know */
    ck_assert(live_in_group("carol", "dbadmins"));
    live_expect("root", "usermod -U bob", 0, "");
    live_expect("bob", "pkg-approve delegate --to dave --until +2h", 0, "dave may decide");
    live_expect("bob", "pkg-approve review 2", 0, "");
    live_expect("bob", "pkg-approve revoke 2 -m enough", 0, "");
    live_expect("bob", "pkg-approve approve 1", 0, "alice holds asked");
}
END_TEST

/* What the tools write, and what they write to lift it. None of it waits for what was kept of a decision before. */
START_TEST(test_each_tool)
{
    static const struct {
        const char *does, *says, *undoes;
    } tools[] = {
        {"passwd -l bob", "is locked", "passwd -u bob"},
        {"chage -E 0 bob", "expired on 1970-01-01", "chage -E -1 bob"},
        {"usermod -e 2020-02-29 bob", "expired on 2020-02-29", "usermod -e '' bob"},
        {"chage -d 2020-01-01 -M 30 -I 5 bob", "is inactive since 2020-02-06", "chage -I -1 -M 99999 bob"},
        {"chage -d 2020-01-01 -M 30 bob && usermod -f 0 bob", "is inactive since 2020-02-01",
         "usermod -f -1 bob"},
    };
    int number = 1;
    for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
        char approve[64];
        live_expect("alice", "pkg-request submit asked", 0, "is filed");
        snprintf(approve, sizeof(approve), "pkg-approve approve %d", number++);
        live_expect("root", tools[i].does, 0, "");
        live_expect("bob", approve, 77, tools[i].says);
        live_expect("root", tools[i].undoes, 0, "");
        live_expect("bob", approve, 0, "alice holds asked");
        live_expect("alice", "pkg-request return asked", 0, "");
    }
    /* chage -d 0 asks for a new password at the next login. */
    live_expect("root", "chage -d 0 bob", 0, "");
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    live_expect("bob", "pkg-approve list", 0, "alice");
    char approve[64];
    snprintf(approve, sizeof(approve), "pkg-approve approve %d", number);
    live_expect("bob", approve, 0, "alice holds asked");
}
END_TEST

/* An account that never had a password: no lock. Nor has one that shadow does not have. */
START_TEST(test_without_password)
{
    live_expect("root", "useradd -s /bin/bash frank && grep -q '^frank:!:' /etc/shadow", 0, "");
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    live_expect("frank", "pkg-approve approve 1", 0, "alice holds asked");
    live_expect("root", "sed -i /^carol:/d /etc/shadow", 0, "");
    live_expect("alice", "pkg-request submit other", 0, "is filed");
    live_expect("carol", "pkg-approve approve 2", 0, "alice holds other");
}
END_TEST

START_TEST(test_delegator)
{
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    live_expect("bob", "pkg-approve delegate --to dave --until +2h", 0, "dave may decide");
    live_expect("root", "chage -E 2021-05-06 bob", 0, "");
    live_expect("dave", "pkg-approve approve 1", 77,
                "bob, in whose name you would decide, may not decide: the account bob expired on 2021-05-06");
    live_expect("dave", "pkg-approve", 0, "alice");
    live_expect("root", "chage -E -1 bob && usermod -L dave", 0, "");
    live_expect("dave", "pkg-approve approve 1", 77, "You may not decide: the account dave is locked");
    live_expect("bob", "pkg-approve delegate --to dave --until +3h", 1, "dave may not decide");
    /* What shadow says of somebody else is root's to know. */
    live_expect("alice", "pkg-approve delegate --to dave --until +3h", 1, "dave may not decide now");
    ck_assert_ptr_null(strstr(live_output, "locked"));
    live_expect("root", "usermod -e 2020-02-29 dave", 0, "");
    live_expect("alice", "pkg-approve delegate --to dave --until +3h", 1, "dave may not decide now");
    ck_assert_ptr_null(strstr(live_output, "2020"));
    live_expect("root", "usermod -e '' dave", 0, "");
    live_expect("root", "usermod -U dave", 0, "");
    live_expect("dave", "pkg-approve approve 1", 0, "alice holds asked");
}
END_TEST

/* Two names of one uid: who acts cannot be told, so either one's lock counts. */
START_TEST(test_two_names)
{
    live_expect("root", "useradd -o -u 1002 -s /bin/bash bobby && usermod -p '!x' bobby", 0, "");
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    live_expect("bob", "pkg-approve approve 1", 77,
                "You, whose uid bobby has too, may not decide: the account bobby is locked");
    live_expect("root", "usermod -U bobby", 0, "");
    live_expect("bob", "pkg-approve approve 1", 0, "alice holds asked");
}
END_TEST

/* carol is locked, and goes on to bob's account, or to root's, from a login that is still open. */
START_TEST(test_login)
{
    json_t *value = NULL;
    if (!live_can_set_loginuid())
        return;
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    live_expect("root", "usermod -L carol", 0, "");
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(
            live_call(i ? "root" : "bob", 1003, "Approve", "xa{sv}", live_decision("bob", 1, ""), &value),
            BUS_ERROR_NOT_AUTHORIZED);
        ck_assert_ptr_nonnull(strstr(live_message, "the account carol is locked"));
    }
    ck_assert_int_eq(live_call("bob", 1002, "Approve", "xa{sv}", live_decision("bob", 1, ""), &value), 0);
    json_decref(value);
}
END_TEST

/* The root service is away: nothing is decided, and nothing else suffers. */
START_TEST(test_no_answer)
{
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    ck_assert_int_eq(live_stop_privileged(SIGTERM), 0);
    live_expect(
        "bob", "pkg-approve approve 1", 69,
        "You may not decide while it is not known whether the account has expired or is locked (the root "
        "service accesspkg-privileged is not installed");
    live_expect("dave", "pkg-approve approve 1", 77, "not an approver");
    live_expect("root", "pkg-admin explain asked alice", 0, "not known (the root service");
    live_expect("bob", "pkg-approve", 0, "alice");
    live_expect("root", "pkg-approve approve 1", 0, "alice holds asked"); /* named, and uid 0 */
    live_expect("alice", "pkg-request return asked", 0, "");
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    live_expect("root", "pkg-admin status", 0,
                "nobody can decide until it is known who is locked or expired: the root");
    live_start_privileged(60);
    live_expect("bob", "pkg-approve approve 2", 0, "alice holds asked");
    live_expect("root", "pkg-admin status --json | grep -c account_problem", 1, "0");
    /* Kept for half a minute, unless shadow changes. */
    ck_assert_int_eq(live_stop_privileged(SIGTERM), 0);
    live_expect("bob", "pkg-approve revoke 2 -m enough", 0, "");
    live_expect("root", "chage -E -1 dave", 0, "");
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    live_expect("bob", "pkg-approve approve 3", 69, "is not installed");
    live_expect(
        "root",
        "sed -i 's/^account_state = yes/account_state = no/' /etc/accesspkg/accesspkg.conf && pkg-admin "
        "reload",
        0, "");
    live_expect("bob", "pkg-approve approve 3", 0, "alice holds asked");
}
END_TEST

/* Files that are damaged, or empty for a moment, are no answer. */
START_TEST(test_damaged)
{
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    live_expect("root", "sed -i 's/^bob:[^:]*:/&soon/' /etc/shadow", 0, "");
    live_expect("bob", "pkg-approve approve 1", 69, "the line of bob in /etc/shadow cannot be understood");
    live_expect("root", "cp -p /root/shadow /etc/ && : >/etc/passwd- && mv /etc/shadow /etc/shadow.away", 0,
                "");
    live_expect("bob", "pkg-approve approve 1", 69, "cannot be read: No such file or directory");
    live_expect("root", ": >/etc/shadow", 0, "");
    live_expect("bob", "pkg-approve approve 1", 69, "has no line");
    live_expect("root", "mv /etc/shadow.away /etc/shadow", 0, "");
    live_expect("bob", "pkg-approve approve 1", 0, "alice holds asked");
}
END_TEST

int main(void)
{
    suite_case("account", setup, teardown);
    suite_timeout(60);
    suite_add(test_locked, test_each_tool, test_without_password, test_delegator, test_two_names, test_login,
              test_no_answer, test_damaged);
    return suite_run();
}
