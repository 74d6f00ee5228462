/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who can decide what waits, through the engine: fallback approvers that are asked early or after their time, requests
 * that nobody can decide, and what explain says of it. The directory is the test's own; every look-up goes the way of a
 * real one, from the inquiry to facts.
 */
#include "common/names.h"
#include "helperd/lifecycle/lifecycle.h"
#include "helperd/store/sql.h"
#include "tests/support/answer.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

#include <string.h>

static struct fixture fixture;
static struct reply reply;
static json_t *value;

/* ---- the directory ---- */

static struct member_of {
    char name[16];
    bool exists;
    char members[64];
} groups[3];

static const struct {
    const char *name;
    uid_t uid;
    bool may_log_in;
} people[] = {{"alice", ALICE, true}, {"bob", BOB, true},    {"carol", CAROL, true},
              {"dave", DAVE, true},   {"erin", ERIN, false}, {"root", 0, true}};

/* Members separated by blanks; NULL: there is no such group. */
static void set_group(size_t index, const char *name, const char *members)
{
    snprintf(groups[index].name, sizeof(groups[index].name), "%s", name);
    groups[index].exists = members;
    snprintf(groups[index].members, sizeof(groups[index].members), "%s", members ? members : "");
}

static bool is_member(const struct member_of *group, const char *user)
{
    strv members = strv_split(group->members);
    const bool is = strv_contains(members, user);
    strv_free(members);
    return is;
}

static json_t *subject_of(const char *name)
{
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
        if (strcmp(people[i].name, name) == 0)
            return json_pack("{s:s, s:I, s:b, s:[]}", "name", name, "uid", (json_int_t)people[i].uid,
                             "may_log_in", people[i].may_log_in, "groups");
    return json_null();
}

static json_t *groups_of(const char *name)
{
    json_t *names = json_array();
    for (size_t g = 0; g < 3; g++)
        if (groups[g].exists && is_member(&groups[g], name))
            json_array_append_new(names, json_string(groups[g].name));
    return names;
}

static void answer_subject(json_t *lines, const char *who, const char *name)
{
    json_t *subject = subject_of(name);
    const bool exists = json_is_object(subject);
    json_array_append_new(lines, json_pack("{s:o}", who, subject));
    if (exists)
        json_array_append_new(
            lines, json_pack("{s:s, s:o, s:b}", "groups_of", who, "names", groups_of(name), "all", 1));
}

static bool answer_person(json_t *lines, size_t index, const char *name)
{
    json_t *subject = subject_of(name);
    const bool exists = json_is_object(subject);
    if (json_is_true(json_object_get(subject, "may_log_in")))
        json_array_append_new(lines,
                              json_pack("{s:I, s:[{s:s, s:O}]}", "principal", (json_int_t)index, "people",
                                        "name", name, "uid", json_object_get(subject, "uid")));
    json_decref(subject);
    return exists;
}

static bool answer_members(json_t *lines, size_t index, const char *group)
{
    bool exists = false;
    for (size_t g = 0; g < 3; g++) {
        if (!groups[g].exists || strcmp(groups[g].name, group) != 0)
            continue;
        strv members = strv_split(groups[g].members);
        for (char **member = members; *member; member++)
            answer_person(lines, index, *member);
        strv_free(members);
        exists = true;
    }
    return exists;
}

static void answer_principal(json_t *lines, size_t index, const char *name)
{
    const bool exists =
        name[0] == '%' ? answer_members(lines, index, name + 1) : answer_person(lines, index, name);
    json_array_append_new(
        lines, json_pack("{s:I, s:b, s:b}", "principal", (json_int_t)index, "exists", exists, "whole", 1));
}

static gid_t gid_of(const char *group)
{
    return strcmp(group, "dbadmins") == 0 ? 2001 : strcmp(group, "backup") == 0 ? 34 : GID_UNSET;
}

