/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine with membership = files: what is put into /etc/group and taken out again, across failures and crashes. */
#include "helperd/store/sql.h"
#include "tests/support/acts.h"
#include "tests/support/etcgroup.h"
#include "tests/support/suite.h"

#include <string.h>

#define ASKED "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napprovers = bob\n"
#define FREE  "[package]\ngroups = dbadmins backup\n[policy]\napproval = none\nduration = 2h\n"

static struct fixture fixture;
static struct etcgroup etc;

static void setup(void)
{
    etc = (struct etcgroup){0};
    fixture_init(&fixture, "asked", ASKED, "free", FREE, NULL);
    fixture.config.membership = CONFIG_MEMBERSHIP_FILES;
    fixture_set_local_groups(true);
}

static void serve(void)
{
    etcgroup_serve(&etc, &fixture.engine);
}

static void pass(int64_t seconds)
{
    acts_pass(&fixture, seconds);
    serve();
}

static int64_t approved(const char *user)
{
    const int64_t id = acts_file(&fixture, user, "asked");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    return id;
}

static void revoke(const char *user, const char *package)
{
    ck_assert_int_eq(acts_revoke(&fixture, user, package, "r"), 0);
}

START_TEST(test_added_and_removed)
{
    const int64_t id = approved("alice");
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    ck_assert(engine_is_settling(&fixture.engine, "alice"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "asked")); /* rule 1 */
    serve();
    ck_assert(!engine_is_settling(&fixture.engine, "alice"));
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(fixture_gate_opens(&fixture, "alice", "asked"));
    ck_assert(etcgroup_has(&etc, "alice", "dbadmins"));
    pass(3599);
    ck_assert(etcgroup_has(&etc, "alice", "dbadmins"));
    pass(1);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
    ck_assert(!etcgroup_has(&etc, "alice", "dbadmins"));
    const size_t tries = etc.tries;
    pass(7200);
    ck_assert_uint_eq(etc.tries, tries); /* nothing is left to do */
}
END_TEST

/* Rule 6. */
START_TEST(test_member_before)
{
    etcgroup_add(&etc, "alice", "dbadmins");
    const int64_t id = approved("alice");
    serve();
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    pass(3600);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
    ck_assert(etcgroup_has(&etc, "alice", "dbadmins"));
}
END_TEST

/* Rule 6: a group that two assignments give goes with the last. */
START_TEST(test_two_assignments)
{
    approved("alice");
    serve();
    const int64_t second = acts_file(&fixture, "alice", "free");
    serve();
    ck_assert_str_eq(fixture_state(&fixture, second), "fulfilled");
    pass(3600);
    ck_assert(etcgroup_has(&etc, "alice", "dbadmins"));
    ck_assert(etcgroup_has(&etc, "alice", "backup"));
    pass(3600);
    ck_assert(!etcgroup_has(&etc, "alice", "dbadmins"));
    ck_assert(!etcgroup_has(&etc, "alice", "backup"));
}
END_TEST

/* Rule 6: an administrator adds a member while our attempts fail. */
START_TEST(test_added_by_hand_meanwhile)
{
    const int64_t id = approved("alice");
    ck_assert(etcgroup_serve_one(&etc, &fixture.engine)); /* no member, it says */
    etc.failure = "the file is locked";
    serve();
    etcgroup_add(&etc, "alice", "dbadmins");
    etc.failure = NULL;
    pass(60);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    revoke("alice", "asked");
    serve();
    ck_assert(etcgroup_has(&etc, "alice", "dbadmins"));
}
END_TEST

/* Rule 13: the root service knows each end, as it is now. */
START_TEST(test_ends_are_told)
{
    const int64_t first = fixture.now + 3600, second = fixture.now + 7200;
    approved("alice");
    serve();
    ck_assert_int_eq(etcgroup_until(&etc, "alice", "dbadmins"), first);
    acts_file(&fixture, "alice", "free");
    serve();
    ck_assert_int_eq(etcgroup_until(&etc, "alice", "dbadmins"), second);
    ck_assert_int_eq(etcgroup_until(&etc, "alice", "backup"), second);
    revoke("alice", "free");
    serve();
    ck_assert_int_eq(etcgroup_until(&etc, "alice", "dbadmins"), first);
    const size_t tries = etc.tries;
    pass(60);
    ck_assert_uint_eq(etc.tries, tries); /* once is enough */
    etc.members[0].until = 1;
    ck_assert_int_eq(engine_start(&fixture.engine, false), 0);
    serve();
    ck_assert_int_eq(etcgroup_until(&etc, "alice", "dbadmins"), first);
}
END_TEST

