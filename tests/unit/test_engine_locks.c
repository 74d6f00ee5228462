/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is locked holds nothing and gets nothing, decides nothing and passes nothing on (rules 9, 13 and 14). */
#include "common/identity.h"
#include "common/locks.h"
#include "helperd/engine/locks.h"
#include "helperd/lifecycle/publication.h"
#include "helperd/store/sql.h"
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fixture fixture;

#define DB                                                                                                   \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\nmax_duration = 4h\nextension = approval\n"       \
    "approvers = bob carol\nemergency = alice erin\nemergency_duration = 1h\n"
#define FREE "[package]\ngroups = backup\n[policy]\nduration = 1h\napproval = none\n"
#define THREE                                                                                                \
    "[package]\ngroups = backup\n[policy]\nduration = 1h\n[stage 1]\napprovers = bob\n"                      \
    "fallback_approvers = carol\n"

static void setup(void)
{
    fixture_init(&fixture, "db", DB, "free", FREE, "three", THREE, NULL);
}

static struct lock standing(const char *user, uid_t uid)
{
    struct lock lock = {.user = (char *)user,
                        .uid = uid,
                        .at = fixture.now,
                        .by = 0,
                        .login = ERIN,
                        .why = (char *)"stolen laptop",
                        .lifted_by = UID_UNSET,
                        .lifted_login = UID_UNSET,
                        .lifted_why = (char *)""};
    lock_new_id(&lock);
    return lock;
}

/* As pkg-admin does it. */
static struct lock put(const char *user, uid_t uid)
{
    const struct lock lock = standing(user, uid);
    ck_assert_int_eq(locks_write(fixture.state, &lock), 0);
    ck_assert_int_eq(locks_close(fixture.state, user), 0);
    return lock;
}

static void lift(struct lock lock)
{
    lock.lifted = fixture.now;
    lock.lifted_by = 0;
    lock.lifted_why = (char *)"found again";
    ck_assert_int_eq(locks_write(fixture.state, &lock), 0);
    ck_assert_int_eq(locks_open(fixture.state, lock.user), 0);
}

static void lock(const char *user)
{
    put(user, fixture_caller(user).identity.uid);
    ck_assert_int_eq(engine_apply_locks(&fixture.engine), 0);
}

static void restart(bool newborn)
{
    engine_deinit(&fixture.engine);
    ck_assert_int_eq(engine_start(&fixture.engine, newborn), 0);
    ck_assert_int_eq(engine_watch_drift(&fixture.engine), 0);
}

static int64_t audited(const char *event)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM audit WHERE event = '%s'", event);
    return acts_count(&fixture, sql);
}

static int64_t live_of(const char *user)
{
    char sql[160];
    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM assignment WHERE user = '%s' AND state IN ('fulfilled', "
             "'partially-fulfilled')",
             user);
    return acts_count(&fixture, sql);
}

static int64_t ahead(void)
{
    json_t *value = NULL;
    char *names[] = {(char *)"db", NULL};
    const struct submission submission = {
        .packages = names, .justification = "x", .start = fixture.now + 3600};
    ck_assert_int_eq(acts_submit(&fixture, "alice", &submission, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    return id;
}

/* ---- what is held ---- */

START_TEST(test_ends_all)
{
    const int64_t held = acts_hold(&fixture, "alice", "free");
    const int64_t later = ahead();
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "db", "fire", NULL), 0);
    ck_assert_int_eq(acts_delegate(&fixture, "bob", "alice", fixture.now + 3600), 0);
    const int64_t other = acts_hold(&fixture, "dave", "free");
    lock("alice");
    ck_assert_int_eq(live_of("alice"), 0);
    ck_assert_str_eq(fixture_state(&fixture, held), "revoked");
    ck_assert_str_eq(fixture_state(&fixture, later), "cancelled");
    ck_assert_str_eq(fixture_state(&fixture, other), "fulfilled");
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    ck_assert(fixture_in_group(&fixture, "dave", 34));
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM delegation WHERE revoked = 0"), 0);
    ck_assert_int_eq(audited("lock"), 1);
    ck_assert_str_eq(acts_query(&fixture, "SELECT detail FROM audit WHERE event = 'lock'"),
                     "alice (uid 1001): stolen laptop");
    ck_assert_int_eq(acts_count(&fixture, "SELECT loginuid FROM audit WHERE event = 'lock'"), ERIN);
    /* The user reads why it ended, and not why they are locked. */
    ck_assert_str_eq(acts_query(&fixture, "SELECT end_reason FROM assignment WHERE user = 'alice' LIMIT 1"),
                     "the user is locked on this host (pkg-admin lock)");
    acts_pass(&fixture, 3601);
    ck_assert_int_eq(live_of("alice"), 0);
}
END_TEST

