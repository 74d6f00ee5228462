/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shared by the files of store/ only: prepared statements, found by their text, and rows copied to and from structs by
 * a table of columns for each.
 */
#pragma once

#include "helperd/store/store.h"

#include <sqlite3.h>

enum {
    STORE_CACHE = 512, /* more than there are statements */
    STORE_FILERS = 256,
};

/*
 * What a uid has filed, at most: counted once, and one more for each request since. Who is below a limit by this number is
 * below it; requests that were decided or deleted leave it too high, and it is counted again. A rollback forgets it: one
 * that was decided may be open again.
 */
struct filer {
    uid_t uid;
    int64_t open, ever; /* 0: none, or not counted yet */
};

struct store {
    sqlite3 *database;
    struct {
        const char *sql; /* a string literal: found by its address */
        sqlite3_stmt *statement;
    } cache[STORE_CACHE];
    size_t last; /* the slot that was taken last, which as a rule is the first to be released */
    char *epoch; /* the present one, once it was read; NULL: it is to be read */
    bool in_transaction;
    bool reading;      /* store_begin_reading() */
    bool live_counted; /* see tally.c */
    int failed; /* the first fault of this transaction, -errno: it reads and writes nothing any more; 0: none */
    /* The answer of store_next_deadline, which each call asks twice: it holds until something is written. Nobody else
     * writes here (state.lock). */
    struct {
        bool known;
        int64_t at;
        int64_t changes; /* as SQLite counts them */
    } deadline;
    struct filer filers[STORE_FILERS]; /* by uid; a later one takes the place */
};

/* A request of this uid was added. */
void sql_note_filed(struct store *store, uid_t uid);

/*
 * Prepares a statement and binds its parameters by `format`:
 *   i int64_t · t const char * (NULL: null) · u uid_t (UID_UNSET: null) · z int64_t (0: null)
 * NULL (logged) when that fails. Give it back with sql_release.
 */
sqlite3_stmt *sql_take(struct store *store, const char *sql, const char *format, ...);
void sql_release(struct store *store, sqlite3_stmt *statement);

/* 1: a row; 0: done; -EIO (logged). */
int sql_step(struct store *store, sqlite3_stmt *statement);

/* Takes, steps to the end, releases: for statements without rows. 0 or -errno. */
int sql_run(struct store *store, const char *sql, const char *format, ...);

uid_t sql_uid(sqlite3_stmt *statement, int column); /* UID_UNSET for null */

/* ---- structs by their columns ---- */

/* The type of a column's member, and its value for null. */
enum sql_type {
    SQL_NUMBER,     /* int64_t; read from null: 0 */
    SQL_ID,         /* int64_t; 0: null */
    SQL_BOOLEAN,    /* bool */
    SQL_TEXT,       /* char *, owned; NULL: null */
    SQL_BORROWED,   /* const char *, the statement's: until its next step */
    SQL_LIST,       /* strv of a text as of wordlist_write(); empty: null */
    SQL_UID,        /* uid_t or gid_t; -1: null */
    SQL_STATE,      /* enum state, by its identifier */
    SQL_MEMBERSHIP, /* enum membership_state */
    SQL_EVENT,      /* enum outbox_event */
};

struct sql_column {
    enum sql_type type;
    const char *name;
    size_t offset;
};

/* The columns in the order in which a statement selects them; one without a name ends the table. */
struct sql_rows {
    size_t size; /* of the struct */
    const struct sql_column *columns;
};

/*
 * A table of columns is a macro of a row per column, the first one with F, the others with N: the struct, the type
 * (SQL_…), the column, the member. SQL_ROWS makes a struct sql_rows of it and does not compile where a member has
 * another type; SQL_NAMES, SQL_MARKS and SQL_NEW the parts of statements: "id, user", ":id, :user", and "NULL, :user"
 * where SQLite chooses the first one.
 */
#define SQL_ROWS(name, row, table)                                                                           \
    const struct sql_rows name = {sizeof(row),                                                               \
                                  (const struct sql_column[]){table(SQL_COLUMN, SQL_COLUMN, row){0}}}
#define SQL_NAMES(table)                          table(SQL_NAME_FIRST, SQL_NAME_NEXT, )
#define SQL_MARKS(table)                          table(SQL_MARK_FIRST, SQL_MARK_NEXT, )
#define SQL_NEW(table)                            table(SQL_MARK_NULL, SQL_MARK_NEXT, )

