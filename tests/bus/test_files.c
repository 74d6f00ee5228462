/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* membership = files for real: the daemon, the root service and gpasswd on an /etc/group of the private root's own. */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOTES "/var/lib/accesspkg-privileged"

#define ASKED "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napprovers = bob\n"
#define FREE  "[package]\ngroups = dbadmins backup\n[policy]\napproval = none\nduration = 1h\n"
#define LATER                                                                                                \
    "[package]\ngroups = dba-leads\n[policy]\napproval = none\nduration = 4s\n"                              \
    "max_duration = 2h\nextension = allowed\n"
#define SHORT "[package]\ngroups = dbadmins\n[policy]\napproval = none\nduration = 2s\n"

static void setup(void)
{
    ck_assert_int_eq(
        live_run("root", "printf '[grants]\\nmembership = files\\n' >/etc/accesspkg/accesspkg.conf"), 0);
    live_start("asked", ASKED, "free", FREE, "later", LATER, "short", SHORT, NULL);
    live_start_privileged(30);
}

static void teardown(void)
{
    live_stop();
    live_run("root",
             "umount /usr/bin/gpasswd; rm -f /etc/accesspkg/accesspkg.conf; for user in alice carol; do "
             "for group in dbadmins backup dba-leads; do gpasswd -d $user $group; done; done");
}

/* Until it is so: the daemon and the root service do it by themselves. */
static void becomes(const char *user, const char *group, bool wanted)
{
    const int watch = live_watch("/etc");
    while (live_stands(user, group) != wanted && live_changes(watch))
        ;
    close(watch);
    ck_assert_int_eq(live_stands(user, group), wanted);
}

/* The daemon hears of a change of /etc/group after it is made. */
static void wait_until_status(const char *part)
{
    for (int i = 0; i < 500 && (live_run("root", "pkg-request status 1"), !strstr(live_output, part)); i++)
        ;
    live_expect("root", "pkg-request status 1", 0, part);
}

/* Rule 3: approve answers when the membership is there; revoke, when it is gone. */
START_TEST(test_answers_wait)
{
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    live_expect("bob", "pkg-approve approve 1", 0, "alice holds asked");
    ck_assert(live_stands("alice", "dbadmins"));
    live_expect("root", "pkg-admin revoke asked alice -m over", 0, "Revoked");
    ck_assert(!live_stands("alice", "dbadmins"));
    live_expect("carol", "pkg-request submit free", 0, "You hold free");
    ck_assert(live_stands("carol", "dbadmins"));
    ck_assert(live_stands("carol", "backup"));
    live_expect("carol", "pkg-request return free", 0, "handed back");
    ck_assert(!live_stands("carol", "dbadmins"));
    ck_assert(!live_stands("carol", "backup"));
}
END_TEST

START_TEST(test_end)
{
    live_expect("alice", "pkg-request submit short", 0, "You hold short");
    ck_assert(live_stands("alice", "dbadmins"));
    becomes("alice", "dbadmins", false);
}
END_TEST

/* Rule 6. */
START_TEST(test_member_before)
{
    live_expect("root", "gpasswd -a alice dbadmins", 0, "");
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("alice", "pkg-request return free", 0, "handed back");
    ck_assert(live_stands("alice", "dbadmins"));
    ck_assert(!live_stands("alice", "backup"));
}
END_TEST

START_TEST(test_service_away)
{
    live_stop_privileged(SIGTERM);
    live_expect("alice", "pkg-request submit free", 0, "Partially fulfilled");
    live_expect("alice", "pkg-request status 1", 0, "accesspkg-privileged is not installed");
    live_start_privileged(30);
    becomes("alice", "backup", true);
    becomes("alice", "dbadmins", true);
    wait_until_status("State:          Fulfilled");
    live_stop_privileged(SIGTERM);
    live_expect("root", "pkg-admin revoke free alice -m over", 69, "The end is recorded");
    ck_assert(live_stands("alice", "dbadmins"));
    live_expect("root", "pkg-admin", 0, "Left in /etc/group: 2 not taken out yet; tried again");
    /* Nothing is missing where nsswitch.conf does not name us. */
    live_expect("root", "sed -i.old 's/accesspkg//' /etc/nsswitch.conf; ! pkg-admin 2>&1 | grep nsswitch", 0,
                "");
    live_expect("root", "mv /etc/nsswitch.conf.old /etc/nsswitch.conf", 0, "");
    live_start_privileged(30);
    becomes("alice", "dbadmins", false);
    becomes("alice", "backup", false);
}
END_TEST