START_TEST(test_extension_that_waits)
{
    acts_hold(&fixture, "alice", "db");
    json_t *value = NULL;
    ck_assert_int_eq(acts_extend(&fixture, "alice", "db", 600, &value), 0);
    const int64_t extension = fixture_id(value);
    lock("alice");
    ck_assert_str_eq(fixture_state(&fixture, extension), "cancelled");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", extension, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
}
END_TEST

START_TEST(test_twice)
{
    acts_hold(&fixture, "alice", "free");
    lock("alice");
    ck_assert_int_eq(engine_apply_locks(&fixture.engine), 0);
    restart(false);
    ck_assert_int_eq(audited("lock"), 1);
    lock("alice"); /* a new reason replaces the old one, and both are on record */
    ck_assert_int_eq(audited("lock"), 2);
    ck_assert_int_eq(audited("unlock"), 0);
}
END_TEST

/* ---- by what is in the file system, whenever it came there ---- */

START_TEST(test_by_the_event)
{
    acts_hold(&fixture, "alice", "free");
    ck_assert_int_eq(engine_watch_drift(&fixture.engine), 0);
    put("alice", ALICE);
    ck_assert_int_eq(engine_compare_user_file(&fixture.engine, "alice", false), 0);
    ck_assert_int_eq(live_of("alice"), 0);
    ck_assert_int_eq(audited("drift"), 0);
}
END_TEST

START_TEST(test_folder_alone)
{
    acts_hold(&fixture, "alice", "free");
    ck_assert_int_eq(engine_watch_drift(&fixture.engine), 0);
    ck_assert_int_eq(locks_close(fixture.state, "alice"), 0);
    ck_assert_int_eq(engine_compare_user_file(&fixture.engine, "alice", false), 0);
    ck_assert_int_eq(live_of("alice"), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "free", NULL, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(locks_open(fixture.state, "alice"), 0);
    ck_assert_int_eq(engine_compare_user_file(&fixture.engine, "alice", false), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "free", NULL, NULL), 0);
}
END_TEST

START_TEST(test_at_a_start)
{
    acts_hold(&fixture, "alice", "free");
    const struct lock lock = put("alice", ALICE);
    restart(false);
    ck_assert_int_eq(live_of("alice"), 0);
    ck_assert_int_eq(audited("lock"), 1);
    lift(lock);
    restart(false);
    ck_assert_int_eq(audited("unlock"), 1);
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "free", NULL, NULL), 0);
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    restart(false); /* the record of the lifted lock is still there: it ends nothing more */
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    ck_assert_int_eq(locks_remove(fixture.state, &lock), 0);
    restart(false);
    ck_assert_int_eq(audited("unlock"), 1);
    ck_assert(fixture_in_group(&fixture, "alice", 34));
}
END_TEST

/* pkg-admin was killed between the record and the folder. */
START_TEST(test_record_alone)
{
    acts_hold(&fixture, "alice", "free");
    const struct lock lock = standing("alice", ALICE);
    ck_assert_int_eq(locks_write(fixture.state, &lock), 0);
    restart(false);
    ck_assert_int_eq(live_of("alice"), 0);
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "free", NULL, NULL), BUS_ERROR_POLICY_REFUSED);
}
END_TEST

