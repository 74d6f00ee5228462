/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who hears what: each event is written once, with the change, and waits until it is delivered. */
#include "common/outbox.h"
#include "helperd/store/sql.h"
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <string.h>

#define ONE                                                                                                  \
    "[package]\ndescription = Production\ngroups = dbadmins\n[policy]\nduration = 10h\nmax_duration = 10h\n" \
    "justification = required\nextension = approval\napprovers = bob %dba-leads\napproval_timeout = 1000s\n"
#define TWO                                                                                                  \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 20m\nmax_duration = 1h\nemergency = alice\n"         \
    "emergency_duration = 2h\n[stage 1]\n"                                                                   \
    "approvers = bob carol dave\nquorum = 2\ntimeout = 1000s\nescalate_after = 300s\n"                       \
    "fallback_approvers = %managers\n[stage 2]\napprovers = %dba-leads\n"
#define FREE "[package]\ngroups = backup\n[policy]\nduration = 10m\napproval = none\nextension = no\n"

static struct fixture fixture;
static int64_t last_signal;
static char text[4096];

static void on_notices(int64_t last, void *data)
{
    (void)data;
    last_signal = last;
}

static void setup(void)
{
    fixture_init(&fixture, "one", ONE, "two", TWO, "free", FREE, NULL);
    fixture.engine.hooks.notices = on_notices;
    last_signal = 0;
}

/* All that waits, "event[recipients]", and lets it go. */
static const char *told(void)
{
    struct notice notice = {0};
    int64_t gone = 0;
    int64_t after = 0;
    text[0] = '\0';
    while (store_next_notice(fixture.engine.store, after, &notice) == 0) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s%s%s", used ? " " : "", outbox_identifier(notice.event),
                 notice.recipients);
        after = notice.id;
        notice_deinit(&notice);
    }
    ck_assert_int_eq(store_begin(fixture.engine.store), 0);
    ck_assert_int_eq(store_remove_notices(fixture.engine.store, after, &gone), 0);
    ck_assert_int_eq(store_commit(fixture.engine.store), 0);
    return text;
}

static json_t *take(int64_t after)
{
    struct reply reply = {0};
    ck_assert_int_eq(engine_take_notices(&fixture.engine, after, 0, &reply), 0);
    return reply.value;
}

static bool done(int64_t id, const char *hook, bool ok, const char *message)
{
    struct reply reply = {0};
    const int r = engine_notice_done(&fixture.engine, id, hook, ok, message, &reply);
    ck_assert(!json_is_true(reply.value) || fixture.engine.joined.engine); /* it shares a commit */
    ck_assert_int_eq(engine_end(&fixture.engine, r), 0);
    const bool known = json_is_true(reply.value);
    json_decref(reply.value);
    return known;
}

static int64_t submit(const char *user, const char *package)
{
    json_t *value = NULL;
    ck_assert_msg(fixture_submit(&fixture, user, package, "disk full", &value) == 0, "%s", fixture_message);
    return fixture_id(value);
}

static void decide(const char *who, int64_t id, bool approve)
{
    ck_assert_msg(fixture_decide(&fixture, who, id, approve, "because", NULL) == 0, "%s", fixture_message);
}

START_TEST(test_table)
{
    for (int event = 0; event < OUTBOX_EVENT_COUNT; event++) {
        const enum outbox_event e = (enum outbox_event)event;
        ck_assert_int_eq(outbox_from_identifier(outbox_identifier(e)), e);
        ck_assert(*outbox_summary(e));
    }
    ck_assert_int_eq(outbox_from_identifier("no-such"), OUTBOX_EVENT_COUNT);
}
END_TEST

