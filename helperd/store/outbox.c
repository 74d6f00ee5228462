/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's outbox: notices on their way, and what says when the next one is written. */
#include "helperd/store/sql.h"

#include <errno.h>

#define COLUMNS                                                                                              \
    "id, event, request, assignment, turn, recipients, at, facts, done, attempts, failure, failed_at"

static int read_notice(sqlite3_stmt *s, void *ret)
{
    bool oom = false;
    struct notice notice = {
        .id = sqlite3_column_int64(s, 0),
        .event = outbox_from_identifier((const char *)sqlite3_column_text(s, 1)),
        .request = sqlite3_column_int64(s, 2),
        .assignment = sqlite3_column_int64(s, 3),
        .turn = sqlite3_column_int64(s, 4),
        .recipients = sql_text(s, 5, &oom),
        .at = sqlite3_column_int64(s, 6),
        .facts = sql_text(s, 7, &oom),
        .done = sql_text(s, 8, &oom),
        .attempts = sqlite3_column_int64(s, 9),
        .failure = sql_text(s, 10, &oom),
        .failed_at = sqlite3_column_int64(s, 11),
    };
    if (oom) {
        notice_deinit(&notice);
        return -ENOMEM;
    }
    *(struct notice *)ret = notice;
    return 0;
}

static int read_one(struct store *store, sqlite3_stmt *statement, struct notice *ret)
{
    return sql_read_one(store, statement, read_notice, ret);
}

int store_add_notice(struct store *store, struct notice *notice)
{
    const int r = sql_run(store,
                          "INSERT INTO outbox (event, request, assignment, turn, recipients, at, facts)"
                          " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                          "tiiitit", outbox_identifier(notice->event), notice->request, notice->assignment,
                          notice->turn, notice->recipients, notice->at, notice->facts);
    if (r == 0)
        notice->id = sqlite3_changes(store->database) > 0 ? sqlite3_last_insert_rowid(store->database) : 0;
    return r;
}

int store_next_notice(struct store *store, int64_t after, struct notice *ret)
{
    return read_one(
        store, sql_take(store, "SELECT " COLUMNS " FROM outbox WHERE id > ? ORDER BY id LIMIT 1", "i", after),
        ret);
}

int store_get_notice(struct store *store, int64_t id, struct notice *ret)
{
    return read_one(store, sql_take(store, "SELECT " COLUMNS " FROM outbox WHERE id = ?", "i", id), ret);
}

int store_update_notice(struct store *store, const struct notice *notice)
{
    return sql_run(store, "UPDATE outbox SET done = ?, attempts = ?, failure = ?, failed_at = ? WHERE id = ?",
                   "titii", notice->done, notice->attempts, notice->failure, notice->failed_at, notice->id);
}

int store_remove_notice(struct store *store, int64_t id)
{
    return sql_run(store, "DELETE FROM outbox WHERE id = ?", "i", id);
}

int store_remove_notices(struct store *store, int64_t last, int64_t *ret)
{
    const int r = sql_run(store, "DELETE FROM outbox WHERE id <= ?", "i", last);
    if (r == 0)
        *ret = sqlite3_changes(store->database);
    return r;
}

static int read_failure(struct store *store, struct notice_counts *counts)
{
    bool oom = false;
    sqlite3_stmt *s = sql_take(store,
                               "SELECT failure, failed_at FROM outbox WHERE failed_at > 0"
                               " ORDER BY failed_at DESC LIMIT 1",
                               "");
    if (!s)
        return -EIO;
    const int r = sql_step(store, s);
    if (r > 0) {
        counts->failure = sql_text(s, 0, &oom);
        counts->failed_at = sqlite3_column_int64(s, 1);
    }
    sql_release(store, s);
    return oom ? -ENOMEM : r < 0 ? r : 0;
}

int store_count_notices(struct store *store, struct notice_counts *ret)
{
    struct notice_counts counts = {0};
    sqlite3_stmt *s = sql_take(store, "SELECT count(*), coalesce(min(at), 0) FROM outbox", "");
    if (!s)
        return -EIO;
    int r = sql_step(store, s);
    if (r > 0) {
        counts.waiting = sqlite3_column_int64(s, 0);
        counts.oldest = sqlite3_column_int64(s, 1);
    }
    sql_release(store, s);
    r = r < 0 ? r : read_failure(store, &counts);
    if (r == 0)
        *ret = counts;
    return r;
}

int store_set_reminder(struct store *store, int64_t request, int64_t at)
{
    return sql_run(store, "UPDATE request SET remind_at = ? WHERE id = ?", "ii", at, request);
}

int store_note_told(struct store *store, int64_t assignment, enum state state, bool *ret_news)
{
    const int r = sql_run(store, "UPDATE assignment SET told = ?1 WHERE id = ?2 AND told IS NOT ?1", "ti",
                          state_identifier(state), assignment);
    if (r == 0)
        *ret_news = sqlite3_changes(store->database) > 0;
    return r;
}
