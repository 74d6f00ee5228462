/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine against a model (tests/support/model.h), in one mode of membership: random operations of several users
 * and administrators, and of whoever else has a hand in the host, with the clock in the hand. After each step all that
 * shows is compared (model_world.h), so that the rules hold whatever the order. The seed is printed; MODEL_SEED and
 * MODEL_STEPS in the environment repeat or lengthen a run, MODEL_TRACE prints the audit log as it grows.
 *
 * Which rule is shown where: 1, 3, 6, 8 by world_compare; 2 by the same after a restart, when the store is all there is;
 * 4 by decide; 5 and 12 by triggers (audited.h), for every transaction; 7 by submit, extend and import; 9 by decide
 * (requestors change, packages go, maxima shrink under what waits) and by model_try.
 */
#include "tests/support/model_run.h"

#include "helperd/lifecycle/lifecycle.h"
#include "tests/support/acts.h"
#include "tests/support/audited.h"
#include "tests/support/model_world.h"
#include "tests/support/unmarked.h"

#include "common/duration.h"
#include "common/grantdir.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEPS = 100000, LIMIT = 3, RECENT = 12, SHORT = 600 };

static const struct model_package packages[MODEL_PACKAGES] = {
    {.name = "asked",
     .requestors = A | C | D,
     .n_stages = 1,
     .stages = {{.approvers = B | C, .quorum = 1, .timeout = 2400}},
     .duration = 3600,
     .max_duration = 7200,
     .max_total = 10800,
     .extension = PACKAGE_EXTENSION_APPROVAL,
     .groups = DBADMINS,
     .cooldown = 600,
     .gate_cooldown = 1800},
    {.name = "free",
     .requestors = EVERYBODY,
     .duration = 1800,
     .max_duration = 3600,
     .extension = PACKAGE_EXTENSION_ALLOWED,
     .groups = BACKUP,
     .drift_repair = true},
    {.name = "staged",
     .requestors = EVERYBODY,
     .n_stages = 2,
     .stages = {{.approvers = B | D, .fallback = C, .quorum = 2, .timeout = 1800},
                {.approvers = C, .fallback = A, .quorum = 1, .timeout = 3600, .escalate_after = 600}},
     .duration = 1200,
     .max_duration = 1200,
     .groups = DBADMINS,
     .revoke_on_removed = true},
    {.name = "both",
     .requestors = A | B,
     .n_stages = 1,
     .stages = {{.approvers = D, .quorum = 1, .timeout = 86400}},
     .duration = 600,
     .max_duration = 3600,
     .groups = DBADMINS | BACKUP,
     .drift_repair = true,
     .at_end = PACKAGE_AT_END_TERMINATE},
    {.name = "standing",
     .requestors = EVERYBODY,
     .n_stages = 1,
     .stages = {{.approvers = A | D, .fallback = B, .quorum = 1, .timeout = 7200}},
     .duration = DURATION_FOREVER,
     .max_duration = DURATION_FOREVER,
     .groups = BACKUP,
     .incompatible = 1 << 3 | 1 << 5},
    {.name = "urgent",
     .requestors = EVERYBODY,
     .n_stages = 1,
     .stages = {{.approvers = A | C, .fallback = D, .quorum = 1, .timeout = 3600, .escalate_after = 300}},
     .duration = 900,
     .max_duration = 3600,
     .extension = PACKAGE_EXTENSION_ALLOWED,
     .groups = DBADMINS,
     .emergency = B | C | D,
     .emergency_duration = 1500,
     .cooldown = 300,
     .at_end = PACKAGE_AT_END_WARN},
    {.name = "pair",
     .requestors = EVERYBODY,
     .n_stages = 1,
     .stages = {{.approvers = A | B | C, .fallback = D, .quorum = 2, .timeout = 3000}},
     .duration = 1500,
     .max_duration = 3000,
     .extension = PACKAGE_EXTENSION_APPROVAL,
     .groups = DBADMINS | BACKUP,
     .emergency = A,
     .emergency_duration = 600,
     .revoke_on_removed = true,
     .at_end = PACKAGE_AT_END_TERMINATE},
};

