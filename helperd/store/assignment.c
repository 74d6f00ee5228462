/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's assignments and grants. */
#include "helperd/store/sql.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

SQL_ROWS(sql_assignments, struct assignment, ASSIGNMENT_COLUMNS);

int store_get_assignment(struct store *store, int64_t id, struct assignment *ret)
{
    return FIND_ASSIGNMENT(store, ret, " WHERE id = ?", "i", id);
}

int store_find_assignment_of_request(struct store *store, int64_t request, struct assignment *ret)
{
    return FIND_ASSIGNMENT(store, ret, " WHERE request = ?", "i", request);
}

int store_find_live_assignment(struct store *store, uid_t uid, const char *user, const char *package,
                               struct assignment *ret)
{
    return FIND_ASSIGNMENT(store, ret, " WHERE uid = ? AND package = ? AND user = ? AND " SQL_LIVE, "utt",
                           uid, package, user);
}

int store_find_stale_assignment(struct store *store, const char *user, uid_t uid, struct assignment *ret)
{
    return FIND_ASSIGNMENT(store, ret, " WHERE user = ? AND uid <> ? AND " SQL_LIVE " LIMIT 1", "tu", user,
                           uid);
}

int store_find_live_assignment_by_name(struct store *store, const char *user, const char *package,
                                       struct assignment *ret)
{
    return FIND_ASSIGNMENT(store, ret, " WHERE user = ? AND package = ? AND " SQL_LIVE, "tt", user, package);
}

int store_find_due_assignment(struct store *store, int64_t now, struct assignment *ret)
{
    return FIND_ASSIGNMENT(store, ret, " WHERE " SQL_LIVE " AND end <= ? ORDER BY end LIMIT 1", "i", now);
}

int store_find_due_of_user(struct store *store, const char *user, int64_t now, struct assignment *ret)
{
    return FIND_ASSIGNMENT(store, ret, " WHERE user = ? AND " SQL_LIVE " AND end <= ? LIMIT 1", "ti", user,
                           now);
}

int store_find_due_retry(struct store *store, int64_t now, struct assignment *ret)
{
    return FIND_ASSIGNMENT(
        store, ret,
        " WHERE state = 'partially-fulfilled' AND retry_at > 0 AND retry_at <= ? ORDER BY retry_at LIMIT 1",
        "i", now);
}

int store_find_due_warning(struct store *store, int64_t now, struct assignment *ret)
{
    return FIND_ASSIGNMENT(store, ret,
                           " WHERE " SQL_LIVE " AND warn_at > 0 AND warn_at <= ? ORDER BY warn_at LIMIT 1",
                           "i", now);
}

int store_find_due_notice(struct store *store, int64_t now, struct assignment *ret)
{
    return FIND_ASSIGNMENT(
        store, ret, " WHERE " SQL_LIVE " AND notice_at > 0 AND notice_at <= ? ORDER BY notice_at LIMIT 1",
        "i", now);
}

int store_replan_warnings(struct store *store, const char *package)
{
    return sql_run(store,
                   "UPDATE assignment SET warn_at = 1 WHERE package = ? AND warn_at = 0"
                   " AND end < 9223372036854775807 AND " SQL_LIVE,
                   "t", package);
}

int store_add_assignment(struct store *store, struct assignment *assignment)
{
    const int r = sql_write(
        store,
        "INSERT INTO assignment (" SQL_NAMES(ASSIGNMENT_COLUMNS) ") VALUES (" SQL_NEW(ASSIGNMENT_COLUMNS) ")",
        &sql_assignments, assignment);
    if (r == 0)
        assignment->id = sqlite3_last_insert_rowid(store->database);
    return r;
}

int store_user_holds(struct store *store, const char *user, bool *ret)
{
    int64_t count = 0;
    const int r = FIND_NUMBER(
        store, &count,
        "SELECT count(*) FROM (SELECT 1 FROM assignment WHERE user = ? AND " SQL_LIVE " LIMIT 1)", "t", user);
    if (r == 0)
        *ret = count > 0;
    return r;
}

int store_last_assignment(struct store *store, int64_t *ret)
{
    return FIND_NUMBER(store, ret, "SELECT coalesce(max(id), 0) FROM assignment", "");
}

