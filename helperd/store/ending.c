/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's live sessions to end, and when the next chore for the root service is due. */
#include "helperd/store/sql.h"

#include <stdlib.h>

#define ENDING_COLUMNS(F, N, S)                                                                              \
    F(S, NUMBER, assignment, assignment)                                                                     \
    N(S, TEXT, services, services)                                                                           \
    N(S, NUMBER, attempts, attempts)                                                                         \
    N(S, NUMBER, retry_at, retry_at)                                                                         \
    N(S, TEXT, problem, problem)                                                                             \
    N(S, TEXT, remaining, remaining)
#define SELECT_ENDING "SELECT " SQL_NAMES(ENDING_COLUMNS) " FROM ending"
static SQL_ROWS(endings, struct ending, ENDING_COLUMNS);

void ending_deinit(struct ending *ending)
{
    free(ending->services);
    free(ending->problem);
    free(ending->remaining);
    *ending = (struct ending){0};
}

int store_put_ending(struct store *store, const struct ending *ending)
{
    return sql_write(store,
                     "INSERT OR REPLACE INTO ending (" SQL_NAMES(ENDING_COLUMNS) ") VALUES (" SQL_MARKS(
                         ENDING_COLUMNS) ")",
                     &endings, ending);
}

int store_get_ending(struct store *store, int64_t assignment, struct ending *ret)
{
    return sql_read(store, sql_take(store, SELECT_ENDING " WHERE assignment = ?", "i", assignment), &endings,
                    ret);
}

int store_find_due_ending(struct store *store, int64_t now, struct ending *ret)
{
    return sql_read(store,
                    sql_take(store,
                             SELECT_ENDING " WHERE retry_at > 0 AND retry_at <= ?"
                                           " ORDER BY retry_at LIMIT 1",
                             "i", now),
                    &endings, ret);
}

int store_find_ready_ending(struct store *store, int64_t now, struct ending *ret)
{
    return sql_read(
        store,
        sql_take(store,
                 SELECT_ENDING
                 " WHERE retry_at > 0 AND retry_at <= ? AND NOT EXISTS (SELECT 1 FROM assignment a"
                 "  JOIN membership m ON m.user = a.user WHERE a.id = ending.assignment"
                 "  AND m.retry_at > 0 AND m.problem IS NULL) ORDER BY retry_at LIMIT 1",
                 "i", now),
        &endings, ret);
}

int store_hasten_retries(struct store *store, int64_t now)
{
    static const char memberships[] =
        "UPDATE membership SET retry_at = ?1 WHERE retry_at > 0 AND retry_at > ?1";
    static const char ends[] = "UPDATE ending SET retry_at = ?1 WHERE retry_at > 0 AND retry_at > ?1";
    static const char assignments[] =
        "UPDATE assignment SET retry_at = ?1 WHERE state = 'partially-fulfilled' AND retry_at > 0"
        " AND retry_at > ?1";
    static const char *const updates[] = {memberships, ends, assignments};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(updates) / sizeof(updates[0]); i++)
        r = sql_run(store, updates[i], "i", now);
    return r;
}

int store_next_chore(struct store *store, int64_t *ret)
{
    return FIND_NUMBER(store, ret,
                       "SELECT coalesce(min(t), 0) FROM ("
                       " SELECT min(retry_at) AS t FROM membership WHERE retry_at > 0"
                       " UNION ALL SELECT min(retry_at) FROM ending WHERE retry_at > 0"
                       " UNION ALL SELECT min(warn_at) FROM assignment WHERE " SQL_LIVE " AND warn_at > 0)",
                       "");
}
