/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long history is kept: what is over for longer is deleted in small steps, never what is live or what something live
 * refers to; the audit log says so, and no number is given anew.
 */
#include "common/duration.h"
#include "helperd/store/sql.h"
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <string.h>

#define ASKED                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = alice dave erin\nduration = 1h\n"                  \
    "extension = approval\napprovers = bob carol\nemergency = dave\n"
#define FREE "[package]\ngroups = backup\n[policy]\napproval = none\nmax_duration = forever\nduration = 1h\n"

enum { DAY = 24 * 3600, KEEP = 400, STEPS_MAX = 2000 };

static struct fixture fixture;

static void setup(void)
{
    fixture_init(&fixture, "asked", ASKED, "free", FREE, NULL);
}

static void run_sql(const char *sql)
{
    ck_assert_int_eq(sqlite3_exec(fixture.engine.store->database, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* Cases that let years pass at once are not about that: the time was looked at already. */
static void pass_leap(void)
{
    fixture.engine.history_seen = fixture.now;
}

/* A line that belongs to nothing, as a start's, which reads packages.d. */
static void note_start(void)
{
    acts_query(&fixture, "INSERT INTO audit (at, actor, event) VALUES (%lld, 'root', 'reload') RETURNING 1",
               (long long)fixture.now);
}

/* All steps; how many. */
static int forget(void)
{
    int steps = 1;
    pass_leap();
    while (engine_forget_old(&fixture.engine) > 0)
        ck_assert_int_lt(steps++, STEPS_MAX);
    return steps;
}

static int64_t rows(const char *table)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    return acts_count(&fixture, sql);
}

static void expect_sound(void)
{
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    ck_assert_str_eq(acts_query(&fixture, "PRAGMA integrity_check"), "ok");
}

/* A request of each end, and one that was held: after the time nothing is left but the line that says so. */
START_TEST(what_is_over_goes)
{
    ck_assert_int_eq(
        fixture_decide(&fixture, "bob", acts_file(&fixture, "alice", "asked"), false, "no", NULL), 0);
    ck_assert_int_eq(acts_cancel(&fixture, "dave", acts_file(&fixture, "dave", "asked"), "no more", NULL), 0);
    acts_file(&fixture, "erin", "asked");
    acts_hold(&fixture, "alice", "free");
    const int64_t delegated = acts_delegate(&fixture, "bob", "carol", fixture.now + DAY);
    ck_assert_int_eq(delegated, 0);
    acts_pass(&fixture, 2 * DAY);
    ck_assert_int_eq(rows("request"), 4);
    ck_assert_int_eq(rows("assignment"), 1);
    acts_pass(&fixture, (KEEP - 3) * DAY);
    const int64_t lines = rows("audit");
    forget();
    ck_assert_int_eq(rows("request"), 4);
    ck_assert_int_eq(rows("audit"), lines);
    acts_pass(&fixture, 2 * DAY); /* what ended by the clock was recorded two days later */
    forget();
    ck_assert_int_eq(rows("request"), 2);
    acts_pass(&fixture, 2 * DAY);
    forget();
    ck_assert_int_eq(rows("request"), 0);
    ck_assert_int_eq(rows("stage"), 0);
    ck_assert_int_eq(rows("decision"), 0);
    ck_assert_int_eq(rows("assignment"), 0);
    ck_assert_int_eq(rows("\"grant\""), 0);
    ck_assert_int_eq(rows("delegation"), 0);
    ck_assert_str_eq(acts_query(&fixture, "SELECT group_concat(event) FROM audit"), "delegate,forget,forget");
    const char *detail = acts_query(&fixture, "SELECT detail FROM audit ORDER BY id DESC LIMIT 1");
    ck_assert_ptr_nonnull(strstr(detail,
                                 " is not kept any longer ([store] keep = 400d): requests 2, assignments 1, "
                                 "delegations 1, lines of the audit log "));
    expect_sound();
}
END_TEST

/* It goes when the last line about it is old enough, not when it was filed. */
START_TEST(numbers_go_on)
{
    acts_hold(&fixture, "alice", "free");
    const int64_t assignment = acts_count(&fixture, "SELECT max(id) FROM assignment");
    const int64_t line = acts_count(&fixture, "SELECT max(id) FROM audit");
    acts_pass(&fixture, (KEEP + 2) * DAY);
    acts_pass(&fixture, (KEEP + 1) * DAY);
    forget();
    ck_assert_int_eq(rows("request"), 0);
    ck_assert_int_gt(acts_hold(&fixture, "alice", "free"), 1);
    ck_assert_int_eq(acts_count(&fixture, "SELECT max(id) FROM assignment"), assignment + 1);
    ck_assert_int_gt(acts_count(&fixture, "SELECT min(id) FROM audit"), line);
}
END_TEST

/* Lines that say what was deleted go in their turn, without a line for that: else there were one each day for good. */
START_TEST(it_comes_to_an_end)
{
    acts_hold(&fixture, "alice", "free");
    acts_pass(&fixture, DAY);
    acts_pass(&fixture, (KEEP + 1) * DAY);
    forget();
    ck_assert_int_eq(rows("audit"), 1);
    acts_pass(&fixture, (KEEP + 1) * DAY);
    forget();
    ck_assert_int_eq(rows("audit"), 0);
}
END_TEST

/* Held without an end, and asked for more time long ago; a request whose start lies ahead. */
START_TEST(what_is_live_stays)
{
    const struct assign_terms forever = {
        .package = "free", .reason = "for good", .duration = DURATION_FOREVER};
    ck_assert_int_eq(acts_assign(&fixture, "alice", &forever, NULL), 0);
    acts_hold(&fixture, "dave", "asked");
    ck_assert_int_eq(acts_extend(&fixture, "dave", "asked", 3600, NULL), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", 3, true, "", NULL), 0);
    acts_count(&fixture, "UPDATE assignment SET end = 9223372036854775807 WHERE user = 'dave' RETURNING 1");
    const int64_t lines = rows("audit");
    acts_pass(&fixture, (int64_t)3 * KEEP * DAY);
    forget();
    ck_assert_int_eq(rows("request"), 3);
    ck_assert_int_eq(rows("decision"), 3); /* an administrator's word counts as one */
    ck_assert_int_eq(rows("assignment"), 2);
    ck_assert_int_eq(rows("audit"), lines);
    ck_assert(fixture_gate_opens(&fixture, "alice", "free"));
    /* Once it is over, the request for more time goes with it. */
    ck_assert_int_eq(acts_revoke(&fixture, "dave", "asked", "over"), 0);
    acts_pass(&fixture, (KEEP + 1) * DAY);
    forget();
    ck_assert_int_eq(rows("request"), 1);
    ck_assert_int_eq(rows("assignment"), 1);
    expect_sound();
}
END_TEST

/* Nobody reviewed it: it is not over. */
START_TEST(an_emergency_waits_for_its_review)
{
    ck_assert_int_eq(acts_emergency(&fixture, "dave", "asked", "it burns", NULL), 0);
    acts_pass(&fixture, DAY);
    acts_pass(&fixture, 2 * (int64_t)KEEP * DAY);
    forget();
    ck_assert_int_eq(rows("request"), 1);
    acts_count(&fixture, "UPDATE request SET reviewed = 1 RETURNING 1");
    forget();
    ck_assert_int_eq(rows("request"), 0);
}
END_TEST

/* A denial stays for as long as it keeps somebody from asking again. */
START_TEST(a_cooldown_is_kept)
{
    fixture.config.keep = 30 * DAY;
    fixture_write_package(&fixture, "asked", ASKED "cooldown = 90d\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(
        fixture_decide(&fixture, "bob", acts_file(&fixture, "alice", "asked"), false, "no", NULL), 0);
    acts_pass(&fixture, 60 * DAY);
    forget();
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "again", NULL), BUS_ERROR_POLICY_REFUSED);
    acts_pass(&fixture, 31 * DAY);
    forget();
    ck_assert_int_eq(rows("request"), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "asked", "again", NULL), 0);
}
END_TEST