static struct world world;
static struct fixture *const fixture = &world.fixture;
static struct engine *const engine = &world.fixture.engine;
static struct model *const model = &world.model;
static int64_t newest;
static int64_t records;

static uint64_t state_of_chance;

static unsigned chance(unsigned bound)
{
    state_of_chance = state_of_chance * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state_of_chance >> 33) % bound;
}

/* ---- calls ---- */

/* Now and then from an account that was got at from another one's login (rule 5). */
static struct model_caller pick_caller(int user)
{
    struct model_caller caller = {model->person_of[user], 1u << model->person_of[user]};
    if (chance(8) == 0)
        caller.identity |= 1u << model->person_of[chance(MODEL_USERS)];
    return caller;
}

static const char *name_of(const struct model_caller *caller)
{
    return world_users[model_user(caller->person)];
}

/* What came of a call: what was expected, and in the log who did it (rule 12). */
static json_t *finish(int result, int expected, struct reply *reply, struct facts *facts, const char *event,
                      const char *actor)
{
    facts_free(facts);
    ck_assert_msg(result == expected, "%s by %s: %d, not %d: %s", event ? event : "nothing new", actor,
                  result, expected, reply->message);
    if (result == 0 && event)
        ck_assert_msg(audited_has(engine->store, event, actor), "no %s of %s in the log", event, actor);
    return reply->value;
}

static int64_t note(json_t *value)
{
    const int64_t id = fixture_id(value);
    ck_assert_int_lt(id, records);
    newest = id > newest ? id : newest;
    return id;
}

static struct model_filing pick_filing(void)
{
    static const int64_t durations[] = {0, 0, 0, 300, 1200, 3600, 7200};
    return (struct model_filing){.duration = durations[chance(7)],
                                 .start = chance(4) ? 0 : fixture->now + chance(2000)};
}

static void submit(int user, int package)
{
    const int person = model->person_of[user];
    const struct model_cell *cell = &model->cells[person][package];
    struct model_filing filing = pick_filing();
    filing.at_gate = chance(4) == 0;
    const struct model_caller caller = pick_caller(user);
    filing.requestor = filing.at_gate ? 1u << person : caller.identity;
    const struct caller who = filing.at_gate ? fixture_caller("root") : world_caller(&caller);
    struct facts *facts = world_facts(&world, filing.at_gate ? "root" : world_users[user], world_users[user]);
    struct reply reply = {0};
    char *names[] = {(char *)model->packages[package].name, NULL};
    const struct submission submission = {.user = filing.at_gate ? world_users[user] : NULL,
                                          .packages = names,
                                          .justification = "x",
                                          .duration = filing.duration,
                                          .start = filing.start,
                                          .at_gate = filing.at_gate};
    const bool is_new = !cell->held && !cell->request;
    const int expected = model_expect_submit(model, person, package, filing.at_gate, filing.duration);
    json_t *value = finish(fixture_ask(engine_submit, engine, &who, facts, &reply, &submission), expected,
                           &reply, facts, is_new ? "submit" : NULL, world_users[user]);
    if (expected)
        return;
    ck_assert(json_is_true(json_object_get(value, "existing")) == !is_new); /* rule 7 */
    filing.id = note(value);
    if (is_new)
        model_submit(model, person, package, &filing);
    else if (!cell->held)
        ck_assert_int_eq(filing.id, cell->request);
}

static void extend(int user, int package)
{
    const int person = model->person_of[user];
    const struct model_cell *cell = &model->cells[person][package];
    const struct model_caller caller = pick_caller(user);
    const struct caller who = world_caller(&caller);
    struct model_filing filing = {.duration = chance(3) ? 0 : 900, .extends = true};
    filing.requestor = caller.identity;
    struct facts *facts = world_facts(&world, world_users[user], NULL);
    struct reply reply = {0};
    const int expected = model_expect_extend(model, person, package, filing.duration);
    json_t *value = finish(fixture_ask(engine_extend, engine, &who, facts, &reply,
                                       model->packages[package].name, NULL, filing.duration),
                           expected, &reply, facts, cell->request ? NULL : "submit", world_users[user]);
    if (expected)
        return;
    filing.id = note(value);
    if (cell->request)
        ck_assert_int_eq(filing.id, cell->request); /* rule 7 */
    else
        model_extend(model, person, package, &filing);
}

