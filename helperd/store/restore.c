/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/store/restore.h"

#include "common/cleanup.h"
#include "common/timetext.h"
#include "helperd/store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define DRAFT "state.db.restored"

enum { NO_BACKUP = 1 }; /* as what a state refuses */

struct restore {
    const struct restoring *asked;
    FILE *out;
    char draft[PATH_MAX];
    char kept[64]; /* the name of the former store */
    int64_t entries;
    int64_t last; /* when its last entry was made */
};

static int complain(const struct restore *restore, int error, const char *what)
{
    fprintf(restore->out, "error: %s%s%s. Nothing was changed.\n", what, error ? ": " : "",
            error ? strerrordesc_np(error) : "");
    return EX_IOERR;
}

/* ---- a copy beside the store ---- */

static void remove_draft(const struct restore *restore)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char path[PATH_MAX + 16];
        snprintf(path, sizeof(path), "%s%s", restore->draft, ends[i]);
        unlink(path);
    }
}

static int copy_all(int in, int out)
{
    static char buffer[1 << 16];
    ssize_t got;
    if (lseek(in, 0, SEEK_SET) < 0 && errno != ESPIPE)
        return errno;
    while ((got = read(in, buffer, sizeof(buffer))) > 0)
        for (ssize_t done = 0, n; done < got; done += n)
            if ((n = write(out, buffer + done, (size_t)(got - done))) <= 0)
                return errno ? errno : ENOSPC;
    return got < 0 ? errno : 0;
}

static int make_draft(const struct restore *restore)
{
    remove_draft(restore);
    _cleanup_close_ int out =
        open(restore->draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (out < 0)
        return complain(restore, errno, "No copy can be made beside state.db");
    const int error = copy_all(restore->asked->file, out);
    return error ? complain(restore, error, "The backup could not be copied") : 0;
}

/* ---- is it a store? ---- */

static int on_row(void *data, int count, char **values, char **names)
{
    char *ret = data;
    (void)names;
    snprintf(ret, 128, "%s", count > 0 && values[0] ? values[0] : "");
    return 0;
}

/* The first column of the last row, "" where there is none. False: it could not be asked. */
static bool ask(sqlite3 *database, const char *sql, char ret[128])
{
    *ret = '\0';
    return sqlite3_exec(database, sql, on_row, ret, NULL) == SQLITE_OK;
}

static int refuse(const struct restore *restore, const char *why)
{
    fprintf(restore->out, "error: %s Nothing was changed.\n", why);
    return NO_BACKUP;
}

static int check_host(const struct restore *restore, sqlite3 *database)
{
    char host[128];
    if (!ask(database, "SELECT host FROM origin", host))
        return refuse(restore, "The backup is damaged.");
    if (restore->asked->any_host || !*host || !restore->asked->host_key ||
        strcmp(host, restore->asked->host_key) == 0)
        return 0;
    fprintf(restore->out,
            "error: The backup is another host's: that one's key is %s, and this one's %s. If this host "
            "takes the "
            "place of that one, add --yes. Nothing was changed.\n",
            host, restore->asked->host_key);
    return NO_BACKUP;
}

/* Refused here, before anything of it is used: what SQLite calls whole, of a format that we know, with our tables. */
static int check_draft(struct restore *restore, sqlite3 *database)
{
    char answer[128];
    if (!ask(database, "PRAGMA integrity_check(1)", answer) || strcmp(answer, "ok") != 0)
        return refuse(restore, "This is no backup of a store, or it is damaged.");
    if (!ask(database,
             "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('request', 'assignment',"
             " 'grant', 'audit', 'publication')",
             answer) ||
        strcmp(answer, "5") != 0)
        return refuse(restore, "This is a database, but no store of access packages.");
    if (schema_climb(database) < 0)
        return refuse(restore, "The backup cannot be brought to the format of this version.");
    if (!ask(database, "PRAGMA foreign_key_check", answer) || *answer)
        return refuse(restore, "The backup is damaged: some of its rows belong to none.");
    if (!ask(database, "SELECT coalesce(max(id), 0) FROM audit", answer))
        return refuse(restore, "The backup is damaged.");
    restore->entries = strtoll(answer, NULL, 10);
    if (ask(database, "SELECT at FROM audit ORDER BY id DESC LIMIT 1", answer))
        restore->last = strtoll(answer, NULL, 10);
    return check_host(restore, database);
}

static int begin_epoch(const struct restore *restore, sqlite3 *database)
{
    char sql[160], answer[128];
    snprintf(sql, sizeof(sql),
             "INSERT INTO epoch (name, begun) VALUES (lower(hex(randomblob(16))), %" PRId64 ")",
             restore->asked->now);
    if (ask(database, sql, answer) && ask(database, "PRAGMA journal_mode = DELETE", answer) &&
        strcmp(answer, "delete") == 0)
        return 0;
    return complain(restore, ENOSPC, "The copy could not be prepared");
}

static int prepare_draft(struct restore *restore)
{
    sqlite3 *database = NULL;
    int code = NO_BACKUP;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    if (sqlite3_open_v2(restore->draft, &database, flags, NULL) == SQLITE_OK &&
        sqlite3_exec(database, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;", NULL, NULL,
                     NULL) == SQLITE_OK)
        code = check_draft(restore, database);
    else
        code = refuse(restore, "This is no backup of a store, or it is damaged.");
    if (code == 0)
        code = begin_epoch(restore, database);
    if (sqlite3_close(database) != SQLITE_OK && code == 0)
        code = complain(restore, EIO, "The copy could not be prepared");
    return code;
}

/* ---- in its place ---- */

static int sync_path(const char *path, int flags)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags);
    return fd < 0 || fsync(fd) < 0 ? errno : 0;
}