/* A lock in force keeps its line; so does a delegation. */
START_TEST(lines_of_what_is_in_force_stay)
{
    fixture.config.keep = 30 * DAY;
    ck_assert_int_eq(acts_delegate(&fixture, "bob", "carol", fixture.now + 300 * DAY), 0);
    acts_query(&fixture, "INSERT INTO locked VALUES ('mallory', 'l1', 0), ('dave', 'l2', 0) RETURNING 1");
    acts_query(&fixture,
               "INSERT INTO audit (at, actor, event, detail) VALUES"
               " (%lld, 'root', 'lock', 'mallory (uid 1009): left'), (%lld, 'root', 'lock', 'mal: left'),"
               " (%lld, 'root', 'unlock', 'mallory: back'),"
               " (%lld, 'root', 'lock', 'dave: as erin (uid 1005) said') RETURNING 1",
               (long long)fixture.now, (long long)fixture.now, (long long)fixture.now,
               (long long)fixture.now);
    acts_pass(&fixture, 40 * DAY);
    forget();
    ck_assert_str_eq(acts_query(&fixture,
                                "SELECT group_concat(event || ' ' || substr(detail, 1, 8)) FROM audit"
                                " WHERE event <> 'forget'"),
                     "delegate from bob,lock mallory ,lock dave: as");
    acts_pass(&fixture, 400 * DAY);
    acts_query(&fixture, "UPDATE locked SET lifted = 1 RETURNING 1");
    forget();
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE event <> 'forget'"), 0);
}
END_TEST