/* It cannot be told: tried again, and the access is none the worse. */
START_TEST(test_end_that_cannot_be_told)
{
    const int64_t second = fixture.now + 7200;
    approved("alice");
    serve();
    etc.failure = "the root service did not answer";
    const int64_t id = acts_file(&fixture, "alice", "free");
    serve();
    ck_assert(!engine_is_settling(&fixture.engine, "alice"));
    etc.failure = NULL;
    pass(60);
    ck_assert_int_eq(etcgroup_until(&etc, "alice", "dbadmins"), second);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
}
END_TEST

/* A store that was lost: who is noted is ours still. */
START_TEST(test_noted_before)
{
    etcgroup_add(&etc, "alice", "dbadmins");
    etc.members[0].until = fixture.now + 60;
    const int64_t end = fixture.now + 3600;
    approved("alice");
    serve();
    ck_assert_int_eq(etcgroup_until(&etc, "alice", "dbadmins"), end);
    revoke("alice", "asked");
    serve();
    ck_assert(!etcgroup_has(&etc, "alice", "dbadmins"));
}
END_TEST

START_TEST(test_unexplained)
{
    char *users[] = {(char *)"alice", (char *)"bob", NULL},
         *groups[] = {(char *)"dbadmins", (char *)"x", NULL};
    approved("alice");
    serve();
    ck_assert_int_eq(engine_compare_notes(&fixture.engine, users, groups), 0);
    ck_assert_int_eq(fixture.engine.unexplained_count, 1);
    ck_assert_ptr_nonnull(
        strstr(json_string_value(json_array_get(fixture.engine.unexplained, 0)), "bob in x: "));
    ck_assert_int_eq(engine_compare_notes(&fixture.engine, &users[2], &groups[2]), 0);
    ck_assert_int_eq(fixture.engine.unexplained_count, 0);
}
END_TEST

/* What the root service ended at its time is no drift, though the daemon comes to it later. */
START_TEST(test_ended_by_the_root_service)
{
    const int64_t id = approved("alice");
    serve();
    fixture.now += 3600;
    etcgroup_remove(&etc, "alice", "dbadmins");
    etcgroup_compare(&etc, &fixture.engine, "dbadmins");
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
}
END_TEST

/* A crash between the addition and its record: the next start knows whose it is (rule 6). */
START_TEST(test_crash_after_addition)
{
    struct membership wanted = {0};
    approved("alice");
    ck_assert(etcgroup_serve_one(&etc, &fixture.engine)); /* asked */
    ck_assert_int_eq(engine_take_due_membership(&fixture.engine, &wanted), 0);
    ck_assert_int_eq(membership_act(wanted.state), MEMBERSHIP_ACT_ADD);
    membership_deinit(&wanted);
    etcgroup_add(&etc, "alice", "dbadmins"); /* and no word of it, but a note */
    etc.members[0].until = fixture.now + 3600;
    pass(5);
    ck_assert(fixture_gate_opens(&fixture, "alice", "asked"));
    revoke("alice", "asked");
    serve();
    ck_assert(!etcgroup_has(&etc, "alice", "dbadmins"));
}
END_TEST

START_TEST(test_failure)
{
    etc.failure = "the root service did not answer";
    const int64_t id = approved("alice");
    serve();
    ck_assert(!engine_is_settling(&fixture.engine, "alice"));
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    const size_t tries = etc.tries;
    serve();
    ck_assert_uint_eq(etc.tries, tries); /* not at once again */
    pass(2);
    pass(4);
    ck_assert_uint_gt(etc.tries, tries);
    ck_assert_uint_le(etc.tries, tries + 2);
    etc.failure = NULL;
    pass(60);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    fixture.now += 3599; /* rule 8: its clock began when it was whole */
    ck_assert(fixture_gate_opens(&fixture, "alice", "asked"));
}
END_TEST

START_TEST(test_failed_removal)
{
    int64_t left = 0;
    approved("alice");
    serve();
    etc.failure = "the file is locked";
    const struct call *call = fixture_call(&fixture, "root", NULL);
    ck_assert_int_eq(engine_finish(call, engine_revoke(call, "alice", "asked", "r")), 0);
    ck_assert(engine_is_settling(&fixture.engine, "alice"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "asked")); /* the gate does not wait for it */
    serve();
    ck_assert_int_eq(engine_answer_again(call), BUS_ERROR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(call->reply->message, "the file is locked"));
    ck_assert_int_eq(store_count_memberships_left(fixture.engine.store, &left), 0);
    ck_assert_int_eq(left, 1);
    fixture_drop();
    etc.failure = NULL;
    pass(60);
    ck_assert(!etcgroup_has(&etc, "alice", "dbadmins"));
}
END_TEST

