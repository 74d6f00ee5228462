/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is judged, by the real module in programs of each kind, which are really started so: each row makes a process
 * with the ids of its kind, executes this program in it as an application, and reads the journal. sshd, sudo and login
 * themselves: tests/host.
 */
#include "tests/support/pam_host.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <grp.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The program as it is, and set-uid copies of it. */
#define PLAIN    "/applications/plain"
#define SET_ROOT "/applications/set-uid-root"
#define SET_BOB  "/applications/set-uid-bob"
#define SET_GID  "/applications/set-gid"

enum { ALICE = PAM_HOST_ALICE, BOB = PAM_HOST_BOB, SERVICE_USER = PAM_HOST_DAEMON, KEPT = -1 };

struct ids {
    int real, effective;
};

static const struct kind {
    const char *name;
    struct ids before; /* of who executes it */
    const char *program;
    struct ids then; /* what it makes of its ids before it asks PAM */
    const char *user;
    const char *judged;  /* the one who is refused */
    const char *by_user; /* and with judge=user; NULL: root, who is exempt */
} kinds[] = {
#define KIND(name, before_real, before_effective, program, then_real, then_effective, user, judged, by_user) \
    {                                                                                                        \
        name, {before_real, before_effective}, program, {then_real, then_effective}, user, judged, by_user   \
    }
    KIND("sshd, login: a daemon of root's", 0, 0, PLAIN, KEPT, KEPT, "alice", "alice", "alice"),
    KIND("su: set-uid, started by a person", ALICE, ALICE, SET_ROOT, KEPT, KEPT, "bob", "alice", "bob"),
    KIND("su to root", ALICE, ALICE, SET_ROOT, KEPT, KEPT, "root", "alice", NULL),
    KIND("sudo: set-uid, names who runs it", ALICE, ALICE, SET_ROOT, KEPT, KEPT, "alice", "alice", "alice"),
    KIND("polkit's helper: set-uid, names an administrator", ALICE, ALICE, SET_ROOT, KEPT, KEPT, "carol",
         "alice", "carol"),
    KIND("a set-uid checker that asks about others", SERVICE_USER, SERVICE_USER, SET_ROOT, KEPT, KEPT, "bob",
         "accesspkg", "bob"),
    KIND("a set-uid program that is root wholly by now", ALICE, ALICE, SET_ROOT, 0, 0, "bob", "bob", "bob"),
    KIND("a set-uid program that is its user again", ALICE, ALICE, SET_ROOT, ALICE, ALICE, "alice", "alice",
         "alice"),
    KIND("root's own su", 0, 0, SET_ROOT, KEPT, KEPT, "bob", "bob", "bob"),
    KIND("cron: a daemon that has become the user", 0, 0, PLAIN, ALICE, ALICE, "alice", "alice", "alice"),
    KIND("a daemon that has switched its real uid", 0, 0, PLAIN, SERVICE_USER, 0, "bob", "bob", "bob"),
    KIND("a daemon that has switched to its client", 0, 0, PLAIN, ALICE, 0, "bob", "bob", "bob"),
    KIND("a daemon that acts as its client", 0, 0, PLAIN, 0, ALICE, "alice", "alice", "alice"),
    KIND("executed by a daemon that has switched: AT_SECURE is set", SERVICE_USER, 0, PLAIN, KEPT, KEPT,
         "bob", "accesspkg", "bob"),
    KIND("executed by a daemon that has become the user", ALICE, ALICE, PLAIN, KEPT, KEPT, "alice", "alice",
         "alice"),
    KIND("a screen locker", ALICE, ALICE, PLAIN, KEPT, KEPT, "alice", "alice", "alice"),
    KIND("a set-gid screen locker", ALICE, ALICE, SET_GID, KEPT, KEPT, "alice", "alice", "alice"),
    KIND("set-uid, and not root's", ALICE, ALICE, SET_BOB, KEPT, KEPT, "alice", "alice", "alice"),
#undef KIND
};
enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* ---- the application ------------------------------------------------------------------------------------------- */

