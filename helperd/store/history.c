/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was held in a period, page by page: an index has what is live, another what is over by when it ended. */
#include "helperd/store/sql.h"

#include <string.h>

int64_t store_over_at(const struct assignment *assignment)
{
    return assignment->ended ? assignment->ended : assignment->span.end;
}

/* Those that never had a group in place were not held. */
static sqlite3_stmt *take_page(struct store *store, const struct store_history_filter *filter, bool live,
                               int64_t examine)
{
    const int64_t until = filter->until ? filter->until : INT64_MAX;
    const int64_t before = filter->before ? filter->before : INT64_MAX;
    if (live)
        return sql_take(store,
                        SELECT_ASSIGNMENT " WHERE " SQL_LIVE " AND begun = 1 AND id < ?1 AND start < ?2"
                                          " ORDER BY id DESC LIMIT ?3",
                        "iii", before, until, examine);
    return sql_take(store,
                    SELECT_ASSIGNMENT " WHERE " SQL_OVER " AND begun = 1 AND " SQL_OVER_AT " > ?1"
                                      " AND " SQL_OVER_AT " <= ?2 AND (" SQL_OVER_AT " < ?2 OR id < ?3)"
                                      " AND start < ?4 ORDER BY " SQL_OVER_AT " DESC, id DESC LIMIT ?5",
                    "iiiii", filter->since, filter->before_at ? filter->before_at : INT64_MAX,
                    filter->before_at ? before : INT64_MAX, until, examine);
}

static int has_group(struct store *store, int64_t assignment, const char *group, bool *ret)
{
    int64_t count = 0;
    const int r = FIND_NUMBER(store, &count,
                              "SELECT count(*) FROM \"grant\" WHERE assignment = ? AND name = ?"
                              " AND problem IS NULL",
                              "it", assignment, group);
    *ret = count > 0;
    return r;
}

static int matches(struct store *store, const struct store_history_filter *filter,
                   const struct assignment *assignment, bool *ret)
{
    const char *name = filter->name;
    *ret = !name || (filter->kinds & STORE_NAMES_PACKAGE && strcmp(name, assignment->package) == 0) ||
           (filter->kinds & STORE_NAMES_USER && strcmp(name, assignment->user) == 0);
    return *ret || !(filter->kinds & STORE_NAMES_GROUP) ? 0 : has_group(store, assignment->id, name, ret);
}

struct page {
    int64_t found;
    int64_t examined;
    bool full; /* `each` said so */
    struct store_history_cursor last;
};

static bool goes_on(const struct page *page, const struct store_history_filter *filter)
{
    return !page->full && page->found < filter->limit && page->examined < filter->examine;
}

static int visit_page(struct store *store, const struct store_history_filter *filter, bool live,
                      store_each_assignment_fn each, void *data, struct page *page)
{
    sqlite3_stmt *s = take_page(store, filter, live, filter->examine - page->examined);
    struct assignment assignment = {0};
    int r = 0;
    while (!page->full && page->found < filter->limit &&
           (r = sql_next(store, s, &sql_assignments, &assignment)) > 0) {
        bool wanted = false;
        page->last = (struct store_history_cursor){live ? 0 : store_over_at(&assignment), assignment.id};
        page->examined++;
        if ((r = matches(store, filter, &assignment, &wanted)) < 0 ||
            (wanted && (r = each(&assignment, data)) < 0))
            break;
        page->found += wanted;
        page->full = wanted && r > 0;
    }
    sql_end(store, s, &sql_assignments, &assignment);
    return r < 0 ? r : 0;
}

int store_list_history(struct store *store, const struct store_history_filter *filter,
                       store_each_assignment_fn each, void *data, struct store_history_cursor *ret_next)
{
    struct page page = {0};
    int r = filter->before_at == 0 ? visit_page(store, filter, true, each, data, &page) : 0;
    if (r == 0 && goes_on(&page, filter))
        r = visit_page(store, filter, false, each, data, &page);
    if (r < 0)
        return r;
    *ret_next = goes_on(&page, filter) ? (struct store_history_cursor){0} : page.last;
    return 0;
}

int store_each_extension(struct store *store, int64_t assignment, int64_t most, store_each_request_fn each,
                         void *data)
{
    sqlite3_stmt *s =
        sql_take(store,
                 SELECT_REQUEST " WHERE id IN (SELECT id FROM request WHERE assignment = ?1"
                                " AND state = 'approved' ORDER BY id DESC LIMIT ?2) ORDER BY id",
                 "ii", assignment, most);
    struct request request = {0};
    int r;
    while ((r = sql_next(store, s, &sql_requests, &request)) > 0)
        if ((r = each(&request, data)) != 0)
            break;
    sql_end(store, s, &sql_requests, &request);
    return r;
}
