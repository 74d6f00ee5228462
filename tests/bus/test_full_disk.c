/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A full disk below the state folder (rule 13): what ends has ended at once, is recorded from the store's reserve, or as
 * soon as the store can be written again. The engine of a fixture on a small file system that is filled; a suite of a
 * private root, as only root may mount one.
 */
#include "common/grantdir.h"
#include "helperd/lifecycle/narrow.h"
#include "helperd/store/sql.h"
#include "tests/support/acts.h"
#include "tests/support/etcgroup.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROD  "[package]\ngroups = dbadmins backup\n[policy]\napprovers = bob\nduration = 1h\n"
#define OTHER "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\n"

static struct fixture fixture;
static char store_path[256], ballast[256];

/* ---- the disk ---- */

/* Root's blocks are not for accesspkgd: to the last block that it could have. */
static void fill_disk(void)
{
    static const char block[4096] = "x";
    const int fd = open(ballast, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct statvfs disk;
    ck_assert_int_ge(fd, 0);
    while (statvfs(fixture.state, &disk) == 0 && disk.f_bavail > 0 &&
           write(fd, block, sizeof(block)) == sizeof(block))
        ;
    close(fd);
}

static void make_room(void)
{
    ck_assert_int_eq(unlink(ballast), 0);
}

static void open_store(bool expect_newborn)
{
    bool newborn = !expect_newborn;
    ck_assert_int_eq(store_open(store_path, &fixture.engine.store, &newborn), 0);
    ck_assert(newborn == expect_newborn);
    ck_assert_int_eq(engine_start(&fixture.engine, newborn), 0);
}

static void setup(void)
{
    const struct allow_entry allowed[] = {{2001, "dbadmins"}, {34, "backup"}};
    fixture_init(&fixture, "prod", PROD, "other", OTHER, NULL);
    engine_deinit(&fixture.engine);
    store_close(fixture.engine.store);
    ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
    ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    ck_assert_int_eq(mount("disk", fixture.state, "tmpfs", 0, "size=16m,mode=0755"), 0);
    ck_assert_int_eq(grantdir_write_allow(fixture.state, allowed, 2), 0);
    snprintf(store_path, sizeof(store_path), "%s/state.db", fixture.state);
    snprintf(ballast, sizeof(ballast), "%s/ballast", fixture.state);
    open_store(true);
}

static void teardown(void)
{
    fixture_deinit(&fixture);
    ck_assert_int_eq(umount2(fixture.state, MNT_DETACH), 0);
    folder_remove(fixture.folder);
}

static void restart(void)
{
    engine_deinit(&fixture.engine);
    store_close(fixture.engine.store);
    open_store(false);
}

/* ---- what the store keeps ---- */

enum { ENDS = 200 };

/* A user gets something, for which the disk has just enough room. Its request. */
static int64_t hold(const char *user, const char *package)
{
    struct stat st;
    if (stat(ballast, &st) == 0)
        ck_assert_int_eq(truncate(ballast, st.st_size - 8192), 0);
    const int64_t id = acts_hold(&fixture, user, package);
    if (access(ballast, F_OK) == 0)
        fill_disk();
    return id;
}

START_TEST(test_ends_are_recorded)
{
    fixture.config.pending_per_user = 2 * ENDS;
    fill_disk();
    for (int i = 0; i < ENDS; i++) {
        const int64_t id = hold("alice", "other");
        if (i % 2)
            ck_assert_int_eq(acts_revoke(&fixture, "alice", "other", "enough"), 0);
        acts_pass(&fixture, 3601);
        ck_assert_str_eq(fixture_state(&fixture, id), i % 2 ? "revoked" : "access-expired");
        ck_assert(!fixture_gate_opens(&fixture, "alice", "other"));
    }
    restart();
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM assignment WHERE state IN ('revoked',"
                                          " 'access-expired')"),
                     ENDS);
}
END_TEST

static int64_t free_pages(void)
{
    return acts_count(&fixture, "PRAGMA freelist_count");
}

/* What was used is put aside again when there is room. */
START_TEST(test_kept_again)
{
    const int64_t pages = free_pages();
    fixture.config.pending_per_user = 10000;
    fill_disk();
    while (free_pages() >= pages - 70) {
        hold("alice", "other");
        acts_pass(&fixture, 3601);
    }
    make_room();
    acts_pass(&fixture, 1);
    ck_assert_int_ge(free_pages(), 250);
}
END_TEST

/* An older state.db put back while the daemon is stopped is not mixed with the log of the newer one. */
START_TEST(test_empty_log)
{
    engine_deinit(&fixture.engine);
    store_close(fixture.engine.store);
    folder_shell(fixture.state, "cp state.db older.db");
    open_store(false);
    hold("alice", "other");
    engine_deinit(&fixture.engine);
    store_close(fixture.engine.store);
    folder_shell(fixture.state, "cp older.db state.db && test $(stat -c %%s state.db-wal) -gt 6000000");
    open_store(false);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM assignment"), 0);
    ck_assert_str_eq(acts_query(&fixture, "PRAGMA integrity_check"), "ok");
}
END_TEST

