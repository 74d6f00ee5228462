/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's requests, stages and decisions. */
#include "helperd/store/sql.h"

#include "common/cleanup.h"
#include "common/wordlist.h"

#include <errno.h>

SQL_ROWS(sql_requests, struct request, REQUEST_ROW);

int store_get_request(struct store *store, int64_t id, struct request *ret)
{
    return FIND_REQUEST(store, ret, " WHERE id = ?", "i", id);
}

int store_find_pending_in_stage(struct store *store, int64_t id, int64_t stage)
{
    return FIND_NUMBER(store, &(int64_t){0},
                       "SELECT 1 FROM request WHERE id = ? AND state = 'pending-approval' AND stage = ?",
                       "ii", id, stage);
}

int store_find_open_request(struct store *store, uid_t uid, const char *user, const char *package,
                            struct request *ret)
{
    return FIND_REQUEST(store, ret, " WHERE uid = ? AND package = ? AND user = ? AND " SQL_PENDING, "utt",
                        uid, package, user);
}

int store_find_unreviewed(struct store *store, uid_t uid, const char *user, const char *package,
                          struct request *ret)
{
    return FIND_REQUEST(store, ret,
                        " WHERE uid = ? AND user = ? AND package = ? AND emergency = 1 AND reviewed = 0 "
                        "ORDER BY id DESC LIMIT 1",
                        "utt", uid, user, package);
}

int store_find_last_request(struct store *store, uid_t uid, const char *user, const char *package,
                            struct request *ret)
{
    return FIND_REQUEST(
        store, ret, " WHERE uid = ? AND user = ? AND package = ? AND emergency = 0 ORDER BY id DESC LIMIT 1",
        "utt", uid, user, package);
}

int store_find_waiting_request(struct store *store, uid_t uid, const char *user, const char *package,
                               struct request *ret)
{
    return FIND_REQUEST(store, ret, " WHERE uid = ? AND user = ? AND package = ? AND waiting = 1 LIMIT 1",
                        "utt", uid, user, package);
}

int store_find_waiting_request_by_name(struct store *store, const char *user, const char *package,
                                       struct request *ret)
{
    return FIND_REQUEST(store, ret, " WHERE user = ? AND package = ? AND waiting = 1 LIMIT 1", "tt", user,
                        package);
}

int store_find_due_start(struct store *store, int64_t now, struct request *ret)
{
    return FIND_REQUEST(store, ret,
                        " WHERE waiting = 1 AND start <= ? AND " SQL_MAY_BEGIN " ORDER BY start LIMIT 1", "i",
                        now);
}

int store_find_missed_start(struct store *store, int64_t now, int64_t last, struct request *ret)
{
    return FIND_REQUEST(store, ret, " WHERE waiting = 1 AND start <= ? AND id <= ? ORDER BY start LIMIT 1",
                        "ii", now, last);
}

int store_find_due_escalation(struct store *store, int64_t now, struct request *ret)
{
    return FIND_REQUEST(store, ret,
                        " WHERE state = 'pending-approval' AND escalate_at > 0 AND escalate_at <= ? ORDER BY "
                        "escalate_at LIMIT 1",
                        "i", now);
}

int store_find_due_reminder(struct store *store, int64_t now, struct request *ret)
{
    return FIND_REQUEST(
        store, ret,
        " WHERE state = 'pending-approval' AND remind_at > 0 AND remind_at <= ? ORDER BY remind_at LIMIT 1",
        "i", now);
}

int store_find_due_review(struct store *store, int64_t now, struct request *ret)
{
    return FIND_REQUEST(store, ret,
                        " WHERE emergency = 1 AND reviewed = 0 AND remind_at > 0 AND remind_at <= ? ORDER BY"
                        " remind_at LIMIT 1",
                        "i", now);
}

int store_plan_reviews(struct store *store, const char *package, int64_t within, int64_t now)
{
    return sql_run(store,
                   "UPDATE request SET remind_at ="
                   " CASE remind_at WHEN 0 THEN submitted + ?2 ELSE min(remind_at, ?3 + ?2) END"
                   " WHERE emergency = 1 AND reviewed = 0 AND package = ?1",
                   "tii", package, within, now);
}

int store_count_overdue_reviews(struct store *store, const char *package, int64_t before, int64_t *ret)
{
    return FIND_NUMBER(store, ret,
                       "SELECT count(*) FROM request WHERE emergency = 1 AND reviewed = 0 AND package = ?"
                       " AND submitted <= ?",
                       "ti", package, before);
}

int store_find_due_request(struct store *store, int64_t now, struct request *ret)
{
    return FIND_REQUEST(store, ret,
                        " WHERE state = 'pending-approval' AND deadline <= ? ORDER BY deadline LIMIT 1", "i",
                        now);
}

/* The id of the circle with these principals, which is added when it is new; 0 for an empty list. */
static int find_circle(struct store *store, char *const *principals, int64_t *ret)
{
    if (!principals || !principals[0]) {
        *ret = 0;
        return 0;
    }
    _cleanup_free_ char *text = wordlist_write(principals);
    if (!text)
        return store_fail(store, -ENOMEM);
    int r = FIND_NUMBER(store, ret, "SELECT id FROM circle WHERE principals = ?", "t", text);
    if (r != STORE_E_NONE)
        return r;
    r = sql_run(store, "INSERT INTO circle (principals) VALUES (?)", "t", text);
    if (r == 0)
        *ret = sqlite3_last_insert_rowid(store->database);
    return r;
}