/* An end is no success while a membership lasts: neither before the root service has answered, nor where something else
 * of the user's, an addition, failed as well. */
START_TEST(test_end_before_an_answer)
{
    acts_file(&fixture, "alice", "free");
    approved("alice");
    serve();
    ck_assert(etcgroup_has(&etc, "alice", "backup"));
    const struct call *call = fixture_call(&fixture, "root", NULL);
    ck_assert_int_eq(engine_finish(call, engine_revoke(call, "alice", "free", "r")), 0);
    ck_assert_int_eq(engine_answer_again(call), BUS_ERROR_UNAVAILABLE);
    ck_assert_ptr_nonnull(
        strstr(call->reply->message, "backup of /etc/group: the root service has not answered yet"));
    serve();
    ck_assert_int_eq(engine_answer_again(call), 0);
    fixture_drop();
}
END_TEST

/* A clock set back does not put off what was due. */
START_TEST(test_clock_set_back)
{
    approved("alice");
    serve();
    pass(60);
    revoke("alice", "asked");
    fixture.now -= 3000;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    serve();
    ck_assert(!etcgroup_has(&etc, "alice", "dbadmins"));
}
END_TEST

/* Asked for again while it is being taken away. */
START_TEST(test_wanted_again)
{
    struct membership removal = {0};
    approved("alice");
    serve();
    revoke("alice", "asked");
    ck_assert_int_eq(engine_take_due_membership(&fixture.engine, &removal), 0);
    const int64_t id = approved("alice");
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled"); /* rule 3: not before it is there */
    etcgroup_remove(&etc, "alice", "dbadmins");
    ck_assert_int_eq(engine_membership_done(&fixture.engine, &removal, false, NULL), 0);
    membership_deinit(&removal);
    serve();
    ck_assert(etcgroup_has(&etc, "alice", "dbadmins"));
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    revoke("alice", "asked");
    serve();
    ck_assert(!etcgroup_has(&etc, "alice", "dbadmins"));
}
END_TEST

static void retry_now(const char *user, const char *package)
{
    acts_retry_now(&fixture, user, package);
    serve();
}

/* Rule 6: an administrator takes out a holder and makes a standing member of them, who stays one after the end. */
START_TEST(test_made_a_standing_member)
{
    const int64_t id = approved("alice");
    serve();
    etcgroup_remove(&etc, "alice", "dbadmins");
    etcgroup_compare(&etc, &fixture.engine, "dbadmins");
    etcgroup_add(&etc, "alice", "dbadmins");
    retry_now("alice", "asked");
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    revoke("alice", "asked");
    serve();
    ck_assert(etcgroup_has(&etc, "alice", "dbadmins"));
}
END_TEST

START_TEST(test_drift)
{
    const int64_t id = approved("alice");
    serve();
    pass(600);
    etcgroup_remove(&etc, "alice", "dbadmins");
    etcgroup_compare(&etc, &fixture.engine, "backup");
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    etcgroup_compare(&etc, &fixture.engine, "dbadmins");
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "asked"));
    serve();
    ck_assert(!etcgroup_has(&etc, "alice", "dbadmins")); /* an administrator who removes somebody means it */

    retry_now("alice", "asked");
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(etcgroup_has(&etc, "alice", "dbadmins"));
    pass(2999); /* its clock went on (rule 8) */
    ck_assert(fixture_gate_opens(&fixture, "alice", "asked"));
    pass(1);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
    ck_assert(!etcgroup_has(&etc, "alice", "dbadmins"));
}
END_TEST

/* The daemon's own retry, when it is due. */
static bool retry_due(void)
{
    int64_t assignment = 0;
    struct inquiry inquiry = INQUIRY_EMPTY;
    if (engine_take_due_retry(&fixture.engine, &assignment, &inquiry) != 0)
        return false;
    struct facts *facts = fixture_facts(NULL, inquiry.user);
    ck_assert_int_eq(engine_retry(&fixture.engine, assignment, facts), 0);
    facts_free(facts);
    inquiry_deinit(&inquiry);
    serve();
    return true;
}

static void take_out(const char *user)
{
    etcgroup_remove(&etc, user, "dbadmins");
    etcgroup_compare(&etc, &fixture.engine, "dbadmins");
}

