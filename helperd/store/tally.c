/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Counts for figures that are asked for each minute: kept by triggers in a table in memory, so that they follow each
 * transaction, also one that is taken back, and no question reads all that is held.
 */
#include "helperd/store/tally.h"

#include "common/log.h"
#include "helperd/store/store.h"

#include <errno.h>

#define BEYOND(bound) " + (seconds > " #bound ")"
#define BUCKET        "0" STORE_DELAYS(BEYOND)
#define ADD_UP        " ON CONFLICT DO UPDATE SET count = count + excluded.count;"

static const char *const statements[] = {
    "CREATE TEMP TABLE tally (kind TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL,"
    " PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID",

    "CREATE TEMP TRIGGER tally_begin AFTER INSERT ON main.assignment"
    " WHEN NEW.state IN ('partially-fulfilled', 'fulfilled') BEGIN"
    " INSERT INTO tally VALUES ('live', NEW.package, 1)" ADD_UP " END",

    "CREATE TEMP TRIGGER tally_end AFTER UPDATE OF state ON main.assignment"
    " WHEN OLD.state IN ('partially-fulfilled', 'fulfilled')"
    "  AND NEW.state NOT IN ('partially-fulfilled', 'fulfilled') BEGIN"
    " INSERT INTO tally VALUES ('live', NEW.package, -1), ('ended', NEW.state, 1)" ADD_UP " END",

    "CREATE TEMP TRIGGER tally_decision AFTER INSERT ON main.decision WHEN NEW.stage > 0 BEGIN"
    " INSERT INTO tally VALUES ('decision', iif(NEW.approved, 'approved', 'denied'), 1)" ADD_UP " END",

    "CREATE TEMP TRIGGER tally_delay AFTER INSERT ON main.decision WHEN NEW.stage > 0 BEGIN"
    " INSERT INTO tally WITH delay AS (SELECT max(NEW.at - entered, 0) AS seconds FROM stage"
    "  WHERE request = NEW.request AND number = NEW.stage)"
    " SELECT 'delay', CAST(" BUCKET " AS TEXT), 1 FROM delay"
    " UNION ALL SELECT 'delay-sum', '', seconds FROM delay WHERE true" ADD_UP " END",
};

static int run(sqlite3 *database, const char *sql)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK)
        return 0;
    log_error("state.db: %s (counting what is held).", sqlite3_errmsg(database));
    return -EIO;
}

int tally_begin(sqlite3 *database)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(statements) / sizeof(statements[0]); i++)
        r = run(database, statements[i]);
    return r;
}

int tally_count_live(sqlite3 *database)
{
    const int r = run(database, "DELETE FROM tally WHERE kind = 'live'");
    return r < 0 ? r
                 : run(database, "INSERT INTO tally SELECT 'live', package, count(*) FROM assignment"
                                 " WHERE state IN ('partially-fulfilled', 'fulfilled') GROUP BY package");
}
