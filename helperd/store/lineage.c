/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far the store is, by its numbers and its epochs; that it is not what was known on the host. */
#include "helperd/store/sql.h"

#define NUMBER_COLUMNS(F, N, S)                                                                              \
    F(S, NUMBER, coalesce(max(seq) FILTER(WHERE name = 'audit'), 0), audit)                                  \
    N(S, NUMBER, coalesce(max(seq) FILTER(WHERE name = 'request'), 0), request)                              \
    N(S, NUMBER, coalesce(max(seq) FILTER(WHERE name = 'assignment'), 0), assignment)
static SQL_ROWS(numbers, struct store_numbers, NUMBER_COLUMNS);

int store_get_numbers(struct store *store, struct store_numbers *ret)
{
    return sql_read(store, sql_take(store, "SELECT " SQL_NAMES(NUMBER_COLUMNS) " FROM sqlite_sequence", ""),
                    &numbers, ret);
}

static int raise_one(struct store *store, const char *table, int64_t least)
{
    const int r = sql_run(store,
                          "INSERT INTO sqlite_sequence (name, seq) SELECT ?1, 0 WHERE NOT EXISTS"
                          " (SELECT 1 FROM sqlite_sequence WHERE name = ?1)",
                          "t", table);
    return r < 0 ? r
                 : sql_run(store, "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", "it", least,
                           table);
}

int store_raise_numbers(struct store *store, const struct store_numbers *least)
{
    int r = raise_one(store, "audit", least->audit);
    if (r == 0)
        r = raise_one(store, "request", least->request);
    return r < 0 ? r : raise_one(store, "assignment", least->assignment);
}

int store_get_unaccepted(struct store *store, char **ret_why, int64_t *ret_request)
{
    const int r = FIND_TEXT(store, ret_why, "SELECT why FROM unaccepted LIMIT 1", "");
    return r != 0 ? r : FIND_NUMBER(store, ret_request, "SELECT max(request) FROM unaccepted", "");
}

int store_set_unaccepted(struct store *store, const char *why, int64_t now, int64_t request)
{
    const int r = sql_run(store, "DELETE FROM unaccepted", "");
    return r < 0 ? r : sql_run(store, "INSERT INTO unaccepted VALUES (?, ?, ?)", "tii", why, now, request);
}

int store_accept(struct store *store)
{
    return sql_run(store, "DELETE FROM unaccepted", "");
}

int store_forget_publications(struct store *store)
{
    return sql_run(store, "DELETE FROM publication", "");
}

int store_count_held(struct store *store, int64_t *ret)
{
    return FIND_NUMBER(
        store, ret, "SELECT count(*) FROM assignment WHERE held = 1 AND state = 'partially-fulfilled'", "");
}

int store_count_adopted(struct store *store, int64_t *ret)
{
    return FIND_NUMBER(store, ret, "SELECT count(*) FROM assignment WHERE request IS NULL AND " SQL_LIVE, "");
}

int store_count_waiting(struct store *store, int64_t *ret)
{
    return FIND_NUMBER(store, ret, "SELECT count(*) FROM request WHERE waiting = 1", "");
}

int store_find_epoch(struct store *store, const char *name)
{
    return FIND_NUMBER(store, &(int64_t){0}, "SELECT 1 FROM epoch WHERE name = ? LIMIT 1", "t", name);
}

/* Before the present one, which has the highest number. */
int store_know_epoch(struct store *store, const char *name)
{
    return sql_run(store,
                   "INSERT INTO epoch (number, name, begun) SELECT (SELECT min(number) - 1 FROM epoch), ?1, 0"
                   " WHERE NOT EXISTS (SELECT 1 FROM epoch WHERE name = ?1)",
                   "t", name);
}

int store_get_origin(struct store *store, char **ret)
{
    return FIND_TEXT(store, ret, "SELECT host FROM origin LIMIT 1", "");
}

int store_set_origin(struct store *store, const char *host)
{
    const int r = sql_run(store, "DELETE FROM origin", "");
    return r < 0 ? r : sql_run(store, "INSERT INTO origin VALUES (?)", "t", host);
}
