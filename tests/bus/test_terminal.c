/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notices as lines on terminals, from the real daemon through accesspkg-notify and accesspkg-terminal. Where logind would
 * be, this suite writes what logind tells about sessions; with a real one: tests/host/cases/terminal.sh.
 */
#include "tests/support/live.h"
#include "tests/support/notices.h"
#include "tests/support/suite.h"
#include "tests/support/terminals.h"

#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { ALICE = 1001, BOB = 1002, CAROL = 1003 };

#define DB                                                                                                   \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\nmax_duration = 2h\napprovers = bob %dba-leads\n"
#define ASKED                                                                                                \
    "\r\r\n\aAccess packages on demohost: alice asks for db. To approve: pkg-approve approve 1\r\r\n"

static struct terminal hers;   /* alice's */
static struct terminal his[2]; /* bob's */
static struct terminal carols;

static void setup(void)
{
    live_start("db", DB, NULL);
    live_expect("root", "ln -s /usr/libexec/accesspkg/accesspkg-terminal " NOTICES_FOLDER "terminal", 0, "");
    terminals_open(ALICE, &hers);
    terminals_open(BOB, &his[0]);
    terminals_open(BOB, &his[1]);
    terminals_open(CAROL, &carols);
    terminals_add_session("1", ALICE, "sshd", hers.name);
    terminals_add_session("2", BOB, "sshd", his[0].name);
    terminals_add_session("3", BOB, "login", his[1].name);
    terminals_add_session("4", CAROL, "sshd", carols.name);
}

static void teardown(void)
{
    terminals_drop_sessions();
    terminals_close(&hers);
    terminals_close(&his[0]);
    terminals_close(&his[1]);
    terminals_close(&carols);
    live_stop();
}

static void ask(void)
{
    live_expect("alice", "pkg-request submit db -m 'disk full'", 0, "Request 1");
}

/* Each terminal of whoever is to hear of it, once; nobody else's. */
START_TEST(test_told)
{
    terminals_add_session("5", BOB, "sshd", his[0].name);
    live_start_notify("10", "1");
    ask();
    notices_wait_for(0);
    ck_assert_str_eq(terminals_shown(&his[0]), ASKED);
    ck_assert_str_eq(terminals_shown(&his[1]), ASKED);
    ck_assert_str_eq(terminals_shown(&carols), ASKED);
    ck_assert_str_eq(terminals_shown(&hers), "");
    live_expect("bob", "pkg-approve approve 1", 0, "");
    notices_wait_for(0);
    ck_assert_str_eq(
        terminals_shown(&hers),
        "\r\r\n\aAccess packages on demohost: You have db now. Its groups come with a new login. "
        "To hand it back: pkg-request return db\r\r\n");
    ck_assert_str_eq(terminals_shown(&carols), ""); /* decided-by-other wants no act */
}
END_TEST

/* mesg n, a stopped terminal, somebody else's, one that is gone, none at all: passed over, and the notice is through. */
START_TEST(test_passed_over)
{
    ck_assert_int_eq(fchmod(carols.slave, 0600), 0);
    ck_assert_int_eq(tcflow(his[0].slave, TCOOFF), 0);
    terminals_add_session("5", BOB, "sshd", hers.name);
    terminals_add_session("6", BOB, "sshd", "pts/77");
    terminals_add_session("7", BOB, "sshd", "../etc/group");
    terminals_add_session("8", BOB, "cron", "");
    live_start_notify("10", "1");
    ask();
    notices_wait_for(0);
    ck_assert_str_eq(terminals_shown(&his[1]), ASKED);
    ck_assert_str_eq(terminals_shown(&his[0]), "");
    ck_assert_str_eq(terminals_shown(&carols), "");
    ck_assert_str_eq(terminals_shown(&hers), "");
    live_expect("root", "pkg-admin status", 0, "");
    ck_assert_ptr_null(strstr(live_output, "Notices"));
}
END_TEST

START_TEST(test_nobody_is_there)
{
    terminals_drop_sessions();
    live_start_notify("10", "1");
    ask();
    notices_wait_for(0);
}
END_TEST

/* Without the group it could reach nobody: that is shown, with what to do, until it is done. */
START_TEST(test_without_the_group)
{
    live_expect("root", "cp -p /etc/group /etc/group.first && sed -i s/^tty:x:5:/tty:x:6:/ /etc/group", 0,
                "");
    live_start_notify("10", "0.2");
    ask();
    notices_wait_for_failure("terminal: exit status 78: This program runs without the group tty");
    ck_assert_ptr_nonnull(strstr(live_output, "SupplementaryGroups=tty"));
    ck_assert_int_eq(notices_waiting(), 1);
    live_expect("root", "mv /etc/group.first /etc/group", 0, "");
    notices_wait_for(0);
    ck_assert_str_eq(terminals_shown(&his[0]), ASKED);
}
END_TEST

#if HAVE_SYSTEMD /* utmp can be read, and ends nothing */
/* Nobody is told before it is known where all of them are: so nobody is told twice. */
START_TEST(test_sessions_that_cannot_be_read)
{
    live_expect("root", "chmod 000 /run/systemd/users/1003", 0, "");
    live_start_notify("10", "0.2");
    ask();
    notices_wait_for_failure("terminal: exit status 75: It could not be found out where carol is logged in");
    ck_assert_str_eq(terminals_shown(&his[0]), "");
    live_expect("root", "chmod 644 /run/systemd/users/1003", 0, "");
    notices_wait_for(0);
    ck_assert_str_eq(terminals_shown(&his[0]), ASKED);
    ck_assert_str_eq(terminals_shown(&carols), ASKED);
}
END_TEST
#endif

START_TEST(test_no_notice)
{
    static const char *const inputs[] = {"", "[]", "{}", "{\"event\": \"reminder\"}", "{\"event\": "};
    char command[256];
    for (size_t i = 0; i < sizeof(inputs) / sizeof(*inputs); i++) {
        snprintf(command, sizeof(command), "echo '%s' | /usr/libexec/accesspkg/accesspkg-terminal",
                 inputs[i]);
        live_expect("root", command, 65, "What came on stdin is no notice");
    }
    live_expect("root",
                "echo '{\"event\": \"unheard-of\", \"summary\": \"x\"}' | "
                "/usr/libexec/accesspkg/accesspkg-terminal",
                0, "");
    live_expect("root", "/usr/libexec/accesspkg/accesspkg-terminal bob </dev/null", 64, "Usage");
}
END_TEST

int main(void)
{
    suite_case("terminal", setup, teardown);
    suite_timeout(60);
    suite_add(test_told, test_passed_over, test_nobody_is_there, test_without_the_group, test_no_notice);
#if HAVE_SYSTEMD
    suite_add(test_sessions_that_cannot_be_read);
#endif
    return suite_run();
}
