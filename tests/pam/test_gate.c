/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real module in front of applications, without a bus: who is let in, who is judged, what each code is, what the
 * person reads and what the journal gets. Rule 1: whatever is wrong, nobody gets in without a valid grant.
 */
#include "common/names.h"
#include "common/paths.h"
#include "tests/support/pam_host.h"
#include "tests/support/suite.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now;

static void setup(void)
{
    now = time(NULL);
    pam_host_setup();
    pam_host_journal_open();
    pam_host_line("package=db-admins");
}

static void teardown(void)
{
    pam_host_grant_text("alice", NULL);
    pam_host_grant_text("bob", NULL);
    pam_host_grant_text("root", NULL);
}

static void give_alice(void)
{
    pam_host_grant("alice", PAM_HOST_ALICE, "db-admins", now - 10, now + 3600);
}

/* What every refusal is: this code, one message at least, exactly one line in the journal that says this. */
static void check_refused(const struct pam_host_outcome *outcome, int code, const char *logged)
{
    int lines;
    const char *journal = pam_host_journal(&lines);
    ck_assert_msg(outcome->code == code, "code %d: %s", outcome->code, journal);
    ck_assert_int_ge(outcome->n_errors, 1);
    ck_assert_int_eq(outcome->n_others, 0);
    ck_assert_msg(lines == 1, "%d lines: %s", lines, journal);
    ck_assert_msg(strstr(journal, logged) != NULL, "no '%s' in: %s", logged, journal);
    ck_assert_ptr_nonnull(strstr(journal, "refused: user="));
}

/* Let in, or let through: nothing is said and nothing logged. */
static void check_quiet(const struct pam_host_outcome *outcome, int code)
{
    int lines;
    const char *journal = pam_host_journal(&lines);
    ck_assert_msg(outcome->code == code, "code %d: %s%s", outcome->code, outcome->said, journal);
    ck_assert_int_eq(outcome->n_errors + outcome->n_others, 0);
    ck_assert_msg(lines == 0, "%s", journal);
}

/* ---- with a grant, without one ------------------------------------------------------------------------------- */

START_TEST(holder)
{
    give_alice();
    struct pam_host_outcome outcome = pam_host_alice();
    check_quiet(&outcome, PAM_SUCCESS);
    pam_host_line("package=other package=db-admins package=third");
    outcome = pam_host_alice();
    check_quiet(&outcome, PAM_SUCCESS);
}
END_TEST

START_TEST(no_grant)
{
    struct pam_host_outcome outcome = pam_host_alice();
    check_refused(&outcome, PAM_AUTHINFO_UNAVAIL,
                  "accesspkgd does not answer; the system bus cannot be reached");
    ck_assert_str_eq(outcome.said,
                     "db-admins on demohost: whether you may enter could not be found out. Please try "
                     "again in a minute, or tell an administrator.\n");
    pam_host_line("package=db-admins package=web submit=no");
    outcome = pam_host_try(&(struct pam_host_login){.user = "alice", .rhost = "192.0.2.7"});
    check_refused(&outcome, PAM_PERM_DENIED,
                  "pam_accesspkg(gate:account): refused: user=\"alice\" service=\"gate\" host=\"192.0.2.7\" "
                  "package=\"db-admins,web\" request=none why=\"no valid grant; "
                  "nothing is filed with submit=no\"");
    ck_assert_ptr_nonnull(strstr(outcome.said, "db-admins or web on demohost: you do not hold"));
}
END_TEST

/* Rule 1, rule 8: by the clock, by the second. */
START_TEST(spans)
{
    static const struct {
        int64_t start, end;
        int code;
    } cases[] = {
        {-3600, -1, PAM_PERM_DENIED}, {-3600, 0, PAM_PERM_DENIED}, {60, 3600, PAM_PERM_DENIED},
        {-3600, 60, PAM_SUCCESS},     {0, 3600, PAM_SUCCESS},
    };
    pam_host_line("package=db-admins submit=no");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        pam_host_grant("alice", PAM_HOST_ALICE, "db-admins", now + cases[i].start, now + cases[i].end);
        ck_assert_msg(pam_host_alice().code == cases[i].code, "case %zu", i);
    }
    pam_host_grant("alice", PAM_HOST_ALICE, "db-admins-2", now - 10, now + 3600);
    ck_assert_int_eq(pam_host_alice().code, PAM_PERM_DENIED);
}
END_TEST

