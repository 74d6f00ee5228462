/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads rows into structs by a table of columns (sql.h), and rows of one column. sql_write is the inverse. */
#include "helperd/store/sql.h"

#include "common/wordlist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *column_text(sqlite3_stmt *statement, int index)
{
    return (const char *)sqlite3_column_text(statement, index);
}

/* False: no memory. */
static bool copy_string(const char *text, char **ret)
{
    *ret = text ? strdup(text) : NULL;
    return *ret || !text;
}

static bool copy_list(const char *text, strv *ret)
{
    *ret = wordlist_read(text ? text : "");
    return *ret;
}

static bool read_column(sqlite3_stmt *statement, int index, enum sql_type type, void *place)
{
    switch (type) {
    case SQL_NUMBER:
    case SQL_ID:
        *(int64_t *)place = sqlite3_column_int64(statement, index);
        return true;
    case SQL_BOOLEAN:
        *(bool *)place = sqlite3_column_int(statement, index);
        return true;
    case SQL_TEXT:
        return copy_string(column_text(statement, index), place);
    case SQL_BORROWED:
        *(const char **)place = column_text(statement, index);
        return true;
    case SQL_LIST:
        return copy_list(column_text(statement, index), place);
    case SQL_UID:
        *(uid_t *)place = sql_uid(statement, index);
        return true;
    case SQL_STATE:
        *(enum state *)place = state_from_identifier(column_text(statement, index));
        return true;
    case SQL_MEMBERSHIP:
        *(enum membership_state *)place = membership_state_from_text(column_text(statement, index));
        return true;
    case SQL_EVENT:
        *(enum outbox_event *)place = outbox_from_identifier(column_text(statement, index));
        return true;
    }
    return false;
}

/* Frees what the row owns. */
static void clear_row(const struct sql_rows *rows, void *row)
{
    for (const struct sql_column *column = rows->columns; column->name; column++) {
        void *place = (char *)row + column->offset;
        if (column->type == SQL_TEXT) {
            free(*(char **)place);
            *(char **)place = NULL;
        } else if (column->type == SQL_LIST) {
            strv_free(*(strv *)place);
            *(strv *)place = NULL;
        }
    }
}

static int copy_row(sqlite3_stmt *statement, const struct sql_rows *rows, void *row)
{
    bool copied = true;
    memset(row, 0, rows->size);
    for (int i = 0; rows->columns[i].name; i++)
        copied &= read_column(statement, i, rows->columns[i].type, (char *)row + rows->columns[i].offset);
    if (!copied)
        clear_row(rows, row);
    return copied ? 0 : -ENOMEM;
}

/* 1 with the next row, 0 after the last, -errno. Overwrites *row without freeing what it owned. */
static int step_row(struct store *store, sqlite3_stmt *statement, const struct sql_rows *rows, void *row)
{
    const int r = statement ? sql_step(store, statement) : -EIO;
    if (r <= 0)
        return r;
    return copy_row(statement, rows, row) < 0 ? store_fail(store, -ENOMEM) : 1;
}

int sql_read(struct store *store, sqlite3_stmt *statement, const struct sql_rows *rows, void *ret)
{
    const int r = step_row(store, statement, rows, ret);
    sql_release(store, statement);
    return r < 0 ? r : r > 0 ? 0 : STORE_E_NONE;
}

int sql_next(struct store *store, sqlite3_stmt *statement, const struct sql_rows *rows, void *row)
{
    clear_row(rows, row);
    return step_row(store, statement, rows, row);
}

void sql_end(struct store *store, sqlite3_stmt *statement, const struct sql_rows *rows, void *row)
{
    clear_row(rows, row);
    sql_release(store, statement);
}

int sql_read_all(struct store *store, sqlite3_stmt *statement, const struct sql_rows *rows, void *ret,
                 size_t *ret_count)
{
    void *array = NULL;
    size_t count = 0;
    int r = 1;
    while (r > 0) {
        void *grown = reallocarray(array, count + 1, rows->size);
        array = grown ? grown : array;
        r = grown ? step_row(store, statement, rows, (char *)array + count * rows->size)
                  : store_fail(store, -ENOMEM);
        count += r > 0;
    }
    sql_release(store, statement);
    if (r < 0 || count == 0) {
        sql_free_all(rows, array, count);
        array = NULL;
    }
    if (r < 0)
        return r;
    memcpy(ret, &array, sizeof(array)); /* *ret is a pointer to the struct's type */
    *ret_count = count;
    return 0;
}

void sql_free_all(const struct sql_rows *rows, void *array, size_t count)
{
    for (size_t i = 0; i < count; i++)
        clear_row(rows, (char *)array + i * rows->size);
    free(array);
}

/* ---- rows of one column ---- */

int sql_read_number(struct store *store, sqlite3_stmt *statement, int64_t *ret)
{
    int r = statement ? sql_step(store, statement) : -EIO;
    if (r > 0 && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *ret = sqlite3_column_int64(statement, 0);
    else if (r >= 0)
        r = STORE_E_NONE;
    sql_release(store, statement);
    return r == 1 ? 0 : r;
}

int sql_read_text(struct store *store, sqlite3_stmt *statement, char **ret)
{
    char *text = NULL;
    int r = statement ? sql_step(store, statement) : -EIO;
    if (r > 0 && !copy_string(column_text(statement, 0), &text))
        r = store_fail(store, -ENOMEM);
    sql_release(store, statement);
    if (r < 0)
        return r;
    if (!text)
        return STORE_E_NONE;
    *ret = text;
    return 0;
}

int sql_each_name(struct store *store, sqlite3_stmt *statement, store_each_name_fn each, void *data)
{
    int r;
    while ((r = statement ? sql_step(store, statement) : -EIO) > 0)
        if ((r = each(column_text(statement, 0), data)) != 0)
            break;
    sql_release(store, statement);
    return r;
}

/* ---- ids ---- */

void sql_ids_deinit(struct sql_ids *ids)
{
    free(ids->items);
}

int sql_add_id(struct sql_ids *ids, int64_t id)
{
    int64_t *grown = reallocarray(ids->items, ids->count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    ids->items = grown;
    ids->items[ids->count++] = id;
    return 0;
}

int sql_collect(struct store *store, sqlite3_stmt *statement, struct sql_ids *ids)
{
    int r;
    while ((r = statement ? sql_step(store, statement) : -EIO) > 0)
        if ((r = sql_add_id(ids, sqlite3_column_int64(statement, 0))) < 0)
            break;
    sql_release(store, statement);
    return r;
}

static int compare_newest_first(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left < right) - (left > right);
}

void sql_sort_ids(struct sql_ids *ids)
{
    size_t kept = 0;
    if (ids->count)
        qsort(ids->items, ids->count, sizeof(*ids->items), compare_newest_first);
    for (size_t i = 0; i < ids->count; i++)
        if (kept == 0 || ids->items[i] != ids->items[kept - 1])
            ids->items[kept++] = ids->items[i];
    ids->count = kept;
}
