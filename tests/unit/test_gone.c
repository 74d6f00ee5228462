/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users who are deleted, made anew or known from another directory while they hold something. */
#include "helperd/engine/unknown.h"
#include "tests/support/suite.h"
#include "tests/unit/drift.h"

#include <string.h>

static struct facts *facts_of(const char *user, bool local)
{
    struct facts *facts = fixture_facts(NULL, user);
    if (facts->user)
        facts->user->local = local;
    return facts;
}

static void heed_holder(const char *name, struct facts *facts)
{
    ck_assert_int_eq(engine_compare_user(&fixture.engine, name, facts), 0);
    facts_free(facts);
}

static struct facts *nobody(void)
{
    struct facts *facts = fixture_facts(NULL, NULL);
    facts->user_gone = true;
    return facts;
}

/* Whose name is found by the walk: who holds something, who asked, who waits for a start. */
START_TEST(test_concerned)
{
    acts_hold(&fixture, "alice", "db-admins");
    acts_file(&fixture, "dave", "db-admins");
    char *name = NULL;
    ck_assert_int_eq(engine_next_concerned_user(&fixture.engine, "", &name), 0);
    ck_assert_str_eq(name, "alice");
    free(name);
    ck_assert_int_eq(engine_next_concerned_user(&fixture.engine, "alice", &name), 0);
    ck_assert_str_eq(name, "dave");
    free(name);
    ck_assert_int_eq(engine_next_concerned_user(&fixture.engine, "dave", &name), STORE_E_NONE);
}
END_TEST

/* Deleted and made anew with the same name and number: inherits nothing. */
START_TEST(test_user_deleted)
{
    const int64_t held = acts_hold(&fixture, "alice", "db-admins");
    const int64_t waits = acts_file(&fixture, "dave", "db-admins");
    heed_holder("alice", facts_of("alice", true));
    heed_holder("dave", facts_of("dave", true));
    struct facts *unanswered =
        fixture_facts(NULL, NULL); /* not found, and no word that /etc/passwd lacks it */
    heed_holder("alice", unanswered);
    ck_assert_str_eq(fixture_state(&fixture, held), "fulfilled");
    heed_holder("alice", nobody());
    heed_holder("dave", nobody());
    ck_assert_str_eq(fixture_state(&fixture, held), "revoked");
    ck_assert_str_eq(fixture_state(&fixture, waits), "cancelled");
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE event = 'revoke' AND detail ="
                                          " 'the user is no longer on this host'"),
                     1);
    heed_holder("alice", facts_of("alice", true));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    ck_assert_int_ne(acts_file(&fixture, "alice", "db-admins"), held);
}
END_TEST

/* Local is known from the first day, without any walk. */
START_TEST(test_local_from_the_first_day)
{
    struct facts *facts = fixture_facts("dave", NULL);
    json_t *value = NULL;
    char *names[] = {(char *)"other", NULL};
    const struct submission submission = {.packages = names};
    facts->caller->local = true;
    const struct call *call = fixture_call_with(&fixture, fixture_caller("dave"), facts);
    ck_assert_int_eq(fixture_again(engine_submit(call, &submission), &value), 0);
    const int64_t held = fixture_id(value);
    names[0] = (char *)"db-admins";
    ck_assert_int_eq(fixture_answer(engine_submit(call, &submission), &value), 0);
    const int64_t waits = fixture_id(value);
    heed_holder("dave", nobody());
    ck_assert_str_eq(fixture_state(&fixture, held), "revoked");
    ck_assert_str_eq(fixture_state(&fixture, waits), "cancelled");
}
END_TEST

/* The user of a directory that is away keeps all; it is said once, until the user was seen again. */
START_TEST(test_user_of_a_directory)
{
    const int64_t held = acts_hold(&fixture, "alice", "db-admins");
    heed_holder("alice", facts_of("alice", false));
    for (int i = 0; i < 3; i++)
        heed_holder("alice", nobody());
    ck_assert_str_eq(fixture_state(&fixture, held), "fulfilled");
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE event = 'missing'"), 1);
    heed_holder("alice", facts_of("alice", false));
    heed_holder("alice", nobody());
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE event = 'missing'"), 2);
    /* Moved from the directory to this host, and then deleted here. */
    heed_holder("alice", facts_of("alice", true));
    heed_holder("alice", nobody());
    ck_assert_str_eq(fixture_state(&fixture, held), "revoked");
}
END_TEST

/* Made anew with another uid: neither what was held nor what was asked for passes on. */
START_TEST(test_uid_changed)
{
    const int64_t held = acts_hold(&fixture, "alice", "db-admins");
    const int64_t waits = acts_file(&fixture, "dave", "db-admins");
    struct facts *facts = facts_of("alice", true);
    facts->user->uid = 1234;
    heed_holder("alice", facts);
    facts = facts_of("dave", true);
    facts->user->uid = 1235;
    heed_holder("dave", facts);
    ck_assert_str_eq(fixture_state(&fixture, held), "revoked");
    ck_assert_str_eq(fixture_state(&fixture, waits), "cancelled");
}
END_TEST

static void check_unknown(int64_t users, const char *first)
{
    json_t *status = json_object();
    ck_assert_int_eq(engine_add_unknown(&fixture.engine, status), 0);
    const json_t *names = json_object_get(status, "unknown_user_names");
    ck_assert_int_eq(json_integer_value(json_object_get(status, "unknown_users")), users);
    ck_assert_uint_eq(json_array_size(names), users < 5 ? (size_t)users : 5);
    if (users)
        ck_assert_str_eq(json_string_value(json_array_get(names, 0)), first);
    json_decref(status);
}

static void walk_unanswered(int from, int to)
{
    char name[32];
    for (int i = from; i < to; i++) {
        snprintf(name, sizeof(name), "user%03d", i);
        heed_holder(name, fixture_facts(NULL, NULL));
    }
}

/* The status has a count and the first few. Those of a walk count until the next one has found more, or is over. */
START_TEST(test_unknown)
{
    check_unknown(0, NULL);
    engine_begin_unknown_users(&fixture.engine);
    walk_unanswered(0, 900);
    check_unknown(900, "user000");
    engine_end_unknown_users(&fixture.engine);
    check_unknown(900, "user000");
    engine_begin_unknown_users(&fixture.engine);
    walk_unanswered(1, 4);
    heed_holder("alice", facts_of("alice", true));
    check_unknown(900, "user000");
    engine_end_unknown_users(&fixture.engine);
    check_unknown(3, "user001");
    engine_begin_unknown_users(&fixture.engine);
    walk_unanswered(5, 6);
    engine_begin_unknown_users(&fixture.engine); /* the one before was not finished */
    engine_end_unknown_users(&fixture.engine);
    check_unknown(0, NULL);
}
END_TEST

int main(void)
{
    suite_case("gone", setup, fixture_teardown);
    suite_add(test_concerned, test_user_deleted, test_local_from_the_first_day, test_user_of_a_directory,
              test_uid_changed, test_unknown);
    return suite_run();
}
