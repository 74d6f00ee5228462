/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of people at random, each beside what the model expects of it. */
#include "tests/support/step.h"

#include "helperd/store/sql.h"
#include "tests/support/audited.h"
#include "tests/support/unmarked.h"

#include <string.h>

static struct world *const world = &step_world;
static struct fixture *const fixture = &step_world.fixture;
static struct engine *const engine = &step_world.fixture.engine;
static struct model *const model = &step_world.model;

/* Now and then from an account that was got at from another one's login (rule 5). */
static struct model_caller pick_caller(int user)
{
    struct model_caller caller = {model->person_of[user], 1u << model->person_of[user]};
    if (step_chance(8) == 0)
        caller.identity |= 1u << model->person_of[step_chance(MODEL_USERS)];
    return caller;
}

static const char *name_of(const struct model_caller *caller)
{
    return world_users[model_user(caller->person)];
}

/* What came of a call: what was expected, and in the log who did it (rule 12). */
static json_t *finish(int result, int expected, const char *event, const char *actor)
{
    json_t *value = NULL;
    result = fixture_answer(result, &value);
    ck_assert_msg(result == expected, "%s by %s: %d, not %d: %s", event ? event : "nothing new", actor,
                  result, expected, fixture_message);
    if (result == 0 && event)
        ck_assert_msg(audited_has(engine->store, event, actor), "no %s of %s in the log", event, actor);
    return value;
}

/* A call of somebody's about a user (NULL: about none); of root's. */
static const struct call *call_of(const struct model_caller *caller, const char *user)
{
    return fixture_call_with(fixture, world_caller(caller), world_facts(world, name_of(caller), user));
}

static const struct call *call_of_root(const char *user)
{
    return fixture_call_with(fixture, fixture_caller("root"), world_facts(world, "root", user));
}

/* The same, of somebody who decides for others as well. */
static const struct call *call_of_delegate(const struct model_caller *caller, struct inquiry *inquiry)
{
    const struct caller who = world_caller(caller);
    struct facts *facts = world_facts(world, name_of(caller), inquiry->user);
    engine_inquire_delegators(engine, who.identity.uid, inquiry);
    fixture_add_others(facts, inquiry->others);
    inquiry_deinit(inquiry);
    return fixture_call_with(fixture, who, facts);
}

/* A number names one request for ever, whatever store is put back. */
static int64_t note(json_t *value)
{
    const int64_t id = fixture_id(value);
    ck_assert_int_lt(id, step_records);
    ck_assert(!model->records[id].lost);
    step_newest = id > step_newest ? id : step_newest;
    return id;
}

static struct model_filing pick_filing(void)
{
    static const int64_t durations[] = {0, 0, 0, 300, 1200, 3600, 7200};
    return (struct model_filing){.duration = durations[step_chance(7)],
                                 .start = step_chance(4) ? 0 : fixture->now + step_chance(2000)};
}

void step_submit(int user, int package)
{
    const int person = model->person_of[user];
    const struct model_cell *cell = &model->cells[person][package];
    struct model_filing filing = pick_filing();
    filing.at_gate = step_chance(4) == 0;
    const struct model_caller caller = pick_caller(user);
    filing.requestor = filing.at_gate ? 1u << person : caller.identity;
    const struct call *call =
        filing.at_gate ? call_of_root(world_users[user]) : call_of(&caller, world_users[user]);
    char *names[] = {(char *)model->packages[package].name, NULL};
    const struct submission submission = {.user = filing.at_gate ? world_users[user] : NULL,
                                          .packages = names,
                                          .justification = "x",
                                          .duration = filing.duration,
                                          .start = filing.start,
                                          .at_gate = filing.at_gate};
    const bool is_new = !cell->held && !cell->request;
    const int expected = model_expect_submit(model, person, package, filing.at_gate, filing.duration);
    json_t *value =
        finish(engine_submit(call, &submission), expected, is_new ? "submit" : NULL, world_users[user]);
    if (expected)
        return;
    ck_assert(json_is_true(json_object_get(value, "existing")) == !is_new); /* rule 7 */
    filing.id = note(value);
    if (is_new)
        model_submit(model, person, package, &filing);
    else if (!cell->held)
        ck_assert_int_eq(filing.id, cell->request);
}

