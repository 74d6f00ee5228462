/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store's lists of requests. Which requests somebody could or can decide is asked of policy.c about the
 * distinct circles of approvers, of which there are few; the requests themselves are then found by index.
 */
#include "helperd/store/sql.h"

#include "common/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The circles that a test accepted, ascending. */
struct circles {
    int64_t *ids;
    size_t count;
};

static int find_circles(struct store *store, store_circle_test test, void *data, struct circles *ret)
{
    sqlite3_stmt *s = sql_take(store, "SELECT id, principals FROM circle ORDER BY id", "");
    if (!s)
        return -EIO;
    struct circles found = {0};
    int r;
    while ((r = sql_step(store, s)) > 0) {
        strv principals = strv_split((const char *)sqlite3_column_text(s, 1));
        const bool accepted = principals && test(principals, data);
        strv_free(principals);
        if (!accepted)
            continue;
        int64_t *grown = reallocarray(found.ids, found.count + 1, sizeof(*grown));
        if (!grown) {
            r = -ENOMEM;
            break;
        }
        found.ids = grown;
        found.ids[found.count++] = sqlite3_column_int64(s, 0);
    }
    sql_release(store, s);
    if (r < 0) {
        free(found.ids);
        return r;
    }
    *ret = found;
    return 0;
}

