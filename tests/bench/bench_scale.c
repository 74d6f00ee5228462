/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Approve with a long past: 1,000,000 requests of history and 100,000 live assignments of one group in the store. From
 * the call on the bus to the answer, which comes after the commit and the grant (rules 2 and 3). BENCH_HISTORY and
 * BENCH_LIVE in the environment change the sizes. Run by tests/bench/run.
 */
#include "common/grantdir.h"
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 100, TARGET_US = 3000 };

#define STATE "/var/lib/accesspkg"

static long setting(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : otherwise;
}

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void run_sql(sqlite3 *database, const char *sql)
{
    char *error = NULL;
    ck_assert_msg(sqlite3_exec(database, sql, NULL, NULL, &error) == SQLITE_OK, "%s", error);
}

/* Users that no directory knows; their files are the daemon's to write when it starts. */
static void fill(long history, long live)
{
    sqlite3 *database = NULL;
    char sql[2048];
    ck_assert_int_eq(sqlite3_open(STATE "/state.db", &database), SQLITE_OK);
    snprintf(
        sql, sizeof(sql),
        "BEGIN; INSERT INTO circle (principals) VALUES ('bob') ON CONFLICT DO NOTHING;"
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %ld)"
        " INSERT INTO request (package, user, uid, state, no_reason_given, origin_verified, duration, start,"
        " submitted, ended, stage, n_stages, deadline) SELECT 'p' || (i %% 50), 'u' || (i %% 50000),"
        " 100000 + i %% 50000, CASE i %% 3 WHEN 0 THEN 'denied' WHEN 1 THEN 'expired' ELSE 'cancelled' END, "
        "0, 1,"
        " 3600, 0, 1700000000 + i, 1700000100 + i, 1, 1, 1700000100 + i FROM n;"
        "INSERT INTO stage (request, number, approvers, fallback, quorum, timeout, escalate_after, entered)"
        " SELECT id, 1, (SELECT id FROM circle WHERE principals = 'bob'), NULL, 1, 86400, 0,"
        " submitted FROM request WHERE id NOT IN (SELECT request FROM stage);",
        history);
    run_sql(database, sql);
    snprintf(sql, sizeof(sql),
             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %ld)"
             " INSERT INTO assignment (package, user, uid, state, start, end, duration, extended, attempts, "
             "retry_at)"
             " SELECT 'bench', 'v' || i, 300000 + i, 'fulfilled', 1700000000, 4000000000 + i, 3600, 0, 0, 0 "
             "FROM n;"
             "INSERT INTO \"grant\" (assignment, name, gid, problem, live) SELECT id, 'dbadmins', 2001, "
             "NULL, 1 FROM assignment WHERE package = "
             "'bench'; INSERT INTO publication SELECT DISTINCT user, 0 FROM assignment WHERE package = "
             "'bench'; COMMIT;",
             live);
    run_sql(database, sql);
    sqlite3_close(database);
    ck_assert_int_eq(live_run("root", "chown accesspkg:accesspkg " STATE "/state.db*"), 0);
}

/* In a process of the approver's: the median of the calls on stdout of the parent. */
static int64_t ids[ROUNDS];

static int by_size(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static int approve_all(void *data)
{
    const char *what = data;
    static double times[ROUNDS];
    struct client client;
    struct client_error error = {0};
    if (client_open(&client, &error) < 0)
        return 1;
    for (int i = 0; i < ROUNDS; i++) {
        json_t *value = NULL;
        json_t *shown = NULL;
        if (client_call(&client, client_message("GetRequest", "x", json_pack("[I]", (json_int_t)ids[i])),
                        &shown, &error) < 0)
            return 1;
        json_t *decision =
            json_pack("[I, {s:O}]", (json_int_t)ids[i], "digest", json_object_get(shown, "digest"));
        const double begin = now_us();
        if (client_call(&client, client_message("Approve", "xa{sv}", decision), &value, &error) < 0)
            return 1;
        times[i] = now_us() - begin;
        json_decref(value);
        json_decref(shown);
    }
    qsort(times, ROUNDS, sizeof(*times), by_size);
    printf("  %-46s %6.0f us (90 %%: %.0f us)\n", what, times[ROUNDS / 2], times[ROUNDS * 9 / 10]);
    fflush(stdout);
    return times[ROUNDS / 2] <= TARGET_US ? 0 : 2;
}

static void file_requests(const char *prefix)
{
    for (int i = 0; i < ROUNDS; i++) {
        char package[32];
        json_t *value = NULL;
        snprintf(package, sizeof(package), "%s%d", prefix, i);
        ck_assert_int_eq(
            live_call("alice", -1, "Submit", "sasa{sv}", json_pack("[s, [s], {}]", "", package), &value), 0);
        ids[i] = json_integer_value(json_object_get(value, "id"));
        json_decref(value);
    }
}

static long resident_kib(void)
{
    ck_assert_int_eq(live_run("root", "awk '/VmRSS/ {print $2}' /proc/$(pgrep -x accesspkgd)/status"), 0);
    return strtol(live_output, NULL, 10);
}

START_TEST(measure)
{
    const long history = setting("BENCH_HISTORY", 1000000);
    const long live = setting("BENCH_LIVE", 100000);
    live_start("p", "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\n", NULL);
    FILE *config = fopen("/etc/accesspkg/accesspkg.conf", "we");
    ck_assert_ptr_nonnull(config);
    fputs("[limits]\npending_per_user = 1000\n[decisions]\naccount_state = no\n", config);
    fclose(config);
    for (int i = 0; i < ROUNDS; i++) {
        char name[32];
        for (int k = 0; k < 2; k++) {
            snprintf(name, sizeof(name), "%s%d", k ? "long" : "short", i);
            live_write_package(name, "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\n");
        }
    }
    ck_assert_msg(live_run("root", "accesspkgd --write-allow-list") == 0, "%s", live_output);
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_start_daemon();

    printf("Approve, from the call to the answer, medians of %d:\n", ROUNDS);
    file_requests("short");
    const long before = resident_kib();
    ck_assert_int_eq(live_join(live_fork("bob", approve_all, (char *)"with nothing in the store")), 0);
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    fill(history, live);
    const double begin = now_us();
    live_start_daemon();
    const double ready = now_us();
    json_t *value = NULL;
    ck_assert_int_eq(live_call("alice", -1, "ListPackages", "", json_array(), &value), 0);
    json_decref(value);
    printf("  %-46s %6.0f us (ready: %.0f us)\n", "from the start to the first answer then", now_us() - begin,
           ready - begin);
    file_requests("long");
    char what[96];
    snprintf(what, sizeof(what), "with %ld requests, %ld live assignments", history, live);
    const int result = live_join(live_fork("bob", approve_all, what));
    printf("  resident memory of the daemon: %ld KiB before, %ld KiB with that in the store\n", before,
           resident_kib());
    printf("  (target: at most %d us): %s\n", TARGET_US, result == 0 ? "met" : "MISSED");
    fflush(stdout);
    live_stop();
    ck_assert_int_eq(result, 0);
}
END_TEST

int main(void)
{
    suite_case("scale", NULL, NULL);
    suite_add(measure);
    return suite_run();
}