/* An older state.db, in which it is live, is put back: neither of them revives it. */
START_TEST(test_older_store)
{
    acts_hold(&fixture, "alice", "free");
    lock("alice");
    sqlite3_exec(
        fixture.engine.store->database,
        "UPDATE assignment SET state = 'fulfilled'; UPDATE \"grant\" SET live = 1; DELETE FROM locked", NULL,
        NULL, NULL);
    restart(false);
    ck_assert_int_eq(live_of("alice"), 0);
}
END_TEST

/* accesspkgd was stopped from before the lock until after it was lifted: what was held has ended all the same. */
START_TEST(test_locked_and_unlocked_meanwhile)
{
    acts_hold(&fixture, "alice", "free");
    lift(put("alice", ALICE));
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    restart(false);
    ck_assert_int_eq(live_of("alice"), 0);
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    ck_assert_int_eq(audited("lock"), 1);
    ck_assert_int_eq(audited("unlock"), 1);
}
END_TEST

/* A lost store adopts no file of a locked user's. */
START_TEST(test_lost_store)
{
    acts_hold(&fixture, "alice", "free");
    acts_hold(&fixture, "dave", "free");
    put("alice", ALICE);
    engine_deinit(&fixture.engine);
    store_close(fixture.engine.store);
    bool newborn = false;
    ck_assert_int_eq(store_open(":memory:", &fixture.engine.store, &newborn), 0);
    ck_assert_int_eq(engine_start(&fixture.engine, newborn), 0);
    ck_assert_int_eq(live_of("alice"), 0);
    ck_assert_int_eq(live_of("dave"), 1);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "free", NULL, NULL), BUS_ERROR_POLICY_REFUSED);
}
END_TEST

/* Whoever may write grants/ moved the folder away and put a file there. */
START_TEST(test_folder_taken_away)
{
    char from[200], to[200];
    acts_hold(&fixture, "alice", "free");
    lock("alice");
    ck_assert_int_eq(engine_watch_drift(&fixture.engine), 0);
    snprintf(from, sizeof(from), "%s/grants/user/alice", fixture.state);
    snprintf(to, sizeof(to), "%s/grants/user/.aside", fixture.state);
    ck_assert_int_eq(rename(from, to), 0);
    ck_assert_int_eq(engine_compare_user_file(&fixture.engine, "alice", false), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "free", NULL, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(audited("unlock"), 0);
    while (engine_verify(&fixture.engine) > 0)
        ;
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
}
END_TEST

START_TEST(test_record_removed_by_hand)
{
    const struct lock lock = put("alice", ALICE);
    ck_assert_int_eq(engine_apply_locks(&fixture.engine), 0);
    ck_assert_int_eq(locks_open(fixture.state, "alice"), 0);
    ck_assert_int_eq(locks_remove(fixture.state, &lock), 0);
    ck_assert_int_eq(engine_apply_locks(&fixture.engine), 0);
    ck_assert_int_eq(audited("unlock"), 1);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "free", NULL, NULL), 0);
}
END_TEST

/* The file is exchanged while accesspkgd is about to write it: no fault, and nothing that is tried again for ever. */
START_TEST(test_in_the_middle_of_writing)
{
    put("alice", ALICE);
    const int64_t id = acts_file(&fixture, "alice", "db");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    ck_assert(!engine_publication_failed(&fixture.engine));
    ck_assert_int_eq(engine_apply_locks(&fixture.engine), 0);
    ck_assert_int_eq(live_of("alice"), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "revoked");
}
END_TEST

