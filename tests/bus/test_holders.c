/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who holds what, over the real commands and the real daemon, and who stands in /etc/group as well: put there by an
 * administrator, or left there by a tool.
 */
#include "tests/support/live.h"
#include "tests/support/live_directory.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>

#define DB     "[package]\ngroups = dbadmins\n[policy]\napproval = none\nduration = 1h\nmax_duration = forever\n"
#define BACKUP "[package]\ngroups = backup auditors\n[policy]\napproval = none\nduration = 1h\n"
#define BOB    "[package]\ngroups = nightshift\n[policy]\napproval = none\nduration = 1h\n"
#define SHORT  "[package]\ngroups = dbadmins\n[policy]\napproval = none\nduration = 2s\n"

static void start(const char *settings)
{
    char command[128];
    snprintf(command, sizeof(command),
             "printf '%s' >/etc/accesspkg/accesspkg.conf; cp -p /etc/group /tmp/group", settings);
    ck_assert_int_eq(live_run("root", command), 0);
    live_start("db", DB, "backup", BACKUP, "bob", BOB, "short", SHORT, NULL);
}

static void setup(void)
{
    start("");
}

static void setup_files(void)
{
    start("[grants]\\nmembership = files\\n");
    live_start_privileged(30);
}

static void teardown(void)
{
    live_stop();
    ck_assert_int_eq(live_run("root", "cp -p /tmp/group /etc/group; rm /etc/accesspkg/accesspkg.conf"), 0);
}

static void shows(const char *text)
{
    ck_assert_msg(strstr(live_output, text), "no '%s' in: %s", text, live_output);
}

static void hides(const char *text)
{
    ck_assert_msg(!strstr(live_output, text), "'%s' in: %s", text, live_output);
}

#define TAKE_OUT                                                                                             \
    "carol is also in the group dbadmins in /etc/group, where accesspkg did not add them; to remove them: "  \
    "gpasswd -d carol dbadmins\n"

