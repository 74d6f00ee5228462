/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store's lists of requests. To list those that a user can decide, policy.c is asked about the distinct circles of
 * approvers, of which there are few; indexes then find the requests.
 */
#include "helperd/store/sql.h"

#include "common/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct circle {
    int64_t id;
    strv principals;
};

#define CIRCLE_COLUMNS(F, N, S) F(S, NUMBER, id, id) N(S, LIST, principals, principals)
static SQL_ROWS(circle_rows, struct circle, CIRCLE_COLUMNS);

/* The ids of the circles that the test accepts, ascending. */
static int find_circles(struct store *store, store_circle_test_fn test, void *data, struct sql_ids *circles)
{
    sqlite3_stmt *s = sql_take(store, "SELECT " SQL_NAMES(CIRCLE_COLUMNS) " FROM circle ORDER BY id", "");
    struct circle circle = {0};
    int r;
    while ((r = sql_next(store, s, &circle_rows, &circle)) > 0)
        if (test(circle.principals, data) && (r = sql_add_id(circles, circle.id)) < 0)
            break;
    sql_end(store, s, &circle_rows, &circle);
    return r;
}

int store_each_circle(struct store *store, store_each_circle_fn each, void *data)
{
    sqlite3_stmt *s =
        sql_take(store, "SELECT " SQL_NAMES(CIRCLE_COLUMNS) " FROM circle ORDER BY id DESC", "");
    struct circle circle = {0};
    int r;
    while ((r = sql_next(store, s, &circle_rows, &circle)) > 0)
        if ((r = each(circle.principals, data)) != 0)
            break;
    sql_end(store, s, &circle_rows, &circle);
    return r;
}

