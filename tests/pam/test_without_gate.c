/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An installation that lacks pam_accesspkg_gate.so: who holds a package gets in all the same, nobody else does, and
 * what is logged says what to do. Rule 1.
 */
#include "tests/support/pam_host.h"
#include "tests/support/suite.h"

#include <glob.h>
#include <sched.h>
#include <security/pam_appl.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>

/* For the process of the test. An empty file, as the folder may be one that cannot be written. */
static void hide_gate(void)
{
    glob_t found;
    ck_assert_int_eq(glob("/usr/lib/*/security/pam_accesspkg_gate.so", 0, NULL, &found), 0);
    ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
    ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    ck_assert_int_eq(mount("/dev/null", found.gl_pathv[0], NULL, MS_BIND, NULL), 0);
    globfree(&found);
}

static void setup(void)
{
    pam_host_setup();
    pam_host_journal_open();
    pam_host_line("package=db-admins");
    hide_gate();
}

static void teardown(void)
{
    pam_host_grant_text("alice", NULL);
}

static void give_alice(void)
{
    pam_host_grant("alice", PAM_HOST_ALICE, "db-admins", time(NULL) - 10, time(NULL) + 3600);
}

static struct pam_host_outcome log_in(const char *user, bool session)
{
    return pam_host_try(&(struct pam_host_login){.user = user, .session = session});
}

/* One line, which says why. */
static void check_logged(void)
{
    int lines;
    const char *journal = pam_host_journal(&lines);
    ck_assert_msg(lines == 1 && strstr(journal, "the gate cannot be loaded: /usr/lib/"), "%s", journal);
    ck_assert_ptr_nonnull(strstr(journal, "Install accesspkg again."));
}

static void check_not_logged(void)
{
    int lines;
    const char *journal = pam_host_journal(&lines);
    ck_assert_msg(lines == 0, "%s", journal);
}

START_TEST(holder)
{
    give_alice();
    ck_assert_int_eq(log_in("alice", false).code, PAM_SUCCESS);
    check_not_logged();
    pam_host_line("package=db-admins debug"); /* a line for the journal, which the gate writes */
    ck_assert_int_eq(log_in("alice", false).code, PAM_AUTHINFO_UNAVAIL);
    check_logged();
    pam_host_line("package=db-admins nodelay"); /* not understood */
    ck_assert_int_eq(log_in("alice", false).code, PAM_AUTHINFO_UNAVAIL);
    check_logged();
}
END_TEST

START_TEST(root)
{
    ck_assert_int_eq(log_in("root", false).code, PAM_IGNORE);
    check_not_logged();
    pam_host_line("package=db-admins enforce_for_root");
    ck_assert_int_eq(log_in("root", false).code, PAM_AUTHINFO_UNAVAIL);
    check_logged();
}
END_TEST

START_TEST(nobody_else)
{
    struct pam_host_outcome outcome = log_in("alice", false);
    ck_assert_int_eq(outcome.code, PAM_AUTHINFO_UNAVAIL);
    ck_assert_int_eq(outcome.n_errors, 1);
    ck_assert_ptr_nonnull(strstr(outcome.said, "could not be found out"));
    check_logged();
    pam_host_line("package=db-admins quiet");
    outcome = log_in("alice", false);
    ck_assert_int_eq(outcome.code, PAM_AUTHINFO_UNAVAIL);
    ck_assert_int_eq(outcome.n_errors, 0);
    check_logged();
    ck_assert_int_eq(log_in("nobody-of-this-name", false).code, PAM_AUTHINFO_UNAVAIL);
    check_logged();
}
END_TEST

/* These two never keep anybody out. */
START_TEST(report_and_session)
{
    pam_host_line("package=db-admins mode=report");
    ck_assert_int_eq(log_in("alice", false).code, PAM_IGNORE);
    check_logged();
    ck_assert_int_eq(log_in("alice", true).code, PAM_SUCCESS);
    check_logged();
}
END_TEST

int main(void)
{
    suite_case("without gate", setup, teardown);
    suite_add(holder, root, nobody_else, report_and_session);
    return suite_run();
}
