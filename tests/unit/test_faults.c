/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A store that fails, at every point of what the engine does: an operation is done wholly or not at all, and works when
 * the store does again (rules 2 and 12). SQLite is interrupted after a growing number of its steps.
 */
#include "helperd/store/sql.h"
#include "tests/support/acts.h"
#include "tests/support/etcgroup.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROD                                                                                                 \
    "[package]\ngroups = dbadmins backup\n[policy]\nemergency = alice\nduration = 1h\nextension = allowed\n" \
    "max_total = 4h\n"                                                                                       \
    "at_end = terminate\nservices = sshd\non_removed = revoke\n[stage 1]\napprovers = %dba-leads\n"          \
    "escalate_after = 1h\nfallback_approvers = dave\ntimeout = 2h\n"
#define FREE "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\nat_end = warn\n"

enum { POINTS_MAX = 4000 };

static struct fixture fixture;
static struct etcgroup etc;
static int64_t id;

/* ---- faults ---- */

static int64_t left; /* calls until the fault; 0: none any more */

static int on_progress(void *data)
{
    (void)data;
    return left > 0 && --left == 0;
}

static void fail_after(int64_t calls)
{
    left = calls;
    sqlite3_progress_handler(fixture.engine.store->database, calls ? 1 : 0, calls ? on_progress : NULL, NULL);
}

/* ---- what is done ---- */

static int delegate(void)
{
    return acts_delegate(&fixture, "bob", "dave", fixture.now + 600);
}

static int undelegate(void)
{
    return fixture_answer(engine_undelegate(fixture_call(&fixture, "bob", NULL), "dave"), NULL);
}

static int emergency(void)
{
    return acts_emergency(&fixture, "alice", "prod", "disk is full", NULL);
}

static int review(void)
{
    return fixture_answer(engine_review(fixture_call(&fixture, "bob", NULL), id, "seen"), NULL);
}

static int approve(void)
{
    return fixture_decide(&fixture, "bob", id, true, "", NULL);
}

static int give_back(void)
{
    return acts_return(&fixture, "alice", "prod");
}

static int extend(void)
{
    return acts_extend(&fixture, "alice", "prod", 600, NULL);
}

static int tick(void)
{
    return engine_tick(&fixture.engine);
}

static int gone(void)
{
    struct facts *facts = fixture_facts(NULL, NULL);
    facts->user_gone = true;
    const int r = engine_compare_user(&fixture.engine, "alice", facts);
    facts_free(facts);
    return r;
}

static int remove_package(void)
{
    static const struct packages none = {0};
    return engine_end_removed_packages(&fixture.engine, fixture.packages, &none);
}

static int serve(void)
{
    struct membership due = {0};
    int r = engine_take_due_membership(&fixture.engine, &due);
    if (r == 0)
        r = engine_membership_done(&fixture.engine, &due, false, NULL);
    membership_deinit(&due);
    fixture.now += 60; /* what was put off is due again */
    return r;
}

static int compare(void)
{
    static char *const nobody[] = {NULL};
    return engine_compare_members(&fixture.engine, "dbadmins", nobody);
}

static int adopt(void)
{
    fixture.config.membership = CONFIG_MEMBERSHIP_FILES;
    fixture_set_local_groups(true);
    return engine_adopt_memberships(&fixture.engine);
}

static int end_sessions(void)
{
    struct engine_ending ending = {0};
    int r = engine_take_due_ending(&fixture.engine, &ending);
    if (r == 0)
        r = engine_ending_done(&fixture.engine, &ending, (char *[]){(char *)"cron", NULL}, NULL);
    engine_ending_deinit(&ending);
    fixture.now += 60;
    return r;
}

static int warn(void)
{
    struct engine_warning warning;
    return engine_take_due_warning(&fixture.engine, &warning);
}

static int drift(void)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/grants/user/alice", fixture.state);
    unlink(path);
    return engine_compare_user_file(&fixture.engine, "alice", true);
}