/* What a look-up finds out. */
static struct facts *look_up(const char *caller, const struct inquiry *inquiry)
{
    json_t *question = inquiry_to_json(inquiry);
    json_t *lines = json_array();
    if (caller)
        answer_subject(lines, "caller", caller);
    if (inquiry->user)
        answer_subject(lines, "user", inquiry->user);
    for (size_t i = 0; inquiry->groups && inquiry->groups[i]; i++) {
        const gid_t gid = gid_of(inquiry->groups[i]);
        json_array_append_new(lines, json_pack("{s:I, s:o}", "group", (json_int_t)i, "gid",
                                               gid == GID_UNSET ? json_null() : json_integer(gid)));
    }
    for (size_t i = 0; inquiry->principals && inquiry->principals[i]; i++)
        answer_principal(lines, i, inquiry->principals[i]);
    struct facts *facts = answer_facts(question, lines);
    ck_assert_ptr_nonnull(facts);
    json_decref(question);
    return facts;
}

/* ---- what people do ---- */

static int finish(int r)
{
    snprintf(fixture_message, sizeof(fixture_message), "%s", reply.message);
    json_decref(value);
    value = r == 0 ? reply.value : NULL;
    reply = (struct reply){0};
    return r;
}

/* As the bus does it; `known`: with the principals of the first stage. */
static int64_t submit(const char *user, const char *package, bool known)
{
    struct inquiry inquiry = INQUIRY_NOBODY;
    char *names[] = {(char *)package, NULL};
    const struct submission submission = {.packages = names};
    const struct caller caller = fixture_caller(user);
    ck_assert_int_eq(engine_inquire_packages(&fixture.engine, names, &inquiry), 0);
    if (known)
        ck_assert_int_eq(engine_inquire_approvers(&fixture.engine, names, false, &inquiry), 0);
    struct facts *facts = look_up(user, &inquiry);
    ck_assert_int_eq(finish(fixture_ask(engine_submit, &fixture.engine, &caller, facts, &reply, &submission)),
                     0);
    facts_free(facts);
    inquiry_deinit(&inquiry);
    return json_integer_value(json_object_get(value, "id"));
}

static int decide_from(const char *decider, uid_t loginuid, int64_t id, bool approve)
{
    struct inquiry inquiry = INQUIRY_NOBODY;
    const struct caller caller = {.identity = {fixture_caller(decider).identity.uid, loginuid}};
    const struct decision_terms terms = {.reason = "because"};
    ck_assert_int_eq(engine_inquire_request(&fixture.engine, id, &inquiry), 0);
    struct facts *facts = look_up(decider, &inquiry);
    const int r =
        finish(fixture_ask(engine_decide, &fixture.engine, &caller, facts, &reply, id, approve, &terms));
    facts_free(facts);
    inquiry_deinit(&inquiry);
    return r;
}

static int decide(const char *decider, int64_t id, bool approve)
{
    return decide_from(decider, UID_UNSET, id, approve);
}

/* Looks at all that is due, as the daemon does. How many. */
static int survey_due(void)
{
    int64_t id = 0;
    int count = 0;
    struct inquiry inquiry = INQUIRY_NOBODY;
    while (engine_due_survey(&fixture.engine, &id, &inquiry) == 0) {
        struct facts *facts = look_up(NULL, &inquiry);
        ck_assert_int_eq(engine_survey(&fixture.engine, id, facts), 0);
        facts_free(facts);
        inquiry_deinit(&inquiry);
        count++;
    }
    return count;
}

static void survey_all(void)
{
    engine_survey_all(&fixture.engine);
    survey_due();
}

static json_t *show(int64_t id)
{
    struct facts *facts = fixture_facts("root", NULL);
    const struct caller caller = fixture_caller("root");
    ck_assert_int_eq(finish(fixture_ask(engine_get_request, &fixture.engine, &caller, facts, &reply, id)), 0);
    facts_free(facts);
    return value;
}

static const char *text(json_t *object, const char *member)
{
    const char *found = json_string_value(json_object_get(object, member));
    return found ? found : "";
}

static bool is_undecidable(int64_t id)
{
    return json_is_true(json_object_get(show(id), "undecidable"));
}

