/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of an assignment: extended, begun later, cut short, returned, revoked, assigned, kept apart. */
#include "helperd/store/sql.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

#include <string.h>

static struct fixture fixture;

#define ASKED                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = %staff\nduration = 1h\nmax_duration = 2h\n"        \
    "extension = approval\nmax_total = 4h\napprovers = %dba-leads\ncooldown = 10m\n"
#define FREE                                                                                                 \
    "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\nextension = allowed\n"            \
    "incompatible = audit\n"
#define FIXED "[package]\ngroups = dbadmins\n[policy]\napproval = none\nduration = 1h\n"
#define AUDIT                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\ngate_cooldown = 1d\napproval_timeout = 1h\n"

static void setup(void)
{
    fixture_init(&fixture, "asked", ASKED, "free", FREE, "fixed", FIXED, "audit", AUDIT, NULL);
}

static int64_t number(json_t *value, const char *key)
{
    return json_integer_value(json_object_get(value, key));
}

static int finish(int result, struct reply *reply, struct facts *facts, json_t **ret_value)
{
    snprintf(fixture_message, sizeof(fixture_message), "%s", reply->message);
    facts_free(facts);
    if (ret_value && result == 0)
        *ret_value = reply->value;
    else
        json_decref(reply->value);
    return result;
}

static int64_t hold(const char *user, const char *package)
{
    json_t *value = NULL;
    ck_assert_msg(fixture_submit(&fixture, user, package, "x", &value) == 0, "%s", fixture_message);
    const int64_t id = fixture_id(value);
    if (strcmp(package, "asked") == 0)
        ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert(fixture_gate_opens(&fixture, user, package));
    return id;
}

static int extend(const char *user, const char *package, int64_t seconds, json_t **ret_value)
{
    struct facts *facts = fixture_facts(user, NULL);
    const struct caller caller = fixture_caller(user);
    struct reply reply = {0};
    return finish(
        fixture_ask(engine_extend, &fixture.engine, &caller, facts, &reply, package, "more", seconds), &reply,
        facts, ret_value);
}

static int decide_with(const char *decider, int64_t id, const struct decision_terms *terms,
                       json_t **ret_value)
{
    struct facts *facts = fixture_facts(decider, "alice");
    const struct caller caller = fixture_caller(decider);
    struct reply reply = {0};
    return finish(fixture_ask(engine_decide, &fixture.engine, &caller, facts, &reply, id, true, terms),
                  &reply, facts, ret_value);
}

static int hand_back(const char *user, const char *package)
{
    struct facts *facts = fixture_facts(user, NULL);
    const struct caller caller = fixture_caller(user);
    struct reply reply = {0};
    return finish(fixture_ask(engine_return, &fixture.engine, &caller, facts, &reply, package, "done"),
                  &reply, facts, NULL);
}

static int revoke(const char *user, const char *package, const char *reason)
{
    struct facts *facts = fixture_facts("root", NULL);
    const struct caller caller = fixture_caller("root");
    struct reply reply = {0};
    return finish(fixture_ask(engine_revoke, &fixture.engine, &caller, facts, &reply, user, package, reason),
                  &reply, facts, NULL);
}

static int assign(const char *user, const struct assign_terms *terms, json_t **ret_value)
{
    struct facts *facts = fixture_facts("root", user);
    const struct caller caller = fixture_caller("root");
    struct reply reply = {0};
    return finish(fixture_ask(engine_assign, &fixture.engine, &caller, facts, &reply, terms), &reply, facts,
                  ret_value);
}

static int submit_with(const char *user, const struct submission *submission, json_t **ret_value)
{
    struct facts *facts = fixture_facts(submission->at_gate ? "root" : user, user);
    const struct caller caller = fixture_caller(submission->at_gate ? "root" : user);
    struct reply reply = {0};
    return finish(fixture_ask(engine_submit, &fixture.engine, &caller, facts, &reply, submission), &reply,
                  facts, ret_value);
}

static void pass(int64_t seconds)
{
    fixture.now += seconds;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
}

