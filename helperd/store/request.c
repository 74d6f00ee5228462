/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's requests, stages, decisions and the lists made of them. */
#include "helperd/store/sql.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_COLUMNS                                                                                      \
    "r.id, r.package, r.user, r.uid, r.loginuid, r.full_name, r.organisation, r.state, r.justification,"     \
    " r.no_reason_given, r.service, r.host, r.address, r.tty, r.origin_verified, r.duration, r.start,"       \
    " r.submitted, r.ended, r.cancel_reason, r.stage, r.n_stages, r.deadline, r.assignment, r.granted,"      \
    " r.waiting, r.assigned, r.at_gate, r.undecidable, r.emergency, r.reviewed"

/* The column `assigned`; 0: it was asked for. */
enum { ASSIGNED = 1, ASSIGNED_OVER_DUTIES = 2 };

static int64_t assigned_to_sql(const struct request *request)
{
    return !request->assigned ? 0 : request->overrides ? ASSIGNED_OVER_DUTIES : ASSIGNED;
}

static int read_request(sqlite3_stmt *s, void *ret)
{
    bool oom = false;
    struct request request = {
        .id = sqlite3_column_int64(s, 0),
        .package = sql_text(s, 1, &oom),
        .user = sql_text(s, 2, &oom),
        .requestor = {sql_uid(s, 3), sql_uid(s, 4)},
        .full_name = sql_text(s, 5, &oom),
        .organisation = sql_text(s, 6, &oom),
        .state = state_from_identifier((const char *)sqlite3_column_text(s, 7)),
        .justification = sql_text(s, 8, &oom),
        .no_reason_given = sqlite3_column_int(s, 9),
        .service = sql_text(s, 10, &oom),
        .host = sql_text(s, 11, &oom),
        .address = sql_text(s, 12, &oom),
        .tty = sql_text(s, 13, &oom),
        .origin_verified = sqlite3_column_int(s, 14),
        .duration = sqlite3_column_int64(s, 15),
        .start = sqlite3_column_int64(s, 16),
        .submitted = sqlite3_column_int64(s, 17),
        .ended = sqlite3_column_int64(s, 18),
        .cancel_reason = sql_text(s, 19, &oom),
        .stage = sqlite3_column_int64(s, 20),
        .n_stages = sqlite3_column_int64(s, 21),
        .deadline = sqlite3_column_int64(s, 22),
        .extends = sqlite3_column_int64(s, 23),
        .granted = sqlite3_column_int64(s, 24),
        .waiting = sqlite3_column_int(s, 25),
        .assigned = sqlite3_column_int(s, 26),
        .overrides = sqlite3_column_int(s, 26) == ASSIGNED_OVER_DUTIES,
        .at_gate = sqlite3_column_int(s, 27),
        .undecidable = sql_text(s, 28, &oom),
        .emergency = sqlite3_column_int(s, 29),
        .reviewed = sqlite3_column_int64(s, 30),
    };
    if (oom) {
        request_deinit(&request);
        return -ENOMEM;
    }
    *(struct request *)ret = request;
    return 0;
}

static int read_one(struct store *store, sqlite3_stmt *statement, struct request *ret)
{
    return sql_read_one(store, statement, read_request, ret);
}

int store_get_request(struct store *store, int64_t id, struct request *ret)
{
    return read_one(store, sql_take(store, "SELECT " REQUEST_COLUMNS " FROM request r WHERE id = ?", "i", id),
                    ret);
}

int store_find_open_request(struct store *store, uid_t uid, const char *user, const char *package,
                            struct request *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " REQUEST_COLUMNS " FROM request r WHERE uid = ? AND package = ?"
                             " AND user = ? AND state IN ('submitted', 'pending-approval')",
                             "utt", uid, package, user),
                    ret);
}

int store_find_unreviewed(struct store *store, uid_t uid, const char *user, const char *package,
                          struct request *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " REQUEST_COLUMNS " FROM request r WHERE uid = ? AND user = ?"
                             " AND package = ? AND emergency = 1 AND reviewed = 0 ORDER BY id DESC LIMIT 1",
                             "utt", uid, user, package),
                    ret);
}

int store_find_last_request(struct store *store, uid_t uid, const char *user, const char *package,
                            struct request *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " REQUEST_COLUMNS " FROM request r WHERE uid = ? AND user = ?"
                             " AND package = ? AND emergency = 0 ORDER BY id DESC LIMIT 1",
                             "utt", uid, user, package),
                    ret);
}

int store_find_waiting_request(struct store *store, uid_t uid, const char *user, const char *package,
                               struct request *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " REQUEST_COLUMNS " FROM request r WHERE uid = ? AND user = ?"
                             " AND package = ? AND waiting = 1 LIMIT 1",
                             "utt", uid, user, package),
                    ret);
}