START_TEST(test_approved)
{
    const int64_t id = submit("alice", "one");
    ck_assert_int_eq(last_signal, 1);
    ck_assert_str_eq(told(), "request-waits[\"bob\",\"%dba-leads\"]");
    submit("alice", "one"); /* rule 7: the same request, nobody hears of it twice */
    ck_assert_str_eq(told(), "");
    decide("bob", id, true);
    ck_assert_str_eq(told(),
                     "decided-by-other[\"bob\",\"%dba-leads\"] approved[\"alice\"] fulfilled[\"alice\"]");
    ck_assert_int_ne(fixture_decide(&fixture, "carol", id, true, "", NULL), 0);
    ck_assert_str_eq(told(), "");
}
END_TEST

START_TEST(test_denied)
{
    const int64_t id = submit("alice", "one");
    told();
    decide("carol", id, false);
    json_t *notices = take(0);
    ck_assert_uint_eq(json_array_size(notices), 2);
    json_t *others = json_array_get(notices, 0);
    ck_assert_str_eq(acts_text(others, "event"), "decided-by-other");
    ck_assert_str_eq(acts_text(others, "decider"), "carol");
    ck_assert_str_eq(acts_text(others, "verdict"), "denied");
    json_t *except = json_object_get(others, "except");
    ck_assert_uint_eq(json_array_size(except), 2);
    ck_assert_str_eq(json_string_value(json_array_get(except, 0)), "alice");
    ck_assert_str_eq(json_string_value(json_array_get(except, 1)), "carol");
    json_t *denied = json_array_get(notices, 1);
    ck_assert_str_eq(acts_text(denied, "event"), "denied");
    ck_assert_str_eq(acts_text(denied, "reason"), "because");
    ck_assert_str_eq(acts_text(denied, "description"), "Production");
    ck_assert_int_eq(acts_number(denied, "request"), id);
    json_decref(notices);
}
END_TEST

/* A stage is for its own approvers; a quorum that lacks somebody is told to nobody; the last approver is no other. */
START_TEST(test_stages)
{
    const int64_t id = submit("alice", "two");
    ck_assert_str_eq(told(), "request-waits[\"bob\",\"carol\",\"dave\"]");
    decide("bob", id, true);
    ck_assert_str_eq(told(), "");
    decide("dave", id, true);
    json_t *notices = take(0);
    ck_assert_uint_eq(json_array_size(notices), 2);
    ck_assert_uint_eq(json_array_size(json_object_get(json_array_get(notices, 1), "except")), 3);
    json_decref(notices);
    ck_assert_str_eq(told(), "request-waits[\"%dba-leads\"] decided-by-other[\"bob\",\"carol\",\"dave\"]");
    decide("carol", id, true);
    ck_assert_str_eq(told(), "decided-by-other[\"%dba-leads\"] approved[\"alice\"] fulfilled[\"alice\"]");
}
END_TEST

/* At half and at 90 % of the timeout, then no more; those who have approved are left in peace. */
START_TEST(test_reminders)
{
    const int64_t id = submit("alice", "one");
    told();
    acts_pass(&fixture, 499);
    ck_assert_str_eq(told(), "");
    acts_pass(&fixture, 1);
    ck_assert_str_eq(told(), "reminder[\"bob\",\"%dba-leads\"]");
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 900);
    acts_pass(&fixture, 399);
    ck_assert_str_eq(told(), "");
    acts_pass(&fixture, 1);
    ck_assert_str_eq(told(), "reminder[\"bob\",\"%dba-leads\"]");
    acts_pass(&fixture, 99);
    ck_assert_str_eq(told(), "");
    acts_pass(&fixture, 1);
    json_t *notices = take(0);
    ck_assert_str_eq(acts_text(json_array_get(notices, 0), "anew"), "one -m 'REASON'"); /* how to ask again */
    json_decref(notices);
    ck_assert_str_eq(told(), "expired[\"alice\"]");
    ck_assert_str_eq(fixture_state(&fixture, id), "expired");
}
END_TEST

START_TEST(test_one_late_reminder)
{
    submit("alice", "one");
    told();
    acts_pass(&fixture, 950); /* both times passed while nothing ran */
    ck_assert_str_eq(told(), "reminder[\"bob\",\"%dba-leads\"]");
    acts_pass(&fixture, 1);
    ck_assert_str_eq(told(), "");
}
END_TEST