void step_extend(int user, int package)
{
    const int person = model->person_of[user];
    const struct model_cell *cell = &model->cells[person][package];
    const struct model_caller caller = pick_caller(user);
    struct model_filing filing = {.duration = step_chance(3) ? 0 : 900, .extends = true};
    filing.requestor = caller.identity;
    const struct call *call = call_of(&caller, NULL);
    const int expected = model_expect_extend(model, person, package, filing.duration);
    json_t *value = finish(
        engine_extend(call, model->packages[package].name, NULL, (struct wish){.duration = filing.duration}),
        expected, cell->request ? NULL : "submit", world_users[user]);
    if (expected)
        return;
    filing.id = note(value);
    if (cell->request)
        ck_assert_int_eq(filing.id, cell->request); /* rule 7 */
    else
        model_extend(model, person, package, &filing);
}

/* What a refusal by policy, or none, becomes for who decides on another text than what waits. */
static int expect_seen(bool seen, int expected)
{
    return !seen && (expected == 0 || expected == BUS_ERROR_POLICY_REFUSED) ? BUS_ERROR_CHANGED : expected;
}

/* By somebody, on behalf of whoever delegated to them: less than was asked for, or later, too; of what is there now or,
 * one time in ten, of another text. */
void step_decide(int user, int64_t id, bool approve)
{
    static const int64_t durations[] = {0, 0, 0, 300, 1800};
    const struct model_caller caller = pick_caller(user);
    const bool seen = step_chance(10) != 0;
    const struct decision_terms terms = {
        .reason = "y",
        .digest = seen ? fixture_digest(engine, id) : fixture_digest(engine, id - 1),
        .duration = approve ? durations[step_chance(5)] : 0,
        .start = approve && step_chance(6) == 0 ? fixture->now + step_chance(1500) : 0};
    struct inquiry inquiry = INQUIRY_EMPTY;
    ck_assert_int_eq(engine_inquire_request(engine, id, &inquiry), 0);
    const struct call *call = call_of_delegate(&caller, &inquiry);
    const int expected =
        expect_seen(seen, model_expect_decide(model, &caller, id, approve, terms.duration, terms.start));
    json_decref(finish(engine_decide(call, id, approve, &terms), expected, approve ? "approve" : "deny",
                       world_users[user]));
    if (!expected)
        model_decide(model, &caller, id, approve, terms.duration, terms.start);
}

void step_cancel(int user, int64_t id)
{
    const struct model_caller caller = pick_caller(user);
    const struct call *call = call_of(&caller, NULL);
    const int expected = model_expect_cancel(model, caller.person, id);
    json_decref(finish(engine_cancel(call, id, ""), expected, "cancel", world_users[user]));
    if (!expected)
        model_withdraw(&model->cells[caller.person][model->records[id].package]);
}

static int refuse_commit(void *data)
{
    (void)data;
    return 1;
}

/* Rule 13: who is told that it has ended holds nothing by it, though nothing can be recorded; with room it is. */
static void check_unrecorded(int result, const char *user, const char *package)
{
    ck_assert_int_eq(fixture_answer(result, NULL), BUS_ERROR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(fixture_message, "has ended; it is not recorded yet"));
    ck_assert(!fixture_gate_opens(fixture, user, package));
    sqlite3_commit_hook(engine->store->database, NULL, NULL);
    if (step_chance(2))
        step_restart();
    step_move_clock(6);
}

