/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's delegations, and the emergencies that nobody has reviewed: what is live, whose it is. */
#include "helperd/store/sql.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static struct store *store;

static void setup(void)
{
    bool newborn = false;
    ck_assert_int_eq(store_open(":memory:", &store, &newborn), 0);
    ck_assert_int_eq(store_begin(store), 0);
}

static void teardown(void)
{
    ck_assert_int_eq(store_commit(store), 0);
    store_close(store);
}

static int64_t delegate(uid_t uid, uid_t to, int64_t until)
{
    struct delegation delegation = {.user = (char *)"from",
                                    .identity = {uid, uid + 100},
                                    .delegate = (char *)"to",
                                    .delegate_uid = to,
                                    .reason = (char *)"leave",
                                    .since = 10,
                                    .until = until};
    ck_assert_int_eq(store_add_delegation(store, &delegation), 0);
    return delegation.id;
}

static size_t live(enum store_delegations which, uid_t uid, int64_t now)
{
    struct delegation *found = NULL;
    size_t count = 0;
    ck_assert_int_eq(store_get_delegations(store, which, uid, now, &found, &count), 0);
    store_free_delegations(found, count);
    return count;
}

START_TEST(test_delegations)
{
    const int64_t first = delegate(1, 2, 100);
    delegate(1, 3, 200);
    delegate(4, 2, 300);
    ck_assert_uint_eq(live(STORE_DELEGATIONS_GIVEN, 1, 99), 2);
    ck_assert_uint_eq(live(STORE_DELEGATIONS_GIVEN, 1, 100), 1); /* the end itself is not in it */
    ck_assert_uint_eq(live(STORE_DELEGATIONS_RECEIVED, 2, 99), 2);
    ck_assert_uint_eq(live(STORE_DELEGATIONS_RECEIVED, 1, 99), 0);
    ck_assert_uint_eq(live(STORE_DELEGATIONS_ALL, 0, 99), 3);
    ck_assert_uint_eq(live(STORE_DELEGATIONS_ALL, 0, 299), 1);
    struct delegation stale = {0};
    ck_assert_int_eq(store_find_delegation_of_gone(store, "from", 99, &stale), STORE_E_NONE); /* not local */
    ck_assert_int_eq(store_find_stale_delegation(store, "to", 2, 99, &stale), 0);
    ck_assert_uint_eq(stale.delegate_uid, 3);
    delegation_deinit(&stale);
    ck_assert_int_eq(store_revoke_delegation(store, first, 50), 0);
    ck_assert_uint_eq(live(STORE_DELEGATIONS_GIVEN, 1, 51), 1);
    ck_assert_uint_eq(live(STORE_DELEGATIONS_RECEIVED, 2, 51), 1);
    ck_assert_uint_eq(live(STORE_DELEGATIONS_ALL, 0, 51), 2);

    struct delegation *found = NULL;
    size_t count = 0;
    ck_assert_int_eq(store_get_delegations(store, STORE_DELEGATIONS_RECEIVED, 3, 99, &found, &count), 0);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(found[0].user, "from");
    ck_assert_str_eq(found[0].delegate, "to");
    ck_assert_str_eq(found[0].reason, "leave");
    ck_assert_uint_eq(found[0].identity.uid, 1);
    ck_assert_uint_eq(found[0].identity.loginuid, 101);
    ck_assert_uint_eq(found[0].delegate_uid, 3);
    ck_assert_int_eq(found[0].until, 200);
    store_free_delegations(found, count);

    ck_assert_int_eq(store_end_delegations(store, 200), 0);
    ck_assert_uint_eq(live(STORE_DELEGATIONS_ALL, 0, 0), 1); /* the one to 300 */

    int64_t given = 0;
    ck_assert_int_eq(store_count_delegations_since(store, 1, 9, 10, &given), 0);
    ck_assert_int_eq(given, 2); /* what is revoked was given, too */
    ck_assert_int_eq(store_count_delegations_since(store, 1, 10, 10, &given), 0);
    ck_assert_int_eq(given, 0);
}
END_TEST

static int64_t add(uid_t uid, const char *user, const char *package, bool emergency)
{
    struct request request = {.package = (char *)package,
                              .user = (char *)user,
                              .requestor = {uid, UID_UNSET},
                              .state = STATE_APPROVED,
                              .emergency = emergency};
    ck_assert_int_eq(store_add_request(store, &request, NULL), 0);
    return request.id;
}

