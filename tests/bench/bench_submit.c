/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many requests are filed in a second, each answered when it is durable, by 64 callers at once: beside single SQLite
 * commits (WAL, FULL) into the same folder, in one run, on the disk as it is and with syncs that take longer (slow/sync.c).
 * BENCH_CALLERS and BENCH_ROUNDS in the environment change the sizes. Run by tests/bench/run.
 */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CALLERS_MAX = 1024, ROUNDS_MAX = 1000, FIRST_UID = 20000, SINGLE_SECONDS = 1 };

#define STATE "/var/lib/accesspkg"

static int callers, rounds;
static double *ends;  /* by caller, shared; monotonic seconds; -1: it failed */
static double *waits; /* by call: seconds */
static int gate[2];   /* closed when all may begin */
static int there[2];

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int setting(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}

/* ---- single commits, in this program run anew with the slow syncs ---- */

static int commit_singles(void)
{
    sqlite3 *database = NULL;
    long count = 0;
    if (sqlite3_open(STATE "/single.db", &database) != SQLITE_OK ||
        sqlite3_exec(database,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (x TEXT NOT NULL)",
                     NULL, NULL, NULL) != SQLITE_OK)
        return 1;
    const double begin = now_s();
    while (now_s() < begin + SINGLE_SECONDS || count < 100) {
        if (sqlite3_exec(database, "INSERT INTO t VALUES (hex(randomblob(200)))", NULL, NULL, NULL) !=
            SQLITE_OK)
            return 1;
        count++;
    }
    printf("%.0f\n", (double)count / (now_s() - begin));
    sqlite3_close(database);
    unlink(STATE "/single.db");
    return 0;
}

static double measure_singles(void)
{
    char command[256];
    snprintf(command, sizeof(command), "%s/tests/bench/bench_submit --single", getenv("ACCESSPKG_BUILD"));
    ck_assert_msg(live_run("root", command) == 0, "%s", live_output);
    return strtod(live_output, NULL);
}

/* ---- the callers ---- */

static int submit_all(void *data)
{
    const int caller = *(const int *)data;
    struct client client;
    struct client_error error = {0};
    char go;
    ends[caller] = -1;
    close(gate[1]);
    if (client_open(&client, &error) < 0 || write(there[1], "", 1) != 1 || read(gate[0], &go, 1) != 0)
        return 1;
    for (int i = 0; i < rounds; i++) {
        char package[16];
        json_t *value = NULL;
        snprintf(package, sizeof(package), "s%d", i);
        const double begin = now_s();
        if (client_call(&client, client_message("Submit", "sasa{sv}", json_pack("[s, [s], {}]", "", package)),
                        &value, &error) < 0) {
            fprintf(stderr, "bench_submit: %s\n", error.message);
            return 1;
        }
        waits[caller * rounds + i] = now_s() - begin;
        json_decref(value);
    }
    ends[caller] = now_s();
    return 0;
}

static int by_size(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Requests a second. */
static double measure_submit(double *ret_median, double *ret_late)
{
    static int numbers[CALLERS_MAX];
    pid_t pids[CALLERS_MAX];
    double last = 0;
    char byte;
    ck_assert(pipe(gate) == 0 && pipe(there) == 0);
    for (int i = 0; i < callers; i++) {
        char user[16];
        numbers[i] = i;
        snprintf(user, sizeof(user), "b%d", i);
        pids[i] = live_fork(user, submit_all, &numbers[i]);
    }
    close(gate[0]);
    for (int i = 0; i < callers; i++)
        ck_assert_int_eq(read(there[0], &byte, 1), 1);
    const double begin = now_s();
    close(gate[1]);
    close(there[0]);
    close(there[1]);
    for (int i = 0; i < callers; i++) {
        ck_assert_int_eq(live_join(pids[i]), 0);
        last = ends[i] > last ? ends[i] : last;
    }
    const size_t count = (size_t)callers * (size_t)rounds;
    qsort(waits, count, sizeof(*waits), by_size);
    *ret_median = waits[count / 2];
    *ret_late = waits[count * 99 / 100];
    return (double)count / (last - begin);
}

static void prepare(void)
{
    FILE *users = fopen("/etc/passwd", "ae");
    FILE *config = fopen("/etc/accesspkg/accesspkg.conf", "we");
    ck_assert(users && config);
    for (int i = 0; i < callers; i++)
        fprintf(users, "b%d:x:%d:2000::/:/bin/sh\n", i, FIRST_UID + i);
    fputs("[limits]\npending_per_user = 1000\n[decisions]\naccount_state = no\n", config);
    fclose(users);
    fclose(config);
}

static long daemon_cpu_ms(void)
{
    ck_assert_int_eq(
        live_run("root",
                 "for p in $(pgrep -x accesspkgd); do awk '{print ($14 + $15) * 10}' /proc/$p/stat; done"),
        0);
    return strtol(live_output, NULL, 10);
}

static void measure_with(const char *sync_us)
{
    char preload[256];
    double median, late;
    snprintf(preload, sizeof(preload), "%s/tests/bench/slow/sync.so", getenv("ACCESSPKG_BUILD"));
    setenv("ACCESSPKG_SYNC_US", sync_us, 1);
    setenv("LD_PRELOAD", preload, 1);
    live_start("p", "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\n", NULL);
    for (int i = 0; i < rounds; i++) {
        char name[16];
        snprintf(name, sizeof(name), "s%d", i);
        live_write_package(name, "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\n");
    }
    ck_assert_msg(live_run("root", "pkg-admin reload") == 0, "%s", live_output);
    const double before = measure_singles();
    const long cpu = daemon_cpu_ms();
    const double filed = measure_submit(&median, &late);
    const double took = (double)(daemon_cpu_ms() - cpu) / (callers * rounds);
    const double after = measure_singles();
    printf("  %8s us %10.0f and %.0f %10.0f %8.2f   %.1f / %.1f ms   %.0f us\n", sync_us, before, after,
           filed, filed / ((before + after) / 2), median * 1e3, late * 1e3, took * 1e3);
    fflush(stdout);
    live_stop();
    unsetenv("LD_PRELOAD");
}

START_TEST(measure)
{
    static const char *const delays[] = {"0", "200", "1000", "3000"};
    callers = setting("BENCH_CALLERS", 64);
    rounds = setting("BENCH_ROUNDS", 40);
    ck_assert(callers <= CALLERS_MAX && rounds <= ROUNDS_MAX);
    const size_t size = sizeof(double) * (size_t)callers * (size_t)(rounds + 1);
    ends = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(ends, MAP_FAILED);
    waits = ends + callers;
    prepare();
    printf("Submit by %d callers at once, %d each, in a second, beside single commits:\n", callers, rounds);
    printf("  sync later  single commits     filed    ratio   median / 99 %%   daemon's CPU each\n");
    const char *only = getenv("BENCH_SYNC_US");
    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++)
        if (!only || strcmp(only, delays[i]) == 0)
            measure_with(delays[i]);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--single") == 0)
        return commit_singles();
    suite_case("submit", NULL, NULL);
    suite_timeout(600);
    suite_add(measure);
    return suite_run();
}
