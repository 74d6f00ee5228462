/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin lock and unlock for real: with accesspkgd, without it, without a bus, on a full disk, with /etc/group. */
#include "tests/support/live_calls.h"
#include "tests/support/live_directory.h"
#include "tests/support/live_disk.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>

#define FREE  "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\n"
#define ASKED "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napprovers = bob carol\n"

#define USERS "/var/lib/accesspkg/grants/user/"
#define LOCKS "/var/lib/accesspkg/locks/"

static void setup(void)
{
    live_start("free", FREE, "asked", ASKED, NULL);
}

static void hold(const char *user)
{
    live_expect(user, "pkg-request submit free", 0, "You hold free");
    ck_assert(live_in_group(user, "backup"));
}

/* Until the daemon, which hears of it by itself, has it in its log. */
static void wait_for_audit(const char *says)
{
    for (int i = 0; i < 500 && (live_run("root", "pkg-admin audit"), !strstr(live_output, says)); i++)
        ;
    live_expect("root", "pkg-admin audit", 0, says);
}

static void check_no_revival(const char *user)
{
    ck_assert(!live_in_group(user, "backup"));
    live_expect("root", "pkg-admin holders", 0, "");
    ck_assert_ptr_null(strstr(live_output, user));
}

START_TEST(test_with_the_daemon)
{
    hold("alice");
    hold("dave");
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    live_expect("root", "pkg-admin lock alice -m 'stolen laptop'", 0, "alice is locked");
    ck_assert_ptr_null(strstr(live_output, "did not answer"));
    ck_assert(!live_in_group("alice", "backup"));
    ck_assert(live_in_group("dave", "backup"));
    live_expect("alice", "pkg-request submit free", 1, "alice is locked on this host");
    ck_assert_ptr_null(strstr(live_output, "laptop"));
    live_expect("root", "pkg-admin assign free alice", 1, "pkg-admin unlock alice");
    live_expect("bob", "pkg-approve approve 3 --yes", 1, "3");
    live_expect("root", "pkg-admin audit --user alice", 0, "stolen laptop");
    live_expect("root", "pkg-admin status", 0, "alice, since ");
    live_expect("root", "pkg-admin status", 0, ": stolen laptop");
    live_expect("root", "pkg-admin status --json", 0, "\"why\": \"stolen laptop\"");
    live_expect("alice", "cat " LOCKS "alice", 1, "Permission denied");
    live_expect("alice", "cat " USERS "alice/locked", 0, "pkg-admin unlock");
    live_expect("root", "pkg-admin lock alice -m again", 0, "alice is locked");
    live_expect("root", "pkg-admin status", 0, ": again");
    live_expect("root", "pkg-admin unlock alice -m found", 0, "alice is unlocked");
    live_expect("root", "ls -A " LOCKS, 0, "");
    ck_assert_ptr_null(strstr(live_output, "alice"));
    check_no_revival("alice");
    live_expect("root", "pkg-admin audit --user alice", 0, "found");
    live_expect("root", "pkg-admin unlock alice", 1, "alice is not locked. Who is");
    hold("alice");
}
END_TEST

START_TEST(test_decisions)
{
    live_expect("alice", "pkg-request submit asked", 0, "is filed");
    live_expect("root", "pkg-admin lock bob", 0, "bob is locked");
    live_expect("bob", "pkg-approve approve 1 --yes", 77, "bob is locked on this host");
    live_expect("bob", "pkg-approve deny 1 -m no", 77, "bob is locked on this host");
    live_expect("carol", "pkg-approve delegate --to bob --until +1h", 1, "bob is locked");
    live_expect("bob", "pkg-approve delegate --to carol --until +1h", 77, "bob is locked");
    live_expect("carol", "pkg-approve approve 1 --yes", 0, "alice holds asked");
}
END_TEST

START_TEST(test_without_the_daemon)
{
    hold("alice");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_expect("root", "pkg-admin lock alice -m gone", 0, "alice is locked");
    ck_assert_ptr_nonnull(strstr(live_output, "accesspkgd does not run"));
    ck_assert(!live_in_group("alice", "backup"));
    live_start_daemon();
    wait_for_audit("gone");
    check_no_revival("alice");
    live_expect("alice", "pkg-request submit free", 1, "alice is locked on this host");
}
END_TEST

/* A shell with a limit of file sizes: the folder is the lock, and the command says what could not be written. */
START_TEST(test_limit_of_file_sizes)
{
    hold("alice");
    live_expect("root", "ulimit -f 0; pkg-admin lock alice -m lost 2>&1 | cat", 0, "alice is locked");
    ck_assert_ptr_nonnull(strstr(live_output, "File too large"));
    ck_assert(!live_in_group("alice", "backup"));
    check_no_revival("alice");
    live_expect("root", "pkg-admin unlock alice", 0, "alice is unlocked");
}
END_TEST

