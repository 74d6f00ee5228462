/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the store keeps of who can decide: escalations, requests that nobody can decide, and the walk over all. */
#include "helperd/store/sql.h"

#include <errno.h>

int store_set_escalation(struct store *store, int64_t request, int64_t at)
{
    return sql_run(store, "UPDATE request SET escalate_at = ? WHERE id = ?", "ii", at, request);
}

int store_escalate(struct store *store, int64_t request, int64_t number, int64_t now)
{
    const int r = sql_run(store, "UPDATE stage SET escalated = ? WHERE request = ? AND number = ?", "iii",
                          now, request, number);
    return r < 0 ? r : store_set_escalation(store, request, 0);
}

int store_set_undecidable(struct store *store, int64_t request, const char *why)
{
    return sql_run(store, "UPDATE request SET undecidable = ? WHERE id = ?", "ti", why, request);
}

static int read_number(struct store *store, sqlite3_stmt *statement, int64_t *ret)
{
    if (!statement)
        return -EIO;
    const int r = sql_step(store, statement);
    if (r > 0)
        *ret = sqlite3_column_int64(statement, 0);
    sql_release(store, statement);
    return r < 0 ? r : 0;
}

int store_next_pending(struct store *store, int64_t after, int64_t *ret)
{
    int64_t id = 0;
    const int r = read_number(
        store,
        sql_take(store,
                 "SELECT coalesce(min(id), 0) FROM request WHERE state = 'pending-approval' AND id > ?", "i",
                 after),
        &id);
    if (r == 0 && id)
        *ret = id;
    return r < 0 || id ? r : STORE_E_NONE;
}

int store_next_undecidable(struct store *store, int64_t after, int64_t *ret)
{
    int64_t id = 0;
    const int r =
        read_number(store,
                    sql_take(store,
                             "SELECT coalesce(min(id), 0) FROM request WHERE state = 'pending-approval'"
                             " AND undecidable IS NOT NULL AND id > ?",
                             "i", after),
                    &id);
    if (r == 0 && id)
        *ret = id;
    return r < 0 || id ? r : STORE_E_NONE;
}

int store_count_undecidable(struct store *store, int64_t *ret)
{
    return read_number(store,
                       sql_take(store,
                                "SELECT count(*) FROM request WHERE state = 'pending-approval'"
                                " AND undecidable IS NOT NULL",
                                ""),
                       ret);
}

int store_count_unreviewed(struct store *store, int64_t *ret)
{
    return read_number(
        store, sql_take(store, "SELECT count(*) FROM request WHERE emergency = 1 AND reviewed = 0", ""), ret);
}