/* Without a gap: the end moves from where it is; what is held is never shortened. */
START_TEST(test_extension_at_once)
{
    json_t *value = NULL;
    const int64_t id = hold("alice", "free");
    pass(1800);
    ck_assert_int_eq(extend("alice", "free", 0, &value), 0);
    ck_assert_str_eq(json_string_value(json_object_get(value, "state")), "access-extended");
    ck_assert_int_eq(number(value, "assignment_end"), FIXTURE_NOW + 7200);
    ck_assert_int_ne(fixture_id(value), id);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-extended");
    pass(5399);
    ck_assert(fixture_gate_opens(&fixture, "alice", "free"));
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    pass(1);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "free"));
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
    ck_assert_int_eq(extend("alice", "free", 0, NULL), BUS_ERROR_NO_SUCH_REQUEST);
}
END_TEST

START_TEST(test_extension_by_approval)
{
    json_t *value = NULL;
    hold("alice", "asked");
    ck_assert_int_eq(extend("alice", "asked", 7201, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(extend("alice", "asked", 7200, &value), 0);
    ck_assert_str_eq(json_string_value(json_object_get(value, "state")), "pending-approval");
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(extend("alice", "asked", 60, &value), 0); /* rule 7: the same one */
    ck_assert(json_is_true(json_object_get(value, "existing")));
    ck_assert_int_eq(fixture_id(value), id);
    ck_assert(fixture_gate_opens(&fixture, "alice", "asked"));
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", &value), 0);
    ck_assert_int_eq(number(value, "assignment_end"), FIXTURE_NOW + 3 * 3600);
    json_decref(value);
    /* 1 h + 2 h are used of 4 h in total. */
    ck_assert_int_eq(extend("alice", "asked", 7200, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "at most 4 h"));
    ck_assert_int_eq(extend("alice", "asked", 3600, &value), 0);
    const int64_t late = fixture_id(value);
    pass(3 * 3600); /* it ends while its extension waits: nothing is left to extend */
    ck_assert_str_eq(fixture_state(&fixture, late), "cancelled");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", late, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
}
END_TEST

START_TEST(test_denied_extension_keeps_what_is_held)
{
    json_t *value = NULL;
    const int64_t id = hold("alice", "asked");
    ck_assert_int_eq(extend("alice", "asked", 3600, &value), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "carol", fixture_id(value), false, "no", NULL), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(fixture_gate_opens(&fixture, "alice", "asked"));
}
END_TEST

START_TEST(test_no_extension)
{
    hold("alice", "fixed");
    ck_assert_int_eq(extend("alice", "fixed", 0, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "allows no extension"));
    ck_assert_int_eq(extend("dave", "fixed", 0, NULL), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(extend("dave", "nothing", 0, NULL), BUS_ERROR_NO_SUCH_PACKAGE);
}
END_TEST

/* Rule 8: the clock of a scheduled one starts at its start. */
START_TEST(test_scheduled_start)
{
    json_t *value = NULL;
    char *names[] = {(char *)"asked", NULL};
    const struct submission submission = {.packages = names, .start = FIXTURE_NOW + 1000};
    ck_assert_int_eq(submit_with("alice", &submission, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "approved");
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 1000);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", &value), 0); /* rule 7 */
    ck_assert_int_eq(fixture_id(value), id);
    pass(1000);
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    int64_t assignment = 0;
    struct inquiry inquiry = INQUIRY_NOBODY;
    ck_assert_int_eq(engine_due_retry(&fixture.engine, &assignment, &inquiry), 0);
    struct facts *facts = fixture_facts(NULL, inquiry.user);
    ck_assert_int_eq(engine_retry(&fixture.engine, assignment, facts), 0);
    facts_free(facts);
    inquiry_deinit(&inquiry);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    pass(3599);
    ck_assert(fixture_gate_opens(&fixture, "alice", "asked"));
    pass(1);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "asked"));
}
END_TEST

START_TEST(test_cancel_before_start)
{
    json_t *value = NULL;
    char *names[] = {(char *)"fixed", NULL};
    const struct submission submission = {.packages = names, .start = FIXTURE_NOW + 1000};
    ck_assert_int_eq(submit_with("alice", &submission, &value), 0);
    ck_assert_str_eq(json_string_value(json_object_get(value, "state")), "approved");
    ck_assert(json_is_true(json_object_get(value, "may_cancel")));
    const int64_t id = fixture_id(value);
    struct facts *facts = fixture_facts("alice", NULL);
    const struct caller caller = fixture_caller("alice");
    struct reply reply = {0};
    ck_assert_int_eq(finish(fixture_ask(engine_cancel, &fixture.engine, &caller, facts, &reply, id, ""),
                            &reply, facts, NULL),
                     0);
    pass(2000);
    ck_assert_str_eq(fixture_state(&fixture, id), "cancelled");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "fixed"));
}
END_TEST

