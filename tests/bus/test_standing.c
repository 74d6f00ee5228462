/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Over the real commands and the real daemon: what has no end, a group taken over, a package's file taken away. */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>

#define STANDING                                                                                             \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\nmax_duration = forever\n"                        \
    "extension = allowed\napprovers = bob\n"
#define FREE  "[package]\ngroups = auditors\n[policy]\napproval = none\nduration = 1h\n"
#define ENDED FREE "on_removed = revoke\n"
#define STAFF "[package]\ngroups = staff\n[policy]\napprovers = bob\nduration = 1h\nmax_duration = forever\n"

static void setup(void)
{
    live_start("standing", STANDING, "free", FREE, "staff", STAFF, NULL);
}

static void reload(const char *says)
{
    live_expect("root", "pkg-admin reload", 0, says);
    ck_assert_ptr_nonnull(strstr(live_output, "Policy reloaded"));
}

START_TEST(test_forever)
{
    live_expect("alice", "pkg-request packages", 0, "forever");
    live_expect("alice", "pkg-request submit free -d forever", 1, "at most 1 h");
    live_expect("alice", "pkg-request submit standing -d for-ever", 64, "or forever");
    live_expect("alice", "pkg-request submit standing -d forever", 0, "is filed");
    live_expect("bob", "pkg-approve show 1", 0, "forever");
    live_expect("bob", "pkg-approve approve 1", 0, "until it is taken back");
    ck_assert(live_in_group("alice", "dbadmins"));
    live_expect("root", "cat /var/lib/accesspkg/grants/user/alice", 0, " forever ");
    live_expect("alice", "pkg-request status 1", 0, "no end");
    live_expect("alice", "pkg-request", 0, "no end");
    live_expect("alice", "pkg-request packages", 0, "Fulfilled (no end)");
    live_expect("alice", "pkg-request extend standing", 1, "has no end");
    live_expect("root", "pkg-admin status --json | grep -c next_deadline", 1, "0");
    live_expect("alice", "pkg-request return standing", 0, "handed back");
    ck_assert(!live_in_group("alice", "dbadmins"));
    live_expect("alice", "pkg-request submit standing -d forever", 0, "is filed");
    live_expect("bob", "pkg-approve approve 2 --for 4h", 0, "in 4 h");
    live_expect("alice", "pkg-request extend standing -d forever", 0, "until it is taken back");
    live_expect("root", "pkg-admin revoke standing alice -m over", 0, "Revoked");
    ck_assert(!live_in_group("alice", "dbadmins"));
    live_expect("root", "pkg-admin assign free carol -d forever -m x", 0, "Fulfilled, without an end");
}
END_TEST

/* On another daemon, from the same store. */
START_TEST(test_forever_over_a_restart)
{
    live_expect("root", "pkg-admin assign standing alice -d forever -m x", 0, "Fulfilled");
    ck_assert_int_eq(live_stop_daemon(SIGKILL), -SIGKILL);
    ck_assert(live_in_group("alice", "dbadmins"));
    live_start_daemon();
    live_expect("alice", "pkg-request packages", 0, "(no end)");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_expect("root", "rm /var/lib/accesspkg/state.db*", 0, "");
    live_start_daemon();
    live_expect("alice", "pkg-request packages", 0, "(no end)");
    live_expect("alice", "pkg-request return standing", 0, "handed back");
}
END_TEST

