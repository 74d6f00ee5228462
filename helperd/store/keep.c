/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Deletes history by cases: an assignment goes with its requests, a request with its stages, decisions and lines of the audit
 * log, once all of it is over and its last line is old enough. Lines that belong to no case go by themselves.
 */
#include "helperd/store/keep.h"

#include "helperd/store/sql.h"

enum {
    LINES_A_CASE = 8,       /* that belong to nothing */
    EXTENSIONS_A_CASE = 20, /* of one assignment: it may have been extended very often */
};

/* ---- one case ---- */

static void delete_lines(struct store *store, const char *sql, int64_t id, struct store_forgotten *forgotten)
{
    if (sql_run(store, sql, "i", id) == 0)
        forgotten->lines += sqlite3_changes64(store->database);
}

static int forget_request(struct store *store, int64_t id, struct store_forgotten *forgotten)
{
    delete_lines(store, "DELETE FROM audit WHERE request = ?", id, forgotten);
    sql_run(store, "DELETE FROM decision WHERE request = ?", "i", id);
    sql_run(store, "DELETE FROM stage WHERE request = ?", "i", id);
    forgotten->requests++;
    return sql_run(store, "DELETE FROM request WHERE id = ?", "i", id);
}

/* The oldest first: the newest says whether the others are old enough. *ret_all: there are no others. */
static int forget_extensions(struct store *store, int64_t assignment, struct store_forgotten *forgotten,
                             bool *ret_all)
{
    _cleanup_ids_ struct sql_ids requests = {0};
    int r = sql_collect(store,
                        sql_take(store, "SELECT id FROM request WHERE assignment = ? ORDER BY id LIMIT ?",
                                 "ii", assignment, (int64_t)EXTENSIONS_A_CASE),
                        &requests);
    for (size_t i = 0; r == 0 && i < requests.count; i++)
        r = forget_request(store, requests.items[i], forgotten);
    *ret_all = requests.count < EXTENSIONS_A_CASE;
    return r;
}

static int forget_assignment(struct store *store, int64_t id, struct store_forgotten *forgotten)
{
    int64_t request = 0;
    bool all = false;
    int r = FIND_NUMBER(store, &request, "SELECT request FROM assignment WHERE id = ?", "i", id);
    if (r < 0 || (r = forget_extensions(store, id, forgotten, &all)) < 0)
        return r;
    if (!all) {
        forgotten->more = true;
        return 0;
    }
    delete_lines(store, "DELETE FROM audit WHERE assignment = ? AND request IS NULL", id, forgotten);
    sql_run(store, "DELETE FROM \"grant\" WHERE assignment = ?", "i", id);
    sql_run(store, "DELETE FROM ending WHERE assignment = ?", "i", id);
    r = sql_run(store, "DELETE FROM assignment WHERE id = ?", "i", id);
    forgotten->assignments++;
    return r == 0 && request ? forget_request(store, request, forgotten) : r;
}

/* ---- what is over ---- */

/* Sessions that are still to be ended, and an emergency that nobody reviewed, are not over. */
#define OVER_ASSIGNMENTS                                                                                     \
    "SELECT a.id FROM assignment a WHERE a." SQL_OVER " AND " SQL_OVER_AT " < ?1"                            \
    " AND NOT EXISTS (SELECT 1 FROM ending e WHERE e.assignment = a.id AND e.retry_at > 0)"                  \
    " AND NOT EXISTS (SELECT 1 FROM request r WHERE r.id = a.request AND r.emergency = 1"                    \
    "  AND r.reviewed = 0)"                                                                                  \
    " AND NOT EXISTS (SELECT 1 FROM audit l WHERE l.request = a.request AND l.at >= ?1)"                     \
    " AND NOT EXISTS (SELECT 1 FROM audit l WHERE l.at >= ?1"                                                \
    "  AND l.request = (SELECT r.id FROM request r WHERE r.assignment = a.id ORDER BY r.id DESC LIMIT 1))"   \
    " AND NOT EXISTS (SELECT 1 FROM audit l WHERE l.assignment = a.id AND l.request IS NULL"                 \
    "  AND l.at >= ?1)"                                                                                      \
    " ORDER BY " SQL_OVER_AT " LIMIT ?2"

