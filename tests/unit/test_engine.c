/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine on a store in memory and a clock in the hand: the life of requests and assignments. */
#include "common/grantdir.h"
#include "common/names.h"
#include "helperd/store/sql.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fixture fixture;
static const struct decision_terms no_terms = {.reason = ""};

#define DB_ADMINS                                                                                            \
    "[package]\ngroups = dbadmins backup\n[policy]\nrequestors = %staff\njustification = required\n"         \
    "duration = 1h\nmax_duration = 2h\napprovers = %dba-leads\napproval_timeout = 1d\n"
#define SELF_SERVICE "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 10m\n"
#define TWO_STAGES                                                                                           \
    "[package]\ngroups = dbadmins\n[stage 1]\napprovers = bob dave\nquorum = 2\ntimeout = 1h\n"              \
    "[stage 2]\napprovers = carol\ntimeout = 2h\n"

static void setup(void)
{
    fixture_init(&fixture, "db-admins", DB_ADMINS, "self", SELF_SERVICE, "staged", TWO_STAGES, NULL);
}

static void teardown(void)
{
    fixture_deinit(&fixture);
}

static int64_t submit(const char *user, const char *package)
{
    json_t *value = NULL;
    ck_assert_msg(fixture_submit(&fixture, user, package, "reason", &value) == 0, "%s", fixture_message);
    return fixture_id(value);
}

static const char *member(json_t *value, const char *key)
{
    return json_string_value(json_object_get(value, key));
}

/* Rules 2 and 3: approved, committed, and the file says so when the answer comes. */
START_TEST(test_approval)
{
    json_t *value = NULL;
    const int64_t id = submit("alice", "db-admins");
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 12 * 3600); /* a reminder; the time-out comes later */

    fixture.now += 3600; /* the delay of the approval eats nothing (rule 8) */
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "have fun", &value), 0);
    ck_assert_str_eq(member(value, "state"), "fulfilled");
    ck_assert_int_eq(json_integer_value(json_object_get(value, "assignment_end")), fixture.now + 3600);
    json_decref(value);
    ck_assert_int_eq(fixture.changed, id);
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    ck_assert(!fixture_gate_opens(&fixture, "bob", "db-admins"));

    fixture.now += 3599;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
    fixture.now += 1;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");

    /* Rule 8: a clock set back revives nothing. */
    fixture.now -= 2000;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
}
END_TEST

START_TEST(test_denial)
{
    const int64_t id = submit("alice", "db-admins");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, "", NULL), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, "not today", NULL), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "denied");
    /* Rule 4: the second approver is told who and when. */
    ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "denied by bob at 2025-11-2"));
    ck_assert_ptr_nonnull(strstr(fixture_message, "not today"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    /* Whoever was not asked learns nothing of it. */
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_ptr_null(strstr(fixture_message, "bob"));
    ck_assert_int_ne(submit("alice", "db-admins"), id);
}
END_TEST

/* A reason is cut where a character ends: libdbus ends a process that sends half of one. */
START_TEST(test_long_reason_in_a_refusal)
{
    char reason[512] = "";
    for (size_t shift = 0; shift < 4; shift++) {
        memset(reason, 'x', shift);
        reason[shift] = '\0';
        for (int i = 0; i < 100; i++)
            strcat(reason, "\xe2\x82\xac");
        const int64_t id = submit("alice", "db-admins");
        ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, reason, NULL), 0);
        ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
        ck_assert(text_is_utf8(fixture_message));
        ck_assert_ptr_nonnull(strstr(fixture_message, "...)."));
    }
}
END_TEST

START_TEST(test_who_may_not_decide)
{
    const int64_t id = submit("carol", "db-admins");
    ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL),
                     BUS_ERROR_NOT_AUTHORIZED); /* rule 5 */
    ck_assert_int_eq(fixture_decide(&fixture, "alice", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(fixture_decide(&fixture, "root", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(fixture_decide(&fixture, "erin", id, true, "", NULL),
                     BUS_ERROR_NOT_AUTHORIZED); /* nologin */
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id + 1, true, "", NULL), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", -1, true, "", NULL), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
}
END_TEST

/* Rule 5: an approver who became the requestor's login (or the other way round) is the same person. */
START_TEST(test_same_login)
{
    const int64_t id = submit("alice", "db-admins");
    struct facts *facts = fixture_facts("bob", "alice");
    const struct caller su = {.identity = {BOB, ALICE}};
    struct reply reply = {0};
    ck_assert_int_eq(fixture_ask(engine_decide, &fixture.engine, &su, facts, &reply, id, true, &no_terms),
                     BUS_ERROR_NOT_AUTHORIZED);
    facts_free(facts);
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
}
END_TEST

/* Rule 7: a second submission shows the same request. */
START_TEST(test_repeat)
{
    json_t *value = NULL;
    const int64_t id = submit("alice", "db-admins");
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "db-admins", NULL, &value), 0);
    ck_assert(json_is_true(json_object_get(value, "existing")));
    ck_assert(json_is_false(json_object_get(value, "held")));
    ck_assert_int_eq(fixture_id(value), id);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "db-admins", NULL, &value), 0);
    ck_assert(json_is_true(json_object_get(value, "held")));
    ck_assert_int_eq(fixture_id(value), id);
}
END_TEST