/* An end before the end; what was approved for later an administrator takes back likewise. */
void step_end(int user, int package, bool revoke)
{
    struct model_cell *cell = &model->cells[model->person_of[user]][package];
    const char *name = model->packages[package].name;
    const char *actor = revoke ? "root" : world_users[user];
    const struct call *call =
        fixture_call_with(fixture, fixture_caller(actor), world_facts(world, actor, NULL));
    const bool held = cell->held;
    const bool withdraws = revoke && !held && cell->later;
    const bool fails = held && step_chance(3) == 0;
    if (fails)
        sqlite3_commit_hook(engine->store->database, refuse_commit, NULL);
    const int r = revoke ? engine_revoke(call, world_users[user], name, "z") : engine_return(call, name, "");
    if (!fails)
        json_decref(
            finish(r, held || withdraws ? 0 : BUS_ERROR_NO_SUCH_REQUEST, held ? "revoke" : "cancel", actor));
    if (held)
        model_end(model, model->person_of[user], package);
    else if (withdraws)
        model_withdraw(cell);
    if (fails)
        check_unrecorded(r, world_users[user], name);
}

void step_assign(int user, int package)
{
    const int person = model->person_of[user];
    struct model_filing filing = pick_filing();
    const bool override = step_chance(3) == 0;
    filing.requestor = 1u << person;
    filing.overrides = override && model_conflicts(model, person, package, true);
    const struct call *call = call_of_root(world_users[user]);
    const struct assign_terms terms = {.package = model->packages[package].name,
                                       .reason = "w",
                                       .duration = filing.duration,
                                       .start = filing.start,
                                       .override_duties = override};
    const int expected = model_expect_assign(model, person, package, override);
    json_t *value =
        finish(engine_assign(call, &terms), expected, filing.overrides ? "override" : "assign", "root");
    if (expected)
        return;
    filing.id = note(value);
    model_assign(model, person, package, &filing);
}

void step_emergency(int user, int package)
{
    const struct model_caller caller = pick_caller(user);
    const struct call *call = call_of(&caller, NULL);
    const int expected = model_expect_emergency(model, caller.person, package);
    char *names[] = {(char *)model->packages[package].name, NULL};
    const struct submission submission = {.packages = names, .justification = "fire"};
    json_t *value = finish(engine_emergency(call, &submission), expected, "emergency", world_users[user]);
    if (expected)
        return;
    const struct model_filing filing = {.id = note(value),
                                        .requestor = caller.identity,
                                        .duration = model->packages[package].emergency_duration};
    model_emergency(model, caller.person, package, &filing);
}

void step_review(int user, int64_t id)
{
    const struct model_caller caller = pick_caller(user);
    struct inquiry inquiry = INQUIRY_EMPTY;
    const struct call *call = call_of_delegate(&caller, &inquiry);
    const int r = engine_review(call, id, "");
    const bool may = model_may_review(model, &caller, id);
    ck_assert_msg(may || r > 0, "%d: %s", r, call->reply->message);
    json_decref(finish(r, may ? 0 : r, "review", world_users[user]));
    if (may)
        model->cells[model->records[id].person][model->records[id].package].unreviewed = 0;
}

void step_delegate(int user, int to)
{
    const struct model_caller caller = pick_caller(user);
    const struct call *call = call_of(&caller, world_users[to]);
    const struct delegate_terms terms = {
        .to = world_users[to], .until = fixture->now + 1 + step_chance(4000), .reason = ""};
    const int expected = model_expect_delegate(model, &caller, to);
    json_decref(finish(engine_delegate(call, &terms), expected, "delegate", world_users[user]));
    if (!expected)
        model_delegate(model, &caller, model->person_of[to], terms.until);
}

void step_undelegate(int user, int other)
{
    const struct model_caller caller = pick_caller(user);
    const struct call *call = call_of(&caller, NULL);
    const int expected = model_undelegate(model, caller.person, other) ? 0 : BUS_ERROR_NO_SUCH_REQUEST;
    json_decref(
        finish(engine_undelegate(call, world_users[other]), expected, "undelegate", name_of(&caller)));
}

