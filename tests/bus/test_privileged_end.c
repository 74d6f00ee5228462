/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The root service, terminals and processes: who is warned, what is ended, what is told. Where logind would be, this
 * suite writes what logind tells about sessions; with a real one: tests/host/cases/privileged.sh.
 */
#include "tests/support/ask.h"
#include "tests/support/suite.h"
#include "tests/support/terminals.h"

#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>

enum { ALICE = 1001, BOB = 1002, STAFF = 2000, DBADMINS = 2001 };

#define PACKAGE "[package]\ngroups = dbadmins staff\n[policy]\napproval = none\n"

static struct outcome *warn(uid_t uid, const char *text)
{
    return ask_it((struct ask){.kind = ASK_WARN, .uid = uid, .user = text});
}

static void setup(void)
{
    ask_setup(PACKAGE);
}

static void teardown(void)
{
    ask_teardown();
}

/* ---- terminals and processes ---- */

START_TEST(test_warn)
{
    struct terminal hers;
    struct terminal his;
    struct terminal stopped;
    terminals_open(ALICE, &hers);
    terminals_open(BOB, &his);
    terminals_open(ALICE, &stopped);
    ck_assert_int_eq(tcflow(stopped.slave, TCOOFF), 0);
    terminals_add_session("1", ALICE, "sshd", stopped.name);
    terminals_add_session("2", ALICE, "sshd", his.name); /* a terminal that is somebody else's by now */
    terminals_add_session("3", ALICE, "sshd", "../etc/group");
    terminals_add_session("4", ALICE, "sshd", "null");
    terminals_add_session("5", ALICE, "sshd", hers.name);
    terminals_add_session("6", ALICE, "cron", "");
    ck_assert_int_eq(warn(ALICE, "Your access ends in 15 min. More: pkg-request extend p")->result, 0);
    const char *text = terminals_shown(&hers);
    ck_assert_ptr_nonnull(strchr(text, '\a'));
    ck_assert_ptr_nonnull(strstr(text, "Access packages on demohost: Your access ends in 15 min. More: "
                                       "pkg-request extend p\r"));
    ck_assert_str_eq(terminals_shown(&his), "");
    ck_assert_str_eq(terminals_shown(&stopped), "");
    ask_root("cmp /etc/group /etc/group.first");
}
END_TEST

