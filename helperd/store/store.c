/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening, transactions and statements of the store; what it holds is in request.c and
 * assignment.c. */
#include "helperd/store/store.h"

#include "common/log.h"
#include "helperd/store/schema.h"
#include "helperd/store/sql.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { HOUR = 60 * 60, DAY = 24 * HOUR };

/* What an administrator can do about it; "" where nothing is known to help. */
static const char *find_advice(int error)
{
    static const struct {
        int error;
        const char *advice;
    } advices[] = {
        {SQLITE_FULL, " Make room on its disk."},
        {SQLITE_CORRUPT, " Stop accesspkgd and restore a backup."},
        {SQLITE_NOTADB, " Stop accesspkgd and restore a backup."},
        {SQLITE_READONLY, " The user accesspkg has to be able to write it."},
        {SQLITE_CANTOPEN, " The user accesspkg has to be able to write its folder."},
        {SQLITE_IOERR, " See what the kernel says of its disk: journalctl -k"},
    };
    for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
        if (advices[i].error == (error & 0xff))
            return advices[i].advice;
    return "";
}

int store_fail(struct store *store, int error)
{
    if (store->in_transaction && store->failed == 0)
        store->failed = error;
    return error;
}

int store_failed(const struct store *store)
{
    return store->failed;
}

static int complain(struct store *store, const char *what)
{
    log_error("state.db: %s (%s).%s", sqlite3_errmsg(store->database), what,
              find_advice(sqlite3_errcode(store->database)));
    return store_fail(store, -EIO);
}

static int bind_all(sqlite3_stmt *statement, const char *format, va_list values)
{
    for (int column = 1; format[column - 1]; column++) {
        int r = SQLITE_MISUSE;
        switch (format[column - 1]) {
        case 'i':
            r = sqlite3_bind_int64(statement, column, va_arg(values, int64_t));
            break;
        case 't':
            r = sqlite3_bind_text(statement, column, va_arg(values, const char *), -1, SQLITE_TRANSIENT);
            break;
        case 'u': {
            const uid_t uid = va_arg(values, uid_t);
            r = uid == UID_UNSET ? sqlite3_bind_null(statement, column)
                                 : sqlite3_bind_int64(statement, column, uid);
            break;
        }
        case 'z': {
            const int64_t id = va_arg(values, int64_t);
            r = id == 0 ? sqlite3_bind_null(statement, column) : sqlite3_bind_int64(statement, column, id);
            break;
        }
        default:
            assert(!"unknown binding");
        }
        if (r != SQLITE_OK)
            return -EIO;
    }
    return 0;
}

static sqlite3_stmt *find_or_prepare(struct store *store, const char *sql)
{
    size_t slot = 0;
    while (slot < STORE_CACHE && store->cache[slot].sql && store->cache[slot].sql != sql)
        slot++;
    if (slot < STORE_CACHE && store->cache[slot].sql == sql &&
        !sqlite3_stmt_busy(store->cache[slot].statement))
        return store->cache[slot].statement;

    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(store->database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK) {
        complain(store, "preparing a statement");
        return NULL;
    }
    if (slot < STORE_CACHE && !store->cache[slot].sql) {
        store->cache[slot].sql = sql;
        store->cache[slot].statement = statement;
    }
    return statement;
}

static sqlite3_stmt *take(struct store *store, const char *sql, const char *format, va_list values)
{
    if (store->failed)
        return NULL; /* told already */
    sqlite3_stmt *statement = find_or_prepare(store, sql);
    if (statement && bind_all(statement, format, values) < 0) {
        complain(store, "binding a value");
        sql_release(store, statement);
        return NULL;
    }
    return statement;
}

sqlite3_stmt *sql_take(struct store *store, const char *sql, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    sqlite3_stmt *statement = take(store, sql, format, values);
    va_end(values);
    return statement;
}

void sql_release(struct store *store, sqlite3_stmt *statement)
{
    for (size_t slot = 0; slot < STORE_CACHE; slot++) {
        if (store->cache[slot].statement == statement) {
            sqlite3_reset(statement);
            sqlite3_clear_bindings(statement);
            return;
        }
    }
    sqlite3_finalize(statement);
}

int sql_step(struct store *store, sqlite3_stmt *statement)
{
    if (store->failed)
        return store->failed;
    switch (sqlite3_step(statement)) {
    case SQLITE_ROW:
        return 1;
    case SQLITE_DONE:
        return 0;
    default:
        return complain(store, sqlite3_sql(statement));
    }
}