START_TEST(for_good)
{
    fixture.config.keep = DURATION_FOREVER;
    acts_hold(&fixture, "alice", "free");
    acts_pass(&fixture, 100 * (int64_t)KEEP * DAY);
    acts_pass(&fixture, 100 * (int64_t)KEEP * DAY);
    forget();
    ck_assert_int_eq(rows("assignment"), 1);
}
END_TEST

/* While a store is not the one that was known, nothing of it is deleted. */
START_TEST(a_store_that_is_in_doubt)
{
    acts_hold(&fixture, "alice", "free");
    acts_pass(&fixture, DAY);
    acts_pass(&fixture, (KEEP + 1) * DAY);
    pass_leap();
    fixture.engine.unaccepted = strdup("it is older");
    ck_assert_int_eq(engine_forget_old(&fixture.engine), 0);
    ck_assert_int_eq(rows("assignment"), 1);
    free(fixture.engine.unaccepted);
    fixture.engine.unaccepted = NULL;
    ck_assert_int_eq(engine_forget_old(&fixture.engine), 0);
    ck_assert_int_eq(rows("assignment"), 0);
}
END_TEST

/* A clock that is far ahead by mistake makes nothing old, neither at a start nor later, nor when it was set right. */
START_TEST(a_clock_that_leaps)
{
    acts_hold(&fixture, "alice", "free");
    acts_pass(&fixture, DAY);
    const int64_t right = fixture.now;
    fixture.now += (KEEP + 40) * DAY;
    ck_assert_int_eq(engine_forget_old(&fixture.engine), ENGINE_E_UNKNOWN);
    fixture.now = right;
    ck_assert_int_eq(engine_forget_old(&fixture.engine), 0);
    fixture.now += (KEEP + 40) * DAY;
    ck_assert_int_eq(engine_forget_old(&fixture.engine), ENGINE_E_UNKNOWN);
    ck_assert_int_eq(rows("assignment"), 1);
    fixture.now += DAY;
    ck_assert_int_eq(engine_forget_old(&fixture.engine), 0);
    ck_assert_int_eq(rows("assignment"), 0);
}
END_TEST

