/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chores for the root service while there is no bus to ask it by: each fails at once, and other events come between. */
#include "dbus/server.h"
#include "dbus/server_internal.h"
#include "helperd/bus/chores.h"
#include "helperd/store/sql.h"
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <stdio.h>

#define ENDS                                                                                                 \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napproval = none\nat_end = terminate\n"           \
    "services = sshd\n"

enum { MANY = 1000, COMMITS_MAX = 100 };

static struct fixture fixture;
static struct bus bus; /* without a connection */
static struct bus_chores *chores;
static int64_t commits;
static bool goes_on;

static int on_commit(void *data)
{
    (void)data;
    commits++;
    return 0;
}

static void on_settled(void *data)
{
    (void)data;
}

static void go_on(void *data)
{
    (void)data;
    goes_on = true;
}

static void setup(void)
{
    fixture_init(&fixture, "ends", ENDS, NULL);
    fixture.config.membership = CONFIG_MEMBERSHIP_FILES;
    fixture.engine.hooks.chores = go_on;
    chores = bus_chores_new(&fixture.engine, &bus, on_settled, NULL);
    ck_assert_ptr_nonnull(chores);
    sqlite3_commit_hook(fixture.engine.store->database, on_commit, NULL);
}

static void teardown(void)
{
    bus_chores_free(chores);
    fixture_teardown();
}

static void run_sql(const char *sql)
{
    char *error = NULL;
    ck_assert_msg(sqlite3_exec(fixture.engine.store->database, sql, NULL, NULL, &error) == SQLITE_OK, "%s",
                  error);
}

/* Until nothing is to be gone on with. */
static void drive_through(void)
{
    do {
        commits = 0;
        goes_on = false;
        bus_chores_drive(chores);
        ck_assert_int_le(commits, COMMITS_MAX);
    } while (goes_on);
}

START_TEST(test_memberships)
{
    run_sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
            " INSERT INTO membership (user, name, gid, state, ours, attempts, retry_at, problem)"
            " SELECT 'v' || i, 'dbadmins', 2001, 'removing', 1, 0, 1, NULL FROM n");
    drive_through();
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM membership WHERE problem IS NOT NULL"), MANY);
}
END_TEST

static void add_assignments(const char *state, int64_t warn_at)
{
    char sql[512];
    snprintf(sql, sizeof(sql),
             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
             " INSERT INTO assignment (package, user, uid, state, start, end, duration, extended, attempts, "
             "retry_at, warn_at) SELECT 'ends', 'v' || i, 300000 + i, '%s', 1, %lld, 3600, 0, 0, 0, %lld"
             " FROM n",
             MANY, state, (long long)fixture.now + 60, (long long)warn_at);
    run_sql(sql);
}

START_TEST(test_endings)
{
    add_assignments("access-expired", 0);
    run_sql("INSERT INTO ending (assignment, services, attempts, retry_at)"
            " SELECT id, 'sshd', 0, 1 FROM assignment");
    drive_through();
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM ending WHERE attempts = 1"), MANY);
}
END_TEST

START_TEST(test_warnings)
{
    add_assignments("fulfilled", 1);
    drive_through();
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM assignment WHERE warn_at = 1"), 0);
}
END_TEST

int main(void)
{
    suite_case("chores", setup, teardown);
    suite_timeout(60);
    suite_add(test_memberships, test_endings, test_warnings);
    return suite_run();
}
