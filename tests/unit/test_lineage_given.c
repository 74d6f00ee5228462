/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What follows from what a store learnt of grant files when it was put back, or was new: nobody gets more by it, an end
 * takes all of it, and /etc/group follows (rules 12 to 14).
 */
#include "helperd/store/sql.h"
#include "tests/support/etcgroup.h"
#include "tests/unit/lineage.h"

#define OTHER "[package]\ngroups = dbadmins\n[policy]\napproval = none\nduration = 10m\n"
#define URGENT                                                                                               \
    "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\nduration = 10m\nmax_duration = 2h\n"           \
    "extension = allowed\nemergency = alice\n"

enum { DBADMINS = 2001, BACKUP = 34 };

static struct etcgroup etc;

static void setup_given(void)
{
    setup_file();
    etc = (struct etcgroup){0};
    fixture_write_package(&fixture, "other", OTHER);
    fixture_write_package(&fixture, "urgent", URGENT);
    fixture_reload(&fixture);
}

static void begin_files(void)
{
    fixture_set_local_groups(true);
    fixture.config.membership = CONFIG_MEMBERSHIP_FILES;
}

static void hold_in_etc(const char *user, const char *package)
{
    ck_assert_int_eq(fixture_submit(&fixture, user, package, NULL, NULL), 0);
    etcgroup_serve(&etc, &fixture.engine);
    ck_assert(fixture_gate_opens(&fixture, user, package));
}

static void change_store_to_none(void)
{
    stop();
    folder_shell(fixture.state, "rm -f state.db*");
    open_and_start();
}

/* An older store, or none at all; something has happened since it was saved. */
static void change_store(bool lost)
{
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "self", NULL, NULL), 0);
    if (lost)
        change_store_to_none();
    else
        put_back();
    ck_assert_str_ne(problem(), "");
}

/* Two packages that begin and end in one second: the groups of the one are not the other's. */
START_TEST(test_one_span)
{
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "other", NULL, NULL), 0);
    save_store();
    change_store(_i);
    ck_assert(fixture_in_group(&fixture, "alice", DBADMINS));
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "other", "over"), 0);
    ck_assert(!fixture_in_group(&fixture, "alice", DBADMINS));
    ck_assert(fixture_in_group(&fixture, "alice", BACKUP));
}
END_TEST

/* Ended, and the root service had not taken it out yet. */
START_TEST(test_outstanding_removal)
{
    begin_files();
    hold_in_etc("alice", "self");
    save_store();
    etc.failure = "no root service";
    acts_revoke(&fixture, "alice", "self", "over");
    etcgroup_serve(&etc, &fixture.engine);
    ck_assert(etcgroup_has(&etc, "alice", "backup"));
    put_back();
    etc.failure = NULL;
    etcgroup_serve(&etc, &fixture.engine);
    ck_assert(!etcgroup_has(&etc, "alice", "backup"));
}
END_TEST

/* Ended, and the sessions had not been ended yet. */
START_TEST(test_outstanding_sessions)
{
    struct engine_ending ending = {0};
    fixture_write_package(&fixture, "ending", SELF_SERVICE "at_end = terminate\nservices = sshd\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "ending", NULL, NULL), 0);
    save_store();
    acts_revoke(&fixture, "alice", "ending", "over");
    put_back();
    ck_assert_int_eq(engine_take_due_ending(&fixture.engine, &ending), 0);
    ck_assert_uint_eq(ending.uid, ALICE);
    ck_assert_uint_eq(ending.n_gids, 1);
    ck_assert_uint_eq(ending.gids[0], BACKUP);
    engine_ending_deinit(&ending);
}
END_TEST

static int refuse_commit(void *data)
{
    (void)data;
    return 1;
}

/* Ended, and that could not be recorded before the store was exchanged. */
START_TEST(test_end_not_recorded)
{
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    save_store();
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "other", NULL, NULL), 0);
    sqlite3_commit_hook(fixture.engine.store->database, refuse_commit, NULL);
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "self", "over"), BUS_ERROR_UNAVAILABLE);
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "other", "over"), BUS_ERROR_UNAVAILABLE);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
    if (_i)
        put_back();
    else
        change_store_to_none();
    ck_assert_str_ne(problem(), "");
    for (int i = 0; i < 3; i++) {
        ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
        ck_assert(!fixture_gate_opens(&fixture, "alice", "other"));
        acts_pass(&fixture, 10);
        restart();
    }
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "other", NULL, NULL), 0); /* given anew */
    ck_assert(fixture_gate_opens(&fixture, "alice", "other"));
    acts_pass(&fixture, 10);
    restart();
    ck_assert(fixture_gate_opens(&fixture, "alice", "other"));
}
END_TEST

