/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the grant files give when a state.db that is older, or new, meets them: it goes on until its end, and nobody gets
 * more by it (rules 13 and 14).
 */
#include "tests/unit/lineage.h"

#define LACKING "[package]\ngroups = backup nosuch\n[policy]\napproval = none\nduration = 10m\n"
#define LONGER                                                                                               \
    "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 10m\nmax_duration = 2h\n"             \
    "extension = allowed\nmax_total = 3h\n"

static void add_package(const char *name, const char *text)
{
    fixture_write_package(&fixture, name, text);
    fixture_reload(&fixture);
}

static void lose_store(void)
{
    stop();
    folder_shell(fixture.state, "rm -f state.db*");
    open_and_start();
    ck_assert_str_ne(problem(), "");
}

/* The end that the older store knows has passed; the one that was given since has not. */
START_TEST(test_extended_since)
{
    add_package("longer", LONGER);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "longer", NULL, NULL), 0);
    save_store();
    ck_assert_int_eq(acts_extend(&fixture, "alice", "longer", 1800, NULL), 0);
    acts_pass(&fixture, 900);
    ck_assert(fixture_gate_opens(&fixture, "alice", "longer"));
    put_back();
    ck_assert_str_ne(problem(), "");
    ck_assert(fixture_gate_opens(&fixture, "alice", "longer"));
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    acts_pass(&fixture, 1501);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "longer"));
}
END_TEST

/* Fulfilled when the store was saved, and partial since: what is left of it stays. */
START_TEST(test_partial_since)
{
    acts_hold(&fixture, "alice", "db-admins");
    save_store();
    stop();
    folder_shell(fixture.state, "sed -i '/^group .* backup /d' grants/user/alice");
    open_and_start();
    ck_assert_str_eq(acts_query(&fixture, "SELECT state FROM assignment"), "partially-fulfilled");
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    put_back();
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
}
END_TEST

/* What the store knows of a partial assignment is not taken for another package that has its groups. */
START_TEST(test_partial_known)
{
    add_package("zlate", LACKING);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "zlate", NULL, NULL), 0);
    save_store();
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "self", NULL, NULL), 0);
    put_back();
    ck_assert_str_ne(problem(), "");
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    ck_assert_str_eq(
        acts_query(&fixture, "SELECT group_concat(package) FROM assignment WHERE user = 'alice'"), "zlate");
}
END_TEST

/* Nor does it become whole in a new store, when its file is written again or its membership is confirmed. */
START_TEST(test_partial_taken_over)
{
    add_package("zlate", LACKING);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "zlate", NULL, NULL), 0);
    if (_i)
        fixture_set_local_groups(true);
    fixture.config.membership = _i ? CONFIG_MEMBERSHIP_FILES : fixture.config.membership;
    lose_store();
    for (struct membership membership = {0}; engine_take_due_membership(&fixture.engine, &membership) == 0;) {
        ck_assert_int_eq(engine_membership_done(&fixture.engine, &membership, false, NULL), 0);
        membership_deinit(&membership);
    }
    ck_assert_str_eq(acts_query(&fixture, "SELECT state FROM assignment WHERE user = 'alice'"),
                     "partially-fulfilled");
    for (int i = 0; i < 4; i++)
        ck_assert(!fixture_gate_opens(&fixture, "alice",
                                      ((const char *[]){"zlate", "self", "twin", "repaired"})[i]));
}
END_TEST

/* What ended and was given anew keeps its members in /etc/group. */
START_TEST(test_membership_given_anew)
{
    fixture_set_local_groups(true);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    save_store();
    folder_shell(fixture.folder,
                 "sqlite3 kept.db \"INSERT INTO membership (user, name, gid, state, ours, attempts, retry_at)"
                 " VALUES ('alice', 'backup', 34, 'there', 1, 0, 0)\"");
    fixture.now += 60;
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "self", "over"), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    fixture.config.membership = CONFIG_MEMBERSHIP_FILES;
    put_back();
    ck_assert(fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert_str_eq(acts_query(&fixture, "SELECT group_concat(state) FROM membership"), "there");
}
END_TEST

int main(void)
{
    suite_case("lineage files", setup_file, fixture_teardown);
    suite_add(test_extended_since, test_partial_since, test_partial_known, test_membership_given_anew);
    suite_loop(test_partial_taken_over, 0, 2);
    return suite_run();
}