/* An approver may give less, or later; never more, nor earlier. */
START_TEST(test_decided_otherwise)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", &value), 0);
    const int64_t id = fixture_id(value);
    const struct decision_terms more = {.reason = "", .duration = 3601};
    const struct decision_terms less = {.reason = "", .duration = 600};
    ck_assert_int_eq(decide_with("bob", id, &more, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "less, not more"));
    ck_assert_int_eq(decide_with("bob", id, &less, &value), 0);
    ck_assert_int_eq(number(value, "duration"), 3600);
    ck_assert_int_eq(number(value, "granted"), 600);
    ck_assert_int_eq(number(value, "assignment_end"), FIXTURE_NOW + 600);
    json_decref(value);

    ck_assert_int_eq(fixture_submit(&fixture, "alice", "audit", "x", &value), 0);
    const int64_t second = fixture_id(value);
    const struct decision_terms later = {.reason = "", .start = FIXTURE_NOW + 5000};
    ck_assert_int_eq(decide_with("bob", second, &later, &value), 0);
    ck_assert_str_eq(json_string_value(json_object_get(value, "state")), "approved");
    json_decref(value);
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 600);
    pass(700);
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 5000);
}
END_TEST

/* Rule 6 and the end before the end. */
/* Who took it away, when and why is there for its user to read; its end is when that was. */
static void check_end(int64_t id, const char *by, const char *why)
{
    struct facts *facts = fixture_facts("root", NULL);
    const struct caller caller = fixture_caller("root");
    struct reply reply = {0};
    ck_assert_int_eq(fixture_ask(engine_get_request, &fixture.engine, &caller, facts, &reply, id), 0);
    facts_free(facts);
    json_t *value = reply.value;
    ck_assert_str_eq(json_string_value(json_object_get(value, "revoked_by")), by);
    ck_assert_int_eq(json_integer_value(json_object_get(value, "revoked")), fixture.now);
    ck_assert_int_eq(json_integer_value(json_object_get(value, "assignment_end")), fixture.now);
    const char *reason = json_string_value(json_object_get(value, "revoke_reason"));
    ck_assert_str_eq(reason ? reason : "", why);
    json_decref(value);
}

