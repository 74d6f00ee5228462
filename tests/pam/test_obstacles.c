/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real module where nothing can be filed: the journal says which call failed, how, and what to do; the person reads
 * a command that can be typed. Rule 1: nobody is let in.
 */
#include "common/paths.h"
#include "tests/pam/submission.h"
#include "tests/support/suite.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct pam_host_login alice = {.user = "alice"}, bob = {.user = "bob"};

/* ---- accesspkg-submit cannot be run ------------------------------------------------------------------------------ */

static void shell(const char *command)
{
    ck_assert_msg(system(command) == 0, "%s", command);
}

/* In a mount namespace of this test's. */
static void replace_program(const char *how)
{
    ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
    ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    shell(how);
}

#define BIND(path)   "mount --bind " path " " PATH_SUBMIT
#define SCRIPT(body) "printf '" body "' >/tmp/submit && chmod 755 /tmp/submit && " BIND("/tmp/submit")

static const struct obstacle {
    const char *how, *logged;
} obstacles[] = {
    {"mount -t tmpfs none $(dirname " PATH_SUBMIT ")",
     "accesspkg-submit gave no answer; it could not be run: execve: No such file or directory; make sure "
     "that " PATH_SUBMIT " is there: install accesspkg again"},
    {"cp " PATH_SUBMIT " /tmp/submit && chmod 644 /tmp/submit && " BIND("/tmp/submit"),
     "it could not be run: execve: Permission denied; make sure that " PATH_SUBMIT
     " may be executed here: its mode, the mount, AppArmor or SELinux"},
    {BIND(PATH_SUBMIT) " && mount -o remount,bind,noexec " PATH_SUBMIT,
     "it could not be run: execve: Permission denied; make sure that "},
    {SCRIPT("nonsense"), "it could not be run: execve: Exec format error"},
    {SCRIPT("#!/bin/sh\\nexit 127\\n"),
     "it ended with status 127; a library may be missing: ldd " PATH_SUBMIT},
    {SCRIPT("#!/bin/sh\\nkill -KILL $$\\n"), "signal 9 killed it"},
    {SCRIPT("#!/bin/sh\\nkill -KILL $PPID\\n"), "somebody killed the process that runs it"},
};

START_TEST(cannot_be_run)
{
    replace_program(obstacles[_i].how);
    const struct pam_host_outcome outcome = pam_host_try(&alice);
    check_refused(&outcome, PAM_AUTHINFO_UNAVAIL, obstacles[_i].logged, NOT_FOUND_OUT);
}
END_TEST

/* A courtesy that cannot be done says so, too, to who debugs. */
START_TEST(setgroups_denied_in_a_session)
{
    pam_host_line("package=db-admins debug");
    ck_assert_int_eq(prctl(PR_CAPBSET_DROP, CAP_SETGID, 0, 0, 0), 0);
    pam_host_try(&(struct pam_host_login){.user = "alice", .tty = "ssh", .session = true});
    ck_assert_ptr_nonnull(strstr(pam_host_journal(NULL), "setgroups: Operation not permitted"));
}
END_TEST

START_TEST(too_many_processes)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_NPROC, &none);
    const struct pam_host_outcome outcome = pam_host_try_as(PAM_HOST_ALICE, PAM_HOST_ALICE, &alice);
    check_refused(&outcome, PAM_AUTHINFO_UNAVAIL,
                  "it could not be run: clone: Resource temporarily unavailable; too many processes run: see "
                  "RLIMIT_NPROC of the user, TasksMax= of the unit",
                  NOT_FOUND_OUT);
}
END_TEST

/* ---- nothing is filed ---------------------------------------------------------------------------------------------- */

#define HOLDS_NOTHING(packages)                                                                              \
    packages " on demohost: you do not hold this access package. Please ask for it: "

static const struct unfiled {
    const char *line, *said;
} unfiled[] = {
    {"package=db-admins",
     HOLDS_NOTHING("db-admins") "pkg-request submit db-admins. Or ask an administrator.\n"},
    {"package=db-admins package=web",
     HOLDS_NOTHING("db-admins or web") "pkg-request submit db-admins (or web). Or ask an administrator.\n"},
    {"package=a package=b package=c",
     HOLDS_NOTHING("a or b or c") "pkg-request submit a (or b or c). Or ask an administrator.\n"},
};

static void check_bob(const struct pam_host_outcome *outcome, const char *logged, const char *said)
{
    int lines;
    const char *journal = pam_host_journal(&lines);
    ck_assert_int_eq(outcome->code, PAM_PERM_DENIED);
    ck_assert_int_eq(lines, 1);
    ck_assert_msg(strstr(journal, logged) != NULL, "no '%s' in: %s", logged, journal);
    ck_assert_str_eq(outcome->said, said);
}

/* A program that is not root's asks about somebody else: a locker's second user, a checker without set-uid. */
START_TEST(not_root)
{
    pam_host_line(unfiled[_i].line);
    const struct pam_host_outcome outcome = pam_host_try_as(PAM_HOST_ALICE, PAM_HOST_ALICE, &bob);
    check_bob(
        &outcome,
        "why=\"no valid grant; nothing is filed: this program does not run as root, and uid 1001 can ask for "
        "itself alone\"",
        unfiled[_i].said);
}
END_TEST

START_TEST(submit_no)
{
    char line[128];
    snprintf(line, sizeof(line), "%s submit=no", unfiled[_i].line);
    pam_host_line(line);
    const struct pam_host_outcome outcome = pam_host_try(&bob);
    check_bob(&outcome, "why=\"no valid grant; nothing is filed with submit=no\"", unfiled[_i].said);
}
END_TEST

/* ---- what cannot be read --------------------------------------------------------------------------------------------- */

/* Not answered is not absent. */
START_TEST(users_cannot_be_read)
{
    shell("chmod 600 /etc/passwd");
    struct pam_host_outcome outcome = pam_host_try_as(PAM_HOST_ALICE, PAM_HOST_ALICE, &alice);
    shell("chmod 644 /etc/passwd");
    check_refused(&outcome, PAM_AUTHINFO_UNAVAIL,
                  "why=\"the user could not be looked up; Permission denied\"", NOT_FOUND_OUT);
    outcome = pam_host_try(&(struct pam_host_login){.user = "nobody-here"});
    ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
    ck_assert_ptr_nonnull(strstr(pam_host_journal(NULL), "why=\"no such user\""));
}
END_TEST

/* A grant file behind a folder that the program may not enter. */
START_TEST(grants_cannot_be_read)
{
    pam_host_line("package=db-admins submit=no");
    shell("chmod 700 " PATH_STATE);
    const struct pam_host_outcome outcome = pam_host_try_as(PAM_HOST_ALICE, PAM_HOST_ALICE, &alice);
    shell("chmod 1775 " PATH_STATE);
    ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
    ck_assert_ptr_nonnull(
        strstr(pam_host_journal(NULL), "the grant file or a folder above may not be read here"));
}
END_TEST

int main(void)
{
    suite_case("gate", setup, teardown);
    suite_timeout(30);
    suite_rows(cannot_be_run, obstacles);
    suite_rows(not_root, unfiled);
    suite_rows(submit_no, unfiled);
    suite_add(setgroups_denied_in_a_session, too_many_processes, users_cannot_be_read, grants_cannot_be_read);
    return suite_run();
}