static int survey(void)
{
    struct facts *facts = fixture_facts(NULL, "alice");
    facts->principals = calloc(2, sizeof(*facts->principals));
    ck_assert_ptr_nonnull(facts->principals);
    facts->n_principals = 2; /* nobody is left of either */
    facts->principals[0] = (struct principal){.name = strdup("%dba-leads"), .whole = true};
    facts->principals[1] = (struct principal){.name = strdup("dave"), .whole = true};
    const int r = engine_survey(&fixture.engine, id, facts);
    facts_free(facts);
    return r;
}

/* ---- what was there before ---- */

static void begin(const char *user, const char *package)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, user, package, "x", &value), 0);
    id = fixture_id(value);
}

static void waits(void)
{
    begin("alice", "prod");
}

static void holds(void)
{
    waits();
    ck_assert_int_eq(approve(), 0);
}

static void holds_locally(void)
{
    holds();
    ck_assert_int_eq(store_note_user_seen(fixture.engine.store, "alice", ALICE, true), 0);
}

static void delegated(void)
{
    ck_assert_int_eq(delegate(), 0);
}

static void took(void)
{
    ck_assert_int_eq(emergency(), 0);
    id = 1;
}

static void holds_until_now(void)
{
    holds();
    fixture.now += 3600;
}

static void ended(void)
{
    holds_until_now();
    ck_assert_int_eq(tick(), 0);
}

static void warned_soon(void)
{
    begin("alice", "free");
    fixture.now += 3600 - 900;
}

static void waits_long(void)
{
    waits();
    fixture.now += 3600;
}

static void by_files(void)
{
    fixture.config.membership = CONFIG_MEMBERSHIP_FILES;
    fixture_set_local_groups(true);
    holds();
}

static void members(void)
{
    by_files();
    etcgroup_serve(&etc, &fixture.engine);
}

static void watched(void)
{
    ck_assert_int_eq(engine_watch_drift(&fixture.engine), 0);
    holds();
}

/* ---- each of them ---- */

static const struct {
    const char *name;
    void (*before)(void);
    int (*run)(void);
    const char *made; /* counts what it makes */
    int64_t whole;    /* how much that is */
} rows[] = {
    {"delegate", NULL, delegate,
     "SELECT count(*) + (SELECT count(*) FROM audit WHERE event = 'delegate') FROM delegation", 2},
    {"undelegate", delegated, undelegate,
     "SELECT count(*) + (SELECT count(*) FROM audit WHERE event = 'undelegate') FROM delegation WHERE "
     "revoked",
     2},
    {"emergency", NULL, emergency,
     "SELECT (SELECT count(*) FROM request WHERE emergency) + (SELECT count(*) FROM assignment) +"
     " (SELECT count(*) FROM audit WHERE event IN ('emergency', 'fulfil'))",
     4},
    {"review", took, review,
     "SELECT (SELECT count(*) FROM request WHERE reviewed) + (SELECT count(*) FROM decision) +"
     " (SELECT count(*) FROM audit WHERE event = 'review')",
     3},
    {"approve", waits, approve,
     "SELECT (SELECT count(*) FROM decision) + (SELECT count(*) FROM assignment) +"
     " (SELECT count(*) FROM audit WHERE event IN ('approve', 'fulfil'))",
     4},
    {"return", holds, give_back,
     "SELECT (SELECT count(*) FROM assignment WHERE state = 'revoked') + (SELECT count(*) FROM ending) +"
     " (SELECT count(*) FROM audit WHERE event = 'revoke')",
     3},
    {"extend", holds, extend,
     "SELECT (SELECT count(*) FROM assignment WHERE extended) + (SELECT count(*) FROM audit WHERE event = "
     "'extend')",
     2},
    {"escalation", waits_long, tick,
     "SELECT (SELECT count(*) FROM stage WHERE escalated) + (SELECT count(*) FROM audit WHERE event = "
     "'escalate')",
     2},
    {"end", holds_until_now, tick,
     "SELECT (SELECT count(*) FROM assignment WHERE state = 'access-expired') + (SELECT count(*) FROM "
     "ending) +"
     " (SELECT count(*) FROM audit WHERE event = 'end')",
     3},
    {"survey", waits, survey,
     "SELECT (SELECT count(*) FROM stage WHERE escalated) + (SELECT count(*) FROM request WHERE undecidable "
     "IS NOT"
     " NULL) + (SELECT count(*) FROM audit WHERE event IN ('escalate', 'undecidable'))",
     4},
    {"gone", holds_locally, gone,
     "SELECT (SELECT count(*) FROM assignment WHERE state = 'revoked') +"
     " (SELECT count(*) FROM audit WHERE event = 'revoke')",
     2},
    {"removed", holds, remove_package,
     "SELECT (SELECT count(*) FROM assignment WHERE state = 'revoked') +"
     " (SELECT count(*) FROM audit WHERE event = 'revoke')",
     2},
    {"membership", by_files, serve, "SELECT count(*) FROM membership WHERE state = 'adding'", 1},
    {"compare", members, compare,
     "SELECT (SELECT count(*) FROM membership WHERE state = 'lost') +"
     " (SELECT count(*) FROM audit WHERE event = 'drift')",
     2},
    {"adopt", holds, adopt,
     "SELECT (SELECT count(*) FROM membership) + (SELECT count(*) FROM audit WHERE event = 'fall-short')", 3},
    {"sessions", ended, end_sessions,
     "SELECT (SELECT count(*) FROM ending WHERE remaining IS NOT NULL) +"
     " (SELECT count(*) FROM audit WHERE event = 'end-sessions')",
     2},
    {"warning", warned_soon, warn, "SELECT count(*) FROM assignment WHERE warn_at = end - 60", 1},
    {"drift", watched, drift,
     "SELECT (SELECT count(*) FROM assignment WHERE state = 'partially-fulfilled') +"
     " (SELECT count(*) FROM audit WHERE event = 'drift')",
     2},
};

