/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is held, over the real commands and the real daemon: extended, returned, assigned, revoked, tried again. */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

#define ASKED                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = %staff\nduration = 1h\nmax_duration = 2h\n"        \
    "extension = approval\napprovers = bob\n"
#define FREE                                                                                                 \
    "[package]\ngroups = auditors\n[policy]\napproval = none\nduration = 1h\nextension = "                   \
    "allowed\nmax_total = 4h\n"
#define GONE "[package]\ngroups = dbadmins nightshift\n[policy]\napproval = none\nduration = 1h\n"

static void setup(void)
{
    live_start("asked", ASKED, "free", FREE, "gone", GONE, NULL);
}

START_TEST(test_extend_and_return)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("alice", "pkg-request extend free -d 30m", 0, "You hold free");
    live_expect("alice", "pkg-request status 1", 0, "Access extended");
    live_expect("alice", "pkg-request extend free -d 3h", 1, "The longest: pkg-request extend free -d 1h\n");
    live_expect("alice", "pkg-request return free -m done", 0, "handed back");
    ck_assert(!live_in_group("alice", "auditors"));
    live_expect("alice", "pkg-request return free", 1, "You do not hold free now");
    ck_assert_ptr_nonnull(strstr(live_output, "What you hold, and what waits: pkg-request\n"));
    live_expect("alice", "pkg-request submit free -d 3h", 1, "The longest: pkg-request submit free -d 1h\n");
    live_expect("alice", "pkg-request status 1", 0, "Revoked");
}
END_TEST

START_TEST(test_extension_by_approval)
{
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    live_expect("bob", "pkg-approve approve 1 --for 90m", 1, "less, not more");
    live_expect("bob", "pkg-approve approve 1 --for 30m", 0, "alice holds asked");
    ck_assert(live_in_group("alice", "dbadmins"));
    live_expect("alice", "pkg-request extend asked", 0, "waits for: bob");
    live_expect("bob", "pkg-approve", 0, "alice");
    live_expect("bob", "pkg-approve approve 2", 0, "alice holds asked");
    live_expect("alice", "pkg-request status 1", 0, "Access extended");
    live_expect("alice", "pkg-request extend asked -d 10m", 0, "waits for: bob");
    live_expect("dave", "pkg-approve revoke 1 -m no", 1, "no request 1");
    live_expect("bob", "pkg-approve revoke 1 -m 'the ticket is closed'", 0, "alice no longer holds asked");
    ck_assert_ptr_nonnull(strstr(live_output, "Request 3 of the same user and package is cancelled with it"));
    ck_assert(!live_in_group("alice", "dbadmins"));
    live_expect("alice", "pkg-request status 1", 0, "the ticket is closed");
}
END_TEST

/* What bob looked at is approved, and nothing else: the package was edited, the request was filed anew. */
START_TEST(test_seen)
{
    live_expect("alice", "pkg-request submit asked -m first", 0, "is filed");
    live_expect(
        "bob",
        "pkg-approve show 1 --json | sed -n 's/.*\"digest\": *\"\\([0-9a-f]*\\).*/\\1/p' | tee /tmp/seen", 0,
        "");
    ck_assert_uint_eq(strlen(live_output), 65);
    live_expect("root",
                "sed -i s/dbadmins/nightshift/ /etc/accesspkg/packages.d/asked.conf && pkg-admin reload", 0,
                "");
    live_expect("bob", "pkg-approve approve 1 --digest $(cat /tmp/seen)", 1,
                "Please look again: pkg-approve show 1");
    live_expect("bob", "pkg-approve deny 1 -m no --digest $(cat /tmp/seen)", 1, "Please look again");
    live_expect("root",
                "sed -i s/nightshift/dbadmins/ /etc/accesspkg/packages.d/asked.conf && pkg-admin reload", 0,
                "");
    live_expect("alice", "pkg-request cancel 1 && pkg-request submit asked -d 2h -m second", 0, "is filed");
    live_expect("bob", "pkg-approve approve alice/asked --yes", 64, "--yes shows you none");
    live_expect("bob", "pkg-approve approve alice/asked --yes --digest $(cat /tmp/seen)", 1,
                "Please look again");
    live_expect("bob", "pkg-approve approve alice/asked 2>&1", 0, "Request 2 of alice for asked: second\n");
    live_expect("root", "pkg-admin status --json", 0, "\"host_key\": \"SHA256:");
    ck_assert_ptr_nonnull(strstr(live_output, "\"epoch\": \""));
}
END_TEST

