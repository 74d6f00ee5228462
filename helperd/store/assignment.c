/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's assignments and grants, and the questions that the grant files answer from them. */
#include "helperd/store/sql.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ASSIGNMENT_COLUMNS                                                                                   \
    "a.id, a.request, a.package, a.user, a.uid, a.state, a.start, a.end, a.duration, a.extended, "           \
    "a.attempts,"                                                                                            \
    " a.retry_at, a.begun, a.warn_at, a.ended, a.ended_by, a.end_reason, "                                   \
    "a.notice_at"
#define LIVE "a.state IN ('partially-fulfilled', 'fulfilled')"

static int read_assignment(sqlite3_stmt *s, void *ret)
{
    bool oom = false;
    struct assignment assignment = {
        .id = sqlite3_column_int64(s, 0),
        .request = sqlite3_column_int64(s, 1),
        .package = sql_text(s, 2, &oom),
        .user = sql_text(s, 3, &oom),
        .uid = sql_uid(s, 4),
        .state = state_from_identifier((const char *)sqlite3_column_text(s, 5)),
        .span = {sqlite3_column_int64(s, 6), sqlite3_column_int64(s, 7)},
        .duration = sqlite3_column_int64(s, 8),
        .extended = sqlite3_column_int(s, 9),
        .attempts = sqlite3_column_int64(s, 10),
        .retry_at = sqlite3_column_int64(s, 11),
        .begun = sqlite3_column_int(s, 12),
        .warn_at = sqlite3_column_int64(s, 13),
        .ended = sqlite3_column_int64(s, 14),
        .ended_by = sql_text(s, 15, &oom),
        .end_reason = sql_text(s, 16, &oom),
        .notice_at = sqlite3_column_int64(s, 17),
    };
    if (oom) {
        assignment_deinit(&assignment);
        return -ENOMEM;
    }
    *(struct assignment *)ret = assignment;
    return 0;
}

static int read_one(struct store *store, sqlite3_stmt *statement, struct assignment *ret)
{
    return sql_read_one(store, statement, read_assignment, ret);
}

int store_get_assignment(struct store *store, int64_t id, struct assignment *ret)
{
    return read_one(
        store, sql_take(store, "SELECT " ASSIGNMENT_COLUMNS " FROM assignment a WHERE a.id = ?", "i", id),
        ret);
}

int store_find_assignment_of_request(struct store *store, int64_t request, struct assignment *ret)
{
    return read_one(
        store,
        sql_take(store, "SELECT " ASSIGNMENT_COLUMNS " FROM assignment a WHERE a.request = ?", "i", request),
        ret);
}

int store_find_live_assignment(struct store *store, uid_t uid, const char *user, const char *package,
                               struct assignment *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " ASSIGNMENT_COLUMNS
                             " FROM assignment a WHERE a.uid = ? AND a.package = ? AND a.user = ?"
                             " AND " LIVE,
                             "utt", uid, package, user),
                    ret);
}

int store_find_stale_assignment(struct store *store, const char *user, uid_t uid, struct assignment *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " ASSIGNMENT_COLUMNS
                             " FROM assignment a WHERE a.user = ? AND a.uid <> ? AND " LIVE " LIMIT 1",
                             "tu", user, uid),
                    ret);
}

int store_find_live_assignment_by_name(struct store *store, const char *user, const char *package,
                                       struct assignment *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " ASSIGNMENT_COLUMNS
                             " FROM assignment a WHERE a.user = ? AND a.package = ?"
                             " AND " LIVE,
                             "tt", user, package),
                    ret);
}

int store_due_assignment(struct store *store, int64_t now, struct assignment *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " ASSIGNMENT_COLUMNS " FROM assignment a WHERE " LIVE " AND a.end <= ?"
                             " ORDER BY a.end LIMIT 1",
                             "i", now),
                    ret);
}

int store_due_retry(struct store *store, int64_t now, struct assignment *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " ASSIGNMENT_COLUMNS " FROM assignment a WHERE a.state ="
                             " 'partially-fulfilled' AND a.retry_at > 0 AND a.retry_at <= ?"
                             " ORDER BY a.retry_at LIMIT 1",
                             "i", now),
                    ret);
}

int store_due_warning(struct store *store, int64_t now, struct assignment *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " ASSIGNMENT_COLUMNS " FROM assignment a WHERE " LIVE
                             " AND a.warn_at > 0 AND a.warn_at <= ? ORDER BY a.warn_at LIMIT 1",
                             "i", now),
                    ret);
}

int store_due_notice(struct store *store, int64_t now, struct assignment *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " ASSIGNMENT_COLUMNS " FROM assignment a WHERE " LIVE
                             " AND a.notice_at > 0 AND a.notice_at <= ? ORDER BY a.notice_at LIMIT 1",
                             "i", now),
                    ret);
}

int store_replan_warnings(struct store *store, const char *package)
{
    return sql_run(store,
                   "UPDATE assignment AS a SET warn_at = 1 WHERE a.package = ? AND a.warn_at = 0"
                   " AND a.end < 9223372036854775807 AND " LIVE,
                   "t", package);
}