static int move_aside(int folder, const char *name, const char *kept)
{
    return renameat2(folder, name, folder, kept, RENAME_NOREPLACE) < 0 && errno != ENOENT ? errno : 0;
}

/* So that the former store is whole again. */
static void put_log_back(int folder, const struct restore *restore, const char *log)
{
    if (folder < 0 || !*restore->kept)
        return;
    renameat2(folder, log, folder, "state.db-wal", RENAME_NOREPLACE);
    unlinkat(folder, restore->kept, 0);
}

/* The log first: state.db without it is older than it was, which the next start notices; the new one with it would be
 * neither. */
static int exchange(struct restore *restore)
{
    _cleanup_close_ int folder = open(restore->asked->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char log[80];
    struct tm when;
    gmtime_r(&(time_t){restore->asked->now}, &when);
    strftime(restore->kept, sizeof(restore->kept), "state.db.before-%Y%m%dT%H%M%SZ", &when);
    snprintf(log, sizeof(log), "%s-wal", restore->kept);
    int error = folder < 0 ? errno : sync_path(restore->draft, 0);
    if (error == 0 && linkat(folder, "state.db", folder, restore->kept, 0) < 0) {
        error = errno == ENOENT ? 0 : errno;
        *restore->kept = '\0';
    }
    if (error == 0 && *restore->kept)
        error = move_aside(folder, "state.db-wal", log);
    if (error == 0 && unlinkat(folder, "state.db-shm", 0) < 0 && errno != ENOENT)
        error = errno;
    if (error == 0 && renameat(folder, DRAFT, folder, "state.db") < 0)
        error = errno;
    if (error) {
        put_log_back(folder, restore, log);
        return complain(restore, error, "The store could not be exchanged");
    }
    if (fsync(folder) < 0)
        fprintf(restore->out,
                "warning: %s could not be synced: %s. A power cut now may bring the former "
                "store back.\n",
                restore->asked->folder, strerrordesc_np(errno));
    return 0;
}

int store_restore(const struct restoring *asked, FILE *out)
{
    struct restore restore = {.asked = asked, .out = out};
    char last[TIME_TEXT_MAX];
    snprintf(restore.draft, sizeof(restore.draft), "%s/" DRAFT, asked->folder);
    int code = make_draft(&restore);
    if (code == 0)
        code = prepare_draft(&restore);
    if (code == 0)
        code = exchange(&restore);
    if (code != 0) {
        remove_draft(&restore);
        return code;
    }
    fprintf(out, "state.db is the backup now: %" PRId64 " entries in its log, the last of %s.\n",
            restore.entries, time_people(restore.last, last));
    if (*restore.kept)
        fprintf(out, "The former one is kept: %s/%s\n", asked->folder, restore.kept);
    return 0;
}
