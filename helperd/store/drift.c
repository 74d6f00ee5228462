/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the store knows of groups, users and partial assignments, for comparing it with what the host says now. */
#include "helperd/store/sql.h"

#include <errno.h>
#include <stdlib.h>

#define LIVE    "state IN ('partially-fulfilled', 'fulfilled')"
#define PENDING "state IN ('submitted', 'pending-approval')"

/* The number in the first row: 0, STORE_E_NONE, -errno. */
static int read_id(struct store *store, sqlite3_stmt *s, int64_t *ret)
{
    if (!s)
        return -EIO;
    const int r = sql_step(store, s);
    if (r > 0)
        *ret = sqlite3_column_int64(s, 0);
    sql_release(store, s);
    return r < 0 ? r : r > 0 ? 0 : STORE_E_NONE;
}

static int read_assignment(struct store *store, sqlite3_stmt *s, struct assignment *ret)
{
    int64_t id = 0;
    const int r = read_id(store, s, &id);
    return r != 0 ? r : store_get_assignment(store, id, ret);
}

static int read_request(struct store *store, sqlite3_stmt *s, struct request *ret)
{
    int64_t id = 0;
    const int r = read_id(store, s, &id);
    return r != 0 ? r : store_get_request(store, id, ret);
}

int store_next_live_group(struct store *store, const struct store_group *after, struct store_group *ret)
{
    sqlite3_stmt *s = sql_take(store,
                               "SELECT name, gid, local FROM \"grant\" WHERE live = 1 AND problem IS NULL"
                               " AND (name, gid, local) > (?, ?, ?) ORDER BY name, gid, local LIMIT 1",
                               "tii", after->name, (int64_t)after->gid, (int64_t)after->local);
    bool oom = false;
    if (!s)
        return -EIO;
    const int r = sql_step(store, s);
    struct store_group group = {0};
    if (r > 0)
        group = (struct store_group){sql_text(s, 0, &oom), (gid_t)sql_uid(s, 1), sqlite3_column_int(s, 2)};
    sql_release(store, s);
    if (r <= 0 || oom) {
        free(group.name);
        return oom ? -ENOMEM : r < 0 ? r : STORE_E_NONE;
    }
    *ret = group;
    return 0;
}

int store_last_end_of_group(struct store *store, const char *name, gid_t gid, int64_t *ret)
{
    int64_t end = 0;
    const int r =
        read_id(store,
                sql_take(store,
                         "SELECT max(a.end) FROM \"grant\" g JOIN assignment a ON a.id = g.assignment"
                         " WHERE g.name = ? AND g.gid = ? AND g.live = 1 AND g.problem IS NULL",
                         "ti", name, (int64_t)gid),
                &end);
    if (r == 0 && end > 0)
        *ret = end;
    return r == 0 && end == 0 ? STORE_E_NONE : r;
}

int store_next_assignment_with_group(struct store *store, const struct store_group *group, int64_t after,
                                     struct assignment *ret)
{
    return read_assignment(
        store,
        sql_take(store,
                 "SELECT assignment FROM \"grant\" WHERE name = ? AND gid = ? AND local = ?"
                 " AND assignment > ? AND live = 1 AND problem IS NULL"
                 " ORDER BY assignment LIMIT 1",
                 "tiii", group->name, (int64_t)group->gid, (int64_t)group->local, after),
        ret);
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
    static const char any[] = "SELECT id FROM assignment WHERE state = 'partially-fulfilled' AND id > ?"
                              " ORDER BY id LIMIT 1";
    static const char at_rest[] =
        "SELECT id FROM assignment WHERE state = 'partially-fulfilled' AND retry_at = 0 AND id > ?"
        " ORDER BY id LIMIT 1";
    return read_assignment(store, sql_take(store, resting ? at_rest : any, "i", after), ret);
}