START_TEST(test_list)
{
    live_expect("root", "pkg-admin holders", 0, "Nobody holds anything now.");
    live_expect("alice", "pkg-admin holders", 77, "Only root");
    live_expect("carol", "pkg-request submit db -d forever", 0, "You hold db");
    live_expect("dave", "pkg-request submit backup", 0, "You hold backup");
    live_expect("bob", "pkg-request submit bob", 0, "Partially fulfilled");
    live_expect("root", "pkg-admin holders", 0, "USER  PACKAGE GROUPS");
    shows("\nbob   bob     -                Partially fulfilled ");
    shows("\ndave  backup  auditors, backup Fulfilled           ");
    shows("\ncarol db      dbadmins         Fulfilled           ");
    shows(" no end  ");
    hides("gpasswd");

    live_expect("root", "pkg-admin holders dbadmins", 0, "\ncarol ");
    hides("dave");
    live_expect("root", "pkg-admin holders %auditors", 0, "\ndave ");
    live_expect("root", "pkg-admin holders backup 2>&1", 0, "\ndave ");
    shows("backup is a package and a group; all of it is shown. For one alone: pkg-admin holders --package "
          "backup, "
          "pkg-admin holders %backup");
    live_expect("root", "pkg-admin holders bob 2>&1", 0, "bob is a package and a user");
    live_expect("root", "pkg-admin holders nightshift 2>&1", 0,
                "Nobody has the group nightshift by a package");
    live_expect("root", "pkg-admin holders alice 2>&1", 0, "alice holds nothing now.");
    live_expect("root", "pkg-admin holders short 2>&1", 0, "Nobody holds short now.");
    live_expect("root", "pkg-admin holders ghost", 67, "ghost is no package and no user on this host");
    live_expect("root", "pkg-admin holders dba-leads", 67, "nor a group that a package gives");
    live_expect("root", "pkg-admin holders backpu", 67,
                "that a package gives; do you mean backup? Packages:");
    live_expect("root", "pkg-admin holders --package backpu", 1, "of this name; do you mean backup? See:");
    live_expect("root", "pkg-admin holders %backpu", 1, "nobody has it by one; do you mean backup?");
    live_expect("root", "pkg-admin revoke backup dave -m over", 0, "Revoked");
    live_expect("root", "pkg-admin holders --json", 0, "\"user\": \"carol\"");
    hides("dave");

    ck_assert_int_eq(live_call("alice", -1, "ListHolders", "a{sv}", json_pack("[{}]"), NULL),
                     BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(live_call("root", -1, "ListHolders", "a{sv}", json_pack("[{s:s}]", "kind", "x"), NULL),
                     BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(live_call("root", -1, "ListHolders", "a{sv}", json_pack("[{s:i}]", "limit", 501), NULL),
                     BUS_ERROR_INVALID_ARGUMENT);
}
END_TEST

/* In pages, without a hole and without a double. */
START_TEST(test_pages)
{
    live_expect("root",
                "for package in db backup bob; do for user in alice bob carol dave; do pkg-admin assign "
                "$package $user "
                "-m x >/dev/null; done; done",
                0, "");
    int64_t before = 0, seen = 0;
    for (size_t got = 5; got == 5;) {
        json_t *rows = NULL;
        json_t *filter = json_pack("{s:i}", "limit", 5);
        if (before)
            json_object_set_new(filter, "before", json_integer(before));
        ck_assert_int_eq(live_call("root", -1, "ListHolders", "a{sv}", json_pack("[o]", filter), &rows),
                         BUS_ERROR_NONE);
        got = json_array_size(rows);
        for (size_t i = 0; i < got; i++, seen++) {
            before = json_integer_value(json_object_get(json_array_get(rows, i), "assignment"));
            ck_assert_int_eq(before, 12 - seen);
        }
        json_decref(rows);
    }
    ck_assert_int_eq(seen, 12);
}
END_TEST

/* A user of a directory that is down, before one that denies the name: no typing error. */
START_TEST(test_directory_away)
{
    live_directory_start("directory files", "karl:x:5001:5002:Karl:/home/karl:/bin/sh\n", "far:x:5002:\n");
    live_directory_set_mode("unavail\n");
    live_expect("root", "pkg-admin holders karl", 69, "a directory does not answer");
    live_expect("root", "pkg-admin holders %far", 69, "whether there is such a group is not known");
    live_directory_set_mode("");
    live_expect("root", "pkg-admin holders ghost", 67, "ghost is no package and no user on this host");
    live_expect("root", "pkg-admin holders karl", 0, "");
    live_directory_stop();
}
END_TEST

/* An administrator makes a standing member of a holder: no end of ours takes that away, and each says so (rule 6). */
START_TEST(test_standing)
{
    live_expect("carol", "pkg-request submit db", 0, "You hold db");
    live_expect("root", "pkg-admin status", 0, "");
    hides("Also in /etc/group");
    live_expect("root", "gpasswd -a carol dbadmins", 0, "");
    live_expect("root", "pkg-admin status", 0, "carol, by other means: gpasswd -d carol dbadmins");
    live_expect("root", "pkg-admin holders carol", 0, "\n  gpasswd -d carol dbadmins\n");
    live_expect("root", "pkg-admin revoke db carol -m over", 0, "Revoked\n" TAKE_OUT);
    ck_assert(live_stands("carol", "dbadmins"));
    ck_assert(live_in_group("carol", "dbadmins"));
    live_expect("root", "pkg-admin audit --user carol", 0, "still-member");
    live_expect("root", "pkg-admin revoke db carol -m over", 1, "carol does not hold db now");
    shows("to remove them: gpasswd -d carol dbadmins\n");
    live_expect("carol", "pkg-request submit db", 0, "You hold db");
    live_expect("carol", "pkg-request return db", 0,
                "An administrator can remove you: gpasswd -d carol dbadmins");
    live_expect("root", "gpasswd -d carol dbadmins", 0, "");
    ck_assert(!live_in_group("carol", "dbadmins"));
    live_expect("carol", "pkg-request submit db", 0, "You hold db");
    live_expect("root", "pkg-admin revoke db carol -m over", 0, "Revoked");
    hides("gpasswd");
}
END_TEST

/* In /etc/group by our doing is nothing to tell; who was there before us is. */
START_TEST(test_standing_with_files)
{
    live_expect("carol", "pkg-request submit db", 0, "You hold db");
    ck_assert(live_stands("carol", "dbadmins"));
    live_expect("root", "pkg-admin status", 0, "");
    hides("Also in /etc/group");
    live_expect("root", "pkg-admin holders", 0, "\ncarol ");
    hides("gpasswd");
    live_expect("root", "pkg-admin revoke db carol -m over", 0, "Revoked");
    hides("gpasswd");
    ck_assert(!live_stands("carol", "dbadmins"));

    live_expect("root", "gpasswd -a carol dbadmins", 0, "");
    live_expect("carol", "pkg-request submit db", 0, "You hold db");
    live_expect("root", "pkg-admin status", 0, "carol, by other means: gpasswd -d carol dbadmins");
    live_expect("root", "pkg-admin revoke db carol -m over", 0, "Revoked\n" TAKE_OUT);
    ck_assert(live_stands("carol", "dbadmins"));
}
END_TEST

/* Taken out by an administrator and put back by one: a standing member from then on, also after a retry of ours. */
START_TEST(test_put_back_by_hand_with_files)
{
    live_expect("carol", "pkg-request submit db", 0, "You hold db");
    live_expect("root", "gpasswd -d carol dbadmins", 0, "");
    for (int i = 0; i < 500 && (live_run("root", "pkg-admin status"), !strstr(live_output, "Not in place"));
         i++)
        ;
    shows("taken out of /etc/group by hand");
    live_expect("root", "gpasswd -a carol dbadmins", 0, "");
    live_expect("root", "pkg-admin retry db carol", 0, "Fulfilled");
    live_expect("root", "pkg-admin revoke db carol -m over", 0, "Revoked\n" TAKE_OUT);
    ck_assert(live_stands("carol", "dbadmins"));
}
END_TEST

int main(void)
{
    suite_case("nss", setup, teardown);
    suite_timeout(60);
    suite_add(test_list, test_pages, test_directory_away, test_standing);
    suite_case("files", setup_files, teardown);
    suite_timeout(60);
    suite_add(test_standing_with_files, test_put_back_by_hand_with_files);
    return suite_run();
}