static void run(const char *sql)
{
    ck_assert_int_eq(sqlite3_exec(fixture.engine.store->database, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* What cannot be recorded holds all the same, and is recorded later. */
START_TEST(test_not_recorded)
{
    acts_hold(&fixture, "alice", "free");
    run("CREATE TRIGGER full BEFORE INSERT ON locked BEGIN SELECT RAISE(ABORT, 'full'); END");
    put("alice", ALICE);
    ck_assert_int_lt(engine_apply_locks(&fixture.engine), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "db", "x", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    ck_assert_int_gt(fixture.deadline, 0);
    run("DROP TRIGGER full");
    acts_pass(&fixture, 10);
    ck_assert_int_eq(live_of("alice"), 0);
    ck_assert_int_eq(audited("lock"), 1);
}
END_TEST

/* A folder that cannot be trusted changes nothing of what is known. */
START_TEST(test_unreadable)
{
    lock("alice");
    char path[200];
    snprintf(path, sizeof(path), "chmod 777 %s/locks", fixture.state);
    ck_assert_int_eq(system(path), 0);
    ck_assert_int_lt(engine_apply_locks(&fixture.engine), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "free", NULL, NULL), BUS_ERROR_POLICY_REFUSED);
    restart(false);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "free", NULL, NULL), BUS_ERROR_POLICY_REFUSED);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(test_requests)
{
    const struct assign_terms terms = {.user = "alice", .package = "free", .reason = ""};
    lock("alice");
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "free", NULL, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "alice is locked on this host"));
    ck_assert_ptr_null(strstr(fixture_message, "laptop"));
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "db", "fire", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "db", 600, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(acts_assign(&fixture, "alice", &terms, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "pkg-admin unlock alice"));
    char *names[] = {(char *)"free", NULL};
    ck_assert_int_eq(acts_submit(&fixture, "alice",
                                 &(struct submission){.packages = names, .user = "alice", .at_gate = true},
                                 NULL),
                     BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "free", NULL, NULL), 0);
}
END_TEST

/* The person behind another account: a session of the locked user that went on with su. */
START_TEST(test_by_login)
{
    lock("alice");
    const int64_t id = acts_file(&fixture, "dave", "db");
    struct caller bob = fixture_caller("bob");
    bob.identity.loginuid = ALICE;
    const struct call *call = fixture_call_with(&fixture, bob, fixture_facts("bob", "dave"));
    ck_assert_int_eq(
        fixture_answer(engine_decide(call, id, true, &(struct decision_terms){.reason = ""}), NULL),
        BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "You logged in as a user who is locked"));
    struct caller dave = fixture_caller("dave");
    dave.identity.loginuid = ALICE;
    char *names[] = {(char *)"free", NULL};
    call = fixture_call_with(&fixture, dave, fixture_facts("dave", NULL));
    ck_assert_int_eq(fixture_answer(engine_submit(call, &(struct submission){.packages = names}), NULL),
                     BUS_ERROR_POLICY_REFUSED);
}
END_TEST

/* usermod -l does not help; nor does an account made anew with the name. */
START_TEST(test_renamed_and_anew)
{
    put("somebody", ALICE);
    ck_assert_int_eq(engine_apply_locks(&fixture.engine), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "free", NULL, NULL), BUS_ERROR_POLICY_REFUSED);
    lock("dave");
    fixture_set_uid("dave", 4321);
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "free", NULL, NULL), BUS_ERROR_POLICY_REFUSED);
}
END_TEST

START_TEST(test_holds_under_the_name_before)
{
    acts_hold(&fixture, "alice", "free");
    put("renamed", ALICE);
    ck_assert_int_eq(engine_apply_locks(&fixture.engine), 0);
    ck_assert_int_eq(live_of("alice"), 0);
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
}
END_TEST

START_TEST(test_decisions)
{
    const int64_t id = acts_file(&fixture, "dave", "db");
    acts_hold(&fixture, "dave", "free");
    ck_assert_int_eq(acts_emergency(&fixture, "erin", "db", "fire", NULL), 0);
    lock("bob");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, "no", NULL), BUS_ERROR_NOT_AUTHORIZED);
    const struct call *call = fixture_call(&fixture, "bob", NULL);
    ck_assert_int_eq(fixture_answer(engine_review(call, 3, ""), NULL), BUS_ERROR_NOT_AUTHORIZED);
    call = fixture_call(&fixture, "bob", NULL);
    ck_assert_int_eq(fixture_answer(engine_revoke(call, "dave", "free", "out"), NULL),
                     BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL), 0);
}
END_TEST

