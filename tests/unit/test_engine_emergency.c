/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Break-glass: taken at once, seen by every approver, reviewed by one of them before it can be taken again. */
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <string.h>

static struct fixture fixture;

#define PROD                                                                                                 \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = dave\nduration = 4h\nextension = allowed\n"        \
    "cooldown = 1d\nemergency = %staff bob\nemergency_duration = 1h\n[stage 1]\napprovers = bob\n"           \
    "timeout = 1d\nescalate_after = 2h\nfallback_approvers = dave\n[stage 2]\napprovers = carol\n"
#define LONG                                                                                                 \
    "[package]\ngroups = backup\n[policy]\nduration = 1h\nmax_duration = 1h\napprovers = bob\n"              \
    "emergency = alice\nemergency_duration = 3d\nincompatible = audit\nextension = allowed\n"                \
    "max_total = 30d\n"
#define AUDIT "[package]\ngroups = dbadmins\n[policy]\napproval = none\nduration = 1h\n"
#define PLAIN "[package]\ngroups = dbadmins\n[policy]\napprovers = bob carol\nduration = 1h\n"

static void setup(void)
{
    fixture_init(&fixture, "prod", PROD, "long", LONG, "audit", AUDIT, "plain", PLAIN, NULL);
}

static int64_t take(const char *user, const char *package)
{
    json_t *value = NULL;
    ck_assert_msg(acts_emergency(&fixture, user, package, "disk is full", &value) == 0, "%s",
                  fixture_message);
    return fixture_id(value);
}

static int review_as(const char *who, uid_t loginuid, int64_t id, const char *note, json_t **ret_value)
{
    struct caller caller = fixture_caller(who);
    caller.identity.loginuid = loginuid;
    struct facts *facts = acts_facts_of_delegate(&fixture, who);
    return fixture_answer(engine_review(fixture_call_with(&fixture, caller, facts), id, note), ret_value);
}

static int review(const char *who, int64_t id)
{
    return review_as(who, UID_UNSET, id, "", NULL);
}

/* The requests of a list, as "3! 2 1 ": those that need a review are marked. */
static const char *listed(const char *who, enum engine_role role, int64_t before, int64_t limit)
{
    static char text[256];
    json_t *value = NULL;
    json_t *request;
    size_t i;
    const struct store_filter filter = {.limit = limit, .before = before, .uid = UID_UNSET};
    const struct call *call = acts_call_of_delegate(&fixture, who);
    ck_assert_int_eq(fixture_answer(engine_list_requests(call, role, &filter), &value), 0);
    text[0] = '\0';
    json_array_foreach(json_array_get(value, 0), i, request)
    {
        const bool marked = json_is_true(json_object_get(request, "needs_review"));
        sprintf(text + strlen(text), "%d%s ", (int)json_integer_value(json_object_get(request, "id")),
                marked ? "!" : "");
    }
    if (json_is_true(json_array_get(value, 1)))
        strcat(text, "more");
    json_decref(value);
    return text;
}

static const char *audit_of(int64_t request)
{
    return acts_query(&fixture,
                      "SELECT group_concat(actor || ' ' || event || coalesce(' ' || detail, ''), '; ')"
                      " FROM (SELECT * FROM audit WHERE request = %d ORDER BY id)",
                      (int)request);
}

/* Rules 3 and 12: given at once, for who is named though no requestor, and on record. */
START_TEST(test_given_at_once)
{
    json_t *value = NULL;
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "prod", "disk is full", &value), 0);
    ck_assert_str_eq(acts_text(value, "state"), "fulfilled");
    ck_assert(json_is_true(json_object_get(value, "emergency")));
    ck_assert(json_is_true(json_object_get(value, "needs_review")));
    ck_assert(json_is_false(json_object_get(value, "may_review")));
    ck_assert_uint_eq(json_array_size(json_object_get(value, "reviewers")), 3);
    ck_assert_int_eq(json_integer_value(json_object_get(value, "assignment_end")), fixture.now + 3600);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(fixture.changed, id);
    ck_assert(fixture_gate_opens(&fixture, "alice", "prod"));
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert_str_eq(audit_of(id), "alice emergency disk is full; accesspkgd fulfil dbadmins");
    acts_pass(&fixture, 3600);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "prod"));
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
    /* Its end reviews nothing. */
    ck_assert_str_eq(listed("bob", ENGINE_ROLE_APPROVER, 0, 10), "1! ");
}
END_TEST

