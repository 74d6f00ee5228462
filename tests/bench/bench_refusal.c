/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a refusal at the gate costs: the whole PAM account check of somebody without access, in which a durable request
 * is filed, beside one fsynced SQLite commit into the same folder, turn by turn in one run. Run by tests/bench/run.
 */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <linux/magic.h>
#include <security/pam_appl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>

enum { ROUNDS = 200, TARGET_US = 4000 };

#define CONFDIR "/tmp/bench-pam"

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof(*values), by_size);
    return values[ROUNDS / 2];
}

static void die(const char *what)
{
    fprintf(stderr, "bench_refusal: %s\n", what);
    exit(1);
}

static void write_file(const char *path, const char *text)
{
    FILE *out = fopen(path, "we");
    if (!out || fputs(text, out) < 0 || fclose(out) != 0)
        die(path);
}

/* A package and a PAM service per round: each refusal files a request of its own. */
static void prepare(void)
{
    if (live_run("root", "mkdir -p " CONFDIR) != 0)
        die(live_output);
    write_file("/etc/accesspkg/accesspkg.conf",
               "[limits]\npending_per_user = 1000\n[decisions]\naccount_state = no\n");
    live_start("p", "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\n", NULL);
    for (int i = 0; i < ROUNDS; i++) {
        char name[64];
        char text[256];
        snprintf(name, sizeof(name), "bench%d", i);
        live_write_package(name, "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\n");
        snprintf(text, sizeof(text),
                 "account required pam_accesspkg.so package=%s\naccount required pam_permit.so\n", name);
        snprintf(name, sizeof(name), CONFDIR "/bench%d", i);
        write_file(name, text);
    }
    if (live_run("root", "pkg-admin reload") != 0)
        die(live_output);
}

static int say_nothing(int count, const struct pam_message **messages, struct pam_response **ret, void *data)
{
    (void)messages, (void)data;
    *ret = calloc((size_t)count, sizeof(**ret));
    return *ret ? PAM_SUCCESS : PAM_BUF_ERR;
}

static double refuse(int round)
{
    char service[32];
    const struct pam_conv conversation = {say_nothing, NULL};
    pam_handle_t *pam = NULL;
    snprintf(service, sizeof(service), "bench%d", round);
    const double begin = now_us();
    if (pam_start_confdir(service, "alice", &conversation, CONFDIR, &pam) != PAM_SUCCESS)
        die("pam_start_confdir");
    const int code = pam_acct_mgmt(pam, 0);
    pam_end(pam, code);
    if (code != PAM_PERM_DENIED)
        die("the check did not end in PAM_PERM_DENIED");
    return now_us() - begin;
}

static sqlite3 *open_yardstick(void)
{
    sqlite3 *database = NULL;
    if (sqlite3_open("/var/lib/accesspkg/yardstick.db", &database) != SQLITE_OK ||
        sqlite3_exec(
            database,
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a INTEGER PRIMARY KEY, b)",
            NULL, NULL, NULL) != SQLITE_OK)
        die("cannot open the yardstick's database");
    return database;
}

static double commit(sqlite3 *database)
{
    const double begin = now_us();
    if (sqlite3_exec(database, "INSERT INTO t (b) VALUES ('a request of a hundred bytes or so')", NULL, NULL,
                     NULL) != SQLITE_OK)
        die(sqlite3_errmsg(database));
    return now_us() - begin;
}

/* Where fsync costs nothing, the first figure says nothing of a disk. */
static const char *where(void)
{
    struct statfs place;
    if (statfs("/var/lib/accesspkg", &place) < 0)
        die("/var/lib/accesspkg");
    return place.f_type == TMPFS_MAGIC ? "in memory; run this as root to measure a disk" : "on a disk";
}

/* A Check test only because tests/support/live.h reports through Check. */
START_TEST(measure)
{
    static double refusals[ROUNDS];
    static double commits[ROUNDS];
    prepare();
    sqlite3 *yardstick = open_yardstick();
    for (int i = 0; i < ROUNDS; i++) {
        commits[i] = commit(yardstick);
        refusals[i] = refuse(i);
    }
    if (live_run("root", "test \"$(pkg-admin status --json | grep -c '\"pending\": 200')\" = 1") != 0)
        die("not every refusal filed a request");
    sqlite3_close(yardstick);
    live_stop();
    const double refusal = median(refusals);
    const double one_commit = median(commits);
    printf("A refusal that files a durable request (%d rounds, medians; the store lies %s):\n", ROUNDS,
           where());
    printf("  one fsynced SQLite commit   %8.0f us\n", one_commit);
    printf("  the whole refusal           %8.0f us\n", refusal);
    printf("  the refusal beyond a commit %8.0f us (target: at most %d): %s\n", refusal - one_commit,
           TARGET_US, refusal - one_commit <= TARGET_US ? "met" : "MISSED");
    fflush(stdout);
    ck_assert(refusal - one_commit <= TARGET_US);
}
END_TEST

int main(void)
{
    suite_case("refusal", NULL, NULL);
    suite_add(measure);
    return suite_run();
}
