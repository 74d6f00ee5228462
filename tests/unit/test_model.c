/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine against a model of a few lines, in both modes of membership: random operations of several users, the
 * clock in the hand, restarts in between. After each step every gate and every group is compared, so that the rules hold whatever the order. The seed
 * is printed; MODEL_SEED and MODEL_STEPS in the environment repeat or lengthen a run.
 */
#include "tests/support/etcgroup.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 4, PACKAGES = 4, STAGES = 2, STEPS = 100000, RECORDS = 200000, LIMIT = 2 };

static const char *const users[USERS] = {"alice", "bob", "carol", "dave"};
static const uid_t uids[USERS] = {ALICE, BOB, CAROL, DAVE};
enum { A = 1 << 0, B = 1 << 1, C = 1 << 2, D = 1 << 3 };

static const struct {
    const char *name;
    const char *text;
    unsigned requestors;
    int n_stages;
    struct {
        unsigned approvers;
        int quorum;
        int64_t timeout;
    } stages[STAGES];
    int64_t duration;
    int64_t max_total;
    enum package_extension extension;
    bool dbadmins;
    bool backup;
} packages[PACKAGES] = {
    {"asked",
     "[package]\ngroups = dbadmins\n[policy]\nrequestors = %staff\nduration = 1h\nextension = approval\n"
     "max_total = 3h\napprovers = %dba-leads\napproval_timeout = 40m\n",
     A | C | D,
     1,
     {{B | C, 1, 2400}},
     3600,
     10800,
     PACKAGE_EXTENSION_APPROVAL,
     true,
     false},
    {"free",
     "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 30m\nextension = allowed\n",
     A | B | C | D,
     0,
     {{0}},
     1800,
     0,
     PACKAGE_EXTENSION_ALLOWED,
     false,
     true},
    {"staged",
     "[package]\ngroups = dbadmins\n[policy]\nduration = 20m\n[stage 1]\napprovers = bob dave\nquorum = 2\n"
     "timeout = 30m\n[stage 2]\napprovers = carol alice\ntimeout = 1h\n",
     A | B | C | D,
     2,
     {{B | D, 2, 1800}, {A | C, 1, 3600}},
     1200,
     0,
     PACKAGE_EXTENSION_NO,
     true,
     false},
    {"both",
     "[package]\ngroups = dbadmins backup\n[policy]\nrequestors = alice bob\nduration = 10m\napprovers = "
     "dave\n",
     A | B,
     1,
     {{D, 1, 86400}},
     600,
     0,
     PACKAGE_EXTENSION_NO,
     true,
     true},
};

/* What the model knows of one user and one package. */
struct cell {
    int64_t request; /* the one that waits; 0: none */
    bool extends;
    int stage; /* from 0 */
    unsigned approved_by;
    int64_t deadline;
    int64_t start, end; /* what is held; end 0: nothing */
};

static struct fixture fixture;
static struct etcgroup etc; /* membership = files: carol was in backup before anything was asked */
static struct cell cells[USERS][PACKAGES];
static struct {
    int user;
    int package;
    bool routed; /* had approvers */
} records[RECORDS];
static int64_t newest;

static uint64_t state_of_chance;

static unsigned chance(unsigned bound)
{
    state_of_chance = state_of_chance * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state_of_chance >> 33) % bound;
}

/* ---- the model ---- */

static void pass_time(void)
{
    for (int u = 0; u < USERS; u++)
        for (int p = 0; p < PACKAGES; p++) {
            struct cell *cell = &cells[u][p];
            if (cell->end && cell->end <= fixture.now) {
                cell->end = 0;
                if (cell->extends)
                    cell->request = 0;
            }
            if (cell->request && cell->deadline <= fixture.now)
                cell->request = 0;
        }
}

static int count_waiting(int user)
{
    int count = 0;
    for (int p = 0; p < PACKAGES; p++)
        count += cells[user][p].request != 0;
    return count;
}

static void wait_for(struct cell *cell, int package, bool extends, int64_t id)
{
    records[id].routed = true;
    *cell = (struct cell){.request = id,
                          .extends = extends,
                          .deadline = fixture.now + packages[package].stages[0].timeout,
                          .start = cell->start,
                          .end = cell->end};
}

static void hold(struct cell *cell, int package)
{
    *cell = (struct cell){.start = fixture.now, .end = fixture.now + packages[package].duration};
}

