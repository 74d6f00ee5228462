/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A state.db that is kept, put back later, or lost (rule 13). What the grant files gave goes on, and nothing else is given:
 * that is checked here, file by file and line by line of the store. What is held then the model learns from the store,
 * and goes on by its own rules: what was approved before begins nothing until root accepts it, nor afterwards by itself.
 */
#include "tests/support/step.h"

#include "common/grantdir.h"
#include "common/locks.h"
#include "helperd/lifecycle/lifecycle.h"
#include "helperd/store/sql.h"
#include "tests/support/audited.h"
#include "tests/support/blank_store.h"
#include "tests/support/unmarked.h"

#include <string.h>
#include <unistd.h>

static struct world *const world = &step_world;
static struct fixture *const fixture = &step_world.fixture;
static struct engine *const engine = &step_world.fixture.engine;
static struct model *const model = &step_world.model;

static struct saved {
    sqlite3 *copy;
    struct model model;
} saved;

static struct grant_user files[MODEL_USERS];

static void copy_database(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    ck_assert_ptr_nonnull(backup);
    ck_assert_int_eq(sqlite3_backup_step(backup, -1), SQLITE_DONE);
    ck_assert_int_eq(sqlite3_backup_finish(backup), SQLITE_OK);
}

/* As pkg-admin backup does it, or an administrator with cp. */
void step_save_store(void)
{
    step_forget_store();
    ck_assert_int_eq(sqlite3_open(":memory:", &saved.copy), SQLITE_OK);
    copy_database(engine->store->database, saved.copy);
    saved.model = *model;
}

void step_forget_store(void)
{
    sqlite3_close(saved.copy);
    saved.copy = NULL;
}

/* ---- another store ---- */

/* A record that the daemon has in its log is gone by then, but for one lifted while it was stopped. */
static void remove_lock_records(void)
{
    for (int u = 0; u < MODEL_USERS; u++) {
        char path[256];
        snprintf(path, sizeof(path), "%s/locks/%s", fixture->state, world_users[u]);
        (void)unlink(path);
    }
}

static void read_files(void)
{
    for (int u = 0; u < MODEL_USERS; u++) {
        grant_user_deinit(&files[u]);
        files[u] = (struct grant_user){0};
        (void)grantdir_read_user(fixture->state, world_users[u], fixture->now, &files[u]);
    }
}

static int64_t count_entries(void)
{
    struct store_numbers numbers = {0};
    ck_assert_int_eq(store_get_numbers(engine->store, &numbers), 0);
    return numbers.audit;
}

/* Requests that it does not know: their numbers are not given again. */
static void lose_records(void)
{
    for (int64_t id = 1; id <= step_newest; id++)
        model->records[id].lost = true;
    sqlite3_stmt *s = sql_take(engine->store, "SELECT id FROM request", "");
    while (sql_step(engine->store, s) == 1)
        model->records[sqlite3_column_int64(s, 0)].lost = false;
    sql_release(engine->store, s);
}

/* pkg-admin restore begins an epoch, cp does not. */
static void put_copy(void)
{
    copy_database(saved.copy, engine->store->database);
    if (step_chance(2))
        ck_assert_int_eq(store_begin_epoch(engine->store, fixture->now), 0);
    lose_records();
}

static void put_new_store(void)
{
    bool newborn = false;
    store_close(engine->store);
    ck_assert_int_eq(blank_store_open(&engine->store, &newborn), 0);
    audited_watch(engine->store);
    lose_records();
}

/* All that the daemon does at a start: users, groups, the allow-list and /etc/group may be others than the store has. */
static void start(bool newborn)
{
    ck_assert_int_eq(engine_start(engine, newborn), 0);
    ck_assert_int_eq(engine_apply_policy(engine), 0);
    while (engine_verify(engine) == 1)
        ;
    ck_assert_int_eq(engine_watch_drift(engine), 0);
    struct facts *facts = world_facts(world, NULL, NULL);
    ck_assert_int_eq(engine_compare_groups(engine, facts), 0);
    facts_free(facts);
    for (int u = 0; u < MODEL_USERS; u++) {
        facts = world_facts(world, NULL, world_users[u]);
        ck_assert_int_eq(engine_compare_user(engine, world_users[u], facts), 0);
        facts_free(facts);
    }
    ck_assert_int_eq(engine_compare_allow_list(engine, engine->packages), 0);
    for (int g = 0; model->files && g < MODEL_GROUPS; g++)
        etcgroup_compare(&world->etc, engine, world_groups[g]);
    while (engine_drift_step(engine) == 1)
        ;
    survey_plan_all(engine);
}