START_TEST(test_refused_submissions)
{
    char long_text[BUS_TEXT_MAX + 2];
    memset(long_text, 'a', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    const struct {
        const char *user;
        const char *package;
        const char *why;
        int expected;
        const char *says;
    } table[] = {
        {"bob", "db-admins", "reason", BUS_ERROR_POLICY_REFUSED, "does not let you"},
        {"alice", "db-admins", NULL, BUS_ERROR_POLICY_REFUSED, "-m 'REASON'"},
        {"alice", "nothing", "reason", BUS_ERROR_NO_SUCH_PACKAGE, "no access package nothing"},
        {"alice", "../x", "reason", BUS_ERROR_INVALID_ARGUMENT, "'../x' cannot be"},
        {"alice", "\033[31m", "reason", BUS_ERROR_INVALID_ARGUMENT, "'\\x1b[31m' cannot be"},
        {"alice", "", "reason", BUS_ERROR_INVALID_ARGUMENT, "cannot be"},
        {"alice", "db-admins", "\033[2J", BUS_ERROR_INVALID_ARGUMENT, "control characters"},
        {"alice", "db-admins", "two\nlines", BUS_ERROR_INVALID_ARGUMENT, "one line"},
        {"alice", "db-admins", "\xe2\x80\xae turned", BUS_ERROR_INVALID_ARGUMENT, "control characters"},
        {"alice", "db-admins", long_text, BUS_ERROR_INVALID_ARGUMENT, "longer than"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const int r = fixture_submit(&fixture, table[i].user, table[i].package, table[i].why, NULL);
        ck_assert_msg(r == table[i].expected, "row %zu: %d", i, r);
        ck_assert_msg(strstr(fixture_message, table[i].says), "row %zu: %s", i, fixture_message);
    }
    struct store_counts counts = {0};
    ck_assert_int_eq(store_count(fixture.engine.store, fixture.now, &counts), 0);
    ck_assert_int_eq(counts.pending, 0);
    long_text[BUS_TEXT_MAX] = '\0';
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "db-admins", long_text, NULL), 0);
}
END_TEST

START_TEST(test_limit)
{
    fixture.config.pending_per_user = 1;
    submit("alice", "db-admins");
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "staged", "x", NULL), BUS_ERROR_LIMIT_EXCEEDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "pkg-request cancel"));
    submit("dave", "staged");
}
END_TEST

/* Filing and cancelling in turn ends as well: the history stays. */
START_TEST(test_pace)
{
    struct facts *facts = fixture_facts("alice", NULL);
    const struct caller caller = fixture_caller("alice");
    fixture.config.pending_per_user = 2;
    for (int i = 0; i < 50; i++) {
        struct reply reply = {0};
        const int64_t id = submit("alice", "db-admins");
        fixture.now += 60;
        ck_assert_int_eq(fixture_ask(engine_cancel, &fixture.engine, &caller, facts, &reply, id, ""), 0);
        json_decref(reply.value);
    }
    facts_free(facts);
    fixture.now -= 50 * 60;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "db-admins", "x", NULL), BUS_ERROR_LIMIT_EXCEEDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "within an hour"));
    submit("dave", "db-admins");
    fixture.now += 3600;
    submit("alice", "db-admins");
}
END_TEST

/* Whoever files for themselves may say that they are a gate, and where: it is shown as what they claim. */
START_TEST(test_claims)
{
    struct reply reply = {0};
    char *names[] = {(char *)"db-admins", NULL};
    const struct submission submission = {
        .packages = names, .justification = "x", .service = "sshd", .at_gate = true};
    struct facts *facts = fixture_facts("alice", NULL);
    const struct caller caller = fixture_caller("alice");
    ck_assert_int_eq(fixture_ask(engine_submit, &fixture.engine, &caller, facts, &reply, &submission), 0);
    ck_assert_str_eq(member(reply.value, "service"), "sshd");
    ck_assert_str_eq(member(reply.value, "origin"), "claimed");
    json_decref(reply.value);
    facts_free(facts);
}
END_TEST

