/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/model_world.h"

#include "common/duration.h"
#include "common/grantdir.h"
#include "helperd/store/sql.h"
#include "tests/support/unmarked.h"

#include <inttypes.h>
#include <string.h>

enum { ANOTHER_UID = 100, RETRY_LONGEST = 3600 };

const char *const world_users[MODEL_USERS] = {"alice", "bob", "carol", "dave"};
const char *const world_groups[MODEL_GROUPS] = {"dbadmins", "backup"};
const gid_t world_gids[MODEL_GROUPS] = {2001, 34};

/* ---- who is who ---- */

uid_t world_uid(int person)
{
    return (uid_t)(ALICE + model_user(person) + (person < MODEL_USERS ? 0 : ANOTHER_UID));
}

int world_person_of_uid(uid_t uid)
{
    return uid < ALICE + ANOTHER_UID ? (int)uid - ALICE : (int)uid - ALICE - ANOTHER_UID + MODEL_USERS;
}

static int find(const char *const *names, int count, const char *name)
{
    int i = 0;
    while (i < count && strcmp(names[i], name) != 0)
        i++;
    ck_assert_msg(i < count, "nobody knows %s", name);
    return i;
}

int world_find_package(const struct world *world, const char *name)
{
    int p = 0;
    while (p < MODEL_PACKAGES && strcmp(world->model.packages[p].name, name) != 0)
        p++;
    ck_assert_int_lt(p, MODEL_PACKAGES);
    return p;
}

struct caller world_caller(const struct model_caller *caller)
{
    const unsigned login = caller->identity & ~(1u << caller->person);
    return (struct caller){
        .identity = {world_uid(caller->person), login ? world_uid(__builtin_ctz(login)) : UID_UNSET}};
}

static void add_person(struct world *world, struct principal *principal, int user)
{
    principal->people[principal->n_people++] =
        (struct person){.name = strdup(world_users[user]), .uid = world_uid(world->model.person_of[user])};
}

struct facts *world_facts(struct world *world, const char *caller, const char *user)
{
    struct facts *facts = fixture_facts(caller, user);
    for (int g = 0; g < MODEL_GROUPS; g++) {
        facts->groups[g].local = world->model.exists[g];
        if (!world->model.exists[g])
            facts->groups[g].gid = GID_UNSET;
    }
    facts->n_principals = MODEL_USERS + 1;
    facts->principals = calloc(facts->n_principals, sizeof(*facts->principals));
    for (size_t i = 0; i < facts->n_principals; i++) {
        struct principal *principal = &facts->principals[i];
        *principal = (struct principal){.name = strdup(i < MODEL_USERS ? world_users[i] : "%dba-leads"),
                                        .exists = true,
                                        .whole = true,
                                        .people = calloc(2, sizeof(struct person))};
        add_person(world, principal, i < MODEL_USERS ? (int)i : 1);
        if (i == MODEL_USERS)
            add_person(world, principal, 2);
    }
    return facts;
}

/* ---- packages ---- */

static void write_names(FILE *out, const char *key, unsigned users)
{
    if (!users)
        return;
    fprintf(out, "%s =", key);
    for (int u = 0; users != (B | C) && u < MODEL_USERS; u++)
        fprintf(out, "%s%s", users & 1u << u ? " " : "", users & 1u << u ? world_users[u] : "");
    fprintf(out, "%s\n", users == (B | C) ? " %dba-leads" : "");
}

static void write_duration(FILE *out, const char *key, int64_t seconds)
{
    char text[DURATION_TEXT_MAX];
    if (seconds)
        fprintf(out, "%s = %s\n", key, duration_write(seconds, text));
}

static void write_stages(FILE *out, const struct model_package *package)
{
    for (int s = 0; s < package->n_stages; s++) {
        fprintf(out, "[stage %d]\nquorum = %d\n", s + 1, package->stages[s].quorum);
        write_names(out, "approvers", package->stages[s].approvers);
        write_names(out, "fallback_approvers", package->stages[s].fallback);
        write_duration(out, "timeout", package->stages[s].timeout);
        write_duration(out, "escalate_after", package->stages[s].escalate_after);
    }
}