static int by_id(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static bool has_circle(const struct circles *circles, int64_t id)
{
    return circles->count && bsearch(&id, circles->ids, circles->count, sizeof(id), by_id);
}

/* A set of request ids. */
struct ids {
    int64_t *items;
    size_t count;
};

static int add_id(struct ids *ids, int64_t id)
{
    int64_t *grown = reallocarray(ids->items, ids->count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    ids->items = grown;
    ids->items[ids->count++] = id;
    return 0;
}

static int collect(struct store *store, sqlite3_stmt *statement, struct ids *ids)
{
    if (!statement)
        return -EIO;
    int r;
    while ((r = sql_step(store, statement)) > 0)
        if ((r = add_id(ids, sqlite3_column_int64(statement, 0))) < 0)
            break;
    sql_release(store, statement);
    return r;
}

static int newest_first(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left < right) - (left > right);
}

static bool matches(const struct store_filter *filter, const struct request *request)
{
    return (filter->state == STATE_NONE || filter->state == request->state) &&
           (!filter->package || strcmp(filter->package, request->package) == 0) &&
           (!filter->user || strcmp(filter->user, request->user) == 0) &&
           (filter->uid == UID_UNSET || filter->uid == request->requestor.uid);
}

/* Hands out the requests with these ids, sorted, each once, until the limit. */
static int visit(struct store *store, struct ids *ids, const struct store_filter *filter, bool pending,
                 store_each_request each, void *data)
{
    if (ids->count)
        qsort(ids->items, ids->count, sizeof(*ids->items), newest_first);
    int64_t given = 0;
    int r = 0;
    for (size_t i = 0; r == 0 && i < ids->count && given < filter->limit; i++) {
        if (i && ids->items[i] == ids->items[i - 1])
            continue;
        struct request request = {0};
        r = store_get_request(store, ids->items[i], &request);
        if (r == 0 && (request.state == STATE_PENDING_APPROVAL) == pending && matches(filter, &request)) {
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

int store_list_requests(struct store *store, const struct store_filter *filter, store_each_request each,
                        void *data)
{
    const char *state = filter->state == STATE_NONE ? NULL : state_identifier(filter->state);
    /* One query per access path, so that each is answered from an index in the order of ids. */
    static const char of_user[] = "SELECT id FROM request WHERE uid = ?1 AND id < ?2"
                                  " AND (?3 IS NULL OR state = ?3) AND (?4 IS NULL OR package = ?4)"
                                  " AND (?5 IS NULL OR user = ?5) ORDER BY id DESC LIMIT ?6";
    static const char of_all[] = "SELECT id FROM request WHERE ?1 IS NULL AND id < ?2"
                                 " AND (?3 IS NULL OR state = ?3) AND (?4 IS NULL OR package = ?4)"
                                 " AND (?5 IS NULL OR user = ?5) ORDER BY id DESC LIMIT ?6";
    struct ids ids = {0};
    int r = collect(store,
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
    free(ids.items);
    return r;
}

/* One look at all that is pending, whatever the number of circles. */
static int collect_pending(struct store *store, const struct store_filter *filter,
                           const struct circles *circles, struct ids *ids)
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
            (r = add_id(ids, sqlite3_column_int64(s, 0))) < 0)
            break;
    sql_release(store, s);
    return r;
}

int store_list_pending(struct store *store, const struct store_filter *filter, store_circle_test test,
                       void *test_data, store_each_request each, void *data)
{
    struct circles circles = {0};
    struct ids ids = {0};
    int r = find_circles(store, test, test_data, &circles);
    if (r == 0 && circles.count)
        r = collect_pending(store, filter, &circles, &ids);
    if (r == 0)
        r = visit(store, &ids, filter, true, each, data);
    free(circles.ids);
    free(ids.items);
    return r;
}

int store_list_unreviewed(struct store *store, const struct store_filter *filter, store_each_request each,
                          void *data)
{
    struct ids ids = {0};
    int r = collect(store,
                    sql_take(store,
                             "SELECT id FROM request WHERE emergency = 1 AND reviewed = 0 AND id < ?1"
                             " AND (?2 IS NULL OR package = ?2) AND (?3 IS NULL OR user = ?3)"
                             " ORDER BY id DESC",
                             "itt", upper_bound(filter), filter->package, filter->user),
                    &ids);
    if (r == 0)
        r = visit(store, &ids, filter, false, each, data);
    free(ids.items);
    return r;
}

int store_list_decided(struct store *store, const struct store_filter *filter, uid_t uid, const char *decider,
                       store_circle_test test, void *test_data, store_each_request each, void *data)
{
    /* Each source is asked for as many as can be wanted; together they are sorted and cut. */
    static const char by_uid[] =
        "SELECT DISTINCT d.request FROM decision d JOIN request r ON r.id = d.request"
        " WHERE d.uid = ?1 AND d.request < ?2 AND r.state <> 'pending-approval'"
        " AND (?3 IS NULL OR r.package = ?3) AND (?4 IS NULL OR r.user = ?4)"
        " AND (?5 IS NULL OR r.state = ?5) AND (?7 IS NULL OR r.uid = ?7) AND d.decider = ?8 ORDER BY "
        "d.request DESC LIMIT ?6";
    static const char in_name_of[] =
        "SELECT DISTINCT d.request FROM decision d JOIN request r ON r.id = d.request"
        " WHERE d.for_uid = ?1 AND d.for_uid IS NOT NULL AND d.request < ?2 AND r.state <> 'pending-approval'"
        " AND (?3 IS NULL OR r.package = ?3) AND (?4 IS NULL OR r.user = ?4)"
        " AND (?5 IS NULL OR r.state = ?5) AND (?7 IS NULL OR r.uid = ?7) AND d.for_user = ?8 ORDER BY "
        "d.request DESC LIMIT ?6";
    static const char by_circle[] =
        "SELECT s.request FROM stage s JOIN request r ON r.id = s.request"
        " WHERE s.approvers = ?1 AND s.request < ?2 AND r.state <> 'pending-approval'"
        " AND (?3 IS NULL OR r.package = ?3) AND (?4 IS NULL OR r.user = ?4)"
        " AND (?5 IS NULL OR r.state = ?5) AND (?7 IS NULL OR r.uid = ?7) ORDER BY s.request DESC LIMIT ?6";
    static const char by_fallback[] =
        "SELECT s.request FROM stage s JOIN request r ON r.id = s.request"
        " WHERE s.fallback = ?1 AND s.request < ?2 AND r.state <> 'pending-approval'"
        " AND (?3 IS NULL OR r.package = ?3) AND (?4 IS NULL OR r.user = ?4)"
        " AND (?5 IS NULL OR r.state = ?5) AND (?7 IS NULL OR r.uid = ?7) ORDER BY s.request DESC LIMIT ?6";
    const char *state = filter->state == STATE_NONE ? NULL : state_identifier(filter->state);
    const int64_t bound = upper_bound(filter);
    struct circles circles = {0};
    struct ids ids = {0};
    int r = find_circles(store, test, test_data, &circles);
    if (r == 0)
        r = collect(store,
                    sql_take(store, by_uid, "iitttiut", (int64_t)uid, bound, filter->package, filter->user,
                             state, filter->limit, filter->uid, decider),
                    &ids);
    if (r == 0)
        r = collect(store,
                    sql_take(store, in_name_of, "iitttiut", (int64_t)uid, bound, filter->package,
                             filter->user, state, filter->limit, filter->uid, decider),
                    &ids);
    for (size_t i = 0; r == 0 && i < 2 * circles.count; i++)
        r = collect(store,
                    sql_take(store, i % 2 ? by_fallback : by_circle, "iitttiu", circles.ids[i / 2], bound,
                             filter->package, filter->user, state, filter->limit, filter->uid),
                    &ids);
    if (r == 0)
        r = visit(store, &ids, filter, false, each, data);
    free(circles.ids);
    free(ids.items);
    return r;
}