/* By somebody, on behalf of whoever delegated to them: less than was asked for, or later, too. */
static void decide(int user, int64_t id, bool approve)
{
    static const int64_t durations[] = {0, 0, 0, 300, 1800};
    const struct model_caller caller = pick_caller(user);
    const struct caller who = world_caller(&caller);
    const struct decision_terms terms = {.reason = "y",
                                         .duration = approve ? durations[chance(5)] : 0,
                                         .start =
                                             approve && chance(6) == 0 ? fixture->now + chance(1500) : 0};
    struct inquiry inquiry = INQUIRY_NOBODY;
    struct reply reply = {0};
    ck_assert_int_eq(engine_inquire_request(engine, id, &inquiry), 0);
    struct facts *facts = world_facts(&world, world_users[user], inquiry.user);
    engine_inquire_delegators(engine, who.identity.uid, &inquiry);
    fixture_add_others(facts, inquiry.others);
    inquiry_deinit(&inquiry);
    const int expected = model_expect_decide(model, &caller, id, approve, terms.duration, terms.start);
    json_decref(finish(fixture_ask(engine_decide, engine, &who, facts, &reply, id, approve, &terms), expected,
                       &reply, facts, approve ? "approve" : "deny", world_users[user]));
    if (!expected)
        model_decide(model, &caller, id, approve, terms.duration, terms.start);
}

static void cancel(int user, int64_t id)
{
    const struct model_caller caller = pick_caller(user);
    const struct caller who = world_caller(&caller);
    struct facts *facts = world_facts(&world, world_users[user], NULL);
    struct reply reply = {0};
    const int expected = model_expect_cancel(model, caller.person, id);
    json_decref(finish(fixture_ask(engine_cancel, engine, &who, facts, &reply, id, ""), expected, &reply,
                       facts, "cancel", world_users[user]));
    if (!expected)
        model_withdraw(&model->cells[caller.person][model->records[id].package]);
}

/* An end before the end; what was approved for later an administrator takes back likewise. */
static void end(int user, int package, bool revoke)
{
    struct model_cell *cell = &model->cells[model->person_of[user]][package];
    const char *name = model->packages[package].name;
    const char *actor = revoke ? "root" : world_users[user];
    struct facts *facts = world_facts(&world, actor, NULL);
    const struct caller caller = fixture_caller(actor);
    struct reply reply = {0};
    const bool held = cell->held;
    const bool withdraws = revoke && !held && cell->later;
    const int r =
        revoke ? fixture_ask(engine_revoke, engine, &caller, facts, &reply, world_users[user], name, "z")
               : fixture_ask(engine_return, engine, &caller, facts, &reply, name, "");
    json_decref(finish(r, held || withdraws ? 0 : BUS_ERROR_NO_SUCH_REQUEST, &reply, facts,
                       held ? "revoke" : "cancel", actor));
    if (held)
        model_end(model, model->person_of[user], package);
    else if (withdraws)
        model_withdraw(cell);
}

static void assign(int user, int package)
{
    const int person = model->person_of[user];
    struct model_filing filing = pick_filing();
    const bool override = chance(3) == 0;
    filing.requestor = 1u << person;
    filing.overrides = override && model_conflicts(model, person, package, true);
    struct facts *facts = world_facts(&world, "root", world_users[user]);
    const struct caller caller = fixture_caller("root");
    struct reply reply = {0};
    const struct assign_terms terms = {.package = model->packages[package].name,
                                       .reason = "w",
                                       .duration = filing.duration,
                                       .start = filing.start,
                                       .override_duties = override};
    const int expected = model_expect_assign(model, person, package, override);
    json_t *value = finish(fixture_ask(engine_assign, engine, &caller, facts, &reply, &terms), expected,
                           &reply, facts, filing.overrides ? "override" : "assign", "root");
    if (expected)
        return;
    filing.id = note(value);
    model_assign(model, person, package, &filing);
}