static int64_t count_undecidable(void)
{
    ck_assert_int_eq(finish(engine_status(&fixture.engine, &(struct caller){0}, &reply)), 0);
    return json_integer_value(json_object_get(value, "undecidable"));
}

/* The events of a request after its filing, "escalate, undecidable". */
static const char *events_of(int64_t request)
{
    static char events[512];
    struct store *store = fixture.engine.store;
    sqlite3_stmt *s = sql_take(store,
                               "SELECT coalesce(group_concat(event, ', '), '') FROM (SELECT event FROM audit"
                               " WHERE request = ? AND event <> 'submit' ORDER BY id)",
                               "i", request);
    ck_assert_int_eq(sql_step(store, s), 1);
    snprintf(events, sizeof(events), "%s", (const char *)sqlite3_column_text(s, 0));
    sql_release(store, s);
    return events;
}

#define POLICY "[package]\ngroups = dbadmins\n[stage 1]\ntimeout = 1d\n"

static void setup(void)
{
    fixture_init(
        &fixture, "early", POLICY "approvers = %leads\nfallback_approvers = %managers dave\n", "later",
        POLICY "approvers = %leads\nfallback_approvers = dave\nescalate_after = 2h\n", "alone",
        POLICY "approvers = %leads\n", "two", POLICY "approvers = %leads\nquorum = 2\n", "pair",
        POLICY "approvers = %leads\nquorum = 2\nfallback_approvers = dave\n", "nologin",
        POLICY "approvers = erin\n", "staged",
        POLICY "approvers = carol\n[stage 2]\napprovers = %leads\nfallback_approvers = dave\ntimeout = 1d\n",
        "held",
        "[package]\ngroups = dbadmins nosuch\n[policy]\napproval = none\nextension = allowed\nmax_total = "
        "2d\n",
        NULL);
    set_group(0, "leads", "bob carol");
    set_group(1, "managers", "");
    set_group(2, "staff", "alice carol dave");
}

static void teardown(void)
{
    json_decref(value);
    value = NULL;
    fixture_deinit(&fixture);
}

/* ---- the fallback approvers before their time ---- */

/* The group vanishes: a fallback approver may decide at once, before any survey has come by. */
START_TEST(test_vanished_at_the_decision)
{
    const int64_t id = submit("alice", "early", true);
    ck_assert_int_eq(decide("dave", id, true), BUS_ERROR_NOT_AUTHORIZED);
    set_group(0, "leads", NULL);
    ck_assert_int_eq(decide("dave", id, true), 0);
    ck_assert_str_eq(text(value, "request_state"), "approved");
    ck_assert_str_eq(events_of(id), "escalate, approve, fulfil"); /* rule 12 */
    ck_assert(fixture_gate_opens(&fixture, "alice", "early"));
}
END_TEST

/* The survey finds it out, and tells: who follows the request sees the fallback approvers named. */
START_TEST(test_vanished_at_a_survey)
{
    const int64_t id = submit("alice", "early", true);
    ck_assert_uint_eq(json_array_size(json_object_get(value, "approvers")), 1);
    survey_all();
    ck_assert_str_eq(events_of(id), "");
    set_group(0, "leads", "");
    fixture.now += 60;
    fixture.changed = 0;
    survey_all();
    ck_assert_int_eq(fixture.changed, id);
    ck_assert_str_eq(events_of(id), "escalate");
    ck_assert_uint_eq(json_array_size(json_object_get(show(id), "approvers")), 3);
    ck_assert_int_eq(json_integer_value(json_object_get(value, "escalated")), fixture.now);
    ck_assert(!json_object_get(value, "undecidable"));
    fixture.now += 60;
    survey_all();
    ck_assert_str_eq(events_of(id), "escalate"); /* told once */
    /* Set once: the approvers come back, the fallback approvers stay. */
    fixture.changed = 0;
    set_group(0, "leads", "bob");
    survey_all();
    ck_assert_str_eq(events_of(id), "escalate");
    ck_assert_int_eq(fixture.changed, 0);
    ck_assert_int_eq(decide("dave", id, true), 0);
}
END_TEST

