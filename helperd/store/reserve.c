/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store's reserve (rule 13): room that it has already, so that what narrows access is recorded on a full disk too. Free
 * pages inside state.db take what is new; the log beside it keeps its length, and each commit overwrites a part of it.
 */
#include "helperd/store/reserve.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    PAGES =
        256, /* free in state.db, each of 4 KiB: 900 revocations and what came before them (docs/decisions/013) */
    PAGES_LEAST = 192, /* with fewer it is filled up */
    FRAME = 4096 + 24,
    LOG_LENGTH = 32 + 1500 * FRAME, /* SQLite begins it anew at the first commit behind 1,000 frames */
    LOG_HEADER = 32,
    DISK_LEAST = 4 << 20, /* left on the disk: else filling it up would take what others need */
};

static const char *log_path(sqlite3 *database)
{
    const char *path = database ? sqlite3_db_filename(database, "main") : NULL;
    return path && *path ? sqlite3_filename_wal(path) : NULL;
}

static bool disk_has_room(const char *path)
{
    struct statvfs disk;
    return statvfs(path, &disk) == 0 && (int64_t)(disk.f_bavail * disk.f_frsize) >= DISK_LEAST;
}

/* 0 or -errno. */
static int lengthen_log(const char *path)
{
    struct stat st;
    _cleanup_close_ int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    return st.st_size >= LOG_LENGTH ? 0 : -posix_fallocate(fd, 0, LOG_LENGTH);
}

static int count_free(sqlite3 *database, int *ret)
{
    sqlite3_stmt *statement = NULL;
    int r = -EIO;
    if (sqlite3_prepare_v2(database, "PRAGMA freelist_count", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        *ret = sqlite3_column_int(statement, 0);
        r = 0;
    }
    sqlite3_finalize(statement);
    return r;
}

/* Filled and committed, so that the pages are written to the disk; then they are free. */
static int fill_up(sqlite3 *database)
{
    static const char fill[] = "BEGIN IMMEDIATE;"
                               "DROP TABLE IF EXISTS reserve;"
                               "CREATE TABLE reserve (filler BLOB NOT NULL);"
                               "INSERT INTO reserve VALUES (zeroblob(%d));"
                               "COMMIT;";
    char sql[sizeof(fill) + 16];
    sqlite3_snprintf(sizeof(sql), sql, fill, PAGES * 4096);
    int r = sqlite3_exec(database, sql, NULL, NULL, NULL);
    if (r == SQLITE_OK)
        r = sqlite3_wal_checkpoint_v2(database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (!sqlite3_get_autocommit(database))
        sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_exec(database, "DROP TABLE IF EXISTS reserve", NULL, NULL, NULL);
    return r == SQLITE_OK ? 0 : -EIO;
}

int reserve_keep(sqlite3 *database)
{
    const char *path = log_path(database);
    int pages = 0;
    if (!path)
        return 0;
    int r = count_free(database, &pages);
    const int length = lengthen_log(path);
    if (r == 0 && pages < PAGES_LEAST)
        r = disk_has_room(path) ? fill_up(database) : -ENOSPC;
    return r < 0 ? r : length;
}

/* An empty log is one without a header. What it had is in state.db by then: so an older state.db that is put back is not
 * mixed with it. */
static void empty_log(const char *path)
{
    static const char nothing[LOG_HEADER];
    _cleanup_close_ int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || pwrite(fd, nothing, sizeof(nothing), 0) != sizeof(nothing) || fsync(fd) < 0)
        unlink(path);
}

void reserve_close(sqlite3 *database)
{
    const char *path = log_path(database);
    char *log = path ? strdup(path) : NULL;
    int frames = 0, copied = -1, keep = 1;
    if (log)
        sqlite3_file_control(database, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
    const bool whole =
        log &&
        sqlite3_wal_checkpoint_v2(database, NULL, SQLITE_CHECKPOINT_RESTART, &frames, &copied) == SQLITE_OK &&
        frames == copied;
    sqlite3_close(database);
    if (whole)
        empty_log(log);
    free(log);
}
