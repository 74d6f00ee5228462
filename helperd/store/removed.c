/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds assignments of, and waiting requests for, a package that is removed from packages.d. */
#include "helperd/store/sql.h"

int store_find_live_assignment_of_package(struct store *store, const char *package, struct assignment *ret)
{
    return FIND_ASSIGNMENT(store, ret, " WHERE package = ? AND " SQL_LIVE " LIMIT 1", "t", package);
}

int store_find_waiting_request_of_package(struct store *store, const char *package, struct request *ret)
{
    return FIND_REQUEST(store, ret, " WHERE package = ? AND waiting = 1 LIMIT 1", "t", package);
}

int store_each_waiting_of_package(struct store *store, const char *package, int64_t limit,
                                  store_each_request_fn each, void *data)
{
    sqlite3_stmt *s =
        sql_take(store, SELECT_REQUEST " WHERE package = ? AND waiting = 1 LIMIT ?", "ti", package, limit);
    struct request request = {0};
    int r;
    while ((r = sql_next(store, s, &sql_requests, &request)) > 0)
        if ((r = each(&request, data)) != 0)
            break;
    sql_end(store, s, &sql_requests, &request);
    return r;
}
