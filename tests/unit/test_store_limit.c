/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a user has filed too much: what the store remembers of that answers as if it counted each time. */
#include "helperd/store/sql.h"
#include "tests/support/suite.h"
#include "tests/unit/storefile.h"

#include <stdio.h>

enum { STEPS = 3000, PACKAGES = 40, HOUR = 3600 };

/* The first two share a place in what the store remembers; who has one alone is remembered for longer. */
static const uid_t uids[] = {1, 1 + STORE_FILERS, 2, 3};
static int64_t now;

static void begin(void)
{
    setup();
    open_store(true);
    now = 1000000;
    srand(11);
}

/* -1 for what the store refuses: one is open already. */
static int64_t file(uid_t uid, int package, enum state state)
{
    char name[16], user[16];
    snprintf(name, sizeof(name), "p%d", package);
    snprintf(user, sizeof(user), "u%u", uid);
    struct request request = {.package = name,
                              .user = user,
                              .requestor = {uid, UID_UNSET},
                              .state = state,
                              .submitted = now,
                              .duration = 60,
                              .deadline = now + 60};
    return store_add_request(store, &request, NULL) == 0 ? request.id : -1;
}

static int64_t ask(const char *sql, uid_t uid, int64_t value)
{
    int64_t number = 0;
    ck_assert_int_eq(FIND_NUMBER(store, &number, sql, "ui", uid, value), 0);
    return number;
}

static int64_t count_open(uid_t uid)
{
    return ask("SELECT count(*) FROM request WHERE uid = ?1 AND ?2 = 0 AND " SQL_PENDING, uid, 0);
}

/* As store_find_filed_since says it. */
static bool filed_too_much(uid_t uid, int64_t most)
{
    const int64_t oldest = ask("SELECT ifnull((SELECT submitted FROM request WHERE uid = ?1 ORDER BY id DESC"
                               " LIMIT 1 OFFSET ?2), 0)",
                               uid, most - 1);
    return oldest > now - HOUR && oldest <= now;
}

static void compare(uid_t uid)
{
    const int64_t most = 1 + rand() % 12, ever = 1 + rand() % 30;
    const int64_t open = count_open(uid);
    int64_t said = 0;
    const int r = store_find_too_many_open(store, uid, most, &said);
    ck_assert_int_eq(r, open >= most ? 0 : STORE_E_NONE);
    ck_assert(r != 0 || said == open);
    ck_assert_int_eq(store_find_filed_since(store, uid, now - HOUR, now, ever),
                     filed_too_much(uid, ever) ? 0 : STORE_E_NONE);
}

static void cancel_one(uid_t uid)
{
    ck_assert_int_eq(sql_run(store,
                             "UPDATE request SET state = 'cancelled' WHERE id ="
                             " (SELECT max(id) FROM request WHERE uid = ? AND " SQL_PENDING ")",
                             "u", uid),
                     0);
}

static void forget_oldest(uid_t uid)
{
    ck_assert_int_eq(sql_run(store,
                             "DELETE FROM request WHERE id ="
                             " (SELECT min(id) FROM request WHERE uid = ? AND state = 'cancelled')",
                             "u", uid),
                     0);
}

static bool has_open(uid_t uid, int package)
{
    char name[16];
    int64_t found = 0;
    snprintf(name, sizeof(name), "p%d", package);
    ck_assert_int_eq(
        FIND_NUMBER(store, &found,
                    "SELECT count(*) FROM request WHERE uid = ? AND package = ? AND " SQL_PENDING, "ut", uid,
                    name),
        0);
    return found > 0;
}

/* Filing, cancelling, deleting, with what is taken back, and a clock that goes both ways: by the same numbers. */
START_TEST(as_if_counted)
{
    for (int step = 0; step < STEPS; step++) {
        const uid_t uid = uids[rand() % 4];
        const int package = rand() % PACKAGES;
        const bool taken_back = rand() % 8 == 0;
        now += rand() % 60 - (rand() % 50 == 0 ? HOUR : 0);
        ck_assert_int_eq(store_begin(store), 0);
        if (rand() % 3 && count_open(uid) < 14 && !has_open(uid, package))
            ck_assert_int_gt(file(uid, package, rand() % 4 ? STATE_PENDING_APPROVAL : STATE_DENIED), 0);
        else if (rand() % 3)
            cancel_one(uid);
        else
            forget_oldest(uid);
        compare(uid);
        if (taken_back)
            store_rollback(store);
        else
            ck_assert_int_eq(store_commit(store), 0);
        compare(uids[rand() % 4]);
    }
}
END_TEST

static int counted; /* statements that count */

static int note_statement(unsigned kind, void *context, void *statement, void *text)
{
    (void)kind, (void)context, (void)text;
    counted += strstr(sqlite3_sql(statement), "count(*)") != NULL;
    return 0;
}

/* Who is far from the limits pays for their requests once. */
START_TEST(counts_once)
{
    int64_t open = 0;
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_gt(file(7, 0, STATE_PENDING_APPROVAL), 0);
    sqlite3_trace_v2(store->database, SQLITE_TRACE_STMT, note_statement, NULL);
    for (int i = 1; i < PACKAGES; i++) {
        ck_assert_int_eq(store_find_too_many_open(store, 7, 1000, &open), STORE_E_NONE);
        ck_assert_int_eq(store_find_filed_since(store, 7, 0, now, 1000), STORE_E_NONE);
        ck_assert_int_gt(file(7, i, STATE_PENDING_APPROVAL), 0);
    }
    ck_assert_int_eq(counted, 2);
    sqlite3_trace_v2(store->database, 0, NULL, NULL);
    ck_assert_int_eq(store_commit(store), 0);
}
END_TEST

int main(void)
{
    suite_case("limit", begin, teardown);
    suite_timeout(60);
    suite_add(as_if_counted, counts_once);
    return suite_run();
}