int store_add_assignment(struct store *store, struct assignment *assignment)
{
    const int r =
        sql_run(store,
                "INSERT INTO assignment (request, package, user, uid, state, start, end, duration,"
                " extended, attempts, retry_at, begun, warn_at, notice_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                "zttutiiiiiiiii", assignment->request, assignment->package, assignment->user, assignment->uid,
                state_identifier(assignment->state), assignment->span.start, assignment->span.end,
                assignment->duration, (int64_t)assignment->extended, assignment->attempts,
                assignment->retry_at, (int64_t)assignment->begun, assignment->warn_at, assignment->notice_at);
    if (r == 0)
        assignment->id = sqlite3_last_insert_rowid(store->database);
    return r;
}

int store_update_assignment(struct store *store, const struct assignment *assignment)
{
    return sql_run(store,
                   "UPDATE assignment SET state = ?, start = ?, end = ?, duration = ?, extended = ?,"
                   " attempts = ?, retry_at = ?, begun = ?, warn_at = ?, notice_at = ? WHERE id = ?",
                   "tiiiiiiiiii", state_identifier(assignment->state), assignment->span.start,
                   assignment->span.end, assignment->duration, (int64_t)assignment->extended,
                   assignment->attempts, assignment->retry_at, (int64_t)assignment->begun,
                   assignment->warn_at, assignment->notice_at, assignment->id);
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

int store_get_grants(struct store *store, int64_t assignment, struct grant **ret, size_t *ret_count)
{
    sqlite3_stmt *s = sql_take(
        store, "SELECT name, gid, problem, local, drifted FROM \"grant\" WHERE assignment = ? ORDER BY name",
        "i", assignment);
    if (!s)
        return -EIO;
    struct grant *grants = NULL;
    size_t count = 0;
    bool oom = false;
    int r = 0;
    while (!oom && (r = sql_step(store, s)) > 0) {
        struct grant *grown = reallocarray(grants, count + 1, sizeof(*grants));
        if (!grown) {
            oom = true;
            break;
        }
        grants = grown;
        grants[count++] = (struct grant){
            .group = sql_text(s, 0, &oom),
            .gid = (gid_t)sql_uid(s, 1),
            .problem = sql_text(s, 2, &oom),
            .local = sqlite3_column_int(s, 3),
            .drifted = sqlite3_column_int(s, 4),
        };
    }
    sql_release(store, s);
    if (oom || r < 0) {
        store_free_grants(grants, count);
        return oom ? -ENOMEM : r;
    }
    *ret = grants;
    *ret_count = count;
    return 0;
}

void store_free_grants(struct grant *grants, size_t count)
{
    for (size_t i = 0; i < count; i++)
        grant_deinit(&grants[i]);
    free(grants);
}

int store_each_live_of_user(struct store *store, const char *user, store_each_assignment each, void *data)
{
    sqlite3_stmt *s = sql_take(
        store, "SELECT " ASSIGNMENT_COLUMNS " FROM assignment a WHERE a.user = ? AND " LIVE " ORDER BY a.id",
        "t", user);
    if (!s)
        return -EIO;
    int r;
    while ((r = sql_step(store, s)) > 0) {
        struct assignment assignment = {0};
        r = read_assignment(s, &assignment);
        if (r == 0)
            r = each(&assignment, data);
        assignment_deinit(&assignment);
        if (r != 0)
            break;
    }
    sql_release(store, s);
    return r;
}

int store_each_package_held(struct store *store, uid_t uid, const char *user, store_each_name each,
                            void *data)
{
    return sql_each_name(
        store,
        sql_take(store, "SELECT a.package FROM assignment a WHERE a.uid = ? AND a.user = ? AND " LIVE, "ut",
                 uid, user),
        each, data);
}

int store_each_package_asked(struct store *store, uid_t uid, const char *user, bool pending_too,
                             store_each_name each, void *data)
{
    static const char waiting[] = "SELECT package FROM request WHERE uid = ?1 AND user = ?2 AND waiting = 1";
    static const char all[] =
        "SELECT package FROM request WHERE uid = ?1 AND user = ?2 AND waiting = 1"
        " UNION ALL SELECT package FROM request WHERE uid = ?1 AND user = ?2 AND state IN ('submitted',"
        " 'pending-approval')";
    return sql_each_name(store, sql_take(store, pending_too ? all : waiting, "ut", uid, user), each, data);
}

int store_each_live_user(struct store *store, store_each_name each, void *data)
{
    return sql_each_name(store, sql_take(store, "SELECT DISTINCT a.user FROM assignment a WHERE " LIVE, ""),
                         each, data);
}

int store_next_live_user(struct store *store, const char *after, char **ret)
{
    sqlite3_stmt *s =
        sql_take(store, "SELECT min(a.user) FROM assignment a WHERE a.user > ? AND " LIVE, "t", after);
    bool oom = false;
    if (!s)
        return -EIO;
    int r = sql_step(store, s);
    char *user = r > 0 ? sql_text(s, 0, &oom) : NULL;
    sql_release(store, s);
    if (r < 0 || oom)
        return r < 0 ? r : -ENOMEM;
    if (!user)
        return STORE_E_NONE;
    *ret = user;
    return 0;
}
