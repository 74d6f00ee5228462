/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pkg-admin setup over the real daemon: by options, as Ansible calls it, and by questions at a terminal; what it does not
 * overwrite; killed before each of its system calls that changes something.
 */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER "/etc/accesspkg/packages.d"
#define FILE_  FOLDER "/web.conf"
#define WEB    "pkg-admin setup web --groups dbadmins --approvers 'bob, %dba-leads'"
#define TEXT                                                                                                 \
    "# Written by pkg-admin setup. Each key: accesspkg-packages(5).\n[package]\ngroups = "                   \
    "dbadmins\n\n[policy]\n"                                                                                 \
    "approvers = bob %dba-leads\n"

static void setup(void)
{
    live_start("free", "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\n", NULL);
}

static void shows(const char *text)
{
    ck_assert_msg(strstr(live_output, text), "%s: %s", text, live_output);
}

/* Nothing is there but what was, and nothing is left beside it. */
static void assert_nothing_written(void)
{
    live_expect("root", "ls -A " FOLDER, 0, "free.conf\n");
    ck_assert_str_eq(live_output, "free.conf\n");
}

START_TEST(test_options)
{
    live_expect("root",
                WEB " --description 'The web; servers' -d 4h --max-duration 12h --requestors '%staff'", 0,
                "changed: " FILE_ "\n");
    shows("alice (uid 1001)");
    shows("requestor yes");
    shows("bob, carol");
    shows("\nWho could approve, and what a user would be told: pkg-admin explain web USER");
    live_expect("root", "stat -c '%a %U %G' " FILE_, 0, "644 root root");
    live_expect("root", "cat " FILE_, 0,
                "\ndescription = The web; servers\ngroups = dbadmins\n\n[policy]\nrequestors = %staff\n"
                "approvers = bob %dba-leads\nduration = 4h\nmax_duration = 12h\n");
    live_expect("alice", "pkg-request submit web -m why", 0, "is filed");
    live_expect("bob", "pkg-approve approve 1", 0, "");
    ck_assert(live_in_group("alice", "dbadmins"));
}
END_TEST

/* The same options again change nothing, and say so. */
START_TEST(test_again)
{
    live_expect("root", WEB, 0, "changed: " FILE_ "\n");
    live_expect("root", "stat -c '%i %Y' " FILE_ " >/tmp/before; " WEB, 0, "unchanged: " FILE_ "\n");
    live_expect("root", "stat -c '%i %Y' " FILE_ " | cmp - /tmp/before", 0, "");
    live_expect("root", WEB " --json", 0, "\"changed\": false");
    shows("\"as\": \"approver\"");
    live_expect("root", WEB " -d 2h", 1, "is there and says other things; --replace");
    live_expect("root", "cat " FILE_, 0, TEXT);
    ck_assert_str_eq(live_output, TEXT);
    live_expect("root", WEB " -d 2h --replace --dry-run", 0, "changed: " FILE_ " (not done: --dry-run)");
    live_expect("root", "cat " FILE_, 0, TEXT);
    ck_assert_str_eq(live_output, TEXT);
    live_expect("root", WEB " -d 2h --replace --json", 0, "\"changed\": true");
    live_expect("alice", "pkg-request packages", 0, "2 h");
}
END_TEST

/* The file is there and was never put into force, as after a kill between the two. */
START_TEST(test_behind)
{
    live_write_package("web", TEXT);
    live_expect("alice", "pkg-request submit web", 1, "no access package web");
    live_expect("root", WEB, 0, "changed: ");
    live_expect("alice", "pkg-request submit web -m why", 0, "is filed");
    live_expect("root", WEB, 0, "unchanged: ");
}
END_TEST

