/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's memberships in groups of /etc/group (membership = files). */
#include "helperd/store/sql.h"

#include <errno.h>

#define COLUMNS "m.user, m.name, m.gid, m.state, m.ours, m.attempts, m.retry_at, m.problem"

static int read_membership(sqlite3_stmt *s, void *ret)
{
    bool oom = false;
    struct membership membership = {
        .user = sql_text(s, 0, &oom),
        .group = sql_text(s, 1, &oom),
        .gid = (gid_t)sql_uid(s, 2),
        .state = membership_state_from_text((const char *)sqlite3_column_text(s, 3)),
        .ours = sqlite3_column_int(s, 4),
        .attempts = sqlite3_column_int64(s, 5),
        .retry_at = sqlite3_column_int64(s, 6),
        .problem = sql_text(s, 7, &oom),
    };
    if (oom) {
        membership_deinit(&membership);
        return -ENOMEM;
    }
    *(struct membership *)ret = membership;
    return 0;
}

static int read_one(struct store *store, sqlite3_stmt *statement, struct membership *ret)
{
    return sql_read_one(store, statement, read_membership, ret);
}

int store_get_membership(struct store *store, const char *user, const char *group, struct membership *ret)
{
    return read_one(store,
                    sql_take(store, "SELECT " COLUMNS " FROM membership m WHERE m.user = ? AND m.name = ?",
                             "tt", user, group),
                    ret);
}

int store_put_membership(struct store *store, const struct membership *membership)
{
    if (membership->state == MEMBERSHIP_NONE)
        return sql_run(store, "DELETE FROM membership WHERE user = ? AND name = ?", "tt", membership->user,
                       membership->group);
    return sql_run(store, "INSERT OR REPLACE INTO membership VALUES (?, ?, ?, ?, ?, ?, ?, ?)", "ttutiiit",
                   membership->user, membership->group, (uid_t)membership->gid,
                   membership_state_text(membership->state), (int64_t)membership->ours, membership->attempts,
                   membership->retry_at, membership->problem);
}

int store_due_membership(struct store *store, int64_t now, struct membership *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " COLUMNS " FROM membership m WHERE m.retry_at > 0 AND m.retry_at <= ?"
                             " ORDER BY m.retry_at LIMIT 1",
                             "i", now),
                    ret);
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

int store_user_gets_group(struct store *store, const char *user, const char *group, int64_t but,
                          bool *ret_gets)
{
    int64_t count = 0;
    const int r = read_number(
        store,
        sql_take(store,
                 "SELECT count(*) FROM assignment a JOIN \"grant\" g ON g.assignment = a.id AND g.name = ?"
                 " WHERE a.user = ? AND a.id <> ? AND g.live = 1"
                 " AND a.state IN ('partially-fulfilled', 'fulfilled')",
                 "tti", group, user, but),
        &count);
    if (r == 0)
        *ret_gets = count > 0;
    return r;
}

int store_find_membership_under_way(struct store *store, const char *user, struct membership *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " COLUMNS " FROM membership m WHERE m.user = ? AND m.retry_at > 0"
                             " AND m.problem IS NULL LIMIT 1",
                             "t", user),
                    ret);
}

int store_find_membership_left(struct store *store, const char *user, struct membership *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " COLUMNS " FROM membership m WHERE m.user = ? AND m.state = 'removing'"
                             " LIMIT 1",
                             "t", user),
                    ret);
}

int store_find_any_membership_under_way(struct store *store, struct membership *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " COLUMNS " FROM membership m WHERE m.retry_at > 0"
                             " AND m.problem IS NULL LIMIT 1",
                             ""),
                    ret);
}

int store_each_membership_of_group(struct store *store, const char *group, store_each_membership_fn each,
                                   void *data)
{
    sqlite3_stmt *s =
        sql_take(store, "SELECT " COLUMNS " FROM membership m WHERE m.name = ? ORDER BY m.user", "t", group);
    if (!s)
        return -EIO;
    int r;
    while ((r = sql_step(store, s)) > 0) {
        struct membership membership = {0};
        r = read_membership(s, &membership);
        if (r == 0)
            r = each(&membership, data);
        membership_deinit(&membership);
        if (r != 0)
            break;
    }
    sql_release(store, s);
    return r;
}

int store_each_membership_group(struct store *store, store_each_name each, void *data)
{
    return sql_each_name(store, sql_take(store, "SELECT DISTINCT name FROM membership", ""), each, data);
}

int store_find_without_membership(struct store *store, int64_t after, int64_t *ret)
{
    int64_t id = 0;
    const int r = read_number(
        store,
        sql_take(store,
                 "SELECT a.id FROM assignment a NOT INDEXED CROSS JOIN \"grant\" g ON g.assignment = a.id"
                 " WHERE a.id > ? AND a.state IN ('partially-fulfilled', 'fulfilled') AND g.live = 1"
                 " AND g.problem IS NULL"
                 " AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.user = a.user AND m.name = g.name)"
                 " ORDER BY a.id LIMIT 1",
                 "i", after),
        &id);
    if (r == 0 && id)
        *ret = id;
    return r < 0 || id ? r : STORE_E_NONE;
}

int store_count_memberships_left(struct store *store, int64_t *ret)
{
    return read_number(store,
                       sql_take(store,
                                "SELECT count(*) FROM membership WHERE retry_at > 0 AND state = 'removing'"
                                " AND problem IS NOT NULL",
                                ""),
                       ret);
}
