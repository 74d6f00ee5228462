/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What others do to the host: the daemon started anew, policies, groups, files and lines that are changed. */
#include "tests/support/step.h"

#include "common/grantdir.h"
#include "common/locks.h"
#include "helperd/engine/locks.h"
#include "helperd/lifecycle/lifecycle.h"
#include "helperd/store/sql.h"
#include "tests/support/acts.h"
#include "tests/support/audited.h"
#include "tests/support/unmarked.h"

#include <string.h>
#include <unistd.h>

static struct world *const world = &step_world;
static struct fixture *const fixture = &step_world.fixture;
static struct engine *const engine = &step_world.fixture.engine;
static struct model *const model = &step_world.model;

void step_move_clock(int64_t seconds)
{
    fixture->now += seconds;
    model->now = fixture->now;
    ck_assert_int_eq(engine_tick(engine), 0);
    model_pass(model);
}

void step_go_away(void)
{
    struct engine fresh = *engine;
    if (world->etc.asked.user)
        etcgroup_answer(&world->etc, engine, true);
    engine_deinit(engine);
    fresh.published = NULL;
    fresh.own = NULL;
    fresh.narrowed = NULL;
    fresh.unrecorded = NULL;
    fresh.drift = NULL;
    fresh.verification = (struct verification){0};
    fresh.mark = NULL;
    fresh.unaccepted = NULL;
    fresh.survey = (struct survey){0};
    fresh.unknown_groups = (struct unknown_groups){0};
    fresh.unknown_users = fresh.unknown_users_before = (struct unknown_users){0};
    fresh.locks = (struct locks){0};
    fresh.locks_due = false;
    *engine = fresh;
}

static void come_back(bool verify)
{
    ck_assert_int_eq(engine_start(engine, false), 0);
    ck_assert_int_eq(engine->unaccepted != NULL, model->unaccepted);
    ck_assert_int_eq(engine_apply_policy(engine), 0);
    while (verify && engine_verify(engine) == 1)
        ;
    ck_assert_int_eq(engine_watch_drift(engine), 0);
    survey_plan_all(engine);
}

/* The daemon goes away without a farewell and comes back: the store is all that it has (rule 2). The files are compared
 * at once, or while things go on. */
void step_restart(void)
{
    step_go_away();
    come_back(step_chance(2));
}

/* A package is taken out of packages.d or put back, or another policy written for it. */
void step_change_policy(int package)
{
    struct model_package changed[MODEL_PACKAGES];
    struct problems problems = {0};
    struct packages *loaded = NULL;
    char path[256];
    memcpy(changed, model->packages, sizeof(changed));
    struct model_package *policy = &changed[package];
    if (!policy->present || step_chance(3) == 0) {
        policy->present = !policy->present;
    } else if (step_chance(2)) {
        policy->requestors = policy->requestors == step_packages[package].requestors
                                 ? B | C
                                 : step_packages[package].requestors;
    } else {
        const bool low = policy->max_duration == STEP_SHORT;
        policy->max_duration = low ? step_packages[package].max_duration : STEP_SHORT;
        policy->duration = low ? step_packages[package].duration : STEP_SHORT;
    }
    if (policy->present)
        world_write_package(world, policy);
    else
        acts_remove_package(fixture, policy->name);
    snprintf(path, sizeof(path), "%s/packages.d", fixture->folder);
    ck_assert_int_eq(packages_load(path, geteuid(), &loaded, &problems), 0);
    problems_deinit(&problems);
    ck_assert_int_eq(engine_end_removed_packages(engine, fixture->packages, loaded), 0);
    packages_free(fixture->packages);
    fixture->packages = loaded;
    engine->packages = loaded;
    ck_assert_int_eq(engine_apply_policy(engine), 0);
    survey_plan_all(engine);
    model_reload(model, changed);
}

void step_change_uid(int user)
{
    model_change_uid(model, user);
    fixture_set_uid(world_users[user], world_uid(model->person_of[user]));
    struct facts *facts = world_facts(world, NULL, world_users[user]);
    ck_assert_int_eq(engine_compare_user(engine, world_users[user], facts), 0);
    facts_free(facts);
    survey_plan_all(engine);
}

static void drift_to_the_end(void)
{
    while (engine_drift_step(engine) == 1)
        ;
}

static void compare_groups(void)
{
    struct facts *facts = world_facts(world, NULL, NULL);
    ck_assert_int_eq(engine_compare_groups(engine, facts), 0);
    facts_free(facts);
}

/* A group is deleted from the host and comes back. */
void step_change_group(int group)
{
    if (model->exists[group])
        compare_groups(); /* as every few minutes: that it is the host's own may not be known yet */
    model->exists[group] = !model->exists[group];
    compare_groups();
    drift_to_the_end();
    for (int u = 0; !model->exists[group] && u < MODEL_USERS; u++)
        model_drift(model, u, 1u << group, false);
}

/* A group is taken off the allow-list and put back. */
void step_change_allowed(int group)
{
    struct allow_entry allowed[MODEL_GROUPS];
    size_t count = 0;
    model->allowed[group] = !model->allowed[group];
    for (int g = 0; g < MODEL_GROUPS; g++)
        if (model->allowed[g])
            allowed[count++] = (struct allow_entry){world_gids[g], world_groups[g]};
    ck_assert_int_eq(grantdir_write_allow(fixture->state, allowed, count), 0);
    ck_assert_int_eq(engine_compare_allow_list(engine, engine->packages), 0);
    drift_to_the_end();
    for (int u = 0; !model->allowed[group] && u < MODEL_USERS; u++)
        model_drift(model, u, 1u << group, true);
}

