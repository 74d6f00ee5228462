/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose a request is, and who sees it. */
#include "common/grantdir.h"
#include "common/usage.h"
#include "tests/support/suite.h"
#include "tests/unit/requests.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

static const struct call *call_of_another_alice(void)
{
    struct facts *facts = fixture_facts("alice", NULL);
    facts->caller->uid = 1234;
    return fixture_call_with(&fixture, (struct caller){.identity = {1234, UID_UNSET}}, facts);
}

/* Another person by the name of a holder: whom it is not was never asked, and look-ups of groups go by name. */
START_TEST(test_uid_changed)
{
    const int64_t id = acts_file(&fixture, "alice", "db-admins");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    const int64_t staged = acts_file(&fixture, "alice", "staged");
    json_t *value = NULL;
    char *self[] = {(char *)"self", NULL};
    const struct submission submission = {.packages = self};
    ck_assert_int_eq(fixture_answer(engine_submit(call_of_another_alice(), &submission), &value), 0);
    ck_assert(json_is_true(json_object_get(value, "held")));
    json_decref(value);
    ck_assert_str_eq(fixture_state(&fixture, id), "revoked");
    struct grant_user file = {0};
    ck_assert_int_eq(grantdir_read_user(fixture.state, "alice", fixture.now, &file), 0);
    ck_assert_uint_eq(file.uid, 1234);
    ck_assert_uint_eq(file.n_packages, 1);
    ck_assert_str_eq(file.packages[0].name, "self");
    grant_user_deinit(&file);
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    /* The requests of the other are not hers either. */
    const struct call *call = call_of_another_alice();
    ck_assert_int_eq(fixture_again(engine_get_request(call, staged), NULL), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(fixture_answer(engine_cancel(call, staged, ""), NULL), BUS_ERROR_NO_SUCH_REQUEST);
}
END_TEST

/* A uid that was given to another person, or belongs to two: each has their own. */
START_TEST(test_uid_of_two)
{
    const int64_t id = acts_file(&fixture, "alice", "db-admins");
    struct facts *facts = fixture_facts("dave", NULL);
    facts->caller->uid = ALICE;
    const struct caller caller = {.identity = {ALICE, UID_UNSET}};
    const struct store_filter filter = {.limit = 10, .uid = UID_UNSET};
    char *names[] = {(char *)"db-admins", NULL};
    const struct submission submission = {.packages = names, .justification = "x"};
    json_t *value = NULL;
    const struct call *call = fixture_call_with(&fixture, caller, facts);
    ck_assert_int_eq(fixture_again(engine_get_request(call, id), NULL), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(fixture_again(engine_cancel(call, id, ""), NULL), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(fixture_again(engine_list_requests(call, ENGINE_ROLE_REQUESTOR, &filter), &value), 0);
    ck_assert_uint_eq(json_array_size(json_array_get(value, 0)), 0);
    json_decref(value);
    ck_assert_int_eq(fixture_answer(engine_submit(call, &submission), &value), 0);
    ck_assert(json_is_false(json_object_get(value, "existing")));
    ck_assert_str_eq(acts_text(value, "user"), "dave");
    ck_assert_int_ne(fixture_id(value), id);
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
}
END_TEST

/* What else the requestor holds, and when it was used, is for who decides to weigh, and for nobody else. */
START_TEST(test_what_is_held)
{
    const int64_t held = acts_file(&fixture, "alice", "db-admins");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", held, true, "", NULL), 0);
    const int64_t id = acts_file(&fixture, "alice", "staged");
    json_t *value = NULL, *holds = NULL;
    char folder[PATH_MAX];
    snprintf(folder, sizeof(folder), "%s/used", fixture.state);
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    ck_assert_int_eq(usage_note(fixture.state, &(struct usage_subject){1, fixture.now}, fixture.now), 0);
    ck_assert_int_eq(fixture_answer(engine_get_request(fixture_call(&fixture, "bob", NULL), id), &value), 0);
    holds = json_object_get(value, "holds");
    ck_assert_uint_eq(json_array_size(holds), 1);
    ck_assert_str_eq(acts_text(json_array_get(holds, 0), "package"), "db-admins");
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(holds, 0), "used")), fixture.now);
    ck_assert_int_gt(json_integer_value(json_object_get(json_array_get(holds, 0), "until")), fixture.now);
    json_decref(value);
    ck_assert_int_eq(fixture_answer(engine_get_request(fixture_call(&fixture, "alice", NULL), id), &value),
                     0);
    ck_assert_ptr_null(json_object_get(value, "holds"));
    json_decref(value);
    ck_assert_int_eq(fixture_answer(engine_get_request(fixture_call(&fixture, "bob", NULL), held), &value),
                     0);
    ck_assert_ptr_null(json_object_get(value, "holds"));
    json_decref(value);
}
END_TEST