/* Only a request that was filed already knows; a new one is judged at once, in the answer of Submit. */
START_TEST(test_judged_at_submission)
{
    set_group(0, "leads", "alice"); /* nobody but the requestor */
    const int64_t id = submit("alice", "early", true);
    ck_assert_uint_eq(json_array_size(json_object_get(value, "approvers")), 3);
    ck_assert_int_eq(survey_due(), 0);
    const int64_t alone = submit("alice", "alone", true);
    ck_assert(json_is_true(json_object_get(value, "undecidable")));
    ck_assert_str_eq(text(value, "undecidable_why"), "nobody is left who may approve it");
    ck_assert_str_eq(events_of(id), "escalate");
    ck_assert_str_eq(events_of(alone), "undecidable");
    const int64_t other = submit("bob", "alone", true); /* alice can */
    ck_assert(!json_object_get(value, "undecidable"));
    ck_assert_str_eq(events_of(other), "");
}
END_TEST

/* Where the look-up could not tell, a survey follows. */
START_TEST(test_surveyed_after_submission)
{
    set_group(0, "leads", NULL);
    const int64_t id = submit("alice", "early", false);
    ck_assert_str_eq(events_of(id), "");
    ck_assert_int_eq(survey_due(), 1);
    ck_assert_str_eq(events_of(id), "escalate");
    ck_assert_int_eq(survey_due(), 0);
}
END_TEST

/* A stage that is entered later is looked at when it is entered. */
START_TEST(test_surveyed_after_advance)
{
    const int64_t id = submit("alice", "staged", true);
    set_group(0, "leads", NULL);
    ck_assert_int_eq(decide("carol", id, true), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(value, "stage")), 2);
    ck_assert_int_eq(survey_due(), 1);
    ck_assert_str_eq(events_of(id), "approve, escalate");
    ck_assert_int_eq(decide("dave", id, true), 0);
    ck_assert_str_eq(text(value, "request_state"), "approved");
}
END_TEST