START_TEST(test_refused)
{
    live_expect("root", "pkg-admin setup </dev/null", 64, "needs the NAME of the package");
    live_expect("root", "pkg-admin setup web --groups dbadmins </dev/null", 64, "needs --approvers");
    live_expect("root", "pkg-admin setup Web --groups dbadmins --approvers bob", 64, "no name of a package");
    live_expect("alice", WEB, 77, "sudo pkg-admin setup");
    live_expect("root", WEB " -d 4h --max-duration 2h", 78,
                "error: web.conf:7: duration is longer than max_duration");
    live_expect("root", "pkg-admin setup web --groups root --approvers bob", 78,
                "no package can give the group root");
    live_expect("root", "pkg-admin setup web --groups dba-leads --approvers %dba-leads", 78, "error: ");
    live_expect("root", WEB " --description 'x ; y'", 78, "holds a ';' behind a blank");
    live_expect("root", WEB " --description \"$(printf 'x\\n[policy]\\napproval = none')\"", 78,
                "holds a control character");
    live_expect("root", WEB " --json -d 4h --max-duration 2h 2>/dev/null", 78, "");
    ck_assert_str_eq(live_output, "");
    assert_nothing_written();
}
END_TEST

/* What it did not make it leaves as it is; nothing is written where the other packages have errors. */
START_TEST(test_in_the_way)
{
    live_expect("root", "ln -s /etc/passwd " FILE_ "; " WEB " --replace", 1, "is no regular file");
    live_expect("root", "readlink " FILE_ "; rm " FILE_ "; mkdir " FILE_ "; " WEB " --replace", 1,
                "/etc/passwd\n");
    live_expect("root", "rmdir " FILE_ "; mkfifo " FILE_ "; " WEB " --replace", 1, "is no regular file");
    live_expect("root", "rm " FILE_, 0, "");
    live_write_package("half", "[package]\ngroups = dba");
    live_expect("root", WEB, 78, "half.conf: nobody can approve this package");
    live_remove_package("half");
    assert_nothing_written();
    live_expect("root", "mv " FOLDER " /etc/accesspkg/elsewhere; " WEB, 78, FOLDER " cannot be opened");
    live_expect("root", "ln -s elsewhere " FOLDER "; " WEB, 78, FOLDER " cannot be opened");
    live_expect("root", "rm " FOLDER "; mv /etc/accesspkg/elsewhere " FOLDER, 0, "");
    assert_nothing_written();
}
END_TEST

/* Any user may open the folder, and so may lock it. */
START_TEST(test_no_user_holds_it_up)
{
    live_expect("root", "flock " FOLDER " timeout 20 " WEB, 0, "changed: ");
    live_expect("alice", "flock -n /etc/accesspkg/.packages.lock true", 66, "");
}
END_TEST

/* It takes effect when accesspkgd starts. */
START_TEST(test_without_a_daemon)
{
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_expect("root", WEB, 0, "accesspkgd does not run");
    shows("changed: " FILE_ "\n");
    live_expect("root", WEB, 0, "unchanged: ");
    live_start_daemon();
    live_expect("alice", "pkg-request submit web -m why", 0, "is filed");
}
END_TEST

/* ---- questions ---- */

START_TEST(test_questions)
{
    live_expect("root",
                "(printf 'No name\\nweb\\nThe web\\nroot\\nbob\\nlong\\n4h\\n\\n'; printf "
                "'\\n\\ndbadmins\\n\\n\\n8h\\ny\\n\\n') | "
                "script -qec 'pkg-admin setup' /dev/null",
                0, "A name is lower-case letters");
    shows("That is no duration");
    shows("no package can give the group root");
    shows("Groups that it gives [root]: ");
    shows("Write " FILE_ ", and put it into force? [y/N] ");
    shows("changed: " FILE_);
    live_expect("root", "cat " FILE_, 0,
                "description = The web\ngroups = dbadmins\n\n[policy]\napprovers = bob\n"
                "duration = 4h\nmax_duration = 8h\n");
    live_expect("alice", "pkg-request submit web -m why", 0, "is filed");
}
END_TEST

