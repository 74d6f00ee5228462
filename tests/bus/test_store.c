/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store as root handles it: copied while calls go on, put back, lost, older, accepted; against the real daemon. */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define STATE "/var/lib/accesspkg"
#define COPY  "/root/copy.db"
#define ALICE STATE "/grants/user/alice"

static void setup(void)
{
    live_start("asked", "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\nduration = 1h\n", "free",
               "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\n", NULL);
    live_expect("root", "rm -rf /root/*.db", 0, "");
}

static void start(void)
{
    live_start_daemon();
    live_expect("root", "accesspkgd --note-store", 0, "");
}

static void stop(void)
{
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
}

/* ---- backup ---- */

START_TEST(test_backup)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("root", "pkg-admin backup " COPY, 0, COPY " has the store, with ");
    live_expect("root", "stat -c '%a %u' " COPY, 0, "600 0");
    live_expect("root", "sqlite3 " COPY " 'PRAGMA integrity_check; PRAGMA journal_mode'", 0, "ok\ndelete");
    live_expect("root", "sqlite3 " COPY " \"SELECT user, package FROM assignment\"", 0, "alice|free");
    live_expect("root", "ls /root", 0, "copy.db\n");
    live_expect("root", "pkg-admin audit", 0, "backup");
    /* What is there stays; a pipe; nothing is left of what failed. */
    live_expect("root", "pkg-admin backup " COPY, 74, "not overwritten");
    live_expect("root", "pkg-admin backup - >/root/piped.db && cmp -n 16 /root/piped.db " COPY, 0, "");
    live_expect("root", "pkg-admin backup - | head -c 15", 0, "SQLite format 3");
    live_expect("root", "sqlite3 /root/piped.db 'PRAGMA integrity_check'", 0, "ok");
    live_expect("alice", "pkg-admin backup /tmp/mine.db", 77, "root");
    live_expect("root", "test -e /tmp/mine.db", 1, "");
    live_expect("root", "pkg-admin backup /nowhere/copy.db", 74, "No such file");
    live_expect("root", "pkg-admin backup /root", 74, "exists");
    live_expect("root",
                "ln -s /root/x.db /root/link.db; pkg-admin backup /root/link.db; test ! -e /root/x.db", 0,
                "");
}
END_TEST

static int call_on(void *data)
{
    (void)data;
    for (int i = 0; i < 20; i++)
        if (live_run("dave", "pkg-request submit free -m x >/dev/null && pkg-request return free") != 0)
            return 1;
    return 0;
}

/* While others call, each copy is whole and consistent. */
START_TEST(test_backup_under_load)
{
    const pid_t load = live_fork("root", call_on, NULL);
    for (int i = 0; i < 8; i++) {
        live_expect("root", "rm -f " COPY "; pkg-admin backup " COPY, 0, "has the store");
        live_expect("root", "sqlite3 " COPY " 'PRAGMA integrity_check; PRAGMA foreign_key_check'", 0, "ok");
        ck_assert_str_eq(live_output, "ok\n");
        live_expect("root",
                    "sqlite3 " COPY
                    " \"SELECT count(*) FROM assignment WHERE state = 'fulfilled' AND id NOT IN"
                    " (SELECT assignment FROM audit WHERE event = 'fulfil')\"",
                    0, "0\n");
    }
    ck_assert_int_eq(live_join(load), 0);
}
END_TEST

static enum bus_error back_up_into(const char *user, int file)
{
    ck_assert_int_ge(file, 0);
    const enum bus_error error = live_call(user, -1, "Backup", "h", json_pack("[i]", file), NULL);
    close(file);
    return error;
}