/* Nobody is asked early who is the requestor, or may not log in (rules 5 and 9). */
START_TEST(test_fallback_is_judged_like_approvers)
{
    set_group(0, "leads", NULL);
    const int64_t id = submit("dave", "later", true);
    ck_assert_int_eq(decide("dave", id, true), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert(is_undecidable(id));
    const int64_t other = submit("alice", "later", true);
    ck_assert_int_eq(decide("bob", other, true), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(decide("dave", other, false), 0);
}
END_TEST

/* ---- nobody ---- */

START_TEST(test_undecidable_and_again)
{
    const int64_t id = submit("alice", "alone", true);
    ck_assert_int_eq(count_undecidable(), 0);
    set_group(0, "leads", NULL);
    fixture.changed = 0;
    survey_all();
    ck_assert_int_eq(fixture.changed, id);
    ck_assert(is_undecidable(id));
    ck_assert_str_eq(text(value, "undecidable_why"),
                     "nobody is left who may approve it (%leads does not exist)");
    ck_assert_int_eq(count_undecidable(), 1);
    survey_all();
    ck_assert_str_eq(events_of(id), "undecidable"); /* told once */

    set_group(0, "leads", "bob");
    survey_all();
    ck_assert(!is_undecidable(id));
    ck_assert_int_eq(count_undecidable(), 0);
    ck_assert_str_eq(events_of(id), "undecidable, decidable");
    ck_assert_int_eq(decide("bob", id, true), 0);
}
END_TEST

START_TEST(test_one_of_two_is_left)
{
    const int64_t id = submit("alice", "two", true);
    ck_assert_int_eq(decide("bob", id, true), 0);
    survey_all();
    ck_assert(!is_undecidable(id)); /* carol is left, and bob's approval counts */
    set_group(0, "leads", "bob");
    survey_all();
    ck_assert(is_undecidable(id));
    ck_assert_int_eq(decide("carol", id, true), BUS_ERROR_NOT_AUTHORIZED);

    const int64_t own = submit("carol", "two", true);
    ck_assert_str_eq(text(value, "undecidable_why"),
                     "it needs 2 more approvals, and only 1 more can be given");
    ck_assert_int_eq(count_undecidable(), 2);
    ck_assert_int_eq(decide("bob", own, false), 0); /* one denial still ends it */
    ck_assert_int_eq(count_undecidable(), 1);
}
END_TEST

/* An approval may take two people out of the count: bob's account from carol's login. It is looked at at once. */
START_TEST(test_two_in_one)
{
    const int64_t alone = submit("alice", "two", true);
    const int64_t helped = submit("alice", "pair", true);
    ck_assert_int_eq(decide_from("bob", CAROL, alone, true), 0);
    ck_assert_int_eq(survey_due(), 1);
    ck_assert(is_undecidable(alone));
    ck_assert_int_eq(decide_from("bob", CAROL, helped, true), 0);
    ck_assert_int_eq(survey_due(), 1);
    ck_assert_str_eq(events_of(helped), "approve, escalate");
    ck_assert_int_eq(decide("carol", helped, true), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_int_eq(decide("dave", helped, true), 0);
    ck_assert_str_eq(text(value, "request_state"), "approved");
}
END_TEST

START_TEST(test_nologin)
{
    submit("alice", "nologin", true);
    ck_assert_str_eq(text(value, "undecidable_why"),
                     "nobody is left who may approve it (erin may not log in)");
}
END_TEST

/* Long names are cut where a character ends, in a reason that is bounded: libdbus ends a process that sends half of
 * one. */
START_TEST(test_long_names)
{
    char text_of_package[2048] = POLICY "approvers =";
    for (int i = 0; i < 6; i++) {
        strcat(text_of_package, "\n ");
        for (int shift = 0; shift <= i; shift++)
            strcat(text_of_package, "x");
        for (int j = 0; j < 25; j++)
            strcat(text_of_package, "\xe2\x82\xac");
    }
    strcat(text_of_package, "\n");
    fixture_write_package(&fixture, "euro", text_of_package);
    fixture_reload(&fixture);
    submit("alice", "euro", true);
    const char *why = text(value, "undecidable_why");
    ck_assert(text_is_utf8(why));
    ck_assert_ptr_nonnull(strstr(why, "... does not exist)"));
    ck_assert_uint_lt(strlen(why), 511);
}
END_TEST

/* What ended is not counted, whatever it ended as. */
START_TEST(test_ended_is_not_counted)
{
    set_group(0, "leads", "");
    const int64_t id = submit("alice", "alone", true);
    ck_assert_int_eq(count_undecidable(), 1);
    fixture.now += 24 * 3600;
    ck_assert_int_eq(count_undecidable(), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "expired");
    survey_all();
    ck_assert_str_eq(events_of(id), "undecidable, time-out");
}
END_TEST

/* ---- an outage ---- */

/* A directory that does not answer must not escalate, and alarms nobody; it is asked again. */
START_TEST(test_outage)
{
    int64_t due = 0;
    struct inquiry inquiry = INQUIRY_NOBODY;
    const int64_t id = submit("alice", "early", true);
    const int64_t other = submit("alice", "alone", true);
    set_group(0, "leads", NULL);
    engine_survey_all(&fixture.engine);
    for (int i = 0; i < 2; i++) { /* tried twice, then the next one's turn comes */
        ck_assert_int_eq(engine_due_survey(&fixture.engine, &due, &inquiry), 0);
        ck_assert_int_eq(due, id);
        ck_assert_int_eq(engine_survey(&fixture.engine, due, NULL), 0);
        inquiry_deinit(&inquiry);
    }
    ck_assert_int_eq(engine_due_survey(&fixture.engine, &due, &inquiry), 0);
    ck_assert_int_eq(due, other);
    ck_assert_int_eq(engine_survey(&fixture.engine, due, NULL), 0);
    inquiry_deinit(&inquiry);
    ck_assert_str_eq(events_of(id), "");
    ck_assert_str_eq(events_of(other), "");
    ck_assert_int_eq(survey_due(), 1); /* the second try */
    ck_assert_str_eq(events_of(other), "undecidable");
    survey_all();
    ck_assert_str_eq(events_of(id), "escalate");
}
END_TEST

/* The same when the look-up answers, but could not find this group out. */
START_TEST(test_unknown_group)
{
    int64_t due = 0;
    struct inquiry inquiry = INQUIRY_NOBODY;
    const int64_t id = submit("alice", "early", true);
    engine_survey_all(&fixture.engine);
    ck_assert_int_eq(engine_due_survey(&fixture.engine, &due, &inquiry), 0);
    json_t *question = inquiry_to_json(&inquiry);
    json_t *lines = json_pack("[{s:o}]", "user", subject_of("alice"));
    for (size_t i = 0; inquiry.principals[i]; i++)
        if (strcmp(inquiry.principals[i], "%leads") != 0)
            json_array_append_new(
                lines, json_pack("{s:I, s:b, s:b}", "principal", (json_int_t)i, "exists", 1, "whole", 1));
    struct facts *facts = answer_facts(question, lines);
    ck_assert_ptr_nonnull(facts);
    ck_assert_int_eq(engine_survey(&fixture.engine, due, facts), ENGINE_E_UNKNOWN);
    facts_free(facts);
    json_decref(question);
    inquiry_deinit(&inquiry);
    ck_assert_str_eq(events_of(id), "");
}
END_TEST

/* Some directories that are away say that there is nobody: then the requestor is missing, too. */
START_TEST(test_nobody_at_all)
{
    int64_t due = 0;
    struct inquiry inquiry = INQUIRY_NOBODY;
    const int64_t id = submit("alice", "early", true);
    set_group(0, "leads", NULL);
    engine_survey_all(&fixture.engine);
    ck_assert_int_eq(engine_due_survey(&fixture.engine, &due, &inquiry), 0);
    ck_assert_str_eq(inquiry.user, "alice");
    struct facts *facts = look_up(NULL, &inquiry);
    struct facts nobody = *facts;
    nobody.user = NULL;
    ck_assert_int_eq(engine_survey(&fixture.engine, due, &nobody), ENGINE_E_UNKNOWN);
    ck_assert_str_eq(events_of(id), "");
    ck_assert_int_eq(engine_survey(&fixture.engine, due, facts), 0);
    ck_assert_str_eq(events_of(id), "escalate");
    facts_free(facts);
    inquiry_deinit(&inquiry);
}
END_TEST

/* All that wait are seen, those filed meanwhile and a second walk that was asked for during the first included. */
START_TEST(test_walk)
{
    int64_t due = 0;
    struct inquiry inquiry = INQUIRY_NOBODY;
    submit("alice", "alone", true);
    submit("alice", "early", true);
    submit("dave", "alone", true);
    engine_survey_all(&fixture.engine);
    ck_assert_int_eq(engine_due_survey(&fixture.engine, &due, &inquiry), 0);
    inquiry_deinit(&inquiry);
    engine_survey_all(&fixture.engine);
    ck_assert_int_eq(survey_due(), 2 + 3);
    ck_assert_int_eq(survey_due(), 0);
}
END_TEST

/* ---- after a time ---- */

START_TEST(test_escalation_after_its_time)
{
    const int64_t id = submit("alice", "later", true);
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 2 * 3600);
    fixture.now += 2 * 3600 - 1;
    ck_assert_int_eq(decide("dave", id, true), BUS_ERROR_NOT_AUTHORIZED);
    fixture.now += 1;
    fixture.changed = 0;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_int_eq(fixture.changed, id);
    ck_assert_str_eq(events_of(id), "escalate");
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 12 * 3600); /* the next is a reminder */
    ck_assert_int_eq(json_integer_value(json_object_get(show(id), "escalated")), fixture.now);
    fixture.now -= 3600; /* a clock set back takes nothing back */
    ck_assert_int_eq(decide("dave", id, true), 0);
}
END_TEST

/* Asked early, they are not asked again when their time comes. */
START_TEST(test_early_leaves_nothing_for_later)
{
    set_group(0, "leads", NULL);
    const int64_t id = submit("alice", "later", true);
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 12 * 3600); /* a reminder, no escalation */
    fixture.now += 3 * 3600;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_str_eq(events_of(id), "escalate");
}
END_TEST

