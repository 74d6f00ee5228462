/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* 10,000 requests wait for one approver (2,000 but in `make check-load`): what the real commands show, and what that takes. */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <pty.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

enum { REAL = 3, ROWS = 24, COLUMNS = 80 };

/* Measured: a second of processor time with the daemon's, 42 MiB (70 with --json) and 10 of the daemon; far above that
 * something is no longer linear. */
enum { SECONDS_MAX = 10 };
#ifdef __SANITIZE_ADDRESS__
enum { MIB_MAX = 2048, DAEMON_MIB_MAX = 2048 };
#else
enum { MIB_MAX = 128, DAEMON_MIB_MAX = 32 };
#endif

#define ASKED                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = %staff dave\nduration = 1h\napprovers = bob\n"
#define STATE "/var/lib/accesspkg"

static int many;

/* ---- a store that is full of them ---- */

static void run_sql(const char *sql)
{
    sqlite3 *database = NULL;
    char *error = NULL;

    ck_assert_int_eq(sqlite3_open_v2(STATE "/state.db", &database, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(database, sql, NULL, NULL, &error) == SQLITE_OK, "%s", error);
    sqlite3_close(database);
    ck_assert_int_eq(live_run("root", "chown accesspkg:accesspkg " STATE "/state.db*"), 0);
}

/* Users that no directory knows ask, one a minute, behind those that are real. */
static void fill(void)
{
    char sql[2048];

    snprintf(
        sql, sizeof(sql),
        "BEGIN; WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " INSERT INTO request (id, package, user, uid, state, no_reason_given, justification,"
        " origin_verified, duration, start, submitted, ended, stage, n_stages, deadline)"
        " SELECT i, 'asked', 'u' || i, 100000 + i, 'pending-approval', 0, 'ticket ' || i, 1, 3600, 0,"
        " unixepoch() - (%d - i) * 60, 0, 1, 1, unixepoch() + 86400 FROM n;"
        "INSERT INTO stage (request, number, approvers, fallback, quorum, timeout, escalate_after, entered)"
        " SELECT id, 1, (SELECT id FROM circle WHERE principals = 'bob'), NULL, 1, 86400, 0, submitted"
        " FROM request WHERE id > %d; COMMIT;",
        REAL + 1, many, many, REAL);
    run_sql(sql);
}

static void setup(void)
{
    char number[16];

    many = suite_load(2000, 10000);
    snprintf(number, sizeof(number), "%d", many);
    setenv("MANY", number, 1);
    live_start("asked", ASKED, "other", ASKED, NULL);
    live_expect("alice", "pkg-request submit asked -m first", 0, "is filed");
    live_expect("dave", "pkg-request submit asked -m second", 0, "is filed");
    live_expect("alice", "pkg-request submit other -m third", 0, "is filed");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    fill();
    live_start_daemon();
}

/* ---- one command, measured ---- */

struct start {
    const char *command;
    int terminal; /* -1: none */
};

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Processor time that the daemon has taken. */
static double daemon_seconds(void)
{
    ck_assert_int_eq(live_run("root", "awk '{ print $14 + $15 }' /proc/$(pgrep -o -x accesspkgd)/stat"), 0);
    return strtod(live_output, NULL) / (double)sysconf(_SC_CLK_TCK);
}

static int become(void *data)
{
    const struct start *start = data;

    if (start->terminal >= 0 && login_tty(start->terminal) < 0)
        return 126;
    execl("/bin/sh", "sh", "-c", start->command, (char *)NULL);
    return 127;
}

/* The pager's part is looked at, not the terminal's. */
static void drain(int fd)
{
    char text[4096];

    while (read(fd, text, sizeof(text)) > 0)
        continue;
}

/* Runs it as bob, on a terminal or none, in so much time and memory. */
static void run_within(const char *command, bool on_terminal)
{
    const struct winsize size = {.ws_row = ROWS, .ws_col = COLUMNS};
    const double begin = daemon_seconds();
    struct start start = {.command = command, .terminal = -1};
    struct rusage usage;
    int master = -1, status;

    if (on_terminal)
        ck_assert_int_eq(openpty(&master, &start.terminal, NULL, NULL, &size), 0);
    const pid_t pid = live_fork("bob", become, &start);
    if (on_terminal) {
        close(start.terminal);
        drain(master);
        close(master);
    }
    ck_assert_int_eq(wait4(pid, &status, 0, &usage), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: status %d", command, status);
    const double took = seconds(usage.ru_utime) + seconds(usage.ru_stime) + daemon_seconds() - begin;
    ck_assert_msg(took > 0 && took < SECONDS_MAX, "%s took %.1f s", command, took);
    ck_assert_msg(usage.ru_maxrss < MIB_MAX * 1024L, "%s took %ld KiB", command, usage.ru_maxrss);
}

/* ---- what is shown ---- */

static void numbers_fall(const char *path)
{
    json_t *requests = json_load_file(path, 0, NULL);

    ck_assert_uint_eq(json_array_size(requests), many);
    for (int i = 0; i < many; i++) {
        const json_t *request = json_array_get(requests, (size_t)i);
        ck_assert_int_eq(json_integer_value(json_object_get(request, "id")), many - i);
        ck_assert(json_is_string(json_object_get(request, "submitted")));
    }
    json_decref(requests);
}

/* On a terminal the newest stands last, elsewhere first; nowhere is one missing. */
START_TEST(test_all_are_shown)
{
    char first[128];

    run_within("exec pkg-approve >/tmp/plain", false);
    live_expect("bob", "awk 'NR > 1 && $1 != '$MANY' - n++ { exit 1 } END { exit n != '$MANY' }' /tmp/plain",
                0, "");
    snprintf(first, sizeof(first), "%d u%d asked   Pending approval ticket %d ", many, many, many);
    live_expect("bob", "head -n 2 /tmp/plain", 0, first);
    run_within("exec pkg-approve --json >/tmp/json", false);
    numbers_fall("/tmp/json");
    run_within("ACCESSPKG_PAGER='cat >/tmp/paged' exec pkg-approve", true);
    /* A row may take two lines, of which the second begins with blanks. */
    live_expect("bob",
                "awk 'NR > 1 && /^ *[0-9]+ / { if ($1 != ++n) exit 1 } END { exit n != '$MANY' }' /tmp/paged",
                0, "");
    ck_assert_int_eq(live_run("root", "awk '/VmHWM/ { print $2 }' /proc/$(pgrep -o -x accesspkgd)/status"),
                     0);
    const long daemon_kib = strtol(live_output, NULL, 10);
    ck_assert_msg(daemon_kib > 0 && daemon_kib < DAEMON_MIB_MAX * 1024L, "accesspkgd took %ld KiB",
                  daemon_kib);
}
END_TEST

/* Who has seen enough is not kept: what the pager did not read is nobody's fault. */
START_TEST(test_a_pager_that_quits_at_once)
{
    run_within("ACCESSPKG_PAGER=true exec pkg-approve", true);
    run_within("ACCESSPKG_PAGER='head -n 1' exec pkg-approve", true);
    run_within("exec pkg-approve | head -n 1", false);
}
END_TEST

START_TEST(test_names_and_numbers)
{
    live_expect("bob", "pkg-approve show u1500/asked", 0, "Justification: ticket 1500\n");
    live_expect("bob", "pkg-approve show u1500/other", 1, "There is no request of u1500 for other");
    live_expect("bob", "pkg-approve approve alice/other", 0, "Request 3 is approved: alice holds other");
    live_expect("bob", "pkg-approve approve 1 999999 2", 1, "Request 1 is approved: alice holds asked");
    ck_assert_ptr_nonnull(strstr(live_output,
                                 "request 999999: There is no request 999999. See what waits for you: "
                                 "pkg-approve\n"));
    ck_assert_ptr_nonnull(strstr(live_output, "Request 2 is approved: dave holds asked"));
    live_expect("bob", "pkg-approve deny u1900/asked u1899/web 1898 -m no", 1, "Request 1900 is denied");
    ck_assert_ptr_nonnull(strstr(live_output, "request u1899/web: There is no request of u1899 for web"));
    ck_assert_ptr_nonnull(strstr(live_output, "Request 1898 is denied"));
}
END_TEST

/* Those that are not real are one a minute: an hour has 60, a day 1440. */
START_TEST(test_status_tells_their_age)
{
    json_t *status = NULL;

    ck_assert_int_eq(live_call("root", -1, "GetStatus", "", NULL, &status), 0);
    const json_int_t hour = json_integer_value(json_object_get(status, "pending_hour"));
    const json_int_t day = json_integer_value(json_object_get(status, "pending_day"));
    ck_assert_int_eq(json_integer_value(json_object_get(status, "pending")), many);
    ck_assert(hour > 50 && hour <= 60 + REAL);
    ck_assert(day > 1300 && day <= 1380);
    ck_assert_int_eq(json_integer_value(json_object_get(status, "pending_older")), many - hour - day);
    ck_assert_int_gt(json_integer_value(json_object_get(status, "store_size")), many);
    json_decref(status);
    live_expect("root", "pkg-admin status | tr -s ' ' | grep \"Pending: $MANY (6\"", 0, "");
}
END_TEST

int main(void)
{
    suite_case("many", setup, live_stop);
    suite_timeout(200);
    suite_add(test_all_are_shown, test_a_pager_that_quits_at_once, test_names_and_numbers,
              test_status_tells_their_age);
    return suite_run();
}