/* What is held back does not keep a member whose other package ends. */
START_TEST(test_held_back_keeps_nobody)
{
    begin_files();
    hold_in_etc("alice", "self");
    hold_in_etc("alice", "twin");
    save_store();
    acts_revoke(&fixture, "alice", "self", "over");
    etcgroup_serve(&etc, &fixture.engine);
    put_back();
    etcgroup_serve(&etc, &fixture.engine);
    ck_assert(fixture_gate_opens(&fixture, "alice", "twin"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert(etcgroup_has(&etc, "alice", "backup"));
    acts_revoke(&fixture, "alice", "twin", "over");
    etcgroup_serve(&etc, &fixture.engine);
    ck_assert(!etcgroup_has(&etc, "alice", "backup"));
}
END_TEST

/* The store knows a member by others' doing, who has gone since; then it was given. */
START_TEST(test_member_before)
{
    begin_files();
    etcgroup_add(&etc, "alice", "backup");
    hold_in_etc("alice", "self");
    save_store();
    acts_revoke(&fixture, "alice", "self", "over");
    etcgroup_remove(&etc, "alice", "backup");
    fixture.now += 60;
    hold_in_etc("alice", "self");
    put_back();
    ck_assert(fixture_gate_opens(&fixture, "alice", "self"));
    acts_revoke(&fixture, "alice", "self", "over");
    etcgroup_serve(&etc, &fixture.engine);
    ck_assert(!etcgroup_has(&etc, "alice", "backup"));
}
END_TEST

/* It was given since the store was saved, and the root service does not answer: it goes on, and can be ended. */
START_TEST(test_given_without_root_service)
{
    begin_files();
    save_store();
    hold_in_etc("alice", "self");
    etc.failure = "no root service";
    change_store(_i);
    etcgroup_serve(&etc, &fixture.engine);
    ck_assert(fixture_gate_opens(&fixture, "alice", "self"));
    acts_revoke(&fixture, "alice", "self", "over");
    etc.failure = NULL;
    acts_pass(&fixture, 60);
    etcgroup_serve(&etc, &fixture.engine);
    ck_assert(!etcgroup_has(&etc, "alice", "backup"));
}
END_TEST

/* What the file gives is not held back any more, though it was when the store was saved: drift is put back again. */
START_TEST(test_given_is_not_held)
{
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "repaired", NULL, NULL), 0);
    save_store();
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "repaired", "over"), 0);
    put_back();
    ck_assert_int_eq(accept_store(), 0);
    save_store();
    acts_retry_now(&fixture, "alice", "repaired");
    ck_assert(fixture_gate_opens(&fixture, "alice", "repaired"));
    put_back();
    ck_assert(fixture_gate_opens(&fixture, "alice", "repaired"));
    ck_assert_int_eq(count("SELECT count(*) FROM assignment WHERE held = 1"), 0);
}
END_TEST

/* Of what is held back a part is given still: when that is taken away by hand it is not put back by itself either. */
START_TEST(test_drift_of_what_is_held)
{
    fixture_write_package(&fixture, "wide",
                          "[package]\ngroups = backup dbadmins\n[policy]\napproval = none\ndrift = repair\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "wide", NULL, NULL), 0);
    save_store();
    stop();
    folder_shell(fixture.state, "sed -i '/^group .* backup /d; /^package/d' grants/user/alice");
    open_and_start();
    change_store(false);
    ck_assert(fixture_in_group(&fixture, "alice", DBADMINS));
    stop();
    folder_shell(fixture.state, "rm grants/user/alice");
    open_and_start();
    ck_assert_int_eq(engine_watch_drift(&fixture.engine), 0);
    while (engine_drift_step(&fixture.engine) == 1)
        ;
    ck_assert(!acts_retry_if_due(&fixture, "alice"));
    ck_assert(!fixture_in_group(&fixture, "alice", DBADMINS));
}
END_TEST

/* Rule 12: each delegation that ends, and each end that moves, is on record. */
START_TEST(test_on_record)
{
    ck_assert_int_eq(acts_delegate(&fixture, "bob", "dave", fixture.now + 86400), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "urgent", "x", NULL), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", 1, true, "", NULL), 0);
    save_store();
    ck_assert_int_eq(acts_extend(&fixture, "alice", "urgent", 600, NULL), 0);
    change_store(false);
    ck_assert_int_eq(count("SELECT count(*) FROM audit WHERE event = 'undelegate'"), 1);
    ck_assert_int_eq(count("SELECT count(*) FROM audit WHERE event = 'follow' AND assignment IS NOT NULL"),
                     1);
}
END_TEST

/* What stood behind it is lost, and may have been an emergency: more time of it needs an approver. The gate answers. */
START_TEST(test_emergency_taken_over)
{
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "urgent", "fire", NULL), 0);
    change_store(true);
    ck_assert(fixture_gate_opens(&fixture, "alice", "urgent"));
    char *packages[] = {(char *)"urgent", NULL};
    const struct submission at_gate = {.user = "alice", .packages = packages, .at_gate = true};
    json_t *value = NULL;
    ck_assert_int_eq(acts_submit(&fixture, "alice", &at_gate, &value), 0);
    ck_assert(json_is_true(json_object_get(value, "held")));
    json_decref(value);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "urgent", 600, &value), 0);
    ck_assert_str_eq(acts_text(value, "state"), "pending-approval");
    json_decref(value);
}
END_TEST

int main(void)
{
    suite_case("what was given", setup_given, fixture_teardown);
    suite_add(test_outstanding_sessions, test_member_before, test_outstanding_removal,
              test_held_back_keeps_nobody, test_given_is_not_held, test_drift_of_what_is_held, test_on_record,
              test_emergency_taken_over);
    suite_loop(test_end_not_recorded, 0, 2);
    suite_loop(test_one_span, 0, 2);
    suite_loop(test_given_without_root_service, 0, 2);
    return suite_run();
}