/* ---- what holds then ---- */

static bool file_opens(const struct grant_user *file, const char *package)
{
    for (size_t i = 0; i < file->n_packages; i++)
        if (strcmp(file->packages[i].name, package) == 0 &&
            grant_span_holds(&file->packages[i].span, fixture->now))
            return true;
    return false;
}

static bool file_gives(const struct grant_user *file, int group)
{
    for (size_t i = 0; i < file->n_groups; i++)
        if (file->groups[i].gid == world_gids[group] && grant_span_holds(&file->groups[i].span, fixture->now))
            return true;
    return false;
}

/* Whoever got in gets in; nobody else does, and no group is given that was not. */
static void check_files(void)
{
    for (int u = 0; u < MODEL_USERS; u++) {
        const char *user = world_users[u];
        for (int p = 0; p < MODEL_PACKAGES; p++) {
            const char *package = model->packages[p].name;
            ck_assert_msg(fixture_gate_opens(fixture, user, package) == file_opens(&files[u], package),
                          "%s, %s: %d before the store was put back", user, package,
                          file_opens(&files[u], package));
        }
        for (int g = 0; g < MODEL_GROUPS; g++)
            ck_assert_msg(!fixture_in_group(fixture, user, world_gids[g]) || file_gives(&files[u], g),
                          "%s in %s since the store was put back", user, world_groups[g]);
    }
}

/* ---- what the model learns ---- */

/* Rule 14: it gives no group that its package does not, nor one that the file did not give. */
static void learn_grants(struct model_cell *cell, int user, int package, int64_t assignment)
{
    memset(cell->grants, 0, sizeof(cell->grants));
    sqlite3_stmt *s =
        sql_take(engine->store, "SELECT name, problem IS NULL, drifted FROM \"grant\" WHERE assignment = ?",
                 "i", assignment);
    while (sql_step(engine->store, s) == 1) {
        const char *name = (const char *)sqlite3_column_text(s, 0);
        const bool placed = sqlite3_column_int(s, 1);
        for (int g = 0; g < MODEL_GROUPS; g++) {
            if (strcmp(name, world_groups[g]) != 0)
                continue;
            ck_assert_msg(model->packages[package].groups & 1u << g, "%s gives %s to %s",
                          model->packages[package].name, name, world_users[user]);
            ck_assert_msg(!placed || file_gives(&files[user], g), "%s of %s is in place", name,
                          world_users[user]);
            cell->grants[g] = placed ? PLACED : sqlite3_column_int(s, 2) ? DRIFTED : LACKING;
        }
    }
    sql_release(engine->store, s);
}

/* What is not given waits for root; nothing lasts longer than the store or the file had it. */
static void learn_assignment(sqlite3_stmt *s)
{
    const int person = world_person_of_uid(sql_uid(s, 1));
    const int package = world_find_package(world, (const char *)sqlite3_column_text(s, 2));
    const int user = model_user(person);
    struct model_cell *cell = &model->cells[person][package];
    const int64_t begin = sqlite3_column_int64(s, 3), end = sqlite3_column_int64(s, 4);
    const bool same = cell->held && cell->begin == begin;
    ck_assert(model_is_current(model, person));
    cell->held_back = sqlite3_column_int(s, 5);
    ck_assert_msg(cell->held_back || file_opens(&files[user], model->packages[package].name),
                  "%s of %s is not held back", model->packages[package].name, world_users[user]);
    ck_assert_msg(!cell->held_back || model->files || sqlite3_column_int64(s, 8) == 0, "it is tried again");
    if (!same) {
        cell->adopted = true;
        cell->of_emergency = false;
        cell->fixed_start = 0;
        if (cell->held && cell->extends)
            model_withdraw(cell);
    }
    cell->held = true;
    cell->begin = begin;
    cell->end = end;
    cell->begun = sqlite3_column_int(s, 6);
    cell->length = sqlite3_column_int64(s, 7);
    cell->tried = model->now;
    learn_grants(cell, user, package, sqlite3_column_int64(s, 0));
}

