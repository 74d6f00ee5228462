/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who holds what, in the store: each list against what was put in, and that none reads what it does not show. */
#include "helperd/store/drift.h"
#include "helperd/store/sql.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

enum { NOW = 1000000, LIVE = 2000, ENDED = 6000, PACKAGES = 20, USERS = 100, STEPS = 600 };

static struct store *store;

static void run_sql(const char *sql)
{
    ck_assert_msg(sqlite3_exec(store->database, sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(store->database));
}

/* Number i gives package p(i % 20) with the groups g(i % 20) and, at every tenth, "rare", to user u(i / 20). The first
 * 6,000 have ended; of the rest every fifth lacks its first group. */
static void setup(void)
{
    bool newborn = false;
    ck_assert_int_eq(store_open(":memory:", &store, &newborn), 0);
    run_sql(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000)"
        " INSERT INTO assignment (package, user, uid, state, start, end, duration, extended, attempts,"
        " retry_at) SELECT 'p' || (i % 20), 'u' || (i / 20), 1000 + i / 20,"
        " iif(i <= 6000, 'access-expired', iif(i % 5, 'fulfilled', 'partially-fulfilled')),"
        " 1, 2000000 + i, 60, 0, 0, 0 FROM n;"
        "INSERT INTO \"grant\" (assignment, name, gid, problem, live)"
        " SELECT id, 'g' || (id % 20), 2000 + id % 20, iif(id % 5, NULL, 'away'), id > 6000 FROM assignment;"
        "INSERT INTO \"grant\" (assignment, name, gid, problem, live)"
        " SELECT id, 'rare', 7, NULL, id > 6000 FROM assignment WHERE id % 10 = 0");
}

static void teardown(void)
{
    store_close(store);
}

struct seen {
    int64_t ids[LIVE + 1];
    size_t count;
};

static int note(const struct assignment *assignment, void *data)
{
    struct seen *seen = data;
    ck_assert_uint_lt(seen->count, LIVE);
    seen->ids[seen->count++] = assignment->id;
    return 0;
}

/* The steps of the statements that were run since the last call. */
static void check_steps(int most)
{
    for (size_t slot = 0; slot < STORE_CACHE; slot++) {
        if (!store->cache[slot].sql)
            continue;
        const int steps = sqlite3_stmt_status(store->cache[slot].statement, SQLITE_STMTSTATUS_VM_STEP, 1);
        ck_assert_msg(steps < most, "%d steps: %s", steps, store->cache[slot].sql);
    }
}

static bool is_live(int64_t id)
{
    return id > ENDED;
}

static bool is_of(int64_t id, const struct store_holders_filter *filter)
{
    const char *name = filter->name;
    const int64_t number = name && name[0] != 'r' ? strtol(name + 1, NULL, 10) : 0;
    const bool in_place = id % 5 != 0;
    if (!is_live(id))
        return false;
    if (!name)
        return true;
    return ((filter->kinds & STORE_NAMES_PACKAGE) && name[0] == 'p' && id % PACKAGES == number) ||
           ((filter->kinds & STORE_NAMES_GROUP) && name[0] == 'g' && id % PACKAGES == number && in_place) ||
           ((filter->kinds & STORE_NAMES_GROUP) && name[0] == 'r' && id % 10 == 0) ||
           ((filter->kinds & STORE_NAMES_USER) && name[0] == 'u' && id / PACKAGES == number);
}

/* Page by page, to the end; each page reads little. */
static void check_list(const char *name, unsigned kinds, int64_t limit)
{
    struct store_holders_filter filter = {.limit = limit, .name = name, .kinds = kinds};
    int64_t expected = ENDED + LIVE;
    size_t pages = 0;
    for (size_t got = 1; got > 0; pages++) {
        struct seen seen = {.count = 0};
        ck_assert_int_eq(store_list_holders(store, &filter, note, &seen), 0);
        check_steps(STEPS);
        got = seen.count;
        ck_assert_uint_le(got, (size_t)limit);
        for (size_t i = 0; i < got; i++, expected--) {
            while (expected > 0 && !is_of(expected, &filter))
                expected--;
            ck_assert_int_eq(seen.ids[i], expected);
        }
        filter.before = got > 0 ? seen.ids[got - 1] : 0;
    }
    while (expected > 0 && !is_of(expected, &filter))
        expected--;
    ck_assert_int_eq(expected, 0);
    ck_assert_uint_gt(pages, 1);
}

enum { ANY = STORE_NAMES_PACKAGE | STORE_NAMES_GROUP | STORE_NAMES_USER };

START_TEST(test_lists)
{
    check_list(NULL, 0, 10);
    check_list(NULL, 0, 7);
    check_list("p7", ANY, 10);
    check_list("g7", ANY, 10);
    check_list("rare", STORE_NAMES_GROUP, 10);
    check_list("u310", ANY, 10);
    check_list("u310", STORE_NAMES_USER, 3);
}
END_TEST

