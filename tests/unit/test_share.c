/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls that share a commit, as helperd/bus/share.c runs them: one commit makes all of them durable, nothing of one is
 * seen before, and a fault of one, or of the commit, costs no other (rules 2, 12 and 13).
 */
#include "helperd/bus/call.h"
#include "helperd/lifecycle/narrow.h"
#include "helperd/lifecycle/publication.h"
#include "helperd/store/sql.h"
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <errno.h>

#define PLAIN "[package]\ngroups = dbadmins\n[policy]\napproval = none\nduration = 1h\n"
#define ASKED "[package]\ngroups = backup\n[policy]\napprovers = %dba-leads\nduration = 1h\n"

enum { CALLS_MAX = 8 };

static struct fixture fixture;
static int commits;
static bool full; /* no commit succeeds */

static int on_commit(void *data)
{
    (void)data;
    commits += !full;
    return full;
}

/* A commit that the disk does not take: SQLite tells it as an error of the statement, and rolls back. */
static void setup(void)
{
    fixture_init(&fixture, "plain", PLAIN, "asked", ASKED, NULL);
    sqlite3_commit_hook(fixture.engine.store->database, on_commit, NULL);
    commits = 0;
    full = false;
}

static int64_t left; /* steps until the store fails; 0: it does not */

static int on_progress(void *data)
{
    (void)data;
    return left > 0 && --left == 0;
}

static void fail_after(int64_t steps)
{
    left = steps;
    sqlite3_progress_handler(fixture.engine.store->database, steps ? 1 : 0, steps ? on_progress : NULL, NULL);
}

/* ---- calls, to be run together or alone ---- */

struct one {
    const char *who;
    int (*run)(const struct call *call);
    struct caller caller;
    struct facts *facts;
    struct reply reply;
    int result;
};

static struct one calls[CALLS_MAX];
static size_t count;
static int64_t id; /* of the request that is decided */
static char digest[128];

static int submit(const struct call *call, const char *package)
{
    char *packages[] = {(char *)package, NULL};
    return engine_submit(call, &(struct submission){.packages = packages});
}

static int submit_plain(const struct call *call)
{
    return submit(call, "plain");
}

static int submit_asked(const struct call *call)
{
    return submit(call, "asked");
}

static int submit_unknown(const struct call *call)
{
    return submit(call, "nothing");
}

static int approve(const struct call *call)
{
    return engine_decide(call, id, true, &(struct decision_terms){"", digest, 0, 0, 0});
}

static int cancel(const struct call *call)
{
    return engine_cancel(call, id, "");
}

/* Changes something first, as far as it comes. */
static int fail_always(const struct call *call)
{
    const int r = submit(call, "plain");
    txn_ok(engine_join(call->engine), -ENOMEM);
    return r;
}

static void add(const char *who, const char *user, int (*run)(const struct call *call))
{
    struct one *one = &calls[count++];
    *one = (struct one){who, run, fixture_caller(who), fixture_facts(who, user), {0}, 0};
}

static struct call asked(struct one *one)
{
    return (struct call){&fixture.engine, &one->caller, one->facts, &one->reply};
}

static void file_request(void)
{
    id = acts_file(&fixture, "dave", "asked");
    snprintf(digest, sizeof(digest), "%s", fixture_digest(&fixture.engine, id));
    commits = 0;
}

static int run_together(void)
{
    int r = 0;
    for (size_t i = 0; i < count && r >= 0; i++) {
        const struct call call = asked(&calls[i]);
        r = calls[i].result = calls[i].run(&call);
    }
    r = engine_end_shared(&fixture.engine, r < 0 ? r : 0);
    fail_after(0);
    for (size_t i = 0; i < count && r >= 0; i++) {
        const struct call call = asked(&calls[i]);
        calls[i].result = engine_answer(&call, calls[i].result);
    }
    return r;
}

static void run_each_alone(void)
{
    for (size_t i = 0; i < count; i++) {
        const struct call call = asked(&calls[i]);
        json_decref(calls[i].reply.value);
        calls[i].reply = (struct reply){0};
        calls[i].result = engine_finish(&call, calls[i].run(&call));
    }
}

static void teardown(void)
{
    for (size_t i = 0; i < count; i++) {
        facts_free(calls[i].facts);
        json_decref(calls[i].reply.value);
    }
    count = 0;
    fixture_teardown();
}

static const char *state_of(const struct one *one)
{
    return acts_text(one->reply.value, "state");
}

/* ---- the tests ---- */

