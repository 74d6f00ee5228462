/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's answers to who holds what now: the users who have a group, and the assignments behind a name. */
#include "helperd/store/sql.h"

#include <errno.h>
#include <stdlib.h>

#define LIVE     "state IN ('partially-fulfilled', 'fulfilled')"
#define IN_PLACE "g.live = 1 AND g.problem IS NULL"

int store_each_holder_of_group(struct store *store, const char *group, int64_t now, store_each_holder each,
                               void *data)
{
    sqlite3_stmt *s = sql_take(store,
                               "SELECT a.user, a.uid, g.gid FROM \"grant\" g JOIN assignment a"
                               " ON a.id = g.assignment WHERE g.name = ?1 AND " IN_PLACE " AND a." LIVE
                               " AND a.start <= ?2 AND a.end > ?2",
                               "ti", group, now);
    if (!s)
        return -EIO;
    int r;
    while ((r = sql_step(store, s)) > 0) {
        const struct store_holder holder = {
            .user = (const char *)sqlite3_column_text(s, 0),
            .uid = sql_uid(s, 1),
            .gid = (gid_t)sql_uid(s, 2),
        };
        r = holder.user ? each(&holder, data) : -ENOMEM;
        if (r != 0)
            break;
    }
    sql_release(store, s);
    return r;
}

/* ---- lists ---- */

struct ids {
    int64_t *items;
    size_t count;
};

static int collect(struct store *store, const char *sql, const struct store_holders_filter *filter,
                   struct ids *ids)
{
    const int64_t before = filter->before > 0 ? filter->before : INT64_MAX;
    sqlite3_stmt *s = filter->name ? sql_take(store, sql, "iit", before, filter->limit, filter->name)
                                   : sql_take(store, sql, "ii", before, filter->limit);
    if (!s)
        return -EIO;
    int r;
    while ((r = sql_step(store, s)) > 0) {
        int64_t *grown = reallocarray(ids->items, ids->count + 1, sizeof(*grown));
        if (!grown) {
            r = -ENOMEM;
            break;
        }
        ids->items = grown;
        grown[ids->count++] = sqlite3_column_int64(s, 0);
    }
    sql_release(store, s);
    return r;
}

/* One query for each thing that the name may be, so that each is answered from an index in the order of ids. */
static int collect_named(struct store *store, const struct store_holders_filter *filter, struct ids *ids)
{
    static const struct {
        unsigned kind;
        const char *sql;
    } sources[] = {
        {STORE_NAMES_PACKAGE, "SELECT a.id FROM assignment a WHERE a.package = ?3 AND a." LIVE
                              " AND a.id < ?1 ORDER BY a.id DESC LIMIT ?2"},
        {STORE_NAMES_GROUP, "SELECT g.assignment FROM \"grant\" g WHERE g.name = ?3 AND " IN_PLACE
                            " AND g.assignment < ?1 ORDER BY g.assignment DESC LIMIT ?2"},
        {STORE_NAMES_USER, "SELECT a.id FROM assignment a WHERE a.user = ?3 AND a." LIVE
                           " AND a.id < ?1 ORDER BY a.id DESC LIMIT ?2"},
    };
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(sources) / sizeof(sources[0]); i++)
        if (filter->kinds & sources[i].kind)
            r = collect(store, sources[i].sql, filter, ids);
    return r;
}

static int newest_first(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left < right) - (left > right);
}

/* Each once, until the limit. */
static int visit(struct store *store, struct ids *ids, int64_t limit, store_each_assignment each, void *data)
{
    int64_t given = 0;
    int r = 0;
    if (ids->count > 0)
        qsort(ids->items, ids->count, sizeof(*ids->items), newest_first);
    for (size_t i = 0; r == 0 && i < ids->count && given < limit; i++) {
        struct assignment assignment = {0};
        if (i > 0 && ids->items[i] == ids->items[i - 1])
            continue;
        r = store_get_assignment(store, ids->items[i], &assignment);
        if (r == 0)
            r = each(&assignment, data);
        assignment_deinit(&assignment);
        given++;
    }
    return r;
}

int store_list_holders(struct store *store, const struct store_holders_filter *filter,
                       store_each_assignment each, void *data)
{
    static const char all[] =
        "SELECT a.id FROM assignment a WHERE a." LIVE " AND a.id < ?1 ORDER BY a.id DESC LIMIT ?2";
    struct ids ids = {0};
    int r = filter->name ? collect_named(store, filter, &ids) : collect(store, all, filter, &ids);
    if (r == 0)
        r = visit(store, &ids, filter->limit, each, data);
    free(ids.items);
    return r;
}

int store_find_held(struct store *store, const char *name, unsigned *ret_kinds)
{
    static const char sql[] =
        "SELECT EXISTS (SELECT 1 FROM assignment a WHERE a.package = ?1 AND a." LIVE "),"
        " EXISTS (SELECT 1 FROM \"grant\" g WHERE g.name = ?1 AND " IN_PLACE "),"
        " EXISTS (SELECT 1 FROM assignment a WHERE a.user = ?1 AND a." LIVE ")";
    sqlite3_stmt *s = sql_take(store, sql, "t", name);
    if (!s)
        return -EIO;
    const int r = sql_step(store, s);
    if (r > 0)
        *ret_kinds = (sqlite3_column_int(s, 0) ? STORE_NAMES_PACKAGE : 0) |
                     (sqlite3_column_int(s, 1) ? STORE_NAMES_GROUP : 0) |
                     (sqlite3_column_int(s, 2) ? STORE_NAMES_USER : 0);
    sql_release(store, s);
    return r < 0 ? r : 0;
}
