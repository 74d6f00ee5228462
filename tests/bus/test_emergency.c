/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Break-glass over the real commands and the real daemon. */
#include "tests/support/live.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define PROD                                                                                                 \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = carol\nduration = 4h\napprovers = bob erin\n"      \
    "emergency = alice bob\nemergency_duration = 30m\n"

static void setup(void)
{
    live_start("prod", PROD, NULL);
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

START_TEST(test_taken_and_reviewed)
{
    run("alice", "pkg-request packages", 0, "(emergency: yes)");
    run("alice", "pkg-request submit prod", 1, "does not let you ask");
    run("alice", "pkg-request emergency prod", 64, "needs a reason");
    run("alice", "pkg-request emergency prod -m ' '", 64, "wants a reason");
    run("carol", "pkg-request emergency prod -m 'disk is full'", 1, "does not let you take it");
    run("alice", "pkg-request emergency prod -m 'disk is full'", 0, "You hold prod until");
    ck_assert_ptr_nonnull(strstr(live_output, "has reviewed it (bob, erin)"));
    ck_assert(has_group("alice", "dbadmins"));
    run("alice", "pkg-request emergency prod -m again", 1, "You hold prod already");
    run("alice", "pkg-request return prod", 0, "handed back");
    run("alice", "pkg-request emergency prod -m again", 1, "request 1, has not been reviewed");
    run("carol", "pkg-request submit prod", 0, "waits for: bob");
    run("bob", "pkg-approve | sed -n 2p", 0, "Revoked (needs review)"); /* on top of what is newer */
    run("bob", "pkg-approve", 0, "Pending approval");
    run("bob", "pkg-approve show 1", 0, "needs review by one of: bob, erin");
    run("bob", "pkg-approve approve 1", 1, "was an emergency");
    run("alice", "pkg-approve review 1", 77, "not an approver");
    run("carol", "pkg-approve review 1", 1, "no request 1");
    run("bob", "pkg-approve review 2", 1, "no emergency");
    run("bob", "pkg-approve review 1 -m 'ticket 7'", 0,
        "Request 1 is reviewed: the emergency of alice for prod");
    run("bob", "pkg-approve review 1", 1, "was reviewed by bob");
    run("alice", "pkg-request status 1", 0, "reviewed by bob,");
    run("bob", "pkg-approve list --json", 0, "\"id\": 2");
    ck_assert_ptr_null(strstr(live_output, "\"id\": 1"));
    run("bob", "pkg-approve history --json", 0, "\"reviewed\": \"20");
    run("alice", "pkg-request emergency prod -m again", 0, "You hold prod until");
}
END_TEST

/* Rule 5: not one's own, by account or login; somebody's delegate may. */
START_TEST(test_not_one_s_own)
{
    json_t *value = NULL;
    run("bob", "pkg-request emergency prod -m 'disk is full'", 0, "You hold prod until");
    run("bob", "pkg-approve", 0, "Nothing waits for you");
    run("bob", "pkg-approve review 1", 77, "your own");
    run("erin", "pkg-approve review 1", 77, "no login shell");
    run("root", "usermod -s /bin/bash erin", 0, "");
    if (live_can_set_loginuid())
        ck_assert_int_eq(
            live_call("erin", 1002, "Review", "xs", json_pack("[I, s]", (json_int_t)1, ""), &value),
            BUS_ERROR_NOT_AUTHORIZED);
    run("erin", "pkg-approve delegate --to dave --until +1h", 0, "dave may decide");
    run("dave", "pkg-approve", 0, "needs review");
    run("dave", "pkg-approve review 1", 0, "is reviewed");
    run("bob", "pkg-request status 1", 0, "reviewed by dave for erin,");
}
END_TEST

/* What nobody has reviewed is not forgotten with the daemon (rule 2). */
START_TEST(test_restart)
{
    run("alice", "pkg-request emergency prod -m 'disk is full'", 0, "You hold prod until");
    ck_assert_int_eq(live_stop_daemon(SIGKILL), -SIGKILL);
    live_start_daemon();
    run("bob", "pkg-approve", 0, "Fulfilled (needs review)");
    run("alice", "pkg-request return prod", 0, "handed back");
    run("alice", "pkg-request emergency prod -m again", 1, "request 1, has not been reviewed");
    run("root", "pkg-admin check-config", 0, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("emergency");
    TCase *tests = tcase_create("emergency");
    tcase_add_checked_fixture(tests, setup, live_stop);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_taken_and_reviewed);
    tcase_add_test(tests, test_not_one_s_own);
    tcase_add_test(tests, test_restart);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
