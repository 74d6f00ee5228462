/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's memberships in groups of /etc/group (membership = files). */
#include "helperd/store/sql.h"

#define MEMBERSHIP_COLUMNS(F, N, S)                                                                          \
    F(S, TEXT, user, user)                                                                                   \
    N(S, TEXT, name, group)                                                                                  \
    N(S, UID, gid, gid)                                                                                      \
    N(S, MEMBERSHIP, state, state)                                                                           \
    N(S, BOOLEAN, ours, ours)                                                                                \
    N(S, NUMBER, attempts, attempts)                                                                         \
    N(S, NUMBER, retry_at, retry_at)                                                                         \
    N(S, TEXT, problem, problem)
#define SELECT_MEMBERSHIP "SELECT " SQL_NAMES(MEMBERSHIP_COLUMNS) " FROM membership"
#define FIND_MEMBERSHIP(store, ret, where, ...)                                                              \
    sql_read(store, sql_take(store, SELECT_MEMBERSHIP where, __VA_ARGS__), &memberships, ret)
static SQL_ROWS(memberships, struct membership, MEMBERSHIP_COLUMNS);

int store_get_membership(struct store *store, const char *user, const char *group, struct membership *ret)
{
    return FIND_MEMBERSHIP(store, ret, " WHERE user = ? AND name = ?", "tt", user, group);
}

int store_put_membership(struct store *store, const struct membership *membership)
{
    if (membership->state == MEMBERSHIP_NONE)
        return sql_run(store, "DELETE FROM membership WHERE user = ? AND name = ?", "tt", membership->user,
                       membership->group);
    return sql_write(store,
                     "INSERT OR REPLACE INTO membership (" SQL_NAMES(
                         MEMBERSHIP_COLUMNS) ") VALUES (" SQL_MARKS(MEMBERSHIP_COLUMNS) ")",
                     &memberships, membership);
}

int store_find_due_membership(struct store *store, int64_t now, struct membership *ret)
{
    return FIND_MEMBERSHIP(store, ret, " WHERE retry_at > 0 AND retry_at <= ? ORDER BY retry_at LIMIT 1", "i",
                           now);
}

int store_find_due_removal(struct store *store, int64_t now, int64_t skip, struct membership *ret)
{
    return FIND_MEMBERSHIP(store, ret,
                           " WHERE retry_at > 0 AND retry_at <= ? AND state = 'removing' ORDER BY retry_at"
                           " LIMIT 1 OFFSET ?",
                           "ii", now, skip);
}

/* What a store that was put back has, and the grant file does not give (engine/reconcile.c), keeps nobody in a group. */
#define NOT_HELD_BACK " AND NOT (a.held = 1 AND g.drifted = 1)"

int store_user_gets_group(struct store *store, const char *user, const char *group, int64_t but,
                          bool *ret_gets)
{
    int64_t count = 0;
    const int r =
        FIND_NUMBER(store, &count,
                    "SELECT count(*) FROM assignment a JOIN \"grant\" g ON g.assignment = a.id AND g.name = ?"
                    " WHERE a.user = ? AND a.id <> ? AND g.live = 1" NOT_HELD_BACK " AND a." SQL_LIVE,
                    "tti", group, user, but);
    if (r == 0)
        *ret_gets = count > 0;
    return r;
}

int store_user_has_group_until(struct store *store, const char *user, const char *group, int64_t *ret)
{
    return FIND_NUMBER(store, ret,
                       "SELECT coalesce(max(a.end), 0) FROM assignment a"
                       " JOIN \"grant\" g ON g.assignment = a.id AND g.name = ?2"
                       " WHERE a.user = ?1 AND g.live = 1" NOT_HELD_BACK " AND a." SQL_LIVE,
                       "tt", user, group);
}

int store_note_memberships(struct store *store, int64_t now)
{
    return sql_run(store,
                   "UPDATE membership SET retry_at = ? WHERE state = 'there' AND ours = 1 AND retry_at = 0",
                   "i", now);
}

int store_find_membership_under_way(struct store *store, const char *user, struct membership *ret)
{
    return FIND_MEMBERSHIP(store, ret, " WHERE user = ? AND retry_at > 0 AND problem IS NULL LIMIT 1", "t",
                           user);
}

int store_find_membership_left(struct store *store, const char *user, struct membership *ret)
{
    return FIND_MEMBERSHIP(store, ret, " WHERE user = ? AND state = 'removing' LIMIT 1", "t", user);
}

int store_find_any_membership_under_way(struct store *store, struct membership *ret)
{
    return FIND_MEMBERSHIP(store, ret, " WHERE retry_at > 0 AND problem IS NULL LIMIT 1", "");
}

int store_each_membership_of_group(struct store *store, const char *group, store_each_membership_fn each,
                                   void *data)
{
    sqlite3_stmt *s = sql_take(store, SELECT_MEMBERSHIP " WHERE name = ? ORDER BY user", "t", group);
    struct membership membership = {0};
    int r;
    while ((r = sql_next(store, s, &memberships, &membership)) > 0)
        if ((r = each(&membership, data)) != 0)
            break;
    sql_end(store, s, &memberships, &membership);
    return r;
}

int store_each_membership_group(struct store *store, store_each_name_fn each, void *data)
{
    return sql_each_name(store, sql_take(store, "SELECT DISTINCT name FROM membership", ""), each, data);
}

int store_next_without_membership(struct store *store, int64_t after, int64_t *ret)
{
    return FIND_NUMBER(
        store, ret,
        "SELECT a.id FROM assignment a NOT INDEXED CROSS JOIN \"grant\" g ON g.assignment = a.id"
        " WHERE a.id > ? AND a." SQL_LIVE " AND g.live = 1"
        " AND g.problem IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.user = a.user AND m.name = g.name)"
        " ORDER BY a.id LIMIT 1",
        "i", after);
}

int store_count_memberships_left(struct store *store, int64_t *ret)
{
    return FIND_NUMBER(store, ret,
                       "SELECT count(*) FROM membership WHERE retry_at > 0 AND state = 'removing'"
                       " AND problem IS NOT NULL",
                       "");
}
