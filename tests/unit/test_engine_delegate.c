/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delegation: given, used, ended; what is judged anew at each decision (rules 5, 9, 12). */
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <string.h>

static struct fixture fixture;

#define ASKED "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napprovers = bob\n"
#define GROUP "[package]\ngroups = backup\n[policy]\nduration = 1h\napprovers = %dba-leads\n"
#define TWO                                                                                                  \
    "[package]\ngroups = dbadmins\n[stage 1]\napprovers = %dba-leads\nquorum = 2\n"                          \
    "escalate_after = 1h\nfallback_approvers = dave\n"

static void setup(void)
{
    fixture_init(&fixture, "asked", ASKED, "group", GROUP, "two", TWO, NULL);
}

static int delegate_as(const char *from, uid_t loginuid, const char *to, int64_t until)
{
    const struct delegate_terms terms = {.to = to, .until = until, .reason = "leave"};
    const struct caller caller = {.identity = {fixture_caller(from).identity.uid, loginuid}};
    const struct call *call = fixture_call_with(&fixture, caller, fixture_facts(from, to));
    return fixture_answer(engine_delegate(call, &terms), NULL);
}

static int delegate(const char *from, const char *to)
{
    return delegate_as(from, UID_UNSET, to, fixture.now + 3600);
}

static int undelegate(const char *who, const char *other)
{
    return fixture_answer(engine_undelegate(fixture_call(&fixture, who, NULL), other), NULL);
}

static json_t *see(const char *who, int64_t id)
{
    json_t *value = NULL;
    fixture_answer(engine_get_request(acts_call_of_delegate(&fixture, who), id), &value);
    return value;
}

static bool sees(const char *who, int64_t id)
{
    json_t *value = see(who, id);
    json_decref(value);
    return value;
}

static size_t listed(const char *who, enum engine_role role)
{
    json_t *value = NULL;
    const struct store_filter filter = {.limit = 100, .uid = UID_UNSET};
    const struct call *call = acts_call_of_delegate(&fixture, who);
    ck_assert_int_eq(fixture_answer(engine_list_requests(call, role, &filter), &value), 0);
    const size_t count = json_array_size(json_array_get(value, 0));
    json_decref(value);
    return count;
}

static size_t delegations(const char *who)
{
    json_t *value = NULL;
    const struct call *call = fixture_call(&fixture, who, NULL);
    ck_assert_int_eq(fixture_answer(engine_list_delegations(call), &value), 0);
    const size_t count = json_array_size(value);
    json_decref(value);
    return count;
}

static const char *last_audit(const char *event)
{
    return acts_query(&fixture,
                      "SELECT actor || ' ' || coalesce(uid, '-') || ' ' || coalesce(detail, '') FROM"
                      " audit WHERE event = '%s' ORDER BY id DESC LIMIT 1",
                      event);
}

START_TEST(test_delegate_decides)
{
    json_t *value = NULL;
    const int64_t id = acts_file(&fixture, "alice", "asked");
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert(!sees("dave", id));
    ck_assert_uint_eq(listed("dave", ENGINE_ROLE_APPROVER), 0);
    ck_assert_int_eq(delegate("bob", "dave"), 0);
    ck_assert_ptr_nonnull(strstr(last_audit("delegate"), "bob 1002 from bob (uid 1002) to dave (uid 1004)"));
    ck_assert_ptr_nonnull(strstr(last_audit("delegate"), ": leave"));
    ck_assert_uint_eq(listed("dave", ENGINE_ROLE_APPROVER), 1);
    ck_assert_uint_eq(listed("bob", ENGINE_ROLE_APPROVER), 1);
    value = see("dave", id);
    ck_assert(json_is_true(json_object_get(value, "may_decide")));
    ck_assert_str_eq(acts_text(value, "decides_for"), "bob");
    json_decref(value);
    value = see("bob", id);
    ck_assert(json_is_true(json_object_get(value, "may_decide")));
    ck_assert_ptr_null(json_object_get(value, "decides_for"));
    json_decref(value);

    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "fine", &value), 0);
    const json_t *decision = json_array_get(json_object_get(value, "decisions"), 0);
    ck_assert_str_eq(acts_text(decision, "decider"), "dave");
    ck_assert_str_eq(acts_text(decision, "for"), "bob");
    json_decref(value);
    ck_assert(fixture_gate_opens(&fixture, "alice", "asked"));
    ck_assert_str_eq(last_audit("approve"), "dave 1004 for bob (uid 1002): fine");
    /* Rule 4: who comes too late is told both. */
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, "no", NULL), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "approved by dave for bob on"));
    ck_assert_uint_eq(listed("dave", ENGINE_ROLE_DECIDED), 1);
    /* What they decided they see for ever, and nothing else. */
    const int64_t other = acts_file(&fixture, "alice", "group");
    ck_assert_int_eq(undelegate("bob", "dave"), 0);
    ck_assert_ptr_nonnull(strstr(last_audit("undelegate"), "bob 1002 from bob (uid 1002) to dave"));
    ck_assert(sees("dave", id));
    ck_assert_uint_eq(listed("dave", ENGINE_ROLE_DECIDED), 1);
    ck_assert(!sees("dave", other));
}
END_TEST