/* ---- grant files with faults ---------------------------------------------------------------------------------- */

static void shell(const char *command)
{
    ck_assert_msg(system(command) == 0, "%s", command);
}

#define FOLDER PATH_STATE "/grants/user"

/* Rule 1: each counts as no grant, is logged with its reason, and is still asked about. */
START_TEST(faults)
{
    static const struct {
        const char *spoil, *mend, *logged;
    } cases[] = {
        {"chown root " FOLDER "/alice", "true", "wrong owner"},
        {"chown 1001 " FOLDER "/alice", "true", "wrong owner"},
        {"chmod 664 " FOLDER "/alice", "true", "others may write"},
        {"chmod 646 " FOLDER "/alice", "true", "others may write"},
        {"chmod 775 " FOLDER, "chmod 755 " FOLDER, "others may write"},
        {"chmod 777 " FOLDER, "chmod 755 " FOLDER, "others may write"},
        {"chmod 1777 " PATH_STATE, "chmod 1775 " PATH_STATE, "others may write"},
        {"mv " FOLDER "/alice /tmp/a && ln -s /tmp/a " FOLDER "/alice", "rm -f /tmp/a", "symbolic link"},
        {"mv " FOLDER " /tmp/u && ln -s /tmp/u " FOLDER, "rm " FOLDER " && mv /tmp/u " FOLDER,
         "symbolic link"},
        {"rm " FOLDER "/alice && mkfifo " FOLDER "/alice && chown 990 " FOLDER "/alice", "true",
         "wrong owner"},
        {": >" FOLDER "/alice", "true", "damaged"},
        {"sed -i '/^end/d' " FOLDER "/alice && chown 990 " FOLDER "/alice", "true", "damaged"},
        {"sed -i 's/grants 1/grants 2/' " FOLDER "/alice && chown 990 " FOLDER "/alice", "true", "damaged"},
        {"sed -i 's/user alice/user bob/' " FOLDER "/alice && chown 990 " FOLDER "/alice", "true", "damaged"},
        {"sed -i 's/alice 1001/alice 1099/' " FOLDER "/alice && chown 990 " FOLDER "/alice", "true",
         "another uid"},
        {"sed -i 's/^written.*/written 9999999999/' " FOLDER "/alice && chown 990 " FOLDER "/alice", "true",
         "in the future"},
        {"truncate -s 300K " FOLDER "/alice", "true", "damaged"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        give_alice();
        shell(cases[i].spoil);
        pam_host_line("package=db-admins submit=no");
        struct pam_host_outcome outcome = pam_host_alice();
        check_refused(&outcome, PAM_PERM_DENIED, cases[i].logged);
        pam_host_line("package=db-admins");
        outcome = pam_host_alice();
        check_refused(&outcome, PAM_AUTHINFO_UNAVAIL, cases[i].logged);
        shell(cases[i].mend);
    }
    give_alice();
    ck_assert_int_eq(pam_host_alice().code, PAM_SUCCESS);
}
END_TEST

/* pkg-admin lock: refused, and told so, without a question to anybody. */
START_TEST(locked)
{
    static const char *const lines[] = {"package=db-admins", "package=db-admins submit=no"};
    give_alice();
    shell("rm " FOLDER "/alice && mkdir " FOLDER "/alice && touch " FOLDER "/alice/locked");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        pam_host_line(lines[i]);
        struct pam_host_outcome outcome = pam_host_alice();
        check_refused(&outcome, PAM_PERM_DENIED, "the user is locked");
        ck_assert_str_eq(
            outcome.said,
            "db-admins on demohost: your access to this host is locked. Please ask its administrators.\n");
    }
    shell("rm -r " FOLDER "/alice");
    give_alice();
    ck_assert_int_eq(pam_host_alice().code, PAM_SUCCESS);
}
END_TEST

/* ---- root ---------------------------------------------------------------------------------------------------- */

START_TEST(root_is_exempt)
{
    const struct pam_host_login root = {.user = "root"};
    struct pam_host_outcome outcome = pam_host_try(&root);
    check_quiet(&outcome, PAM_IGNORE);
    /* A mistake in the line must not shut root out, too. */
    pam_host_line("package=NONE");
    ck_assert_int_eq(pam_host_try(&root).code, PAM_IGNORE);
    pam_host_journal(NULL);
    pam_host_line("package=db-admins enforce_for_root submit=no");
    outcome = pam_host_try(&root);
    check_refused(&outcome, PAM_PERM_DENIED, "user=\"root\"");
    pam_host_grant("root", 0, "db-admins", now - 10, now + 3600);
    outcome = pam_host_try(&root);
    check_quiet(&outcome, PAM_SUCCESS);
}
END_TEST