/* Those that asked for more time and gave none, too: what gave some goes with its assignment. */
#define OVER_REQUESTS                                                                                        \
    "SELECT q.id FROM request q WHERE q.state IN ('expired', 'denied', 'cancelled') AND q.ended < ?1"        \
    " AND NOT EXISTS (SELECT 1 FROM assignment a WHERE a.request = q.id)"                                    \
    " AND NOT EXISTS (SELECT 1 FROM audit l WHERE l.request = q.id AND l.at >= ?1)"                          \
    " ORDER BY q.ended LIMIT ?2"

static int forget_each(struct store *store, const char *sql, const struct store_keep *keep,
                       int (*forget)(struct store *, int64_t, struct store_forgotten *),
                       struct store_forgotten *forgotten)
{
    _cleanup_ids_ struct sql_ids ids = {0};
    int r = sql_collect(store, sql_take(store, sql, "ii", keep->before, keep->most), &ids);
    for (size_t i = 0; r == 0 && i < ids.count; i++)
        r = forget(store, ids.items[i], forgotten);
    forgotten->more |= (int64_t)ids.count == keep->most;
    return r;
}

/* The detail of a lock begins with the user (engine/locks.c): "alice (uid 1001): why", and the uid may be missing. */
#define LOCKED_WHOM "substr(l.detail, 1, instr(l.detail || ':', ':') - 1)"
#define LOCKED_USER "substr(" LOCKED_WHOM ", 1, instr(" LOCKED_WHOM " || ' (uid ', ' (uid ') - 1)"

/* A lock that is in force keeps its line, and so does a delegation: it may last long after it. */
#define OVER_LINES                                                                                           \
    "SELECT l.id FROM audit l WHERE l.request IS NULL AND l.assignment IS NULL AND l.at < ?1"                \
    " AND (l.event <> 'delegate' OR l.at < ?1 - ?3)"                                                         \
    " AND (l.event <> 'lock' OR NOT EXISTS (SELECT 1 FROM locked k WHERE k.user = " LOCKED_USER              \
    "  AND k.lifted = 0))"

static int forget_lines(struct store *store, const struct store_keep *keep, struct store_forgotten *forgotten)
{
    const int64_t most = keep->most * LINES_A_CASE;
    int r = sql_run(store,
                    "DELETE FROM audit WHERE id IN (" OVER_LINES
                    " AND l.event <> 'forget' ORDER BY l.at LIMIT ?2)",
                    "iii", keep->before, most, keep->delegation_max);
    const int64_t deleted = r == 0 ? sqlite3_changes64(store->database) : 0;
    if (r == 0)
        r = sql_run(store,
                    "DELETE FROM audit WHERE id IN (" OVER_LINES
                    " AND l.event = 'forget' ORDER BY l.at LIMIT ?2)",
                    "iii", keep->before, most, keep->delegation_max);
    forgotten->lines += deleted;
    forgotten->more |= deleted == most || (r == 0 && sqlite3_changes64(store->database) == most);
    return r;
}

static int forget_delegations(struct store *store, const struct store_keep *keep,
                              struct store_forgotten *forgotten)
{
    const int64_t most = keep->most * LINES_A_CASE;
    const int r = sql_run(store,
                          "DELETE FROM delegation WHERE id IN (SELECT id FROM delegation WHERE until < ?1"
                          " ORDER BY until LIMIT ?2)",
                          "ii", keep->before, most);
    const int64_t deleted = r == 0 ? sqlite3_changes64(store->database) : 0;
    forgotten->delegations += deleted;
    forgotten->more |= deleted == most;
    return r;
}

int store_forget(struct store *store, const struct store_keep *keep, struct store_forgotten *ret)
{
    struct store_forgotten forgotten = {0};
    int r = forget_each(store, OVER_ASSIGNMENTS, keep, forget_assignment, &forgotten);
    if (r == 0)
        r = forget_each(store, OVER_REQUESTS, keep, forget_request, &forgotten);
    if (r == 0)
        r = forget_delegations(store, keep, &forgotten);
    if (r == 0)
        r = forget_lines(store, keep, &forgotten);
    if (r == 0)
        *ret = forgotten;
    return r;
}

int store_oldest_line(struct store *store, int64_t *ret)
{
    return FIND_NUMBER(store, ret, "SELECT at FROM audit ORDER BY at LIMIT 1", "");
}

int store_line_before(struct store *store, int64_t before, int64_t *ret)
{
    return FIND_NUMBER(store, ret, "SELECT at FROM audit WHERE id < ? AND +at < ? ORDER BY id DESC LIMIT 1",
                       "ii", INT64_MAX, before);
}
