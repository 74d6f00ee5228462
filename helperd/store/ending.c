/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's ends of live sessions, and the clock of all that the root service is asked for. */
#include "helperd/store/sql.h"

#include <errno.h>
#include <stdlib.h>

#define COLUMNS "e.assignment, e.services, e.attempts, e.retry_at, e.problem, e.remaining"

void ending_deinit(struct ending *ending)
{
    free(ending->services);
    free(ending->problem);
    free(ending->remaining);
    *ending = (struct ending){0};
}

static int read_ending(sqlite3_stmt *s, void *ret)
{
    bool oom = false;
    struct ending ending = {
        .assignment = sqlite3_column_int64(s, 0),
        .services = sql_text(s, 1, &oom),
        .attempts = sqlite3_column_int64(s, 2),
        .retry_at = sqlite3_column_int64(s, 3),
        .problem = sql_text(s, 4, &oom),
        .remaining = sql_text(s, 5, &oom),
    };
    if (oom) {
        ending_deinit(&ending);
        return -ENOMEM;
    }
    *(struct ending *)ret = ending;
    return 0;
}

static int read_one(struct store *store, sqlite3_stmt *statement, struct ending *ret)
{
    return sql_read_one(store, statement, read_ending, ret);
}

int store_put_ending(struct store *store, const struct ending *ending)
{
    return sql_run(store, "INSERT OR REPLACE INTO ending VALUES (?, ?, ?, ?, ?, ?)", "itiitt",
                   ending->assignment, ending->services, ending->attempts, ending->retry_at, ending->problem,
                   ending->remaining);
}

int store_get_ending(struct store *store, int64_t assignment, struct ending *ret)
{
    return read_one(
        store, sql_take(store, "SELECT " COLUMNS " FROM ending e WHERE e.assignment = ?", "i", assignment),
        ret);
}

int store_due_ending(struct store *store, int64_t now, struct ending *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " COLUMNS " FROM ending e WHERE e.retry_at > 0 AND e.retry_at <= ?"
                             " ORDER BY e.retry_at LIMIT 1",
                             "i", now),
                    ret);
}

int store_hasten(struct store *store, int64_t now)
{
    int r =
        sql_run(store, "UPDATE membership SET retry_at = ?1 WHERE retry_at > 0 AND retry_at > ?1", "i", now);
    if (r == 0)
        r = sql_run(store, "UPDATE ending SET retry_at = ?1 WHERE retry_at > 0 AND retry_at > ?1", "i", now);
    if (r == 0)
        r = sql_run(store,
                    "UPDATE assignment SET retry_at = ?1 WHERE state = 'partially-fulfilled' AND retry_at > 0"
                    " AND retry_at > ?1",
                    "i", now);
    return r;
}

int store_next_chore(struct store *store, int64_t *ret)
{
    sqlite3_stmt *s = sql_take(store,
                               "SELECT coalesce(min(t), 0) FROM ("
                               " SELECT min(retry_at) AS t FROM membership WHERE retry_at > 0"
                               " UNION ALL SELECT min(retry_at) FROM ending WHERE retry_at > 0"
                               " UNION ALL SELECT min(warn_at) FROM assignment"
                               "  WHERE state IN ('partially-fulfilled', 'fulfilled') AND warn_at > 0)",
                               "");
    if (!s)
        return -EIO;
    const int r = sql_step(store, s);
    if (r > 0)
        *ret = sqlite3_column_int64(s, 0);
    sql_release(store, s);
    return r < 0 ? r : 0;
}