static int add_stage(struct store *store, int64_t request, const struct stage *stage)
{
    int64_t approvers = 0;
    int64_t fallback = 0;
    find_circle(store, stage->approvers, &approvers);
    find_circle(store, stage->fallback_approvers, &fallback);
    return sql_run(store,
                   "INSERT INTO stage (request, number, approvers, fallback, quorum, timeout, escalate_after,"
                   " entered) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                   "iiiziiii", request, stage->number, approvers, fallback, stage->quorum, stage->timeout,
                   stage->escalate_after, stage->entered);
}

int store_add_request(struct store *store, struct request *request, const struct stage *stages)
{
    int r = sql_write(
        store, "INSERT INTO request (" SQL_NAMES(REQUEST_COLUMNS) ") VALUES (" SQL_NEW(REQUEST_COLUMNS) ")",
        &sql_requests, request);
    if (r < 0)
        return r;
    request->id = sqlite3_last_insert_rowid(store->database);
    sql_note_filed(store, request->requestor.uid);
    if (request->assigned && request->overrides)
        r = sql_write(store, "UPDATE request SET assigned = 2 WHERE id = :id", &sql_requests, request);
    for (int64_t i = 0; r == 0 && i < request->n_stages; i++)
        r = add_stage(store, request->id, &stages[i]);
    return r;
}

int store_update_request(struct store *store, const struct request *request)
{
    return sql_write(store,
                     "UPDATE request SET state = :state, start = :start, ended = :ended, cancel_reason ="
                     " :cancel_reason, stage = :stage, deadline = :deadline, granted = :granted,"
                     " until = :until,"
                     " waiting = :waiting, groups = :groups, gids = :gids WHERE id = :id",
                     &sql_requests, request);
}

int store_find_unbound(struct store *store, char **ret)
{
    return FIND_TEXT(store, ret, "SELECT package FROM request WHERE waiting = 1 AND groups IS NULL LIMIT 1",
                     "");
}

int store_bind_groups(struct store *store, const char *package, const char *groups)
{
    return sql_run(store,
                   "UPDATE request SET groups = ? WHERE waiting = 1 AND groups IS NULL AND package = ?", "tt",
                   groups, package);
}

int store_set_reviewed(struct store *store, int64_t request, int64_t now)
{
    return sql_run(store, "UPDATE request SET reviewed = ? WHERE id = ?", "ii", now, request);
}

#define STAGE_COLUMNS(F, N, S)                                                                               \
    F(S, NUMBER, s.number, number)                                                                           \
    N(S, NUMBER, s.quorum, quorum)                                                                           \
    N(S, NUMBER, s.timeout, timeout)                                                                         \
    N(S, NUMBER, s.escalate_after, escalate_after)                                                           \
    N(S, NUMBER, s.entered, entered)                                                                         \
    N(S, NUMBER, s.escalated, escalated)                                                                     \
    N(S, LIST, a.principals, approvers)                                                                      \
    N(S, LIST, f.principals, fallback_approvers)
static SQL_ROWS(stages, struct stage, STAGE_COLUMNS);

int store_get_stage(struct store *store, int64_t request, int64_t number, struct stage *ret)
{
    return sql_read(
        store,
        sql_take(store,
                 "SELECT " SQL_NAMES(STAGE_COLUMNS) " FROM stage s JOIN circle a ON a.id = s.approvers"
                                                    " LEFT JOIN circle f ON f.id = s.fallback WHERE "
                                                    "s.request = ? AND s.number = ?",
                 "ii", request, number),
        &stages, ret);
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

#define DECISION_COLUMNS(F, N, S)                                                                            \
    F(S, NUMBER, stage, stage)                                                                               \
    N(S, TEXT, decider, decider)                                                                             \
    N(S, UID, uid, identity.uid)                                                                             \
    N(S, UID, loginuid, identity.loginuid)                                                                   \
    N(S, BOOLEAN, approved, approved)                                                                        \
    N(S, TEXT, reason, reason)                                                                               \
    N(S, NUMBER, at, at)                                                                                     \
    N(S, TEXT, for_user, for_user)                                                                           \
    N(S, UID, for_uid, for_identity.uid)                                                                     \
    N(S, UID, for_loginuid, for_identity.loginuid)
static SQL_ROWS(decisions, struct decision, DECISION_COLUMNS);

int store_get_decisions(struct store *store, int64_t request, struct decision **ret, size_t *ret_count)
{
    return sql_read_all(
        store,
        sql_take(store, "SELECT " SQL_NAMES(DECISION_COLUMNS) " FROM decision WHERE request = ? ORDER BY id",
                 "i", request),
        &decisions, ret, ret_count);
}

void store_free_decisions(struct decision *array, size_t count)
{
    sql_free_all(&decisions, array, count);
}