START_TEST(test_delegations)
{
    ck_assert_int_eq(acts_delegate(&fixture, "bob", "dave", fixture.now + 3600), 0);
    const int64_t id = acts_file(&fixture, "alice", "db");
    lock("bob");
    const struct call *call = acts_call_of_delegate(&fixture, "dave");
    ck_assert_int_eq(
        fixture_answer(engine_decide(call, id, true, &(struct decision_terms){.reason = ""}), NULL),
        BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(acts_delegate(&fixture, "bob", "dave", fixture.now + 3600), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(acts_delegate(&fixture, "carol", "bob", fixture.now + 3600), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "bob is locked"));
}
END_TEST

/* Whoever delegated counts as nobody while they are locked, even where the end of the delegation is not recorded. */
START_TEST(test_barred)
{
    lock("bob");
    struct facts *facts = fixture_facts("erin", NULL);
    char *others[] = {(char *)"bob", (char *)"carol", NULL};
    fixture_add_others(facts, others);
    engine_bar_locked(&fixture.engine, facts);
    ck_assert(!facts_other(facts, "bob")->may_log_in);
    ck_assert(facts_other(facts, "carol")->may_log_in);
    facts->principals = calloc(1, sizeof(*facts->principals));
    facts->n_principals = 1;
    facts->principals[0] = (struct principal){
        .name = strdup("%x"), .exists = true, .people = calloc(3, sizeof(struct person)), .n_people = 3};
    facts->principals[0].people[0] = (struct person){.name = strdup("bob"), .uid = BOB};
    facts->principals[0].people[1] = (struct person){.name = strdup("carol"), .uid = CAROL};
    facts->principals[0].people[2] = (struct person){.name = strdup("robert"), .uid = BOB};
    engine_bar_locked(&fixture.engine, facts);
    ck_assert_uint_eq(facts->principals[0].n_people, 1);
    ck_assert_str_eq(facts->principals[0].people[0].name, "carol");
    facts_free(facts);
}
END_TEST

START_TEST(test_heeded)
{
    json_t *value = NULL;
    acts_hold(&fixture, "alice", "free");
    const struct call *call = fixture_call(&fixture, "root", NULL);
    ck_assert_int_eq(fixture_answer(engine_heed_lock(call, "alice", true), NULL), BUS_ERROR_POLICY_REFUSED);
    const struct lock set = put("alice", ALICE);
    call = fixture_call(&fixture, "root", NULL);
    ck_assert_int_eq(fixture_answer(engine_heed_lock(call, "alice", false), NULL), BUS_ERROR_POLICY_REFUSED);
    call = fixture_call(&fixture, "root", NULL);
    ck_assert_int_eq(fixture_answer(engine_heed_lock(call, "alice", true), &value), 0);
    ck_assert(json_is_true(json_object_get(value, "recorded")));
    json_decref(value);
    ck_assert_int_eq(live_of("alice"), 0);
    lift(set);
    call = fixture_call(&fixture, "root", NULL);
    ck_assert_int_eq(fixture_answer(engine_heed_lock(call, "alice", false), &value), 0);
    ck_assert(json_is_true(json_object_get(value, "recorded")));
    json_decref(value);
}
END_TEST

int main(void)
{
    suite_case("locks", setup, fixture_teardown);
    suite_add(test_ends_all, test_extension_that_waits, test_twice, test_by_the_event, test_folder_alone,
              test_at_a_start, test_record_alone, test_older_store, test_locked_and_unlocked_meanwhile,
              test_lost_store, test_folder_taken_away, test_record_removed_by_hand,
              test_in_the_middle_of_writing, test_not_recorded, test_unreadable, test_requests, test_by_login,
              test_renamed_and_anew, test_holds_under_the_name_before, test_decisions, test_delegations,
              test_barred, test_heeded);
    return suite_run();
}