/* max_duration does not bound it: emergency_duration does. */
START_TEST(test_its_own_bound)
{
    json_t *value = NULL;
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "long", "x", &value), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(value, "assignment_end")),
                     fixture.now + 3 * 24 * 3600);
    json_decref(value);
}
END_TEST

START_TEST(test_refused)
{
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "prod", "", NULL), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "prod", "  ", NULL), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "prod", "a\nb", NULL), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "nothing", "x", NULL), BUS_ERROR_NO_SUCH_PACKAGE);
    ck_assert_int_eq(acts_emergency(&fixture, "dave", "long", "x", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(acts_emergency(&fixture, "root", "prod", "x", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(acts_emergency(&fixture, "bob", "plain", "x", NULL),
                     BUS_ERROR_POLICY_REFUSED); /* default: nobody */
    take("alice", "prod");
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "prod", "x", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "You hold prod already"));
    ck_assert(!fixture_gate_opens(&fixture, "dave", "long"));
}
END_TEST

/* Not again before somebody reviewed it; another package, and another user, are none of its business. */
START_TEST(test_once_until_it_is_reviewed)
{
    const int64_t id = take("alice", "prod");
    ck_assert_int_eq(acts_return(&fixture, "alice", "prod"), 0);
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "prod", "x", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "request 1, has not been reviewed"));
    ck_assert_ptr_nonnull(strstr(fixture_message, "Ask one of: bob, dave, carol (pkg-approve review 1)"));
    take("alice", "long");
    take("dave", "prod");
    ck_assert_int_eq(review("carol", id), 0);
    take("alice", "prod");
}
END_TEST

START_TEST(test_duties_and_limits_hold)
{
    acts_file(&fixture, "alice", "audit");
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "long", "x", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "separation of duties"));
    fixture.config.pending_per_user = 0; /* nothing at all may be filed in an hour */
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "prod", "x", NULL), BUS_ERROR_LIMIT_EXCEEDED);
}
END_TEST

/* Beside a denial and its cool-down; a request that waits is answered by it. */
START_TEST(test_what_was_asked_before)
{
    const int64_t denied = acts_file(&fixture, "dave", "prod");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", denied, false, "no", NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "prod", "x", NULL), BUS_ERROR_POLICY_REFUSED);
    take("dave", "prod");
    ck_assert(fixture_gate_opens(&fixture, "dave", "prod"));
    ck_assert_int_eq(acts_return(&fixture, "dave", "prod"),
                     0); /* the denial stands for what is asked for afterwards */
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "prod", "x", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "Request 1 for prod was denied"));

    const int64_t asked = acts_file(&fixture, "alice", "long");
    const int64_t id = take("alice", "long");
    ck_assert_str_eq(fixture_state(&fixture, asked), "cancelled");
    ck_assert_str_eq(audit_of(asked), "alice submit x; alice cancel answered by the emergency, request 4");
    ck_assert_int_eq(id, 4);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", asked, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
}
END_TEST

/* Nobody decides on it; more time for it is the approvers' to give although the policy asks nobody for an extension. */
START_TEST(test_neither_decided_nor_stretched)
{
    json_t *value = NULL;
    const int64_t id = take("alice", "long");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, "no", NULL), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "was an emergency"));
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, false, "no", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "long", 3600, &value), 0);
    ck_assert_str_eq(acts_text(value, "state"), "pending-approval");
    json_decref(value);
    ck_assert_str_eq(listed("bob", ENGINE_ROLE_APPROVER, 0, 10), "2 1! ");
}
END_TEST

