/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups that others delete and renumber, and the allow-list. */
#include "common/grantdir.h"
#include "tests/support/suite.h"
#include "tests/unit/drift.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The daemon's walk over groups, with these facts. */
static void walk_groups(gid_t dbadmins, gid_t backup, bool local)
{
    struct inquiry inquiry = INQUIRY_EMPTY;
    ck_assert_int_eq(engine_next_groups(&fixture.engine, "", &inquiry), 0);
    const char *last = inquiry.groups[strv_length(inquiry.groups) - 1];
    struct inquiry rest = INQUIRY_EMPTY;
    ck_assert_int_eq(engine_next_groups(&fixture.engine, last, &rest), STORE_E_NONE);
    inquiry_deinit(&inquiry);
    struct facts *facts = fixture_facts(NULL, NULL);
    facts->groups[0].gid = dbadmins;
    facts->groups[1].gid = backup;
    facts->groups[0].local = local && dbadmins != GID_UNSET;
    facts->groups[1].local = local && backup != GID_UNSET;
    ck_assert_int_eq(engine_compare_groups(&fixture.engine, facts), 0);
    facts_free(facts);
    while (engine_drift_step(&fixture.engine) > 0)
        ;
}

START_TEST(test_group_deleted)
{
    const int64_t alice = acts_hold(&fixture, "alice", "db-admins");
    const int64_t dave = acts_hold(&fixture, "dave", "other");
    walk_groups(2001, 34, true); /* from now on known to be local */
    ck_assert_int_eq(drifts(), 0);
    walk_groups(2001, GID_UNSET, true);
    has_problems(alice, true, "backup: the group backup was deleted (drift)", NULL);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert_str_eq(fixture_state(&fixture, dave), "fulfilled");
    acts_retry_now(&fixture, "alice", "db-admins");
    ck_assert_str_eq(fixture_state(&fixture, alice), "fulfilled");
}
END_TEST

/* The same name with another number is another group. */
START_TEST(test_group_renumbered)
{
    const int64_t alice = acts_hold(&fixture, "alice", "db-admins");
    walk_groups(2001, 35, false);
    has_problems(alice, true, "backup: the group backup has the number 35 now, not 34 (drift)", NULL);
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
}
END_TEST

/* A directory that does not know a group may be away. */
START_TEST(test_group_of_a_directory)
{
    const int64_t alice = acts_hold(&fixture, "alice", "db-admins");
    walk_groups(GID_UNSET, GID_UNSET, false);
    ck_assert_str_eq(fixture_state(&fixture, alice), "fulfilled");
    ck_assert_int_eq(drifts(), 0);
}
END_TEST

/* Many holders of one group: in steps, and all of them. */
START_TEST(test_many_holders)
{
    struct store *store = fixture.engine.store;
    ck_assert_int_eq(store_begin(store), 0);
    for (int i = 0; i < 30; i++) {
        char user[16];
        snprintf(user, sizeof(user), "user%d", i);
        struct assignment assignment = {.package = (char *)"other",
                                        .user = user,
                                        .uid = (uid_t)(5000 + i),
                                        .state = STATE_FULFILLED,
                                        .span = {1, GRANT_FOREVER}};
        const struct grant grant = {.group = (char *)"dbadmins", .gid = 2001, .local = true};
        ck_assert_int_eq(store_add_assignment(store, &assignment), 0);
        ck_assert_int_eq(store_set_grants(store, assignment.id, &grant, 1, true), 0);
    }
    ck_assert_int_eq(store_commit(store), 0);
    struct facts *facts = fixture_facts(NULL, NULL);
    facts->groups[0].gid = GID_UNSET;
    ck_assert_int_eq(engine_compare_groups(&fixture.engine, facts), 0);
    ck_assert_int_eq(engine_compare_groups(&fixture.engine, facts), 0);
    facts_free(facts);
    int steps = 0;
    while (engine_drift_step(&fixture.engine) > 0)
        steps++;
    ck_assert_int_gt(steps, 5);
    ck_assert_int_eq(
        acts_count(&fixture, "SELECT count(*) FROM assignment WHERE state = 'partially-fulfilled'"), 30);
    ck_assert_int_eq(drifts(), 30);
}
END_TEST

/* An entry that goes although its package still names the group; not one that a reload is about to take. */
START_TEST(test_allow_list)
{
    const int64_t alice = acts_hold(&fixture, "alice", "db-admins");
    const int64_t dave = acts_hold(&fixture, "dave", "other");
    const struct allow_entry entry = {34, "backup"};
    ck_assert_int_eq(engine_compare_allow_list(&fixture.engine, fixture.packages), 0);
    ck_assert_int_eq(engine_drift_step(&fixture.engine), 0);
    ck_assert_int_eq(drifts(), 0);
    ck_assert_int_eq(grantdir_write_allow(fixture.state, &entry, 1), 0);
    struct packages none = {0};
    ck_assert_int_eq(engine_compare_allow_list(&fixture.engine, &none), 0);
    ck_assert_int_eq(engine_drift_step(&fixture.engine), 0);
    ck_assert_int_eq(drifts(), 0);
    const struct package other = *packages_find(fixture.packages, "other");
    struct packages one = {.items = (struct package *)&other, .count = 1};
    ck_assert_int_eq(engine_compare_allow_list(&fixture.engine, &one), 0);
    while (engine_drift_step(&fixture.engine) > 0)
        ;
    ck_assert_str_eq(fixture_state(&fixture, alice), "fulfilled");
    has_problems(dave, true,
                 "dbadmins: it was taken off the allow-list, which pkg-admin reload mends (drift)", NULL);
}
END_TEST

int main(void)
{
    suite_case("drift_groups", setup, fixture_teardown);
    suite_add(test_group_deleted, test_group_renumbered, test_group_of_a_directory, test_many_holders,
              test_allow_list);
    return suite_run();
}