START_TEST(test_return_and_revoke)
{
    const int64_t first = hold("alice", "asked");
    const int64_t second = hold("alice", "fixed"); /* gives dbadmins as well */
    ck_assert_int_eq(hand_back("alice", "asked"), 0);
    ck_assert_str_eq(fixture_state(&fixture, first), "revoked");
    check_end(first, "alice", "done");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "asked"));
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert_int_eq(hand_back("alice", "asked"), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(revoke("alice", "fixed", ""), BUS_ERROR_INVALID_ARGUMENT);
    /* By a name that the store does not know, and a directory might. */
    ck_assert_int_eq(revoke("ALICE", "fixed", "left the team"), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_ptr_nonnull(strstr(fixture_message, "ALICE does not hold fixed"));
    ck_assert_ptr_nonnull(strstr(fixture_message, ". alice holds it, see: pkg-admin holders fixed"));
    ck_assert_int_eq(revoke("alice", "fixed", "left the team"), 0);
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    check_end(second, "root", "left the team");
    ck_assert_int_eq(revoke("alice", "fixed", "again"), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_ptr_nonnull(strstr(fixture_message, "alice does not hold fixed"));
    ck_assert_ptr_null(strstr(fixture_message, "holds it"));
}
END_TEST

/* A package that was taken out of packages.d: what is held runs to its end, and is not extended. */
START_TEST(test_removed_package)
{
    const int64_t id = hold("alice", "free");
    char path[256];
    snprintf(path, sizeof(path), "%s/packages.d/free.conf", fixture.folder);
    ck_assert_int_eq(remove(path), 0);
    fixture_reload(&fixture);
    ck_assert(fixture_gate_opens(&fixture, "alice", "free"));
    ck_assert_int_eq(extend("alice", "free", 0, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    pass(3600);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
}
END_TEST

START_TEST(test_assign)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", &value), 0);
    const int64_t waiting = fixture_id(value);
    const struct assign_terms terms = {.package = "asked", .reason = "night shift", .duration = 12 * 3600};
    ck_assert_int_eq(assign("alice", &terms, &value), 0);
    ck_assert_str_eq(json_string_value(json_object_get(value, "state")), "fulfilled");
    ck_assert_int_eq(number(value, "assignment_end"), FIXTURE_NOW + 12 * 3600);
    const json_t *decision = json_array_get(json_object_get(value, "decisions"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(decision, "decider")), "root");
    ck_assert_str_eq(json_string_value(json_object_get(decision, "reason")), "night shift");
    json_decref(value);
    ck_assert_str_eq(fixture_state(&fixture, waiting), "cancelled");
    ck_assert_int_eq(assign("alice", &terms, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(assign("bob", &terms, NULL), 0); /* no requestor, but the administrator's word */
    ck_assert_int_eq(assign(NULL, &terms, NULL), BUS_ERROR_NO_SUCH_USER);
    const struct assign_terms unknown = {.package = "nothing", .reason = ""};
    ck_assert_int_eq(assign("dave", &unknown, NULL), BUS_ERROR_NO_SUCH_PACKAGE);
}
END_TEST

/* Separation of duties, both ways: "free" names "audit". */
START_TEST(test_incompatible)
{
    json_t *value = NULL;
    hold("alice", "free");
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "audit", "x", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "pkg-request return free"));
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "audit", "x", &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "free", "x", NULL), BUS_ERROR_POLICY_REFUSED);

    /* What came to be held meanwhile is seen at the decision. */
    const struct assign_terms plain = {.package = "free", .reason = "why", .advice = "--override"};
    const struct assign_terms silent = {.package = "free", .reason = "", .override_duties = true};
    const struct assign_terms forced = {.package = "free", .reason = "why", .override_duties = true};
    ck_assert_int_eq(assign("dave", &plain, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(
        fixture_message, "pkg-request list. Or give it all the same: pkg-admin assign free dave --override"));
    ck_assert_int_eq(assign("dave", &silent, NULL), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(fixture_message, "pkg-admin assign free dave --override -m 'REASON'"));
    ck_assert_int_eq(assign("dave", &forced, NULL), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(hand_back("dave", "free"), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
}
END_TEST

START_TEST(test_cooldown)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", &value), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", fixture_id(value), false, "no", NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "Why it was denied: pkg-request status 1"));
    pass(600);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", NULL), 0);

    char *names[] = {(char *)"audit", NULL};
    const struct submission gate = {.user = "alice", .packages = names, .at_gate = true};
    ck_assert_int_eq(submit_with("alice", &gate, NULL), 0);
    pass(3600);
    ck_assert_int_eq(submit_with("alice", &gate, NULL), BUS_ERROR_POLICY_REFUSED); /* a job logs in again */
    ck_assert_ptr_nonnull(strstr(fixture_message, "pkg-request submit audit"));    /* to be pasted */
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "audit", "x", NULL), 0);    /* a person may ask */
}
END_TEST

