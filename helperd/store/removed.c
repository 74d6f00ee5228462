/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's questions about one package, whoever has it: for one that was removed from packages.d. */
#include "helperd/store/sql.h"

#include <errno.h>

static int read_id(struct store *store, sqlite3_stmt *statement, int64_t *ret)
{
    if (!statement)
        return -EIO;
    const int r = sql_step(store, statement);
    if (r > 0)
        *ret = sqlite3_column_int64(statement, 0);
    sql_release(store, statement);
    return r > 0 ? 0 : r < 0 ? r : STORE_E_NONE;
}

int store_find_live_assignment_of_package(struct store *store, const char *package, struct assignment *ret)
{
    int64_t id = 0;
    const int r = read_id(store,
                          sql_take(store,
                                   "SELECT id FROM assignment WHERE package = ?"
                                   " AND state IN ('partially-fulfilled', 'fulfilled') LIMIT 1",
                                   "t", package),
                          &id);
    return r == 0 ? store_get_assignment(store, id, ret) : r;
}

int store_find_waiting_request_of_package(struct store *store, const char *package, struct request *ret)
{
    int64_t id = 0;
    const int r = read_id(
        store,
        sql_take(store, "SELECT id FROM request WHERE package = ? AND waiting = 1 LIMIT 1", "t", package),
        &id);
    return r == 0 ? store_get_request(store, id, ret) : r;
}