/* Files for alice at the gate, in a process of root's with bob's login id: the state after bob approves. */
static int decide_what_the_gate_files(bool own_login_id, uid_t decider_login)
{
    struct reply reply = {0};
    char *names[] = {(char *)"db-admins", NULL};
    const struct submission submission = {
        .user = "alice", .packages = names, .at_gate = true, .own_login_id = own_login_id};
    struct caller caller = fixture_caller("root");
    struct facts *facts = fixture_facts("root", "alice");
    caller.identity.loginuid = 1002; /* bob's */
    ck_assert_int_eq(fixture_ask(engine_submit, &fixture.engine, &caller, facts, &reply, &submission), 0);
    const int64_t id = json_integer_value(json_object_get(reply.value, "id"));
    json_decref(reply.value);
    facts_free(facts);
    reply = (struct reply){0};
    caller = fixture_caller("bob");
    caller.identity.loginuid = decider_login;
    facts = fixture_facts("bob", "alice");
    const int r = fixture_ask(engine_decide, &fixture.engine, &caller, facts, &reply, id, true,
                              &(struct decision_terms){.reason = "x"});
    json_decref(reply.value);
    facts_free(facts);
    return r;
}

/* Rule 5: the login id of an sshd that bob started by hand bars bob from nothing ... */
START_TEST(test_login_id_of_an_sshd)
{
    ck_assert_int_eq(decide_what_the_gate_files(false, 1002), 0);
}
END_TEST

/* ... and that of the su with which bob became alice does. */
START_TEST(test_login_id_of_a_su)
{
    ck_assert_int_eq(decide_what_the_gate_files(true, 1002), BUS_ERROR_NOT_AUTHORIZED);
}
END_TEST