/* An approver in their own right acts as themselves. */
START_TEST(test_in_one_s_own_right)
{
    json_t *value = NULL;
    ck_assert_int_eq(delegate("bob", "carol"), 0);
    ck_assert_int_eq(
        fixture_decide(&fixture, "carol", acts_file(&fixture, "alice", "group"), true, "", &value), 0);
    ck_assert_ptr_null(json_object_get(json_array_get(json_object_get(value, "decisions"), 0), "for"));
    json_decref(value);
    ck_assert_int_eq(
        fixture_decide(&fixture, "carol", acts_file(&fixture, "alice", "asked"), false, "no", &value), 0);
    ck_assert_str_eq(
        json_string_value(json_object_get(json_array_get(json_object_get(value, "decisions"), 0), "for")),
        "bob");
    json_decref(value);
}
END_TEST

START_TEST(test_its_end)
{
    const int64_t id = acts_file(&fixture, "alice", "asked");
    ck_assert_int_eq(delegate("bob", "dave"), 0);
    fixture.now += 3600;
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_uint_eq(delegations("bob"), 0);
    ck_assert_int_eq(delegate("bob", "dave"), 0);
    ck_assert_int_eq(undelegate("bob", "dave"), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(undelegate("bob", "dave"), BUS_ERROR_NO_SUCH_REQUEST);
    /* Who received it may end it, too; nobody else. */
    ck_assert_int_eq(delegate("bob", "dave"), 0);
    ck_assert_int_eq(undelegate("carol", "dave"), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(undelegate("dave", "bob"), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
}
END_TEST

/* Rule 8: a clock set back revives none that has ended, and ends none that has not. */
START_TEST(test_clock_set_back)
{
    const int64_t id = acts_file(&fixture, "alice", "group");
    ck_assert_int_eq(delegate("bob", "dave"), 0);
    ck_assert_int_eq(delegate_as("carol", UID_UNSET, "dave", fixture.now + 7200), 0);
    acts_pass(&fixture, 3600);
    fixture.now -= 1800;
    ck_assert_uint_eq(delegations("bob"), 0);
    ck_assert_uint_eq(delegations("carol"), 1);
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), 0);
    ck_assert_ptr_nonnull(strstr(last_audit("approve"), "for carol"));
}
END_TEST

/* One level: what was received is not passed on. */
START_TEST(test_not_passed_on)
{
    const int64_t id = acts_file(&fixture, "carol", "asked");
    ck_assert_int_eq(delegate("bob", "dave"), 0);
    ck_assert_int_eq(delegate("dave", "alice"), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "alice", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert(!sees("alice", id));
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), 0);
}
END_TEST

/* Rule 9: the delegator is judged now, as they are. */
START_TEST(test_delegator_as_they_are_now)
{
    const int64_t id = acts_file(&fixture, "alice", "asked");
    ck_assert_int_eq(delegate("bob", "dave"), 0);
    fixture_set_login("bob", false);
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert(!sees("dave", id));
    fixture_set_login("bob", true);
    fixture_set_uid("bob", 4711);
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    fixture_set_uid("bob", BOB);
    fixture_write_package(&fixture, "asked",
                          "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napprovers = carol\n");
    fixture_reload(&fixture); /* the request keeps its stages: bob is asked still */
    fixture_set_login("dave", false);
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    fixture_set_login("dave", true);
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), 0);
}
END_TEST