/* ---- explain ---- */

static int explain(const char *caller_name, const char *package, const char *user)
{
    struct inquiry inquiry = INQUIRY_NOBODY;
    char *names[] = {(char *)package, NULL};
    const struct caller caller = fixture_caller(caller_name);
    ck_assert_int_eq(engine_inquire_packages(&fixture.engine, names, &inquiry), 0);
    ck_assert_int_eq(engine_inquire_approvers(&fixture.engine, names, true, &inquiry), 0);
    inquiry.user = *user && caller.identity.uid == 0 ? strdup(user) : NULL;
    struct facts *facts = look_up(caller_name, &inquiry);
    const int r = finish(fixture_ask(engine_explain, &fixture.engine, &caller, facts, &reply, package, user));
    facts_free(facts);
    inquiry_deinit(&inquiry);
    return r;
}

static json_t *stage_of(size_t index)
{
    return json_array_get(json_object_get(value, "stages"), index);
}

static void assert_people(size_t stage, const char *member, const char *expected)
{
    strv names = strv_split(expected);
    json_t *found = json_object_get(stage_of(stage), member);
    ck_assert_uint_eq(json_array_size(found), strv_length(names));
    for (size_t i = 0; names[i]; i++)
        ck_assert_str_eq(json_string_value(json_array_get(found, i)), names[i]);
    strv_free(names);
}

