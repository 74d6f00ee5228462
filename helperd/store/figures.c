/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Figures of the store: its epoch, how much waits and is held, when something is due next, disk space. */
#include "common/cleanup.h"
#include "helperd/store/sql.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { HOUR = 60 * 60, DAY = 24 * HOUR };

#define PENDING_COLUMNS(F, N, S)                                                                             \
    F(S, NUMBER, count(*), pending)                                                                          \
    N(S, NUMBER, coalesce(sum(submitted > ?1), 0), pending_hour)                                             \
    N(S, NUMBER, coalesce(sum(submitted > ?2 AND submitted <= ?1), 0), pending_day)                          \
    N(S, NUMBER, coalesce(min(submitted), 0), oldest_pending)
static SQL_ROWS(pending_counts, struct store_counts, PENDING_COLUMNS);

#define LIVE_COLUMNS(F, N, S)                                                                                \
    F(S, NUMBER, count(*), live)                                                                             \
    N(S, NUMBER, coalesce(sum(state = 'partially-fulfilled'), 0), partial)
static SQL_ROWS(live_counts, struct store_counts, LIVE_COLUMNS);

int store_read_counts(struct store *store, int64_t now, struct store_counts *ret)
{
    struct store_counts counts, live;
    int r = sql_read(store,
                     sql_take(store,
                              "SELECT " SQL_NAMES(PENDING_COLUMNS) " FROM request"
                                                                   " WHERE state = 'pending-approval'",
                              "ii", now - HOUR, now - DAY),
                     &pending_counts, &counts);
    if (r < 0)
        return r;
    r = sql_read(store,
                 sql_take(store, "SELECT " SQL_NAMES(LIVE_COLUMNS) " FROM assignment WHERE " SQL_LIVE, ""),
                 &live_counts, &live);
    if (r < 0)
        return r;
    *ret = counts;
    ret->pending_older = counts.pending - counts.pending_hour - counts.pending_day;
    ret->live = live.live;
    ret->partial = live.partial;
    return 0;
}

int store_get_epoch(struct store *store, char **ret)
{
    if (!store->epoch) {
        const int r =
            FIND_TEXT(store, &store->epoch, "SELECT name FROM epoch ORDER BY number DESC LIMIT 1", "");
        if (r != 0)
            return r;
    }
    *ret = strdup(store->epoch);
    return *ret ? 0 : -ENOMEM;
}

int store_begin_epoch(struct store *store, int64_t now)
{
    free(steal_ptr(store->epoch));
    return sql_run(store, "INSERT INTO epoch (name, begun) VALUES (lower(hex(randomblob(16))), ?)", "i", now);
}

struct store_space store_measure(struct store *store)
{
    const char *path = sqlite3_db_filename(store->database, "main");
    struct stat file, log;
    struct statvfs disk;

    if (!path || !*path || stat(path, &file) < 0 || statvfs(path, &disk) < 0)
        return (struct store_space){0};
    if (stat(sqlite3_filename_wal(path), &log) < 0)
        log.st_size = 0;
    return (struct store_space){file.st_size + log.st_size, (int64_t)(disk.f_bavail * disk.f_frsize)};
}

int store_next_deadline(struct store *store, int64_t *ret)
{
    const int64_t changes = sqlite3_total_changes64(store->database);
    if (store->deadline.known && store->deadline.changes == changes && !store->failed) {
        *ret = store->deadline.at;
        return 0;
    }
    const int r = FIND_NUMBER(
        store, ret,
        "SELECT coalesce(min(t), 0) FROM ("
        " SELECT min(deadline) AS t FROM request WHERE state = 'pending-approval'"
        " UNION ALL SELECT min(start) FROM request WHERE waiting = 1 AND " SQL_MAY_BEGIN
        " UNION ALL SELECT min(escalate_at) FROM request WHERE state = 'pending-approval'"
        "  AND escalate_at > 0"
        " UNION ALL SELECT min(remind_at) FROM request WHERE state = 'pending-approval' AND remind_at > 0"
        " UNION ALL SELECT min(notice_at) FROM assignment WHERE " SQL_LIVE " AND notice_at > 0"
        /* GRANT_FOREVER is no deadline. Compared once with the minimum, not with each row. */
        " UNION ALL SELECT nullif(min(end), 9223372036854775807) FROM assignment WHERE " SQL_LIVE ")",
        "");
    store->deadline.known = r == 0;
    store->deadline.at = r == 0 ? *ret : 0;
    store->deadline.changes = changes;
    return r;
}

int store_next_retry(struct store *store, int64_t *ret)
{
    return FIND_NUMBER(store, ret,
                       "SELECT coalesce(min(retry_at), 0) FROM assignment"
                       " WHERE state = 'partially-fulfilled' AND retry_at > 0",
                       "");
}