/* Rule 13: a revocation that no daemon can do says what root can; a damaged store keeps no lock from ending access. */
START_TEST(test_damaged_store)
{
    hold("alice");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_expect("root", "pkg-admin revoke free alice -m over", 69, "pkg-admin lock alice");
    live_expect(
        "root",
        "dd if=/dev/urandom of=/var/lib/accesspkg/state.db bs=4096 seek=1 count=400 conv=notrunc 2>&1", 0,
        "");
    ck_assert(live_in_group("alice", "backup"));
    live_expect("root", "pkg-admin lock alice -m over", 0, "alice is locked");
    ck_assert(!live_in_group("alice", "backup"));
    live_expect("root", "pkg-admin unlock alice", 0, "alice is unlocked");
    ck_assert(!live_in_group("alice", "backup"));
}
END_TEST

/* A daemon that does not answer: who is locked is told all the same. (The alarm is that of the command's own deadline.) */
START_TEST(test_status_of_a_mute_daemon)
{
    live_expect("root", "pkg-admin lock alice -m 'lost her laptop'", 0, "alice is locked");
    live_expect("root", "kill -STOP $(pidof accesspkgd)", 0, "");
    live_expect("root", "timeout --preserve-status -s ALRM 1 pkg-admin status", 69, "lost her laptop");
    ck_assert_ptr_nonnull(strstr(live_output, "no answer came"));
    live_expect("root", "kill -CONT $(pidof accesspkgd); pkg-admin unlock alice", 0, "alice is unlocked");
}
END_TEST

/* Nothing comes back though nobody but root's command saw the lock. */
START_TEST(test_lifted_before_a_start)
{
    hold("alice");
    ck_assert_int_eq(live_stop_daemon(SIGKILL), -SIGKILL);
    live_expect("root", "pkg-admin lock alice", 0, "alice is locked");
    live_expect("root", "pkg-admin unlock alice", 0, "alice is unlocked");
    live_start_daemon();
    wait_for_audit("unlock");
    check_no_revival("alice");
    hold("alice");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_start_daemon();
    ck_assert(live_in_group("alice", "backup"));
}
END_TEST

START_TEST(test_lost_store)
{
    hold("alice");
    hold("dave");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_expect("root", "pkg-admin lock alice", 0, "alice is locked");
    live_expect("root", "rm /var/lib/accesspkg/state.db*", 0, "");
    live_start_daemon();
    check_no_revival("alice");
    ck_assert(live_in_group("dave", "backup"));
}
END_TEST

/* The daemon and its bus are dead. */
START_TEST(test_without_a_bus)
{
    hold("alice");
    live_kill_bus();
    live_stop_daemon(SIGKILL);
    live_expect("root", "pkg-admin lock alice -m 'no bus'", 0, "alice is locked");
    ck_assert(!live_in_group("alice", "backup"));
    live_expect("root", "pkg-admin status", 69, "alice, since ");
    ck_assert_ptr_null(strstr(live_output, "packages"));
    live_expect("root", "pkg-admin status --json", 69, "\"why\": \"no bus\"");
    live_expect("root", "pkg-admin unlock alice", 0, "alice is unlocked");
    ck_assert(!live_in_group("alice", "backup"));
}
END_TEST

/* Whoever has taken over accesspkgd's user cannot lift a lock, though they own the folder that it stands in. */
START_TEST(test_taken_over)
{
    hold("alice");
    live_expect("root", "cp " USERS "alice /tmp/kept; chown accesspkg /tmp/kept", 0, "");
    live_expect("root", "pkg-admin lock alice", 0, "alice is locked");
    live_expect("accesspkg", "rm -f " LOCKS "alice", 1, "Permission denied");
    live_expect("accesspkg", "mv -f " LOCKS " /var/lib/accesspkg/x", 1, "Operation not permitted");
    live_expect("accesspkg", "rmdir " USERS "alice", 1, "Directory not empty");
    live_expect("accesspkg", "mv -f -T /tmp/kept " USERS "alice", 1, "");
    live_expect("accesspkg", "mv -f " USERS "alice " USERS ".x && cp -p /tmp/kept " USERS "alice", 0, "");
    /* The daemon, not taken over any more, takes the file for what it is, and a start puts the folder back. */
    wait_for_audit("lock");
    for (int i = 0; i < 200 && live_in_group("alice", "backup"); i++)
        ;
    ck_assert(!live_in_group("alice", "backup"));
    live_expect("alice", "pkg-request submit free", 1, "alice is locked");
    live_expect("root", "accesspkgd --extend-allow-list", 0, "");
    live_expect("root", "test -d " USERS "alice", 0, "");
}
END_TEST