/* A delegate who is somebody else by now: the name with another uid, the uid with another name. */
START_TEST(test_delegate_who_is_another_now)
{
    const int64_t id = acts_file(&fixture, "alice", "asked");
    ck_assert_int_eq(delegate("bob", "dave"), 0);
    fixture_set_uid("dave", 4711);
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    fixture_set_uid("carol", DAVE);
    ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
}
END_TEST

/* Rule 5: neither on a request of one's own, nor on the delegator's, by account or by login. */
START_TEST(test_nobody_s_own)
{
    const int64_t of_dave = acts_file(&fixture, "dave", "asked");
    const int64_t of_bob = acts_file(&fixture, "bob", "group");
    const int64_t of_alice = acts_file(&fixture, "alice", "asked");
    ck_assert_int_eq(delegate("bob", "dave"), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "dave", of_dave, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "your own"));
    ck_assert_int_eq(fixture_decide(&fixture, "dave", of_bob, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "in whose name"));
    ck_assert_uint_eq(listed("dave", ENGINE_ROLE_APPROVER), 1);
    /* alice got at bob's account and made dave bob's delegate: her login is in it. */
    ck_assert_int_eq(delegate_as("bob", ALICE, "dave", fixture.now + 60), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "dave", of_alice, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(delegate_as("bob", ALICE, "alice", fixture.now + 60), BUS_ERROR_POLICY_REFUSED);
}
END_TEST