/* Nothing puts it back by itself, whatever else is tried again; with repair it comes back, each time later. */
START_TEST(test_drift_waits_or_is_repaired)
{
    const int64_t id = approved("alice");
    serve();
    take_out("alice");
    for (int i = 0; i < 10; i++) {
        pass(60);
        ck_assert(!retry_due());
    }
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    fixture_write_package(&fixture, "asked", ASKED "drift = repair\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(engine_apply_policy(&fixture.engine), 0);
    ck_assert(retry_due());
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(etcgroup_has(&etc, "alice", "dbadmins"));
    for (int64_t wanted = 0; wanted <= 64; wanted = wanted ? 2 * wanted : 1) {
        take_out("alice");
        ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
        if (wanted > 0) {
            pass(wanted - 1);
            ck_assert(!retry_due());
            pass(1);
        }
        ck_assert(retry_due());
        ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    }
}
END_TEST

/* A host that changes from nss to files, and back: what is held stays, and goes at its end. */
START_TEST(test_changed_mode)
{
    fixture.config.membership = CONFIG_MEMBERSHIP_NSS;
    const int64_t id = approved("alice");
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    fixture.now += 600;
    fixture.config.membership = CONFIG_MEMBERSHIP_FILES;
    ck_assert_int_eq(engine_start(&fixture.engine, false), 0);
    serve();
    ck_assert(etcgroup_has(&etc, "alice", "dbadmins"));
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    fixture.config.membership = CONFIG_MEMBERSHIP_NSS;
    pass(2999);
    ck_assert(fixture_gate_opens(&fixture, "alice", "asked"));
    pass(1);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "asked"));
    ck_assert(!etcgroup_has(&etc, "alice", "dbadmins"));
}
END_TEST

/* A group that the package names no more, before anything was done about it: nobody is put into it. */
START_TEST(test_group_dropped)
{
    etc.failure = "the file is locked";
    const int64_t id = acts_file(&fixture, "alice", "free");
    serve();
    fixture_write_package(&fixture, "free", "[package]\ngroups = dbadmins\n[policy]\napproval = none\n");
    fixture_reload(&fixture);
    etc.failure = NULL;
    fixture.now += 1;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    retry_due();
    pass(60);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(etcgroup_has(&etc, "alice", "dbadmins"));
    ck_assert(!etcgroup_has(&etc, "alice", "backup"));
}
END_TEST

/* It ended before anything was done. */
START_TEST(test_ended_at_once)
{
    approved("alice");
    revoke("alice", "asked");
    serve();
    ck_assert(!etcgroup_has(&etc, "alice", "dbadmins"));
    ck_assert(!engine_is_settling(&fixture.engine, "alice"));
}
END_TEST

static bool full; /* no commit succeeds */

static int on_commit(void *data)
{
    (void)data;
    return full;
}

/* How many are taken out, and that cannot be recorded. */
static int take_all_out(void)
{
    struct membership due = {0};
    int count = 0;
    while (engine_take_due_membership(&fixture.engine, &due) == 0) {
        ck_assert_int_eq(due.state, MEMBERSHIP_REMOVING);
        ck_assert_int_lt(engine_membership_done(&fixture.engine, &due, false, NULL), 0);
        membership_deinit(&due);
        count++;
    }
    return count;
}

/* Rule 13: who fills the disk when their end has just been recorded is taken out all the same, and others as well; once in a
 * while, for that it is done cannot be recorded either. */
START_TEST(test_full_after_the_end)
{
    int64_t left = 0;
    approved("alice");
    approved("dave");
    serve();
    acts_pass(&fixture, 3600);
    full = true;
    sqlite3_commit_hook(fixture.engine.store->database, on_commit, NULL);
    ck_assert_int_eq(take_all_out(), 2);
    ck_assert_int_eq(take_all_out(), 0);
    fixture.now += ENGINE_FAULT_RETRY;
    ck_assert_int_eq(take_all_out(), 2);
    full = false;
    pass(60);
    ck_assert(!etcgroup_has(&etc, "alice", "dbadmins") && !etcgroup_has(&etc, "dave", "dbadmins"));
    ck_assert_int_eq(store_count_memberships_left(fixture.engine.store, &left), 0);
    ck_assert_int_eq(left, 0);
}
END_TEST

int main(void)
{
    suite_case("engine_membership", setup, fixture_teardown);
    suite_add(test_added_by_hand_meanwhile, test_ends_are_told, test_end_that_cannot_be_told,
              test_noted_before, test_unexplained, test_ended_by_the_root_service, test_added_and_removed,
              test_member_before, test_two_assignments, test_crash_after_addition, test_failure,
              test_failed_removal, test_end_before_an_answer, test_clock_set_back, test_wanted_again,
              test_made_a_standing_member, test_drift, test_drift_waits_or_is_repaired, test_changed_mode,
              test_group_dropped, test_ended_at_once, test_full_after_the_end);
    return suite_run();
}