START_TEST(test_whom)
{
    live_expect("alice", "pkg-admin lock bob", 77, "only root can lock and unlock users");
    live_expect("root", "pkg-admin lock root", 1, "uid 0 cannot be locked");
    live_expect("root", "pkg-admin lock ''", 64, "cannot be a user's name");
    hold("dave");
    live_expect("root", "pkg-admin lock Dave", 0, "dave, who holds something, is NOT locked by that");
    live_expect("root", "pkg-admin lock DAVE@corp.test", 0,
                "dave, who holds something, is NOT locked by that");
    live_expect("root", "pkg-admin lock 'CORP\\Dave'", 0, "dave, who holds something, is NOT locked by that");
    live_expect("root", "pkg-admin lock davecote@corp.test", 0, "there is no user of this name here");
    ck_assert_ptr_null(strstr(live_output, "NOT locked"));
    live_expect("root", "pkg-admin lock nobody-of-this-name", 0, "there is no user of this name here");
    live_expect("root", "pkg-admin lock ../../x", 0, "x is locked");
    live_expect("root", "pkg-admin lock -m \"$(printf 'a\\nb')\" alice", 64, "one line");
    live_expect("root", "ls " LOCKS, 0, "%2E.%2F..%2Fx");
    live_expect("root", "pkg-admin unlock ../../x", 0, "is unlocked");
    live_expect("root", "pkg-admin lock alice --json", 0, "\"locked\": true");
    live_expect("root", "pkg-admin lock alice --json", 0, "\"recorded\": true");
    live_expect("alice", "id -u", 0, "");
}
END_TEST

/* One uid under two names. */
START_TEST(test_names_of_a_uid)
{
    hold("alice");
    hold("dave");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_expect("root", "useradd -M -o -u 1001 alias", 0, "");
    live_expect("root", "pkg-admin lock alias", 0, "alias is locked");
    ck_assert(!live_in_group("alice", "backup"));
    ck_assert(live_in_group("dave", "backup"));
    live_expect("root", "pkg-admin lock alice", 0, "alice is locked");
    live_start_daemon();
    live_expect("root", "pkg-admin unlock alias --json", 1, "\"locked\": true");
    live_expect("alice", "pkg-request submit free", 1, "alice is locked on this host");
    live_expect("root", "pkg-admin lock alias", 0, "alias is locked");
    live_expect("root", "pkg-admin unlock alias", 1, "alias stays locked until: pkg-admin unlock alice");
    ck_assert_ptr_null(strstr(live_output, "is unlocked"));
    live_expect("root", "pkg-admin unlock alice", 0, "alice is unlocked");
    hold("alice");
    live_expect("root", "userdel -f alias", 0, "");
}
END_TEST

/* An administrator put locks/ back from a backup, and accesspkgd may not read it. */
START_TEST(test_folder_of_roots_group)
{
    hold("alice");
    live_expect("root", "install -d -o root -g root -m 770 /var/lib/accesspkg/locks", 0, "");
    live_expect("root", "pkg-admin lock alice", 0, "alice is locked");
    ck_assert_ptr_null(strstr(live_output, "did not answer"));
    check_no_revival("alice");
    live_expect("root", "pkg-admin unlock alice --json", 0, "\"recorded\": true");
    hold("alice");
}
END_TEST

/* Nothing can be written: what is said is so. */
START_TEST(test_read_only)
{
    static const char command[] = "unshare -m sh -c 'mount --bind /var/lib/accesspkg /var/lib/accesspkg && "
                                  "mount -o remount,bind,ro /var/lib/accesspkg && pkg-admin lock alice'";
    hold("alice");
    live_expect("root", command, 74, "alice is NOT locked: Read-only file system. They KEEP what they hold");
    ck_assert(live_in_group("alice", "backup"));
    live_expect("root", "pkg-admin lock alice", 0, "alice is locked");
    live_expect("root", command, 74, "alice stays locked as before");
    hold("dave");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0); /* which would remove the file at once */
    live_expect("root",
                "unshare -m sh -c 'mount --bind /var/lib/accesspkg/grants /var/lib/accesspkg/grants && "
                "mount -o remount,bind,ro /var/lib/accesspkg/grants && pkg-admin lock dave'",
                74, "dave is locked for accesspkgd, which is to remove their grant file");
}
END_TEST

