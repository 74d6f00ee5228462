/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same as test_full_disk, as an administrator meets it: the real accesspkgd and pkg-admin (rule 13). */
#include "tests/support/live_calls.h"
#include "tests/support/live_disk.h"
#include "tests/support/suite.h"

#include <signal.h>

static void setup(void)
{
    live_disk_mount("16m");
    live_start("db-admins", "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\n", "other",
               "[package]\ngroups = backup\n[policy]\napproval = none\n", NULL);
}

static int64_t hold(const char *user)
{
    const int64_t id = live_file(user, "db-admins");
    ck_assert_int_eq(live_approve("bob", id), BUS_ERROR_NONE);
    ck_assert(live_in_group(user, "dbadmins"));
    return id;
}

/* Ends are recorded; what could not be is refused, with what to do. */
START_TEST(test_recorded)
{
    const int64_t id = hold("alice");
    live_disk_fill();
    live_expect("root", "pkg-admin revoke db-admins alice -m enough", 0, "");
    ck_assert(!live_in_group("alice", "dbadmins"));
    live_check_state(id, "revoked");
    ck_assert_int_eq(live_stop_daemon(SIGKILL), -SIGKILL);
    live_start_daemon();
    live_check_state(id, "revoked");
    live_disk_make_room();
}
END_TEST

START_TEST(test_not_recorded)
{
    const int64_t id = hold("alice");
    live_disk_take_reserve();
    live_disk_fill();
    live_expect("root", "pkg-admin revoke db-admins alice -m enough", 69,
                "db-admins of alice has ended; it is not recorded yet. It is noted, and recorded as soon as "
                "state.db can be written. The disk of /var/lib/accesspkg is full.");
    ck_assert(!live_in_group("alice", "dbadmins"));
    live_expect("root", "pkg-admin status", 0,
                "db-admins of alice has ended; it is recorded when the disk of /var/lib/accesspkg takes it");
    live_expect(
        "dave", "pkg-request submit db-admins -m x", 69,
        "This could not be recorded, so nothing was changed. The disk of /var/lib/accesspkg is full.");
    ck_assert_int_eq(live_stop_daemon(SIGKILL), -SIGKILL);
    live_start_daemon();
    ck_assert(!live_in_group("alice", "dbadmins"));
    live_disk_make_room();
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_start_daemon();
    ck_assert(!live_in_group("alice", "dbadmins"));
    live_check_state(id, "revoked");
}
END_TEST

int main(void)
{
    suite_case("full_disk_live", setup, live_stop);
    suite_timeout(60);
    suite_add(test_recorded, test_not_recorded);
    return suite_run();
}
