/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users whose grant files may not say yet what the store says. */
#include "helperd/store/sql.h"

struct publication {
    const char *user;
    bool narrows;
};
#define PUBLICATION_COLUMNS(F, N, S) F(S, BORROWED, user, user) N(S, BOOLEAN, narrows, narrows)
static SQL_ROWS(publications, struct publication, PUBLICATION_COLUMNS);

int store_add_publication(struct store *store, const char *user, bool narrows)
{
    return sql_run(store,
                   "INSERT INTO publication VALUES (?, ?) ON CONFLICT (user) DO UPDATE SET narrows ="
                   " max(narrows, excluded.narrows)",
                   "ti", user, (int64_t)narrows);
}

int store_remove_publication(struct store *store, const char *user)
{
    return sql_run(store, "DELETE FROM publication WHERE user = ?", "t", user);
}

static int each_publication(struct store *store, sqlite3_stmt *s, store_each_publication_fn each, void *data)
{
    struct publication publication = {0};
    int r;
    while ((r = sql_next(store, s, &publications, &publication)) > 0)
        if ((r = each(publication.user, publication.narrows, data)) != 0)
            break;
    sql_end(store, s, &publications, &publication);
    return r;
}

int store_each_publication(struct store *store, store_each_publication_fn each, void *data)
{
    /* Narrowing first: it must be in place before the daemon reports that it is ready. Not one sorted list: after a crash
     * there may be as many as holders, and it would stand in memory. */
    static const char narrowing[] = "SELECT user, narrows FROM publication WHERE narrows ORDER BY user";
    static const char widening[] = "SELECT user, narrows FROM publication WHERE NOT narrows ORDER BY user";
    const int r = each_publication(store, sql_take(store, narrowing, ""), each, data);
    return r != 0 ? r : each_publication(store, sql_take(store, widening, ""), each, data);
}