START_TEST(test_require_login_id)
{
    fixture.config.require_login_id = CONFIG_YES;
    ck_assert_int_eq(decide_what_the_gate_files(false, UID_UNSET), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(decide_what_the_gate_files(false, 1002), 0);
}
END_TEST

/* The gate speaks for others, as uid 0 only, and need not say why; several packages: the first allowed. */
START_TEST(test_gate)
{
    struct reply reply = {0};
    char *names[] = {(char *)"nothing", (char *)"db-admins", (char *)"staged", NULL};
    struct submission submission = {.user = "alice", .packages = names, .service = "sshd", .at_gate = true};
    struct facts *facts = fixture_facts("dave", "alice");
    struct caller caller = fixture_caller("dave");
    ck_assert_int_eq(fixture_ask(engine_submit, &fixture.engine, &caller, facts, &reply, &submission),
                     BUS_ERROR_NOT_AUTHORIZED);
    caller = fixture_caller("root");
    ck_assert_int_eq(fixture_ask(engine_submit, &fixture.engine, &caller, facts, &reply, &submission), 0);
    ck_assert_str_eq(member(reply.value, "package"), "db-admins");
    ck_assert_str_eq(member(reply.value, "user"), "alice");
    ck_assert_str_eq(member(reply.value, "origin"), "verified");
    ck_assert(json_is_true(json_object_get(reply.value, "no_reason_given")));
    json_decref(reply.value);

    /* An open request of a later package is shown rather than a new one filed. */
    const int64_t staged = submit("dave", "staged");
    facts_free(facts);
    facts = fixture_facts("root", "dave");
    submission.user = "dave";
    ck_assert_int_eq(fixture_ask(engine_submit, &fixture.engine, &caller, facts, &reply, &submission), 0);
    ck_assert(json_is_true(json_object_get(reply.value, "existing")));
    ck_assert_int_eq(fixture_id(reply.value), staged);
    facts_free(facts);

    /* What needs no approval lets in at once, beside a request that waits and before it. */
    char *with_free[] = {(char *)"staged", (char *)"self", NULL};
    submission.packages = with_free;
    facts = fixture_facts("root", "dave");
    ck_assert_int_eq(fixture_ask(engine_submit, &fixture.engine, &caller, facts, &reply, &submission), 0);
    ck_assert(json_is_true(json_object_get(reply.value, "held")));
    json_decref(reply.value);
    ck_assert(fixture_gate_opens(&fixture, "dave", "self"));
    submission.packages = names;
    facts_free(facts);

    facts = fixture_facts("root", NULL);
    submission.user = "nobody-here";
    ck_assert_int_eq(fixture_ask(engine_submit, &fixture.engine, &caller, facts, &reply, &submission),
                     BUS_ERROR_NO_SUCH_USER);
    facts_free(facts);
}
END_TEST

/* Who did what to it, as "actor uid event; ...". */
static const char *audit_of(int64_t request)
{
    static char text[1024];
    struct store *store = fixture.engine.store;
    sqlite3_stmt *s = sql_take(store,
                               "SELECT group_concat(actor || ' ' || coalesce(uid, '-') || ' ' || event, '; ')"
                               " FROM (SELECT * FROM audit WHERE request = ? ORDER BY id)",
                               "i", request);
    ck_assert_int_eq(sql_step(store, s), 1);
    snprintf(text, sizeof(text), "%s", (const char *)sqlite3_column_text(s, 0));
    sql_release(store, s);
    return text;
}

/* Rule 12: every change of state, with who; uid 0 where the gate filed it. */
START_TEST(test_audit)
{
    struct reply reply = {0};
    char *names[] = {(char *)"db-admins", NULL};
    const struct submission submission = {.user = "alice", .packages = names, .at_gate = true};
    struct facts *facts = fixture_facts("root", "alice");
    const struct caller root = fixture_caller("root");
    ck_assert_int_eq(fixture_ask(engine_submit, &fixture.engine, &root, facts, &reply, &submission), 0);
    facts_free(facts);
    const int64_t id = fixture_id(reply.value);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    fixture.now += 3600;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_str_eq(audit_of(id), "alice 0 submit; bob 1002 approve; accesspkgd - fulfil; accesspkgd - end");

    const int64_t self = submit("dave", "self");
    ck_assert_str_eq(audit_of(self), "dave 1004 submit; accesspkgd - waive; accesspkgd - fulfil");
    const int64_t late = submit("carol", "db-admins");
    fixture.now += 24 * 3600;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_str_eq(audit_of(late), "carol 1003 submit; accesspkgd - time-out");
    const int64_t denied = submit("carol", "db-admins");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", denied, false, "no", NULL), 0);
    ck_assert_str_eq(audit_of(denied), "carol 1003 submit; bob 1002 deny");
}
END_TEST

START_TEST(test_without_approval)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "self", NULL, &value), 0);
    ck_assert_str_eq(member(value, "state"), "fulfilled");
    ck_assert_str_eq(member(value, "request_state"), "approved");
    ck_assert(json_is_true(json_object_get(value, "held")));
    json_decref(value);
    ck_assert(fixture_gate_opens(&fixture, "dave", "self"));
    ck_assert(fixture_in_group(&fixture, "dave", 34));
}
END_TEST

/* Rule 6: a group that two live assignments give goes with the last. */
START_TEST(test_shared_group)
{
    ck_assert_int_eq(fixture_decide(&fixture, "bob", submit("alice", "db-admins"), true, "", NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    fixture.now += 600;
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    fixture.now += 3000;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
}
END_TEST

START_TEST(test_stages)
{
    const int64_t id = submit("alice", "staged");
    json_t *value = NULL;
    ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_ptr_nonnull(
        strstr(fixture_message, "is in stage 1 of 2, which others decide. You are asked in stage 2."));
    ck_assert_int_eq(fixture_decide(&fixture, "alice", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "You are not an approver of request"));
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", &value), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(value, "stage")), 1);
    json_decref(value);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "fine", &value), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(value, "stage")), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(value, "expires")), fixture.now + 7200);
    json_decref(value);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "staged"));
    /* Rule 4, of a stage that is complete: who, when and why. */
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "Stage 1 of request "));
    ck_assert_ptr_nonnull(strstr(fixture_message, " was approved by dave at 20"));
    ck_assert_ptr_nonnull(strstr(fixture_message, "(reason: fine). Stage 2 is for others to decide."));
    ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL), 0);
    ck_assert(fixture_gate_opens(&fixture, "alice", "staged"));
}
END_TEST

START_TEST(test_time_out)
{
    const int64_t id = submit("alice", "db-admins");
    fixture.now += 24 * 3600;
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "Expired"));
    ck_assert_str_eq(fixture_state(&fixture, id), "expired");
    ck_assert_int_ne(submit("alice", "db-admins"), id);
}
END_TEST