/* With the questions of pam enable: report first, and whether to write it. */
START_TEST(test_wiring)
{
    live_expect("root", "usermod -p '$6$x$y' root; cp /etc/pam.d/su /etc/pam.d/login", 0, "");
    live_expect("root",
                "printf 'web\\n\\nbackup\\nbob\\n\\n\\ny\\nlogin\\ny\\ny\\n' | "
                "script -qec 'pkg-admin setup' /dev/null",
                0, "Service to guard by it now");
    shows("pkg-admin pam enable sshd --package web --report");
    live_expect("root", "pkg-admin pam status", 0, "login");
    live_expect("root", "grep pam_accesspkg /etc/pam.d/login", 0, "package=web");
    shows("mode=report");
}
END_TEST

START_TEST(test_questions_left)
{
    live_expect("root",
                "printf 'web\\n\\nbackup\\nbob\\n\\n\\nno\\n' | script -qec 'pkg-admin setup' /dev/null", 1,
                "is not written. Nothing was changed.");
    assert_nothing_written();
    live_expect("root",
                "printf '\\nbob\\n\\n\\n' | script -qec 'pkg-admin setup web --groups dbadmins -y' /dev/null",
                0, "changed: ");
}
END_TEST

/* ---- killed ---- */

static bool changes_something(const struct __ptrace_syscall_info *call)
{
    switch (call->entry.nr) {
    case SYS_openat:
        return call->entry.args[2] & O_CREAT;
    case SYS_write:
    case SYS_fchmod:
    case SYS_fsync:
    case SYS_unlinkat:
    case SYS_renameat2:
    case SYS_clone: /* accesspkgd as a program */
    case SYS_clone3:
    case SYS_sendmsg:
        return true;
    default:
        return false;
    }
}

static void become_setup(void)
{
    setenv("ASAN_OPTIONS", "detect_leaks=0",
           1); /* the sanitizer cannot look for leaks in a process that is traced */
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    raise(SIGSTOP);
    execl("/usr/sbin/pkg-admin", "pkg-admin", "setup", "web", "--groups", "dbadmins", "--approvers",
          "bob %dba-leads", (char *)NULL);
    _exit(127);
}

/* Kills setup before the nth call that changes something. False: it ended before. */
static bool kill_before(int nth)
{
    int status = 0;
    struct __ptrace_syscall_info call;
    const pid_t pid = fork();
    if (pid == 0)
        become_setup();
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL), 0);
    while (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) == 0) {
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status)) {
            ck_assert_int_eq(WEXITSTATUS(status), 0);
            return false;
        }
        if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80))
            continue;
        ck_assert_int_gt(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(call), &call), 0);
        if (call.op == PTRACE_SYSCALL_INFO_ENTRY && changes_something(&call) && --nth == 0)
            break;
    }
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
    return true;
}

/* What was is in force, or what is new, whole; a setup that comes after it finishes. */
START_TEST(test_killed)
{
    int kills = 0;
    while (kill_before(kills + 1)) {
        kills++;
        live_expect("root", "pkg-admin check-config", 0, "");
        live_expect("root", "test ! -e " FILE_ " || cat " FILE_, 0, "");
        ck_assert(strcmp(live_output, "") == 0 || strcmp(live_output, TEXT) == 0);
        live_expect("alice", "pkg-request packages", 0, "free");
        live_expect("root", WEB, 0, "changed: ");
        live_expect("root", "ls -A " FOLDER, 0, "");
        ck_assert_str_eq(live_output, "free.conf\nweb.conf\n");
        live_expect("root", "rm " FILE_ "; pkg-admin reload", 0, "Policy reloaded: 1 package.");
    }
    ck_assert_int_ge(kills, 8);
    live_expect("root", "cat " FILE_, 0, TEXT);
}
END_TEST

int main(void)
{
    suite_case("setup", setup, live_stop);
    suite_timeout(120);
    suite_add(test_options, test_again, test_behind, test_refused, test_in_the_way, test_no_user_holds_it_up,
              test_without_a_daemon, test_questions, test_wiring, test_questions_left, test_killed);
    return suite_run();
}