static void emergency(int user, int package)
{
    const struct model_caller caller = pick_caller(user);
    const struct caller who = world_caller(&caller);
    struct facts *facts = world_facts(&world, world_users[user], NULL);
    struct reply reply = {0};
    const int expected = model_expect_emergency(model, caller.person, package);
    char *names[] = {(char *)model->packages[package].name, NULL};
    const struct submission submission = {.packages = names, .justification = "fire"};
    json_t *value = finish(fixture_ask(engine_emergency, engine, &who, facts, &reply, &submission), expected,
                           &reply, facts, "emergency", world_users[user]);
    if (expected)
        return;
    const struct model_filing filing = {.id = note(value),
                                        .requestor = caller.identity,
                                        .duration = model->packages[package].emergency_duration};
    model_emergency(model, caller.person, package, &filing);
}

static void review(int user, int64_t id)
{
    const struct model_caller caller = pick_caller(user);
    const struct caller who = world_caller(&caller);
    struct inquiry inquiry = INQUIRY_NOBODY;
    struct facts *facts = world_facts(&world, world_users[user], NULL);
    struct reply reply = {0};
    engine_inquire_delegators(engine, who.identity.uid, &inquiry);
    fixture_add_others(facts, inquiry.others);
    inquiry_deinit(&inquiry);
    const int r = fixture_ask(engine_review, engine, &who, facts, &reply, id, "");
    const bool may = model_may_review(model, &caller, id);
    ck_assert_msg(may ? r == 0 : r > 0, "%d: %s", r, reply.message);
    json_decref(finish(r, r, &reply, facts, "review", world_users[user]));
    if (may)
        model->cells[model->records[id].person][model->records[id].package].unreviewed = 0;
}

static void delegate(int user, int to)
{
    const struct model_caller caller = pick_caller(user);
    const struct caller who = world_caller(&caller);
    struct facts *facts = world_facts(&world, world_users[user], world_users[to]);
    struct reply reply = {0};
    const struct delegate_terms terms = {
        .to = world_users[to], .until = fixture->now + 1 + chance(4000), .reason = ""};
    const int expected =
        user == to || caller.identity & 1u << model->person_of[to] ? BUS_ERROR_POLICY_REFUSED : 0;
    json_decref(finish(fixture_ask(engine_delegate, engine, &who, facts, &reply, &terms), expected, &reply,
                       facts, "delegate", world_users[user]));
    if (!expected)
        model_delegate(model, &caller, model->person_of[to], terms.until);
}

static void undelegate(int user, int other)
{
    const struct model_caller caller = pick_caller(user);
    const struct caller who = world_caller(&caller);
    struct facts *facts = world_facts(&world, world_users[user], NULL);
    struct reply reply = {0};
    const int expected = model_undelegate(model, caller.person, other) ? 0 : BUS_ERROR_NO_SUCH_REQUEST;
    json_decref(finish(fixture_ask(engine_undelegate, engine, &who, facts, &reply, world_users[other]),
                       expected, &reply, facts, "undelegate", name_of(&caller)));
}

static void retry_now(int user, int package)
{
    const int person = model->person_of[user];
    const bool held = model->cells[person][package].held;
    const bool partial = held && !model_is_whole(model, person, package);
    struct facts *facts = world_facts(&world, "root", world_users[user]);
    const struct caller caller = fixture_caller("root");
    struct reply reply = {0};
    json_decref(finish(fixture_ask(engine_retry_now, engine, &caller, facts, &reply, world_users[user],
                                   model->packages[package].name),
                       held ? 0 : BUS_ERROR_NO_SUCH_REQUEST, &reply, facts, NULL, "root"));
    if (partial)
        model_try(model, person, package, true);
}

/* ---- a group's members taken over ---- */