/* The daemon dies with something under way: the next one goes on, and takes nobody's membership for its own. */
START_TEST(test_killed)
{
    live_stop_privileged(SIGTERM);
    live_expect("alice", "pkg-request submit free", 0, "Partially fulfilled");
    live_stop_daemon(SIGKILL);
    live_expect("root", "gpasswd -a alice dbadmins", 0, "");
    live_start_privileged(30);
    live_start_daemon();
    becomes("alice", "backup", true);
    /* The other group's question may be under way still: a retry says so and does not ask it again. */
    for (int i = 0;
         i < 500 && (live_run("root", "pkg-admin retry free alice"), !strstr(live_output, "Fulfilled")); i++)
        ;
    live_expect("root", "pkg-admin retry free alice", 0, "Fulfilled");
    live_expect("alice", "pkg-request return free", 0, "handed back");
    ck_assert(live_stands("alice", "dbadmins"));
    ck_assert(!live_stands("alice", "backup"));
}
END_TEST

static void wait_until_partial(void)
{
    wait_until_status("Partially");
    live_expect("root", "pkg-request status 1", 0, "taken out of /etc/group by hand");
}

/* An administrator who removes somebody means it; retry puts them back. */
START_TEST(test_drift_at_start)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_stop_daemon(SIGTERM);
    live_expect("root", "gpasswd -d alice dbadmins", 0, "");
    live_start_daemon();
    wait_until_partial();
    ck_assert(!live_stands("alice", "dbadmins"));
    live_expect("root", "pkg-admin retry free alice", 0, "Fulfilled");
    ck_assert(live_stands("alice", "dbadmins"));
}
END_TEST

/* The watch of /etc/group tells at once. */
START_TEST(test_drift)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("root", "gpasswd -d alice dbadmins", 0, "");
    wait_until_partial();
    live_expect("root", "pkg-admin status", 0, "taken out of /etc/group by hand");
    ck_assert(!live_stands("alice", "dbadmins"));
    live_expect("root", "pkg-admin retry free alice", 0, "Fulfilled");
    ck_assert(live_stands("alice", "dbadmins"));
}
END_TEST

/* A package that goes with its assignments takes the memberships along before the allow-list forgets the group. */
START_TEST(test_removed_package)
{
    live_write_package("gone",
                       "[package]\ngroups = auditors\n[policy]\napproval = none\non_removed = revoke\n");
    live_expect("root", "pkg-admin reload", 0, "reloaded");
    live_expect("alice", "pkg-request submit gone", 0, "You hold gone");
    ck_assert(live_stands("alice", "auditors"));
    live_expect("root", "rm /etc/accesspkg/packages.d/gone.conf && pkg-admin reload", 0, "reloaded");
    ck_assert(!live_stands("alice", "auditors"));
    live_expect("root", "cat /var/lib/accesspkg/allow/*", 0, "dbadmins");
    ck_assert_ptr_null(strstr(live_output, "auditors"));
}
END_TEST

/* The setting changes under what is held. */
START_TEST(test_changed_mode)
{
    live_expect("root", "rm /etc/accesspkg/accesspkg.conf && pkg-admin reload", 0, "reloaded");
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    ck_assert(!live_stands("alice", "dbadmins"));
    live_expect(
        "root",
        "printf '[grants]\\nmembership = files\\n' >/etc/accesspkg/accesspkg.conf && pkg-admin reload", 0,
        "reloaded");
    becomes("alice", "dbadmins", true);
    live_expect("alice", "pkg-request return free", 0, "handed back");
    ck_assert(!live_stands("alice", "dbadmins"));
}
END_TEST

static void lose_store(void)
{
    live_stop_daemon(SIGKILL);
    live_expect("root", "rm /var/lib/accesspkg/state.db* /var/lib/accesspkg/grants/user/*", 0, "");
}

/* Rule 13: the root service ends by its own notes what nobody else knows of, with the daemon dead. */
START_TEST(test_lost_store)
{
    live_expect("alice", "pkg-request submit short", 0, "You hold short");
    lose_store();
    ck_assert(live_stands("alice", "dbadmins"));
    becomes("alice", "dbadmins", false);
}
END_TEST