START_TEST(test_cancel)
{
    const int64_t id = submit("alice", "db-admins");
    struct reply reply = {0};
    struct facts *facts = fixture_facts("dave", NULL);
    struct caller caller = fixture_caller("dave");
    ck_assert_int_eq(fixture_ask(engine_cancel, &fixture.engine, &caller, facts, &reply, id, ""),
                     BUS_ERROR_NO_SUCH_REQUEST);
    facts_free(facts);
    facts = fixture_facts("alice", NULL);
    caller = fixture_caller("alice");
    ck_assert_int_eq(fixture_ask(engine_cancel, &fixture.engine, &caller, facts, &reply, id, "not needed"),
                     0);
    ck_assert_str_eq(member(reply.value, "state"), "cancelled");
    ck_assert_str_eq(member(reply.value, "cancel_reason"), "not needed");
    json_decref(reply.value);
    ck_assert_int_eq(fixture_ask(engine_cancel, &fixture.engine, &caller, facts, &reply, id, ""),
                     BUS_ERROR_ALREADY_DECIDED);
    facts_free(facts);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
}
END_TEST

/* Who withdraws too late holds it: they are told what gives it back. */
START_TEST(test_cancel_too_late)
{
    const int64_t id = submit("alice", "db-admins");
    struct reply reply = {0};
    struct facts *facts = fixture_facts("alice", NULL);
    const struct caller caller = fixture_caller("alice");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert_int_eq(fixture_ask(engine_cancel, &fixture.engine, &caller, facts, &reply, id, ""),
                     BUS_ERROR_ALREADY_DECIDED);
    ck_assert_ptr_nonnull(
        strstr(reply.message, "To hand back what you hold of it: pkg-request return db-admins"));
    facts_free(facts);
}
END_TEST