/* Rule 13: who is told that it ended has it no more, recorded or not. */
static void check_ended(size_t row, int64_t point, int result)
{
    const bool ends = rows[row].run == give_back || rows[row].run == gone || rows[row].run == remove_package;
    if (ends && (result == 0 || result == BUS_ERROR_UNAVAILABLE))
        ck_assert_msg(!fixture_gate_opens(&fixture, "alice", "prod"), "%s at %d: said to have ended",
                      rows[row].name, (int)point);
}

/* Fails at this point, if it comes so far: whether it did. Afterwards the store works again, and so does the engine. */
static bool fails_at(size_t row, int64_t point)
{
    const char *name = rows[row].name;
    etc = (struct etcgroup){0};
    fixture_init(&fixture, "prod", PROD, "free", FREE, NULL);
    if (rows[row].before)
        rows[row].before();
    ck_assert_msg(acts_count(&fixture, rows[row].made) == 0, "%s is there before", name);
    fail_after(point);
    int r = rows[row].run();
    const bool failed = left == 0;
    fail_after(0);
    check_ended(row, point, r);
    int64_t made = acts_count(&fixture, rows[row].made);
    ck_assert_msg(made == 0 || made == rows[row].whole, "%s at %d: %d of %d", name, (int)point, (int)made,
                  (int)rows[row].whole);
    ck_assert_msg(r != 0 || made, "%s at %d: said to be done, and is not", name, (int)point);
    ck_assert_msg(failed || r == 0, "%s at %d: %d without a fault", name, (int)point, r);
    for (int again = 0; made == 0 && again < 3; again++) {
        fixture.now += 6; /* what waits after a fault */
        r = rows[row].run();
        made = acts_count(&fixture, rows[row].made);
    }
    ck_assert_msg(made == rows[row].whole, "%s after %d: %d, %d of %d", name, (int)point, r, (int)made,
                  (int)rows[row].whole);
    ck_assert_int_eq(tick(), 0);
    fixture_deinit(&fixture);
    return failed;
}

START_TEST(test_each_point)
{
    int64_t point = 1;
    while (fails_at((size_t)_i, point)) {
        point += 1 + point / 8; /* each would take minutes */
        ck_assert_int_lt(point, POINTS_MAX);
    }
    ck_assert_int_gt(point, 20);
}
END_TEST

int main(void)
{
    suite_case("faults", NULL, NULL);
    suite_timeout(60);
    suite_rows(test_each_point, rows);
    return suite_run();
}
