/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens the store; its transactions and prepared statements. Each noun has a file of its own. */
#include "helperd/store/store.h"

#include "common/cleanup.h"
#include "common/disk.h"
#include "common/log.h"
#include "common/pathlink.h"
#include "common/paths.h"
#include "helperd/store/reserve.h"
#include "helperd/store/schema.h"
#include "helperd/store/sql.h"
#include "helperd/store/tally.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What an administrator can do about it, where the disk is not to blame; "" where nothing is known to help. */
static const char *find_advice(int error)
{
    static const struct {
        int error;
        const char *advice;
    } advices[] = {
        {SQLITE_CORRUPT, " Stop accesspkgd and restore a backup."},
        {SQLITE_NOTADB, " Stop accesspkgd and restore a backup."},
        {SQLITE_CANTOPEN, " The user accesspkg has to be able to write its folder."},
    };
    for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
        if (advices[i].error == (error & 0xff))
            return advices[i].advice;
    return "";
}

/* SQLite's word for it, as errno has it. What the disk did not do is told apart from other faults by disk_blamed(). */
static int find_error(sqlite3 *database)
{
    switch (sqlite3_errcode(database) & 0xff) {
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_IOERR:
        return disk_blamed(-sqlite3_system_errno(database)) ? -sqlite3_system_errno(database) : -EIO;
    default:
        return -EIO;
    }
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
    char disk[DISK_ADVICE_MAX];
    const int error = sqlite3_errcode(store->database) & 0xff;
    const int r = find_error(store->database);
    const bool blamed = error == SQLITE_IOERR || r != -EIO;
    log_error("state.db: %s (%s).%s%s", sqlite3_errmsg(store->database), what, blamed ? " " : "",
              blamed ? disk_advice(r, PATH_STATE, disk) : find_advice(error));
    return store_fail(store, r);
}