START_TEST(test_later)
{
    live_expect("alice", "pkg-request submit asked --start +1h", 0,
                "is filed. It waits for: bob.\nAccess begins ");
    live_expect("alice", "pkg-request submit asked --start +2h", 0, "is open already");
    live_expect("alice", "pkg-request submit asked --start +2h 2>&1 >/dev/null", 0,
                "start or end is not in it");
    live_expect("bob", "pkg-approve approve 1", 0, "from");
    ck_assert(!live_in_group("alice", "dbadmins"));
    live_expect("alice", "pkg-request status 1", 0, "Approved");
    live_expect("alice", "pkg-request packages", 0, "Approved");
    live_expect("alice", "pkg-request cancel 1", 0, "is cancelled");
    live_expect("alice", "pkg-request submit asked --start yesterday", 64, "is no time");
    live_expect("alice",
                "sh -c 'TZ=CET-1CEST,M3.5.0,M10.5.0/3 pkg-request submit asked --start 2027-03-28T02:30'", 64,
                "does not exist: the clocks go forward then; write 2027-03-28T01:59:00+01:00 or "
                "2027-03-28T03:00:00+02:00");
}
END_TEST

START_TEST(test_administrator)
{
    live_expect("alice", "pkg-admin assign asked alice", 77, "Only root");
    live_expect("alice", "pkg-admin assign asked nobody-here", 77, "Only root");
    live_expect("alice", "pkg-admin revoke asked alice -m x", 77, "Only root");
    live_expect("alice", "pkg-admin retry asked alice", 77, "Only root");
    live_expect("root", "pkg-admin assign erin asked", 1,
                "no access package erin on this host, but there is asked: the package");
    live_expect("root", "pkg-admin assign asked erin -m 'night shift' -d 6h", 0, "asked of erin: Fulfilled");
    ck_assert(live_in_group("erin", "dbadmins"));
    live_expect("root", "pkg-admin assign asked dave --start +2h", 0, "asked of dave: Approved, from ");
    live_expect("root", "pkg-admin revoke asked dave -m 'not needed'", 0, "asked of dave: Cancelled\n");
    live_expect("root", "pkg-admin assign asked nobody-here", 67,
                "There is no user nobody-here on this host");
    live_expect("root", "pkg-admin assign nothing erin", 1, "no access package nothing");
    live_expect("root", "pkg-admin assign asked erin", 1,
                "erin holds asked already. Until when: pkg-admin explain asked erin\n");
    live_expect("root", "pkg-admin revoke asked erin", 64, "needs a reason");
    live_expect("root", "pkg-admin revoke asked erin -m 'shift is over'", 0, "asked of erin: Revoked");
    ck_assert(!live_in_group("erin", "dbadmins"));
    live_expect("erin", "pkg-request status 1", 0, "Revoked by:     root, ");
    live_expect("erin", "pkg-request status 1", 0, "): shift is over\n");
    live_expect("erin", "pkg-request status 1", 0,
                "verified: an administrator gave it, without asking the approvers");
    live_expect("root", "pkg-admin revoke asked erin -m again", 1, "pkg-admin explain asked erin\n");
}
END_TEST

/* A group that comes later: shown, and put in place when an administrator says so. */
START_TEST(test_retry)
{
    live_expect("alice", "pkg-request submit gone", 0, "Partially fulfilled");
    live_expect("alice", "pkg-request status 1", 0, "nightshift: there is no such group");
    live_expect("root", "echo nightshift:x:2500: >>/etc/group && pkg-admin reload", 0, "Policy reloaded");
    live_expect("root", "pkg-admin retry gone alice", 0, "gone of alice: Fulfilled");
    ck_assert(live_in_group("alice", "nightshift"));
    ck_assert(live_in_group("alice", "dbadmins"));
}
END_TEST

/* What is in place stays so when it is tried again after its package left packages.d. */
START_TEST(test_retry_without_package)
{
    live_expect("alice", "pkg-request submit gone", 0, "Partially fulfilled");
    live_expect("root", "rm /etc/accesspkg/packages.d/gone.conf && pkg-admin reload", 0, "Policy reloaded");
    live_expect("root", "pkg-admin retry gone alice", 0, "nightshift: there is no such group");
    ck_assert(live_in_group("alice", "dbadmins"));
}
END_TEST

START_TEST(test_refused_extension)
{
    live_expect("root", "pkg-admin assign asked alice -d 87600h", 0, "Fulfilled");
    live_expect("alice", "pkg-request extend asked", 1, "may last at most");
    live_expect("root", "pkg-admin revoke asked alice -m over", 0, "Revoked");
    live_expect("root", "pkg-admin assign asked alice --start 9999-01-01T00:00", 64, "a year ahead");
    live_expect("root", "pkg-admin assign asked alice --start +1h", 0, "Approved");
    live_expect("root", "pkg-admin revoke asked alice -m 'not yet'", 0, "Cancelled");
    live_expect("root", "pkg-admin assign asked alice", 0, "Fulfilled");
    live_expect("alice", "pkg-request extend asked", 0, "waits for: bob");
    live_expect("bob", "pkg-approve deny 4 -m no", 0, "gets no more time");
    ck_assert(live_in_group("alice", "dbadmins"));
}
END_TEST

int main(void)
{
    suite_case("assignment", setup, live_stop);
    suite_timeout(60);
    suite_add(test_extend_and_return, test_extension_by_approval, test_seen, test_later, test_administrator,
              test_retry_without_package, test_retry, test_refused_extension);
    return suite_run();
}