START_TEST(test_one_commit)
{
    file_request();
    add("alice", NULL, submit_plain);
    add("dave", NULL, submit_plain);
    add("alice", NULL, submit_asked);
    add("carol", NULL, submit_unknown);
    add("bob", "dave", approve);
    ck_assert_int_eq(run_together(), 0);
    ck_assert_int_eq(commits, 1);
    ck_assert_str_eq(state_of(&calls[0]), "fulfilled");
    ck_assert_str_eq(state_of(&calls[1]), "fulfilled");
    ck_assert_str_eq(state_of(&calls[2]), "pending-approval");
    ck_assert_int_eq(calls[3].result, BUS_ERROR_NO_SUCH_PACKAGE);
    ck_assert_str_eq(state_of(&calls[4]), "fulfilled");
    ck_assert(fixture_gate_opens(&fixture, "alice", "plain") &&
              fixture_gate_opens(&fixture, "dave", "plain") && fixture_gate_opens(&fixture, "dave", "asked"));
}
END_TEST

/* The second of two decisions, or of two requests for the same, sees the first (rules 4 and 7). */
START_TEST(test_one_after_the_other)
{
    file_request();
    add("bob", "dave", approve);
    add("carol", "dave", approve);
    add("dave", NULL, cancel);
    add("alice", NULL, submit_asked);
    add("alice", NULL, submit_asked);
    ck_assert_int_eq(run_together(), 0);
    ck_assert_int_eq(commits, 1);
    ck_assert_int_eq(calls[0].result, 0);
    ck_assert_int_eq(calls[1].result, BUS_ERROR_ALREADY_DECIDED);
    ck_assert_int_gt(calls[2].result, 0);
    ck_assert_int_eq(acts_number(calls[3].reply.value, "id"), acts_number(calls[4].reply.value, "id"));
    ck_assert(!json_is_true(json_object_get(calls[3].reply.value, "existing")));
    ck_assert(json_is_true(json_object_get(calls[4].reply.value, "existing")));
}
END_TEST

START_TEST(test_nothing_before_the_commit)
{
    add("alice", NULL, submit_plain);
    const struct call first = asked(&calls[0]);
    ck_assert_int_eq(submit_plain(&first), 0);
    /* What a call that comes between would have written, as do_dues does. */
    engine_publish(&fixture.engine);
    ck_assert_int_eq(engine_note_publication(&fixture.engine, "alice", false), 0);
    engine_publish(&fixture.engine);
    engine_settle_publications(&fixture.engine);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "plain"));
    ck_assert_int_eq(commits, 0);
    ck_assert_int_eq(engine_end_shared(&fixture.engine, 0), 0);
    ck_assert(fixture_gate_opens(&fixture, "alice", "plain"));
}
END_TEST

START_TEST(test_fault_of_one)
{
    add("alice", NULL, submit_plain);
    add("carol", NULL, fail_always);
    add("dave", NULL, submit_plain);
    ck_assert_int_eq(run_together(), -ENOMEM);
    ck_assert_int_eq(commits, 0);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM request"), 0);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "plain"));
    ck_assert_int_eq(fixture.changed, 0);
    run_each_alone();
    ck_assert_int_eq(commits, 2);
    ck_assert_str_eq(state_of(&calls[0]), "fulfilled");
    ck_assert_int_eq(calls[1].result, -ENOMEM);
    ck_assert_str_eq(state_of(&calls[2]), "fulfilled");
    ck_assert(fixture_gate_opens(&fixture, "alice", "plain") &&
              !fixture_gate_opens(&fixture, "carol", "plain"));
}
END_TEST

/* An end that was due with the calls neither stands nor is lost when it is done again; then it holds at once, though no
 * commit succeeds (rule 13). */
START_TEST(test_commit_that_fails)
{
    acts_hold(&fixture, "alice", "plain");
    fixture.now += 3601;
    full = true;
    add("dave", NULL, submit_plain);
    add("carol", NULL, submit_plain);
    ck_assert_int_lt(run_together(), 0);
    ck_assert(!narrow_any(&fixture.engine));
    ck_assert_int_eq(fixture.engine.failed_at, 0);
    run_each_alone();
    ck_assert_int_lt(calls[0].result, 0);
    ck_assert(narrow_any(&fixture.engine));
    full = false;
    fixture.now += ENGINE_FAULT_RETRY;
    ck_assert_int_eq(run_together(), 0);
    ck_assert_str_eq(state_of(&calls[1]), "fulfilled");
    ck_assert(!narrow_any(&fixture.engine));
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM assignment WHERE state = 'access-expired'"),
                     1);
}
END_TEST

/* After a fault what is due waits a moment. When that passes between two calls, nothing of the first is committed by the
 * second: it would be lost with that commit, and acknowledged by the next. */
