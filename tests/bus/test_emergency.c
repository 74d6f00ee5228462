/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Break-glass over the real commands and the real daemon. */
#include "tests/support/live.h"
#include "tests/support/suite.h"

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

START_TEST(test_taken_and_reviewed)
{
    live_expect("alice", "pkg-request packages", 0, "(emergency: yes)");
    live_expect("alice", "pkg-request submit prod", 1, "does not let you ask");
    live_expect("alice", "pkg-request emergency prod", 64, "needs a reason");
    live_expect("alice", "pkg-request emergency prod -m ' '", 64, "needs a reason");
    live_expect("carol", "pkg-request emergency prod -m 'disk is full'", 1, "does not let you take it");
    live_expect("alice", "pkg-request emergency prod -m 'disk is full'", 0, "You hold prod until");
    ck_assert_ptr_nonnull(strstr(live_output, "has reviewed it: bob, erin."));
    ck_assert(live_in_group("alice", "dbadmins"));
    live_expect("alice", "pkg-request emergency prod -m again", 1, "You hold prod already");
    live_expect("alice", "pkg-request return prod", 0, "handed back");
    live_expect("alice", "pkg-request emergency prod -m again", 1, "request 1, has not been reviewed");
    live_expect("carol", "pkg-request submit prod", 0, "waits for: bob");
    live_expect("bob", "pkg-approve | sed -n 2p", 0, "Revoked (needs review)"); /* on top of what is newer */
    live_expect("bob", "pkg-approve", 0, "Pending approval");
    live_expect("bob", "pkg-approve show 1", 0, "needs review by one of: bob, erin");
    live_expect("bob", "pkg-approve approve 1", 1, "was an emergency");
    live_expect("alice", "pkg-approve review 1", 77, "not an approver");
    live_expect("carol", "pkg-approve review 1", 1, "no request 1");
    live_expect("bob", "pkg-approve review 2", 1, "no emergency");
    live_expect("bob", "pkg-approve review 1 -m 'ticket 7'", 0,
                "Request 1 is reviewed: the emergency of alice for prod");
    live_expect("bob", "pkg-approve review 1", 1, "was reviewed by bob");
    live_expect("alice", "pkg-request status 1", 0, "reviewed by bob,");
    live_expect("bob", "pkg-approve list --json", 0, "\"id\": 2");
    ck_assert_ptr_null(strstr(live_output, "\"id\": 1"));
    live_expect("bob", "pkg-approve history --json", 0, "\"reviewed\": \"20");
    live_expect("alice", "pkg-request emergency prod -m again", 0, "You hold prod until");
}
END_TEST

/* Rule 5: not one's own, by account or login; somebody's delegate may. */
START_TEST(test_not_one_s_own)
{
    json_t *value = NULL;
    live_expect("bob", "pkg-request emergency prod -m 'disk is full'", 0, "You hold prod until");
    live_expect("bob", "pkg-approve", 0, "Nothing waits for you");
    live_expect("bob", "pkg-approve review 1", 77, "your own");
    live_expect("erin", "pkg-approve review 1", 77, "no login shell");
    live_expect("root", "usermod -s /bin/bash erin", 0, "");
    if (live_can_set_loginuid())
        ck_assert_int_eq(
            live_call("erin", 1002, "Review", "xs", json_pack("[I, s]", (json_int_t)1, ""), &value),
            BUS_ERROR_NOT_AUTHORIZED);
    live_expect("erin", "pkg-approve delegate --to dave --until +1h", 0, "dave may decide");
    live_expect("dave", "pkg-approve", 0, "needs review");
    live_expect("dave", "pkg-approve review 1", 0, "is reviewed");
    live_expect("bob", "pkg-request status 1", 0, "reviewed by dave for erin,");
}
END_TEST

/* What nobody has reviewed is not forgotten with the daemon (rule 2). */
START_TEST(test_restart)
{
    live_expect("alice", "pkg-request emergency prod -m 'disk is full'", 0, "You hold prod until");
    ck_assert_int_eq(live_stop_daemon(SIGKILL), -SIGKILL);
    live_start_daemon();
    live_expect("bob", "pkg-approve", 0, "Fulfilled (needs review)");
    live_expect("alice", "pkg-request return prod", 0, "handed back");
    live_expect("alice", "pkg-request emergency prod -m again", 1, "request 1, has not been reviewed");
    live_expect("root", "pkg-admin check-config", 0, "");
}
END_TEST

/* What it cannot heed it does not take without a word. */
START_TEST(test_options_that_it_has_not)
{
    static const char *const numbers[] = {"duration", "start", "until"}, *const flags[] = {"forever",
                                                                                           "dry_run"};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        ck_assert_int_eq(
            live_call("alice", -1, "Submit", "sasa{sv}",
                      json_pack("[s, [s], {s:b, s:s, s:I}]", "", "prod", "emergency", 1, "justification",
                                "disk is full", numbers[i], (json_int_t)4102444800),
                      NULL),
            BUS_ERROR_INVALID_ARGUMENT);
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        ck_assert_int_eq(live_call("alice", -1, "Submit", "sasa{sv}",
                                   json_pack("[s, [s], {s:b, s:s, s:b}]", "", "prod", "emergency", 1,
                                             "justification", "disk is full", flags[i], 1),
                                   NULL),
                         BUS_ERROR_INVALID_ARGUMENT);
    live_expect("alice", "pkg-request", 0, "You hold nothing");
    ck_assert_int_eq(live_call("alice", -1, "Submit", "sasa{sv}",
                               json_pack("[s, [s], {s:b, s:s}]", "", "prod", "emergency", 1, "justification",
                                         "disk is full"),
                               NULL),
                     BUS_ERROR_NONE);
}
END_TEST

int main(void)
{
    suite_case("emergency", setup, live_stop);
    suite_timeout(60);
    suite_add(test_taken_and_reviewed, test_not_one_s_own, test_restart, test_options_that_it_has_not);
    return suite_run();
}