START_TEST(test_escalation)
{
    const int64_t id = submit("alice", "two");
    told();
    decide("bob", id, true);
    acts_pass(&fixture, 300);
    ck_assert_str_eq(told(), "request-waits[\"%managers\"]");
    acts_pass(&fixture, 200);
    json_t *notices = take(0);
    json_t *reminder = json_array_get(notices, 0);
    ck_assert_str_eq(acts_text(reminder, "event"), "reminder");
    ck_assert_uint_eq(json_array_size(json_object_get(reminder, "recipients")), 4);
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(reminder, "except"), 1)), "bob");
    json_decref(notices);
}
END_TEST

/* A tenth before the end, with the command to extend; extended, it is told anew. */
START_TEST(test_ends)
{
    acts_hold(&fixture, "alice", "one");
    told();
    acts_pass(&fixture, 9 * 3600 - 1);
    ck_assert_str_eq(told(), "");
    acts_pass(&fixture, 1);
    json_t *notices = take(0);
    ck_assert_uint_eq(json_array_size(notices), 1);
    ck_assert_str_eq(acts_text(json_array_get(notices, 0), "extend"), "one -m 'REASON'");
    ck_assert_int_eq(acts_number(json_array_get(notices, 0), "until"), FIXTURE_NOW + 36000);
    json_decref(notices);
    ck_assert_str_eq(told(), "ends-soon[\"alice\"]");
    json_t *value = NULL;
    ck_assert_int_eq(acts_extend(&fixture, "alice", "one", 36000, &value), 0);
    told();
    decide("bob", fixture_id(value), true);
    ck_assert_str_eq(told(),
                     "decided-by-other[\"bob\",\"%dba-leads\"] approved[\"alice\"] extended[\"alice\"]");
    acts_pass(&fixture, 3600 + 36000 - 7200); /* a tenth of twenty hours before the new end */
    ck_assert_str_eq(told(), "ends-soon[\"alice\"]");
    acts_pass(&fixture, 7200);
    ck_assert_str_eq(told(), "ended[\"alice\"]");
}
END_TEST

/* Ten minutes are over before fifteen can be left: no notice of that. */
START_TEST(test_short)
{
    submit("dave", "free");
    ck_assert_str_eq(told(), "fulfilled[\"dave\"]");
    acts_pass(&fixture, 599);
    ck_assert_str_eq(told(), "");
    acts_pass(&fixture, 1);
    ck_assert_str_eq(told(), "ended[\"dave\"]");
}
END_TEST

/* Who ends it knows; whose access is taken hears why, and so does whose request is. */
START_TEST(test_taken_back)
{
    acts_hold(&fixture, "alice", "one");
    told();
    ck_assert_int_eq(acts_return(&fixture, "alice", "one"), 0);
    ck_assert_str_eq(told(), "");
    acts_hold(&fixture, "alice", "one");
    json_t *value = NULL;
    ck_assert_int_eq(acts_extend(&fixture, "alice", "one", 60, &value), 0);
    json_decref(value);
    told();
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "one", "left the team"), 0);
    json_t *notices = take(0);
    ck_assert_str_eq(acts_text(json_array_get(notices, 0), "reason"), "left the team");
    ck_assert_str_eq(acts_text(json_array_get(notices, 0), "actor"), "root");
    json_decref(notices);
    ck_assert_str_eq(told(), "revoked[\"alice\"] withdrawn[\"alice\"]");
}
END_TEST