void step_retry_now(int user, int package)
{
    const int person = model->person_of[user];
    const bool held = model->cells[person][package].held;
    const bool partial = held && !model_is_whole(model, person, package);
    const struct call *call = call_of_root(world_users[user]);
    json_decref(finish(engine_retry_now(call, world_users[user], model->packages[package].name),
                       model_expect_retry(model, person, package), NULL, "root"));
    if (partial && model_expect_retry(model, person, package) == 0)
        model_try(model, person, package, true);
}

/* Who is in the group without us: that is what /etc/group says, with membership = files also of us. */
static bool is_member(int user, int group)
{
    return etcgroup_has(&world->etc, world_users[user], world_groups[group]);
}

/* What a grant file gave when the store was put back. */
static bool counts_as_ours(int user, int group)
{
    struct membership membership = {0};
    const int r = store_get_membership(engine->store, world_users[user], world_groups[group], &membership);
    const bool ours = r == 0 && membership.ours;
    membership_deinit(&membership);
    return ours;
}

static const char *expect_import(int user, int package, int group, bool dry_run)
{
    const int person = model->person_of[user];
    if (!is_member(user, group))
        return "no-member";
    if (model->cells[person][package].held)
        return "holds";
    for (int p = 0; p < MODEL_PACKAGES; p++)
        if (model->cells[person][p].held && model->packages[p].groups & 1u << group &&
            model->cells[person][p].grants[group] == PLACED)
            return "refused"; /* it is ours for a time */
    if (world->ours[user][group] || (world->adopted && counts_as_ours(user, group)))
        return "refused"; /* it is to be taken out, or is being put in */
    return model_conflicts(model, person, package, true) ? "refused" : dry_run ? "would-assign" : "assigned";
}

static void add_group(struct subject *subject, const char *group)
{
    const size_t count = strv_length(subject->groups);
    subject->groups = reallocarray(subject->groups, count + 2, sizeof(*subject->groups));
    ck_assert_ptr_nonnull(subject->groups);
    subject->groups[count] = strdup(group);
    subject->groups[count + 1] = NULL;
}

void step_import(int package, int group)
{
    const bool dry_run = step_chance(3) == 0;
    const struct model_package *policy = &model->packages[package];
    struct facts *facts = world_facts(world, "root", NULL);
    char *names[MODEL_USERS + 1] = {0};
    for (int u = 0; u < MODEL_USERS; u++)
        names[u] = (char *)world_users[u];
    fixture_add_others(facts, names);
    for (size_t i = 0; i < facts->n_others; i++)
        if (is_member((int)i, group))
            add_group(facts->others[i].subject, world_groups[group]);
    const struct import_terms terms = {.group = world_groups[group],
                                       .package = policy->name,
                                       .users = names,
                                       .reason = "",
                                       .dry_run = dry_run};
    const struct call *call = fixture_call_with(fixture, fixture_caller("root"), facts);
    const int expected = !policy->present                  ? BUS_ERROR_NO_SUCH_PACKAGE
                         : !(policy->groups & 1u << group) ? BUS_ERROR_POLICY_REFUSED
                                                           : 0;
    json_t *value = finish(engine_import(call, &terms), expected, NULL, "root");
    for (int u = 0; expected == 0 && u < MODEL_USERS; u++) {
        json_t *outcome = json_array_get(value, (size_t)u);
        const char *word = expect_import(u, package, group, dry_run);
        ck_assert_str_eq(json_string_value(json_object_get(outcome, "outcome")), word);
        if (strcmp(word, "assigned") != 0)
            continue;
        const struct model_filing filing = {.id = json_integer_value(json_object_get(outcome, "request")),
                                            .requestor = 1u << model->person_of[u]};
        step_newest = filing.id > step_newest ? filing.id : step_newest;
        model_assign(model, model->person_of[u], package, &filing);
    }
    json_decref(value);
}
