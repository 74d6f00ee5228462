/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who holds what now: the users who have a group, and the assignments that a name matches. */
#include "helperd/store/sql.h"

#include <errno.h>

#define IN_PLACE                "g.live = 1 AND g.problem IS NULL"

#define HOLDER_COLUMNS(F, N, S) F(S, BORROWED, a.user, user) N(S, UID, a.uid, uid) N(S, UID, g.gid, gid)
static SQL_ROWS(holders, struct store_holder, HOLDER_COLUMNS);

#define HOLDERS_WHERE(condition)                                                                             \
    "SELECT " SQL_NAMES(                                                                                     \
        HOLDER_COLUMNS) " FROM \"grant\" g JOIN assignment a ON a.id = g.assignment WHERE " condition        \
                        " AND " IN_PLACE " AND a." SQL_LIVE " AND a.start <= ?2 AND a.end > ?2"

static int each_holder(struct store *store, sqlite3_stmt *s, store_each_holder_fn each, void *data)
{
    struct store_holder holder = {0};
    int r;
    while ((r = sql_next(store, s, &holders, &holder)) > 0)
        if ((r = holder.user ? each(&holder, data) : -ENOMEM) != 0)
            break;
    sql_end(store, s, &holders, &holder);
    return r;
}

int store_each_holder_of_group(struct store *store, const char *group, int64_t now, store_each_holder_fn each,
                               void *data)
{
    return each_holder(store, sql_take(store, HOLDERS_WHERE("g.name = ?1"), "ti", group, now), each, data);
}

int store_each_holder_of_gid(struct store *store, gid_t gid, int64_t now, store_each_holder_fn each,
                             void *data)
{
    return each_holder(store, sql_take(store, HOLDERS_WHERE("g.gid = ?1"), "ii", (int64_t)gid, now), each,
                       data);
}

int store_each_holder(struct store *store, int64_t now, store_each_holder_fn each, void *data)
{
    return each_holder(store, sql_take(store, HOLDERS_WHERE("g.name > ?1"), "ti", "", now), each, data);
}

/* ---- lists ---- */

static int collect_ids(struct store *store, const char *sql, const struct store_holders_filter *filter,
                       struct sql_ids *ids)
{
    const int64_t before = filter->before > 0 ? filter->before : INT64_MAX;
    return sql_collect(store,
                       filter->name ? sql_take(store, sql, "iit", before, filter->limit, filter->name)
                                    : sql_take(store, sql, "ii", before, filter->limit),
                       ids);
}

/* One query per kind of name, so that an index answers each in the order of ids. */
static int collect_ids_of_name(struct store *store, const struct store_holders_filter *filter,
                               struct sql_ids *ids)
{
    static const struct {
        unsigned kind;
        const char *sql;
    } sources[] = {
        {STORE_NAMES_PACKAGE, "SELECT a.id FROM assignment a WHERE a.package = ?3 AND a." SQL_LIVE
                              " AND a.id < ?1 ORDER BY a.id DESC LIMIT ?2"},
        {STORE_NAMES_GROUP, "SELECT g.assignment FROM \"grant\" g WHERE g.name = ?3 AND " IN_PLACE
                            " AND g.assignment < ?1 ORDER BY g.assignment DESC LIMIT ?2"},
        {STORE_NAMES_USER, "SELECT a.id FROM assignment a WHERE a.user = ?3 AND a." SQL_LIVE
                           " AND a.id < ?1 ORDER BY a.id DESC LIMIT ?2"},
    };
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(sources) / sizeof(sources[0]); i++)
        if (filter->kinds & sources[i].kind)
            r = collect_ids(store, sources[i].sql, filter, ids);
    return r;
}

static int visit_assignment(struct store *store, int64_t id, store_each_assignment_fn each, void *data)
{
    struct assignment assignment = {0};
    int r = store_get_assignment(store, id, &assignment);
    if (r == 0)
        r = each(&assignment, data);
    assignment_deinit(&assignment);
    return r;
}

int store_list_holders(struct store *store, const struct store_holders_filter *filter,
                       store_each_assignment_fn each, void *data)
{
    static const char all[] =
        "SELECT a.id FROM assignment a WHERE a." SQL_LIVE " AND a.id < ?1 ORDER BY a.id DESC LIMIT ?2";
    _cleanup_ids_ struct sql_ids ids = {0};
    int r = filter->name ? collect_ids_of_name(store, filter, &ids) : collect_ids(store, all, filter, &ids);
    sql_sort_ids(&ids);
    for (size_t i = 0; r == 0 && i < ids.count && (int64_t)i < filter->limit; i++)
        r = visit_assignment(store, ids.items[i], each, data);
    return r;
}

int store_find_held_kinds(struct store *store, const char *name, unsigned *ret_kinds)
{
    int64_t kinds = 0;
    const int r = FIND_NUMBER(
        store, &kinds,
        "SELECT EXISTS (SELECT 1 FROM assignment a WHERE a.package = ?1 AND a." SQL_LIVE ") * ?2"
        " + EXISTS (SELECT 1 FROM \"grant\" g WHERE g.name = ?1 AND " IN_PLACE ") * ?3"
        " + EXISTS (SELECT 1 FROM assignment a WHERE a.user = ?1 AND a." SQL_LIVE ") * ?4",
        "tiii", name, (int64_t)STORE_NAMES_PACKAGE, (int64_t)STORE_NAMES_GROUP, (int64_t)STORE_NAMES_USER);
    if (r == 0)
        *ret_kinds = (unsigned)kinds;
    return r;
}
