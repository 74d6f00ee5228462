/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's groups, users and partial assignments, as drift detection compares them with the host. */
#include "helperd/store/sql.h"

#include <errno.h>

#define GROUP_COLUMNS(F, N, S) F(S, TEXT, name, name) N(S, UID, gid, gid) N(S, BOOLEAN, local, local)
static SQL_ROWS(groups, struct store_group, GROUP_COLUMNS);

#define NEXT_GROUP(condition)                                                                                \
    "SELECT " SQL_NAMES(GROUP_COLUMNS) " FROM \"grant\" WHERE live = 1 AND problem IS NULL AND " condition   \
                                       " ORDER BY name, gid, local LIMIT 1"

/* Each is one step in the index, however many hold the group. For (name, gid, local) > (?, ?, ?) SQLite would pass over all
 * that are equal. */
int store_next_live_group(struct store *store, const struct store_group *after, struct store_group *ret)
{
    static const struct {
        const char *sql;
        const char *format;
    } ways[] = {{NEXT_GROUP("name = ? AND gid = ? AND local > ?"), "tii"},
                {NEXT_GROUP("name = ? AND gid > ?"), "ti"},
                {NEXT_GROUP("name > ?"), "t"}};
    int r = STORE_E_NONE;
    for (size_t i = 0; r == STORE_E_NONE && i < sizeof(ways) / sizeof(ways[0]); i++)
        r = sql_read(store,
                     sql_take(store, ways[i].sql, ways[i].format, after->name, (int64_t)after->gid,
                              (int64_t)after->local),
                     &groups, ret);
    return r;
}

int store_last_end_of_group(struct store *store, const char *name, gid_t gid, int64_t *ret)
{
    return FIND_NUMBER(store, ret,
                       "SELECT max(a.end) FROM \"grant\" g JOIN assignment a ON a.id = g.assignment"
                       " WHERE g.name = ? AND g.gid = ? AND g.live = 1 AND g.problem IS NULL",
                       "ti", name, (int64_t)gid);
}

int store_next_assignment_with_group(struct store *store, const struct store_group *group, int64_t after,
                                     struct assignment *ret)
{
    return FIND_ASSIGNMENT(
        store, ret,
        " WHERE id = (SELECT assignment FROM \"grant\" WHERE name = ? AND gid = ? AND local = ? AND "
        "assignment > ? AND live = 1 AND problem IS NULL ORDER BY assignment LIMIT 1)",
        "tiii", group->name, (int64_t)group->gid, (int64_t)group->local, after);
}

int store_note_group_local(struct store *store, const char *name, gid_t gid)
{
    return sql_run(store,
                   "UPDATE \"grant\" SET local = 1 WHERE name = ? AND gid = ? AND local = 0"
                   " AND live = 1 AND problem IS NULL",
                   "ti", name, (int64_t)gid);
}

int store_next_partial(struct store *store, int64_t after, bool resting, struct assignment *ret)
{
    static const char any[] =
        SELECT_ASSIGNMENT " WHERE state = 'partially-fulfilled' AND id > ? ORDER BY id LIMIT 1";
    static const char at_rest[] = SELECT_ASSIGNMENT
        " WHERE state = 'partially-fulfilled' AND retry_at = 0 AND id > ? ORDER BY id LIMIT 1";
    return sql_read(store, sql_take(store, resting ? at_rest : any, "i", after), &sql_assignments, ret);
}

int store_count_drift(struct store *store, int64_t assignment, int64_t now, int64_t pause, int64_t *ret)
{
    int64_t before = 0;
    int r = FIND_NUMBER(store, &before,
                        "SELECT CASE WHEN drifted_at > ? THEN drifts ELSE 0 END FROM assignment WHERE id = ?",
                        "ii", now - pause, assignment);
    if (r != 0)
        return r < 0 ? r : -EIO;
    r = sql_run(store, "UPDATE assignment SET drifts = ?, drifted_at = ? WHERE id = ?", "iii", before + 1,
                now, assignment);
    if (r == 0)
        *ret = before;
    return r;
}

