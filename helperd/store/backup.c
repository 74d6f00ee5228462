/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SQLite copies pages from the store's own connection, which also copies those again that it writes meanwhile, so calls go
 * on. The copy goes through a file system of SQLite's with one file: a descriptor, as no path is opened for a caller.
 */
#include "helperd/store/backup.h"

#include "common/log.h"
#include "helperd/store/sql.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VFS_NAME "accesspkg-descriptor"

enum {
    STEP_PAGES = 128, /* of 4 KiB, in one step, which delays calls */
    VERSION_OFFSET =
        18 /* in the file: 2, 2 for one that needs a log beside it; 1, 1 for one that needs none */
};

struct store_backup {
    sqlite3 *target;
    sqlite3_backup *backup;
    int file;
};

/* ---- the one file ---- */

struct file {
    sqlite3_file base;
    int fd;
};

static int opening = -1; /* the descriptor, while SQLite opens it: there is one thread */

static int on_close(sqlite3_file *file)
{
    (void)file;
    return SQLITE_OK;
}

static int on_read(sqlite3_file *file, void *data, int size, sqlite3_int64 at)
{
    const ssize_t got = pread(((struct file *)file)->fd, data, (size_t)size, at);
    if (got == size)
        return SQLITE_OK;
    if (got < 0)
        return SQLITE_IOERR_READ;
    memset((char *)data + got, 0, (size_t)(size - got));
    return SQLITE_IOERR_SHORT_READ;
}

static int on_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
    errno = 0;
    if (pwrite(((struct file *)file)->fd, data, (size_t)size, at) == size)
        return SQLITE_OK;
    return errno == 0 || errno == ENOSPC || errno == EDQUOT ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return ftruncate(((struct file *)file)->fd, size) < 0 ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

/* Whoever opened it syncs it. */
static int on_sync(sqlite3_file *file, int flags)
{
    (void)file, (void)flags;
    return SQLITE_OK;
}

static int on_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    struct stat st;
    if (fstat(((struct file *)file)->fd, &st) < 0)
        return SQLITE_IOERR_FSTAT;
    *ret = st.st_size;
    return SQLITE_OK;
}

static int on_lock(sqlite3_file *file, int lock)
{
    (void)file, (void)lock;
    return SQLITE_OK;
}

static int on_check_lock(sqlite3_file *file, int *ret)
{
    (void)file;
    *ret = 0;
    return SQLITE_OK;
}

static int on_control(sqlite3_file *file, int operation, void *argument)
{
    (void)file, (void)operation, (void)argument;
    return SQLITE_NOTFOUND;
}

static int on_sector(sqlite3_file *file)
{
    (void)file;
    return 4096;
}

static int on_characteristics(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *ret, int flags, int *ret_flags)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 1,
        .xClose = on_close,
        .xRead = on_read,
        .xWrite = on_write,
        .xTruncate = on_truncate,
        .xSync = on_sync,
        .xFileSize = on_size,
        .xLock = on_lock,
        .xUnlock = on_lock,
        .xCheckReservedLock = on_check_lock,
        .xFileControl = on_control,
        .xSectorSize = on_sector,
        .xDeviceCharacteristics = on_characteristics,
    };
    (void)vfs, (void)name;
    ret->pMethods = NULL;
    if (!(flags & SQLITE_OPEN_MAIN_DB) || opening < 0)
        return SQLITE_CANTOPEN;
    ((struct file *)ret)->fd = opening;
    ret->pMethods = &methods;
    if (ret_flags)
        *ret_flags = flags;
    return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs, (void)name, (void)sync;
    return SQLITE_OK;
}

static int on_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
    (void)vfs, (void)name, (void)flags;
    *ret = 0;
    return SQLITE_OK;
}

static int on_full_path(sqlite3_vfs *vfs, const char *name, int size, char *ret)
{
    (void)vfs;
    sqlite3_snprintf(size, ret, "%s", name);
    return SQLITE_OK;
}

static int register_vfs(void)
{
    static sqlite3_vfs ours;
    const sqlite3_vfs *usual = sqlite3_vfs_find(NULL);
    if (ours.zName)
        return 0;
    if (!usual)
        return -EIO;
    ours = *usual;
    ours.pNext = NULL;
    ours.zName = VFS_NAME;
    ours.szOsFile = sizeof(struct file);
    ours.xOpen = on_open;
    ours.xDelete = on_delete;
    ours.xAccess = on_access;
    ours.xFullPathname = on_full_path;
    return sqlite3_vfs_register(&ours, 0) == SQLITE_OK ? 0 : -EIO;
}

/* ---- the copy ---- */

static int fault(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_NOMEM:
        return -ENOMEM;
    default:
        return -EIO;
    }
}

static int open_target(struct store_backup *backup)
{
    opening = backup->file;
    int r = sqlite3_open_v2("backup", &backup->target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, VFS_NAME);
    if (r == SQLITE_OK)
        r = sqlite3_exec(backup->target, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;", NULL, NULL,
                         NULL);
    opening = -1;
    return r == SQLITE_OK ? 0 : fault(r);
}

int store_backup_begin(struct store *store, int file, struct store_backup **ret)
{
    struct store_backup *backup = calloc(1, sizeof(*backup));
    if (!backup)
        return -ENOMEM;
    backup->file = file;
    int r = register_vfs();
    if (r == 0)
        r = open_target(backup);
    if (r == 0) {
        backup->backup = sqlite3_backup_init(backup->target, "main", store->database, "main");
        r = backup->backup ? 0 : fault(sqlite3_errcode(backup->target));
    }
    if (r < 0)
        store_backup_end(backup);
    else
        *ret = backup;
    return r;
}

/* One file that opens anywhere, without a log. */
static int mark_single(int file)
{
    static const char versions[] = {1, 1};
    return pwrite(file, versions, sizeof(versions), VERSION_OFFSET) == sizeof(versions) ? 0 : -EIO;
}

int store_backup_step(struct store_backup *backup)
{
    const int r = sqlite3_backup_step(backup->backup, STEP_PAGES);
    if (r == SQLITE_OK || r == SQLITE_BUSY || r == SQLITE_LOCKED)
        return 1;
    return r == SQLITE_DONE ? mark_single(backup->file) : fault(r);
}

void store_backup_end(struct store_backup *backup)
{
    if (!backup)
        return;
    sqlite3_backup_finish(backup->backup);
    sqlite3_close(backup->target);
    free(backup);
}
