/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/audited.h"

#include "helperd/store/sql.h"
#include "tests/support/unmarked.h"

/* One person's account and login against another's: none of the one may equal any of the other. */
#define SAME(uid, login, other_uid, other_login)                                                             \
    "(" uid " IN (" other_uid ", " other_login ") OR " login " IN (" other_uid ", " other_login "))"
#define MOVED        "INSERT INTO moved VALUES (transaction_number(), new.id, NULL)"
#define BROKEN(what) "INSERT INTO broken SELECT '" what "' "
#define EARLIER      "FROM decision d WHERE d.request = new.request AND d.stage = new.stage AND d.id < new.id AND "

static const char watch[] =
    "PRAGMA temp_store = MEMORY;"
    "CREATE TEMP TABLE moved (tx INTEGER, request INTEGER, assignment INTEGER);"
    "CREATE TEMP TABLE audited (tx INTEGER, request INTEGER, assignment INTEGER, event TEXT, actor TEXT);"
    "CREATE TEMP TABLE broken (what TEXT);"
    "CREATE TEMP TRIGGER filed AFTER INSERT ON request BEGIN " MOVED "; END;"
    "CREATE TEMP TRIGGER request_moved AFTER UPDATE OF state ON request WHEN old.state <> new.state "
    "BEGIN " MOVED "; END;"
    "CREATE TEMP TRIGGER waits AFTER UPDATE OF waiting ON request WHEN old.waiting < new.waiting BEGIN " MOVED
    "; END;"
    "CREATE TEMP TRIGGER reviewed AFTER UPDATE OF reviewed ON request WHEN old.reviewed <> new.reviewed"
    " BEGIN " MOVED "; END;"
    "CREATE TEMP TRIGGER held AFTER INSERT ON assignment BEGIN"
    " INSERT INTO moved VALUES (transaction_number(), NULL, new.id); END;"
    "CREATE TEMP TRIGGER assignment_moved AFTER UPDATE OF state, end ON assignment"
    " WHEN old.state <> new.state OR old.end <> new.end BEGIN"
    " INSERT INTO moved VALUES (transaction_number(), NULL, new.id); END;"
    "CREATE TEMP TRIGGER delegated AFTER INSERT ON delegation BEGIN"
    " INSERT INTO moved VALUES (transaction_number(), -1, NULL); END;"
    /* Ended, and not by its time. */
    "CREATE TEMP TRIGGER undelegated AFTER UPDATE OF revoked ON delegation WHEN new.revoked <> new.until "
    "BEGIN"
    " INSERT INTO moved VALUES (transaction_number(), -1, NULL); END;"
    "CREATE TEMP TRIGGER logged AFTER INSERT ON audit BEGIN"
    " INSERT INTO audited VALUES (transaction_number(),"
    "  CASE WHEN new.event LIKE '%delegate' THEN -1 ELSE new.request END, new.assignment, new.event,"
    "  new.actor); END;"
    "CREATE TEMP TRIGGER decided AFTER INSERT ON decision BEGIN"
    " INSERT INTO moved VALUES (transaction_number(), new.request, NULL);"
    " " BROKEN("decided on their own request") "FROM request r WHERE r.id = new.request AND (" SAME(
        "new.uid", "new.loginuid", "r.uid",
        "r.loginuid") " OR " SAME("new.for_uid", "new.for_loginuid", "r.uid",
                                  "r.loginuid") ");"
                                                " " BROKEN("decided twice in a stage") EARLIER
    "(" SAME("new.uid", "new.loginuid", "d.uid", "d.loginuid") " OR " SAME(
        "new.uid", "new.loginuid", "d.for_uid",
        "d.for_loginuid") " OR " SAME("new.for_uid", "new.for_loginuid", "d.uid",
                                      "d.loginuid") " OR " SAME("new.for_uid", "new.for_loginuid",
                                                                "d.for_uid", "d.for_loginuid") ");"
                                                                                               "END;";

static int64_t committed;
static int checked; /* changes of the connection when it was checked last */

static void give_number(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count, (void)values;
    sqlite3_result_int64(context, committed);
}

static int on_commit(void *data)
{
    (void)data;
    committed++;
    return 0;
}

void audited_watch(struct store *store)
{
    checked = -1;
    sqlite3_commit_hook(store->database, on_commit, NULL);
    ck_assert_int_eq(sqlite3_create_function(store->database, "transaction_number", 0, SQLITE_UTF8, NULL,
                                             give_number, NULL, NULL),
                     SQLITE_OK);
    char *error = NULL;
    sqlite3_exec(store->database, watch, NULL, NULL, &error);
    ck_assert_msg(!error, "%s", error);
}

static void expect_none(struct store *store, sqlite3_stmt *s, const char *rule)
{
    if (sql_step(store, s) == 1)
        ck_abort_msg("%s: %s", rule, (const char *)sqlite3_column_text(s, 0));
    sql_release(store, s);
}

bool audited_has(struct store *store, const char *event, const char *actor)
{
    sqlite3_stmt *s =
        sql_take(store, "SELECT 1 FROM audited WHERE event = ? AND actor = ?", "tt", event, actor);
    const bool has = sql_step(store, s) == 1;
    sql_release(store, s);
    return has;
}

void audited_check(struct store *store)
{
    if (sqlite3_total_changes(store->database) == checked)
        return;
    expect_none(store,
                sql_take(store,
                         "SELECT CASE WHEN request IS NULL THEN 'assignment ' || assignment"
                         " ELSE 'request ' || request END || ' changed its state without a line of the log'"
                         " FROM moved m WHERE NOT EXISTS (SELECT 1 FROM audited a WHERE a.tx = m.tx"
                         " AND (a.request = m.request OR a.assignment = m.assignment))",
                         ""),
                "rule 12");
    expect_none(store, sql_take(store, "SELECT what FROM broken", ""), "rule 5");
    ck_assert_int_eq(sql_run(store, "DELETE FROM moved", ""), 0);
    ck_assert_int_eq(sql_run(store, "DELETE FROM audited", ""), 0);
    checked = sqlite3_total_changes(store->database);
}

void audited_print(struct store *store, long step)
{
    static int64_t last;
    sqlite3_stmt *s =
        sql_take(store,
                 "SELECT id, at, actor, event, coalesce(a.request, -1), coalesce(a.assignment, -1),"
                 " coalesce(detail, ''), (SELECT r.user || ' ' || r.package FROM request r"
                 " WHERE r.id = a.request) FROM audit a WHERE id > ? ORDER BY id",
                 "i", last);
    while (sql_step(store, s) == 1) {
        last = sqlite3_column_int64(s, 0);
        printf("%ld: at %d %s %s, request %d (%s), assignment %d: %s\n", step, sqlite3_column_int(s, 1),
               sqlite3_column_text(s, 2), sqlite3_column_text(s, 3), sqlite3_column_int(s, 4),
               sqlite3_column_text(s, 7), sqlite3_column_int(s, 5), sqlite3_column_text(s, 6));
    }
    sql_release(store, s);
    fflush(stdout);
}
