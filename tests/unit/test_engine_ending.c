/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's warnings before an end and ends of live sessions: who is told, what is ended, what is spared. */
#include "helperd/store/sql.h"
#include "tests/support/acts.h"
#include "tests/support/etcgroup.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

#define ENDS                                                                                                 \
    "[package]\ngroups = dbadmins backup\n[policy]\nduration = 1h\napproval = none\nat_end = terminate\n"    \
    "services = sshd login\nextension = allowed\nmax_total = 3h\n"
#define WARNS "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napproval = none\nat_end = warn\n"
#define KEEPS "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napproval = none\n"
#define OTHER                                                                                                \
    "[package]\ngroups = backup\n[policy]\nduration = 4h\napproval = none\nat_end = terminate\nservices = "  \
    "login\n"

static struct fixture fixture;

static void setup(void)
{
    fixture_init(&fixture, "ends", ENDS, "warns", WARNS, "keeps", KEEPS, "other", OTHER, NULL);
}

/* Whether somebody is to be told now; what, is in `warning`. */
static struct engine_warning warning;
static bool warned(void)
{
    return engine_take_due_warning(&fixture.engine, &warning) == 0;
}

START_TEST(test_warnings)
{
    acts_file(&fixture, "alice", "ends");
    ck_assert(!warned());
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 2700);
    acts_pass(&fixture, 2699);
    ck_assert(!warned());
    acts_pass(&fixture, 1);
    ck_assert(warned());
    ck_assert_uint_eq(warning.uid, ALICE);
    ck_assert_ptr_nonnull(strstr(warning.text, "ends in 15 min"));
    ck_assert_ptr_nonnull(strstr(warning.text, "pkg-request extend ends"));
    ck_assert_ptr_nonnull(strstr(warning.text, "sessions"));
    ck_assert(!warned()); /* once */
    acts_pass(&fixture, 840);
    ck_assert(warned());
    ck_assert_ptr_nonnull(strstr(warning.text, "ends in 1 min"));
    acts_pass(&fixture, 59);
    ck_assert(!warned());
}
END_TEST

START_TEST(test_who_is_warned)
{
    acts_file(&fixture, "alice", "warns");
    acts_file(&fixture, "bob", "keeps");
    acts_pass(&fixture, 2700);
    ck_assert(warned());
    ck_assert_uint_eq(warning.uid, ALICE);
    ck_assert_ptr_nonnull(strstr(warning.text, "pkg-request submit warns")); /* it cannot be extended */
    ck_assert_ptr_null(strstr(warning.text, "sessions"));
    ck_assert(!warned());
}
END_TEST

/* The policy that counts is today's. */
START_TEST(test_policy_changed)
{
    acts_file(&fixture, "alice", "warns");
    acts_file(&fixture, "bob", "keeps");
    fixture_write_package(&fixture, "warns", KEEPS);
    fixture_write_package(&fixture, "keeps", WARNS);
    fixture_reload(&fixture);
    ck_assert_int_eq(engine_apply_policy(&fixture.engine), 0);
    ck_assert(!warned()); /* too early */
    acts_pass(&fixture, 2700);
    ck_assert(warned());
    ck_assert_uint_eq(warning.uid, BOB);
    ck_assert(!warned());
}
END_TEST

START_TEST(test_extended)
{
    acts_file(&fixture, "alice", "ends");
    acts_pass(&fixture, 2700);
    ck_assert(warned());
    ck_assert_int_eq(acts_extend(&fixture, "alice", "ends", 0, NULL), 0);
    acts_pass(&fixture, 840);
    ck_assert(!warned());
    acts_pass(&fixture, 2760);
    ck_assert(warned()); /* anew, before the new end */
}
END_TEST

static struct engine_ending ending;
static bool ends_sessions(void)
{
    return engine_take_due_ending(&fixture.engine, &ending) == 0;
}

START_TEST(test_ending)
{
    acts_file(&fixture, "alice", "ends");
    acts_file(&fixture, "bob", "warns");
    acts_pass(&fixture, 3600);
    ck_assert(ends_sessions());
    ck_assert_uint_eq(ending.uid, ALICE);
    ck_assert_str_eq(ending.user, "alice");
    ck_assert_uint_eq(strv_length(ending.services), 2);
    ck_assert_str_eq(ending.services[0], "sshd");
    ck_assert_uint_eq(ending.n_gids, 2);
    char *remaining[] = {(char *)"cron: /usr/sbin/cron (pid 7)", NULL};
    ck_assert_int_eq(engine_ending_done(&fixture.engine, &ending, remaining, NULL), 0);
    engine_ending_deinit(&ending);
    ck_assert(!ends_sessions());
    acts_pass(&fixture, 7200);
    ck_assert(!ends_sessions());
}
END_TEST

/* What another valid package names, or gives, is spared. */
START_TEST(test_spared)
{
    acts_file(&fixture, "alice", "ends");
    acts_pass(&fixture, 60);
    acts_file(&fixture, "alice", "other");
    acts_pass(&fixture, 3540);
    ck_assert(ends_sessions());
    ck_assert_uint_eq(strv_length(ending.services), 1);
    ck_assert_str_eq(ending.services[0], "sshd");
    ck_assert_uint_eq(ending.n_gids, 1);
    ck_assert_uint_eq(ending.gids[0], 2001);
    engine_ending_deinit(&ending);
}
END_TEST