static size_t count_list(const char *name, enum engine_role role, int64_t before, int64_t limit,
                         bool *ret_more)
{
    const struct store_filter filter = {.before = before, .limit = limit, .uid = UID_UNSET};
    json_t *value = NULL;
    const struct call *call = fixture_call(&fixture, name, NULL);
    ck_assert_int_eq(fixture_answer(engine_list_requests(call, role, &filter), &value), 0);
    const size_t count = json_array_size(json_array_get(value, 0));
    *ret_more = json_is_true(json_array_get(value, 1));
    json_decref(value);
    return count;
}

START_TEST(test_lists)
{
    bool more = false;
    const int64_t first = acts_file(&fixture, "alice", "db-admins");
    const int64_t second = acts_file(&fixture, "carol", "db-admins");
    acts_file(&fixture, "dave", "staged");
    ck_assert_int_eq(count_list("alice", ENGINE_ROLE_REQUESTOR, 0, 10, &more), 1);
    ck_assert_int_eq(count_list("bob", ENGINE_ROLE_REQUESTOR, 0, 10, &more), 0);
    ck_assert_int_eq(count_list("bob", ENGINE_ROLE_APPROVER, 0, 10, &more), 3);
    ck_assert(!more);
    ck_assert_int_eq(count_list("bob", ENGINE_ROLE_APPROVER, 0, 2, &more), 2);
    ck_assert(more);
    ck_assert_int_eq(count_list("bob", ENGINE_ROLE_APPROVER, second, 2, &more), 1);
    ck_assert(!more);
    ck_assert_int_eq(count_list("carol", ENGINE_ROLE_APPROVER, 0, 10, &more), 1); /* not her own */
    ck_assert_int_eq(count_list("dave", ENGINE_ROLE_APPROVER, 0, 10, &more), 0);
    ck_assert_int_eq(count_list("bob", ENGINE_ROLE_DECIDED, 0, 10, &more), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "carol", first, true, "", NULL), 0);
    ck_assert_int_eq(count_list("bob", ENGINE_ROLE_DECIDED, 0, 10, &more), 1); /* sees what carol decided */
    ck_assert_int_eq(count_list("bob", ENGINE_ROLE_APPROVER, 0, 10, &more), 2);
    ck_assert_int_eq(count_list("root", ENGINE_ROLE_ALL, 0, 10, &more), 3);

    const struct store_filter one = {.limit = 1};
    const struct call *call = fixture_call(&fixture, "dave", NULL);
    ck_assert_int_eq(fixture_again(engine_get_request(call, first), NULL), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(fixture_answer(engine_list_requests(call, ENGINE_ROLE_ALL, &one), NULL),
                     BUS_ERROR_NOT_AUTHORIZED);
}
END_TEST

int main(void)
{
    suite_case("sight", setup, fixture_teardown);
    suite_add(test_what_is_held, test_uid_changed, test_uid_of_two, test_lists);
    return suite_run();
}