int sql_read_one(struct store *store, sqlite3_stmt *statement, sql_read *read, void *ret)
{
    if (!statement)
        return -EIO;
    int r = sql_step(store, statement);
    if (r >= 0)
        r = r == 0 ? STORE_E_NONE : read(statement, ret);
    sql_release(store, statement);
    return r < 0 ? store_fail(store, r) : r;
}

int sql_run(struct store *store, const char *sql, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    sqlite3_stmt *statement = take(store, sql, format, values);
    va_end(values);
    if (!statement)
        return -EIO;
    const int r = sql_step(store, statement);
    sql_release(store, statement);
    return r < 0 ? r : 0;
}

char *sql_text(sqlite3_stmt *statement, int column, bool *oom)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    if (!text)
        return NULL;
    char *copy = strdup((const char *)text);
    if (!copy)
        *oom = true;
    return copy;
}

uid_t sql_uid(sqlite3_stmt *statement, int column)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return UID_UNSET;
    return (uid_t)sqlite3_column_int64(statement, column);
}

static int configure(struct store *store)
{
    static const char settings[] = "PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = FULL;"
                                   "PRAGMA foreign_keys = ON;"
                                   "PRAGMA trusted_schema = OFF;"
                                   "PRAGMA locking_mode = NORMAL;";
    if (sqlite3_exec(store->database, settings, NULL, NULL, NULL) != SQLITE_OK)
        return complain(store, "opening it");
    return 0;
}

static int read_row(struct store *store, const char *sql, int64_t *ret_first, int64_t *ret_second)
{
    sqlite3_stmt *statement = sql_take(store, sql, "");
    if (!statement)
        return -EIO;
    const int r = sql_step(store, statement);
    if (r > 0) {
        *ret_first = sqlite3_column_int64(statement, 0);
        *ret_second = sqlite3_column_int64(statement, 1);
    }
    sql_release(store, statement);
    return r < 0 ? r : 0;
}

int store_open(const char *path, struct store **ret, bool *ret_newborn)
{
    struct store *store = calloc(1, sizeof(*store));
    if (!store)
        return -ENOMEM;
    int64_t recorded = 0;
    int r = 0;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    if (sqlite3_open_v2(path, &store->database, flags, NULL) != SQLITE_OK)
        r = complain(store, path);
    if (r == 0) {
        sqlite3_busy_timeout(store->database, 2000);
        r = configure(store);
    }
    if (r == 0)
        r = schema_climb(store->database);
    if (r == 0)
        r = read_row(store, "SELECT coalesce(max(id), 0), 0 FROM audit", &recorded, &(int64_t){0});
    if (r < 0) {
        store_close(store);
        return r;
    }
    *ret = store;
    *ret_newborn = !recorded;
    return 0;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (size_t slot = 0; slot < STORE_CACHE; slot++)
        sqlite3_finalize(store->cache[slot].statement);
    sqlite3_close(store->database);
    free(store);
}

int store_begin(struct store *store)
{
    assert(!store->in_transaction);
    store->in_transaction = true;
    return sql_run(store, "BEGIN IMMEDIATE", "");
}

int store_commit(struct store *store)
{
    assert(store->in_transaction);
    const int r = store->failed ? store->failed : sql_run(store, "COMMIT", "");
    if (r < 0)
        store_rollback(store);
    store->in_transaction = false;
    return r;
}

void store_rollback(struct store *store)
{
    store->in_transaction = false;
    store->failed = 0;
    if (!sqlite3_get_autocommit(store->database)) /* BEGIN may have failed and begun all the same */
        sql_run(store, "ROLLBACK", "");
}

int sql_each_name(struct store *store, sqlite3_stmt *statement, store_each_name each, void *data)
{
    if (!statement)
        return -EIO;
    int r;
    while ((r = sql_step(store, statement)) > 0) {
        r = each((const char *)sqlite3_column_text(statement, 0), data);
        if (r != 0)
            break;
    }
    sql_release(store, statement);
    return r;
}

int store_add_publication(struct store *store, const char *user, bool narrows)
{
    return sql_run(store,
                   "INSERT INTO publication VALUES (?, ?) ON CONFLICT (user) DO UPDATE SET narrows ="
                   " max(narrows, excluded.narrows)",
                   "ti", user, (int64_t)narrows);
}