/* Without room for its index the log still opens. */
START_TEST(test_start_on_a_full_disk)
{
    const int64_t id = hold("alice", "other");
    engine_deinit(&fixture.engine);
    store_close(fixture.engine.store);
    folder_shell(fixture.state, "rm -f state.db-shm");
    fill_disk();
    open_store(false);
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "other", "enough"), 0);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "other"));
    ck_assert_str_eq(fixture_state(&fixture, id), "revoked");
}
END_TEST

/* ---- what it cannot keep ---- */

/* A store without a reserve, as on a disk that copies what is written over: no commit succeeds. */
static void fill_disk_and_store(void)
{
    sqlite3 *database = fixture.engine.store->database;
    ck_assert_int_eq(sqlite3_exec(database, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), SQLITE_OK);
    fill_disk();
}

static void make_room_and_pass(void)
{
    make_room();
    acts_pass(&fixture, 6);
}

static int take_back(const char *user, const char *package)
{
    return acts_revoke(&fixture, user, package, "no longer needed");
}

static const char *find_end(int64_t id)
{
    return acts_query(&fixture,
                      "SELECT a.ended || ' ' || a.ended_by || ': ' || a.end_reason FROM assignment a"
                      " WHERE a.request = %lld",
                      (long long)id);
}

static void check_recorded(int64_t id, int64_t at)
{
    char wanted[128];
    snprintf(wanted, sizeof(wanted), "%lld root: no longer needed", (long long)at);
    ck_assert_str_eq(fixture_state(&fixture, id), "revoked");
    ck_assert_str_eq(find_end(id), wanted);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE event = 'revoke'"), 1);
}

static void check_unrecorded(int result)
{
    ck_assert_int_eq(result, BUS_ERROR_UNAVAILABLE);
    ck_assert_msg(strstr(fixture_message, " has ended; it is not recorded yet. It is noted, and recorded as "
                                          "soon as state.db can be written. The disk of ") != NULL,
                  "%s", fixture_message);
    ck_assert_ptr_nonnull(strstr(fixture_message, "df -h /"));
}

START_TEST(test_not_recorded)
{
    const int64_t id = hold("alice", "prod");
    const int64_t at = fixture.now;
    fill_disk_and_store();
    check_unrecorded(take_back("alice", "prod"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "prod"));
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    ck_assert_int_eq(fixture.deadline, fixture.now + 5);
    fixture.now += 6;
    ck_assert_int_eq(engine_tick(&fixture.engine), -ENOSPC);
    check_unrecorded(take_back("alice", "prod"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "prod"));
    make_room_and_pass();
    check_recorded(id, at);
    restart();
    check_recorded(id, at);
}
END_TEST

/* A file of more than one package cannot be narrowed without room: it goes, and comes back. */
START_TEST(test_file_goes_and_comes_back)
{
    hold("alice", "prod");
    hold("alice", "other");
    fill_disk_and_store();
    check_unrecorded(take_back("alice", "prod"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "prod"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "other"));
    make_room_and_pass();
    ck_assert(!fixture_gate_opens(&fixture, "alice", "prod"));
    ck_assert(fixture_gate_opens(&fixture, "alice", "other"));
}
END_TEST

/* The same where the store has its reserve. */
START_TEST(test_recorded_and_file_goes)
{
    const int64_t id = hold("alice", "prod");
    hold("alice", "other");
    fill_disk();
    ck_assert_int_eq(take_back("alice", "prod"), BUS_ERROR_UNAVAILABLE);
    ck_assert_msg(strstr(fixture_message,
                         "has ended, and that is recorded. But their grant file could not be "
                         "written and was taken away") != NULL,
                  "%s", fixture_message);
    ck_assert_str_eq(fixture_state(&fixture, id), "revoked");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "prod"));
    make_room_and_pass();
    ck_assert(fixture_gate_opens(&fixture, "alice", "other"));
}
END_TEST

/* What is given on a full disk fails, and takes nothing from those who hold something. */
START_TEST(test_widening_takes_nothing)
{
    hold("alice", "prod");
    fill_disk();
    fixture_submit(&fixture, "alice", "other", "x", NULL);
    ck_assert(fixture_gate_opens(&fixture, "alice", "prod"));
    acts_pass(&fixture, 6);
    ck_assert(fixture_gate_opens(&fixture, "alice", "prod"));
    make_room_and_pass();
    acts_retry_if_due(&fixture, "alice");
    ck_assert(fixture_gate_opens(&fixture, "alice", "other"));
}
END_TEST

/* A revocation ends what lies ahead, too. */
START_TEST(test_what_lies_ahead)
{
    const struct assign_terms terms = {
        .user = "alice", .package = "prod", .reason = "", .start = fixture.now + 60};
    json_t *value = NULL;
    ck_assert_int_eq(acts_assign(&fixture, "alice", &terms, &value), 0);
    const int64_t id = fixture_id(value);
    fill_disk_and_store();
    check_unrecorded(take_back("alice", "prod"));
    fixture.now += 60;
    make_room_and_pass();
    ck_assert_str_eq(fixture_state(&fixture, id), "cancelled");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "prod"));
}
END_TEST