/* argv: --application, the folder of service files, the user, real and effective uid. Claims a PAM_RUSER, as any could. */
static int be_an_application(char **argv)
{
    const struct pam_conv conversation = {NULL, NULL};
    const int real = atoi(argv[4]), effective = atoi(argv[5]);
    pam_handle_t *pamh = NULL;
    if (real != KEPT && setresuid((uid_t)real, (uid_t)effective, 0) < 0)
        return 3;
    if (pam_start_confdir("gate", argv[3], &conversation, argv[2], &pamh) != PAM_SUCCESS ||
        pam_set_item(pamh, PAM_RUSER, "dave") != PAM_SUCCESS)
        return 4;
    const int code = pam_acct_mgmt(pamh, 0);
    pam_end(pamh, code);
    return code == PAM_SUCCESS ? 0 : 1;
}

/* ---- who starts it ---------------------------------------------------------------------------------------------- */

static void copy_program(const char *path, uid_t owner, gid_t group, mode_t mode)
{
    char command[128];
    snprintf(command, sizeof(command), "cp /proc/%d/exe %s", (int)getpid(), path);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(chown(path, owner, group) | chmod(path, mode), 0);
}

static void setup(void)
{
    pam_host_setup();
    pam_host_journal_open();
    ck_assert(mkdir("/applications", 0755) == 0 || errno == EEXIST);
    copy_program(PLAIN, 0, 0, 0755);
    copy_program(SET_ROOT, 0, 0, 04755);
    copy_program(SET_BOB, BOB, 0, 04755);
    copy_program(SET_GID, 0, 42, 02755);
}

static void teardown(void)
{
    pam_host_grant_text("alice", NULL);
}

/* What it ended with: 0 for who is let in. */
static int start(const struct kind *kind)
{
    int status;
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        const uid_t real = (uid_t)kind->before.real, effective = (uid_t)kind->before.effective;
        char then_real[16], then_effective[16];
        snprintf(then_real, sizeof(then_real), "%d", kind->then.real);
        snprintf(then_effective, sizeof(then_effective), "%d", kind->then.effective);
        if (setgroups(0, NULL) < 0 || setresuid(real, effective, effective) < 0)
            _exit(5);
        execl(kind->program, kind->program, "--application", pam_host_folder(), kind->user, then_real,
              then_effective, (char *)NULL);
        _exit(6);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) <= 1, "%s: status %#x", kind->name, status);
    return WEXITSTATUS(status);
}

static void expect_judged(const struct kind *kind, const char *who)
{
    char expected[64];
    int lines;
    ck_assert_int_eq(start(kind), 1);
    const char *journal = pam_host_journal(&lines);
    snprintf(expected, sizeof(expected), "refused: user=\"%s\"", who);
    ck_assert_msg(lines == 1 && strstr(journal, expected), "%s: not %s in: %s", kind->name, expected,
                  journal);
}

/* Never PAM_RUSER. */
START_TEST(each_kind)
{
    const struct kind *kind = &kinds[_i];
    pam_host_line("package=db-admins submit=no");
    expect_judged(kind, kind->judged);
    pam_host_line("package=db-admins submit=no judge=user");
    if (kind->by_user)
        expect_judged(kind, kind->by_user);
}
END_TEST

/* Rule 1: only the grant of who is judged lets in. */
START_TEST(each_kind_with_a_grant)
{
    const struct kind *kind = &kinds[_i];
    pam_host_grant("alice", ALICE, "db-admins", 100, time(NULL) + 3600);
    pam_host_line("package=db-admins submit=no");
    ck_assert_msg(start(kind) == (strcmp(kind->judged, "alice") != 0), "%s", kind->name);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "--application") == 0)
        _exit(be_an_application(
            argv)); /* nothing of the test's, such as a leak check, ends a set-uid process */
    suite_case("programs", setup, teardown);
    suite_timeout(30);
    suite_loop(each_kind, 0, N_KINDS);
    suite_loop(each_kind_with_a_grant, 0, N_KINDS);
    return suite_run();
}
