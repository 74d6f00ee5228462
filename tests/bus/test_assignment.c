/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is held, over the real commands and the real daemon: extended, returned, assigned, revoked, tried again. */
#include "tests/support/live.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ASKED                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = %staff\nduration = 1h\nmax_duration = 2h\n"        \
    "extension = approval\napprovers = bob\n"
#define FREE "[package]\ngroups = auditors\n[policy]\napproval = none\nduration = 1h\nextension = allowed\n"
#define GONE "[package]\ngroups = dbadmins nightshift\n[policy]\napproval = none\nduration = 1h\n"

static void setup(void)
{
    live_start("asked", ASKED, "free", FREE, "gone", GONE, NULL);
}

static void run(const char *user, const char *command, int status, const char *says)
{
    const int r = live_run(user, command);
    ck_assert_msg(r == status, "%s: %d, %s", command, r, live_output);
    ck_assert_msg(strstr(live_output, says), "%s: %s", command, live_output);
}

static bool has_group(const char *user, const char *group)
{
    char command[128];
    snprintf(command, sizeof(command), "id -nG %s | tr ' ' '\\n' | grep -qx %s", user, group);
    return live_run("root", command) == 0;
}

START_TEST(test_extend_and_return)
{
    run("alice", "pkg-request submit free", 0, "You hold free");
    run("alice", "pkg-request extend free -d 30m", 0, "You hold free");
    run("alice", "pkg-request status 1", 0, "Access extended");
    run("alice", "pkg-request extend free -d 3h", 1, "at most 1 h");
    run("alice", "pkg-request return free -m done", 0, "handed back");
    ck_assert(!has_group("alice", "auditors"));
    run("alice", "pkg-request return free", 1, "You do not hold free");
    run("alice", "pkg-request status 1", 0, "Revoked");
}
END_TEST

START_TEST(test_extension_by_approval)
{
    run("alice", "pkg-request submit asked", 0, "is filed");
    run("bob", "pkg-approve approve 1 --for 90m", 1, "less, not more");
    run("bob", "pkg-approve approve 1 --for 30m", 0, "alice holds asked");
    ck_assert(has_group("alice", "dbadmins"));
    run("alice", "pkg-request extend asked", 0, "waits for: bob");
    run("bob", "pkg-approve", 0, "alice");
    run("bob", "pkg-approve approve 2", 0, "alice holds asked");
    run("alice", "pkg-request status 1", 0, "Access extended");
}
END_TEST

START_TEST(test_later)
{
    run("alice", "pkg-request submit asked --start +1h", 0, "is filed");
    run("bob", "pkg-approve approve 1", 0, "from");
    ck_assert(!has_group("alice", "dbadmins"));
    run("alice", "pkg-request status 1", 0, "Approved");
    run("alice", "pkg-request packages", 0, "Approved");
    run("alice", "pkg-request cancel 1", 0, "is cancelled");
    run("alice", "pkg-request submit asked --start yesterday", 64, "is no time");
}
END_TEST

START_TEST(test_administrator)
{
    run("alice", "pkg-admin assign asked alice", 77, "Only root");
    run("alice", "pkg-admin assign asked nobody-here", 77, "Only root");
    run("alice", "pkg-admin revoke asked alice -m x", 77, "Only root");
    run("alice", "pkg-admin retry asked alice", 77, "Only root");
    run("root", "pkg-admin assign asked erin -m 'night shift' -d 6h", 0, "asked of erin: Fulfilled");
    ck_assert(has_group("erin", "dbadmins"));
    run("root", "pkg-admin assign asked erin", 1, "holds asked already");
    run("root", "pkg-admin assign asked dave --start +2h", 0, "asked of dave: Approved, from ");
    run("root", "pkg-admin revoke asked dave -m 'not needed'", 0, "asked of dave: Cancelled\n");
    run("root", "pkg-admin assign asked nobody-here", 67, "no such user");
    run("root", "pkg-admin assign nothing erin", 1, "no access package nothing");
    run("root", "pkg-admin revoke asked erin", 64, "needs a reason");
    run("root", "pkg-admin revoke asked erin -m 'shift is over'", 0, "asked of erin: Revoked");
    ck_assert(!has_group("erin", "dbadmins"));
    run("erin", "pkg-request status 1", 0, "Revoked by:     root, ");
    run("erin", "pkg-request status 1", 0, "): shift is over\n");
    run("erin", "pkg-request status 1", 0,
        "verified: an administrator gave it, without asking the approvers");
    run("root", "pkg-admin revoke asked erin -m again", 1, "erin does not hold asked");
}
END_TEST

/* A group that comes later: shown, and put in place when an administrator says so. */
START_TEST(test_retry)
{
    run("alice", "pkg-request submit gone", 0, "Partially fulfilled");
    run("alice", "pkg-request status 1", 0, "nightshift: there is no such group");
    run("root", "echo nightshift:x:2500: >>/etc/group && pkg-admin reload", 0, "Policy reloaded");
    run("root", "pkg-admin retry gone alice", 0, "gone of alice: Fulfilled");
    ck_assert(has_group("alice", "nightshift"));
    ck_assert(has_group("alice", "dbadmins"));
}
END_TEST

/* What is in place stays so when it is tried again after its package left packages.d. */
START_TEST(test_retry_without_package)
{
    run("alice", "pkg-request submit gone", 0, "Partially fulfilled");
    run("root", "rm /etc/accesspkg/packages.d/gone.conf && pkg-admin reload", 0, "Policy reloaded");
    run("root", "pkg-admin retry gone alice", 0, "nightshift: there is no such group");
    ck_assert(has_group("alice", "dbadmins"));
}
END_TEST

START_TEST(test_refused_extension)
{
    run("root", "pkg-admin assign asked alice -d 87600h", 0, "Fulfilled");
    run("alice", "pkg-request extend asked", 1, "may last at most");
    run("root", "pkg-admin revoke asked alice -m over", 0, "Revoked");
    run("root", "pkg-admin assign asked alice --start 9999-01-01T00:00", 64, "a year ahead");
    run("root", "pkg-admin assign asked alice --start +1h", 0, "Approved");
    run("root", "pkg-admin revoke asked alice -m 'not yet'", 0, "Cancelled");
    run("root", "pkg-admin assign asked alice", 0, "Fulfilled");
    run("alice", "pkg-request extend asked", 0, "waits for: bob");
    run("bob", "pkg-approve deny 4 -m no", 0, "gets no more time");
    ck_assert(has_group("alice", "dbadmins"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("assignment");
    TCase *tests = tcase_create("assignment");
    tcase_add_checked_fixture(tests, setup, live_stop);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_extend_and_return);
    tcase_add_test(tests, test_extension_by_approval);
    tcase_add_test(tests, test_later);
    tcase_add_test(tests, test_administrator);
    tcase_add_test(tests, test_retry_without_package);
    tcase_add_test(tests, test_retry);
    tcase_add_test(tests, test_refused_extension);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