/* Rule 9 at fulfilment: whoever is not eligible any more when the start comes is given nothing. */
START_TEST(test_eligibility_at_the_start)
{
    json_t *value = NULL;
    char *names[] = {(char *)"asked", NULL};
    const struct submission submission = {.packages = names, .start = FIXTURE_NOW + 10};
    ck_assert_int_eq(submit_with("alice", &submission, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    pass(10);
    int64_t assignment = 0;
    struct inquiry inquiry = INQUIRY_NOBODY;
    ck_assert_int_eq(engine_due_retry(&fixture.engine, &assignment, &inquiry), 0);
    struct facts *facts = fixture_facts(NULL, inquiry.user);
    strv_free(facts->user->groups);
    facts->user->groups = strv_split("alice");
    ck_assert_int_eq(engine_retry(&fixture.engine, assignment, facts), 0);
    facts_free(facts);
    inquiry_deinit(&inquiry);
    ck_assert_str_eq(fixture_state(&fixture, id), "revoked");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "asked"));
}
END_TEST

static int submit_later(const char *user, const char *package, int64_t start, json_t **ret_value)
{
    char *names[] = {(char *)package, NULL};
    const struct submission submission = {.packages = names, .start = start};
    return submit_with(user, &submission, ret_value);
}

/* The daemon's look-up for the next retry that is due, answered with these facts. */
static void retry_due(void)
{
    int64_t assignment = 0;
    struct inquiry inquiry = INQUIRY_NOBODY;
    ck_assert_int_eq(engine_due_retry(&fixture.engine, &assignment, &inquiry), 0);
    struct facts *facts = fixture_facts(NULL, inquiry.user);
    ck_assert_int_eq(engine_retry(&fixture.engine, assignment, facts), 0);
    facts_free(facts);
    inquiry_deinit(&inquiry);
}

static int64_t count_rows(const char *sql)
{
    sqlite3_stmt *statement = sql_take(fixture.engine.store, sql, "");
    ck_assert_int_eq(sql_step(fixture.engine.store, statement), 1);
    const int64_t count = sqlite3_column_int64(statement, 0);
    sql_release(fixture.engine.store, statement);
    return count;
}

static void hold_unasked(const char *user, uid_t uid, const char *package)
{
    struct assignment assignment = {.package = (char *)package,
                                    .user = (char *)user,
                                    .uid = uid,
                                    .state = STATE_FULFILLED,
                                    .span = {fixture.now, fixture.now + 9999}};
    ck_assert_int_eq(store_add_assignment(fixture.engine.store, &assignment), 0);
}

/* Rule 7, where the policy asks nobody: one that waits for its start is not filed again beside itself. */
START_TEST(test_one_at_a_time)
{
    json_t *value = NULL;
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + 1000, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "fixed", "x", &value), 0);
    ck_assert_int_eq(fixture_id(value), id);
    pass(1000);
    retry_due();
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
}
END_TEST

/* However it came about: what begins, or is approved, beside what is held stops nothing else. */
START_TEST(test_held_meanwhile)
{
    json_t *value = NULL;
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + 1000, &value), 0);
    const int64_t later = fixture_id(value);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", &value), 0);
    const int64_t pending = fixture_id(value);
    hold_unasked("alice", ALICE, "fixed");
    hold_unasked("alice", ALICE, "asked");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", pending, true, "", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "holds asked already"));
    pass(1000);
    ck_assert_str_eq(fixture_state(&fixture, later), "cancelled");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", pending, false, "no", NULL), 0);
}
END_TEST