int store_find_waiting_request_by_name(struct store *store, const char *user, const char *package,
                                       struct request *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " REQUEST_COLUMNS " FROM request r WHERE user = ? AND package = ?"
                             " AND waiting = 1 LIMIT 1",
                             "tt", user, package),
                    ret);
}

int store_due_start(struct store *store, int64_t now, struct request *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " REQUEST_COLUMNS " FROM request r WHERE waiting = 1 AND start <= ?"
                             " ORDER BY start LIMIT 1",
                             "i", now),
                    ret);
}

int store_due_escalation(struct store *store, int64_t now, struct request *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " REQUEST_COLUMNS " FROM request r WHERE state = 'pending-approval'"
                             " AND escalate_at > 0 AND escalate_at <= ? ORDER BY escalate_at LIMIT 1",
                             "i", now),
                    ret);
}

int store_due_reminder(struct store *store, int64_t now, struct request *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " REQUEST_COLUMNS " FROM request r WHERE state = 'pending-approval'"
                             " AND remind_at > 0 AND remind_at <= ? ORDER BY remind_at LIMIT 1",
                             "i", now),
                    ret);
}

int store_due_request(struct store *store, int64_t now, struct request *ret)
{
    return read_one(store,
                    sql_take(store,
                             "SELECT " REQUEST_COLUMNS " FROM request r WHERE state = 'pending-approval'"
                             " AND deadline <= ? ORDER BY deadline LIMIT 1",
                             "i", now),
                    ret);
}

int store_count_open_requests(struct store *store, uid_t uid, int64_t *ret)
{
    sqlite3_stmt *statement = sql_take(
        store, "SELECT count(*) FROM request WHERE uid = ? AND state IN ('submitted', 'pending-approval')",
        "u", uid);
    if (!statement)
        return -EIO;
    const int r = sql_step(store, statement);
    if (r > 0)
        *ret = sqlite3_column_int64(statement, 0);
    sql_release(store, statement);
    return r < 0 ? r : 0;
}

int store_filed_since(struct store *store, uid_t uid, int64_t since, int64_t most, int64_t *ret)
{
    sqlite3_stmt *statement = sql_take(store,
                                       "SELECT count(*) FROM (SELECT submitted FROM request WHERE uid = ?"
                                       " ORDER BY id DESC LIMIT ?) WHERE submitted > ?",
                                       "uii", uid, most, since);
    if (!statement)
        return -EIO;
    const int r = sql_step(store, statement);
    if (r > 0)
        *ret = sqlite3_column_int64(statement, 0);
    sql_release(store, statement);
    return r < 0 ? r : 0;
}

/* The row of a list of principals, made when it is new. An empty list has none: 0. */
static int find_circle(struct store *store, char *const *principals, int64_t *ret)
{
    if (!principals || !principals[0]) {
        *ret = 0;
        return 0;
    }
    _cleanup_free_ char *text = strv_join(principals, " ");
    if (!text)
        return -ENOMEM;
    int r = sql_run(store, "INSERT INTO circle (principals) VALUES (?) ON CONFLICT DO NOTHING", "t", text);
    if (r < 0)
        return r;
    sqlite3_stmt *statement = sql_take(store, "SELECT id FROM circle WHERE principals = ?", "t", text);
    if (!statement)
        return -EIO;
    r = sql_step(store, statement);
    if (r > 0)
        *ret = sqlite3_column_int64(statement, 0);
    sql_release(store, statement);
    return r > 0 ? 0 : -EIO;
}

static int add_stage(struct store *store, int64_t request, const struct stage *stage)
{
    int64_t approvers = 0;
    int64_t fallback = 0;
    int r = find_circle(store, stage->approvers, &approvers);
    if (r == 0)
        r = find_circle(store, stage->fallback_approvers, &fallback);
    if (r == 0)
        r = sql_run(
            store,
            "INSERT INTO stage (request, number, approvers, fallback, quorum, timeout, escalate_after,"
            " entered) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            "iiiziiii", request, stage->number, approvers, fallback, stage->quorum, stage->timeout,
            stage->escalate_after, stage->entered);
    return r;
}

int store_add_request(struct store *store, struct request *request, const struct stage *stages)
{
    int r = sql_run(
        store,
        "INSERT INTO request (package, user, uid, loginuid, full_name, organisation, state,"
        " justification, no_reason_given, service, host, address, tty, origin_verified, duration,"
        " start, submitted, ended, cancel_reason, stage, n_stages, deadline, assignment, granted,"
        " waiting, assigned, at_gate, emergency)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "ttuuttttittttiiiiitiiiziiiii", request->package, request->user, request->requestor.uid,
        request->requestor.loginuid, request->full_name, request->organisation,
        state_identifier(request->state), request->justification, (int64_t)request->no_reason_given,
        request->service, request->host, request->address, request->tty, (int64_t)request->origin_verified,
        request->duration, request->start, request->submitted, request->ended, request->cancel_reason,
        request->stage, request->n_stages, request->deadline, request->extends, request->granted,
        (int64_t)request->waiting, assigned_to_sql(request), (int64_t)request->at_gate,
        (int64_t)request->emergency);
    if (r < 0)
        return r;
    request->id = sqlite3_last_insert_rowid(store->database);
    for (int64_t i = 0; r == 0 && i < request->n_stages; i++)
        r = add_stage(store, request->id, &stages[i]);
    return r;
}