START_TEST(test_raw_calls)
{
    json_t *value = NULL;
    ck_assert_int_eq(live_call("alice", -1, "Lock", "s", live_packed(json_pack("[s]", "bob")), NULL),
                     BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(live_call("root", -1, "Lock", "s", live_packed(json_pack("[s]", "bob")), NULL),
                     BUS_ERROR_POLICY_REFUSED);
    live_expect("root", "pkg-admin lock bob", 0, "");
    ck_assert_int_eq(live_call("root", -1, "Unlock", "s", live_packed(json_pack("[s]", "bob")), NULL),
                     BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(live_call("root", -1, "Lock", "s", live_packed(json_pack("[s]", "bob")), &value),
                     BUS_ERROR_NONE);
    ck_assert(json_is_true(json_object_get(value, "locked")));
    json_decref(value);
}
END_TEST

/* A folder of root's alone is a lock, too. */
START_TEST(test_folder_alone)
{
    hold("alice");
    live_expect("root", "mkdir /tmp/f && touch /tmp/f/x && rm " USERS "alice && cp -r /tmp/f " USERS "alice",
                0, "");
    wait_for_audit("lock");
    check_no_revival("alice");
    live_expect("alice", "pkg-request submit free", 1, "alice is locked");
    live_expect("root", "pkg-admin unlock alice", 0, "alice is unlocked");
    hold("alice");
}
END_TEST

/* ---- on a full disk ---- */

static void setup_disk(void)
{
    live_disk_mount("16m");
    live_start("free", FREE, "asked", ASKED, NULL);
    live_expect("root", "accesspkgd --extend-allow-list", 0, ""); /* as the unit does before a start */
}

START_TEST(test_full_disk)
{
    hold("alice");
    hold("dave");
    live_disk_fill();
    live_expect("root", "pkg-admin lock alice -m full", 0, "alice is locked");
    ck_assert(!live_in_group("alice", "backup"));
    live_expect("root", "pkg-admin status", 0, ": full");
    /* What was prepared is used up: whether there is room for another lock or not, nothing is held. */
    live_run("root", "pkg-admin lock dave");
    ck_assert(!live_in_group("dave", "backup"));
    live_disk_make_room();
    live_expect("root", "pkg-admin lock dave", 0, "dave is locked");
}
END_TEST

/* ---- with /etc/group ---- */

static void setup_files(void)
{
    ck_assert_int_eq(
        live_run("root", "printf '[grants]\\nmembership = files\\n' >/etc/accesspkg/accesspkg.conf"), 0);
    live_start("free", FREE, NULL);
    live_start_privileged(30);
}

static void teardown_files(void)
{
    live_stop();
    live_run("root",
             "rm -f /etc/accesspkg/accesspkg.conf; for user in alice dave; do gpasswd -d $user backup; done");
}

START_TEST(test_files)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("dave", "pkg-request submit free", 0, "You hold free");
    ck_assert(live_stands("alice", "backup"));
    live_expect("root", "pkg-admin lock alice", 0, "alice is locked");
    ck_assert(!live_stands("alice", "backup"));
    ck_assert(live_stands("dave", "backup"));
    live_stop_privileged(SIGTERM);
    live_stop_daemon(SIGKILL);
    live_kill_bus();
    live_expect("root", "pkg-admin lock dave", 0, "dave is locked");
    ck_assert(!live_stands("dave", "backup"));
}
END_TEST

/* ---- with a directory ---- */

#define KARL "karl@corp:x:3001:100:Karl:/home/karl:/bin/bash\n"

static void setup_directory(void)
{
    live_directory_start("files directory", KARL, "");
    live_start("free", FREE, NULL);
}

static void teardown_directory(void)
{
    live_stop();
    live_directory_stop();
}

/* Away or hanging, it keeps nobody from being locked; there, it says which uid it is. */
START_TEST(test_directory)
{
    static const char *const modes[] = {"unavail\n", "hang passwd karl@corp\n"};
    live_expect("root", "pkg-admin lock karl@corp", 0, "karl@corp is locked");
    live_expect("root", "cat " LOCKS "karl@corp", 0, "uid 3001\n");
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        live_directory_set_mode(modes[i]);
        live_expect("root", "pkg-admin lock karl@corp", 0, "the directory does not answer");
        live_expect("root", "pkg-admin status", 0, "karl@corp, since ");
        live_expect("root", "pkg-admin unlock karl@corp", 0, "is unlocked");
    }
    live_directory_set_mode("");
}
END_TEST

int main(void)
{
    suite_case("lock", setup, live_stop);
    suite_timeout(60);
    suite_add(test_with_the_daemon, test_damaged_store, test_status_of_a_mute_daemon,
              test_limit_of_file_sizes, test_decisions, test_without_the_daemon, test_lifted_before_a_start,
              test_lost_store, test_without_a_bus, test_taken_over, test_whom, test_names_of_a_uid,
              test_folder_of_roots_group, test_read_only, test_raw_calls, test_folder_alone);
    suite_case("disk", setup_disk, live_stop);
    suite_timeout(60);
    suite_add(test_full_disk);
    suite_case("directory", setup_directory, teardown_directory);
    suite_timeout(60);
    suite_add(test_directory);
    suite_case("files", setup_files, teardown_files);
    suite_timeout(60);
    suite_add(test_files);
    return suite_run();
}
