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

#include "tests/support/audited.h"
#include "tests/support/step.h"
#include "tests/support/unmarked.h"

#include "common/duration.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 100000, LIMIT = 3, RECENT = 12 };

const struct model_package step_packages[MODEL_PACKAGES] = {
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

struct world step_world;
static struct fixture *const fixture = &step_world.fixture;
static struct engine *const engine = &step_world.fixture.engine;
static struct model *const model = &step_world.model;
int64_t step_newest;
int64_t step_records;

static uint64_t state_of_chance;

unsigned step_chance(unsigned bound)
{
    state_of_chance = state_of_chance * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state_of_chance >> 33) % bound;
}

/* ---- a step ---- */

/* Rarely, and mended sooner than broken: most of the time the host is whole. */
static void disturb(int user, int package)
{
    const int group = (int)step_chance(MODEL_GROUPS);
    switch (step_chance(16)) {
    case 0:
        step_restart();
        break;
    case 1: /* rule 8: a clock set back revives nothing */
        step_move_clock(-(int64_t)(3 + step_chance(3000)));
        break;
    case 2:
    case 3:
        step_change_policy(package);
        break;
    case 4:
        step_change_uid(user);
        break;
    case 5:
        step_change_group(group);
        break;
    case 6:
        step_change_allowed(group);
        break;
    case 7:
    case 8:
        step_edit_file(user, 1 + step_chance(3));
        break;
    case 9:
        step_edit_line(user, group);
        break;
    case 10:
        step_change_root_service();
        break;
    case 11:
        step_import(package, group);
        break;
    case 12:
        step_lock(user);
        break;
    case 13:
        step_change_account(user);
        break;
    case 14:
        step_chance(2) ? step_save_store() : step_put_back_store(false);
        break;
    case 15:
        step_chance(4) ? step_accept_store() : step_put_back_store(true);
        break;
    }
}

/* Mends what has been broken, one thing at a time. */
static void mend(void)
{
    for (int g = 0; g < MODEL_GROUPS; g++) {
        if (!model->exists[g])
            step_change_group(g);
        else if (!model->allowed[g])
            step_change_allowed(g);
    }
    if (step_world.etc.failure)
        step_change_root_service();
    if (model->unaccepted && step_chance(2))
        step_accept_store();
    for (int u = 0; u < MODEL_USERS; u++)
        if (model->accounts[u] != MODEL_OPEN)
            step_change_account(u);
    for (int p = 0; p < MODEL_PACKAGES; p++)
        if (!model->packages[p].present && step_chance(3) == 0)
            step_change_policy(p);
}

/* One of what happens less often. */
static void step_seldom(unsigned what, int user, int other, int package, int64_t waiting)
{
    const struct model_cell *cell = &model->cells[model->person_of[user]][package];
    switch (what) {
    case 17:
        step_cancel(user, waiting);
        break;
    case 18:
        step_end(user, package, step_chance(2));
        break;
    case 19:
        step_assign(user, package);
        break;
    case 20:
        step_emergency(user, 5 + (int)step_chance(2));
        break;
    case 21:
        step_review(other, cell->unreviewed ? cell->unreviewed : waiting);
        break;
    case 22:
        step_delegate(user, other);
        break;
    case 23:
        step_chance(3) ? step_retry_now(user, package) : step_undelegate(user, other);
        break;
    case 24:
        disturb(user, package);
        break;
    case 25:
        mend();
        break;
    default:
        step_move_clock(step_chance(6) ? step_chance(150) : step_chance(5000));
    }
}

static void step(void)
{
    const int user = (int)step_chance(MODEL_USERS);
    const int other = (int)step_chance(MODEL_USERS);
    const int package = (int)step_chance(MODEL_PACKAGES);
    const struct model_cell *cell = &model->cells[model->person_of[user]][package];
    const int64_t recent = step_newest > RECENT ? step_newest - (int64_t)step_chance(RECENT)
                                                : 1 + (int64_t)step_chance((unsigned)step_newest);
    const int64_t waiting = cell->request && step_chance(4) ? cell->request : recent;
    if (model->records[waiting].lost) {
        step_submit(user, package);
        return;
    }
    const unsigned what = step_chance(32);
    if (engine->verification.pending && step_chance(2))
        engine_verify(engine);
    if (what < 6)
        step_submit(user, package);
    else if (what < 15)
        step_decide(other, waiting, what < 14);
    else if (what < 17)
        step_extend(user, package);
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
    step_records = steps * 2 + 1000;
    *model = (struct model){.now = fixture->now,
                            .files = _i,
                            .person_of = {0, 1, 2, 3},
                            .exists = {true, true},
                            .allowed = {true, true},
                            .pending_per_user = LIMIT,
                            .records = calloc((size_t)step_records, sizeof(*model->records))};
    step_world.chance = step_chance;
    memcpy(model->packages, step_packages, sizeof(step_packages));
    for (int p = 0; p < MODEL_PACKAGES; p++) {
        model->packages[p].present = true;
        world_write_package(&step_world, &model->packages[p]);
    }
    fixture_reload(fixture);
    etcgroup_add(&step_world.etc, "carol", "backup");
    audited_watch(engine->store);
    ck_assert_int_eq(engine_watch_drift(engine), 0);
    while (step_newest == 0)
        step_submit(0, 0);
    for (long i = 0; i < steps; i++) {
        step();
        if (traces)
            audited_print(engine->store, i);
        const bool all = step_chance(4) != 0;
        world_serve(&step_world, all);
        world_compare(&step_world);
        if (all)
            world_compare_served(&step_world);
        audited_check(engine->store);
    }
    world_settle(&step_world);
    step_forget_store();
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