static bool may_extend(const struct cell *cell, int package)
{
    return packages[package].extension != PACKAGE_EXTENSION_NO &&
           (!packages[package].max_total ||
            cell->end + packages[package].duration - cell->start <= packages[package].max_total);
}

/* ---- operations: what the engine answers must be what the model expects ---- */

static int64_t note(json_t *value, int user, int package)
{
    const int64_t id = fixture_id(value);
    ck_assert_int_lt(id, RECORDS);
    records[id].user = user;
    records[id].package = package;
    newest = id > newest ? id : newest;
    return id;
}

static void submit(int user, int package)
{
    struct cell *cell = &cells[user][package];
    json_t *value = NULL;
    int expected = 0;
    if (!cell->end && !cell->request) {
        if (!(packages[package].requestors & 1u << user))
            expected = BUS_ERROR_POLICY_REFUSED;
        else if (packages[package].n_stages && count_waiting(user) >= LIMIT)
            expected = BUS_ERROR_LIMIT_EXCEEDED;
    }
    ck_assert_int_eq(fixture_submit(&fixture, users[user], packages[package].name, "x", &value), expected);
    if (expected)
        return;
    ck_assert(json_is_true(json_object_get(value, "existing")) == (cell->end || cell->request)); /* rule 7 */
    const bool is_new = !cell->end && !cell->request;
    const int64_t id = note(value, user, package);
    if (is_new && packages[package].n_stages)
        wait_for(cell, package, false, id);
    else if (is_new)
        hold(cell, package);
    else if (!cell->end)
        ck_assert_int_eq(id, cell->request);
}

static unsigned all_approvers(int package)
{
    unsigned all = 0;
    for (int s = 0; s < packages[package].n_stages; s++)
        all |= packages[package].stages[s].approvers;
    return all;
}

/* Where this approver is asked first; the number of stages when nowhere. */
static int first_stage_of(int package, unsigned bit)
{
    int s = 0;
    while (s < packages[package].n_stages && !(packages[package].stages[s].approvers & bit))
        s++;
    return s;
}

static int expect_decision(int decider, int64_t id, bool approve)
{
    const int user = records[id].user;
    const int package = records[id].package;
    const struct cell *cell = &cells[user][package];
    const unsigned bit = 1u << decider;
    if (cell->request != id)
        return records[id].routed && (all_approvers(package) & bit) ? BUS_ERROR_ALREADY_DECIDED
                                                                    : BUS_ERROR_NOT_AUTHORIZED; /* rule 4 */
    if (decider == user)                                                                        /* rule 5 */
        return BUS_ERROR_NOT_AUTHORIZED;
    if (!(packages[package].stages[cell->stage].approvers & bit))
        return first_stage_of(package, bit) < cell->stage ? BUS_ERROR_ALREADY_DECIDED /* rule 4 */
                                                          : BUS_ERROR_NOT_AUTHORIZED;
    if (cell->approved_by & bit)
        return BUS_ERROR_ALREADY_DECIDED;
    if (approve && cell->extends && !may_extend(cell, package))
        return BUS_ERROR_POLICY_REFUSED;
    return 0;
}

static void decide(int decider, int64_t id, bool approve)
{
    const int expected = expect_decision(decider, id, approve);
    ck_assert_int_eq(fixture_decide(&fixture, users[decider], id, approve, "y", NULL), expected);
    if (expected)
        return;
    const int package = records[id].package;
    struct cell *cell = &cells[records[id].user][package];
    if (!approve) {
        cell->request = 0;
        return;
    }
    cell->approved_by |= 1u << decider;
    if (__builtin_popcount(cell->approved_by) < packages[package].stages[cell->stage].quorum)
        return;
    if (cell->stage + 1 < packages[package].n_stages) {
        cell->stage++;
        cell->approved_by = 0;
        cell->deadline = fixture.now + packages[package].stages[cell->stage].timeout;
    } else if (cell->extends) {
        cell->end += packages[package].duration;
        cell->request = 0;
    } else {
        hold(cell, package); /* rule 8: the delay ate nothing */
    }
}

static int finish(int result, struct reply *reply, struct facts *facts, json_t **ret_value)
{
    facts_free(facts);
    if (ret_value && result == 0)
        *ret_value = reply->value;
    else
        json_decref(reply->value);
    return result;
}

