/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A full disk below the state folder (rule 13): what ends has ended at once, is recorded from the store's reserve, or as
 * soon as the store can be written again. The engine of a fixture on a small file system that is filled; a suite of a
 * private root, as only root may mount one.
 */
#include "common/grantdir.h"
#include "tests/support/acts.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
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
    ck_assert_int_eq(mount("disk", fixture.state, "tmpfs", 0, "size=12m,mode=0755"), 0);
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

int main(void)
{
    suite_case("full_disk", setup, teardown);
    suite_timeout(60);
    suite_add(test_ends_are_recorded, test_kept_again, test_empty_log, test_start_on_a_full_disk);
    return suite_run();
}