static int compare_ids(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static bool has_circle(const struct sql_ids *circles, int64_t id)
{
    return circles->count && bsearch(&id, circles->items, circles->count, sizeof(id), compare_ids);
}

static bool matches_filter(const struct store_filter *filter, const struct request *request)
{
    return (filter->state == STATE_NONE || filter->state == request->state) &&
           (!filter->package || strcmp(filter->package, request->package) == 0) &&
           (!filter->user || strcmp(filter->user, request->user) == 0) &&
           (filter->uid == UID_UNSET || filter->uid == request->requestor.uid);
}

/* Calls `each` with the requests that match, the newest first, up to the limit. */
static int visit_requests(struct store *store, struct sql_ids *ids, const struct store_filter *filter,
                          store_each_request_fn each, void *data)
{
    int64_t given = 0;
    int r = 0;
    sql_sort_ids(ids);
    for (size_t i = 0; r == 0 && i < ids->count && given < filter->limit; i++) {
        struct request request = {0};
        r = store_get_request(store, ids->items[i], &request);
        if (r == 0 && matches_filter(filter, &request)) {
            r = each(&request, data);
            given++;
        }
        request_deinit(&request);
    }
    return r;
}

static int64_t upper_bound(const struct store_filter *filter)
{
    return filter->before > 0 ? filter->before : INT64_MAX;
}

int store_list_requests(struct store *store, const struct store_filter *filter, store_each_request_fn each,
                        void *data)
{
    const char *state = filter->state == STATE_NONE ? NULL : state_identifier(filter->state);
    /* One query per access path, so that an index answers each in the order of ids. */
    static const char of_user[] = "SELECT id FROM request WHERE uid = ?1 AND id < ?2"
                                  " AND (?3 IS NULL OR state = ?3) AND (?4 IS NULL OR package = ?4)"
                                  " AND (?5 IS NULL OR user = ?5) ORDER BY id DESC LIMIT ?6";
    static const char of_all[] = "SELECT id FROM request WHERE ?1 IS NULL AND id < ?2"
                                 " AND (?3 IS NULL OR state = ?3) AND (?4 IS NULL OR package = ?4)"
                                 " AND (?5 IS NULL OR user = ?5) ORDER BY id DESC LIMIT ?6";
    _cleanup_ids_ struct sql_ids ids = {0};
    int r = sql_collect(store,
                        sql_take(store, filter->uid == UID_UNSET ? of_all : of_user, "uittti", filter->uid,
                                 upper_bound(filter), state, filter->package, filter->user, filter->limit),
                        &ids);
    for (size_t i = 0; r == 0 && i < ids.count; i++) {
        struct request request = {0};
        r = store_get_request(store, ids.items[i], &request);
        if (r == 0)
            r = each(&request, data);
        request_deinit(&request);
    }
    return r;
}

/* One query over all pending requests, however many circles there are. */
static int collect_pending(struct store *store, const struct store_filter *filter,
                           const struct sql_ids *circles, struct sql_ids *ids)
{
    sqlite3_stmt *s = sql_take(store,
                               "SELECT r.id, s.approvers, s.fallback FROM request r JOIN stage s"
                               " ON s.request = r.id AND s.number = r.stage"
                               " WHERE r.state = 'pending-approval' AND r.id < ?1"
                               " AND (?2 IS NULL OR r.package = ?2) AND (?3 IS NULL OR r.user = ?3)"
                               " ORDER BY r.id DESC",
                               "itt", upper_bound(filter), filter->package, filter->user);
    if (!s)
        return -EIO;
    int r;
    while ((r = sql_step(store, s)) > 0)
        if ((has_circle(circles, sqlite3_column_int64(s, 1)) ||
             has_circle(circles, sqlite3_column_int64(s, 2))) &&
            (r = sql_add_id(ids, sqlite3_column_int64(s, 0))) < 0)
            break;
    sql_release(store, s);
    return r;
}

int store_list_pending(struct store *store, const struct store_filter *filter, store_circle_test_fn test,
                       void *test_data, store_each_request_fn each, void *data)
{
    _cleanup_ids_ struct sql_ids circles = {0};
    _cleanup_ids_ struct sql_ids ids = {0};
    int r = find_circles(store, test, test_data, &circles);
    if (r < 0)
        return r;
    r = circles.count ? collect_pending(store, filter, &circles, &ids) : 0;
    return r < 0 ? r : visit_requests(store, &ids, filter, each, data);
}

int store_list_unreviewed(struct store *store, const struct store_filter *filter, store_each_request_fn each,
                          void *data)
{
    _cleanup_ids_ struct sql_ids ids = {0};
    const int r =
        sql_collect(store,
                    sql_take(store,
                             "SELECT id FROM request WHERE emergency = 1 AND reviewed = 0 AND id < ?1"
                             " AND (?2 IS NULL OR package = ?2) AND (?3 IS NULL OR user = ?3)"
                             " ORDER BY id DESC",
                             "itt", upper_bound(filter), filter->package, filter->user),
                    &ids);
    return r < 0 ? r : visit_requests(store, &ids, filter, each, data);
}

/* Each query of store_list_decided returns up to the limit; together they are sorted and cut. Who decided in a stage finds
 * the request while it waits in a later one, too. */
#define DECIDED(request)                                                                                     \
    " AND " request " < ?2 AND (?3 IS NULL OR r.package = ?3)"                                               \
    " AND (?4 IS NULL OR r.user = ?4) AND (?5 IS NULL OR r.state = ?5) AND (?7 IS NULL OR r.uid = ?7)"       \
    " ORDER BY " request " DESC LIMIT ?6"
#define BY_DECISION "SELECT DISTINCT d.request FROM decision d JOIN request r ON r.id = d.request WHERE "
#define BY_STAGE                                                                                             \
    "SELECT s.request FROM stage s JOIN request r ON r.id = s.request WHERE r.state <> 'pending-approval' "  \
    "AND "

static sqlite3_stmt *take_decided(struct store *store, const char *sql, const struct store_filter *filter,
                                  int64_t who, const char *decider)
{
    const char *state = filter->state == STATE_NONE ? NULL : state_identifier(filter->state);
    return sql_take(store, sql, decider ? "iitttiut" : "iitttiu", who, upper_bound(filter), filter->package,
                    filter->user, state, filter->limit, filter->uid, decider);
}

int store_list_decided(struct store *store, const struct store_filter *filter, uid_t uid, const char *decider,
                       store_circle_test_fn test, void *test_data, store_each_request_fn each, void *data)
{
    static const char by_uid[] = BY_DECISION "d.uid = ?1 AND d.decider = ?8" DECIDED("d.request");
    static const char in_name_of[] =
        BY_DECISION "d.for_uid = ?1 AND d.for_uid IS NOT NULL AND d.for_user = ?8" DECIDED("d.request");
    static const char by_circle[] = BY_STAGE "s.approvers = ?1" DECIDED("s.request");
    static const char by_fallback[] = BY_STAGE "s.fallback = ?1" DECIDED("s.request");
    _cleanup_ids_ struct sql_ids circles = {0};
    _cleanup_ids_ struct sql_ids ids = {0};
    int r = find_circles(store, test, test_data, &circles);
    if (r < 0)
        return r;
    r = sql_collect(store, take_decided(store, by_uid, filter, uid, decider), &ids);
    if (r < 0)
        return r;
    r = sql_collect(store, take_decided(store, in_name_of, filter, uid, decider), &ids);
    for (size_t i = 0; r == 0 && i < circles.count; i++) {
        r = sql_collect(store, take_decided(store, by_circle, filter, circles.items[i], NULL), &ids);
        if (r == 0)
            r = sql_collect(store, take_decided(store, by_fallback, filter, circles.items[i], NULL), &ids);
    }
    return r < 0 ? r : visit_requests(store, &ids, filter, each, data);
}