/* Who is in the group without us: that is what /etc/group says, with membership = files also of us. */
static bool is_member(int user, int group)
{
    return etcgroup_has(&world.etc, world_users[user], world_groups[group]);
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
    if (world.ours[user][group])
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

static void import(int package, int group)
{
    const bool dry_run = chance(3) == 0;
    const struct model_package *policy = &model->packages[package];
    struct facts *facts = world_facts(&world, "root", NULL);
    const struct caller caller = fixture_caller("root");
    struct reply reply = {0};
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
    const int expected = !policy->present                  ? BUS_ERROR_NO_SUCH_PACKAGE
                         : !(policy->groups & 1u << group) ? BUS_ERROR_POLICY_REFUSED
                                                           : 0;
    json_t *value = finish(fixture_ask(engine_import, engine, &caller, facts, &reply, &terms), expected,
                           &reply, facts, NULL, "root");
    for (int u = 0; expected == 0 && u < MODEL_USERS; u++) {
        json_t *outcome = json_array_get(value, (size_t)u);
        const char *word = expect_import(u, package, group, dry_run);
        ck_assert_str_eq(json_string_value(json_object_get(outcome, "outcome")), word);
        if (strcmp(word, "assigned") != 0)
            continue;
        const struct model_filing filing = {.id = json_integer_value(json_object_get(outcome, "request")),
                                            .requestor = 1u << model->person_of[u]};
        newest = filing.id > newest ? filing.id : newest;
        model_assign(model, model->person_of[u], package, &filing);
    }
    json_decref(value);
}

/* ---- the host, and who else has a hand in it ---- */

static void move_clock(int64_t seconds)
{
    fixture->now += seconds;
    model->now = fixture->now;
    ck_assert_int_eq(engine_tick(engine), 0);
    model_pass(model);
}

/* The daemon goes away without a farewell and comes back: the store is all that it has (rule 2). */
static void restart(void)
{
    struct engine fresh = *engine;
    struct engine_verification verification = {0};
    if (world.etc.asked.user)
        etcgroup_answer(&world.etc, engine, true);
    engine_deinit(engine);
    fresh.published = NULL;
    fresh.own = NULL;
    fresh.drift = NULL;
    fresh.survey = (struct survey){0};
    *engine = fresh;
    ck_assert_int_eq(engine_start(engine, false), 0);
    ck_assert_int_eq(engine_heed_policy(engine), 0);
    while (engine_verify(engine, &verification) == 1)
        ;
    engine_verification_deinit(&verification);
    ck_assert_int_eq(engine_watch(engine), 0);
    engine_survey_all(engine);
}

/* A package is taken out of packages.d or put back, or another policy written for it. */
static void change_policy(int package)
{
    struct model_package changed[MODEL_PACKAGES];
    struct problems problems = {0};
    struct packages *loaded = NULL;
    char path[256];
    memcpy(changed, model->packages, sizeof(changed));
    struct model_package *policy = &changed[package];
    if (!policy->present || chance(3) == 0) {
        policy->present = !policy->present;
    } else if (chance(2)) {
        policy->requestors =
            policy->requestors == packages[package].requestors ? B | C : packages[package].requestors;
    } else {
        const bool low = policy->max_duration == SHORT;
        policy->max_duration = low ? packages[package].max_duration : SHORT;
        policy->duration = low ? packages[package].duration : SHORT;
    }
    if (policy->present)
        world_write_package(&world, policy);
    else
        acts_remove_package(fixture, policy->name);
    snprintf(path, sizeof(path), "%s/packages.d", fixture->folder);
    ck_assert_int_eq(packages_load(path, geteuid(), &loaded, &problems), 0);
    problems_deinit(&problems);
    ck_assert_int_eq(engine_end_removed(engine, fixture->packages, loaded), 0);
    packages_free(fixture->packages);
    fixture->packages = loaded;
    engine->packages = loaded;
    ck_assert_int_eq(engine_heed_policy(engine), 0);
    engine_survey_all(engine);
    model_reload(model, changed);
}

static void change_uid(int user)
{
    model_change_uid(model, user);
    fixture_set_uid(world_users[user], world_uid(model->person_of[user]));
    struct facts *facts = world_facts(&world, NULL, world_users[user]);
    ck_assert_int_eq(engine_heed_holder(engine, world_users[user], facts), 0);
    facts_free(facts);
    engine_survey_all(engine);
}

static void drift_to_the_end(void)
{
    while (engine_drift_step(engine) == 1)
        ;
}

/* A group is deleted from the host and comes back. */
static void change_group(int group)
{
    model->exists[group] = !model->exists[group];
    struct facts *facts = world_facts(&world, NULL, NULL);
    ck_assert_int_eq(engine_heed_groups(engine, facts), 0);
    facts_free(facts);
    drift_to_the_end();
    for (int u = 0; !model->exists[group] && u < MODEL_USERS; u++)
        model_drift(model, u, 1u << group, false);
}

/* A group is taken off the allow-list and put back. */
static void change_allowed(int group)
{
    struct allow_entry allowed[MODEL_GROUPS];
    size_t count = 0;
    model->allowed[group] = !model->allowed[group];
    for (int g = 0; g < MODEL_GROUPS; g++)
        if (model->allowed[g])
            allowed[count++] = (struct allow_entry){world_gids[g], world_groups[g]};
    ck_assert_int_eq(grantdir_write_allow(fixture->state, allowed, count), 0);
    ck_assert_int_eq(engine_heed_allow_list(engine, engine->packages), 0);
    drift_to_the_end();
    for (int u = 0; !model->allowed[group] && u < MODEL_USERS; u++)
        model_drift(model, u, 1u << group, true);
}

/* Somebody edits a grant file: a group's lines go, or all of it. */
static void edit_file(int user, unsigned groups)
{
    struct grant_user file = {0};
    if (grantdir_read_user(fixture->state, world_users[user], fixture->now, &file) < 0)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < file.n_groups; i++)
        if (groups != (DBADMINS | BACKUP) && file.groups[i].gid != world_gids[groups == DBADMINS ? 0 : 1])
            file.groups[kept++] = file.groups[i];
    file.n_groups = kept;
    if (groups == (DBADMINS | BACKUP) || (kept == 0 && file.n_packages == 0))
        ck_assert_int_eq(grantdir_remove_user(fixture->state, world_users[user]), 0);
    else
        ck_assert_int_eq(grantdir_write_user(fixture->state, &file, false), 0);
    grant_user_deinit(&file);
    ck_assert_int_eq(engine_heed_user_file(engine, world_users[user], true), 0);
    drift_to_the_end();
    model_drift(model, user, groups, false);
}