#define SQL_NAME_FIRST(row, type, column, member) #column
#define SQL_NAME_NEXT(row, type, column, member)  ", " #column
#define SQL_MARK_FIRST(row, type, column, member) ":" #column
#define SQL_MARK_NEXT(row, type, column, member)  ", :" #column
#define SQL_MARK_NULL(row, type, column, member)  "NULL"
#define SQL_COLUMN(row, type, column, member)                                                                \
    {SQL_##type, #column, _Generic(((row *)NULL)->member, SQL_C_##type : offsetof(row, member))},
#define SQL_C_NUMBER     int64_t
#define SQL_C_ID         int64_t
#define SQL_C_BOOLEAN    bool
#define SQL_C_TEXT       char *
#define SQL_C_BORROWED   const char *
#define SQL_C_LIST       strv
#define SQL_C_UID        uid_t
#define SQL_C_STATE      enum state
#define SQL_C_MEMBERSHIP enum membership_state
#define SQL_C_EVENT      enum outbox_event

/* As sql_run, with the parameters bound by their names (":user") from the row. */
int sql_write(struct store *store, const char *sql, const struct sql_rows *rows, const void *row);

/*
 * These take a statement, which may be NULL (-EIO), and release it.
 * The first row into *ret: 0, STORE_E_NONE, -errno.
 */
int sql_read(struct store *store, sqlite3_stmt *statement, const struct sql_rows *rows, void *ret);
/* All rows, as a new array for sql_free_all. 0 or -errno. */
int sql_read_all(struct store *store, sqlite3_stmt *statement, const struct sql_rows *rows, void *ret,
                 size_t *ret_count);
void sql_free_all(const struct sql_rows *rows, void *array, size_t count);
/* The first column of the first row; a text is new. STORE_E_NONE: no row, or null. */
int sql_read_number(struct store *store, sqlite3_stmt *statement, int64_t *ret);
int sql_read_text(struct store *store, sqlite3_stmt *statement, char **ret);

#define FIND_NUMBER(store, ret, ...) sql_read_number(store, sql_take(store, __VA_ARGS__), ret)
#define FIND_TEXT(store, ret, ...)   sql_read_text(store, sql_take(store, __VA_ARGS__), ret)

/* Calls `each` with the first column of every row; a result other than 0 stops and is returned. */
int sql_each_name(struct store *store, sqlite3_stmt *statement, store_each_name_fn each, void *data);

/*
 * Reads row by row: 1 with the next one in *row, which is zero before the first; 0 at the end; -errno. sql_end, then or
 * earlier, frees the row and releases the statement, which may be NULL.
 */
int sql_next(struct store *store, sqlite3_stmt *statement, const struct sql_rows *rows, void *row);
void sql_end(struct store *store, sqlite3_stmt *statement, const struct sql_rows *rows, void *row);

/* Ids of rows. sql_sort_ids: the newest first, each once. */
struct sql_ids {
    int64_t *items;
    size_t count;
};
#define _cleanup_ids_ __attribute__((cleanup(sql_ids_deinit)))
void sql_ids_deinit(struct sql_ids *ids);
int sql_collect(struct store *store, sqlite3_stmt *statement, struct sql_ids *ids);
int sql_add_id(struct sql_ids *ids, int64_t id);
void sql_sort_ids(struct sql_ids *ids);

/* ---- selected by several files ---- */

#define SQL_LIVE "state IN ('partially-fulfilled', 'fulfilled')"
/* Of an assignment: it is over, and since when. */
#define SQL_OVER    "state IN ('access-expired', 'revoked')"
#define SQL_OVER_AT "coalesce(nullif(ended, 0), end)"
/* Of a request: not approved before a store was put back that root has not accepted yet. */
#define SQL_MAY_BEGIN "id > (SELECT coalesce(max(request), 0) FROM unaccepted)"
#define SQL_PENDING   "state IN ('submitted', 'pending-approval')"

#define REQUEST_COLUMNS(F, N, S)                                                                             \
    F(S, NUMBER, id, id)                                                                                     \
    N(S, TEXT, package, package)                                                                             \
    N(S, TEXT, user, user)                                                                                   \
    N(S, UID, uid, requestor.uid)                                                                            \
    N(S, UID, loginuid, requestor.loginuid)                                                                  \
    N(S, TEXT, full_name, full_name)                                                                         \
    N(S, TEXT, organisation, organisation)                                                                   \
    N(S, STATE, state, state)                                                                                \
    N(S, TEXT, justification, justification)                                                                 \
    N(S, BOOLEAN, no_reason_given, no_reason_given)                                                          \
    N(S, TEXT, service, service)                                                                             \
    N(S, TEXT, host, host)                                                                                   \
    N(S, TEXT, address, address)                                                                             \
    N(S, TEXT, tty, tty)                                                                                     \
    N(S, BOOLEAN, origin_verified, origin_verified)                                                          \
    N(S, NUMBER, duration, duration)                                                                         \
    N(S, NUMBER, start, start)                                                                               \
    N(S, NUMBER, until, until)                                                                               \
    N(S, NUMBER, submitted, submitted)                                                                       \
    N(S, NUMBER, ended, ended)                                                                               \
    N(S, TEXT, cancel_reason, cancel_reason)                                                                 \
    N(S, NUMBER, stage, stage)                                                                               \
    N(S, NUMBER, n_stages, n_stages)                                                                         \
    N(S, NUMBER, deadline, deadline)                                                                         \
    N(S, NUMBER, escalate_at, escalate_at)                                                                   \
    N(S, NUMBER, remind_at, remind_at)                                                                       \
    N(S, ID, assignment, extends)                                                                            \
    N(S, NUMBER, granted, granted)                                                                           \
    N(S, BOOLEAN, waiting, waiting)                                                                          \
    N(S, BOOLEAN, assigned, assigned)                                                                        \
    N(S, BOOLEAN, at_gate, at_gate)                                                                          \
    N(S, TEXT, undecidable, undecidable)                                                                     \
    N(S, BOOLEAN, emergency, emergency)                                                                      \
    N(S, NUMBER, reviewed, reviewed)                                                                         \
    N(S, TEXT, groups, groups)                                                                               \
    N(S, TEXT, gids, gids)                                                                                   \
    N(S, TEXT, nonce, nonce)                                                                                 \
    N(S, BOOLEAN, local, local)

/* The column `assigned` is 2 when the separation of duties was overridden. */
#define REQUEST_ROW(F, N, S) REQUEST_COLUMNS(F, N, S) N(S, BOOLEAN, assigned = 2, overrides)
#define SELECT_REQUEST       "SELECT " SQL_NAMES(REQUEST_ROW) " FROM request"
#define FIND_REQUEST(store, ret, where, ...)                                                                 \
    sql_read(store, sql_take(store, SELECT_REQUEST where, __VA_ARGS__), &sql_requests, ret)
extern const struct sql_rows sql_requests;

#define ASSIGNMENT_COLUMNS(F, N, S)                                                                          \
    F(S, NUMBER, id, id)                                                                                     \
    N(S, ID, request, request)                                                                               \
    N(S, TEXT, package, package)                                                                             \
    N(S, TEXT, user, user)                                                                                   \
    N(S, UID, uid, uid)                                                                                      \
    N(S, STATE, state, state)                                                                                \
    N(S, NUMBER, start, span.start)                                                                          \
    N(S, NUMBER, end, span.end)                                                                              \
    N(S, NUMBER, duration, duration)                                                                         \
    N(S, NUMBER, until, until)                                                                               \
    N(S, BOOLEAN, extended, extended)                                                                        \
    N(S, NUMBER, attempts, attempts)                                                                         \
    N(S, NUMBER, retry_at, retry_at)                                                                         \
    N(S, BOOLEAN, begun, begun)                                                                              \
    N(S, NUMBER, warn_at, warn_at)                                                                           \
    N(S, NUMBER, ended, ended)                                                                               \
    N(S, TEXT, ended_by, ended_by)                                                                           \
    N(S, TEXT, end_reason, end_reason)                                                                       \
    N(S, NUMBER, notice_at, notice_at)                                                                       \
    N(S, BOOLEAN, held, held)                                                                                \
    N(S, NUMBER, first_used, use.first)                                                                      \
    N(S, NUMBER, last_used, use.last)

#define SELECT_ASSIGNMENT "SELECT " SQL_NAMES(ASSIGNMENT_COLUMNS) " FROM assignment"
#define FIND_ASSIGNMENT(store, ret, where, ...)                                                              \
    sql_read(store, sql_take(store, SELECT_ASSIGNMENT where, __VA_ARGS__), &sql_assignments, ret)
extern const struct sql_rows sql_assignments;