START_TEST(test_review)
{
    json_t *value = NULL;
    const int64_t id = take("alice", "prod");
    ck_assert_int_eq(review("alice", id), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(review("erin", id), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(review("carol", id + 1), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(review_as("carol", ALICE, id, "", NULL), BUS_ERROR_NOT_AUTHORIZED); /* rule 5 */
    ck_assert_int_eq(review_as("carol", UID_UNSET, id, "a\x1b[1mb", NULL), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(review_as("carol", 4711, id, "seen, ticket 7", &value), 0);
    ck_assert_ptr_null(json_object_get(value, "needs_review"));
    ck_assert_int_eq(json_integer_value(json_object_get(value, "reviewed")), fixture.now);
    ck_assert_str_eq(acts_text(value, "state"), "fulfilled");
    const json_t *by = json_array_get(json_object_get(value, "decisions"), 0);
    ck_assert_str_eq(acts_text(by, "verdict"), "reviewed");
    ck_assert_str_eq(acts_text(by, "decider"), "carol");
    ck_assert_str_eq(acts_text(by, "reason"), "seen, ticket 7");
    json_decref(value);
    ck_assert_str_eq(audit_of(id), "alice emergency disk is full; accesspkgd fulfil dbadmins; "
                                   "carol review seen, ticket 7");
    ck_assert_int_eq(fixture.changed, id);
    ck_assert_int_eq(review("bob", id), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "reviewed by carol on"));
    const int64_t plain = acts_file(&fixture, "alice", "plain");
    ck_assert_int_eq(review("bob", plain), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "no emergency"));
}
END_TEST

/* An approver's own emergency is somebody else's to review: by account, by delegate. */
START_TEST(test_review_of_an_approver_s)
{
    json_t *value = NULL;
    const int64_t id = take("bob", "prod");
    ck_assert_int_eq(review("bob", id), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(acts_delegate(&fixture, "bob", "alice", fixture.now + 24 * 3600), 0);
    ck_assert_int_eq(review("alice", id), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(acts_delegate(&fixture, "carol", "alice", fixture.now + 24 * 3600), 0);
    ck_assert_int_eq(review_as("alice", UID_UNSET, id, "", &value), 0);
    ck_assert_str_eq(
        json_string_value(json_object_get(json_array_get(json_object_get(value, "decisions"), 0), "for")),
        "carol");
    json_decref(value);
    ck_assert_ptr_nonnull(strstr(audit_of(id), "alice review for carol (uid 1003)"));
    ck_assert_int_eq(review("bob", id), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "reviewed by alice for carol on"));
}
END_TEST

static int64_t count_unreviewed(void)
{
    struct reply reply = {0};
    ck_assert_int_eq(engine_status(&fixture.engine, &(struct caller){0}, &reply), 0);
    const int64_t count = json_integer_value(json_object_get(reply.value, "unreviewed"));
    json_decref(reply.value);
    return count;
}

/* Judged by the policy of now: who approves the package now, and its fallback approvers, who need not wait. */
START_TEST(test_who_reviews_now)
{
    ck_assert_int_eq(count_unreviewed(), 0);
    const int64_t id = take("alice", "prod");
    ck_assert_int_eq(count_unreviewed(), 1);
    ck_assert_str_eq(listed("dave", ENGINE_ROLE_APPROVER, 0, 10), "1! ");
    fixture_write_package(
        &fixture, "prod",
        "[package]\ngroups = dbadmins\n[policy]\nemergency = alice\napprovers = erin dave\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(review("carol", id), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(review("erin", id), BUS_ERROR_NOT_AUTHORIZED); /* cannot log in */
    ck_assert_str_eq(listed("carol", ENGINE_ROLE_APPROVER, 0, 10), "");
    ck_assert_str_eq(listed("carol", ENGINE_ROLE_DECIDED, 0, 10), "1! "); /* was to be asked: may know */
    ck_assert_int_eq(review("dave", id), 0);
    ck_assert_int_eq(count_unreviewed(), 0);
    ck_assert_str_eq(listed("dave", ENGINE_ROLE_APPROVER, 0, 10), "");
    ck_assert_str_eq(listed("dave", ENGINE_ROLE_DECIDED, 0, 10), "1 ");
}
END_TEST

/* Where the approvers are away, the holder's next emergency must not hang on them: the fallback approvers review. */
START_TEST(test_fallback_reviews_at_once)
{
    const int64_t id = take("alice", "prod");
    ck_assert_int_eq(acts_return(&fixture, "alice", "prod"), 0);
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "prod", "again", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "bob, dave, carol"));
    ck_assert_int_eq(review("dave", id), 0);
    take("alice", "prod");
}
END_TEST

/* Page by page, newest first, emergencies among the requests. */
START_TEST(test_list)
{
    acts_file(&fixture, "alice", "plain"); /* 1 */
    take("alice", "prod");                 /* 2 */
    acts_file(&fixture, "dave", "plain");  /* 3 */
    take("dave", "prod");                  /* 4 */
    acts_file(&fixture, "carol", "plain"); /* 5 */
    take("bob", "prod");                   /* 6: his own, not for him to review */
    ck_assert_str_eq(listed("bob", ENGINE_ROLE_APPROVER, 0, 10), "5 4! 3 2! 1 ");
    ck_assert_str_eq(listed("bob", ENGINE_ROLE_APPROVER, 0, 2), "5 4! more");
    ck_assert_str_eq(listed("bob", ENGINE_ROLE_APPROVER, 4, 2), "3 2! more");
    ck_assert_str_eq(listed("bob", ENGINE_ROLE_APPROVER, 2, 2), "1 ");
    ck_assert_str_eq(listed("bob", ENGINE_ROLE_APPROVER, 0, 1), "5 more");
    ck_assert_str_eq(listed("carol", ENGINE_ROLE_APPROVER, 0, 1), "6! more");
    ck_assert_str_eq(listed("alice", ENGINE_ROLE_APPROVER, 0, 10), "");
    ck_assert_str_eq(listed("alice", ENGINE_ROLE_REQUESTOR, 0, 10), "2! 1 ");
}
END_TEST

/* What cannot be put in place at once is tried again, and judged by the emergency's own list (rule 9). */
START_TEST(test_partly_in_place)
{
    for (int still_named = 1; still_named >= 0; still_named--) {
        const char *user = still_named ? "alice" : "dave";
        fixture_write_package(&fixture, "prod",
                              "[package]\ngroups = dbadmins later\n[policy]\nrequestors = bob\n"
                              "emergency = %staff\napprovers = bob\n");
        fixture_reload(&fixture);
        const int64_t id = take(user, "prod");
        ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
        if (!still_named) {
            fixture_write_package(
                &fixture, "prod",
                "[package]\ngroups = dbadmins\n[policy]\nemergency = alice\napprovers = bob\n");
            fixture_reload(&fixture);
        }
        fixture.now += 1;
        struct inquiry inquiry = INQUIRY_EMPTY;
        int64_t assignment = 0;
        ck_assert_int_eq(engine_take_due_retry(&fixture.engine, &assignment, &inquiry), 0);
        inquiry_deinit(&inquiry);
        struct facts *facts = fixture_facts(NULL, user);
        ck_assert_int_eq(engine_retry(&fixture.engine, assignment, facts), 0);
        facts_free(facts);
        ck_assert_str_eq(fixture_state(&fixture, id), still_named ? "partially-fulfilled" : "revoked");
        fixture.now += 24 * 3600;
        ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    }
}
END_TEST

/* Long words fill a page before its limit: none is left out, though emergencies and what waits come by turns. */
START_TEST(test_list_of_long_words)
{
    char all[sizeof("10! 9 8! 7 6! 5 4! 3 2! 1 ")] = "";
    int pages = 0;
    for (int i = 0; i < 5; i++) {
        acts_file(&fixture, i % 2 ? "dave" : "alice", "plain");
        take("alice", "prod");
        acts_query(&fixture, "UPDATE request SET state = iif(emergency, state, 'cancelled') RETURNING 1");
        acts_query(&fixture, "UPDATE assignment SET state = 'revoked' RETURNING 1");
        acts_query(&fixture, "UPDATE request SET reviewed = 1 WHERE emergency = 1 RETURNING 1");
    }
    acts_query(
        &fixture,
        "UPDATE request SET state = iif(emergency, state, 'pending-approval'), reviewed = 0,"
        " uid = uid + 100 * id, justification = iif(emergency, 'x', printf('%%60000d', id)) RETURNING 1");
    for (int64_t before = 0; before != 1; pages++) {
        const char *page = listed("bob", ENGINE_ROLE_APPROVER, before, 100);
        const size_t length = strcspn(page, "m");
        ck_assert_uint_lt(strlen(all) + length, sizeof(all));
        strncat(all, page, length);
        before = all[strlen(all) - 2] == '!' ? all[strlen(all) - 3] - '0' : all[strlen(all) - 2] - '0';
    }
    ck_assert_str_eq(all, "10! 9 8! 7 6! 5 4! 3 2! 1 ");
    ck_assert_int_gt(pages, 1);
}
END_TEST

int main(void)
{
    suite_case("engine_emergency", setup, fixture_teardown);
    suite_add(test_given_at_once, test_its_own_bound, test_refused, test_once_until_it_is_reviewed,
              test_duties_and_limits_hold, test_what_was_asked_before, test_neither_decided_nor_stretched,
              test_fallback_reviews_at_once, test_review, test_review_of_an_approver_s, test_who_reviews_now,
              test_list, test_list_of_long_words, test_partly_in_place);
    return suite_run();
}