int store_next_concerned_user(struct store *store, const char *after, char **ret)
{
    return FIND_TEXT(store, ret,
                     "SELECT min(user) FROM ("
                     "SELECT min(user) AS user FROM assignment WHERE user > ?1 AND " SQL_LIVE
                     " UNION ALL SELECT min(user) FROM request WHERE user > ?1 AND " SQL_PENDING
                     " UNION ALL SELECT min(user) FROM request WHERE user > ?1 AND waiting = 1"
                     " UNION ALL SELECT min(user) FROM delegation WHERE user > ?1 AND revoked = 0"
                     " UNION ALL SELECT min(delegate) FROM delegation WHERE delegate > ?1 AND revoked = 0)",
                     "t", after);
}

int store_find_user_unlike(struct store *store, const char *user, uid_t uid, bool local)
{
    return FIND_NUMBER(
        store, &(int64_t){0},
        "SELECT 1 FROM assignment WHERE user = ?1 AND uid = ?2 AND (local <> ?3 OR missing <> 0)"
        " AND " SQL_LIVE " UNION ALL SELECT 1 FROM request WHERE user = ?1 AND uid = ?2 AND local = 1 - ?3"
        " AND " SQL_PENDING " UNION ALL SELECT 1 FROM request WHERE user = ?1 AND uid = ?2 AND local = 1 - ?3"
        " AND waiting = 1 LIMIT 1",
        "tui", user, uid, (int64_t)local);
}

/* Writes only the rows that differ, so that an approval does not rewrite everything the user holds. */
int store_note_user_seen(struct store *store, const char *user, uid_t uid, bool local)
{
    static const char assignments[] =
        "UPDATE assignment SET local = ?1, missing = 0 WHERE user = ?2 AND uid = ?3"
        " AND (local <> ?1 OR missing <> 0) AND " SQL_LIVE;
    static const char pending[] =
        "UPDATE request SET local = ?1 WHERE user = ?2 AND uid = ?3 AND local <> ?1 AND " SQL_PENDING;
    static const char waiting[] =
        "UPDATE request SET local = ?1 WHERE user = ?2 AND uid = ?3 AND local <> ?1 AND waiting = 1";
    static const char *const updates[] = {assignments, pending, waiting};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(updates) / sizeof(updates[0]); i++)
        r = sql_run(store, updates[i], "itu", (int64_t)local, user, uid);
    return r;
}

int store_find_local_assignment(struct store *store, const char *user, struct assignment *ret)
{
    return FIND_ASSIGNMENT(store, ret, " WHERE user = ? AND local = 1 AND " SQL_LIVE " LIMIT 1", "t", user);
}

int store_find_local_request(struct store *store, const char *user, struct request *ret)
{
    return FIND_REQUEST(
        store, ret,
        " WHERE id = (SELECT id FROM request WHERE user = ?1 AND local = 1 AND " SQL_PENDING
        " UNION ALL SELECT id FROM request WHERE user = ?1 AND local = 1 AND waiting = 1 LIMIT 1)",
        "t", user);
}

int store_find_stale_request(struct store *store, const char *user, uid_t uid, struct request *ret)
{
    return FIND_REQUEST(
        store, ret,
        " WHERE id = (SELECT id FROM request WHERE user = ?1 AND uid <> ?2 AND " SQL_PENDING
        " UNION ALL SELECT id FROM request WHERE user = ?1 AND uid <> ?2 AND waiting = 1 LIMIT 1)",
        "tu", user, uid);
}

int store_find_missing(struct store *store, const char *user, struct assignment *ret)
{
    return FIND_ASSIGNMENT(
        store, ret, " WHERE user = ? AND local = 0 AND missing = 0 AND " SQL_LIVE " LIMIT 1", "t", user);
}

int store_note_missing(struct store *store, const char *user)
{
    return sql_run(store, "UPDATE assignment SET missing = 1 WHERE user = ? AND local = 0 AND " SQL_LIVE, "t",
                   user);
}
