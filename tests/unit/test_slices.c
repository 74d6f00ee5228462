/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many assignments that end in one second: the engine ends some at a time, asks to be woken for the others at once, and
 * calls come between; what a call is about comes first. An end counts as done when its file is gone (rule 13).
 */
#include "common/grantdir.h"
#include "helperd/lifecycle/publication.h"
#include "helperd/store/sql.h"
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <dirent.h>
#include <time.h>

#define PLAIN "[package]\ngroups = dbadmins\n[policy]\napproval = none\nduration = 1h\n"
#define ASKED "[package]\ngroups = backup\n[policy]\napprovers = %dba-leads\nduration = 1h\n"

enum { SLICE_MAX = 100, BEFORE_A_CALL_MAX = 17 };

static struct fixture fixture;

static void setup(void)
{
    fixture_init(&fixture, "plain", PLAIN, "asked", ASKED, NULL);
}

static void run_sql(const char *sql)
{
    char *error = NULL;
    ck_assert_msg(sqlite3_exec(fixture.engine.store->database, sql, NULL, NULL, &error) == SQLITE_OK, "%s",
                  error);
}

/* Users v1, v2, ... hold "plain" until then, each with a file. */
static void fill(int count, int64_t end)
{
    char sql[1024];
    snprintf(
        sql, sizeof(sql),
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " INSERT INTO assignment (package, user, uid, state, start, end, duration, extended, attempts, "
        "retry_at) SELECT 'plain', 'v' || i, 300000 + i, 'fulfilled', %lld, %lld, 3600, 0, 0, 0 FROM n;"
        "INSERT INTO \"grant\" (assignment, name, gid, problem, live) SELECT id, 'dbadmins', 2001, NULL, 1"
        " FROM assignment WHERE user LIKE 'v%%'",
        count, (long long)fixture.now, (long long)end);
    run_sql(sql);
    for (int i = 1; i <= count; i++) {
        char user[16];
        snprintf(user, sizeof(user), "v%d", i);
        ck_assert_int_eq(engine_write_user(&fixture.engine, user, false), 0);
    }
}

static int64_t count_live(void)
{
    return acts_count(&fixture,
                      "SELECT count(*) FROM assignment WHERE state = 'fulfilled' AND user LIKE 'v%'");
}

static int64_t count_files(void)
{
    char path[256];
    int64_t count = 0;
    snprintf(path, sizeof(path), "%s/grants/user", fixture.state);
    DIR *folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += entry->d_name[0] == 'v';
    closedir(folder);
    return count;
}

START_TEST(test_many_ends)
{
    const int many = suite_load(2000, 10000);
    int64_t live = many;
    int slices = 0;
    fill(many, fixture.now + 600);
    fixture.now += 600;
    for (; live > 0; slices++) {
        ck_assert_int_eq(engine_tick(&fixture.engine), 0);
        const int64_t left = count_live();
        ck_assert_int_lt(left, live);
        ck_assert_int_ge(left, live - SLICE_MAX);
        live = left;
        if (live > 0) {
            ck_assert_int_gt(fixture.deadline, 0);
            ck_assert_int_le(fixture.deadline, fixture.now);
        }
        if (slices % 25 == 0)
            ck_assert_int_eq(count_files(), live);
        if (slices % 25 == 10) { /* somebody else's call, and what comes with it */
            const int64_t before = live;
            acts_file(&fixture, "alice", "asked");
            live = count_live();
            ck_assert_int_ge(live, before - BEFORE_A_CALL_MAX);
            ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM request"), 1);
        }
    }
    ck_assert_int_eq(count_files(), 0);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM assignment WHERE state = 'access-expired'"),
                     many);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE event = 'end'"), many);
}
END_TEST

/* Among many that are due, the one of the caller has ended when they ask anew. */
START_TEST(test_own_end_first)
{
    fill(300, fixture.now + 600);
    const int64_t first = acts_hold(&fixture, "alice", "plain");
    run_sql("UPDATE assignment SET end = end - 2999 WHERE user = 'alice'"); /* due last */
    fixture.now += 602;
    const int64_t second = acts_hold(&fixture, "alice", "plain");
    ck_assert_int_ne(first, second);
    ck_assert_str_eq(fixture_state(&fixture, first), "access-expired");
    ck_assert_int_gt(count_live(), 200);
    ck_assert(fixture_gate_opens(&fixture, "alice", "plain"));
}
END_TEST

/* Rule 13: an end, which a group of /etc/group and a session wait for, does not wait behind requests that expire. */
START_TEST(test_end_before_expiries)
{
    acts_hold(&fixture, "alice", "plain");
    run_sql(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
        " INSERT INTO request (package, user, uid, state, no_reason_given, origin_verified, duration, start,"
        " submitted, ended, stage, n_stages, deadline)"
        " SELECT 'asked', 'v' || i, 300000 + i, 'pending-approval', 0, 0, 3600, 0, 1, 0, 1, 1, 2 FROM n");
    fixture.now += 3600;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM assignment WHERE state = 'access-expired'"),
                     1);
    ck_assert_int_gt(acts_count(&fixture, "SELECT count(*) FROM request WHERE state = 'pending-approval'"),
                     0);
    ck_assert_int_le(fixture.deadline, fixture.now); /* the others at once */
}
END_TEST

/* Each end takes 10 ms or more here: a slice is over with the first one that is too long, and one is done in any case. */
START_TEST(test_slices_of_time)
{
    fill(12, fixture.now + 600);
    run_sql("CREATE TEMP TRIGGER slow AFTER UPDATE OF state ON assignment BEGIN SELECT count(*) FROM"
            " (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
            "  SELECT i FROM n); END");
    fixture.now += 600;
    fixture.engine.slice_ns = 2000000;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_int_eq(count_live(), 11);
    acts_file(&fixture, "alice", "asked");
    ck_assert_int_lt(count_live(), 11);
    ck_assert_int_gt(count_live(), 5); /* a call has several transactions */
    /* A commit that took longer has more done for each. */
    fixture.engine.slice_end_ns = INT64_MAX;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_int_eq(count_live(), 0);
    ck_assert_int_lt(fixture.engine.slice_end_ns, INT64_MAX);
    ck_assert_int_eq(count_files(), 0);
}
END_TEST

static int note_one(const char *user, void *data)
{
    return engine_note_publication(data, user, false);
}

static double used_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* After the clock was set back all files are written: that they are to be is noted without a look at each for each. */
START_TEST(test_all_noted)
{
    run_sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
            " INSERT INTO assignment (package, user, uid, state, start, end, duration, extended, attempts, "
            "retry_at) SELECT 'plain', 'v' || i, 300000 + i, 'fulfilled', 1, 1 << 40, 3600, 0, 0, 0 FROM n");
    const double begin = used_seconds();
    ck_assert_int_eq(engine_note_all(&fixture.engine), 0);
    const double all = used_seconds() - begin;
    ck_assert_int_eq(store_each_live_user(fixture.engine.store, note_one, &fixture.engine),
                     0); /* each is found */
    const double each = used_seconds() - begin - all;
    engine_forget_publications(&fixture.engine);
    ck_assert_msg(all * 5 < each, "%f s, where a look at each for each takes %f", all, each);
}
END_TEST

int main(void)
{
    suite_case("slices", setup, fixture_teardown);
    suite_timeout(120);
    suite_add(test_many_ends, test_own_end_first, test_slices_of_time, test_end_before_expiries,
              test_all_noted);
    return suite_run();
}