static int submit_later(const struct call *call)
{
    fixture.now += ENGINE_FAULT_RETRY;
    full = true;
    const int r = submit_plain(call);
    full = false;
    return r;
}

START_TEST(test_pause_ends_between_calls)
{
    acts_hold(&fixture, "alice", "plain");
    fixture.now += 3601; /* its end is due, and cannot be recorded at first */
    fixture.engine.failed_at = fixture.now;
    add("dave", NULL, submit_plain);
    add("carol", NULL, submit_later);
    ck_assert_int_eq(run_together(), 0);
    ck_assert_str_eq(state_of(&calls[0]), "fulfilled");
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM assignment WHERE user = 'dave'"), 1);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM assignment WHERE user = 'carol'"), 1);
}
END_TEST

/* What stood before a shared commit that fails stands after it. */
START_TEST(test_what_stands_stays)
{
    acts_hold(&fixture, "alice", "plain");
    full = true;
    ck_assert_int_eq(acts_return(&fixture, "alice", "plain"), BUS_ERROR_UNAVAILABLE);
    ck_assert(narrow_any(&fixture.engine) && !fixture_gate_opens(&fixture, "alice", "plain"));
    fixture.now += ENGINE_FAULT_RETRY;
    fixture.engine.failed_at = 0; /* as after a commit in between: the calls record what stands */
    add("dave", NULL, submit_plain);
    add("carol", NULL, submit_plain);
    ck_assert_int_lt(run_together(), 0);
    ck_assert(narrow_any(&fixture.engine) && !fixture_gate_opens(&fixture, "alice", "plain"));
    full = false;
    ck_assert_int_eq(run_together(), 0);
    ck_assert(!narrow_any(&fixture.engine));
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM assignment WHERE state = 'revoked'"), 1);
}
END_TEST

static bool is_delegate(void)
{
    return acts_count(&fixture, "SELECT count(*) FROM delegation WHERE revoked = 0 AND until > 0") > 0;
}

/* Rule 8: what a clock set back would revive is kept ended by the commit that succeeds, if the first does not. */
START_TEST(test_clock_set_back)
{
    ck_assert_int_eq(acts_delegate(&fixture, "bob", "dave", fixture.now + 60), 0);
    acts_pass(&fixture, 120);
    fixture.now -= 100;
    full = true;
    add("dave", NULL, submit_plain);
    add("carol", NULL, submit_plain);
    ck_assert_int_lt(run_together(), 0);
    ck_assert(is_delegate());
    full = false;
    run_each_alone();
    ck_assert_str_eq(state_of(&calls[0]), "fulfilled");
    ck_assert(!is_delegate());
}
END_TEST

/* At whatever point the store fails, a second try by each alone does what the calls ask for, once. */
START_TEST(test_each_point)
{
    for (int64_t point = 1; point < 4000; point += 7) {
        count = 0;
        setup();
        file_request();
        add("alice", NULL, submit_plain);
        add("bob", "dave", approve);
        add("carol", NULL, submit_asked);
        fail_after(point);
        const int r = run_together();
        if (r < 0) {
            ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM request"), 1);
            run_each_alone();
        }
        for (size_t i = 0; i < count; i++)
            ck_assert_msg(calls[i].result == 0, "%ld, call %zu: %d", (long)point, i, calls[i].result);
        ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM request"), 3);
        ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM assignment"), 2);
        teardown();
        if (r == 0)
            return;
    }
    ck_abort_msg("the calls were never run without a fault");
}
END_TEST

/* Where a commit is cheap, those who were answered call again meanwhile; where it is not, it is worth more work. */
START_TEST(test_work_for_a_commit)
{
    enum { US = 1000, MS = 1000 * US };
    static const struct {
        int64_t commit, work;
    } table[] = {{0, 10 * MS},
                 {1, 1 * MS},
                 {50 * US, 1 * MS},
                 {200 * US, 1600 * US},
                 {1 * MS, 8 * MS},
                 {3 * MS, 10 * MS},
                 {INT64_C(3600) * 1000 * MS, 10 * MS}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        ck_assert_int_eq(bus_share_work(table[i].commit), table[i].work);
}
END_TEST

int main(void)
{
    suite_case("share", setup, teardown);
    suite_add(test_one_commit, test_one_after_the_other, test_nothing_before_the_commit, test_fault_of_one,
              test_commit_that_fails, test_pause_ends_between_calls, test_what_stands_stays,
              test_clock_set_back, test_work_for_a_commit);
    suite_case("points", NULL, NULL);
    suite_timeout(120);
    suite_add(test_each_point);
    return suite_run();
}