/* Alone in its phase, a module that is ignored lets nobody in: libpam refuses. */
START_TEST(ignored_alone_is_refused)
{
    const struct pam_host_login root = {.service = "alone", .user = "root"};
    const struct pam_host_login permitted = {.service = "beside", .user = "root"};
    pam_host_service("alone", "account required pam_accesspkg.so package=db-admins\n");
    pam_host_service("beside",
                     "account required pam_accesspkg.so package=db-admins\naccount required pam_unix.so\n");
    ck_assert_int_eq(pam_host_try(&root).code, PAM_PERM_DENIED);
    ck_assert_int_eq(pam_host_try(&permitted).code, PAM_SUCCESS);
}
END_TEST

/* ---- options -------------------------------------------------------------------------------------------------- */

START_TEST(mode_report)
{
    static const char *const lines[] = {"package=db-admins mode=report", "mode=report",
                                        "package=db-admins mode=report submit=no",
                                        "mode=report package=db-admins quiet"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        int count;
        pam_host_line(lines[i]);
        const struct pam_host_outcome outcome = pam_host_alice();
        const char *journal = pam_host_journal(&count);
        ck_assert_int_eq(outcome.code, PAM_IGNORE);
        ck_assert_int_eq(outcome.n_errors + outcome.n_others, 0);
        ck_assert_msg(count == 1 && strstr(journal, "would be refused (mode=report): user=\"alice\""), "%s",
                      journal);
    }
    give_alice();
    struct pam_host_outcome outcome = pam_host_alice();
    check_quiet(&outcome, PAM_SUCCESS);
}
END_TEST

START_TEST(no_package)
{
    give_alice();
    pam_host_line("");
    struct pam_host_outcome outcome = pam_host_alice();
    check_refused(&outcome, PAM_AUTHINFO_UNAVAIL, "names no package");
    ck_assert_ptr_nonnull(
        strstr(outcome.said, "demohost: no access package is named for this way in. Please tell"));
    pam_host_line("package=../db-admins");
    int lines;
    ck_assert_int_eq(pam_host_alice().code, PAM_AUTHINFO_UNAVAIL);
    ck_assert_ptr_nonnull(strstr(pam_host_journal(&lines), "\"package=../db-admins\" is ignored"));
    ck_assert_int_eq(lines, 2);
}
END_TEST

START_TEST(unknown_option)
{
    int lines;
    give_alice();
    pam_host_line("package=db-admins nullok");
    ck_assert_int_eq(pam_host_alice().code, PAM_SUCCESS);
    const char *journal = pam_host_journal(&lines);
    ck_assert_int_eq(lines, 1);
    ck_assert_ptr_nonnull(strstr(
        journal, "the argument \"nullok\" is ignored: there is no such option. See pam_accesspkg(8)."));
}
END_TEST

/* PAM_SILENT keeps the line that tells a refused person what to do; `quiet` does not. */
START_TEST(silent_and_quiet)
{
    const struct pam_host_login silent = {.user = "alice", .flags = PAM_SILENT};
    struct pam_host_outcome outcome = pam_host_try(&silent);
    check_refused(&outcome, PAM_AUTHINFO_UNAVAIL, "accesspkgd does not answer");
    ck_assert_int_eq(outcome.n_errors, 1);
    pam_host_line("package=db-admins quiet");
    outcome = pam_host_alice();
    ck_assert_int_eq(outcome.code, PAM_AUTHINFO_UNAVAIL);
    ck_assert_int_eq(outcome.n_errors + outcome.n_others, 0);
    ck_assert_ptr_nonnull(strstr(pam_host_journal(NULL), "refused: user=\"alice\""));
}
END_TEST

/* An application that shows nobody anything makes one line all the same. */
START_TEST(nobody_listens)
{
    int lines;
    const struct pam_host_outcome outcome =
        pam_host_try(&(struct pam_host_login){.user = "alice", .deaf = true});
    const char *journal = pam_host_journal(&lines);
    ck_assert_int_eq(outcome.code, PAM_AUTHINFO_UNAVAIL);
    ck_assert_msg(lines == 1, "%d lines: %s", lines, journal);
    ck_assert_ptr_nonnull(strstr(journal, "refused: user=\"alice\""));
}
END_TEST