void world_write_package(struct world *world, const struct model_package *package)
{
    static const char *const extensions[] = {"no", "allowed", "approval"};
    static const char *const ends[] = {"keep", "warn", "terminate\nservices = sshd"};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    fprintf(out, "[package]\ngroups =");
    for (int g = 0; g < MODEL_GROUPS; g++)
        fprintf(out, "%s%s", package->groups & 1u << g ? " " : "",
                package->groups & 1u << g ? world_groups[g] : "");
    fprintf(out, "\n[policy]\nextension = %s\nat_end = %s\non_removed = %s\ndrift = %s\napproval = %s\n",
            extensions[package->extension], ends[package->at_end],
            package->revoke_on_removed ? "revoke" : "keep", package->drift_repair ? "repair" : "report",
            package->n_stages ? "required" : "none");
    if (package->requestors != EVERYBODY)
        write_names(out, "requestors", package->requestors);
    write_names(out, "emergency", package->emergency);
    write_duration(out, "emergency_duration", package->emergency_duration);
    write_duration(out, "duration", package->duration);
    write_duration(out, "max_duration", package->max_duration);
    write_duration(out, "max_total", package->max_total);
    write_duration(out, "cooldown", package->cooldown);
    write_duration(out, "gate_cooldown", package->gate_cooldown);
    if (package->incompatible)
        fprintf(out, "incompatible =");
    for (int p = 0; p < MODEL_PACKAGES; p++)
        if (package->incompatible & 1u << p)
            fprintf(out, " %s", world->model.packages[p].name);
    fprintf(out, "\n");
    write_stages(out, package);
    ck_assert_int_eq(fclose(out), 0);
    fixture_write_package(&world->fixture, package->name, text);
    free(text);
}

/* ---- what the engine asks of others ---- */

static bool serve_retry(struct world *world)
{
    struct engine *engine = &world->fixture.engine;
    struct inquiry inquiry = INQUIRY_EMPTY;
    struct assignment assignment = {0};
    int64_t id = 0;
    if (engine_take_due_retry(engine, &id, &inquiry) != 0)
        return false;
    ck_assert_int_eq(store_get_assignment(engine->store, id, &assignment), 0);
    struct facts *facts = world_facts(world, NULL, inquiry.user);
    ck_assert_int_eq(engine_retry(engine, id, facts), 0);
    ck_assert(world->model.files ||
              !world->model
                   .cells[world_person_of_uid(assignment.uid)][world_find_package(world, assignment.package)]
                   .held_back);
    model_try(&world->model, world_person_of_uid(assignment.uid),
              world_find_package(world, assignment.package), false);
    assignment_deinit(&assignment);
    inquiry_deinit(&inquiry);
    facts_free(facts);
    return true;
}

static void serve_surveys(struct world *world)
{
    struct engine *engine = &world->fixture.engine;
    struct inquiry inquiry = INQUIRY_EMPTY;
    int64_t id = 0;
    while (engine_take_due_survey(engine, &id, &inquiry) == 0) {
        struct facts *facts = world_facts(world, NULL, inquiry.user);
        ck_assert_int_eq(engine_survey(engine, id, facts), 0);
        facts_free(facts);
        inquiry_deinit(&inquiry);
        inquiry = INQUIRY_EMPTY;
    }
    model_survey(&world->model);
}

static bool is_placed(const struct model *model, int user, int group)
{
    bool placed = model->there[user][group];
    for (int p = 0; p < MODEL_PACKAGES; p++)
        placed |= model->cells[model->person_of[user]][p].held &&
                  model->cells[model->person_of[user]][p].grants[group] == PLACED;
    return placed;
}

/* Rule 6: it adds what is wanted, and takes away what it added and nobody has any more. */
static bool ask_root_service(struct world *world)
{
    struct etcgroup *etc = &world->etc;
    if (!etcgroup_act(etc, &world->fixture.engine))
        return false;
    const int user = find(world_users, MODEL_USERS, etc->asked.user);
    const int group = find(world_groups, MODEL_GROUPS, etc->asked.group);
    const bool removes = membership_act(etc->asked.state) == MEMBERSHIP_ACT_REMOVE;
    bool *ours = &world->ours[user][group];
    if (etc->answer)
        world->failed = world->fixture.now;
    else if (membership_act(etc->asked.state) == MEMBERSHIP_ACT_ADD)
        *ours |= !etc->member;
    if (!removes)
        ck_assert(model_wants(&world->model, user, group));
    else if (!etc->answer) {
        ck_assert_msg((*ours || !etc->member || world->adopted) && !is_placed(&world->model, user, group),
                      "%s was taken out of %s", world_users[user], world_groups[group]);
        *ours = false;
    }
    return true;
}