/* Rule 9: what was true at submission is asked again at the decision. */
START_TEST(test_eligibility_is_judged_now)
{
    const int64_t id = submit("alice", "db-admins");
    struct caller caller = fixture_caller("bob");
    struct reply reply = {0};
    struct facts *facts = fixture_facts("bob", NULL); /* alice is gone */
    ck_assert_int_eq(fixture_ask(engine_decide, &fixture.engine, &caller, facts, &reply, id, true, &no_terms),
                     BUS_ERROR_POLICY_REFUSED);
    facts_free(facts);
    facts = fixture_facts("bob", "alice"); /* another alice */
    facts->user->uid = 1234;
    ck_assert_int_eq(fixture_ask(engine_decide, &fixture.engine, &caller, facts, &reply, id, true, &no_terms),
                     BUS_ERROR_POLICY_REFUSED);
    facts_free(facts);
    facts = fixture_facts("bob", "alice"); /* no longer staff */
    strv_free(facts->user->groups);
    facts->user->groups = strv_split("alice");
    ck_assert_int_eq(fixture_ask(engine_decide, &fixture.engine, &caller, facts, &reply, id, true, &no_terms),
                     BUS_ERROR_POLICY_REFUSED);
    facts_free(facts);

    /* A pending request keeps the approvers it was filed under; a shorter maximum holds at once. */
    fixture_write_package(&fixture, "db-admins",
                          "[package]\ngroups = dbadmins\n[policy]\nduration = 10m\napprovers = dave\n");
    fixture_reload(&fixture);
    json_t *value = NULL;
    ck_assert_int_eq(fixture_decide(&fixture, "dave", id, true, "", NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", &value), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(value, "assignment_end")), fixture.now + 600);
    json_decref(value);
}
END_TEST

/* Another person by the name of a holder: whom it is not was never asked, and look-ups of groups go by name. */
START_TEST(test_uid_changed)
{
    const int64_t id = submit("alice", "db-admins");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    const int64_t staged = submit("alice", "staged");
    struct facts *facts = fixture_facts("alice", NULL);
    facts->caller->uid = 1234;
    const struct caller caller = {.identity = {1234, UID_UNSET}};
    char *self[] = {(char *)"self", NULL};
    const struct submission submission = {.packages = self};
    struct reply reply = {0};
    ck_assert_int_eq(fixture_ask(engine_submit, &fixture.engine, &caller, facts, &reply, &submission), 0);
    ck_assert(json_is_true(json_object_get(reply.value, "held")));
    json_decref(reply.value);
    ck_assert_str_eq(fixture_state(&fixture, id), "revoked");
    struct grant_user file = {0};
    ck_assert_int_eq(grantdir_read_user(fixture.state, "alice", fixture.now, &file), 0);
    ck_assert_uint_eq(file.uid, 1234);
    ck_assert_uint_eq(file.n_packages, 1);
    ck_assert_str_eq(file.packages[0].name, "self");
    grant_user_deinit(&file);
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    /* The requests of the other are not hers either. */
    ck_assert_int_eq(fixture_ask(engine_get_request, &fixture.engine, &caller, facts, &reply, staged),
                     BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(fixture_ask(engine_cancel, &fixture.engine, &caller, facts, &reply, staged, ""),
                     BUS_ERROR_NO_SUCH_REQUEST);
    facts_free(facts);
}
END_TEST

/* A uid that was given to another person, or belongs to two: each has their own. */
START_TEST(test_uid_of_two)
{
    const int64_t id = submit("alice", "db-admins");
    struct facts *facts = fixture_facts("dave", NULL);
    facts->caller->uid = ALICE;
    const struct caller caller = {.identity = {ALICE, UID_UNSET}};
    const struct store_filter filter = {.limit = 10, .uid = UID_UNSET};
    char *names[] = {(char *)"db-admins", NULL};
    const struct submission submission = {.packages = names, .justification = "x"};
    struct reply reply = {0};
    ck_assert_int_eq(fixture_ask(engine_get_request, &fixture.engine, &caller, facts, &reply, id),
                     BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(fixture_ask(engine_cancel, &fixture.engine, &caller, facts, &reply, id, ""),
                     BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(fixture_ask(engine_list_requests, &fixture.engine, &caller, facts, &reply,
                                 ENGINE_ROLE_REQUESTOR, &filter),
                     0);
    ck_assert_uint_eq(json_array_size(json_array_get(reply.value, 0)), 0);
    json_decref(reply.value);
    ck_assert_int_eq(fixture_ask(engine_submit, &fixture.engine, &caller, facts, &reply, &submission), 0);
    ck_assert(json_is_false(json_object_get(reply.value, "existing")));
    ck_assert_str_eq(member(reply.value, "user"), "dave");
    ck_assert_int_ne(fixture_id(reply.value), id);
    facts_free(facts);
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
}
END_TEST

START_TEST(test_partial_fulfilment)
{
    const int64_t id = submit("alice", "db-admins");
    struct caller caller = fixture_caller("bob");
    struct reply reply = {0};
    struct facts *facts = fixture_facts("bob", "alice");
    facts->groups[1].gid = GID_UNSET; /* no group backup */
    ck_assert_int_eq(fixture_ask(engine_decide, &fixture.engine, &caller, facts, &reply, id, true, &no_terms),
                     0);
    ck_assert_str_eq(member(reply.value, "state"), "partially-fulfilled");
    const char *problem = json_string_value(json_array_get(json_object_get(reply.value, "problems"), 0));
    ck_assert_str_eq(problem, "backup: there is no such group on this host (an administrator makes it, then "
                              "runs: pkg-admin reload)");
    json_decref(reply.value);
    facts_free(facts);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(fixture_in_group(&fixture, "alice", 2001));

    int64_t assignment = 0;
    struct inquiry inquiry = INQUIRY_NOBODY;
    ck_assert_int_eq(engine_due_retry(&fixture.engine, &assignment, &inquiry), STORE_E_NONE);
    fixture.now += 1;
    ck_assert_int_eq(engine_due_retry(&fixture.engine, &assignment, &inquiry), 0);
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
    fixture.now += 3599; /* its clock started when it was whole (rule 8) */
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
    fixture.now += 1;
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
}
END_TEST

/* An assignment of alice's that lacks the group backup. */
static int64_t approve_in_part(void)
{
    const int64_t id = submit("alice", "db-admins");
    const struct caller caller = fixture_caller("bob");
    struct reply reply = {0};
    struct facts *facts = fixture_facts("bob", "alice");
    facts->groups[1].gid = GID_UNSET;
    ck_assert_int_eq(fixture_ask(engine_decide, &fixture.engine, &caller, facts, &reply, id, true, &no_terms),
                     0);
    const int64_t assignment = json_integer_value(json_object_get(reply.value, "assignment"));
    json_decref(reply.value);
    facts_free(facts);
    return assignment;
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
    const int64_t id = submit("dave", "db-admins");
    fixture.now += 24 * 3600;
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "Expired at 2025-11-2"));
    struct facts *facts = fixture_facts("dave", NULL);
    const struct caller caller = fixture_caller("dave");
    struct reply reply = {0};
    ck_assert_int_eq(fixture_ask(engine_cancel, &fixture.engine, &caller, facts, &reply, id, ""),
                     BUS_ERROR_ALREADY_DECIDED);
    facts_free(facts);
    retry(assignment, fixture_facts(NULL, "alice"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert_int_le(fixture.deadline, fixture.now); /* the rest at once */
    struct store_counts counts = {0};
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_int_eq(store_count(fixture.engine.store, fixture.now, &counts), 0);
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
    const int64_t id = submit("alice", "db-admins");
    ck_assert_int_eq(rename(folder, aside), 0);
    ck_assert_int_eq(symlink("aside", folder), 0); /* no folder that a writer accepts */
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    ck_assert_int_le(fixture.deadline, fixture.now + 5);
    ck_assert_int_eq(unlink(folder), 0);
    ck_assert_int_eq(rename(aside, folder), 0);
    fixture.now += 5;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    int64_t assignment = 0;
    struct inquiry inquiry = INQUIRY_NOBODY;
    ck_assert_int_eq(engine_due_retry(&fixture.engine, &assignment, &inquiry), 0);
    inquiry_deinit(&inquiry);
    struct facts *facts = fixture_facts(NULL, "alice");
    ck_assert_int_eq(engine_retry(&fixture.engine, assignment, facts), 0);
    facts_free(facts);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
}
END_TEST

/* Readers refuse files from the future: they are written again when the clock was set back. */
START_TEST(test_clock_set_back)
{
    ck_assert_int_eq(fixture_decide(&fixture, "bob", submit("alice", "db-admins"), true, "", NULL), 0);
    struct grant_user file = {0};
    fixture.now -= 600;
    ck_assert_int_eq(grantdir_read_user(fixture.state, "alice", fixture.now, &file), -ETIME);
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_int_eq(grantdir_read_user(fixture.state, "alice", fixture.now, &file), 0);
    grant_user_deinit(&file);
}
END_TEST

static size_t count_list(const char *name, enum engine_role role, int64_t before, int64_t limit,
                         bool *ret_more)
{
    struct facts *facts = fixture_facts(name, NULL);
    const struct caller caller = fixture_caller(name);
    const struct store_filter filter = {.before = before, .limit = limit, .uid = UID_UNSET};
    struct reply reply = {0};
    ck_assert_int_eq(
        fixture_ask(engine_list_requests, &fixture.engine, &caller, facts, &reply, role, &filter), 0);
    const size_t count = json_array_size(json_array_get(reply.value, 0));
    *ret_more = json_is_true(json_array_get(reply.value, 1));
    json_decref(reply.value);
    facts_free(facts);
    return count;
}

START_TEST(test_lists)
{
    bool more = false;
    const int64_t first = submit("alice", "db-admins");
    const int64_t second = submit("carol", "db-admins");
    submit("dave", "staged");
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

    struct facts *facts = fixture_facts("dave", NULL);
    const struct caller caller = fixture_caller("dave");
    struct reply reply = {0};
    ck_assert_int_eq(fixture_ask(engine_get_request, &fixture.engine, &caller, facts, &reply, first),
                     BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(fixture_ask(engine_list_requests, &fixture.engine, &caller, facts, &reply,
                                 ENGINE_ROLE_ALL, &(struct store_filter){.limit = 1}),
                     BUS_ERROR_NOT_AUTHORIZED);
    facts_free(facts);
}
END_TEST

static void begin_with_a_new_store(void)
{
    bool newborn = false;
    engine_deinit(&fixture.engine);
    store_close(fixture.engine.store);
    ck_assert_int_eq(store_open(":memory:", &fixture.engine.store, &newborn), 0);
    ck_assert(newborn);
    ck_assert_int_eq(engine_start(&fixture.engine, newborn), 0);
}

/* A new store takes over what the files say, until their end; files that nothing stands behind go. */
START_TEST(test_adoption_and_verification)
{
    ck_assert_int_eq(fixture_decide(&fixture, "bob", submit("alice", "db-admins"), true, "", NULL), 0);
    begin_with_a_new_store();
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));

    const struct grant_group groups[] = {{34, "backup", {0, GRANT_FOREVER}}};
    const struct grant_user stray = {.user = "dave",
                                     .uid = DAVE,
                                     .written = fixture.now,
                                     .groups = (struct grant_group *)groups,
                                     .n_groups = 1};
    ck_assert_int_eq(grantdir_write_user(fixture.state, &stray, false), 0);
    ck_assert(fixture_in_group(&fixture, "dave", 34));
    struct engine_verification verification = {0};
    while (engine_verify(&fixture.engine, &verification) != 0)
        ;
    ck_assert(!fixture_in_group(&fixture, "dave", 34));
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    fixture.now += 3600;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    struct grant_user file = {0};
    ck_assert_int_eq(grantdir_read_user(fixture.state, "alice", fixture.now, &file), -ENOENT);
}
END_TEST

/* One file that resists costs the others nothing. */
START_TEST(test_verification_goes_on)
{
    char path[256];
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    snprintf(path, sizeof(path), "%s/grants/user/alice", fixture.state);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    struct grant_group group = {34, "backup", {0, GRANT_FOREVER}};
    const struct grant_user stray = {
        .user = "dave", .uid = DAVE, .written = fixture.now, .groups = &group, .n_groups = 1};
    ck_assert_int_eq(grantdir_write_user(fixture.state, &stray, false), 0);
    struct engine_verification verification = {0};
    int faults = 0;
    for (int r; (r = engine_verify(&fixture.engine, &verification)) != 0;)
        faults += r < 0;
    ck_assert_int_ge(faults, 1);
    ck_assert(!fixture_in_group(&fixture, "dave", 34));
}
END_TEST

/* Two packages of one second and one length that give the same group; and lines that come twice. */
START_TEST(test_adoption_of_a_shared_group)
{
    fixture_write_package(&fixture, "twin", SELF_SERVICE);
    fixture_reload(&fixture);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "twin", NULL, NULL), 0);
    const struct grant_span span = {fixture.now, GRANT_FOREVER};
    struct grant_package packages[] = {{"self", span, 1}, {"self", span, 1}};
    struct grant_group groups[] = {{34, "backup", span}, {34, "backup", span}};
    const struct grant_user twice = {.user = "dave",
                                     .uid = DAVE,
                                     .written = fixture.now,
                                     .packages = packages,
                                     .n_packages = 2,
                                     .groups = groups,
                                     .n_groups = 2};
    ck_assert_int_eq(grantdir_write_user(fixture.state, &twice, false), 0);
    begin_with_a_new_store();
    struct engine_verification verification = {0};
    while (engine_verify(&fixture.engine, &verification) != 0)
        ;
    ck_assert(fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert(fixture_gate_opens(&fixture, "alice", "twin"));
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    ck_assert(fixture_gate_opens(&fixture, "dave", "self"));
    /* It has no end that could be told. */
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "self", NULL, &value), 0);
    ck_assert_str_eq(member(value, "state"), "fulfilled");
    ck_assert_ptr_null(json_object_get(value, "assignment_end"));
    json_decref(value);
}
END_TEST

/* A crash between commit and grant file: the narrowing is made good before the start is done. */
START_TEST(test_replay)
{
    ck_assert_int_eq(fixture_decide(&fixture, "bob", submit("alice", "db-admins"), true, "", NULL), 0);
    struct assignment assignment = {0};
    struct store *store = fixture.engine.store;
    ck_assert_int_eq(store_find_live_assignment(store, ALICE, "alice", "db-admins", &assignment), 0);
    ck_assert_int_eq(store_begin(store), 0);
    assignment.state = STATE_ACCESS_EXPIRED;
    ck_assert_int_eq(store_update_assignment(store, &assignment), 0);
    ck_assert_int_eq(store_add_publication(store, "alice", true), 0);
    ck_assert_int_eq(store_commit(store), 0);
    assignment_deinit(&assignment);
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert_int_eq(engine_start(&fixture.engine, false), 0);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
}
END_TEST

int main(void)
{
    suite_case("engine", setup, teardown);
    suite_add(test_approval, test_denial, test_long_reason_in_a_refusal, test_who_may_not_decide,
              test_same_login, test_repeat, test_refused_submissions, test_limit, test_pace, test_claims,
              test_login_id_of_an_sshd, test_login_id_of_a_su, test_require_login_id, test_gate, test_audit,
              test_without_approval, test_shared_group, test_stages, test_time_out, test_cancel,
              test_cancel_too_late, test_eligibility_is_judged_now, test_uid_changed, test_uid_of_two,
              test_partial_fulfilment, test_retry_judges_now, test_retry_withdraws, test_many_deadlines,
              test_due_retry_waits, test_unwritable_grants, test_clock_set_back, test_lists,
              test_adoption_and_verification, test_adoption_of_a_shared_group, test_verification_goes_on,
              test_replay);
    return suite_run();
}
