/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/live_disk.h"

#include "tests/support/live.h"

#include <check.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/mount.h>

#define STATE   "/var/lib/accesspkg"
#define BALLAST STATE "/ballast"

void live_disk_mount(const char *size)
{
    char options[64];
    snprintf(options, sizeof(options), "size=%s,mode=1775,gid=990", size);
    ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
    ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    ck_assert_int_eq(mount("disk", STATE, "tmpfs", 0, options), 0);
    ck_assert_int_eq(live_run("root", "mkdir -p " STATE "/grants/user && chown -R 990:990 " STATE "/grants"),
                     0);
}

void live_disk_fill(void)
{
    ck_assert_int_eq(live_run("root", "cat /dev/zero >" BALLAST " 2>&1; test -s " BALLAST), 0);
}

void live_disk_make_room(void)
{
    ck_assert_int_eq(live_run("root", "rm " BALLAST), 0);
}

void live_disk_take_reserve(void)
{
    sqlite3 *database = NULL;
    ck_assert_int_eq(sqlite3_open_v2(STATE "/state.db", &database, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(database, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(database), SQLITE_OK);
}
