/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The start: what a crash left, a store that is new, grant files that nothing stands behind; a clock set back. */
#include "common/grantdir.h"
#include "helperd/lifecycle/publication.h"
#include "helperd/store/sql.h"
#include "tests/support/suite.h"
#include "tests/unit/requests.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* Readers refuse files from the future: they are written again when the clock was set back. */
START_TEST(test_clock_set_back)
{
    ck_assert_int_eq(
        fixture_decide(&fixture, "bob", acts_file(&fixture, "alice", "db-admins"), true, "", NULL), 0);
    struct grant_user file = {0};
    fixture.now -= 600;
    ck_assert_int_eq(grantdir_read_user(fixture.state, "alice", fixture.now, &file), -ETIME);
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_int_eq(grantdir_read_user(fixture.state, "alice", fixture.now, &file), 0);
    grant_user_deinit(&file);
}
END_TEST

static void verify_all(void)
{
    while (engine_verify(&fixture.engine) != 0)
        ;
}

static void start_again(void)
{
    engine_deinit(&fixture.engine);
    ck_assert_int_eq(engine_start(&fixture.engine, false), 0);
    verify_all();
}

/* Nothing more is written by the process before. */
static void start_after_power_cut(void)
{
    engine_forget_publications(&fixture.engine);
    start_again();
}

static void begin_with_a_new_store(void)
{
    bool newborn = false;
    engine_deinit(&fixture.engine);
    store_close(fixture.engine.store);
    ck_assert_int_eq(store_open(":memory:", &fixture.engine.store, &newborn), 0);
    ck_assert(newborn);
    ck_assert_int_eq(engine_start(&fixture.engine, newborn), 0);
}

/* A new store takes over what the files say, until their end; files that nothing stands behind go. */
START_TEST(test_adoption_and_verification)
{
    ck_assert_int_eq(
        fixture_decide(&fixture, "bob", acts_file(&fixture, "alice", "db-admins"), true, "", NULL), 0);
    begin_with_a_new_store();
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));

    const struct grant_group groups[] = {{34, "backup", {0, GRANT_FOREVER}}};
    const struct grant_user stray = {.user = "dave",
                                     .uid = DAVE,
                                     .written = fixture.now,
                                     .groups = (struct grant_group *)groups,
                                     .n_groups = 1};
    ck_assert_int_eq(grantdir_write_user(fixture.state, &stray, false), 0);
    ck_assert(fixture_in_group(&fixture, "dave", 34));
    verify_all();
    ck_assert(!fixture_in_group(&fixture, "dave", 34));
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    acts_pass(&fixture, 3600);
    struct grant_user file = {0};
    ck_assert_int_eq(grantdir_read_user(fixture.state, "alice", fixture.now, &file), -ENOENT);
}
END_TEST

/* One file that resists costs the others nothing. */
START_TEST(test_verification_goes_on)
{
    char path[256];
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    snprintf(path, sizeof(path), "%s/grants/user/alice", fixture.state);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    /* A folder of ours, as of root's, would be a lock. */
    if (chown(path, DAVE, (gid_t)-1) < 0)
        return;
    struct grant_group group = {34, "backup", {0, GRANT_FOREVER}};
    const struct grant_user stray = {
        .user = "dave", .uid = DAVE, .written = fixture.now, .groups = &group, .n_groups = 1};
    ck_assert_int_eq(grantdir_write_user(fixture.state, &stray, false), 0);
    start_again();
    ck_assert(!fixture_in_group(&fixture, "dave", 34));
}
END_TEST

static void remove_file(const char *user)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/grants/user/%s", fixture.state, user);
    ck_assert_int_eq(unlink(path), 0);
}

static int64_t count_notes(void)
{
    return acts_count(&fixture, "SELECT count(*) FROM publication");
}

/* A power cut loses no approval: its note stays until its file is on stable storage, and longer where it cannot be. */
START_TEST(test_note_until_sync)
{
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "self", NULL, NULL), 0);
    ck_assert_int_eq(count_notes(), 2);
    remove_file("alice");
    remove_file("dave");
    start_after_power_cut();
    ck_assert(fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert(fixture_gate_opens(&fixture, "dave", "self"));
    ck_assert_int_eq(engine_settle_publications(&fixture.engine), 0);
    ck_assert_int_eq(count_notes(), 0);
    remove_file("alice");
    start_after_power_cut();
    ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert(fixture_gate_opens(&fixture, "dave", "self"));
}
END_TEST