START_TEST(test_ends_by_the_clock)
{
    const int64_t id = hold("alice", "prod");
    json_t *value = NULL;
    fill_disk_and_store();
    fixture.now += 3600;
    ck_assert_int_eq(engine_tick(&fixture.engine), -ENOSPC);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "prod"));
    /* What only reads is answered. */
    for (int i = 0; i < 10; i++, fixture.now++)
        ck_assert_int_eq(fixture_answer(engine_get_request(fixture_call(&fixture, "alice", NULL), id), NULL),
                         0);
    (void)value;
    make_room_and_pass();
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
}
END_TEST

/* ---- a process that is killed ---- */

/* Another accesspkgd, which is killed when it has done this: `then` runs in it. */
static void run_and_kill(void (*then)(void))
{
    int status = 0;
    engine_deinit(&fixture.engine);
    store_close(fixture.engine.store);
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        open_store(false);
        then();
        raise(SIGKILL);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "ended with %d", status);
}

static void revoke_unrecorded(void)
{
    fill_disk_and_store();
    check_unrecorded(take_back("alice", "prod"));
}

/* Killed after the file is gone and before that is recorded; the next start has no room either. */
START_TEST(test_killed)
{
    const int64_t id = hold("alice", "prod");
    const int64_t at = fixture.now;
    hold("carol", "prod");
    run_and_kill(revoke_unrecorded);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "prod"));
    fixture.now++;
    open_store(false);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "prod"));
    ck_assert(fixture_gate_opens(&fixture, "carol", "prod"));
    while (engine_verify(&fixture.engine) == 1)
        ;
    ck_assert(!fixture_gate_opens(&fixture, "alice", "prod"));
    make_room_and_pass();
    check_recorded(id, at);
    ck_assert(fixture_gate_opens(&fixture, "carol", "prod"));
}
END_TEST

static void write_slot_alone(void)
{
    struct unrecorded_file *file = NULL;
    struct unrecorded what = {
        .assignment = 1, .start = FIXTURE_NOW, .at = FIXTURE_NOW, .loginuid = UID_UNSET};
    strcpy(what.user, "alice");
    strcpy(what.package, "prod");
    strcpy(what.actor, "root");
    strcpy(what.reason, "no longer needed");
    ck_assert_int_eq(unrecorded_open(fixture.state, &file), 0);
    ck_assert_int_eq(unrecorded_put(file, &what), 0);
}

/* Killed after the note and before the file; and noted twice. */
START_TEST(test_killed_before_the_file)
{
    const int64_t id = hold("alice", "prod");
    run_and_kill(write_slot_alone);
    ck_assert(fixture_gate_opens(&fixture, "alice", "prod"));
    open_store(false);
    check_recorded(id, FIXTURE_NOW);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "prod"));
    run_and_kill(write_slot_alone);
    open_store(false);
    check_recorded(id, FIXTURE_NOW);
}
END_TEST

/* What a note of another store says ends nothing here. */
START_TEST(test_note_of_another_store)
{
    fixture.now++;
    hold("alice", "prod");
    run_and_kill(write_slot_alone);
    open_store(false);
    ck_assert(fixture_gate_opens(&fixture, "alice", "prod"));
    ck_assert(!narrow_any(&fixture.engine));
}
END_TEST

/* ---- membership = files ---- */

START_TEST(test_members_are_taken_out)
{
    struct etcgroup etc = {0};
    fixture.config.membership = CONFIG_MEMBERSHIP_FILES;
    fixture_set_local_groups(true);
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "other", "x", &value), 0);
    const int64_t id = fixture_id(value);
    etcgroup_serve(&etc, &fixture.engine);
    ck_assert(etcgroup_has(&etc, "alice", "backup"));
    ck_assert(fixture_gate_opens(&fixture, "alice", "other"));
    fill_disk_and_store();
    check_unrecorded(take_back("alice", "other"));
    etcgroup_serve(&etc, &fixture.engine);
    ck_assert(!etcgroup_has(&etc, "alice", "backup"));
    make_room_and_pass();
    ck_assert_str_eq(fixture_state(&fixture, id), "revoked");
}
END_TEST

int main(void)
{
    suite_case("full_disk", setup, teardown);
    suite_timeout(60);
    suite_add(test_ends_are_recorded, test_kept_again, test_empty_log, test_start_on_a_full_disk);
    suite_add(test_not_recorded, test_file_goes_and_comes_back, test_recorded_and_file_goes,
              test_widening_takes_nothing, test_what_lies_ahead, test_ends_by_the_clock);
    suite_add(test_killed, test_killed_before_the_file, test_note_of_another_store);
    suite_add(test_members_are_taken_out);
    return suite_run();
}