/* What falls short is told once it was tried again, once; and when it is whole. */
START_TEST(test_partial)
{
    struct facts *facts = fixture_facts("dave", NULL);
    char *names[] = {(char *)"free", NULL};
    const struct submission submission = {.packages = names};
    facts->groups[1].gid = GID_UNSET;
    const struct call *call = fixture_call_with(&fixture, fixture_caller("dave"), facts);
    ck_assert_int_eq(fixture_answer(engine_submit(call, &submission), NULL), 0);
    ck_assert_str_eq(told(), "");
    for (int i = 0; i < 3; i++) {
        facts = fixture_facts(NULL, "dave");
        facts->groups[1].gid = GID_UNSET;
        fixture.now += 10;
        acts_retry_due(&fixture, facts);
        ck_assert_str_eq(told(), i == 0 ? "partially-fulfilled[\"dave\"]" : "");
    }
    fixture.now += 10;
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(told(), "fulfilled[\"dave\"]");
}
END_TEST

/* Every approver of every stage, at once; a review tells whose it was, and the others. */
START_TEST(test_emergency)
{
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "two", "disk full", NULL), 0);
    json_t *notices = take(0);
    json_t *alarm = json_array_get(notices, 1);
    ck_assert_str_eq(acts_text(alarm, "event"), "emergency");
    ck_assert_str_eq(acts_text(alarm, "justification"), "disk full");
    json_decref(notices);
    ck_assert_str_eq(
        told(), "fulfilled[\"alice\"] emergency[\"bob\",\"carol\",\"dave\",\"%managers\",\"%dba-leads\"]");
    const struct call *call = fixture_call(&fixture, "bob", NULL);
    ck_assert_int_eq(fixture_answer(engine_review(call, 1, "ticket"), NULL), 0);
    ck_assert_str_eq(
        told(),
        "decided-by-other[\"bob\",\"carol\",\"dave\",\"%managers\",\"%dba-leads\"] review-done[\"alice\"]");
}
END_TEST

