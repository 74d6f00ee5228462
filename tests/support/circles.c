/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/circles.h"

#include "helperd/lifecycle/lifecycle.h"
#include "tests/support/answer.h"
#include "tests/support/unmarked.h"

#include <string.h>

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

void circles_set_group(size_t index, const char *name, const char *members)
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

json_t *circles_subject(const char *name)
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
    json_t *subject = circles_subject(name);
    const bool exists = json_is_object(subject);
    json_array_append_new(lines, json_pack("{s:o}", who, subject));
    if (exists)
        json_array_append_new(
            lines, json_pack("{s:s, s:o, s:b}", "groups_of", who, "names", groups_of(name), "all", 1));
}

static bool answer_person(json_t *lines, size_t index, const char *name)
{
    json_t *subject = circles_subject(name);
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

struct facts *circles_look_up(const char *caller, const struct inquiry *inquiry)
{
    json_t *question = inquiry_to_json(inquiry);
    json_t *lines = json_array();
    if (caller)
        answer_subject(lines, "caller", caller);
    if (inquiry->user)
        answer_subject(lines, "user", inquiry->user);
    for (size_t i = 0; inquiry->others && inquiry->others[i]; i++)
        json_array_append_new(lines, json_pack("{s:I, s:o}", "other", (json_int_t)i, "subject",
                                               circles_subject(inquiry->others[i])));
    for (size_t i = 0; inquiry->groups && inquiry->groups[i]; i++) {
        const gid_t gid = gid_of(inquiry->groups[i]);
        json_array_append_new(lines, json_pack("{s:I, s:o}", "group", (json_int_t)i, "gid",
                                               gid == GID_UNSET ? json_null() : json_integer(gid)));
    }
    for (size_t i = 0; inquiry->principals && inquiry->principals[i]; i++)
        answer_principal(lines, i, inquiry->principals[i]);
    struct facts *facts = answer_facts(question, lines);
    ck_assert_ptr_nonnull(facts);
    if (facts->caller)
        facts->caller->account.state = ACCOUNT_OPEN;
    json_decref(question);
    return facts;
}

/* ---- what people do ---- */

json_t *circles_value;

int circles_answer(int result)
{
    json_t *value = NULL;
    fixture_answer(result, &value);
    json_decref(circles_value);
    circles_value = value;
    return result;
}

int64_t circles_submit(struct fixture *fixture, const char *user, const char *package, bool known)
{
    struct inquiry inquiry = INQUIRY_EMPTY;
    char *names[] = {(char *)package, NULL};
    const struct submission submission = {.packages = names};
    ck_assert_int_eq(engine_inquire_packages(&fixture->engine, names, &inquiry), 0);
    if (known)
        ck_assert_int_eq(engine_inquire_approvers(&fixture->engine, names, false, &inquiry), 0);
    const struct call *call =
        fixture_call_with(fixture, fixture_caller(user), circles_look_up(user, &inquiry));
    inquiry_deinit(&inquiry);
    ck_assert_int_eq(circles_answer(engine_submit(call, &submission)), 0);
    return acts_number(circles_value, "id");
}

int circles_decide(struct fixture *fixture, const char *decider, uid_t loginuid, int64_t id, bool approve)
{
    struct inquiry inquiry = INQUIRY_EMPTY;
    const struct caller caller = {.identity = {fixture_caller(decider).identity.uid, loginuid}};
    const struct decision_terms terms = {.reason = "because", .digest = fixture_digest(&fixture->engine, id)};
    ck_assert_int_eq(engine_inquire_request(&fixture->engine, id, &inquiry), 0);
    const struct call *call = fixture_call_with(fixture, caller, circles_look_up(decider, &inquiry));
    inquiry_deinit(&inquiry);
    return circles_answer(engine_decide(call, id, approve, &terms));
}

int circles_survey_due(struct fixture *fixture)
{
    int count = 0;
    struct surveys surveys;
    struct inquiry inquiry = INQUIRY_EMPTY;
    while (engine_take_due_surveys(&fixture->engine, &surveys, &inquiry) == 0) {
        struct facts *facts = circles_look_up(NULL, &inquiry);
        ck_assert_int_eq(engine_survey_all(&fixture->engine, &surveys, facts), 0);
        facts_free(facts);
        inquiry_deinit(&inquiry);
        count += (int)surveys.count;
    }
    return count;
}

void circles_survey_all(struct fixture *fixture)
{
    survey_plan_all(&fixture->engine);
    circles_survey_due(fixture);
}

json_t *circles_show(struct fixture *fixture, int64_t id)
{
    json_decref(circles_value);
    circles_value = acts_look(fixture, id);
    return circles_value;
}

bool circles_is_undecidable(struct fixture *fixture, int64_t id)
{
    return json_is_true(json_object_get(circles_show(fixture, id), "undecidable"));
}

int64_t circles_count_undecidable(struct fixture *fixture)
{
    const struct call *call = fixture_call(fixture, "root", NULL);
    ck_assert_int_eq(circles_answer(engine_status(&fixture->engine, &(struct caller){0}, call->reply)), 0);
    return acts_number(circles_value, "undecidable");
}

void circles_setup(struct fixture *fixture)
{
    fixture_init(
        fixture, "early", CIRCLES_POLICY "approvers = %leads\nfallback_approvers = %managers dave\n", "later",
        CIRCLES_POLICY "approvers = %leads\nfallback_approvers = dave\nescalate_after = 2h\n", "alone",
        CIRCLES_POLICY "approvers = %leads\n", "two", CIRCLES_POLICY "approvers = %leads\nquorum = 2\n",
        "pair", CIRCLES_POLICY "approvers = %leads\nquorum = 2\nfallback_approvers = dave\n", "nologin",
        CIRCLES_POLICY "approvers = erin\n", "staged",
        CIRCLES_POLICY
        "approvers = carol\n[stage 2]\napprovers = %leads\nfallback_approvers = dave\ntimeout = 1d\n",
        "held",
        "[package]\ngroups = dbadmins nosuch\n[policy]\napproval = none\nextension = allowed\nmax_total = "
        "2d\n",
        NULL);
    circles_set_group(0, "leads", "bob carol");
    circles_set_group(1, "managers", "");
    circles_set_group(2, "staff", "alice carol dave");
}

void circles_teardown(void)
{
    json_decref(circles_value);
    circles_value = NULL;
    fixture_teardown();
}
