/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the store tells an administrator who looks back: the requests of a period, and the audit log, page by page. */
#include "helperd/store/sql.h"

#include <errno.h>
#include <string.h>

int store_each_filed(struct store *store, const struct store_period *period, store_each_request each,
                     void *data)
{
    sqlite3_stmt *s = sql_take(store,
                               "SELECT id FROM request WHERE submitted >= ?1 AND (?2 IS NULL OR package = ?2)"
                               " ORDER BY submitted DESC LIMIT ?3",
                               "iti", period->since, period->package, period->limit);
    if (!s)
        return -EIO;
    int r;
    while ((r = sql_step(store, s)) > 0) {
        struct request request = {0};
        r = store_get_request(store, sqlite3_column_int64(s, 0), &request);
        if (r == 0)
            r = each(&request, data);
        request_deinit(&request);
        if (r != 0)
            break;
    }
    sql_release(store, s);
    return r;
}

/* ---- the audit log ---- */

#define LINE "SELECT id, at, actor, uid, loginuid, event, request, assignment, detail FROM audit"

static sqlite3_stmt *take_lines(struct store *store, const struct store_audit_filter *filter)
{
    const int64_t before = filter->before ? filter->before : INT64_MAX;
    const int64_t before_at = filter->before ? filter->before_at : INT64_MAX;
    if (filter->request)
        return sql_take(store, LINE " WHERE request = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3", "iii",
                        filter->request, before, filter->examine);
    return sql_take(store,
                    LINE " WHERE at >= ?1 AND at <= ?2 AND (at < ?2 OR id < ?3) ORDER BY at DESC, id DESC"
                         " LIMIT ?4",
                    "iiii", filter->since, before_at, before, filter->examine);
}

/* Whose request or assignment a line tells of, and of which package; the text is the statement's. */
static int find_concerned(struct store *store, const struct audit *audit, sqlite3_stmt **ret)
{
    sqlite3_stmt *s =
        audit->request
            ? sql_take(store, "SELECT user, package FROM request WHERE id = ?", "i", audit->request)
            : sql_take(store, "SELECT user, package FROM assignment WHERE id = ?", "i", audit->assignment);
    if (!s)
        return -EIO;
    *ret = s;
    return sql_step(store, s);
}

static bool is_wanted(const struct store_audit_filter *filter, const struct audit_line *line)
{
    if (line->audit.at < filter->since)
        return false;
    return !filter->user || strcmp(filter->user, line->audit.actor) == 0 ||
           (line->user && strcmp(filter->user, line->user) == 0);
}

static const char *column_text(sqlite3_stmt *s, int column)
{
    return (const char *)sqlite3_column_text(s, column);
}

/* 1: it was handed out; 0: not wanted; else -errno. */
static int hand_out(struct store *store, sqlite3_stmt *s, const struct store_audit_filter *filter,
                    store_each_audit each, void *data)
{
    sqlite3_stmt *concerned = NULL;
    struct audit_line line = {
        .id = sqlite3_column_int64(s, 0),
        .audit = {.at = sqlite3_column_int64(s, 1),
                  .actor = column_text(s, 2),
                  .identity = {.uid = sql_uid(s, 3), .loginuid = sql_uid(s, 4)},
                  .event = column_text(s, 5),
                  .request = sqlite3_column_int64(s, 6),
                  .assignment = sqlite3_column_int64(s, 7),
                  .detail = column_text(s, 8)},
    };
    int r = line.audit.request || line.audit.assignment ? find_concerned(store, &line.audit, &concerned) : 0;
    if (r > 0) {
        line.user = column_text(concerned, 0);
        line.package = column_text(concerned, 1);
    }
    const bool wanted = r >= 0 && is_wanted(filter, &line);
    if (wanted)
        r = each(&line, data);
    if (concerned)
        sql_release(store, concerned);
    return r < 0 ? r : wanted;
}

int store_list_audit(struct store *store, const struct store_audit_filter *filter, store_each_audit each,
                     void *data, struct store_audit_cursor *ret_next)
{
    struct store_audit_cursor last = {0};
    sqlite3_stmt *s = take_lines(store, filter);
    int64_t found = 0;
    int64_t examined = 0;
    int r = s ? 0 : -EIO;
    while (r >= 0 && s && found < filter->limit && (r = sql_step(store, s)) > 0) {
        last =
            (struct store_audit_cursor){.at = sqlite3_column_int64(s, 1), .id = sqlite3_column_int64(s, 0)};
        examined++;
        r = hand_out(store, s, filter, each, data);
        if (r > 0)
            found++;
    }
    if (s)
        sql_release(store, s);
    if (r < 0)
        return r;
    /* What stopped it tells whether there may be more. */
    const bool all = found < filter->limit && examined < filter->examine;
    *ret_next = all ? (struct store_audit_cursor){0} : last;
    return 0;
}