/* Rule 12's sister: no change, no notice. */
START_TEST(test_rollback)
{
    sqlite3 *database = fixture.engine.store->database;
    ck_assert_int_eq(sqlite3_exec(database,
                                  "CREATE TEMP TRIGGER full BEFORE INSERT ON audit WHEN new.event = 'fulfil'"
                                  " BEGIN SELECT raise(ABORT, 'full'); END",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    const int64_t id = submit("alice", "one");
    told();
    last_signal = 0;
    ck_assert_int_lt(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert_int_eq(last_signal, 0);
    ck_assert_str_eq(told(), "");
    ck_assert_int_eq(sqlite3_exec(database, "DROP TRIGGER full", NULL, NULL, NULL), SQLITE_OK);
    decide("bob", id, true);
    ck_assert_str_eq(told(),
                     "decided-by-other[\"bob\",\"%dba-leads\"] approved[\"alice\"] fulfilled[\"alice\"]");
}
END_TEST

/* Taken notices stay until they are finished; each program's success is remembered, a failure is shown. */
START_TEST(test_delivery)
{
    struct reply reply = {0};
    submit("alice", "one");
    submit("dave", "free");
    json_t *notices = take(0);
    ck_assert_uint_eq(json_array_size(notices), 2);
    const int64_t first = acts_number(json_array_get(notices, 0), "id");
    json_decref(notices);
    ck_assert(done(first, "mail", true, ""));
    ck_assert(done(first, "chat", false, "exit status 75: \x1b[2J"));
    notices = take(0);
    ck_assert_uint_eq(json_array_size(notices), 2);
    json_t *has = json_object_get(json_array_get(notices, 0), "done");
    ck_assert_uint_eq(json_array_size(has), 1);
    ck_assert_str_eq(json_string_value(json_array_get(has, 0)), "mail");
    json_decref(notices);
    ck_assert_int_eq(engine_status(&fixture.engine, &(struct caller){0}, &reply), 0);
    ck_assert_int_eq(acts_number(reply.value, "notices"), 2);
    ck_assert_int_eq(acts_number(reply.value, "oldest_notice"), FIXTURE_NOW);
    ck_assert_str_eq(acts_text(reply.value, "notice_failure"), "exit status 75: \\x1b[2J");
    json_decref(reply.value);
    ck_assert(done(first, "", true, ""));
    ck_assert(!done(first, "", true, ""));
    ck_assert_int_eq(engine_notice_done(&fixture.engine, first, "a/b", true, "", &reply),
                     BUS_ERROR_INVALID_ARGUMENT);
    notices = take(first);
    ck_assert_uint_eq(json_array_size(notices), 1);
    ck_assert(done(acts_number(json_array_get(notices, 0), "id"), "", false, "nobody home"));
    json_decref(notices);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE event = 'undelivered'"), 1);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM outbox"), 0);
}
END_TEST

/* Delivered late, nobody is asked to decide what is decided; what became of it they hear. */
START_TEST(test_stale)
{
    const int64_t id = submit("alice", "one");
    acts_pass(&fixture, 500);
    decide("bob", id, true);
    json_t *notices = take(0);
    ck_assert_uint_eq(json_array_size(notices), 3);
    ck_assert_str_eq(acts_text(json_array_get(notices, 0), "event"), "decided-by-other");
    json_decref(notices);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM outbox"), 3);
}
END_TEST

/* However many nobody needs any more: they go at once, and what stands behind them is taken. */
START_TEST(test_many_stale)
{
    ck_assert_int_eq(
        sqlite3_exec(fixture.engine.store->database,
                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
                     " INSERT INTO outbox (event, request, assignment, turn, recipients, at, facts)"
                     " SELECT 'request-waits', 1000 + i, 0, 1, '[\"x\"]', 1, '{\"stage\": 1}' FROM n",
                     NULL, NULL, NULL),
        SQLITE_OK);
    submit("dave", "free");
    json_t *notices = take(0);
    ck_assert_uint_eq(json_array_size(notices), 1);
    ck_assert_str_eq(acts_text(json_array_get(notices, 0), "event"), "fulfilled");
    json_decref(notices);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM outbox"), 1);
}
END_TEST

START_TEST(test_delegates)
{
    submit("alice", "one");
    struct delegation delegation = {.user = (char *)"bob",
                                    .identity = {BOB, UID_UNSET},
                                    .delegate = (char *)"dave",
                                    .delegate_uid = DAVE,
                                    .since = FIXTURE_NOW,
                                    .until = FIXTURE_NOW + 60};
    ck_assert_int_eq(store_begin(fixture.engine.store), 0);
    ck_assert_int_eq(store_add_delegation(fixture.engine.store, &delegation), 0);
    ck_assert_int_eq(store_commit(fixture.engine.store), 0);
    json_t *notices = take(0);
    json_t *pairs = json_object_get(json_array_get(notices, 0), "delegates");
    ck_assert_uint_eq(json_array_size(pairs), 2);
    ck_assert_str_eq(json_string_value(json_array_get(pairs, 1)), "dave");
    json_decref(notices);
}
END_TEST

/* Nobody takes them: the oldest go, the newest stay. */
START_TEST(test_bounded)
{
    sqlite3 *database = fixture.engine.store->database;
    ck_assert_int_eq(
        sqlite3_exec(database,
                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)"
                     " INSERT INTO outbox (event, request, assignment, turn, recipients, at, facts)"
                     " SELECT 'ended', i, 0, 0, '[\"x\"]', 1, '{}' FROM n",
                     NULL, NULL, NULL),
        SQLITE_OK);
    submit("dave", "free");
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM outbox"), 50000);
    ck_assert_int_eq(acts_count(&fixture, "SELECT max(id) FROM outbox"), 50001);
}
END_TEST

int main(void)
{
    suite_case("outbox", setup, fixture_teardown);
    suite_add(test_table, test_approved, test_denied, test_stages, test_reminders, test_one_late_reminder,
              test_escalation, test_ends, test_short, test_taken_back, test_partial, test_emergency,
              test_rollback, test_delivery, test_stale, test_many_stale, test_delegates, test_bounded);
    return suite_run();
}
