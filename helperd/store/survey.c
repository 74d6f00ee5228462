/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's record of who can decide: escalations, requests that no approver can decide, and the walk over all. */
#include "helperd/store/sql.h"

int store_set_stage_times(struct store *store, int64_t request, int64_t escalate_at, int64_t remind_at)
{
    return sql_run(store, "UPDATE request SET escalate_at = ?, remind_at = ? WHERE id = ?", "iii",
                   escalate_at, remind_at, request);
}

int store_escalate(struct store *store, int64_t request, int64_t number, int64_t now)
{
    const int r = sql_run(store, "UPDATE stage SET escalated = ? WHERE request = ? AND number = ?", "iii",
                          now, request, number);
    return r < 0 ? r : sql_run(store, "UPDATE request SET escalate_at = 0 WHERE id = ?", "i", request);
}

int store_set_undecidable(struct store *store, int64_t request, const char *why)
{
    return sql_run(store, "UPDATE request SET undecidable = ? WHERE id = ?", "ti", why, request);
}

int store_next_pending(struct store *store, int64_t after, int64_t *ret)
{
    return FIND_NUMBER(store, ret, "SELECT min(id) FROM request WHERE state = 'pending-approval' AND id > ?",
                       "i", after);
}

int store_next_undecidable(struct store *store, int64_t after, int64_t *ret)
{
    return FIND_NUMBER(store, ret,
                       "SELECT min(id) FROM request WHERE state = 'pending-approval'"
                       " AND undecidable IS NOT NULL AND id > ?",
                       "i", after);
}

/* Left to itself SQLite looks at each pending request. */
int store_count_undecidable(struct store *store, int64_t *ret)
{
    return FIND_NUMBER(store, ret,
                       "SELECT count(*) FROM request INDEXED BY request_undecidable"
                       " WHERE state = 'pending-approval' AND undecidable IS NOT NULL",
                       "");
}

int store_count_unreviewed(struct store *store, int64_t *ret)
{
    return FIND_NUMBER(store, ret, "SELECT count(*) FROM request WHERE emergency = 1 AND reviewed = 0", "");
}