/* No sum with a clock overflows, and nothing waits for ever. */
START_TEST(test_out_of_range)
{
    json_t *value = NULL;
    const int64_t year = (int64_t)366 * 24 * 3600;
    ck_assert_int_eq(submit_later("alice", "fixed", INT64_MAX, NULL), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + year + 1, NULL),
                     BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + year, NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", &value), 0);
    const int64_t id = fixture_id(value);
    const struct decision_terms never = {.reason = "", .start = INT64_MAX};
    ck_assert_int_eq(decide_with("bob", id, &never, NULL), BUS_ERROR_INVALID_ARGUMENT);
    const struct assign_terms ever = {.package = "fixed", .reason = "", .duration = INT64_MAX - 1};
    const struct assign_terms late = {.package = "fixed", .reason = "", .start = INT64_MAX};
    ck_assert_int_eq(assign("dave", &ever, NULL), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(assign("dave", &late, NULL), BUS_ERROR_INVALID_ARGUMENT);
    hold("dave", "free");
    ck_assert_int_eq(extend("dave", "free", INT64_MAX - 1, NULL), BUS_ERROR_INVALID_ARGUMENT);
}
END_TEST

/* An extension is filed under the limits of any other request. */
START_TEST(test_limits_of_extensions)
{
    json_t *value = NULL;
    hold("alice", "asked");
    fixture.config.pending_per_user = 1;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "audit", "x", NULL), 0);
    ck_assert_int_eq(extend("alice", "asked", 60, NULL), BUS_ERROR_LIMIT_EXCEEDED);
    fixture.config.pending_per_user = 3;
    ck_assert_int_eq(extend("alice", "asked", 60, &value), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", fixture_id(value), false, "no", NULL), 0);
    ck_assert_int_eq(extend("alice", "asked", 60, NULL), BUS_ERROR_POLICY_REFUSED); /* the pause */
    ck_assert_ptr_nonnull(strstr(fixture_message, "was denied"));
}
END_TEST

/* What nobody has to approve is not filed without end either. */
START_TEST(test_pace_of_what_nobody_approves)
{
    hold("alice", "free");
    int r = 0;
    int filed = 1;
    while ((r = extend("alice", "free", 1, NULL)) == 0 && filed < 1000)
        filed++;
    ck_assert_int_eq(r, BUS_ERROR_LIMIT_EXCEEDED);
    ck_assert_int_eq(filed, 75);
    ck_assert_int_eq(hand_back("alice", "free"), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "free", "x", NULL), BUS_ERROR_LIMIT_EXCEEDED);
}
END_TEST

/* Rule 8: what is extended before it is whole lasts so much longer once it is. */
START_TEST(test_extended_before_it_is_whole)
{
    json_t *value = NULL;
    struct facts *facts = fixture_facts("alice", NULL);
    const struct caller caller = fixture_caller("alice");
    struct reply reply = {0};
    char *names[] = {(char *)"free", NULL};
    const struct submission submission = {.packages = names};
    facts->groups[1].gid = GID_UNSET;
    ck_assert_int_eq(finish(fixture_ask(engine_submit, &fixture.engine, &caller, facts, &reply, &submission),
                            &reply, facts, &value),
                     0);
    const int64_t id = fixture_id(value);
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    ck_assert_int_eq(extend("alice", "free", 1800, NULL), 0);
    pass(600);
    retry_due();
    ck_assert_str_eq(fixture_state(&fixture, id), "access-extended");
    pass(5399);
    ck_assert(fixture_gate_opens(&fixture, "alice", "free"));
    pass(1);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "free"));
}
END_TEST

/* Rule 8: nobody looked at its start, but its time began there; a clock that passes both leaves nothing. */
START_TEST(test_start_was_missed)
{
    json_t *value = NULL;
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + 1000, NULL), 0);
    pass(2800);
    retry_due();
    ck_assert(fixture_gate_opens(&fixture, "alice", "fixed"));
    pass(1799);
    ck_assert(fixture_gate_opens(&fixture, "alice", "fixed"));
    pass(1);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "fixed"));

    ck_assert_int_eq(submit_later("alice", "fixed", fixture.now + 1000, &value), 0);
    const int64_t id = fixture_id(value);
    pass(1000 + 3600);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
}
END_TEST

/* Nobody looked for a while: what ended before its start stands in its way no more. */
START_TEST(test_start_behind_a_missed_end)
{
    json_t *value = NULL;
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + 10000, &value), 0);
    const int64_t id = fixture_id(value);
    hold_unasked("alice", ALICE, "fixed"); /* to FIXTURE_NOW + 9999 */
    pass(10100);
    retry_due();
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(fixture_gate_opens(&fixture, "alice", "fixed"));
}
END_TEST