/* What it is not taken for does not count. */
START_TEST(test_kinds)
{
    static const struct {
        const char *name;
        unsigned kinds;
    } cases[] = {{"p7", STORE_NAMES_PACKAGE},
                 {"g7", STORE_NAMES_GROUP},
                 {"u310", STORE_NAMES_USER},
                 {"u10", 0},
                 {"nothing", 0},
                 {"g0", 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct store_holders_filter filter = {.limit = 5, .name = cases[i].name, .kinds = ~cases[i].kinds};
        struct seen seen = {.count = 0};
        unsigned kinds = ANY + 1;
        ck_assert_int_eq(store_find_held_kinds(store, cases[i].name, &kinds), 0);
        ck_assert_msg(kinds == cases[i].kinds, "%s: %u", cases[i].name, kinds);
        ck_assert_int_eq(store_list_holders(store, &filter, note, &seen), 0);
        ck_assert_uint_eq(seen.count, 0);
    }
    check_steps(STEPS);
}
END_TEST

/* One name for a package, a group and a user: all of it, each assignment once. */
START_TEST(test_one_name_for_all)
{
    struct store_holders_filter filter = {.limit = 50, .name = "all", .kinds = ANY};
    struct seen seen = {.count = 0};
    unsigned kinds = 0;
    run_sql("UPDATE assignment SET user = 'all' WHERE id IN (6101, 6102, 5000);"
            "UPDATE assignment SET package = 'all' WHERE id IN (6100, 6101);"
            "UPDATE \"grant\" SET name = 'all' WHERE assignment IN (6101, 6103) AND name <> 'rare'");
    ck_assert_int_eq(store_find_held_kinds(store, "all", &kinds), 0);
    ck_assert_uint_eq(kinds, ANY);
    ck_assert_int_eq(store_list_holders(store, &filter, note, &seen), 0);
    ck_assert_uint_eq(seen.count, 4);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(seen.ids[i], 6103 - i);
    filter.limit = 2;
    seen.count = 0;
    ck_assert_int_eq(store_list_holders(store, &filter, note, &seen), 0);
    ck_assert_uint_eq(seen.count, 2);
    ck_assert_int_eq(seen.ids[1], 6102);
}
END_TEST

struct holders {
    size_t count;
    size_t most;
    gid_t gid;
};

static int note_holder(const struct store_holder *holder, void *data)
{
    struct holders *holders = data;
    ck_assert_uint_eq(holder->uid, 1000 + (uid_t)strtol(holder->user + 1, NULL, 10));
    ck_assert_uint_eq(holder->gid, holders->gid);
    return ++holders->count == holders->most ? 1 : 0;
}

/* Those who have a group now: neither by what has ended, nor by what begins later, nor where it is not in place. */
START_TEST(test_holders_of_a_group)
{
    struct holders holders = {.most = LIVE, .gid = 2007};
    ck_assert_int_eq(store_each_holder_of_group(store, "g7", NOW, note_holder, &holders), 0);
    ck_assert_uint_eq(holders.count, LIVE / PACKAGES);
    check_steps(30 * LIVE / PACKAGES);
    holders.count = 0;
    ck_assert_int_eq(store_each_holder_of_gid(store, 2007, NOW, note_holder, &holders), 0);
    ck_assert_uint_eq(holders.count, LIVE / PACKAGES);
    check_steps(30 * LIVE / PACKAGES);
    holders = (struct holders){.most = LIVE, .gid = 7};
    ck_assert_int_eq(store_each_holder_of_gid(store, 7, NOW, note_holder, &holders), 0);
    holders = (struct holders){.most = LIVE, .gid = 2007};
    run_sql("UPDATE assignment SET start = 1000001 WHERE id = 6007;"
            "UPDATE assignment SET end = 1000000 WHERE id = 6027;"
            "UPDATE assignment SET end = 9223372036854775807 WHERE id = 6047;"
            "UPDATE \"grant\" SET problem = 'away' WHERE assignment = 6067");
    holders.count = 0;
    ck_assert_int_eq(store_each_holder_of_group(store, "g7", NOW, note_holder, &holders), 0);
    ck_assert_uint_eq(holders.count, LIVE / PACKAGES - 3);
    holders = (struct holders){.most = 4, .gid = 2007};
    ck_assert_int_eq(store_each_holder_of_group(store, "g7", NOW, note_holder, &holders), 1);
    ck_assert_uint_eq(holders.count, 4);
    ck_assert_int_eq(store_each_holder_of_group(store, "g5", NOW, note_holder, &holders), 0);
    ck_assert_int_eq(store_each_holder_of_group(store, "nothing", NOW, note_holder, &holders), 0);
    ck_assert_uint_eq(holders.count, 4);
}
END_TEST

/* Each group once, in the order of names, gids and who is local; each in as many steps as when one user held it. */
START_TEST(test_next_group)
{
    struct store_group after = {.name = strdup("")}, group = {0};
    size_t count = 0;
    int r;
    run_sql("UPDATE \"grant\" SET gid = 3007 WHERE assignment = 6007;"
            "UPDATE \"grant\" SET local = 1 WHERE assignment IN (6007, 6027) AND name = 'g7'");
    while ((r = store_next_live_group(store, &after, &group)) == 0) {
        check_steps(STEPS);
        const int order = strcmp(after.name, group.name);
        ck_assert(order < 0 ||
                  (order == 0 && (after.gid < group.gid || (after.gid == group.gid && group.local))));
        ck_assert(strcmp(group.name, "g7") == 0 || group.gid != 3007);
        free(after.name);
        after = group;
        count++;
    }
    ck_assert_int_eq(r, STORE_E_NONE);
    ck_assert_uint_eq(count, 16 + 1 + 2); /* g0, g5, ... are in place nowhere */
    free(after.name);
}
END_TEST

int main(void)
{
    suite_case("store_holders", setup, teardown);
    suite_add(test_lists, test_kinds, test_one_name_for_all, test_holders_of_a_group, test_next_group);
    return suite_run();
}