int store_count_drift(struct store *store, int64_t assignment, int64_t now, int64_t pause, int64_t *ret)
{
    int64_t before = 0;
    int r = read_id(
        store,
        sql_take(store, "SELECT CASE WHEN drifted_at > ? THEN drifts ELSE 0 END FROM assignment WHERE id = ?",
                 "ii", now - pause, assignment),
        &before);
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
    sqlite3_stmt *s = sql_take(store,
                               "SELECT min(user) FROM ("
                               "SELECT min(user) AS user FROM assignment WHERE user > ?1 AND " LIVE
                               " UNION ALL SELECT min(user) FROM request WHERE user > ?1 AND " PENDING
                               " UNION ALL SELECT min(user) FROM request WHERE user > ?1 AND waiting = 1"
                               " UNION ALL SELECT min(user) FROM delegation WHERE user > ?1 AND revoked = 0"
                               " UNION ALL SELECT min(delegate) FROM delegation WHERE delegate > ?1"
                               "  AND revoked = 0)",
                               "t", after);
    bool oom = false;
    if (!s)
        return -EIO;
    const int r = sql_step(store, s);
    char *user = r > 0 ? sql_text(s, 0, &oom) : NULL;
    sql_release(store, s);
    if (r < 0 || oom)
        return r < 0 ? r : -ENOMEM;
    if (!user)
        return STORE_E_NONE;
    *ret = user;
    return 0;
}

int store_find_unlike(struct store *store, const char *user, uid_t uid, bool local)
{
    int64_t one;
    return read_id(store,
                   sql_take(store,
                            "SELECT 1 FROM assignment WHERE user = ?1 AND uid = ?2 AND (local <> ?3 OR"
                            " missing <> 0) AND " LIVE
                            " UNION ALL SELECT 1 FROM request WHERE user = ?1 AND uid = ?2 AND local <> ?3"
                            " AND " PENDING
                            " UNION ALL SELECT 1 FROM request WHERE user = ?1 AND uid = ?2 AND local <> ?3"
                            " AND waiting = 1 LIMIT 1",
                            "tui", user, uid, (int64_t)local),
                   &one);
}

/* Each touches what differs alone: who holds much is not written anew at each approval. */
int store_note_seen(struct store *store, const char *user, uid_t uid, bool local)
{
    static const char assignments[] =
        "UPDATE assignment SET local = ?1, missing = 0 WHERE user = ?2 AND uid = ?3"
        " AND (local <> ?1 OR missing <> 0) AND " LIVE;
    static const char pending[] =
        "UPDATE request SET local = ?1 WHERE user = ?2 AND uid = ?3 AND local <> ?1 AND " PENDING;
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
    return read_assignment(
        store,
        sql_take(store, "SELECT id FROM assignment WHERE user = ? AND local = 1 AND " LIVE " LIMIT 1", "t",
                 user),
        ret);
}

int store_find_local_request(struct store *store, const char *user, struct request *ret)
{
    return read_request(store,
                        sql_take(store,
                                 "SELECT id FROM request WHERE user = ?1 AND local = 1 AND " PENDING
                                 " UNION ALL SELECT id FROM request WHERE user = ?1 AND local = 1"
                                 " AND waiting = 1 LIMIT 1",
                                 "t", user),
                        ret);
}

int store_find_stale_request(struct store *store, const char *user, uid_t uid, struct request *ret)
{
    return read_request(store,
                        sql_take(store,
                                 "SELECT id FROM request WHERE user = ?1 AND uid <> ?2 AND " PENDING
                                 " UNION ALL SELECT id FROM request WHERE user = ?1 AND uid <> ?2"
                                 " AND waiting = 1 LIMIT 1",
                                 "tu", user, uid),
                        ret);
}

int store_find_missing(struct store *store, const char *user, struct assignment *ret)
{
    return read_assignment(store,
                           sql_take(store,
                                    "SELECT id FROM assignment WHERE user = ? AND local = 0 AND missing = 0"
                                    " AND " LIVE " LIMIT 1",
                                    "t", user),
                           ret);
}

int store_note_missing(struct store *store, const char *user)
{
    return sql_run(store, "UPDATE assignment SET missing = 1 WHERE user = ? AND local = 0 AND " LIVE, "t",
                   user);
}