/* Nor does a start make it trusted, though what has ended by it is in the audit log at once. */
START_TEST(a_clock_that_leapt_before_a_start)
{
    acts_hold(&fixture, "alice", "free");
    acts_pass(&fixture, DAY);
    acts_hold(&fixture, "alice", "free");
    acts_pass(&fixture, (KEEP + 40) * DAY);
    ck_assert_int_eq(rows("assignment WHERE state = 'access-expired'"), 2);
    for (int starts = 0; starts < 3; starts++) {
        fixture.engine.history_seen = 0;
        ck_assert_int_eq(engine_forget_old(&fixture.engine), ENGINE_E_UNKNOWN);
        acts_pass(&fixture, 3600);
    }
    ck_assert_int_eq(rows("assignment"), 2);
    acts_pass(&fixture, DAY);
    fixture.engine.history_seen = 0;
    ck_assert_int_eq(engine_forget_old(&fixture.engine), 0);
    ck_assert_int_eq(rows("assignment"), 1); /* that one has ended only lately in the log */
}
END_TEST

/* Nor does it make it trusted that it leapt as far before, and was set right meanwhile: a clock that is wrong at each boot. */
START_TEST(a_clock_that_leaps_at_each_start)
{
    acts_hold(&fixture, "alice", "free");
    acts_pass(&fixture, DAY);
    const int64_t right = fixture.now;
    for (int boots = 0; boots < 3; boots++) {
        fixture.now = right + boots * 3 * DAY + (KEEP + 40) * DAY;
        fixture.engine.history_seen = 0;
        note_start();
        ck_assert_int_eq(engine_forget_old(&fixture.engine), ENGINE_E_UNKNOWN);
        ck_assert_int_eq(rows("assignment"), 1);
        fixture.now = right + boots * 3 * DAY + 60;
        note_start();
    }
}
END_TEST

/* A step that fails changes nothing; the next one does all of it. */
START_TEST(a_step_that_fails)
{
    acts_hold(&fixture, "alice", "free");
    acts_pass(&fixture, DAY);
    acts_pass(&fixture, (KEEP + 1) * DAY);
    pass_leap();
    run_sql("CREATE TRIGGER refuses BEFORE INSERT ON audit WHEN NEW.event = 'forget'"
            " BEGIN SELECT raise(ABORT, 'full'); END");
    ck_assert_int_lt(engine_forget_old(&fixture.engine), 0);
    ck_assert_int_eq(rows("assignment"), 1);
    ck_assert_int_eq(rows("request"), 1);
    run_sql("DROP TRIGGER refuses");
    ck_assert_int_eq(engine_forget_old(&fixture.engine), 0);
    ck_assert_int_eq(rows("assignment"), 0);
}
END_TEST

/* ---- a store of size ---- */

static int64_t steps_of(sqlite3 *database)
{
    int64_t steps = 0;
    for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(database, s));)
        steps += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 0);
    return steps;
}

/* 20,000 of old and as many that stay: each step deletes a few, and costs no more for all that is there. */
START_TEST(a_large_store)
{
    enum { MANY = 20000 };
    sqlite3 *database = fixture.engine.store->database;
    const int64_t now = fixture.now;
    acts_query(
        &fixture,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " INSERT INTO request (package, user, uid, state, no_reason_given, origin_verified, duration, start,"
        " submitted, ended, stage, n_stages, deadline)"
        " SELECT 'free', 'u' || i, i, 'denied', 0, 0, 1, 0, 1, iif(i %% 2, 1000 + i, %lld), 0, 0, 0 FROM n"
        " RETURNING 1",
        2 * MANY, (long long)now);
    acts_query(&fixture,
               "INSERT INTO audit (at, actor, event, request) SELECT ended, user, 'submit', id FROM request"
               " RETURNING 1");
    int64_t most = 0;
    int64_t left = MANY;
    int steps = 0;
    for (int r = 1; r > 0; steps++) {
        const int64_t before = steps_of(database);
        r = engine_forget_old(&fixture.engine);
        ck_assert_int_ge(r, 0);
        const int64_t cost = steps_of(database) - before;
        most = cost > most ? cost : most;
        const int64_t now_left = acts_count(&fixture, "SELECT count(*) FROM request") - MANY;
        ck_assert_int_le(left - now_left, 20);
        left = now_left;
    }
    ck_assert_int_eq(left, 0);
    ck_assert_int_eq(rows("request"), MANY);
    ck_assert_int_ge(steps, MANY / 20);
    ck_assert_int_lt(most, 20000); /* of the machine that runs SQL: some hundreds for each of the 20 */
    expect_sound();
}
END_TEST

