/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The start: what a crash left, a store that is new, grant files that nothing stands behind; a clock set back. */
#include "common/grantdir.h"
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
    struct engine_verification verification = {0};
    while (engine_verify(&fixture.engine, &verification) != 0)
        ;
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
    struct engine_verification verification = {0};
    int faults = 0;
    for (int r; (r = engine_verify(&fixture.engine, &verification)) != 0;)
        faults += r < 0;
    ck_assert_int_ge(faults, 1);
    ck_assert(!fixture_in_group(&fixture, "dave", 34));
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
    struct engine_verification verification = {0};
    while (engine_verify(&fixture.engine, &verification) != 0)
        ;
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

int main(void)
{
    suite_case("start", setup, fixture_teardown);
    suite_add(test_clock_set_back, test_adoption_and_verification, test_adoption_of_a_shared_group,
              test_verification_goes_on, test_replay);
    return suite_run();
}