START_TEST(debug)
{
    int lines;
    pam_host_line("package=db-admins debug");
    give_alice();
    ck_assert_int_eq(pam_host_alice().code, PAM_SUCCESS);
    ck_assert_ptr_nonnull(strstr(pam_host_journal(&lines), "let through: user=\"alice\""));
    ck_assert_int_eq(lines, 1);
    ck_assert_int_eq(pam_host_try(&(struct pam_host_login){.user = "root"}).code, PAM_IGNORE);
    ck_assert_ptr_nonnull(strstr(pam_host_journal(NULL), "uid 0 is exempt"));
}
END_TEST

/* ---- names ---------------------------------------------------------------------------------------------------- */

/* Rule 10: refused, told, logged in one line that is what it looks like. */
START_TEST(odd_names)
{
    static const char two_hundred[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaa";
    static const struct {
        const char *name, *logged;
    } cases[] = {
        {"../x", "user=\"../x\""},
        {"../../../../etc/passwd", "user=\"../../../../etc/passwd\""},
        {"DOM\\user", "user=\"DOM\\user\""},
        {two_hundred, two_hundred},
        {"\xff\xfe", "user=\"\\xff\\xfe\""},
        {"a\nb", "user=\"a\\x0ab\""},
        {"\033]0;owned\a", "user=\"\\x1b]0;owned\\x07\""},
        {"x\" request=17 why=\"ok", "user=\"x' request=17 why='ok\""},
        {"", "user=\"\""},
        {NULL, "user=\"\""},
        {".", "user=\".\""},
        {"alice ", "user=\"alice \""},
        {"ALICE", "user=\"ALICE\""},
    };
    give_alice();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pam_host_outcome outcome = pam_host_try(&(struct pam_host_login){.user = cases[i].name});
        check_refused(&outcome, PAM_PERM_DENIED, cases[i].logged);
        ck_assert_str_eq(
            outcome.said,
            "db-admins on demohost: this account is not known here. Please tell an administrator.\n");
    }
}
END_TEST

/* Rule 10: what the application says of the host, too. */
START_TEST(odd_hosts)
{
    pam_host_line("package=db-admins submit=no");
    struct pam_host_outcome outcome =
        pam_host_try(&(struct pam_host_login){.user = "alice", .rhost = "\033[2J\" x\n\xff"});
    check_refused(&outcome, PAM_PERM_DENIED, "host=\"\\x1b[2J' x\\x0a\\xff\"");
}
END_TEST

/* ---- who is judged -------------------------------------------------------------------------------------------- */

/* su and sudo: the real user, whatever PAM_USER and PAM_RUSER say. */
START_TEST(set_uid_program)
{
    const struct pam_host_login as_bob = {.user = "bob", .ruser = "bob"},
                                as_root = {.user = "root", .ruser = "root"};
    pam_host_line("package=db-admins submit=no");
    pam_host_grant("bob", PAM_HOST_BOB, "db-admins", now - 10, now + 3600);
    struct pam_host_outcome outcome = pam_host_try_as(PAM_HOST_ALICE, 0, &as_bob);
    check_refused(&outcome, PAM_PERM_DENIED, "user=\"alice\"");
    outcome = pam_host_try_as(PAM_HOST_ALICE, 0, &as_root);
    check_refused(&outcome, PAM_PERM_DENIED, "user=\"alice\"");
    give_alice();
    outcome = pam_host_try_as(PAM_HOST_ALICE, 0, &as_root);
    check_quiet(&outcome, PAM_SUCCESS);
    /* A uid that has no name. */
    outcome = pam_host_try_as(4242, 0, &as_bob);
    check_refused(&outcome, PAM_PERM_DENIED, "no such user");
    /* Root's own su: who is become is judged. */
    outcome = pam_host_try_as(0, 0, &as_bob);
    check_quiet(&outcome, PAM_SUCCESS);
}
END_TEST

/* A set-uid program that asks about others than who started it says so in its line. */
START_TEST(set_uid_checker)
{
    const struct pam_host_login bob = {.user = "bob"};
    pam_host_line("package=db-admins submit=no judge=user");
    struct pam_host_outcome outcome = pam_host_try_as(PAM_HOST_ALICE, 0, &bob);
    check_refused(&outcome, PAM_PERM_DENIED, "user=\"bob\"");
    give_alice();
    outcome = pam_host_try_as(PAM_HOST_ALICE, 0, &bob);
    check_refused(&outcome, PAM_PERM_DENIED, "user=\"bob\"");
    pam_host_line("package=db-admins submit=no judge=caller");
    outcome = pam_host_try_as(PAM_HOST_ALICE, 0, &bob);
    ck_assert_int_eq(outcome.code, PAM_SUCCESS); /* alice's: no other word changes who is judged */
    ck_assert_ptr_nonnull(strstr(pam_host_journal(NULL), "it is 'user'"));
}
END_TEST