int store_update_assignment(struct store *store, const struct assignment *assignment)
{
    return sql_write(store,
                     "UPDATE assignment SET state = :state, start = :start, end = :end, duration = :duration,"
                     " extended = :extended, attempts = :attempts, retry_at = :retry_at, begun = :begun,"
                     " warn_at = :warn_at, notice_at = :notice_at, held = :held, until = :until,"
                     " first_used = :first_used, last_used = :last_used WHERE id = :id",
                     &sql_assignments, assignment);
}

int store_note_end(struct store *store, int64_t assignment, int64_t at, const char *by, const char *reason)
{
    return sql_run(store, "UPDATE assignment SET ended = ?, ended_by = ?, end_reason = ? WHERE id = ?",
                   "itti", at, by, reason, assignment);
}

int store_set_grants(struct store *store, int64_t assignment, const struct grant *grants, size_t count,
                     bool live)
{
    int r = sql_run(store, "DELETE FROM \"grant\" WHERE assignment = ?", "i", assignment);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = sql_run(store,
                    "INSERT INTO \"grant\" (assignment, name, gid, problem, live, local, drifted)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    "itutiii", assignment, grants[i].group, (uid_t)grants[i].gid, grants[i].problem,
                    (int64_t)live, (int64_t)grants[i].local, (int64_t)grants[i].drifted);
    return r;
}

#define GRANT_COLUMNS(F, N, S)                                                                               \
    F(S, TEXT, name, group)                                                                                  \
    N(S, UID, gid, gid)                                                                                      \
    N(S, TEXT, problem, problem)                                                                             \
    N(S, BOOLEAN, local, local)                                                                              \
    N(S, BOOLEAN, drifted, drifted)
static SQL_ROWS(grants, struct grant, GRANT_COLUMNS);

int store_get_grants(struct store *store, int64_t assignment, struct grant **ret, size_t *ret_count)
{
    return sql_read_all(
        store,
        sql_take(store,
                 "SELECT " SQL_NAMES(GRANT_COLUMNS) " FROM \"grant\" WHERE assignment = ? ORDER BY name", "i",
                 assignment),
        &grants, ret, ret_count);
}

void store_free_grants(struct grant *array, size_t count)
{
    sql_free_all(&grants, array, count);
}

int store_each_live_of_user(struct store *store, const char *user, store_each_assignment_fn each, void *data)
{
    sqlite3_stmt *s =
        sql_take(store, SELECT_ASSIGNMENT " WHERE user = ? AND " SQL_LIVE " ORDER BY id", "t", user);
    struct assignment assignment = {0};
    int r;
    while ((r = sql_next(store, s, &sql_assignments, &assignment)) > 0)
        if ((r = each(&assignment, data)) != 0)
            break;
    sql_end(store, s, &sql_assignments, &assignment);
    return r;
}

int store_each_package_held(struct store *store, uid_t uid, const char *user, store_each_name_fn each,
                            void *data)
{
    return sql_each_name(store,
                         sql_take(store,
                                  "SELECT package FROM assignment WHERE uid = ? AND user = ? AND " SQL_LIVE,
                                  "ut", uid, user),
                         each, data);
}

int store_each_package_asked(struct store *store, uid_t uid, const char *user, bool pending_too,
                             store_each_name_fn each, void *data)
{
    static const char waiting[] = "SELECT package FROM request WHERE uid = ?1 AND user = ?2 AND waiting = 1";
    static const char all[] =
        "SELECT package FROM request WHERE uid = ?1 AND user = ?2 AND waiting = 1"
        " UNION ALL SELECT package FROM request WHERE uid = ?1 AND user = ?2 AND state IN ('submitted',"
        " 'pending-approval')";
    return sql_each_name(store, sql_take(store, pending_too ? all : waiting, "ut", uid, user), each, data);
}

int store_each_live_user(struct store *store, store_each_name_fn each, void *data)
{
    return sql_each_name(store, sql_take(store, "SELECT DISTINCT user FROM assignment WHERE " SQL_LIVE, ""),
                         each, data);
}

int store_next_live_user(struct store *store, const char *after, char **ret)
{
    return FIND_TEXT(store, ret, "SELECT min(user) FROM assignment WHERE user > ? AND " SQL_LIVE, "t", after);
}