START_TEST(test_explain_who_could_approve)
{
    set_group(1, "managers", "dave erin alice");
    ck_assert_int_eq(explain("alice", "early", ""), 0);
    ck_assert(json_is_true(json_object_get(value, "may_request")));
    ck_assert_str_eq(text(stage_of(0), "reach"), "approvers");
    assert_people(0, "people", "bob carol");
    assert_people(0, "fallback_people",
                  "dave"); /* once; without erin, who may not log in, and the requestor */
    ck_assert_int_eq(explain("root", "early", "carol"), 0);
    assert_people(0, "people", "bob");
    set_group(0, "leads", NULL);
    ck_assert_int_eq(explain("alice", "early", ""), 0);
    ck_assert_str_eq(text(stage_of(0), "reach"), "fallback");
    ck_assert_int_eq(explain("alice", "staged", ""), 0);
    ck_assert_str_eq(text(stage_of(0), "reach"), "approvers");
    ck_assert_str_eq(text(stage_of(1), "reach"), "fallback");
    ck_assert_int_eq(explain("alice", "alone", "alice"), 0);
    ck_assert_str_eq(text(stage_of(0), "reach"), "nobody");
    ck_assert_ptr_nonnull(strstr(text(stage_of(0), "why"), "%leads does not exist"));
    /* It was no more than a question. */
    ck_assert_int_eq(count_undecidable(), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(value, "pending")), 0);
}
END_TEST

/* Where login ids are required and say nothing, nobody is reached: said beforehand, and of what waits. */
START_TEST(test_login_ids_required_in_a_container)
{
    const int64_t id = submit("alice", "early", true);
    fixture.engine.login_ids_count = false;
    ck_assert_int_eq(explain("alice", "early", ""), 0);
    ck_assert_str_eq(text(stage_of(0), "reach"), "approvers");
    fixture.config.require_login_id = CONFIG_YES;
    ck_assert_int_eq(explain("alice", "early", ""), 0);
    ck_assert_str_eq(text(stage_of(0), "reach"), "nobody");
    ck_assert_ptr_nonnull(strstr(text(stage_of(0), "why"), "require_login_id = yes"));
    survey_all();
    ck_assert(is_undecidable(id));
    fixture.config.require_login_id = CONFIG_NO;
    survey_all();
    ck_assert(!is_undecidable(id));
}
END_TEST