/* The real su, set-uid root: its exit status when alice, or root, runs it. */
static int run_su(uid_t uid)
{
    int status;
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (freopen("/dev/null", "r", stdin) && freopen("/dev/null", "w", stderr) && setgid(uid) == 0 &&
            setuid(uid) == 0)
            execl("/tmp/su", "su", "-s", "/bin/sh", "bob", "-c", "exit 7", NULL);
        _exit(99);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(the_real_su)
{
    static const char rest[] = "auth sufficient pam_permit.so\naccount required pam_permit.so\n"
                               "session required pam_permit.so\n";
    char service[512];
    ck_assert_int_eq(
        system("cp -p /etc/pam.d/su /tmp/pam-su && cp /usr/bin/su /tmp/su && chmod 4755 /tmp/su"), 0);
    for (int judges_user = 0; judges_user < 2; judges_user++) {
        snprintf(service, sizeof(service),
                 "account required pam_accesspkg.so package=db-admins submit=no%s\n%s",
                 judges_user ? " judge=user" : "", rest);
        FILE *file = fopen("/etc/pam.d/su", "w");
        ck_assert(file && fputs(service, file) >= 0 && fclose(file) == 0);
        pam_host_grant_text("alice", NULL);
        pam_host_grant_text("bob", NULL);
        ck_assert_int_eq(run_su(PAM_HOST_ALICE), 1);
        ck_assert_ptr_nonnull(
            strstr(pam_host_journal(NULL), judges_user ? "user=\"bob\"" : "user=\"alice\""));
        if (judges_user)
            pam_host_grant("bob", PAM_HOST_BOB, "db-admins", now - 10, now + 3600);
        else
            give_alice();
        ck_assert_int_eq(run_su(PAM_HOST_ALICE), 7);
    }
    ck_assert_int_eq(system("mv /tmp/pam-su /etc/pam.d/su && rm /tmp/su"), 0);
}
END_TEST

/* In a service that may not set groups, as in some containers: said, and not as a program that is missing. */
START_TEST(groups_that_cannot_be_set)
{
    int status;
    pam_host_line("package=db-admins");
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        ck_assert_int_eq(prctl(PR_CAPBSET_DROP, CAP_SETGID, 0, 0, 0), 0);
        _exit(pam_host_alice().code == PAM_AUTHINFO_UNAVAIL ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    const char *journal = pam_host_journal(NULL);
    ck_assert_msg(
        strstr(journal,
               "it could not be run: setgroups: Operation not permitted; this user namespace denies"),
        "%s", journal);
}
END_TEST

/* A screen locker: no privilege, and nobody else to ask for than its own user. */
START_TEST(unprivileged_program)
{
    const struct pam_host_login alice = {.user = "alice"}, bob = {.user = "bob"};
    struct pam_host_outcome outcome = pam_host_try_as(PAM_HOST_ALICE, PAM_HOST_ALICE, &alice);
    check_refused(&outcome, PAM_AUTHINFO_UNAVAIL, "accesspkgd does not answer");
    outcome = pam_host_try_as(PAM_HOST_ALICE, PAM_HOST_ALICE, &bob);
    check_refused(&outcome, PAM_PERM_DENIED, "user=\"bob\"");
    give_alice();
    outcome = pam_host_try_as(PAM_HOST_ALICE, PAM_HOST_ALICE, &alice);
    check_quiet(&outcome, PAM_SUCCESS);
}
END_TEST

int main(int argc, char **argv)
{
    (void)argc;
    pam_host_begin_set_uid(argv);
    suite_case("gate", setup, teardown);
    suite_timeout(30);
    suite_add(holder, no_grant, spans, faults, locked, root_is_exempt, ignored_alone_is_refused, mode_report,
              no_package, unknown_option, silent_and_quiet, nobody_listens, debug, odd_names, odd_hosts,
              set_uid_program, unprivileged_program, set_uid_checker, the_real_su, groups_that_cannot_be_set);
    return suite_run();
}