static int64_t unreviewed(uid_t uid, const char *user, const char *package)
{
    struct request request = {0};
    const int r = store_find_unreviewed(store, uid, user, package, &request);
    const int64_t id = request.id;
    ck_assert_int_ge(r, 0);
    ck_assert(r == STORE_E_NONE || (request.emergency && request.reviewed == 0));
    request_deinit(&request);
    return r == 0 ? id : 0;
}

static int collect(const struct request *request, void *data)
{
    sprintf((char *)data + strlen(data), "%d ", (int)request->id);
    return 0;
}

START_TEST(test_unreviewed)
{
    char ids[64] = "";
    struct store_filter filter = {.limit = 10, .uid = UID_UNSET};
    struct request request = {0};
    add(1, "a", "p", false);
    const int64_t of_a = add(1, "a", "p", true);
    const int64_t of_b = add(2, "b", "q", true);
    ck_assert_int_eq(unreviewed(1, "a", "p"), of_a);
    ck_assert_int_eq(unreviewed(1, "other", "p"), 0);
    ck_assert_int_eq(unreviewed(1, "a", "q"), 0);
    ck_assert_int_eq(store_list_unreviewed(store, &filter, collect, ids), 0);
    ck_assert_str_eq(ids, "3 2 ");
    filter.package = "p";
    ids[0] = '\0';
    ck_assert_int_eq(store_list_unreviewed(store, &filter, collect, ids), 0);
    ck_assert_str_eq(ids, "2 ");
    filter = (struct store_filter){.limit = 10, .uid = UID_UNSET, .before = 3};
    ids[0] = '\0';
    ck_assert_int_eq(store_list_unreviewed(store, &filter, collect, ids), 0);
    ck_assert_str_eq(ids, "2 ");
    ck_assert_int_eq(store_set_reviewed(store, of_a, 77), 0);
    ck_assert_int_eq(unreviewed(1, "a", "p"), 0);
    ck_assert_int_eq(unreviewed(2, "b", "q"), of_b);
    ck_assert_int_eq(store_get_request(store, of_a, &request), 0);
    ck_assert_int_eq(request.reviewed, 77);
    request_deinit(&request);
}
END_TEST

static int note(const struct request *request, void *data)
{
    (void)request;
    ++*(int *)data;
    return 0;
}

static bool nobody(char *const *principals, void *data)
{
    (void)principals, (void)data;
    return false;
}

/* Whoever was decided for finds it among what was decided. */
START_TEST(test_decided_for)
{
    int found = 0;
    struct decision *decisions = NULL;
    size_t count = 0;
    const struct store_filter filter = {.limit = 10, .uid = UID_UNSET};
    const int64_t id = add(1, "a", "p", false);
    const struct decision decision = {.stage = 1,
                                      .decider = (char *)"dave",
                                      .identity = {4, 44},
                                      .for_user = (char *)"bob",
                                      .for_identity = {2, 22},
                                      .approved = true};
    const struct decision alone = {.stage = 1, .decider = (char *)"carol", .identity = {3, UID_UNSET}};
    ck_assert_int_eq(store_add_decision(store, id, &decision), 0);
    ck_assert_int_eq(store_add_decision(store, id, &alone), 0);
    ck_assert_int_eq(store_list_decided(store, &filter, 2, "bob", nobody, NULL, note, &found), 0);
    ck_assert_int_eq(found, 1);
    ck_assert_int_eq(store_list_decided(store, &filter, 4, "dave", nobody, NULL, note, &found), 0);
    ck_assert_int_eq(found, 2);
    ck_assert_int_eq(store_list_decided(store, &filter, 2, "other", nobody, NULL, note, &found), 0);
    ck_assert_int_eq(store_list_decided(store, &filter, 0, "root", nobody, NULL, note, &found), 0);
    ck_assert_int_eq(found, 2);
    ck_assert_int_eq(store_get_decisions(store, id, &decisions, &count), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(decisions[0].for_user, "bob");
    ck_assert_uint_eq(decisions[0].for_identity.uid, 2);
    ck_assert_uint_eq(decisions[0].for_identity.loginuid, 22);
    ck_assert_ptr_null(decisions[1].for_user);
    ck_assert_uint_eq(decisions[1].for_identity.uid, UID_UNSET);
    store_free_decisions(decisions, count);
}
END_TEST

int main(void)
{
    suite_case("store_delegate", setup, teardown);
    suite_add(test_delegations, test_unreviewed, test_decided_for);
    return suite_run();
}
