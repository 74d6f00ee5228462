/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Figures of the store: its epoch, how much waits and is held, when something is due next, disk space. */
#include "common/cleanup.h"
#include "helperd/store/sql.h"
#include "helperd/store/tally.h"

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

int store_count_pending(struct store *store, int64_t now, struct store_counts *ret)
{
    const int r = sql_read(store,
                           sql_take(store,
                                    "SELECT " SQL_NAMES(PENDING_COLUMNS) " FROM request"
                                                                         " WHERE state = 'pending-approval'",
                                    "ii", now - HOUR, now - DAY),
                           &pending_counts, ret);
    if (r == 0)
        ret->pending_older = ret->pending - ret->pending_hour - ret->pending_day;
    return r;
}

/* Once, for whoever asks first. */
static int count_live(struct store *store)
{
    const int r = store->live_counted ? 0 : tally_count_live(store->database);
    store->live_counted |= r == 0 && !store->in_transaction; /* which may be taken back */
    return r;
}

int store_count_live(struct store *store, int64_t *ret)
{
    const int r = count_live(store);
    return r < 0
               ? r
               : FIND_NUMBER(store, ret, "SELECT coalesce(sum(count), 0) FROM tally WHERE kind = 'live'", "");
}

int store_each_tally(struct store *store, store_each_tally_fn each, void *data)
{
    int r = count_live(store);
    sqlite3_stmt *s = r == 0 ? sql_take(store, "SELECT kind, name, count FROM tally", "") : NULL;
    r = s ? 0 : -EIO;
    while (r == 0 && (r = sql_step(store, s)) > 0)
        r = each((const char *)sqlite3_column_text(s, 0), (const char *)sqlite3_column_text(s, 1),
                 sqlite3_column_int64(s, 2), data);
    sql_release(store, s);
    return r;
}

int store_read_counts(struct store *store, int64_t now, struct store_counts *ret)
{
    struct store_counts counts;
    int r = store_count_pending(store, now, &counts);
    if (r == 0)
        r = store_count_live(store, &counts.live);
    if (r == 0)
        r = store_count_partial(store, &counts.partial);
    if (r == 0)
        *ret = counts;
    return r;
}

int store_count_partial(struct store *store, int64_t *ret)
{
    return FIND_NUMBER(store, ret, "SELECT count(*) FROM assignment WHERE state = 'partially-fulfilled'", "");
}

int store_count_endings_left(struct store *store, int64_t *ret)
{
    return FIND_NUMBER(store, ret, "SELECT count(*) FROM ending WHERE retry_at > 0 AND attempts > 0", "");
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
        " UNION ALL SELECT min(remind_at) FROM request WHERE emergency = 1 AND reviewed = 0 AND remind_at > 0"
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
