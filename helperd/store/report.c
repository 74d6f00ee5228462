/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The requests of a period, and the audit log page by page. */
#include "common/names.h"
#include "helperd/store/sql.h"

#include <stdlib.h>
#include <string.h>

int store_each_filed(struct store *store, const struct store_period *period, store_each_request_fn each,
                     void *data)
{
    sqlite3_stmt *s = sql_take(store,
                               SELECT_REQUEST " WHERE submitted >= ?1 AND (?2 IS NULL OR package = ?2)"
                                              " ORDER BY submitted DESC LIMIT ?3",
                               "iti", period->since, period->package, period->limit);
    struct request request = {0};
    int r;
    while ((r = sql_next(store, s, &sql_requests, &request)) > 0)
        if ((r = each(&request, data)) != 0)
            break;
    sql_end(store, s, &sql_requests, &request);
    return r;
}

/* ---- the audit log ---- */

int store_add_audit(struct store *store, const struct audit *audit)
{
    return sql_run(store,
                   "INSERT INTO audit (at, actor, uid, loginuid, event, request, assignment, detail)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                   "ituutzzt", audit->at, audit->actor, audit->identity.uid, audit->identity.loginuid,
                   audit->event, audit->request, audit->assignment, audit->detail);
}

#define NAMED_COLUMNS(F, N, S) F(S, TEXT, user, user) N(S, TEXT, package, package)
static SQL_ROWS(named_rows, struct store_named, NAMED_COLUMNS);

void store_named_deinit(struct store_named *named)
{
    free(named->user);
    free(named->package);
    *named = (struct store_named){0};
}

int store_find_named(struct store *store, int64_t request, int64_t assignment, struct store_named *ret)
{
    int r = STORE_E_NONE;
    if (request)
        r = sql_read(store, sql_take(store, "SELECT user, package FROM request WHERE id = ?", "i", request),
                     &named_rows, ret);
    else if (assignment)
        r = sql_read(store,
                     sql_take(store, "SELECT user, package FROM assignment WHERE id = ?", "i", assignment),
                     &named_rows, ret);
    return r == STORE_E_NONE ? 0 : r;
}

/* user, package: see struct audit_line. */
#define LINE_COLUMNS(F, N, S)                                                                                \
    F(S, NUMBER, l.id, id)                                                                                   \
    N(S, NUMBER, l.at, audit.at)                                                                             \
    N(S, BORROWED, l.actor, audit.actor)                                                                     \
    N(S, UID, l.uid, audit.identity.uid)                                                                     \
    N(S, UID, l.loginuid, audit.identity.loginuid)                                                           \
    N(S, BORROWED, l.event, audit.event)                                                                     \
    N(S, ID, l.request, audit.request)                                                                       \
    N(S, ID, l.assignment, audit.assignment)                                                                 \
    N(S, BORROWED, l.detail, audit.detail)                                                                   \
    N(S, BORROWED, coalesce(r.user, a.user), user)                                                           \
    N(S, BORROWED, coalesce(r.package, a.package), package)
#define SELECT_LINE                                                                                          \
    "SELECT " SQL_NAMES(LINE_COLUMNS) " FROM audit l LEFT JOIN request r ON r.id = l.request"                \
                                      " LEFT JOIN assignment a ON a.id = l.assignment"
static SQL_ROWS(lines, struct audit_line, LINE_COLUMNS);

static sqlite3_stmt *take_lines(struct store *store, const struct store_audit_filter *filter)
{
    const int64_t last = filter->until ? filter->until - 1 : INT64_MAX;
    const bool goes_on = filter->before && filter->before_at <= last;
    const int64_t before = filter->before && (goes_on || filter->request) ? filter->before : INT64_MAX;
    const int64_t before_at = goes_on ? filter->before_at : last;
    if (filter->request)
        return sql_take(store, SELECT_LINE " WHERE l.request = ?1 AND l.id < ?2 ORDER BY l.id DESC LIMIT ?3",
                        "iii", filter->request, before, filter->examine);
    return sql_take(store,
                    SELECT_LINE " WHERE l.at >= ?1 AND l.at <= ?2 AND (l.at < ?2 OR l.id < ?3) ORDER BY l.at "
                                "DESC, l.id DESC LIMIT ?4",
                    "iiii", filter->since, before_at, before, filter->examine);
}

/* The detail of a lock and its lifting begins with the user, as it is shown (engine/locks.c). */
static bool is_lock_of(const char *user, const struct audit *audit)
{
    char visible[NAME_ENCODED_MAX + 1];
    const size_t length = strlen(text_visible(user, visible, sizeof(visible)));
    return (strcmp(audit->event, "lock") == 0 || strcmp(audit->event, "unlock") == 0) && audit->detail &&
           strncmp(audit->detail, visible, length) == 0 && strchr(" :", audit->detail[length]);
}

/* The detail of a reload names the packages that it changed (engine/reload.c): ": a, b (key, key)", keys in brackets. */
static bool is_reload_of(const char *package, const struct audit *audit)
{
    const size_t length = strlen(package);
    int depth = 0;
    if (strcmp(audit->event, "reload") != 0 || !audit->detail)
        return false;
    for (const char *at = audit->detail; *at; at++) {
        depth += (*at == '(') - (*at == ')');
        if (depth == 0 && strchr(":,", *at) && at[1] == ' ' && strncmp(at + 2, package, length) == 0 &&
            strchr(",; ", at[2 + length]))
            return true;
    }
    return false;
}

static bool line_matches(const struct store_audit_filter *filter, const struct audit_line *line)
{
    if (line->audit.at < filter->since || (filter->until && line->audit.at >= filter->until))
        return false;
    if (filter->package && !(line->package && strcmp(filter->package, line->package) == 0) &&
        !is_reload_of(filter->package, &line->audit))
        return false;
    return !filter->user || strcmp(filter->user, line->audit.actor) == 0 ||
           (line->user && strcmp(filter->user, line->user) == 0) || is_lock_of(filter->user, &line->audit);
}

int store_list_audit(struct store *store, const struct store_audit_filter *filter, store_each_audit_fn each,
                     void *data, struct store_audit_cursor *ret_next)
{
    sqlite3_stmt *s = take_lines(store, filter);
    struct store_audit_cursor last = {0};
    struct audit_line line = {0};
    int64_t found = 0;
    int64_t examined = 0;
    int r = 0;
    while (found < filter->limit && (r = sql_next(store, s, &lines, &line)) > 0) {
        last = (struct store_audit_cursor){.at = line.audit.at, .id = line.id};
        examined++;
        if (!line_matches(filter, &line))
            continue;
        if ((r = each(&line, data)) < 0)
            break;
        found++;
    }
    sql_end(store, s, &lines, &line);
    if (r < 0)
        return r;
    /* Neither limit was reached: there are no more lines. */
    const bool all = found < filter->limit && examined < filter->examine;
    *ret_next = all ? (struct store_audit_cursor){0} : last;
    return 0;
}
