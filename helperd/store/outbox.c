/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's outbox: notices that wait, and what is recorded to plan the next ones. */
#include "helperd/store/sql.h"

#define NOTICE_COLUMNS(F, N, S)                                                                              \
    F(S, NUMBER, id, id)                                                                                     \
    N(S, EVENT, event, event)                                                                                \
    N(S, NUMBER, request, request)                                                                           \
    N(S, NUMBER, assignment, assignment)                                                                     \
    N(S, NUMBER, turn, turn)                                                                                 \
    N(S, TEXT, recipients, recipients)                                                                       \
    N(S, NUMBER, at, at)                                                                                     \
    N(S, TEXT, facts, facts)                                                                                 \
    N(S, TEXT, done, done)                                                                                   \
    N(S, NUMBER, attempts, attempts)                                                                         \
    N(S, TEXT, failure, failure)                                                                             \
    N(S, NUMBER, failed_at, failed_at)
#define SELECT_NOTICE "SELECT " SQL_NAMES(NOTICE_COLUMNS) " FROM outbox"
static SQL_ROWS(notices, struct notice, NOTICE_COLUMNS);

int store_add_notice(struct store *store, struct notice *notice)
{
    const int r = sql_write(store,
                            "INSERT INTO outbox (event, request, assignment, turn, recipients, at, facts)"
                            " VALUES (:event, :request, :assignment, :turn, :recipients, :at, :facts)"
                            " ON CONFLICT DO NOTHING",
                            &notices, notice);
    if (r == 0)
        notice->id = sqlite3_changes(store->database) > 0 ? sqlite3_last_insert_rowid(store->database) : 0;
    return r;
}

int store_next_notice(struct store *store, int64_t after, struct notice *ret)
{
    return sql_read(store, sql_take(store, SELECT_NOTICE " WHERE id > ? ORDER BY id LIMIT 1", "i", after),
                    &notices, ret);
}

int store_get_notice(struct store *store, int64_t id, struct notice *ret)
{
    return sql_read(store, sql_take(store, SELECT_NOTICE " WHERE id = ?", "i", id), &notices, ret);
}

int store_update_notice(struct store *store, const struct notice *notice)
{
    return sql_write(store,
                     "UPDATE outbox SET done = :done, attempts = :attempts, failure = :failure,"
                     " failed_at = :failed_at WHERE id = :id",
                     &notices, notice);
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

#define COUNT_COLUMNS(F, N, S)                                                                               \
    F(S, NUMBER, count(*), waiting)                                                                          \
    N(S, NUMBER, coalesce(min(at), 0), oldest)                                                               \
    N(S, TEXT, (SELECT failure FROM outbox WHERE failed_at > 0 ORDER BY failed_at DESC LIMIT 1), failure)    \
    N(S, NUMBER, (SELECT max(failed_at) FROM outbox WHERE failed_at > 0), failed_at)
static SQL_ROWS(counts, struct notice_counts, COUNT_COLUMNS);

int store_count_notices(struct store *store, struct notice_counts *ret)
{
    return sql_read(store, sql_take(store, "SELECT " SQL_NAMES(COUNT_COLUMNS) " FROM outbox", ""), &counts,
                    ret);
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