int store_update_request(struct store *store, const struct request *request)
{
    return sql_run(store,
                   "UPDATE request SET state = ?, stage = ?, deadline = ?, ended = ?, cancel_reason = ?,"
                   " start = ?, granted = ?, waiting = ?"
                   " WHERE id = ?",
                   "tiiitiiii", state_identifier(request->state), request->stage, request->deadline,
                   request->ended, request->cancel_reason, request->start, request->granted,
                   (int64_t)request->waiting, request->id);
}

int store_set_reviewed(struct store *store, int64_t request, int64_t now)
{
    return sql_run(store, "UPDATE request SET reviewed = ? WHERE id = ?", "ii", now, request);
}

static strv read_circle(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return strv_split(text ? text : "");
}

int store_get_stage(struct store *store, int64_t request, int64_t number, struct stage *ret)
{
    sqlite3_stmt *s =
        sql_take(store,
                 "SELECT s.number, s.quorum, s.timeout, s.escalate_after, s.entered, a.principals,"
                 " f.principals, s.escalated FROM stage s JOIN circle a ON a.id = s.approvers"
                 " LEFT JOIN circle f ON f.id = s.fallback WHERE s.request = ? AND s.number = ?",
                 "ii", request, number);
    if (!s)
        return -EIO;
    int r = sql_step(store, s);
    if (r > 0) {
        struct stage stage = {
            .number = sqlite3_column_int64(s, 0),
            .quorum = sqlite3_column_int64(s, 1),
            .timeout = sqlite3_column_int64(s, 2),
            .escalate_after = sqlite3_column_int64(s, 3),
            .entered = sqlite3_column_int64(s, 4),
            .approvers = read_circle(s, 5),
            .fallback_approvers = read_circle(s, 6),
            .escalated = sqlite3_column_int64(s, 7),
        };
        r = 0;
        if (!stage.approvers || !stage.fallback_approvers) {
            stage_deinit(&stage);
            r = -ENOMEM;
        } else {
            *ret = stage;
        }
    } else if (r == 0) {
        r = STORE_E_NONE;
    }
    sql_release(store, s);
    return r;
}

int store_enter_stage(struct store *store, int64_t request, int64_t number, int64_t now)
{
    return sql_run(store, "UPDATE stage SET entered = ? WHERE request = ? AND number = ?", "iii", now,
                   request, number);
}

int store_add_decision(struct store *store, int64_t request, const struct decision *decision)
{
    return sql_run(store,
                   "INSERT INTO decision (request, stage, decider, uid, loginuid, approved, reason, at,"
                   " for_user, for_uid, for_loginuid)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   "iituuitituu", request, decision->stage, decision->decider, decision->identity.uid,
                   decision->identity.loginuid, (int64_t)decision->approved, decision->reason, decision->at,
                   decision->for_user, decision->for_user ? decision->for_identity.uid : UID_UNSET,
                   decision->for_user ? decision->for_identity.loginuid : UID_UNSET);
}

int store_get_decisions(struct store *store, int64_t request, struct decision **ret, size_t *ret_count)
{
    sqlite3_stmt *s = sql_take(store,
                               "SELECT stage, decider, uid, loginuid, approved, reason, at, for_user,"
                               " for_uid, for_loginuid FROM decision WHERE request = ? ORDER BY id",
                               "i", request);
    if (!s)
        return -EIO;
    struct decision *decisions = NULL;
    size_t count = 0;
    bool oom = false;
    int r = 0;
    while (!oom && (r = sql_step(store, s)) > 0) {
        struct decision *grown = reallocarray(decisions, count + 1, sizeof(*decisions));
        if (!grown) {
            oom = true;
            break;
        }
        decisions = grown;
        decisions[count++] = (struct decision){
            .stage = sqlite3_column_int64(s, 0),
            .decider = sql_text(s, 1, &oom),
            .identity = {sql_uid(s, 2), sql_uid(s, 3)},
            .approved = sqlite3_column_int(s, 4),
            .reason = sql_text(s, 5, &oom),
            .at = sqlite3_column_int64(s, 6),
            .for_user = sql_text(s, 7, &oom),
            .for_identity = {sql_uid(s, 8), sql_uid(s, 9)},
        };
    }
    sql_release(store, s);
    if (oom || r < 0) {
        store_free_decisions(decisions, count);
        return oom ? -ENOMEM : r;
    }
    *ret = decisions;
    *ret_count = count;
    return 0;
}

void store_free_decisions(struct decision *decisions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        decision_deinit(&decisions[i]);
    free(decisions);
}