static void learn_assignments(void)
{
    struct model_cell was[MODEL_PERSONS][MODEL_PACKAGES];
    bool there[MODEL_PERSONS][MODEL_PACKAGES] = {0};
    memcpy(was, model->cells, sizeof(was));
    sqlite3_stmt *s = sql_take(engine->store,
                               "SELECT id, uid, package, start, end, held, begun, duration, retry_at FROM "
                               "assignment WHERE state IN ('partially-fulfilled', 'fulfilled')",
                               "");
    while (sql_step(engine->store, s) == 1) {
        there[world_person_of_uid(sql_uid(s, 1))]
             [world_find_package(world, (const char *)sqlite3_column_text(s, 2))] = true;
        learn_assignment(s);
    }
    sql_release(engine->store, s);
    for (int i = 0; i < MODEL_PERSONS * MODEL_PACKAGES; i++) {
        struct model_cell *cell = &model->cells[0][0] + i;
        if (there[i / MODEL_PACKAGES][i % MODEL_PACKAGES] || !cell->held)
            continue;
        ck_assert_int_le(cell->end, model->now); /* it was over by the store, too */
        cell->held = false;
        if (cell->extends)
            model_withdraw(cell);
    }
}

/* What was given is there, whether the root service answers or not. Lines of /etc/group that nobody has any more the root service ends by its own notes. */
static void learn_memberships(void)
{
    memset(model->there, 0, sizeof(model->there));
    world->adopted = true;
    for (int u = 0; u < MODEL_USERS; u++)
        for (int g = 0; g < MODEL_GROUPS; g++) {
            struct membership membership = {0};
            const int r = store_get_membership(engine->store, world_users[u], world_groups[g], &membership);
            model->there[u][g] = r == 0 && membership.state == MEMBERSHIP_THERE && model_wants(model, u, g);
            if (r != 0 && world->ours[u][g] && !model_wants(model, u, g))
                etcgroup_remove(&world->etc, world_users[u], world_groups[g]);
            world->ours[u][g] &= r == 0 && (membership.ours || membership.state != MEMBERSHIP_THERE);
            membership_deinit(&membership);
        }
}

static int64_t read_number(const char *sql)
{
    int64_t number = 0;
    sqlite3_stmt *s = NULL;
    ck_assert_int_eq(sqlite3_prepare_v2(engine->store->database, sql, -1, &s, NULL), SQLITE_OK);
    if (sqlite3_step(s) == SQLITE_ROW)
        number = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return number;
}

static void learn(const struct model *before)
{
    check_files();
    model->unaccepted = engine->unaccepted;
    model->held_request = engine->held_request;
    model_put_back(model, before);
    learn_assignments();
    learn_memberships();
    ck_assert_int_eq(read_number("SELECT count(*) FROM delegation WHERE revoked = 0 AND until > (SELECT "
                                 "max(at) FROM audit)"),
                     0);
    model->endings = (int)read_number("SELECT count(*) FROM ending WHERE retry_at > 0");
    model_pass(model);
}

/* The daemon is stopped, the store is another one, and the daemon comes back. It tells so, unless nothing had happened. */
void step_put_back_store(bool lost)
{
    if (!lost && !saved.copy) {
        step_save_store();
        return;
    }
    world_settle(world);
    const int64_t entries = count_entries();
    step_go_away();
    remove_lock_records();
    read_files();
    if (lost)
        put_new_store();
    else
        put_copy();
    const bool told = lost || entries > count_entries();
    start(lost);
    ck_assert(engine->unaccepted || !told);
    if (audited_has(engine->store, "unaccepted", "accesspkgd"))
        learn(lost ? NULL : &saved.model);
    else
        ck_assert(!told); /* it was saved a moment ago */
}

/* What is there begins and ends as usual from then on; what is held back comes back only by a retry that is asked for. */
void step_accept_store(void)
{
    const struct call *call =
        fixture_call_with(fixture, fixture_caller("root"), world_facts(world, "root", NULL));
    const int r = fixture_answer(engine_accept_store(call), NULL);
    for (int i = 0; r == 0 && i < MODEL_PERSONS * MODEL_PACKAGES; i++) {
        struct model_cell *cell = &model->cells[0][0] + i; /* it may have begun and ended */
        if (cell->later && cell->start <= model->now && cell->request <= model->held_request)
            model_withdraw(cell);
    }
    ck_assert_int_eq(r, model->unaccepted ? 0 : BUS_ERROR_POLICY_REFUSED);
    ck_assert(r != 0 || audited_has(engine->store, "accept-store", "root"));
    model->unaccepted = false;
    model_pass(model);
}
