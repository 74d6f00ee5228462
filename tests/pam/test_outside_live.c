/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is named to a refused person, by the real accesspkgd, accesspkg-submit and module together: an approver who would be
 * refused by the same line of sshd's is not, as long as another one gets in.
 */
#include "tests/support/live.h"
#include "tests/support/pam_host.h"
#include "tests/support/suite.h"

#include <check.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <string.h>

#define PROD "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napprovers = bob carol\n"
#define LEADS                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napprovers = %dba-leads dave\nemergency = dave\n"
#define APPROVERS                                                                                            \
    "[package]\ngroups = auditors\n[policy]\nrequestors = carol\napproval = none\nduration = 8h\n"

static void setup(void)
{
    live_start("prod", PROD, "leads", LEADS, "approvers", APPROVERS, NULL);
    pam_host_setup();
}

/* sshd's line, below this one, for accesspkg-submit as for libpam. */
static void guard(const char *above, const char *arguments)
{
    char text[512];
    snprintf(text, sizeof(text), "%saccount required pam_accesspkg.so %s\n", above, arguments);
    pam_host_service("sshd", text);
    FILE *file = fopen("/etc/pam.d/sshd", "we");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static void check_refused(const char *names)
{
    const struct pam_host_outcome outcome =
        pam_host_try(&(struct pam_host_login){.service = "sshd", .user = "alice"});
    ck_assert_int_eq(outcome.code, PAM_PERM_DENIED);
    ck_assert_msg(strstr(outcome.said, names) != NULL, "not '%s': %s", names, outcome.said);
}

#define EXEMPT "account [success=1 default=ignore] pam_succeed_if.so quiet user ingroup bob\n"

/* carol would be let in at once by the other package of the line; bob by a line above, or by what he holds. */
START_TEST(test_who_gets_in_is_named)
{
    guard("", "package=prod");
    check_refused(
        "prod on demohost: request 1 waits for approval by bob or carol, none of whom can get in by sshd "
        "either (until ");
    guard("", "package=prod package=approvers");
    check_refused("request 1 waits for approval by carol (until ");
    guard(EXEMPT, "package=prod package=approvers");
    check_refused("request 1 waits for approval by bob or carol (until ");
    guard(EXEMPT, "package=prod");
    check_refused("request 1 waits for approval by bob (until ");
    guard("", "package=prod");
    live_expect("root", "pkg-admin assign prod bob -m 'on call'", 0, "");
    check_refused("request 1 waits for approval by bob (until ");
    live_expect("root", "pkg-admin revoke prod bob -m over", 0, "");
    check_refused("none of whom can get in by sshd either");
    live_expect("root", "pkg-admin status", 0, "");
}
END_TEST

/* bob and carol are dba-leads; dave may take it in an emergency, and so gets in. */
START_TEST(test_a_group)
{
    guard("", "package=leads");
    check_refused("request 1 waits for approval by dave (until ");
    guard("", "package=leads package=approvers");
    check_refused("request 1 waits for approval by a member of dba-leads or dave (until ");
}
END_TEST

/* They approve all the same. */
START_TEST(test_who_is_left_out_decides)
{
    guard("", "package=prod package=approvers");
    check_refused("waits for approval by carol (until ");
    live_expect("alice", "pkg-request status 1", 0, "bob");
    live_expect("bob", "pkg-approve approve 1 -m ok", 0, "");
    ck_assert_int_eq(pam_host_try(&(struct pam_host_login){.service = "sshd", .user = "alice"}).code,
                     PAM_SUCCESS);
}
END_TEST

#define CANNOT                                                                                               \
    " may approve but cannot get in by sshd: to them, too, this line gives its packages only with an"

/* The administrator is told the same by explain as by check-config. */
START_TEST(test_explained)
{
    guard("", "package=prod");
    live_expect("root", "pkg-admin explain prod alice", 0, "/etc/pam.d/sshd:1: bob and carol" CANNOT);
    live_expect("root", "pkg-admin check-config", 0, "/etc/pam.d/sshd:1: bob, carol and dave" CANNOT);
    guard(EXEMPT, "package=approvers package=leads");
    live_expect("root", "pkg-admin explain leads alice; pkg-admin explain prod alice", 0, "");
    ck_assert_ptr_null(strstr(live_output, "cannot get in"));
    guard("", "package=approvers package=leads");
    live_expect("root", "pkg-admin explain leads alice --json", 0, "sshd:1: bob" CANNOT);
    guard("", "package=leads mode=report");
    live_expect("root", "pkg-admin explain leads alice", 0, "");
    ck_assert_ptr_null(strstr(live_output, "cannot get in"));
    guard("", "package=leads");
    live_expect("alice", "pkg-request explain leads", 0, "");
    ck_assert_ptr_null(strstr(live_output, "cannot get in"));
}
END_TEST

int main(void)
{
    suite_case("live", setup, live_stop);
    suite_timeout(60);
    suite_add(test_who_gets_in_is_named, test_a_group, test_who_is_left_out_decides, test_explained);
    return suite_run();
}