/* Whether the engine does or will do something about this membership. */
static bool is_known(int user, int group)
{
    struct membership membership = {0};
    const int r = store_get_membership(engine->store, world_users[user], world_groups[group], &membership);
    membership_deinit(&membership);
    return r == 0 || model_wants(model, user, group);
}

/* Somebody edits /etc/group: a member goes, or comes, whom nobody of ours asked for. */
static void edit_line(int user, int group)
{
    world_settle(&world);
    if (etcgroup_has(&world.etc, world_users[user], world_groups[group])) {
        const bool there = model->there[user][group];
        etcgroup_remove(&world.etc, world_users[user], world_groups[group]);
        model->there[user][group] = false;
        if (there) {
            world.ours[user][group] = false;
            model_drift(model, user, 1u << group, false);
        }
    } else if (!is_known(user, group)) {
        etcgroup_add(&world.etc, world_users[user], world_groups[group]);
    }
    if (model->files)
        etcgroup_compare(&world.etc, engine, world_groups[group]);
}

static void change_root_service(void)
{
    world.etc.failure = world.etc.failure ? NULL : "no root service";
}

/* ---- a step ---- */

/* Rarely, and mended sooner than broken: most of the time the host is whole. */
static void disturb(int user, int package)
{
    const int group = (int)chance(MODEL_GROUPS);
    switch (chance(12)) {
    case 0:
        restart();
        break;
    case 1: /* rule 8: a clock set back revives nothing */
        move_clock(-(int64_t)(3 + chance(3000)));
        break;
    case 2:
    case 3:
        change_policy(package);
        break;
    case 4:
        change_uid(user);
        break;
    case 5:
        change_group(group);
        break;
    case 6:
        change_allowed(group);
        break;
    case 7:
    case 8:
        edit_file(user, 1 + chance(3));
        break;
    case 9:
        edit_line(user, group);
        break;
    case 10:
        change_root_service();
        break;
    case 11:
        import(package, group);
        break;
    }
}