static void extend(int user, int package)
{
    struct cell *cell = &cells[user][package];
    struct facts *facts = fixture_facts(users[user], NULL);
    const struct caller caller = fixture_caller(users[user]);
    struct reply reply = {0};
    json_t *value = NULL;
    const bool files = packages[package].extension == PACKAGE_EXTENSION_APPROVAL && !cell->request;
    const int expected = !cell->end                                       ? BUS_ERROR_NO_SUCH_REQUEST
                         : !may_extend(cell, package)                     ? BUS_ERROR_POLICY_REFUSED
                         : !(packages[package].requestors & (1u << user)) ? BUS_ERROR_POLICY_REFUSED
                         : files && count_waiting(user) >= LIMIT          ? BUS_ERROR_LIMIT_EXCEEDED
                                                                          : 0;
    ck_assert_int_eq(
        finish(engine_extend(&fixture.engine, &caller, facts, packages[package].name, NULL, 0, &reply),
               &reply, facts, &value),
        expected);
    if (expected)
        return;
    const int64_t id = note(value, user, package);
    if (packages[package].extension == PACKAGE_EXTENSION_ALLOWED)
        cell->end += packages[package].duration;
    else if (cell->request)
        ck_assert_int_eq(id, cell->request);
    else
        wait_for(cell, package, true, id);
}

static void cancel(int user, int64_t id)
{
    struct facts *facts = fixture_facts(users[user], NULL);
    const struct caller caller = fixture_caller(users[user]);
    struct reply reply = {0};
    struct cell *cell = &cells[records[id].user][records[id].package];
    const int expected = records[id].user != user ? BUS_ERROR_NO_SUCH_REQUEST
                         : cell->request != id    ? BUS_ERROR_ALREADY_DECIDED
                                                  : 0;
    ck_assert_int_eq(
        finish(engine_cancel(&fixture.engine, &caller, facts, id, "", &reply), &reply, facts, NULL),
        expected);
    if (!expected)
        cell->request = 0;
}

/* An end before the end; an extension that waits goes with it. */
static void end(int user, int package, bool revoke)
{
    struct cell *cell = &cells[user][package];
    const char *name = revoke ? "root" : users[user];
    struct facts *facts = fixture_facts(name, NULL);
    const struct caller caller = fixture_caller(name);
    struct reply reply = {0};
    const int r = revoke ? engine_revoke(&fixture.engine, &caller, facts, users[user], packages[package].name,
                                         "z", &reply)
                         : engine_return(&fixture.engine, &caller, facts, packages[package].name, "", &reply);
    ck_assert_int_eq(finish(r, &reply, facts, NULL), cell->end ? 0 : BUS_ERROR_NO_SUCH_REQUEST);
    if (cell->end && cell->extends)
        cell->request = 0;
    cell->end = 0;
}

static void assign(int user, int package)
{
    struct cell *cell = &cells[user][package];
    struct facts *facts = fixture_facts("root", users[user]);
    const struct caller caller = fixture_caller("root");
    struct reply reply = {0};
    json_t *value = NULL;
    const struct assign_terms terms = {.package = packages[package].name, .reason = "w"};
    const int expected = cell->end ? BUS_ERROR_POLICY_REFUSED : 0;
    ck_assert_int_eq(
        finish(engine_assign(&fixture.engine, &caller, facts, &terms, &reply), &reply, facts, &value),
        expected);
    if (!expected) {
        note(value, user, package);
        hold(cell, package);
    }
}

/* The daemon goes away without a farewell and comes back: the store is all that it has. */
static void restart(void)
{
    struct engine fresh = fixture.engine;
    engine_deinit(&fixture.engine);
    fresh.published = NULL;
    fresh.changed.ids = NULL;
    fresh.changed.count = 0;
    fixture.engine = fresh;
    ck_assert_int_eq(engine_start(&fixture.engine, false), 0);
}

/* ---- the comparison ---- */