/* The next daemon says whom it cannot explain; who has a grant file is held on, and goes with a revocation. */
START_TEST(test_status_of_a_lost_store)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("carol", "pkg-request submit free", 0, "You hold free");
    live_expect("root", "cp -p /var/lib/accesspkg/grants/user/carol /tmp/carol", 0, "");
    lose_store();
    live_expect("root", "mv /tmp/carol /var/lib/accesspkg/grants/user/carol", 0, "");
    live_start_daemon();
    for (int i = 0; i < 500 && (live_run("root", "pkg-admin"), !strstr(live_output, "Not explained")); i++)
        ;
    live_expect("root", "pkg-admin", 0, "alice in ");
    ck_assert_ptr_null(strstr(live_output, "carol in "));
    live_expect("root", "pkg-admin --json", 0, "\"unexplained_count\"");
    live_expect("root", "pkg-admin revoke free carol -m over", 0, "Revoked");
    ck_assert(!live_stands("carol", "dbadmins"));
    ck_assert(!live_stands("carol", "backup"));
    ck_assert(live_stands("alice", "dbadmins"));
}
END_TEST

/* Renamed while they hold it: the end finds them by uid and gid, without a daemon and with one. */
START_TEST(test_renamed_holder)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("root",
                "cp -p /etc/passwd /etc/passwd.old && cp -p /etc/group /etc/group.old && "
                "sed -i s/^alice:/alicia:/ /etc/passwd && "
                "sed -i 's/^\\(dbadmins\\|backup\\)\\(:.*:\\)alice/\\1\\2alicia/' /etc/group",
                0, "");
    ck_assert(live_stands("alicia", "dbadmins"));
    live_run("root", "pkg-admin revoke free alice -m over"); /* or the daemon did so by itself */
    becomes("alicia", "dbadmins", false);
    becomes("alicia", "backup", false);
    live_expect("root", "mv /etc/passwd.old /etc/passwd && mv /etc/group.old /etc/group", 0, "");
}
END_TEST

/* Rule 6: added by hand while our gpasswd fails and is tried again. */
START_TEST(test_added_by_hand_meanwhile)
{
    live_expect("root",
                "cp -p /usr/bin/gpasswd /tmp/real && printf '#!/bin/sh\nexit 5\n' >/tmp/fake && "
                "chmod 755 /tmp/fake && mount --bind /tmp/fake /usr/bin/gpasswd",
                0, "");
    live_expect("alice", "pkg-request submit free", 0, "Partially fulfilled");
    live_expect("root", "/tmp/real -a alice dbadmins && umount /usr/bin/gpasswd", 0, "");
    becomes("alice", "backup", true);
    for (int i = 0;
         i < 500 && (live_run("root", "pkg-admin retry free alice"), !strstr(live_output, "Fulfilled")); i++)
        ;
    live_expect("root", "pkg-admin audit", 0, "member-before");
    live_expect("alice", "pkg-request return free", 0, "handed back");
    ck_assert(live_stands("alice", "dbadmins"));
    ck_assert(!live_stands("alice", "backup"));
}
END_TEST

/* An end that moves takes the note along. */
START_TEST(test_extended)
{
    live_expect("alice", "pkg-request submit later", 0, "You hold later");
    live_expect("alice", "pkg-request extend later -d 1h", 0, "");
    int moved = 1;
    for (int i = 0; i < 2000 && moved != 0; i++)
        moved = live_run("root",
                         "now=$(date +%s) && "
                         "until=$(sed -n 's/^until 0*//p' /var/lib/accesspkg-privileged/2002.1001.alice) && "
                         "test $((until - now)) -gt 3000");
    ck_assert_int_eq(moved, 0);
    live_expect("root", "pkg-admin revoke later alice -m over", 0, "Revoked");
    ck_assert(!live_stands("alice", "dba-leads"));
}
END_TEST

/* Memberships of a version without notes are noted at the next start. */
START_TEST(test_upgrade)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_stop_daemon(SIGTERM);
    live_expect("root", "rm " NOTES "/*", 0, "");
    live_start_daemon();
    const int watch = live_watch(NOTES);
    while ((access(NOTES "/34.1001.alice", F_OK) < 0 || access(NOTES "/2001.1001.alice", F_OK) < 0) &&
           live_changes(watch))
        ;
    close(watch);
    live_expect("alice", "pkg-request return free", 0, "handed back");
    ck_assert(!live_stands("alice", "dbadmins"));
    ck_assert(!live_stands("alice", "backup"));
}
END_TEST

int main(void)
{
    suite_case("files", setup, teardown);
    suite_timeout(60);
    suite_add(test_answers_wait, test_end, test_member_before, test_service_away, test_killed,
              test_drift_at_start, test_drift, test_removed_package, test_changed_mode, test_lost_store,
              test_status_of_a_lost_store, test_renamed_holder, test_added_by_hand_meanwhile, test_extended,
              test_upgrade);
    return suite_run();
}
