/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin diff over the real daemon: of packages.d and of a folder, also one that cannot be read, or is large. */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <string.h>

#define ASKED "[package]\ngroups = dbadmins\n[policy]\napprovers = bob %dba-leads\nduration = 1h\n"
#define FREE  "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\non_removed = revoke\n"

static void setup(void)
{
    live_start("asked", ASKED, "free", FREE, NULL);
    live_expect("root", "rm -rf /tmp/next; cp -r /etc/accesspkg/packages.d /tmp/next", 0, "");
}

static void lacks(const char *text)
{
    ck_assert_msg(!strstr(live_output, text), "%s: %s", text, live_output);
}

START_TEST(test_nothing)
{
    live_expect("root", "pkg-admin diff", 0, "A reload would change no package.\n");
    live_expect("root", "pkg-admin diff /tmp/next", 0, "A reload would change no package.\n");
    live_expect("root", "pkg-admin diff --json", 0, "\"packages\": []");
}
END_TEST

START_TEST(test_changes)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("dave", "pkg-request submit asked -m why", 0, "is filed");
    live_remove_package("free");
    live_write_package("asked",
                       "[package]\ngroups = dbadmins staff\n[policy]\napprovers = carol\nduration = 2h\n");
    live_write_package("new", FREE);
    live_expect("root", "pkg-admin diff", 0, "removed free\n    groups: backup\n");
    ck_assert_ptr_nonnull(strstr(live_output, "changed asked\n    groups: dbadmins -> dbadmins staff\n"
                                              "    duration: 1h -> 2h\n"));
    ck_assert_ptr_nonnull(strstr(live_output, "    [stage 1] approvers: bob %dba-leads -> carol\n"));
    ck_assert_ptr_nonnull(
        strstr(live_output, "    approvers no more: bob\n")); /* carol is a lead: she stays */
    lacks("new approvers come");
    ck_assert_ptr_nonnull(strstr(live_output, "\nadded new\n    groups: backup\n"));
    ck_assert_ptr_nonnull(strstr(live_output, "alice free    loses it at once      backup"));
    ck_assert_ptr_nonnull(strstr(live_output, "dave  asked   waits, would now give dbadmins, staff"));
    ck_assert(live_in_group("alice", "backup"));
    live_expect("root", "pkg-admin diff --json", 0, "\"approvers_gone\": [\n        \"bob\"\n");
    /* As it said. */
    live_expect("root", "pkg-admin reload", 0, "Policy reloaded: 2 packages.");
    ck_assert(!live_in_group("alice", "backup"));
    live_expect("root", "pkg-admin diff", 0, "A reload would change no package.\n");
}
END_TEST

/* Of a checkout: its owner, what others may do, and where it stands do not matter; accesspkgd has to be able to read it. */
START_TEST(test_folder)
{
    live_expect("root", "rm /tmp/next/free.conf; chmod 777 /tmp/next; chown -R alice /tmp/next", 0, "");
    live_expect("root", "pkg-admin diff /tmp/next", 0, "removed free\n");
    live_expect("root", "cp -r /tmp/next /root/next && cd /root && pkg-admin diff next", 0, "removed free\n");
    live_expect("root", "chmod 700 /root/next; pkg-admin diff /root/next", 64, "`chmod go+rX` it");
    live_expect("root", "chmod 755 /root/next; chmod 600 /root/next/*; pkg-admin diff /root/next", 78,
                "`chmod go+rX` it");
    live_expect("root", "rm -r /root/next", 0, "");
    live_expect("alice", "pkg-admin diff /tmp/next", 77, "root");
}
END_TEST

START_TEST(test_bad_folder)
{
    live_expect("root", "pkg-admin diff /tmp/nowhere", 1, "/tmp/nowhere: error: there is no such folder");
    live_expect("root", "ln -sfn next /tmp/linked; pkg-admin diff /tmp/linked", 1, "is a symbolic link");
    live_expect("root", "touch /tmp/file; pkg-admin diff /tmp/file", 1, "/tmp/file: error: ");
    live_expect("root", "printf '[package]\\ngroups' >/tmp/next/half.conf; pkg-admin diff /tmp/next", 1,
                "/tmp/next/half.conf:2: error: ");
    live_expect("root", "rm /tmp/next/*; mkfifo /tmp/next/pipe.conf; pkg-admin diff /tmp/next", 1,
                "/tmp/next/pipe.conf: error: is no regular file");
    live_expect("root", "rm /tmp/next/*; ln -s /etc/passwd /tmp/next/p.conf; pkg-admin diff /tmp/next", 1,
                "p.conf: error: is a symbolic link");
    live_expect("root", "rm /tmp/next/*; pkg-admin diff /tmp/next", 0, "removed asked\n");
}
END_TEST

/* As many as there may be, all of them changes; the service goes on. */
START_TEST(test_many)
{
    live_expect(
        "root",
        "for i in $(seq 9999); do printf '[package]\\ngroups = dbadmins\\n[policy]\\napprovers = bob\\n' "
        ">/tmp/next/p$i.conf; done; rm /tmp/next/free.conf; pkg-admin diff /tmp/next >/tmp/out; echo $?",
        0, "0\n");
    live_expect("root", "grep -c '^added p' /tmp/out", 0, "9999\n");
    live_expect("root", "grep '^removed' /tmp/out", 0, "removed free\n");
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("root", "touch /tmp/next/one-more.conf /tmp/next/two-more.conf; pkg-admin diff /tmp/next", 1,
                "more than 10000 packages");
}
END_TEST

int main(void)
{
    suite_case("diff", setup, live_stop);
    suite_timeout(60);
    suite_add(test_nothing, test_changes, test_folder, test_bad_folder, test_many);
    return suite_run();
}