/* A note that a later change left outstanding is not struck out with the earlier one's. */
START_TEST(test_note_of_later_change)
{
    char folder[256], away[256];
    snprintf(folder, sizeof(folder), "%s/grants/user", fixture.state);
    snprintf(away, sizeof(away), "%s/grants/away", fixture.state);
    fixture_write_package(&fixture, "twin", SELF_SERVICE);
    fixture_reload(&fixture);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    engine_sync_publications(&fixture.engine);
    ck_assert_int_eq(rename(folder, away), 0);
    FILE *file = fopen(folder, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "twin", NULL, NULL), 0);
    ck_assert_int_eq(engine_settle_publications(&fixture.engine), 0);
    ck_assert_int_eq(count_notes(), 1);
    ck_assert_int_eq(unlink(folder), 0);
    ck_assert_int_eq(rename(away, folder), 0);
    start_after_power_cut();
    ck_assert(fixture_gate_opens(&fixture, "alice", "self"));
}
END_TEST

/* Until a file was compared, nothing that is written for another reason brings back what was removed from it. */
START_TEST(test_writing_before_the_comparison)
{
    fixture_write_package(&fixture, "twin", SELF_SERVICE);
    fixture_write_package(&fixture, "third", SELF_SERVICE);
    fixture_reload(&fixture);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "twin", NULL, NULL), 0);
    engine_deinit(&fixture.engine);
    remove_file("alice");
    ck_assert_int_eq(engine_start(&fixture.engine, false), 0);
    ck_assert_int_eq(engine_note_publication(&fixture.engine, "alice", false), 0);
    engine_publish(&fixture.engine);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "third", NULL, NULL), 0);
    ck_assert(fixture_gate_opens(&fixture, "alice", "third"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
    verify_all();
    ck_assert(fixture_gate_opens(&fixture, "alice", "third"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "twin"));
    ck_assert_int_eq(
        acts_count(&fixture, "SELECT count(*) FROM assignment WHERE state = 'partially-fulfilled'"), 2);
}
END_TEST

/* The gate asks before the file was compared: it is not mended, and the user is told. */
START_TEST(test_gate_before_the_comparison)
{
    json_t *value = NULL;
    char *packages[] = {(char *)"self", NULL};
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    engine_deinit(&fixture.engine);
    remove_file("alice");
    ck_assert_int_eq(engine_start(&fixture.engine, false), 0);
    const struct submission submission = {.user = "alice", .packages = packages, .at_gate = true};
    ck_assert_int_eq(
        fixture_answer(engine_submit(fixture_call(&fixture, "root", "alice"), &submission), &value), 0);
    ck_assert_str_eq(acts_text(value, "state"), "partially-fulfilled");
    json_decref(value);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
}
END_TEST

/* A clock that is set right, or wrong, between two starts is no change by hand. */
START_TEST(test_other_clock)
{
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    engine_deinit(&fixture.engine);
    fixture.now -= 3600;
    ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert_int_eq(engine_start(&fixture.engine, false), 0);
    verify_all();
    fixture.now += 3600;
    ck_assert(fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE event = 'drift'"), 0);
}
END_TEST

/* Those that are many are written after the daemon is ready, and struck out. */
START_TEST(test_many_notes)
{
    struct store *store = fixture.engine.store;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    engine_deinit(&fixture.engine);
    remove_file("alice");
    ck_assert_int_eq(store_begin(store), 0);
    for (int i = 0; i < 700; i++) {
        char user[16];
        snprintf(user, sizeof(user), "aa%03d", i);
        ck_assert_int_eq(store_add_publication(store, user, false), 0);
    }
    ck_assert_int_eq(store_add_publication(store, "alice", false), 0);
    ck_assert_int_eq(store_commit(store), 0);
    ck_assert_int_eq(engine_start(&fixture.engine, false), 0);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
    verify_all();
    ck_assert(fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert_int_eq(engine_settle_publications(&fixture.engine), 0);
    ck_assert_int_eq(count_notes(), 0);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE event = 'drift'"), 0);
}
END_TEST

/* Two packages of one second and one length that give the same group; and lines that come twice. */
START_TEST(test_adoption_of_a_shared_group)
{
    fixture_write_package(&fixture, "twin", SELF_SERVICE);
    fixture_reload(&fixture);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "twin", NULL, NULL), 0);
    const struct grant_span span = {fixture.now, GRANT_FOREVER};
    struct grant_package packages[] = {{"self", span, 1}, {"self", span, 1}};
    struct grant_group groups[] = {{34, "backup", span}, {34, "backup", span}};
    const struct grant_user twice = {.user = "dave",
                                     .uid = DAVE,
                                     .written = fixture.now,
                                     .packages = packages,
                                     .n_packages = 2,
                                     .groups = groups,
                                     .n_groups = 2};
    ck_assert_int_eq(grantdir_write_user(fixture.state, &twice, false), 0);
    begin_with_a_new_store();
    verify_all();
    ck_assert(fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert(fixture_gate_opens(&fixture, "alice", "twin"));
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    ck_assert(fixture_gate_opens(&fixture, "dave", "self"));
    /* It has no end that could be told. */
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "self", NULL, &value), 0);
    ck_assert_str_eq(acts_text(value, "state"), "fulfilled");
    ck_assert_ptr_null(json_object_get(value, "assignment_end"));
    json_decref(value);
}
END_TEST