static void edit_file(int user, unsigned groups, struct grant_user *file)
{
    size_t kept = 0;
    for (size_t i = 0; i < file->n_groups; i++)
        if (groups != (DBADMINS | BACKUP) && file->groups[i].gid != world_gids[groups == DBADMINS ? 0 : 1])
            file->groups[kept++] = file->groups[i];
    file->n_groups = kept;
    if (groups == (DBADMINS | BACKUP) || (kept == 0 && file->n_packages == 0))
        ck_assert_int_eq(grantdir_remove_user(fixture->state, world_users[user]), 0);
    else
        ck_assert_int_eq(grantdir_write_user(fixture->state, file, false), 0);
}

/* Somebody edits a grant file: a group's lines go, or all of it; while the daemon runs, or between two starts. */
void step_edit_file(int user, unsigned groups)
{
    struct grant_user file = {0};
    /* What is not on record as written may be written again. */
    const bool away = step_chance(3) == 0 && engine->failed_at == 0;
    if (away)
        step_go_away();
    if (grantdir_read_user(fixture->state, world_users[user], fixture->now, &file) == 0) {
        edit_file(user, groups, &file);
        grant_user_deinit(&file);
        if (!away)
            ck_assert_int_eq(engine_compare_user_file(engine, world_users[user], true), 0);
    } else {
        groups = 0;
    }
    if (away)
        come_back(true);
    drift_to_the_end();
    if (groups)
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
void step_edit_line(int user, int group)
{
    world_settle(world);
    if (etcgroup_has(&world->etc, world_users[user], world_groups[group])) {
        const bool there = model->there[user][group];
        etcgroup_remove(&world->etc, world_users[user], world_groups[group]);
        model->there[user][group] = false;
        if (there) {
            world->ours[user][group] = false;
            model_drift(model, user, 1u << group, false);
        }
    } else if (!is_known(user, group)) {
        etcgroup_add(&world->etc, world_users[user], world_groups[group]);
    }
    if (model->files)
        etcgroup_compare(&world->etc, engine, world_groups[group]);
}

/* Rule 9: the account of whoever decides expires, is locked, or nobody can say; and is as it was again. */
void step_change_account(int user)
{
    static const enum account_state barred[] = {ACCOUNT_EXPIRED, ACCOUNT_INACTIVE, ACCOUNT_LOCKED};
    enum model_account *account = &model->accounts[user];
    *account = *account == MODEL_OPEN ? step_chance(3) ? MODEL_BARRED : MODEL_UNANSWERED : MODEL_OPEN;
    const enum account_state state = *account == MODEL_OPEN         ? ACCOUNT_OPEN
                                     : *account == MODEL_UNANSWERED ? ACCOUNT_UNKNOWN
                                                                    : barred[step_chance(3)];
    fixture_set_account(world_users[user], state, 20000,
                        *account == MODEL_UNANSWERED ? "no root service" : NULL);
}

void step_change_root_service(void)
{
    world->etc.failure = world->etc.failure ? NULL : "no root service";
}

static int refuse_commit(void *data)
{
    (void)data;
    return 1;
}

static struct lock put_lock(int user)
{
    struct lock lock = {.user = (char *)world_users[user],
                        .uid = world_uid(model->person_of[user]),
                        .at = fixture->now,
                        .by = 0,
                        .login = UID_UNSET,
                        .why = (char *)"model",
                        .lifted_by = 0,
                        .lifted_login = UID_UNSET,
                        .lifted_why = (char *)""};
    lock_new_id(&lock);
    ck_assert_int_eq(locks_write(fixture->state, &lock), 0);
    ck_assert_int_eq(locks_close(fixture->state, lock.user), 0);
    return lock;
}

static void check_locked(int user)
{
    char *names[] = {(char *)"free", NULL};
    const char *name = world_users[user];
    const struct call *call = fixture_call(fixture, name, NULL);
    ck_assert_int_gt(fixture_answer(engine_submit(call, &(struct submission){.packages = names}), NULL), 0);
    for (int p = 0; p < MODEL_PACKAGES; p++)
        ck_assert(!fixture_gate_opens(fixture, name, step_packages[p].name));
}

/* Rule 13: while the daemon runs, while nothing can be recorded, or unseen by it until the lock is lifted again. */
void step_lock(int user)
{
    struct lock lock = put_lock(user);
    const bool unseen = step_chance(3) == 0;
    const bool fails = !unseen && step_chance(3) == 0;
    if (fails)
        sqlite3_commit_hook(engine->store->database, refuse_commit, NULL);
    if (!unseen) {
        ck_assert_int_eq(engine_apply_locks(engine) < 0, fails);
        check_locked(user);
    }
    model_lock(model, user);
    sqlite3_commit_hook(engine->store->database, NULL, NULL);
    if (fails)
        step_move_clock(6);
    lock.lifted = fixture->now;
    ck_assert_int_eq(locks_write(fixture->state, &lock), 0);
    ck_assert_int_eq(locks_open(fixture->state, lock.user), 0);
    if (unseen || step_chance(2))
        step_restart();
    else
        ck_assert_int_eq(engine_apply_locks(engine), 0);
    ck_assert(audited_has(engine->store, "lock", "root"));
    ck_assert(audited_has(engine->store, "unlock", "root"));
    if (step_chance(2))
        ck_assert_int_eq(locks_remove(fixture->state, &lock), 0);
    ck_assert_int_eq(engine_apply_locks(engine), 0);
}