/* Meanwhile it may have been released, or wanted anew: whether it is there now, the engine has to say. */
static void hear_root_service(struct world *world)
{
    struct engine *engine = &world->fixture.engine;
    struct membership now = {0};
    const int user = find(world_users, MODEL_USERS, world->etc.asked.user);
    const int group = find(world_groups, MODEL_GROUPS, world->etc.asked.group);
    const bool there = world->model.there[user][group];
    etcgroup_answer(&world->etc, engine, false);
    const int r = store_get_membership(engine->store, world_users[user], world_groups[group], &now);
    if (r == 0 && now.state == MEMBERSHIP_THERE && !there) {
        ck_assert(model_wants(&world->model, user, group));
        model_placed(&world->model, user, group);
    }
    membership_deinit(&now);
}

static bool serve_membership(struct world *world, bool late)
{
    if (world->etc.asked.user)
        hear_root_service(world);
    else if (!ask_root_service(world))
        return false;
    else if (!late)
        hear_root_service(world);
    return true;
}

void world_settle(struct world *world)
{
    if (world->etc.asked.user)
        hear_root_service(world);
}

/* What the user has by other packages is spared. */
static bool serve_ending(struct world *world)
{
    struct engine_ending ending = {0};
    if (engine_take_due_ending(&world->fixture.engine, &ending) != 0)
        return false;
    const int person = world_person_of_uid(ending.uid);
    const bool fails = world->chance(4) == 0;
    for (int p = 0; p < MODEL_PACKAGES; p++) {
        const struct model_package *package = &world->model.packages[p];
        const struct model_cell *cell = &world->model.cells[person][p];
        if (!cell->held || cell->begin > world->fixture.now)
            continue;
        for (int g = 0; g < MODEL_GROUPS; g++)
            for (size_t i = 0; i < ending.n_gids && cell->grants[g] == PLACED; i++)
                ck_assert_int_ne(ending.gids[i], world_gids[g]);
        if (model_is_whole(&world->model, person, p) && package->present &&
            package->at_end == PACKAGE_AT_END_TERMINATE)
            ck_assert_uint_eq(strv_length(ending.services), 0);
    }
    ck_assert_int_eq(engine_ending_done(&world->fixture.engine, &ending, NULL, fails ? "no logind" : NULL),
                     0);
    world->model.endings -= !fails;
    engine_ending_deinit(&ending);
    return true;
}

/* Nobody is told of an end that is not near. */
static bool serve_warning(struct world *world)
{
    struct engine_warning warning = {0};
    bool near = false;
    if (engine_take_due_warning(&world->fixture.engine, &warning) != 0)
        return false;
    for (int p = 0; p < MODEL_PACKAGES; p++) {
        const struct model_cell *cell = &world->model.cells[world_person_of_uid(warning.uid)][p];
        near |= cell->held && world->model.packages[p].at_end != PACKAGE_AT_END_KEEP &&
                cell->end - 900 <= world->fixture.now && world->fixture.now < cell->end;
    }
    ck_assert(near);
    return true;
}

void world_serve(struct world *world, bool all)
{
    serve_surveys(world);
    for (unsigned i = world->chance(3); !all && i > 0; i--)
        (void)(world->chance(2) ? serve_retry(world) : serve_membership(world, world->chance(2)));
    while (all && (serve_retry(world) || serve_membership(world, false) || serve_warning(world) ||
                   serve_ending(world)))
        ;
}

/* ---- the comparison ---- */

