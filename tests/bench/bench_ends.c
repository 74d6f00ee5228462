/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 10,000 assignments that end in one second: how long until all are recorded and their grant files gone, and how long
 * somebody else's calls take meanwhile. First users who hold nothing else, whose files are removed; then users who hold
 * another package, whose files are written. BENCH_ENDS in the environment changes how many. Run by tests/bench/run.
 */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { TARGET_S = 5, TARGET_MS = 50, CALLS_MAX = 1 << 20, UNTIL_END = 15 };

#define STATE "/var/lib/accesspkg"

static struct shared {
    volatile bool over;
    size_t count;
    double waits[CALLS_MAX]; /* of calls that were answered after the end; seconds */
    double end;              /* wall clock */
} * shared;
static int64_t id;

static double now_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run_sql(sqlite3 *database, const char *sql)
{
    char *error = NULL;
    ck_assert_msg(sqlite3_exec(database, sql, NULL, NULL, &error) == SQLITE_OK, "%s", error);
}

/* Users that no directory knows; the daemon writes their files when it starts. `package`: which of them ends when. */
static void fill(sqlite3 *database, const char *package, long count, int64_t end)
{
    char sql[2048];
    snprintf(
        sql, sizeof(sql),
        "BEGIN; WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %ld)"
        " INSERT INTO assignment (package, user, uid, state, start, end, duration, extended, attempts, "
        "retry_at) SELECT '%s', 'v' || i, 300000 + i, 'fulfilled', 1700000000, %lld, 3600, 0, 0, 0 FROM n;"
        "INSERT INTO \"grant\" (assignment, name, gid, problem, live) SELECT id, 'dbadmins', 2001, NULL, 1"
        " FROM assignment WHERE package = '%s' AND state = 'fulfilled';"
        "INSERT OR IGNORE INTO publication SELECT DISTINCT user, 0 FROM assignment WHERE package = '%s'"
        " AND state = 'fulfilled'; COMMIT;",
        count, package, (long long)end, package, package);
    run_sql(database, sql);
}

static int call_all_the_time(void *data)
{
    struct client client;
    struct client_error error = {0};
    (void)data;
    if (client_open(&client, &error) < 0)
        return 1;
    while (!shared->over && shared->count < CALLS_MAX) {
        json_t *value = NULL;
        const double begin = now_s(CLOCK_MONOTONIC);
        if (client_call(&client, client_message("GetRequest", "x", json_pack("[I]", (json_int_t)id)), &value,
                        &error) < 0)
            return 2;
        if (now_s(CLOCK_REALTIME) >= shared->end)
            shared->waits[shared->count++] = now_s(CLOCK_MONOTONIC) - begin;
        json_decref(value);
    }
    return 0;
}

static bool has_row(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    ck_assert_int_eq(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    const bool has = sqlite3_step(statement) == SQLITE_ROW;
    sqlite3_finalize(statement);
    return has;
}

static void wait_until_none(sqlite3 *database, const char *sql)
{
    while (has_row(database, sql))
        poll(NULL, 0, 5);
}

static int by_size(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static bool measure_ends(long count, bool more)
{
    char sql[256];
    sqlite3 *database = NULL;
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    ck_assert_int_eq(sqlite3_open(STATE "/state.db", &database), SQLITE_OK);
    sqlite3_busy_timeout(database, 10000);
    const int64_t end = time(NULL) + UNTIL_END;
    if (more)
        fill(database, "lasting", count, 4000000000);
    fill(database, "ending", count, end);
    ck_assert_int_eq(live_run("root", "chown accesspkg:accesspkg " STATE "/state.db*"), 0);
    live_start_daemon();
    wait_until_none(database, "SELECT 1 FROM publication");
    ck_assert_msg(time(NULL) < end, "the files were not written in time");
    shared->over = false;
    shared->count = 0;
    shared->end = (double)end;
    const pid_t caller = live_fork("alice", call_all_the_time, NULL);
    snprintf(sql, sizeof(sql),
             "SELECT 1 FROM assignment WHERE state IN ('partially-fulfilled', 'fulfilled') AND end <= %lld "
             "LIMIT 1",
             (long long)end);
    wait_until_none(database, sql);
    const double took = now_s(CLOCK_REALTIME) - (double)end;
    shared->over = true;
    ck_assert_int_eq(live_join(caller), 0);
    sqlite3_close(database);
    snprintf(sql, sizeof(sql), "ls " STATE "/grants/user | wc -l");
    ck_assert_int_eq(live_run("root", sql), 0);
    ck_assert_int_eq(strtol(live_output, NULL, 10), more ? count : 0);
    qsort(shared->waits, shared->count, sizeof(*shared->waits), by_size);
    const double late = shared->waits[shared->count * 99 / 100] * 1e3;
    printf("  %-24s %6.2f s (target: %d)   %zu other calls: median %.1f ms, 99 %% %.1f ms (target: %d), "
           "longest %.1f ms\n",
           more ? "who hold another package" : "who hold nothing else", took, TARGET_S, shared->count,
           shared->waits[shared->count / 2] * 1e3, late, TARGET_MS, shared->waits[shared->count - 1] * 1e3);
    fflush(stdout);
    return took <= TARGET_S && late <= TARGET_MS;
}

START_TEST(measure)
{
    const char *text = getenv("BENCH_ENDS");
    const long count = text ? strtol(text, NULL, 10) : 10000;
    json_t *value = NULL;
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    live_start("ending", "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\n", "lasting",
               "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\n", NULL);
    ck_assert_int_eq(
        live_call("alice", -1, "Submit", "sasa{sv}", json_pack("[s, [s], {}]", "", "ending"), &value), 0);
    id = json_integer_value(json_object_get(value, "id"));
    json_decref(value);
    printf("%ld assignments end in one second, of users\n", count);
    const bool removed = measure_ends(count, false);
    const bool written = measure_ends(count, true);
    live_stop();
    printf("  %s\n", removed && written ? "met" : "MISSED");
    fflush(stdout);
    ck_assert(removed && written);
}
END_TEST

int main(void)
{
    suite_case("ends", NULL, NULL);
    suite_timeout(600);
    suite_add(measure);
    return suite_run();
}