START_TEST(test_explain_what_would_be_granted)
{
    ck_assert_int_eq(explain("alice", "held", ""), 0);
    ck_assert(json_is_false(json_object_get(value, "approval")));
    ck_assert_str_eq(text(value, "extension"), "allowed");
    ck_assert_int_eq(json_integer_value(json_object_get(value, "max_total")), 2 * 24 * 3600);
    json_t *array = json_object_get(value, "groups");
    ck_assert_uint_eq(json_array_size(array), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(array, 0), "gid")), 2001);
    ck_assert(json_is_true(json_object_get(json_array_get(array, 0), "allowed")));
    ck_assert(json_is_false(json_object_get(json_array_get(array, 1), "exists")));
    ck_assert_str_eq(
        text(json_array_get(array, 1), "problem"),
        "there is no such group on this host (an administrator makes it, then runs: pkg-admin reload)");
    submit("alice", "held", false);
    ck_assert_int_eq(explain("alice", "held", ""), 0);
    ck_assert_str_eq(text(value, "state"), "partially-fulfilled");
}
END_TEST

/* What explain answers is what Submit would answer, for each of its refusals. */
static void assert_explained_as_submitted(const char *user, const char *package, const char *says)
{
    ck_assert_int_eq(explain(user, package, ""), 0);
    ck_assert(json_is_false(json_object_get(value, "may_request")));
    char why[1024];
    snprintf(why, sizeof(why), "%s", text(value, "why"));
    ck_assert_msg(strstr(why, says), "%s", why);
    ck_assert_int_ne(fixture_submit(&fixture, user, package, "x", NULL), 0);
    ck_assert_str_eq(why, fixture_message);
}

START_TEST(test_explain_refusals)
{
    fixture_write_package(&fixture, "closed", POLICY "approvers = bob\n[policy]\nrequestors = carol\n");
    fixture_write_package(&fixture, "apart",
                          POLICY "approvers = bob\n[policy]\nincompatible = alone\ncooldown = 1h\n");
    fixture_reload(&fixture);
    assert_explained_as_submitted("alice", "closed", "does not let you ask");
    const int64_t id = submit("alice", "alone", true);
    assert_explained_as_submitted("alice", "apart", "separation of duties");
    ck_assert_int_eq(decide("bob", id, false), 0);
    ck_assert_int_eq(decide("bob", submit("alice", "apart", true), false), 0);
    assert_explained_as_submitted("alice", "apart", "was denied");
    fixture.config.pending_per_user = 1;
    submit("alice", "alone", true);
    assert_explained_as_submitted("alice", "two", "requests of yours are waiting");
    ck_assert_int_eq(explain("alice", "alone", ""), 0);
    ck_assert_str_eq(text(value, "state"), "pending-approval");
}
END_TEST

START_TEST(test_explain_to_whom)
{
    ck_assert_int_eq(explain("alice", "early", "bob"), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(explain("alice", "early", "ghost"), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(explain("root", "early", "ghost"), BUS_ERROR_NO_SUCH_USER);
    ck_assert_int_eq(explain("alice", "nothing", ""), BUS_ERROR_NO_SUCH_PACKAGE);
    ck_assert_int_eq(explain("root", "early", "bob"), 0);
    ck_assert_str_eq(text(value, "user"), "bob");
}
END_TEST

int main(void)
{
    suite_case("survey", setup, teardown);
    suite_add(test_vanished_at_the_decision, test_vanished_at_a_survey, test_judged_at_submission,
              test_surveyed_after_submission, test_surveyed_after_advance,
              test_fallback_is_judged_like_approvers, test_undecidable_and_again, test_one_of_two_is_left,
              test_two_in_one, test_nologin, test_long_names, test_ended_is_not_counted, test_outage,
              test_unknown_group, test_nobody_at_all, test_walk, test_escalation_after_its_time,
              test_early_leaves_nothing_for_later);
    suite_case("explain", setup, teardown);
    suite_add(test_explain_who_could_approve, test_explain_what_would_be_granted,
              test_login_ids_required_in_a_container, test_explain_refusals, test_explain_to_whom);
    return suite_run();
}