static void compare_requests(struct world *world)
{
    int count = 0;
    sqlite3_stmt *s =
        sql_take(world->fixture.engine.store,
                 "SELECT id, uid, package, waiting, stage, deadline, start, undecidable IS NOT NULL,"
                 " CASE WHEN granted > 0 THEN granted ELSE duration END"
                 " FROM request WHERE state IN ('submitted', 'pending-approval') UNION ALL"
                 " SELECT id, uid, package, waiting, stage, deadline, start, 0,"
                 " CASE WHEN granted > 0 THEN granted ELSE duration END FROM request WHERE waiting = 1",
                 "");
    while (sql_step(world->fixture.engine.store, s) == 1) {
        const int person = world_person_of_uid(sql_uid(s, 1));
        const int package = world_find_package(world, (const char *)sqlite3_column_text(s, 2));
        const struct model_cell *cell = &world->model.cells[person][package];
        ck_assert_int_eq(sqlite3_column_int64(s, 0), cell->request);
        ck_assert_int_eq(sqlite3_column_int64(s, 3), cell->later);
        ck_assert_int_eq(sqlite3_column_int64(s, 6), cell->start);
        ck_assert_int_eq(sqlite3_column_int64(s, 8), cell->duration);
        if (!cell->later) {
            ck_assert_int_eq(sqlite3_column_int64(s, 4), cell->stage + 1);
            ck_assert_int_eq(sqlite3_column_int64(s, 5), cell->deadline);
            ck_assert_int_eq(sqlite3_column_int64(s, 7), model_is_undecidable(&world->model, cell));
        }
        count++;
    }
    sql_release(world->fixture.engine.store, s);
    for (int i = 0; i < MODEL_PERSONS * MODEL_PACKAGES; i++)
        count -= (&world->model.cells[0][0] + i)->request != 0;
    ck_assert_int_eq(count, 0);
}

/* Rule 8: begun when it was whole, and never longer than was given; nothing revives. */
static void compare_assignments(struct world *world)
{
    int count = 0;
    sqlite3_stmt *s = sql_take(world->fixture.engine.store,
                               "SELECT uid, package, start, end, state = 'fulfilled' FROM assignment"
                               " WHERE state IN ('partially-fulfilled', 'fulfilled')",
                               "");
    while (sql_step(world->fixture.engine.store, s) == 1) {
        const int person = world_person_of_uid(sql_uid(s, 0));
        const int package = world_find_package(world, (const char *)sqlite3_column_text(s, 1));
        const struct model_cell *cell = &world->model.cells[person][package];
        ck_assert_msg(cell->held, "person %d holds %s", person, world->model.packages[package].name);
        ck_assert_int_eq(sqlite3_column_int64(s, 2), cell->begin);
        ck_assert_int_eq(sqlite3_column_int64(s, 3), cell->end);
        ck_assert_msg(sqlite3_column_int64(s, 4) == model_is_whole(&world->model, person, package),
                      "person %d has %s: whole: %d expected", person, world->model.packages[package].name,
                      model_is_whole(&world->model, person, package));
        count++;
    }
    sql_release(world->fixture.engine.store, s);
    for (int i = 0; i < MODEL_PERSONS * MODEL_PACKAGES; i++)
        count -= (&world->model.cells[0][0] + i)->held;
    ck_assert_int_eq(count, 0);
}

static void compare_grants(struct world *world)
{
    sqlite3_stmt *s = sql_take(world->fixture.engine.store,
                               "SELECT a.uid, a.package, g.name, g.problem IS NULL, g.drifted, g.gid IS NULL"
                               " FROM assignment a CROSS JOIN \"grant\" g ON g.assignment = a.id"
                               " WHERE a.state IN ('partially-fulfilled', 'fulfilled')",
                               "");
    while (sql_step(world->fixture.engine.store, s) == 1) {
        const int package = world_find_package(world, (const char *)sqlite3_column_text(s, 1));
        const int group = find(world_groups, MODEL_GROUPS, (const char *)sqlite3_column_text(s, 2));
        const struct model_cell *cell = &world->model.cells[world_person_of_uid(sql_uid(s, 0))][package];
        const enum model_grant grant = sqlite3_column_int(s, 3)   ? PLACED
                                       : sqlite3_column_int(s, 4) ? DRIFTED
                                       : sqlite3_column_int(s, 5) ? UNKNOWN
                                                                  : LACKING;
        ck_assert_msg(grant == cell->grants[group], "%s of uid %u: %s is %d, not %d",
                      world->model.packages[package].name, sql_uid(s, 0), world_groups[group], grant,
                      cell->grants[group]);
    }
    sql_release(world->fixture.engine.store, s);
}