/* A request for more time that gave none is over by itself. */
START_TEST(a_denied_extension_of_what_is_live)
{
    const int64_t held = acts_hold(&fixture, "dave", "asked");
    ck_assert_int_eq(acts_extend(&fixture, "dave", "asked", 3600, NULL), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", held + 1, false, "no", NULL), 0);
    acts_count(&fixture, "UPDATE assignment SET end = 9223372036854775807 RETURNING 1");
    acts_pass(&fixture, (KEEP + 1) * DAY);
    forget();
    ck_assert_int_eq(rows("assignment"), 1);
    ck_assert_int_eq(rows("request"), 1);
    ck_assert_int_eq(acts_count(&fixture, "SELECT id FROM request"), held);
    expect_sound();
}
END_TEST

/* Who holds something asks for more time, and withdraws that, as often as they like: what is deleted of it in one step is no
 * more for it, and nothing is left. */
START_TEST(one_that_was_extended_again_and_again)
{
    enum { MANY = 10000 };
    sqlite3 *database = fixture.engine.store->database;
    acts_hold(&fixture, "alice", "asked");
    acts_query(
        &fixture,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " INSERT INTO request (package, user, uid, state, no_reason_given, origin_verified, duration, start,"
        " submitted, ended, stage, n_stages, deadline, assignment)"
        " SELECT 'asked', 'alice', 1001, iif(i %% 3, 'cancelled', 'approved'), 0, 0, 1, 0, 1, 1, 0, 0, 0, 1 "
        "FROM n"
        " RETURNING 1",
        MANY);
    acts_query(&fixture,
               "INSERT INTO audit (at, actor, event, request) SELECT %lld, user, 'submit', id FROM request"
               " WHERE assignment = 1 RETURNING 1",
               (long long)fixture.now);
    acts_pass(&fixture, DAY);
    acts_pass(&fixture, (KEEP - 1) * DAY);
    forget();
    ck_assert_int_eq(rows("request"), MANY + 1);
    acts_pass(&fixture, 2 * DAY);
    pass_leap();
    int64_t most = 0;
    for (int r = 1; r > 0;) {
        const int64_t before = steps_of(database);
        r = engine_forget_old(&fixture.engine);
        ck_assert_int_ge(r, 0);
        most = steps_of(database) - before > most ? steps_of(database) - before : most;
    }
    ck_assert_int_eq(rows("request"), 0);
    ck_assert_int_eq(rows("assignment"), 0);
    ck_assert_int_lt(most, 20000);
    expect_sound();
}
END_TEST

int main(void)
{
    suite_case("history", setup, fixture_teardown);
    suite_add(what_is_over_goes, numbers_go_on, it_comes_to_an_end, what_is_live_stays,
              an_emergency_waits_for_its_review, a_cooldown_is_kept, lines_of_what_is_in_force_stay, for_good,
              a_store_that_is_in_doubt, a_clock_that_leaps, a_clock_that_leapt_before_a_start,
              a_clock_that_leaps_at_each_start, a_step_that_fails, a_large_store,
              a_denied_extension_of_what_is_live, one_that_was_extended_again_and_again);
    return suite_run();
}