/* Rule 12: who assigned it and why, once; the user did nothing and is not said to have. */
START_TEST(test_audit_of_assign)
{
    const struct assign_terms terms = {.package = "fixed", .reason = "night shift"};
    ck_assert_int_eq(assign("alice", &terms, NULL), 0);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM audit WHERE actor = 'root' AND uid = 0 AND"
                                " event = 'assign' AND detail = 'night shift' AND request = 1"),
                     1);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM audit WHERE event IN ('submit', 'waive')"), 0);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM audit WHERE request = 1"),
                     2); /* and that it was put in place */
}
END_TEST

/* What was approved for later can be taken back before it begins. */
START_TEST(test_revoke_before_start)
{
    json_t *value = NULL;
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + 1000, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(revoke("alice", "fixed", "left the team"), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "cancelled");
    ck_assert_int_eq(count_rows("SELECT count(*) FROM audit WHERE actor = 'root' AND event = 'cancel' AND"
                                " detail = 'left the team'"),
                     1);
    pass(2000);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "fixed"));
}
END_TEST

/* An administrator's word answers all that waits. */
START_TEST(test_assign_answers_what_waits)
{
    json_t *value = NULL;
    ck_assert_int_eq(submit_later("alice", "asked", FIXTURE_NOW + 1000, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    const struct assign_terms terms = {.package = "asked", .reason = "now"};
    ck_assert_int_eq(assign("alice", &terms, NULL), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "cancelled");
    pass(1000);
    ck_assert(fixture_gate_opens(&fixture, "alice", "asked"));
}
END_TEST

/* Two requests that exclude each other since the policy changed: the first to be approved gets it. */
START_TEST(test_duties_shut_nobody_out)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "x", &value), 0);
    const int64_t first = fixture_id(value);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "audit", "x", &value), 0);
    const int64_t second = fixture_id(value);
    ck_assert_int_eq(submit_later("alice", "fixed", FIXTURE_NOW + 100, &value), 0);
    const int64_t third = fixture_id(value);
    fixture_write_package(&fixture, "audit", AUDIT "incompatible = asked fixed\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "audit", "x", &value), 0);
    json_decref(value);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", first, true, "", NULL), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", second, true, "", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "which alice holds"));
    hold_unasked("alice", ALICE, "audit");
    pass(100);
    ck_assert_str_eq(fixture_state(&fixture, third), "cancelled"); /* rule 9 at its start */
}
END_TEST

/* What one package refuses for a while, another of the named ones may give. */
START_TEST(test_pause_of_one_of_two)
{
    json_t *value = NULL;
    char *names[] = {(char *)"asked", (char *)"audit", NULL};
    const struct submission both = {.packages = names};
    ck_assert_int_eq(submit_with("alice", &both, &value), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", fixture_id(value), false, "no", NULL), 0);
    ck_assert_int_eq(submit_with("alice", &both, &value), 0);
    ck_assert_str_eq(json_string_value(json_object_get(value, "package")), "audit");
    json_decref(value);
}
END_TEST

START_TEST(test_extension_takes_no_start)
{
    json_t *value = NULL;
    hold("alice", "asked");
    ck_assert_int_eq(extend("alice", "asked", 60, &value), 0);
    const struct decision_terms later = {.reason = "", .start = FIXTURE_NOW + 5000};
    ck_assert_int_eq(decide_with("bob", fixture_id(value), &later, NULL), BUS_ERROR_POLICY_REFUSED);
}
END_TEST

int main(void)
{
    suite_case("engine_assignment", setup, fixture_teardown);
    suite_add(test_extension_at_once, test_extension_by_approval, test_denied_extension_keeps_what_is_held,
              test_no_extension, test_scheduled_start, test_cancel_before_start, test_decided_otherwise,
              test_return_and_revoke, test_removed_package, test_assign, test_incompatible, test_cooldown,
              test_eligibility_at_the_start, test_one_at_a_time, test_held_meanwhile, test_out_of_range,
              test_limits_of_extensions, test_pace_of_what_nobody_approves, test_extended_before_it_is_whole,
              test_start_was_missed, test_start_behind_a_missed_end, test_audit_of_assign,
              test_revoke_before_start, test_assign_answers_what_waits, test_duties_shut_nobody_out,
              test_pause_of_one_of_two, test_extension_takes_no_start);
    return suite_run();
}