START_TEST(test_warn_refused)
{
    static const char *const bad[] = {"",
                                      "two\nlines",
                                      "\x1b[2J",
                                      "\a",
                                      "a\xc2\x9b"
                                      "b",
                                      "\xe2\x80\xae"
                                      "x"};
    struct terminal hers;
    char text[BUS_WARNING_MAX + 2];
    terminals_open(ALICE, &hers);
    terminals_add_session("1", ALICE, "sshd", hers.name);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        ck_assert_refused(warn(ALICE, bad[i]), BUS_ERROR_INVALID_ARGUMENT);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ck_assert_refused(warn(ALICE, text), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_str_eq(terminals_shown(&hers), "");
    text[BUS_WARNING_MAX] = '\0';
    ck_assert_int_eq(warn(ALICE, text)->result, 0);
    ck_assert_ptr_nonnull(strstr(terminals_shown(&hers), "xxx\r"));
    ck_assert_refused(warn(0, "hello"), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_refused(warn((uid_t)-1, "hello"), BUS_ERROR_INVALID_ARGUMENT);
}
END_TEST

struct runner {
    uid_t uid;
    gid_t gid; /* 0: none */
    bool own_gid;
    bool stubborn;
};

/* A process that does nothing until it is ended. */
static pid_t run(const struct runner *runner)
{
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        const gid_t gid = runner->own_gid ? runner->gid : runner->uid;
        signal(SIGTERM, runner->stubborn ? SIG_IGN : SIG_DFL);
        if (setgroups(runner->gid && !runner->own_gid, &runner->gid) < 0 || setresgid(gid, gid, gid) < 0 ||
            setresuid(runner->uid, runner->uid, runner->uid) < 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static int ended(pid_t pid)
{
    int status = 0;
    return waitpid(pid, &status, WNOHANG) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static struct outcome *end(uid_t uid, const char *user, const char *service, gid_t gid)
{
    return ask_it((struct ask){
        .kind = ASK_END, .uid = uid, .user = user, .service = service, .gids = {gid}, .n_gids = gid ? 1 : 0});
}

START_TEST(test_processes)
{
    static const struct runner runners[] = {
        {ALICE, DBADMINS, false, false}, {ALICE, DBADMINS, true, false}, {ALICE, DBADMINS, false, true},
        {ALICE, 0, false, false},        {ALICE, STAFF, false, false},   {BOB, DBADMINS, false, false},
    };
    static const int signals[] = {SIGTERM, SIGTERM, SIGKILL, 0, 0, 0};
    pid_t pids[6];
    for (size_t i = 0; i < 6; i++)
        pids[i] = run(&runners[i]);
    ck_assert_msg(end(ALICE, "alice", "sshd", DBADMINS)->result == 0, "%s", outcomes[0].message);
    ck_assert_str_eq(outcomes[0].lines, "");
    for (size_t i = 0; i < 6; i++)
        ck_assert_msg(ended(pids[i]) == signals[i], "process %zu", i);
    for (size_t i = 3; i < 6; i++)
        kill(pids[i], SIGKILL);
}
END_TEST

START_TEST(test_end_refused)
{
    static const struct runner runner = {ALICE, DBADMINS, false, false};
    const pid_t pid = run(&runner);
    ck_assert_refused(end(0, "root", NULL, DBADMINS), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_refused(end((uid_t)-1, "alice", NULL, DBADMINS), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_refused(end(ALICE, "alice\n", NULL, DBADMINS), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_refused(end(ALICE, "alice", NULL, 2003), BUS_ERROR_NOT_AUTHORIZED); /* auditors */
    ck_assert_refused(end(ALICE, "alice", NULL, ALICE), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_refused(end(ALICE, "bob", NULL, DBADMINS), BUS_ERROR_NO_SUCH_USER); /* alice's by now */
    ck_assert_refused(end(ALICE, "gone", NULL, DBADMINS), BUS_ERROR_NO_SUCH_USER);
    ck_assert_int_eq(ended(pid), 0);
    ask_root("sed -i /^alice:/d /etc/passwd");
    ck_assert_int_eq(end(ALICE, "alice", NULL, DBADMINS)->result, 0); /* a deleted account's */
    ck_assert_int_eq(ended(pid), SIGTERM);
}
END_TEST

/* Rule 6: what the user has by other means is no end of ours; whose name it only is, is not spared. */
START_TEST(test_what_is_held)
{
    static const struct runner runner = {ALICE, STAFF, false, false};
    const pid_t pid = run(&runner);
    ck_assert_int_eq(end(ALICE, "alice", "sshd", STAFF)->result, 0);
    ck_assert_str_eq(outcomes[0].lines,
                     "alice has the group staff still, by other means; what runs with it goes on.\n");
    ck_assert_int_eq(ended(pid), 0);
    ask_root("sed -i s/^alice:x:1001:/alice:x:1234:/ /etc/passwd");
    ck_assert_int_eq(end(ALICE, "alice", "sshd", STAFF)->result, 0);
    ck_assert_str_eq(outcomes[0].lines, "");
    ck_assert_int_eq(ended(pid), SIGTERM);
}
END_TEST

#if HAVE_SYSTEMD /* utmp can be read, and ends nothing */
/* No logind answers here: what cannot be ended is told, and what is to stay is not asked for. */
START_TEST(test_sessions_are_told)
{
    terminals_add_session("1", ALICE, "cron", "");
    terminals_add_session("2", ALICE, "sshd", "pts/77");
    terminals_add_session("3", BOB, "sshd", "");
    ck_assert_int_eq(end(ALICE, "alice", "sshd", 0)->result, 0);
    ck_assert_ptr_nonnull(strstr(outcomes[0].lines, "Session 2 (sshd) could not be ended: "));
    ck_assert_ptr_nonnull(strstr(outcomes[0].lines, "Session 1 (cron) was not to be ended.\n"));
    ck_assert_ptr_nonnull(strstr(outcomes[0].lines, "Session 2 (sshd on pts/77) would not end.\n"));
    ck_assert_ptr_null(strstr(strstr(outcomes[0].lines, "could not") + 1, "could not"));
    ck_assert_ptr_null(strstr(outcomes[0].lines, "Session 1 (cron) could"));
    ck_assert_ptr_null(strstr(outcomes[0].lines, "Session 3"));
}
END_TEST
#endif

int main(void)
{
    suite_case("privileged_end", setup, teardown);
    suite_timeout(60);
    suite_add(test_warn, test_warn_refused, test_processes, test_end_refused, test_what_is_held);
#if HAVE_SYSTEMD
    suite_add(test_sessions_are_told);
#endif
    return suite_run();
}