START_TEST(test_import)
{
    live_expect("alice", "pkg-admin import staff --package staff", 77, "Only root");
    live_expect("root", "pkg-admin import staff", 64, "needs the package");
    live_expect("root", "pkg-admin import nosuch --package staff", 67, "there is no group nosuch");
    live_expect("root", "pkg-admin import staff --package nosuch", 1, "no access package nosuch");
    live_expect("root", "pkg-admin import staff --package free", 1, "free does not give the group staff");
    live_expect("root", "cp /etc/group /root-group && sed -i 's/^staff:.*/&,ghost/' /etc/group", 0, "");

    live_expect("root", "pkg-admin import staff --package staff --dry-run", 0, "would be assigned");
    ck_assert_ptr_nonnull(strstr(live_output, "there is no user of this name"));
    ck_assert_ptr_nonnull(strstr(live_output, "up to you to run:\n  gpasswd -d alice staff\n"));
    ck_assert_ptr_null(strstr(live_output, "gpasswd -d ghost"));
    live_expect("root", "test -e /var/lib/accesspkg/grants/user/alice", 1, "");

    live_expect("root", "pkg-admin assign staff dave -d 30m -m x", 0, "Fulfilled");
    live_expect("root", "pkg-admin import staff --package staff -d forever -m 'ticket 12'", 0, "assigned");
    ck_assert_ptr_nonnull(strstr(live_output, "no end"));
    ck_assert_ptr_nonnull(strstr(live_output, "holds the package already"));
    ck_assert_ptr_nonnull(
        strstr(live_output, "  gpasswd -d alice staff\n  gpasswd -d carol staff\n  gpasswd -d dave staff\n"));
    live_expect("alice", "pkg-request status 2", 0, "ticket 12");

    /* Rule 6: they stand where they stood. What is told is then what takes them out. */
    live_expect("root", "grep -q '^staff:.*:alice,carol,dave,ghost$' /etc/group", 0, "");
    live_expect("root", "sed -i 's/^\\(staff:.*:\\)alice,/\\1/' /etc/group", 0, "");
    ck_assert(live_in_group("alice", "staff"));
    live_expect("root", "pkg-admin import staff --package staff --json", 0, "\"outcome\": \"holds\"");
    live_expect("root", "pkg-admin import staff --package staff", 0, "gpasswd -d carol staff");
    ck_assert_ptr_null(strstr(live_output, "gpasswd -d alice"));
    live_expect("root", "pkg-admin revoke staff alice -m over", 0, "Revoked");
    ck_assert(!live_in_group("alice", "staff"));
    ck_assert(live_in_group("carol", "staff"));
    /* Who has the group by the package alone is in no list of its members. */
    live_expect("root", "pkg-admin assign staff bob -d 30m -m x", 0, "Fulfilled");
    ck_assert(live_in_group("bob", "staff"));
    live_expect("root", "! pkg-admin import staff --package staff | grep bob", 0, "");
    live_expect("root", "cat /root-group >/etc/group", 0, "");
}
END_TEST

/* Kept: the holders have the groups to the end, and the list says so; nothing else may be had by it. */
START_TEST(test_removed_and_kept)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_remove_package("free");
    reload("The group auditors stays on the allow-list for those who hold it, until ");
    ck_assert(live_in_group("alice", "auditors"));
    live_expect("root", "pkg-admin status", 0, "keeps the group auditors");
    live_expect("alice", "pkg-request extend free", 1, "no extension");
    live_expect("alice", "pkg-request status 1", 0, "Fulfilled");
    live_expect("alice", "pkg-request status 1 | grep -E '^(Package|Groups):' | tr -s ' '", 0,
                "Package: free (no longer defined on this host)\nGroups: auditors\n");
    live_expect("alice", "pkg-request | grep '^free'", 0, "auditors");
    live_expect("bob", "pkg-request submit free", 1, "no access package free");
    live_expect("root", "pkg-admin revoke free alice -m over", 0, "Revoked");
    reload("");
    ck_assert_ptr_null(strstr(live_output, "auditors"));
    live_expect("root", "cat /var/lib/accesspkg/allow/* | grep -c auditors", 1, "0");
}
END_TEST

START_TEST(test_removed_and_revoked)
{
    live_write_package("free", ENDED);
    reload("");
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_remove_package("free");
    reload("");
    ck_assert_ptr_null(strstr(live_output, "stays on the allow-list"));
    live_expect("root", "cat /var/lib/accesspkg/allow/* | grep -c auditors", 1, "0");
    ck_assert(!live_in_group("alice", "auditors"));
    live_expect("alice", "pkg-request status 1", 0, "Revoked");
}
END_TEST

/* While the daemon did not run: the copy of the policy that it had last tells. */
START_TEST(test_removed_meanwhile)
{
    live_write_package("free", ENDED);
    reload("");
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("alice", "pkg-request submit standing", 0, "is filed");
    live_expect("bob", "pkg-approve approve 2", 0, "alice holds standing");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_remove_package("free");
    live_remove_package("standing");
    live_expect("root", "pkg-admin reload", 0, "does not run");
    live_start_daemon();
    live_expect("alice", "pkg-request status 1", 0, "Revoked");
    live_expect("root", "pkg-admin status", 0, "has the group auditors, which no package gives any more");
    reload("The group dbadmins stays on the allow-list for those who hold it");
    live_expect("root", "cat /var/lib/accesspkg/allow/* | grep -c auditors", 1, "0");
    live_expect("alice", "pkg-request status 2", 0, "Fulfilled");
    ck_assert(live_in_group("alice", "dbadmins"));
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_start_daemon(); /* once is enough */
    live_expect("alice", "pkg-request status 2", 0, "Fulfilled");
}
END_TEST

int main(void)
{
    suite_case("standing", setup, live_stop);
    suite_timeout(60);
    suite_add(test_forever, test_forever_over_a_restart, test_import, test_removed_and_kept,
              test_removed_and_revoked, test_removed_meanwhile);
    return suite_run();
}