/* /etc/group knows no start: after a clock was set back what is held may begin a second time, and stays meanwhile. */
static void compare_etc(int user)
{
    bool dbadmins = false;
    bool backup = user == 2; /* rule 6 */
    if (fixture.config.membership != CONFIG_MEMBERSHIP_FILES)
        return;
    for (int p = 0; p < PACKAGES; p++) {
        dbadmins |= cells[user][p].end && packages[p].dbadmins;
        backup |= cells[user][p].end && packages[p].backup;
    }
    ck_assert_int_eq(etcgroup_has(&etc, users[user], "dbadmins"), dbadmins);
    ck_assert_int_eq(etcgroup_has(&etc, users[user], "backup"), backup);
}

static void compare(void)
{
    etcgroup_serve(&etc, &fixture.engine);
    for (int u = 0; u < USERS; u++) {
        bool dbadmins = false;
        bool backup = false;
        for (int p = 0; p < PACKAGES; p++) {
            const bool held = cells[u][p].start <= fixture.now && fixture.now < cells[u][p].end;
            ck_assert_msg(fixture_gate_opens(&fixture, users[u], packages[p].name) == held,
                          "%s, %s: %d expected", users[u], packages[p].name, held);
            dbadmins |= held && packages[p].dbadmins;
            backup |= held && packages[p].backup;
        }
        ck_assert_int_eq(fixture_in_group(&fixture, users[u], 2001), dbadmins); /* rule 6 */
        ck_assert_int_eq(fixture_in_group(&fixture, users[u], 34), backup);
        compare_etc(u);
        struct assignment assignment = {0};
        for (int p = 0; p < PACKAGES; p++) {
            const int r = store_find_live_assignment(fixture.engine.store, uids[u], users[u],
                                                     packages[p].name, &assignment);
            ck_assert_int_eq(r, cells[u][p].end ? 0 : STORE_E_NONE);
            if (r == 0)
                ck_assert_int_eq(assignment.span.end, cells[u][p].end);
            assignment_deinit(&assignment);
        }
    }
}

/* The root service answers late, now and then: two operations meet what is under way. */
static void serve_sometimes(void)
{
    for (unsigned i = chance(4); i > 0; i--)
        etcgroup_serve_one(&etc, &fixture.engine);
}

static void step(void)
{
    const int user = (int)chance(USERS);
    const int package = (int)chance(PACKAGES);
    const int64_t recent = newest > 12 ? newest - (int64_t)chance(12) : 1 + (int64_t)chance((unsigned)newest);
    const struct cell *cell = &cells[user][package];
    const int64_t waiting = cell->request && chance(4) ? cell->request : recent;
    pass_time();
    switch (chance(16)) {
    case 0:
    case 1:
    case 2:
        submit(user, package);
        break;
    case 3:
    case 4:
    case 5:
    case 6:
        decide((int)chance(USERS), waiting, true);
        break;
    case 7:
        decide((int)chance(USERS), waiting, false);
        break;
    case 8:
    case 9:
        extend(user, package);
        break;
    case 10:
        cancel(user, waiting);
        break;
    case 11:
        end(user, package, chance(2));
        break;
    case 12:
        assign(user, package);
        break;
    case 13:
        if (chance(20) == 0)
            restart();
        if (chance(50) == 0) { /* rule 8: a clock set back revives nothing */
            fixture.now -= chance(3000);
            ck_assert_int_eq(engine_tick(&fixture.engine), 0);
        }
        break;
    default:
        fixture.now += chance(5) ? chance(200) : chance(5000);
        pass_time();
        ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    }
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
    printf("model: seed %ld, %ld steps, membership = %s\n", seed, steps, _i ? "files" : "nss");
    fflush(stdout);
    state_of_chance = (uint64_t)seed;
    fixture.config.membership = _i;
    etcgroup_add(&etc, "carol", "backup");
    for (int p = 0; p < PACKAGES; p++)
        fixture_write_package(&fixture, packages[p].name, packages[p].text);
    fixture_reload(&fixture);
    fixture.config.pending_per_user = LIMIT;
    submit(0, 0);
    for (long i = 0; i < steps; i++) {
        step();
        serve_sometimes();
        compare();
    }
}
END_TEST

static void setup(void)
{
    fixture_init(&fixture, "asked", packages[0].text, NULL);
}

static void teardown(void)
{
    fixture_deinit(&fixture);
}

int main(void)
{
    Suite *suite = suite_create("model");
    TCase *tests = tcase_create("model");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 600);
    tcase_add_loop_test(tests, test_random_operations, CONFIG_MEMBERSHIP_NSS, CONFIG_MEMBERSHIP_FILES + 1);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