START_TEST(test_failed)
{
    acts_file(&fixture, "alice", "ends");
    acts_pass(&fixture, 3600);
    ck_assert(ends_sessions());
    ck_assert_int_eq(engine_ending_done(&fixture.engine, &ending, NULL, "logind is away"), 0);
    engine_ending_deinit(&ending);
    ck_assert(!ends_sessions()); /* not at once again */
    acts_pass(&fixture, 10);
    ck_assert(ends_sessions());
    ck_assert_int_eq(engine_ending_done(&fixture.engine, &ending, (char *[]){NULL}, NULL), 0);
    engine_ending_deinit(&ending);
    acts_pass(&fixture, 3600);
    ck_assert(!ends_sessions());
}
END_TEST

/* A crash in between: what was due is due again. */
START_TEST(test_crash)
{
    acts_file(&fixture, "alice", "ends");
    acts_pass(&fixture, 3600);
    ck_assert(ends_sessions());
    engine_ending_deinit(&ending);
    acts_pass(&fixture, 10);
    ck_assert(ends_sessions());
    engine_ending_deinit(&ending);
}
END_TEST

/* Whose memberships are under way waits, and nobody else does: a root service that is slow for one of them, or one who
 * asks and hands back in turn, puts off no other end. */
START_TEST(test_settling)
{
    fixture.config.membership = CONFIG_MEMBERSHIP_FILES;
    fixture_set_local_groups(true);
    acts_file(&fixture, "alice", "ends");
    acts_file(&fixture, "dave", "ends");
    struct etcgroup etc = {0};
    etcgroup_serve(&etc, &fixture.engine);
    acts_pass(&fixture, 3599);
    acts_file(&fixture, "alice", "other");
    acts_pass(&fixture, 1);
    struct membership due = {0};
    while (engine_take_due_membership(&fixture.engine, &due) == 0) {
        if (strcmp(due.user, "dave") == 0)
            ck_assert_int_eq(engine_membership_done(&fixture.engine, &due, false, NULL), 0);
        membership_deinit(&due);
    }
    ck_assert(ends_sessions());
    ck_assert_str_eq(ending.user, "dave");
    engine_ending_deinit(&ending);
    ck_assert(!ends_sessions());
    acts_pass(&fixture, 60);
    etcgroup_serve(&etc, &fixture.engine);
    ck_assert(ends_sessions());
    engine_ending_deinit(&ending);
}
END_TEST

static int64_t looks;

/* As a disk does that takes a moment for each commit. */
static int on_commit(void *data)
{
    (void)data;
    fixture.now += looks++ % 2;
    ck_assert_int_lt(looks, 100);
    return 0;
}

/* Those who wait for their memberships cost no commit each: with many of them, and a slow disk, the first would be due again
 * before the last had been put off, and the answers that they wait for never read. */
START_TEST(test_many_settle)
{
    static const char *const users[] = {"alice", "bob", "carol", "dave"};
    fixture.config.membership = CONFIG_MEMBERSHIP_FILES;
    fixture_set_local_groups(true);
    struct etcgroup etc = {0};
    for (size_t i = 0; i < 4; i++)
        acts_file(&fixture, users[i], "ends");
    etcgroup_serve(&etc, &fixture.engine);
    acts_pass(&fixture, 3600);
    sqlite3_commit_hook(fixture.engine.store->database, on_commit, NULL);
    ck_assert(!ends_sessions());
    sqlite3_commit_hook(fixture.engine.store->database, NULL, NULL);
    acts_pass(&fixture, 1);
    etcgroup_serve(&etc, &fixture.engine);
    acts_pass(&fixture, 1);
    for (size_t i = 0; i < 4; i++) {
        ck_assert(ends_sessions());
        engine_ending_deinit(&ending);
    }
    ck_assert(!ends_sessions());
}
END_TEST

/* What has no end is not gone through at each reload: the warnings of others would wait behind it. */
START_TEST(test_no_warning_without_an_end)
{
    fixture_write_package(
        &fixture, "ends",
        "[package]\ngroups = dbadmins\n[policy]\nduration = forever\nmax_duration = forever\n"
        "approval = none\nat_end = warn\n");
    fixture_reload(&fixture);
    acts_file(&fixture, "alice", "ends");
    ck_assert_int_eq(engine_apply_policy(&fixture.engine), 0);
    int64_t next = 0;
    ck_assert_int_eq(store_next_chore(fixture.engine.store, &next), 0);
    ck_assert_int_eq(next, 0);
}
END_TEST

int main(void)
{
    suite_case("engine_ending", setup, fixture_teardown);
    suite_add(test_warnings, test_who_is_warned, test_policy_changed, test_extended, test_ending, test_spared,
              test_failed, test_crash, test_settling, test_many_settle, test_no_warning_without_an_end);
    return suite_run();
}
