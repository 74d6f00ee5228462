/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Assignments that are not whole: tried again, judged anew, and over at their end. */
#include "tests/support/suite.h"
#include "tests/unit/requests.h"

#include <string.h>
#include <unistd.h>

/* Rule 6: a group that two live assignments give goes with the last. */
START_TEST(test_shared_group)
{
    ck_assert_int_eq(
        fixture_decide(&fixture, "bob", acts_file(&fixture, "alice", "db-admins"), true, "", NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    fixture.now += 600;
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    acts_pass(&fixture, 3000);
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
}
END_TEST

START_TEST(test_partial_fulfilment)
{
    const int64_t id = acts_file(&fixture, "alice", "db-admins");
    json_t *value = NULL;
    struct facts *facts = fixture_facts("bob", "alice");
    facts->groups[1].gid = GID_UNSET; /* no group backup */
    ck_assert_int_eq(acts_approve_knowing(&fixture, "bob", facts, id, &value), 0);
    ck_assert_str_eq(acts_text(value, "state"), "partially-fulfilled");
    const char *problem = json_string_value(json_array_get(json_object_get(value, "problems"), 0));
    ck_assert_str_eq(problem, "backup: there is no such group on this host (an administrator makes it, then "
                              "runs: pkg-admin reload)");
    json_decref(value);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(fixture_in_group(&fixture, "alice", 2001));

    int64_t assignment = 0;
    struct inquiry inquiry = INQUIRY_EMPTY;
    ck_assert_int_eq(engine_take_due_retry(&fixture.engine, &assignment, &inquiry), STORE_E_NONE);
    fixture.now += 1;
    ck_assert_int_eq(engine_take_due_retry(&fixture.engine, &assignment, &inquiry), 0);
    ck_assert_str_eq(inquiry.user, "alice");
    ck_assert_int_eq(strv_length(inquiry.groups), 2);
    inquiry_deinit(&inquiry);
    facts = fixture_facts(NULL, "alice");
    facts->groups[1].gid = 35; /* not on the allow-list */
    ck_assert_int_eq(engine_retry(&fixture.engine, assignment, facts), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    facts->groups[1].gid = 34;
    fixture.now += 100;
    ck_assert_int_eq(engine_retry(&fixture.engine, assignment, facts), 0);
    facts_free(facts);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    fixture.now +=
        3498; /* its clock started with its first group: what came late gets what is left (rule 8) */
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
    fixture.now += 1;
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
}
END_TEST

/* An assignment of alice's that lacks the group backup. */
static int64_t approve_in_part(void)
{
    return acts_approve_in_part(&fixture, acts_file(&fixture, "alice", "db-admins"));
}

static void retry(int64_t assignment, struct facts *facts)
{
    ck_assert_int_eq(engine_retry(&fixture.engine, assignment, facts), 0);
    facts_free(facts);
}

/* Rule 9: who may no longer ask for it is not given the rest; rule 8: nor is what is past its end revived. */
START_TEST(test_retry_judges_now)
{
    const int64_t assignment = approve_in_part();
    struct facts *facts = fixture_facts(NULL, "alice");
    strv_free(facts->user->groups);
    facts->user->groups = strv_split("alice"); /* no longer staff */
    retry(assignment, facts);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    fixture.now += 3600;
    retry(assignment, fixture_facts(NULL, "alice"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
}
END_TEST

/* A group that is no longer there, or is another by its name, takes its members along. */
START_TEST(test_retry_withdraws)
{
    const int64_t assignment = approve_in_part();
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    struct facts *facts = fixture_facts(NULL, "alice");
    facts->groups[0].gid = 2050;
    retry(assignment, facts);
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    ck_assert(fixture_in_group(&fixture, "alice", 34));
}
END_TEST

/* Adds requests of many that time out at this moment. */
static void add_many_requests(size_t count, int64_t deadline)
{
    struct store *store = fixture.engine.store;
    char *approvers[] = {(char *)"bob", NULL};
    const struct stage stage = {
        .number = 1, .quorum = 1, .timeout = 60, .entered = 1, .approvers = approvers};
    ck_assert_int_eq(store_begin(store), 0);
    for (size_t i = 0; i < count; i++) {
        struct request request = {.package = (char *)"db-admins",
                                  .user = (char *)"many",
                                  .requestor = {(uid_t)(5000 + i), UID_UNSET},
                                  .state = STATE_PENDING_APPROVAL,
                                  .stage = 1,
                                  .n_stages = 1,
                                  .submitted = 1,
                                  .duration = 60,
                                  .deadline = deadline};
        ck_assert_int_eq(store_add_request(store, &request, &stage), 0);
    }
    ck_assert_int_eq(store_commit(store), 0);
}

/* However many time out together: none is decided on after its time, nor made whole after its end. */
START_TEST(test_many_deadlines)
{
    add_many_requests(1000, FIXTURE_NOW + 10);
    const int64_t assignment = approve_in_part();
    const int64_t id = acts_file(&fixture, "dave", "db-admins");
    fixture.now += 24 * 3600;
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "Expired on "));
    ck_assert_ptr_nonnull(strstr(fixture_message, "2025-11-2"));
    ck_assert_int_eq(acts_cancel(&fixture, "dave", id, "", NULL), BUS_ERROR_ALREADY_DECIDED);
    retry(assignment, fixture_facts(NULL, "alice"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert_int_le(fixture.deadline, fixture.now); /* the rest at once */
    struct store_counts counts = {0};
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_int_eq(store_read_counts(fixture.engine.store, fixture.now, &counts), 0);
    ck_assert_int_eq(counts.pending, 0);
}
END_TEST

/* A retry that is due is somebody's already: asking for it at once would turn in circles. */
START_TEST(test_due_retry_waits)
{
    const int64_t assignment = approve_in_part();
    fixture.now += 60; /* the retry is due, and nobody has taken it */
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_int_eq(fixture.deadline, fixture.now + 1);
    ck_assert_int_gt(assignment, 0);
}
END_TEST

/* Approved, but the grant file cannot be written: shown as what it is, and put right later. */
START_TEST(test_unwritable_grants)
{
    char folder[256];
    char aside[256];
    snprintf(folder, sizeof(folder), "%s/grants/user", fixture.state);
    snprintf(aside, sizeof(aside), "%s/aside", fixture.state);
    const int64_t id = acts_file(&fixture, "alice", "db-admins");
    ck_assert_int_eq(rename(folder, aside), 0);
    ck_assert_int_eq(symlink("aside", folder), 0); /* no folder that a writer accepts */
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    ck_assert_int_le(fixture.deadline, fixture.now + 5);
    ck_assert_int_eq(unlink(folder), 0);
    ck_assert_int_eq(rename(aside, folder), 0);
    acts_pass(&fixture, 5);
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
}
END_TEST

int main(void)
{
    suite_case("retry", setup, fixture_teardown);
    suite_add(test_shared_group, test_partial_fulfilment, test_retry_judges_now, test_retry_withdraws,
              test_many_deadlines, test_due_retry_waits, test_unwritable_grants);
    return suite_run();
}
