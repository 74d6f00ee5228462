/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds any assignment of, or waiting request for, a package that was removed from packages.d. */
#include "helperd/store/sql.h"

int store_find_live_assignment_of_package(struct store *store, const char *package, struct assignment *ret)
{
    return FIND_ASSIGNMENT(store, ret, " WHERE package = ? AND " SQL_LIVE " LIMIT 1", "t", package);
}

int store_find_waiting_request_of_package(struct store *store, const char *package, struct request *ret)
{
    return FIND_REQUEST(store, ret, " WHERE package = ? AND waiting = 1 LIMIT 1", "t", package);
}