/* Mends what has been broken, one thing at a time. */
static void mend(void)
{
    for (int g = 0; g < MODEL_GROUPS; g++) {
        if (!model->exists[g])
            change_group(g);
        else if (!model->allowed[g])
            change_allowed(g);
    }
    if (world.etc.failure)
        change_root_service();
    for (int p = 0; p < MODEL_PACKAGES; p++)
        if (!model->packages[p].present && chance(3) == 0)
            change_policy(p);
}

/* One of what happens less often. */
static void step_seldom(unsigned what, int user, int other, int package, int64_t waiting)
{
    const struct model_cell *cell = &model->cells[model->person_of[user]][package];
    switch (what) {
    case 17:
        cancel(user, waiting);
        break;
    case 18:
        end(user, package, chance(2));
        break;
    case 19:
        assign(user, package);
        break;
    case 20:
        emergency(user, 5 + (int)chance(2));
        break;
    case 21:
        review(other, cell->unreviewed ? cell->unreviewed : waiting);
        break;
    case 22:
        delegate(user, other);
        break;
    case 23:
        chance(3) ? retry_now(user, package) : undelegate(user, other);
        break;
    case 24:
        disturb(user, package);
        break;
    case 25:
        mend();
        break;
    default:
        move_clock(chance(6) ? chance(150) : chance(5000));
    }
}

static void step(void)
{
    const int user = (int)chance(MODEL_USERS);
    const int other = (int)chance(MODEL_USERS);
    const int package = (int)chance(MODEL_PACKAGES);
    const struct model_cell *cell = &model->cells[model->person_of[user]][package];
    const int64_t recent =
        newest > RECENT ? newest - (int64_t)chance(RECENT) : 1 + (int64_t)chance((unsigned)newest);
    const int64_t waiting = cell->request && chance(4) ? cell->request : recent;
    const unsigned what = chance(32);
    if (what < 6)
        submit(user, package);
    else if (what < 15)
        decide(other, waiting, what < 14);
    else if (what < 17)
        extend(user, package);
    else
        step_seldom(what, user, other, package, waiting);
}

static long setting(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : otherwise;
}

START_TEST(test_random_operations)
{
    const long seed = setting("MODEL_SEED", 20251123);
    const long steps = setting("MODEL_STEPS", STEPS);
    const bool traces = getenv("MODEL_TRACE");
    printf("model: seed %ld, %ld steps, membership = %s\n", seed, steps, _i ? "files" : "nss");
    fflush(stdout);
    state_of_chance = (uint64_t)seed;
    fixture->config.membership = _i;
    fixture->config.pending_per_user = LIMIT;
    records = steps * 2 + 1000;
    *model = (struct model){.now = fixture->now,
                            .files = _i,
                            .person_of = {0, 1, 2, 3},
                            .exists = {true, true},
                            .allowed = {true, true},
                            .pending_per_user = LIMIT,
                            .records = calloc((size_t)records, sizeof(*model->records))};
    world.chance = chance;
    memcpy(model->packages, packages, sizeof(packages));
    for (int p = 0; p < MODEL_PACKAGES; p++) {
        model->packages[p].present = true;
        world_write_package(&world, &model->packages[p]);
    }
    fixture_reload(fixture);
    etcgroup_add(&world.etc, "carol", "backup");
    audited_watch(engine->store);
    ck_assert_int_eq(engine_watch(engine), 0);
    while (newest == 0)
        submit(0, 0);
    for (long i = 0; i < steps; i++) {
        step();
        if (traces)
            audited_print(engine->store, i);
        const bool all = chance(4) != 0;
        world_serve(&world, all);
        world_compare(&world);
        if (all)
            world_compare_served(&world);
        audited_check(engine->store);
    }
    world_settle(&world);
    free(model->records);
}
END_TEST

static void setup(void)
{
    fixture_init(fixture, "asked", "[package]\ngroups = dbadmins\n[policy]\napproval = none\n", NULL);
}

static void teardown(void)
{
    fixture_deinit(fixture);
}

int model_run(enum config_membership mode)
{
    suite_case("model", setup, teardown);
    suite_timeout(3600);
    suite_loop(test_random_operations, (int)mode, (int)mode + 1);
    return suite_run();
}