/* What a descriptor has to be; and whose. */
START_TEST(test_descriptors)
{
    int ends[2];
    live_expect("root", "rm -rf /tmp/b && mkdir /tmp/b && touch /tmp/b/empty && echo x >/tmp/b/full", 0, "");
    ck_assert_int_eq(back_up_into("root", open("/tmp/b/empty", O_RDONLY)), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(back_up_into("root", open("/tmp/b/empty", O_WRONLY)), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(back_up_into("root", open("/tmp/b/empty", O_RDWR | O_APPEND)),
                     BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(back_up_into("root", open("/tmp/b/empty", O_PATH)), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(back_up_into("root", open("/tmp/b/full", O_RDWR)), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(back_up_into("root", open("/tmp/b", O_RDONLY)), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(back_up_into("root", open("/dev/null", O_RDWR)), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(back_up_into("root", ends[1]), BUS_ERROR_INVALID_ARGUMENT);
    close(ends[0]);
    ck_assert_int_eq(back_up_into("alice", open("/tmp/b/empty", O_RDWR)), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(live_call("root", -1, "Backup", "", json_pack("[]"), NULL), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(live_call("root", -1, "Cancel", "h", json_pack("[i]", 0), NULL),
                     BUS_ERROR_INVALID_ARGUMENT);
    live_expect("root", "test ! -s /tmp/b/empty", 0, "");
    for (int i = 0; i < 40; i++) /* none is left open */
        ck_assert_int_eq(back_up_into("root", open("/tmp/b", O_RDONLY)), BUS_ERROR_INVALID_ARGUMENT);
    live_expect("root", "ls -l /proc/$(pgrep -x accesspkgd)/fd | grep -c /tmp/b", 1, "0");
    ck_assert_int_eq(back_up_into("root", open("/tmp/b/empty", O_RDWR)), BUS_ERROR_NONE);
    live_expect("root", "sqlite3 /tmp/b/empty 'PRAGMA integrity_check'", 0, "ok");
}
END_TEST

/* A full disk of root's is no fault of the store's. */
START_TEST(test_backup_without_room)
{
    live_expect("root", "mkdir -p /root/small && mount -t tmpfs -o size=64k none /root/small", 0, "");
    live_expect("root", "pkg-admin backup /root/small/copy.db", 69, "could not be written: No space left");
    live_expect("root", "ls -A /root/small | wc -l; umount /root/small; rmdir /root/small", 0, "0\n");
    live_expect("root", "pkg-admin backup " COPY, 0, "has the store");
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
}
END_TEST

/* ---- restore ---- */

/* What was revoked since stays revoked, whoever starts the daemon, until root says what is wanted. */
START_TEST(test_restore_older)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("carol", "pkg-request submit free", 0, "You hold free");
    live_expect("root", "pkg-admin backup " COPY, 0, "");
    live_expect("root", "pkg-admin revoke free alice -m over", 0, "Revoked");
    live_expect("dave", "pkg-request submit free", 0, "You hold free");
    live_expect("root", "pkg-admin restore " COPY, 69, "accesspkgd runs");
    stop();
    live_expect("alice", "pkg-admin restore " COPY, 77, "only root");
    live_expect("root", "pkg-admin restore " COPY, 0, "The former one is kept: " STATE "/state.db.before-");
    live_expect("root", "stat -c '%a %U' " STATE "/state.db", 0, "600 accesspkg");
    start();
    ck_assert(!live_in_group("alice", "backup"));
    ck_assert(live_in_group("carol", "backup"));
    ck_assert(live_in_group("dave", "backup"));
    live_expect("root", "pkg-admin status | head -1", 0, "STATE.DB");
    live_expect("root", "pkg-admin status", 0, "state.db is older than it was");
    live_expect("root", "pkg-admin --json", 0, "\"store_problem\"");
    live_expect("root", "pkg-admin retry free alice", 1, "accept-store");
    live_expect("root", "pkg-admin holders dave --json", 0, "\"adopted\": true");
    live_expect("root", "pkg-admin status", 0, "1 from grant files");
    live_expect("root", "pkg-admin holders dave", 0, "Fulfilled, taken over");
    live_expect("alice", "pkg-request submit free", 0, "Partially fulfilled");
    ck_assert(!live_in_group("alice", "backup"));
    stop();
    start();
    live_expect("root", "pkg-admin status", 0, "state.db is older than it was");
    live_expect("alice", "pkg-admin accept-store", 77, "root");
    live_expect("root", "pkg-admin accept-store", 0, "1 assignment is held, as no grant file gives it");
    live_expect("root", "pkg-admin status | grep -c STATE.DB", 1, "0");
    live_expect("root", "pkg-admin audit", 0, "accept-store");
    ck_assert(!live_in_group("alice", "backup"));
    live_expect("root", "pkg-admin retry free alice", 0, "Fulfilled");
    ck_assert(live_in_group("alice", "backup"));
    stop();
    start();
    live_expect("root", "pkg-admin status | grep -c STATE.DB", 1, "0");
    live_expect("root", "pkg-admin accept-store", 1, "nothing to accept");
}
END_TEST

/* The same, killed and put back by hand. */
START_TEST(test_put_back_by_hand)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    stop();
    live_expect("root", "cp -p " STATE "/state.db /root/kept.db", 0, "");
    start();
    live_expect("root", "pkg-admin revoke free alice -m over", 0, "Revoked");
    ck_assert_int_eq(live_stop_daemon(SIGKILL), -SIGKILL);
    live_expect("root", "rm " STATE "/state.db-*; cp -p /root/kept.db " STATE "/state.db", 0, "");
    start();
    ck_assert(!live_in_group("alice", "backup"));
    live_expect("root", "pkg-admin status", 0, "state.db is older than it was");
}
END_TEST

/* A grant file that the disk does not give holds what its user had, and keeps nobody else's from being given. */
START_TEST(test_unreadable_file)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("carol", "pkg-request submit free", 0, "You hold free");
    live_expect("root", "pkg-admin backup " COPY, 0, "");
    live_expect("root", "pkg-admin assign free dave -m x", 0, "");
    stop();
    live_expect("root", "pkg-admin restore " COPY, 0, "");
    /* A file of accesspkg's whose reading fails with EIO, for this test alone. */
    ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
    live_expect("root",
                "mount --make-rprivate /; exec >/dev/null 2>&1; "
                "setpriv --reuid accesspkg --regid accesspkg --clear-groups tail -f /dev/null & "
                "until mount --bind /proc/$!/mem " ALICE " && test $(stat -c %U " ALICE ") = accesspkg; "
                "do umount " ALICE "; done; echo $! >/root/reader",
                0, "");
    start();
    ck_assert(!live_in_group("alice", "backup"));
    ck_assert(live_in_group("carol", "backup"));
    live_expect("root", "kill $(cat /root/reader)", 0, "");
}
END_TEST

/* What is restored without anything having happened since is the store that was. */
START_TEST(test_restore_same)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("root", "pkg-admin backup " COPY, 0, "");
    live_expect("root", "pkg-admin --json | grep '\"epoch\"' >/root/epoch", 0, "");
    stop();
    live_expect("root", "pkg-admin restore " COPY, 0, "");
    start();
    ck_assert(live_in_group("alice", "backup"));
    live_expect("root", "pkg-admin status | grep -c STATE.DB", 1, "0");
    live_expect("root", "pkg-admin --json | grep '\"epoch\"' | cmp -s - /root/epoch", 1, "");
}
END_TEST

static const struct {
    const char *make;
    int code;
    const char *says;
} bad_backups[] = {
    {"echo x >" COPY, 1, "no backup of a store"},
    {": >" COPY, 1, "no store of access packages"},
    {"sqlite3 " COPY " 'CREATE TABLE x (y)'", 1, "no store of access packages"},
    {"mkfifo " COPY, 1, "no regular file"},
    {"true", 1, "No such file"},
    {"pkg-admin backup " COPY " && truncate -s -4096 " COPY, 1, "damaged"},
    {"pkg-admin backup " COPY " && sqlite3 " COPY " 'PRAGMA user_version = 9999'", 1,
     "format of this version"},
    {"pkg-admin backup " COPY " && sqlite3 " COPY " \"UPDATE origin SET host = 'SHA256:x'\"", 1,
     "another host's"},
};

/* Nothing is changed by what is no backup of this host's. */
START_TEST(test_bad_backup)
{
    char command[256];
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("root", bad_backups[_i].make, 0, "");
    stop();
    live_expect("root", "sha256sum " STATE "/state.db >/root/sum", 0, "");
    snprintf(command, sizeof(command), "timeout 20 pkg-admin restore " COPY);
    live_expect("root", command, bad_backups[_i].code, bad_backups[_i].says);
    live_expect("root", "sha256sum -c /root/sum && ls " STATE, 0, "OK");
    ck_assert_ptr_null(strstr(live_output, "restored"));
    start();
    ck_assert(live_in_group("alice", "backup"));
}
END_TEST

/* A backup of another host's is taken on request, and has to be accepted. */
START_TEST(test_of_another_host)
{
    live_expect("root",
                "pkg-admin backup " COPY " && sqlite3 " COPY " \"UPDATE origin SET host = 'SHA256:x'\"", 0,
                "");
    stop();
    live_expect("root", "pkg-admin restore --yes " COPY, 0, "is the backup now");
    start();
    live_expect("root", "pkg-admin status", 0, "another host's");
    live_expect("root", "pkg-admin accept-store", 0, "accepted");
    stop();
    start();
    live_expect("root", "pkg-admin status | grep -c STATE.DB", 1, "0");
}
END_TEST

/* ---- lost ---- */

/* The disk is not mounted: an empty folder in the place of the state folder. */
START_TEST(test_missing_mount)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("root", "accesspkgd --note-store", 0, "");
    stop();
    live_expect("root",
                "mkdir /root/away && mv " STATE "/* /root/away && mkdir -p " STATE "/grants/user " STATE
                "/allow && "
                "chown -R accesspkg:accesspkg " STATE "/grants && accesspkgd --extend-allow-list",
                0, "");
    start();
    live_expect("root", "pkg-admin status | head -1", 0, "STATE.DB");
    live_expect("root", "pkg-admin status", 0, "not mounted");
    live_expect("carol", "pkg-request submit free", 0, "You hold free");
    stop();
    start();
    live_expect("root", "pkg-admin status", 0, "not mounted");
    stop();
    live_expect("root", "rm -rf " STATE "/* && mv /root/away/* " STATE " && rmdir /root/away", 0, "");
    start();
    live_expect("root", "pkg-admin status | grep -c STATE.DB", 1, "0");
    ck_assert(live_in_group("alice", "backup"));
}
END_TEST

/* Where root's note cannot be written, the status says so, and nothing else stops. */
START_TEST(test_no_note)
{
    live_expect("root", "rm -f /etc/accesspkg/store; mkdir /etc/accesspkg/store.new", 0, "");
    live_expect("root", "accesspkgd --extend-allow-list", 0, "could not be noted");
    live_expect("root", "accesspkgd --note-store", 73, "could not be noted");
    live_expect("root", "pkg-admin status", 0, "/etc/accesspkg/store is missing");
    live_expect("root", "rmdir /etc/accesspkg/store.new && pkg-admin reload", 0, "");
    live_expect("root", "pkg-admin status | grep -c 'store is missing'", 1, "0");
    live_expect("alice", "accesspkgd --note-store", 77, "only root");
}
END_TEST

int main(void)
{
    suite_case("store", setup, live_stop);
    suite_timeout(120);
    suite_add(test_backup, test_descriptors, test_backup_under_load, test_backup_without_room,
              test_restore_older, test_put_back_by_hand, test_unreadable_file, test_restore_same,
              test_of_another_host, test_missing_mount, test_no_note);
    suite_loop(test_bad_backup, 0, sizeof(bad_backups) / sizeof(bad_backups[0]));
    return suite_run();
}