/* Nobody twice in a quorum, in whoever's name. */
START_TEST(test_quorum)
{
    const int64_t id = acts_file(&fixture, "alice", "two");
    ck_assert_int_eq(delegate("bob", "dave"), 0);
    ck_assert_int_eq(delegate("carol", "dave"), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_uint_eq(listed("dave", ENGINE_ROLE_APPROVER), 0);
    json_t *value = see("dave", id);
    const json_t *first = json_array_get(json_object_get(value, "decisions"), 0);
    const bool for_bob = strcmp(json_string_value(json_object_get(first, "for")), "bob") == 0;
    json_decref(value);
    ck_assert_int_eq(fixture_decide(&fixture, for_bob ? "bob" : "carol", id, true, "", NULL),
                     BUS_ERROR_ALREADY_DECIDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "in your name"));
    ck_assert_int_eq(fixture_decide(&fixture, for_bob ? "carol" : "bob", id, true, "", NULL), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
}
END_TEST

START_TEST(test_refused)
{
    ck_assert_int_eq(delegate("bob", "bob"), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(delegate("bob", "erin"), BUS_ERROR_POLICY_REFUSED); /* has no login shell */
    ck_assert_int_eq(delegate("erin", "dave"), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(delegate("bob", "nobody-here"), BUS_ERROR_NO_SUCH_USER);
    ck_assert_int_eq(delegate_as("bob", UID_UNSET, "dave", 0), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(delegate_as("bob", UID_UNSET, "dave", fixture.now), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(delegate_as("bob", UID_UNSET, "dave", fixture.now + 366 * 24 * 3600 + 1),
                     BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(delegate_as("bob", UID_UNSET, "dave", fixture.now + 366 * 24 * 3600), 0);
    ck_assert_uint_eq(delegations("root"), 1);
}
END_TEST

static void fill(uid_t from, uid_t to, int64_t until)
{
    char user[16];
    char delegate_name[16];
    snprintf(user, sizeof(user), "u%u", from);
    snprintf(delegate_name, sizeof(delegate_name), "u%u", to);
    struct delegation delegation = {.user = from == BOB ? (char *)"bob" : user,
                                    .identity = {from, UID_UNSET},
                                    .delegate = to == DAVE ? (char *)"dave" : delegate_name,
                                    .delegate_uid = to,
                                    .since = 1,
                                    .until = until};
    ck_assert_int_eq(store_begin(fixture.engine.store), 0);
    ck_assert_int_eq(store_add_delegation(fixture.engine.store, &delegation), 0);
    ck_assert_int_eq(store_commit(fixture.engine.store), 0);
}

/* 16 at a time, given and received; what has ended, and what is replaced, does not count. */
START_TEST(test_limits)
{
    for (unsigned i = 0; i < 15; i++) {
        fill(BOB, 5000 + i, fixture.now + 60);
        fill(5000 + i, DAVE, fixture.now + 60);
    }
    ck_assert_int_eq(delegate("bob", "dave"), 0);
    ck_assert_int_eq(delegate("bob", "dave"), 0);
    ck_assert_uint_eq(delegations("bob"), 16);
    ck_assert_uint_eq(delegations("dave"), 16);
    ck_assert_uint_eq(delegations("carol"), 0);
    ck_assert_uint_eq(delegations("root"), 31);
    ck_assert_int_eq(delegate("bob", "alice"), BUS_ERROR_LIMIT_EXCEEDED);
    ck_assert_int_eq(delegate("carol", "dave"), BUS_ERROR_LIMIT_EXCEEDED);
    fixture.now += 60;
    ck_assert_int_eq(delegate("bob", "alice"), 0);
    ck_assert_int_eq(delegate("carol", "dave"), 0);
    for (int i = 0; i < 62; i++)
        ck_assert_int_eq(delegate("bob", "alice"), i < 61 ? 0 : BUS_ERROR_LIMIT_EXCEEDED);
    fixture.now += 3600;
    ck_assert_int_eq(delegate("bob", "alice"), 0);
}
END_TEST

static void heed(const char *name, uid_t uid)
{
    struct facts *facts = fixture_facts(NULL, uid ? name : NULL);
    facts->user_gone = uid == 0;
    if (uid)
        facts->user->uid = uid;
    ck_assert_int_eq(engine_compare_user(&fixture.engine, name, facts), 0);
    facts_free(facts);
}

static void delegate_local(const char *from, bool from_local, const char *to, bool to_local)
{
    struct facts *facts = fixture_facts(from, to);
    const struct delegate_terms terms = {.to = to, .until = fixture.now + 3600, .reason = ""};
    facts->caller->local = from_local;
    facts->user->local = to_local;
    const struct call *call = fixture_call_with(&fixture, fixture_caller(from), facts);
    ck_assert_int_eq(fixture_answer(engine_delegate(call, &terms), NULL), 0);
}

/* Who is deleted and made anew with the same name and uid neither decides as a delegate nor is decided for. */
START_TEST(test_gone)
{
    static const struct {
        bool from_local, to_local;
        const char *gone;
        uid_t uid; /* 0: gone; else who has the name now */
        size_t left;
    } rows[] = {
        {true, true, "bob", 0, 0},       {true, true, "dave", 0, 0},      {false, true, "bob", 0, 1},
        {true, false, "dave", 0, 1},     {false, true, "dave", 0, 0},     {true, true, "carol", 0, 1},
        {false, false, "bob", 1234, 0},  {false, false, "dave", 1234, 0}, {false, false, "bob", BOB, 1},
        {false, false, "dave", DAVE, 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *name = NULL;
        delegate_local("bob", rows[i].from_local, "dave", rows[i].to_local);
        /* The walk comes by both. */
        ck_assert_int_eq(engine_next_concerned_user(&fixture.engine, "", &name), 0);
        ck_assert_str_eq(name, "bob");
        free(name);
        ck_assert_int_eq(engine_next_concerned_user(&fixture.engine, "bob", &name), 0);
        ck_assert_str_eq(name, "dave");
        free(name);
        heed(rows[i].gone, rows[i].uid);
        ck_assert_msg(delegations("bob") == rows[i].left, "row %zu", i);
        ck_assert_uint_eq(delegations("dave"), rows[i].left);
        if (rows[i].left)
            ck_assert_int_eq(undelegate("bob", "dave"), 0);
        else
            ck_assert_ptr_nonnull(strstr(last_audit("undelegate"),
                                         rows[i].uid ? "has another uid now" : "is no longer on this host"));
    }
    /* An outage is no answer. */
    delegate_local("bob", true, "dave", true);
    struct facts *facts = fixture_facts(NULL, NULL);
    ck_assert_int_eq(engine_compare_user(&fixture.engine, "bob", facts), 0);
    facts_free(facts);
    ck_assert_uint_eq(delegations("bob"), 1);
}
END_TEST

int main(void)
{
    suite_case("engine_delegate", setup, fixture_teardown);
    suite_add(test_delegate_decides, test_in_one_s_own_right, test_its_end, test_clock_set_back,
              test_not_passed_on, test_delegator_as_they_are_now, test_delegate_who_is_another_now,
              test_nobody_s_own, test_quorum, test_refused, test_limits, test_gone);
    return suite_run();
}