/* A crash between commit and grant file: the narrowing is made good before the start is done. */
START_TEST(test_replay)
{
    ck_assert_int_eq(
        fixture_decide(&fixture, "bob", acts_file(&fixture, "alice", "db-admins"), true, "", NULL), 0);
    struct assignment assignment = {0};
    struct store *store = fixture.engine.store;
    ck_assert_int_eq(store_find_live_assignment(store, ALICE, "alice", "db-admins", &assignment), 0);
    ck_assert_int_eq(store_begin(store), 0);
    assignment.state = STATE_ACCESS_EXPIRED;
    ck_assert_int_eq(store_update_assignment(store, &assignment), 0);
    ck_assert_int_eq(store_add_publication(store, "alice", true), 0);
    ck_assert_int_eq(store_commit(store), 0);
    assignment_deinit(&assignment);
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert_int_eq(engine_start(&fixture.engine, false), 0);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
}
END_TEST

static void add_holders(int from, int to)
{
    char sql[1024];
    snprintf(
        sql, sizeof(sql),
        "WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " INSERT INTO assignment (package, user, uid, state, start, end, duration, extended, attempts,"
        " retry_at) SELECT 'db-admins', 'v' || i, 300000 + i, 'fulfilled', 1, 1 << 40, 60, 0, 0, 0 FROM n;"
        "INSERT INTO \"grant\" (assignment, name, gid, problem, live, local) SELECT id, 'dbadmins', 2001, "
        "NULL, 1, 1"
        " FROM assignment WHERE user LIKE 'v%%' AND uid - 300000 >= %d",
        from, to, from);
    ck_assert_int_eq(sqlite3_exec(fixture.engine.store->database, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* The steps of SQLite since the last call. */
static int64_t take_steps(void)
{
    struct store *store = fixture.engine.store;
    int64_t steps = 0;
    for (size_t slot = 0; slot < STORE_CACHE; slot++)
        if (store->cache[slot].sql)
            steps += sqlite3_stmt_status(store->cache[slot].statement, SQLITE_STMTSTATUS_VM_STEP, 1);
    return steps;
}

/* Those that a start takes until the first call is answered, with what the log says of the allow-list. */
static int64_t count_steps_of_start(void)
{
    struct packages_held *held = NULL;
    size_t count = 0;
    engine_deinit(&fixture.engine);
    take_steps();
    ck_assert_int_eq(engine_start(&fixture.engine, false), 0);
    ck_assert_int_eq(engine_apply_policy(&fixture.engine), 0);
    ck_assert_int_eq(engine_list_held(&fixture.engine, fixture.packages, &held, &count), 0);
    engine_free_held(held, count);
    acts_file(&fixture, "alice", "db-admins");
    return take_steps();
}

/* What walks through all who hold something goes in steps afterwards. */
START_TEST(test_many_holders)
{
    add_holders(1, 10);
    count_steps_of_start(); /* whose statements are prepared then */
    const int64_t few = count_steps_of_start();
    add_holders(11, 5000);
    const int64_t many = count_steps_of_start();
    ck_assert_int_gt(few, 0);
    ck_assert_msg(many < 2 * few, "%lld steps with 10 holders, %lld with 5,000", (long long)few,
                  (long long)many);
    ck_assert_int_gt(engine_verify(&fixture.engine), 0);
}
END_TEST

int main(void)
{
    suite_case("start", setup, fixture_teardown);
    suite_add(test_many_holders, test_clock_set_back, test_adoption_and_verification,
              test_adoption_of_a_shared_group, test_verification_goes_on, test_replay, test_note_until_sync,
              test_note_of_later_change, test_writing_before_the_comparison, test_gate_before_the_comparison,
              test_other_clock, test_many_notes);
    return suite_run();
}
