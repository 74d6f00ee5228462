/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the store's files share: prepared statements by their text, binding and reading. Included by store*.c
 * only.
 */
#pragma once

#include "helperd/store/store.h"

#include <sqlite3.h>

enum { STORE_CACHE = 200 };

struct store {
    sqlite3 *database;
    struct {
        const char *sql; /* a string literal: found by its address */
        sqlite3_stmt *statement;
    } cache[STORE_CACHE];
    bool in_transaction;
    int failed; /* the first fault of this transaction: nothing is read or written any more; 0: none */
};

/*
 * A statement ready to be stepped, its parameters bound by `format`:
 *   i int64_t · t const char * (NULL: null) · u uid_t (UID_UNSET: null) · z int64_t (0: null)
 * NULL (logged) when that fails. Give it back with sql_release.
 */
sqlite3_stmt *sql_take(struct store *store, const char *sql, const char *format, ...);
void sql_release(struct store *store, sqlite3_stmt *statement);

/* 1: a row; 0: done; -EIO (logged). */
int sql_step(struct store *store, sqlite3_stmt *statement);

/* The first row by `read`, which copies it into *ret: 0 or -ENOMEM; releases. 0, STORE_E_NONE, -errno; -EIO where the
 * statement is NULL. */
typedef int sql_read(sqlite3_stmt *row, void *ret);
int sql_read_one(struct store *store, sqlite3_stmt *statement, sql_read *read, void *ret);

/* Takes, steps to the end, releases: for statements without rows. 0 or -errno. */
int sql_run(struct store *store, const char *sql, const char *format, ...);

/* Calls `each` with the first column of every row, until it returns non-zero (returned); releases. */
int sql_each_name(struct store *store, sqlite3_stmt *statement, store_each_name each, void *data);

/* A copy of a text column; NULL for null. *oom is set when there is no memory. */
char *sql_text(sqlite3_stmt *statement, int column, bool *oom);
uid_t sql_uid(sqlite3_stmt *statement, int column);