int store_remove_publication(struct store *store, const char *user)
{
    return sql_run(store, "DELETE FROM publication WHERE user = ?", "t", user);
}

int store_each_publication(struct store *store, store_each_publication_fn each, void *data)
{
    /* What narrows access first: it must be in place before the daemon says that it is ready. */
    sqlite3_stmt *statement =
        sql_take(store, "SELECT user, narrows FROM publication ORDER BY narrows DESC, user", "");
    if (!statement)
        return -EIO;
    int r;
    while ((r = sql_step(store, statement)) > 0) {
        r = each((const char *)sqlite3_column_text(statement, 0), sqlite3_column_int(statement, 1), data);
        if (r != 0)
            break;
    }
    sql_release(store, statement);
    return r;
}

int store_add_audit(struct store *store, const struct audit *audit)
{
    return sql_run(store,
                   "INSERT INTO audit (at, actor, uid, loginuid, event, request, assignment, detail)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                   "ituutzzt", audit->at, audit->actor, audit->identity.uid, audit->identity.loginuid,
                   audit->event, audit->request, audit->assignment, audit->detail);
}

static int count_pending(struct store *store, int64_t now, struct store_counts *counts)
{
    sqlite3_stmt *s =
        sql_take(store,
                 "SELECT count(*), coalesce(sum(submitted > ?1), 0),"
                 " coalesce(sum(submitted > ?2 AND submitted <= ?1), 0), coalesce(min(submitted), 0)"
                 " FROM request WHERE state = 'pending-approval'",
                 "ii", now - HOUR, now - DAY);
    if (!s)
        return -EIO;
    const int r = sql_step(store, s);
    if (r > 0) {
        counts->pending = sqlite3_column_int64(s, 0);
        counts->pending_hour = sqlite3_column_int64(s, 1);
        counts->pending_day = sqlite3_column_int64(s, 2);
        counts->pending_older = counts->pending - counts->pending_hour - counts->pending_day;
        counts->oldest_pending = sqlite3_column_int64(s, 3);
    }
    sql_release(store, s);
    return r < 0 ? r : 0;
}

int store_count(struct store *store, int64_t now, struct store_counts *ret)
{
    struct store_counts counts = {0};
    int r = count_pending(store, now, &counts);
    if (r == 0)
        r = read_row(store,
                     "SELECT count(*), coalesce(sum(state = 'partially-fulfilled'), 0) FROM assignment"
                     " WHERE state IN ('partially-fulfilled', 'fulfilled')",
                     &counts.live, &counts.partial);
    if (r == 0)
        *ret = counts;
    return r;
}

struct store_space store_measure(struct store *store)
{
    const char *path = sqlite3_db_filename(store->database, "main");
    struct stat file, log;
    struct statvfs disk;

    if (!path || !*path || stat(path, &file) < 0 || statvfs(path, &disk) < 0)
        return (struct store_space){0};
    if (stat(sqlite3_filename_wal(path), &log) < 0)
        log.st_size = 0;
    return (struct store_space){file.st_size + log.st_size, (int64_t)(disk.f_bavail * disk.f_frsize)};
}

int store_next_deadline(struct store *store, int64_t *ret)
{
    return read_row(
        store,
        "SELECT coalesce(min(t), 0), 0 FROM ("
        " SELECT min(deadline) AS t FROM request WHERE state = 'pending-approval'"
        " UNION ALL SELECT min(start) FROM request WHERE waiting = 1"
        " UNION ALL SELECT min(escalate_at) FROM request WHERE state = 'pending-approval'"
        "  AND escalate_at > 0"
        " UNION ALL SELECT min(remind_at) FROM request WHERE state = 'pending-approval' AND remind_at > 0"
        " UNION ALL SELECT min(notice_at) FROM assignment"
        "  WHERE state IN ('partially-fulfilled', 'fulfilled') AND notice_at > 0"
        /* An end that never comes is none. Asked of the minimum: a condition on t would be asked of each. */
        " UNION ALL SELECT nullif(min(end), 9223372036854775807) FROM assignment"
        "  WHERE state IN ('partially-fulfilled', 'fulfilled'))",
        ret, &(int64_t){0});
}

int store_next_retry(struct store *store, int64_t *ret)
{
    return read_row(store,
                    "SELECT coalesce(min(retry_at), 0), 0 FROM assignment WHERE state = 'partially-fulfilled'"
                    " AND retry_at > 0",
                    ret, &(int64_t){0});
}
