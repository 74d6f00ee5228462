/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Locks of users, as far as they are recorded, and what a locked user has. */
#include "helperd/store/locked.h"

#include "helperd/store/sql.h"

#include <stdlib.h>

void locked_deinit(struct locked *locked)
{
    free(locked->user);
    free(locked->id);
    *locked = (struct locked){0};
}

#define LOCKED_COLUMNS(F, N, S)                                                                              \
    F(S, TEXT, user, user)                                                                                   \
    N(S, TEXT, id, id)                                                                                       \
    N(S, BOOLEAN, lifted, lifted)
#define SELECT_LOCKED "SELECT " SQL_NAMES(LOCKED_COLUMNS) " FROM locked"
static SQL_ROWS(rows, struct locked, LOCKED_COLUMNS);

int store_put_locked(struct store *store, const struct locked *locked)
{
    return sql_write(store,
                     "INSERT OR REPLACE INTO locked (" SQL_NAMES(LOCKED_COLUMNS) ") VALUES (" SQL_MARKS(
                         LOCKED_COLUMNS) ")",
                     &rows, locked);
}

int store_get_locked(struct store *store, const char *user, struct locked *ret)
{
    return sql_read(store, sql_take(store, SELECT_LOCKED " WHERE user = ?", "t", user), &rows, ret);
}

int store_next_locked(struct store *store, const char *after, struct locked *ret)
{
    return sql_read(store, sql_take(store, SELECT_LOCKED " WHERE user > ? ORDER BY user LIMIT 1", "t", after),
                    &rows, ret);
}

int store_remove_locked(struct store *store, const char *user)
{
    return sql_run(store, "DELETE FROM locked WHERE user = ?", "t", user);
}

int store_find_assignment_of_either(struct store *store, const char *user, uid_t uid, struct assignment *ret)
{
    const int r = FIND_ASSIGNMENT(store, ret, " WHERE user = ? AND " SQL_LIVE " LIMIT 1", "t", user);
    return r == STORE_E_NONE
               ? FIND_ASSIGNMENT(store, ret, " WHERE uid = ? AND " SQL_LIVE " LIMIT 1", "u", uid)
               : r;
}

int store_find_request_of_either(struct store *store, const char *user, uid_t uid, struct request *ret)
{
    int r = FIND_REQUEST(store, ret, " WHERE user = ? AND " SQL_PENDING " LIMIT 1", "t", user);
    if (r == STORE_E_NONE)
        r = FIND_REQUEST(store, ret, " WHERE user = ? AND waiting = 1 LIMIT 1", "t", user);
    if (r == STORE_E_NONE)
        r = FIND_REQUEST(store, ret, " WHERE uid = ? AND " SQL_PENDING " LIMIT 1", "u", uid);
    if (r == STORE_E_NONE)
        r = FIND_REQUEST(store, ret, " WHERE uid = ? AND waiting = 1 LIMIT 1", "u", uid);
    return r;
}
