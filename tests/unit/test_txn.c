/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transactions: the first fault is kept, what follows does nothing, and the commit tells it and leaves nothing behind. */
#include "helperd/lifecycle/lifecycle.h"
#include "helperd/lifecycle/publication.h"
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <errno.h>

static struct fixture fixture;
static struct txn txn;
static int64_t audited; /* lines at first */

#define PLAIN "[package]\ngroups = dbadmins\n[policy]\napproval = none\nduration = 1h\n"

static int64_t count_audit(void)
{
    struct reply reply = {0};
    const struct store_audit_filter filter = {.limit = 100};
    ck_assert_int_eq(engine_list_audit(&fixture.engine, &filter, &reply), 0);
    const int64_t count = (int64_t)json_array_size(json_array_get(reply.value, 0));
    json_decref(reply.value);
    return count;
}

static void setup(void)
{
    fixture_init(&fixture, "plain", PLAIN, NULL);
    fixture.changed = 0;
    audited = count_audit();
    txn_begin(&txn, &fixture.engine);
}

START_TEST(test_commit)
{
    ck_assert(txn_ok(&txn, 0));
    txn_audit(&txn, own_act("why"), AUDIT_DRIFT, 0, 0);
    txn_announce(&txn, 7);
    ck_assert_int_eq(fixture.changed, 0); /* not before it is durable */
    ck_assert_int_eq(txn_commit(&txn), 0);
    ck_assert_int_eq(fixture.changed, 7);
    ck_assert_int_eq(count_audit(), audited + 1);
}
END_TEST

START_TEST(test_first_fault_is_told)
{
    txn_audit(&txn, own_act("before"), AUDIT_DRIFT, 0, 0);
    txn_announce(&txn, 7);
    txn_publish(&txn, "alice", true);
    ck_assert(!txn_ok(&txn, -ENOMEM));
    ck_assert(!txn_ok(&txn, -EPROTO));
    ck_assert(!txn_ok(&txn, 0));
    txn_audit(&txn, own_act("after"), AUDIT_DRIFT, 0, 0);
    ck_assert_int_eq(txn_commit(&txn), -ENOMEM);
    ck_assert_int_eq(fixture.changed, 0);
    ck_assert_int_eq(count_audit(), audited);
    ck_assert(!engine_is_outstanding(&fixture.engine, "alice"));
}
END_TEST

START_TEST(test_missing_is_a_fault)
{
    struct request request = {0};
    ck_assert_int_eq(store_get_request(txn.store, 99, &request), STORE_E_NONE);
    ck_assert(txn_ok(&txn, 0)); /* that alone is none */
    ck_assert(!txn_ok(&txn, store_get_request(txn.store, 99, &request)));
    ck_assert_int_eq(txn_commit(&txn), -EIO);
}
END_TEST

START_TEST(test_nothing_is_read_after_a_fault)
{
    int64_t retry = 0;
    struct request request = {0};
    txn_ok(&txn, -ENOMEM);
    ck_assert_int_lt(store_get_request(txn.store, 1, &request), 0);
    ck_assert_int_lt(store_next_retry(txn.store, &retry), 0);
    ck_assert_int_lt(store_remove_publication(txn.store, "alice"), 0);
    ck_assert_int_eq(txn_commit(&txn), -ENOMEM);
}
END_TEST

/* A step that its table does not list. */
START_TEST(test_refused_event)
{
    struct assignment assignment = {.id = 1, .state = STATE_REVOKED};
    assignment_move(&txn, &assignment, ASSIGNMENT_FULFIL);
    ck_assert_int_eq(assignment.state, STATE_REVOKED);
    ck_assert_int_eq(txn_commit(&txn), -EPROTO);
}
END_TEST

/* What fails in the middle of an approval leaves nothing of it, and the next one is whole. */
START_TEST(test_next_one_is_whole)
{
    const struct package *package = packages_find(fixture.packages, "plain");
    struct facts *facts = fixture_facts("alice", NULL);
    struct request request = {.package = (char *)"plain",
                              .user = (char *)"alice",
                              .requestor = {ALICE, ALICE},
                              .state = STATE_SUBMITTED,
                              .duration = 60,
                              .submitted = fixture.now};
    request_file(&txn, facts, package, &request, &(struct filing){.waived = true});
    txn_ok(&txn, -EIO);
    ck_assert_int_eq(txn_commit(&txn), -EIO);
    facts_free(facts);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "plain"));
    const int64_t id = acts_hold(&fixture, "alice", "plain");
    ck_assert_int_eq(id, 1);
    ck_assert(fixture_gate_opens(&fixture, "alice", "plain"));
}
END_TEST

/* Several calls share one commit: none of them is answered before, and each shows what became of it. */
START_TEST(test_calls_share_a_commit)
{
    const char *const names[] = {"alice", "dave"};
    struct caller callers[2];
    struct facts *facts[2];
    struct reply replies[2] = {0};
    struct call calls[2];
    int r[2];
    char *packages[] = {(char *)"plain", NULL};
    const struct submission submission = {.packages = packages};
    ck_assert_int_eq(txn_commit(&txn), 0);
    for (size_t i = 0; i < 2; i++) {
        callers[i] = fixture_caller(names[i]);
        facts[i] = fixture_facts(names[i], NULL);
        calls[i] = (struct call){&fixture.engine, &callers[i], facts[i], &replies[i]};
        r[i] = engine_submit(&calls[i], &submission);
        ck_assert_ptr_null(replies[i].value);
        ck_assert(!fixture_gate_opens(&fixture, names[i], "plain"));
    }
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(engine_finish(&calls[i], r[i]), 0);
        ck_assert(fixture_gate_opens(&fixture, names[0], "plain") &&
                  fixture_gate_opens(&fixture, names[1], "plain"));
        ck_assert(json_is_true(json_object_get(replies[i].value, "held")));
        ck_assert_str_eq(json_string_value(json_object_get(replies[i].value, "user")), names[i]);
        json_decref(replies[i].value);
        facts_free(facts[i]);
    }
}
END_TEST

/* A refusal keeps what was due before it; a fault keeps nothing. */
START_TEST(test_end_of_a_call)
{
    ck_assert_int_eq(txn_commit(&txn), 0);
    txn_audit(engine_join(&fixture.engine), own_act("due"), AUDIT_DRIFT, 0, 0);
    ck_assert_int_eq(engine_end(&fixture.engine, BUS_ERROR_POLICY_REFUSED), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(count_audit(), audited + 1);
    txn_audit(engine_join(&fixture.engine), own_act("due"), AUDIT_DRIFT, 0, 0);
    ck_assert_int_eq(engine_end(&fixture.engine, -ENOMEM), -ENOMEM);
    ck_assert_int_eq(count_audit(), audited + 1);
    ck_assert_int_eq(engine_end(&fixture.engine, 0), 0); /* nothing was begun */
}
END_TEST

int main(void)
{
    suite_case("txn", setup, fixture_teardown);
    suite_add(test_commit, test_first_fault_is_told, test_missing_is_a_fault,
              test_nothing_is_read_after_a_fault, test_refused_event, test_next_one_is_whole,
              test_calls_share_a_commit, test_end_of_a_call);
    return suite_run();
}