/* Rules 1 and 3: the gate opens, and a look-up shows the group, exactly while they should. */
static void compare_file(struct world *world, int user)
{
    const struct model *model = &world->model;
    struct grant_user file = {0};
    bool opens[MODEL_PACKAGES] = {0};
    bool in[MODEL_GROUPS] = {0};
    if (grantdir_read_user(world->fixture.state, world_users[user], world->fixture.now, &file) == 0)
        ck_assert_int_eq(file.uid, world_uid(model->person_of[user]));
    for (size_t i = 0; i < file.n_packages; i++)
        opens[world_find_package(world, file.packages[i].name)] |=
            grant_span_holds(&file.packages[i].span, world->fixture.now);
    for (size_t i = 0; i < file.n_groups; i++)
        in[find(world_groups, MODEL_GROUPS, file.groups[i].name)] |=
            grant_span_holds(&file.groups[i].span, world->fixture.now);
    for (int p = 0; p < MODEL_PACKAGES; p++)
        ck_assert_msg(opens[p] == model_opens(model, user, p), "%s, %s: %d expected", world_users[user],
                      model->packages[p].name, model_opens(model, user, p));
    for (int g = 0; g < MODEL_GROUPS; g++)
        ck_assert_msg(
            (in[g] && grantdir_allows(world->fixture.state, world_gids[g])) == model_in_group(model, user, g),
            "%s in %s: %d expected", world_users[user], world_groups[g], model_in_group(model, user, g));
    grant_user_deinit(&file);
}

/* Nothing is in place, for a grant or for the user, that has no line. */
static void compare_line(struct world *world, int user, int group)
{
    if (is_placed(&world->model, user, group))
        ck_assert_msg(etcgroup_has(&world->etc, world_users[user], world_groups[group]), "%s is not in %s",
                      world_users[user], world_groups[group]);
}

void world_compare(struct world *world)
{
    compare_requests(world);
    compare_assignments(world);
    compare_grants(world);
    for (int u = 0; u < MODEL_USERS; u++) {
        compare_file(world, u);
        for (int g = 0; world->model.files && g < MODEL_GROUPS; g++)
            compare_line(world, u, g);
    }
}

/* Whether something is not in place that the engine tries again by itself. */
static bool is_tried(const struct model *model, const struct model_cell *cell, int package)
{
    const struct model_package *policy = &model->packages[package];
    for (int g = 0; g < MODEL_GROUPS; g++)
        if (policy->groups & 1u << g &&
            (cell->grants[g] == UNKNOWN || cell->grants[g] == LACKING ||
             (cell->grants[g] == DRIFTED && policy->present && policy->drift_repair)))
            return cell->held && !cell->held_back;
    return false;
}

void world_compare_served(struct world *world)
{
    const struct model *model = &world->model;
    sqlite3_stmt *s =
        sql_take(world->fixture.engine.store, "SELECT count(*) FROM ending WHERE retry_at > 0", "");
    ck_assert_int_eq(sql_step(world->fixture.engine.store, s), 1);
    ck_assert_int_eq(sqlite3_column_int64(s, 0), model->endings);
    sql_release(world->fixture.engine.store, s);
    for (int i = 0; i < MODEL_PERSONS * MODEL_PACKAGES; i++) {
        const struct model_cell *cell = &model->cells[0][0] + i;
        ck_assert_msg(!is_tried(model, cell, i % MODEL_PACKAGES) ||
                          world->fixture.now - cell->tried <= 2 * RETRY_LONGEST,
                      "person %d, %s: it is not tried again", i / MODEL_PACKAGES,
                      model->packages[i % MODEL_PACKAGES].name);
    }
    /* Rule 6: what was added is gone with the last that gave it. */
    for (int u = 0; u < MODEL_USERS; u++)
        for (int g = 0; g < MODEL_GROUPS; g++)
            if (!model_wants(model, u, g) && world->fixture.now - world->failed > RETRY_LONGEST)
                ck_assert_msg(!world->ours[u][g], "%s is in %s still", world_users[u], world_groups[g]);
}