/* SQLite follows no link on the way either, and says only that it cannot open the file. */
static int complain_open(struct store *store, const char *path)
{
    char link[PATH_MAX];
    if (!path_find_link(path, link, sizeof(link)))
        return complain(store, path);
    log_error(
        "state.db: %s is a symbolic link, which nothing of ours follows. Put the folder or the file itself "
        "there; what lies on another disk can be mounted there (mount --bind).",
        link);
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

static int bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    return sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

/* A text stays the row's: sql_write releases the statement before its caller goes on. */
static int bind_column(sqlite3_stmt *statement, int index, enum sql_type type, const void *place)
{
    switch (type) {
    case SQL_NUMBER:
        return sqlite3_bind_int64(statement, index, *(const int64_t *)place);
    case SQL_ID:
        return *(const int64_t *)place ? sqlite3_bind_int64(statement, index, *(const int64_t *)place)
                                       : sqlite3_bind_null(statement, index);
    case SQL_BOOLEAN:
        return sqlite3_bind_int(statement, index, *(const bool *)place);
    case SQL_TEXT:
    case SQL_BORROWED:
        return bind_text(statement, index, *(const char *const *)place);
    case SQL_UID:
        return *(const uid_t *)place == UID_UNSET
                   ? sqlite3_bind_null(statement, index)
                   : sqlite3_bind_int64(statement, index, *(const uid_t *)place);
    case SQL_STATE:
        return bind_text(statement, index, state_identifier(*(const enum state *)place));
    case SQL_MEMBERSHIP:
        return bind_text(statement, index, membership_state_text(*(const enum membership_state *)place));
    case SQL_EVENT:
        return bind_text(statement, index, outbox_identifier(*(const enum outbox_event *)place));
    case SQL_LIST: /* lists are circles, which have a table of their own */
        break;
    }
    return SQLITE_MISUSE;
}

/* Searches from `from` on, then from the first: most statements name the columns in the order of the table. */
static const struct sql_column *find_column(const struct sql_rows *rows, const struct sql_column *from,
                                            const char *name)
{
    for (const struct sql_column *column = from; column->name; column++)
        if (strcmp(column->name, name) == 0)
            return column;
    assert(from != rows->columns);
    return find_column(rows, rows->columns, name);
}

static int bind_row(sqlite3_stmt *statement, const struct sql_rows *rows, const void *row)
{
    const int count = sqlite3_bind_parameter_count(statement);
    const struct sql_column *next = rows->columns;
    for (int index = 1; index <= count; index++) {
        const struct sql_column *column =
            find_column(rows, next, sqlite3_bind_parameter_name(statement, index) + 1);
        next = column + 1;
        if (bind_column(statement, index, column->type, (const char *)row + column->offset) != SQLITE_OK)
            return -EIO;
    }
    return 0;
}

/* The slot of a statement, or a free one for it; STORE_CACHE: there is none. */
static size_t find_slot(const struct store *store, const char *sql)
{
    const size_t first = (uint32_t)((uintptr_t)sql >> 3) * 2654435761u % STORE_CACHE;
    for (size_t i = 0; i < STORE_CACHE; i++) {
        const size_t slot = (first + i) % STORE_CACHE;
        if (!store->cache[slot].sql || store->cache[slot].sql == sql)
            return slot;
    }
    return STORE_CACHE;
}

static sqlite3_stmt *find_or_prepare(struct store *store, const char *sql)
{
    const size_t slot = find_slot(store, sql);
    if (slot < STORE_CACHE && store->cache[slot].sql == sql &&
        !sqlite3_stmt_busy(store->cache[slot].statement)) {
        store->last = slot;
        return store->cache[slot].statement;
    }

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
        return NULL; /* logged already */
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
    if (!statement)
        return;
    size_t slot = store->cache[store->last].statement == statement ? store->last : 0;
    while (slot < STORE_CACHE && store->cache[slot].statement != statement)
        slot++;
    if (slot == STORE_CACHE) {
        sqlite3_finalize(statement);
        return;
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
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

int sql_write(struct store *store, const char *sql, const struct sql_rows *rows, const void *row)
{
    sqlite3_stmt *statement = sql_take(store, sql, "");
    if (!statement)
        return -EIO;
    const int r =
        bind_row(statement, rows, row) < 0 ? complain(store, "binding a value") : sql_step(store, statement);
    sql_release(store, statement);
    return r < 0 ? r : 0;
}

uid_t sql_uid(sqlite3_stmt *statement, int column)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return UID_UNSET;
    return (uid_t)sqlite3_column_int64(statement, column);
}

static int connect_database(struct store *store, const char *path, const char *locking)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    static const char settings[] = "PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = FULL;"
                                   "PRAGMA foreign_keys = ON;"
                                   "PRAGMA trusted_schema = OFF;"
                                   "PRAGMA temp_store = MEMORY;";
    /* Each allocation would be counted, under a lock. Refused, without harm, once SQLite is in use. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    int r = sqlite3_open_v2(path, &store->database, flags, NULL);
    if (r == SQLITE_OK)
        sqlite3_busy_timeout(store->database, 2000);
    if (r == SQLITE_OK)
        r = sqlite3_exec(store->database, locking, NULL, NULL, NULL);
    return r == SQLITE_OK ? sqlite3_exec(store->database, settings, NULL, NULL, NULL) : r;
}

/* Where the disk has no room for the index of the log (state.db-shm), it is kept in memory: nobody else reads along then. */
static int connect_somehow(struct store *store, const char *path)
{
    if (connect_database(store, path, "PRAGMA locking_mode = NORMAL") == SQLITE_OK)
        return 0;
    const int error = find_error(store->database);
    if (error != -ENOSPC && error != -EDQUOT)
        return complain_open(store, path);
    sqlite3_close(store->database);
    return connect_database(store, path, "PRAGMA locking_mode = EXCLUSIVE") == SQLITE_OK
               ? 0
               : complain_open(store, path);
}

static int open_database(struct store *store, const char *path, int64_t *ret_recorded)
{
    int r = connect_somehow(store, path);
    if (r < 0)
        return r;
    r = schema_climb(store->database);
    if (r == 0)
        r = tally_begin(store->database);
    if (r < 0)
        return r;
    sqlite3_stmt *statement = sql_take(store, "SELECT coalesce(max(id), 0) FROM audit", "");
    r = statement ? sql_step(store, statement) : -EIO;
    if (r > 0)
        *ret_recorded = sqlite3_column_int64(statement, 0);
    sql_release(store, statement);
    return r < 0 ? r : 0;
}

int store_open(const char *path, struct store **ret, bool *ret_newborn)
{
    struct store *store = calloc(1, sizeof(*store));
    if (!store)
        return -ENOMEM;
    int64_t recorded = 0;
    const int r = open_database(store, path, &recorded);
    if (r < 0) {
        store_close(store);
        return r;
    }
    store_keep_reserve(store);
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
    reserve_close(store->database);
    free(store->epoch);
    free(store);
}

int store_keep_reserve(struct store *store)
{
    store_end_reading(store);
    return store->in_transaction ? 0 : reserve_keep(store->database);
}

void store_begin_reading(struct store *store)
{
    if (!store->in_transaction && !store->reading)
        store->reading = sql_run(store, "BEGIN", "") == 0;
}

void store_end_reading(struct store *store)
{
    if (store->reading)
        sql_run(store, "COMMIT", "");
    store->reading = false;
}

int store_begin(struct store *store)
{
    assert(!store->in_transaction);
    store_end_reading(store);
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
    store->deadline.known = false; /* what was taken back is not counted */
    memset(store->filers, 0, sizeof(store->filers));
    free(steal_ptr(store->epoch));
    if (!sqlite3_get_autocommit(
            store->database)) /* a BEGIN that failed leaves nothing to roll back, as a rule */
        sql_run(store, "ROLLBACK", "");
}
