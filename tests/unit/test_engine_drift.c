/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine against what others do by hand: grant files, groups, the allow-list, users who are gone. */
#include "common/grantdir.h"
#include "helperd/store/sql.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fixture fixture;

#define DB_ADMINS                                                                                            \
    "[package]\ngroups = dbadmins backup\n[policy]\nrequestors = %staff\nduration = 1h\napprovers = bob\n"
#define REPAIRED                                                                                             \
    "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 30d\nmax_duration = 30d\ndrift = "    \
    "repair\n"
#define OTHER "[package]\ngroups = dbadmins\n[policy]\napproval = none\nduration = 2h\n"

static void setup(void)
{
    fixture_init(&fixture, "db-admins", DB_ADMINS, "repaired", REPAIRED, "other", OTHER, NULL);
    ck_assert_int_eq(engine_watch(&fixture.engine), 0);
}

static int64_t submit(const char *user, const char *package)
{
    json_t *value = NULL;
    ck_assert_msg(fixture_submit(&fixture, user, package, "reason", &value) == 0, "%s", fixture_message);
    return fixture_id(value);
}

static int64_t hold(const char *user, const char *package)
{
    const int64_t id = submit(user, package);
    if (strcmp(fixture_state(&fixture, id), "fulfilled") != 0)
        ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    return id;
}

__attribute__((format(printf, 1, 2))) static void shell(const char *format, ...)
{
    char script[1024], command[2048];
    va_list values;
    va_start(values, format);
    vsnprintf(script, sizeof(script), format, values);
    va_end(values);
    snprintf(command, sizeof(command), "cd %s && %s", fixture.state, script);
    ck_assert_msg(system(command) == 0, "%s", script);
}

static void heed_user(const char *name)
{
    /* The daemon waits a moment between the two. */
    if (engine_heed_user_file(&fixture.engine, name, false) != 0)
        ck_assert_int_eq(engine_heed_user_file(&fixture.engine, name, true), 0);
    while (engine_drift_step(&fixture.engine) > 0)
        ;
}

/* What the administrator sees of it. */
static json_t *look(int64_t id)
{
    struct facts *facts = fixture_facts("root", NULL);
    const struct caller caller = fixture_caller("root");
    struct reply reply = {0};
    ck_assert_int_eq(fixture_ask(engine_get_request, &fixture.engine, &caller, facts, &reply, id), 0);
    facts_free(facts);
    return reply.value;
}

static void has_problems(int64_t id, bool needs_retry, const char *first, const char *second)
{
    json_t *value = look(id);
    const json_t *problems = json_object_get(value, "problems");
    const char *const wanted[] = {first, second};
    ck_assert_str_eq(json_string_value(json_object_get(value, "state")), "partially-fulfilled");
    ck_assert_uint_eq(json_array_size(problems), second ? 2 : 1);
    for (size_t i = 0; i < json_array_size(problems); i++)
        ck_assert_str_eq(json_string_value(json_array_get(problems, i)), wanted[i]);
    ck_assert_int_eq(json_is_true(json_object_get(value, "needs_retry")), needs_retry);
    json_decref(value);
}

static int64_t count(const char *sql)
{
    sqlite3_stmt *s = NULL;
    ck_assert_int_eq(sqlite3_prepare_v2(fixture.engine.store->database, sql, -1, &s, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    const int64_t number = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return number;
}

static int64_t drifts(void)
{
    return count("SELECT count(*) FROM audit WHERE event = 'drift'");
}

static void retry_now(const char *user, const char *package)
{
    struct facts *facts = fixture_facts("root", user);
    const struct caller caller = fixture_caller("root");
    struct reply reply = {0};
    ck_assert_int_eq(fixture_ask(engine_retry_now, &fixture.engine, &caller, facts, &reply, user, package),
                     0);
    json_decref(reply.value);
    facts_free(facts);
}

/* The daemon's answer to a retry that is due. Whether there was one. */
static bool retry_due(const char *user)
{
    int64_t assignment = 0;
    struct inquiry inquiry = INQUIRY_NOBODY;
    if (engine_due_retry(&fixture.engine, &assignment, &inquiry) != 0)
        return false;
    ck_assert_str_eq(inquiry.user, user);
    inquiry_deinit(&inquiry);
    struct facts *facts = fixture_facts(NULL, user);
    ck_assert_int_eq(engine_retry(&fixture.engine, assignment, facts), 0);
    facts_free(facts);
    return true;
}

/* ---- files ---- */

/* Whoever removes it means it: nothing comes back by itself, and one word puts it back until its old end (rule 8). */
START_TEST(test_removed)
{
    const int64_t id = hold("alice", "db-admins");
    const int64_t other = hold("dave", "db-admins");
    fixture.now += 60;
    fixture.changed = 0;
    shell("rm grants/user/alice");
    heed_user("alice");
    has_problems(id, true, "backup: removed by hand (drift)", "dbadmins: removed by hand (drift)");
    ck_assert_int_eq(fixture.changed, id);
    ck_assert_int_eq(drifts(), 1);
    ck_assert_int_eq(count("SELECT count(*) FROM audit WHERE event = 'drift' AND detail ="
                           " 'backup: removed by hand; dbadmins: removed by hand' AND request IS NOT NULL"),
                     1);
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    ck_assert(fixture_in_group(&fixture, "dave", 2001));
    ck_assert_str_eq(fixture_state(&fixture, other), "fulfilled");
    fixture.now += 600;
    ck_assert(!retry_due("alice"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));

    retry_now("alice", "db-admins");
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    fixture.now = FIXTURE_NOW + 3600;
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
}
END_TEST

/* The gate asks after somebody removed the file: it is not written again. Without a watch it was not noticed, and is. */
START_TEST(test_gate_asks)
{
    hold("alice", "db-admins");
    char *names[] = {(char *)"db-admins", NULL};
    const struct submission submission = {.user = "alice", .packages = names, .at_gate = true};
    const struct caller gate = fixture_caller("root");
    for (int noticed = 0; noticed < 2; noticed++) {
        struct facts *facts = fixture_facts("root", "alice");
        struct reply reply = {0};
        shell("rm grants/user/alice");
        if (noticed)
            heed_user("alice");
        ck_assert_int_eq(fixture_ask(engine_submit, &fixture.engine, &gate, facts, &reply, &submission), 0);
        ck_assert_int_eq(json_is_true(json_object_get(reply.value, "held")), !noticed);
        ck_assert_int_eq(json_is_true(json_object_get(reply.value, "needs_retry")), noticed);
        ck_assert_int_eq(fixture_gate_opens(&fixture, "alice", "db-admins"), !noticed);
        json_decref(reply.value);
        facts_free(facts);
    }
}
END_TEST

/* Each way of changing it; `other` gives dbadmins as well, with an end of its own. */
START_TEST(test_edited)
{
    static const struct {
        const char *change;
        bool first, second; /* whether db-admins, other falls short */
        const char *problem;
    } cases[] = {
        {"sed -i '/^group 34 /d' $f", true, false, "backup: removed by hand"},
        {"sed -i '/^group 2001 .* 1763939540$/d' $f", true, false, "dbadmins: changed by hand"},
        {"sed -i '/^group 2001/d' $f", true, true, "dbadmins: removed by hand"},
        {"sed -i '/^package db-admins/d' $f", true, false, "backup: its package was removed by hand"},
        {"sed -i 's/^\\(package other .*\\) [0-9]* /\\1 1999999999 /' $f", false, true, "x"},
        {"sed -i 's/^user alice 1001/user alice 1002/' $f", true, true, "backup: changed by hand"},
        {"echo rubbish >$f", true, true, "backup: changed by hand"},
        {": >$f", true, true, "backup: changed by hand"},
        {"chmod 666 $f", true, true, "backup: changed by hand"},
        {"rm $f && ln -s /etc/passwd $f", true, true, "backup: changed by hand"},
        {"rm $f && mkfifo $f", true, true, "backup: changed by hand"},
        {"mv grants/user grants/away", true, true, "backup: removed by hand"},
    };
    const int64_t first = hold("alice", "db-admins");
    const int64_t second = hold("alice", "other");
    shell("f=grants/user/alice; %s", cases[_i].change);
    heed_user("alice");
    ck_assert_str_eq(fixture_state(&fixture, first), cases[_i].first ? "partially-fulfilled" : "fulfilled");
    ck_assert_str_eq(fixture_state(&fixture, second), cases[_i].second ? "partially-fulfilled" : "fulfilled");
    ck_assert_int_eq(fixture_gate_opens(&fixture, "alice", "db-admins"), !cases[_i].first);
    ck_assert_int_eq(fixture_gate_opens(&fixture, "alice", "other"), !cases[_i].second);
    ck_assert_int_eq(drifts(), cases[_i].first + cases[_i].second);
    if (cases[_i].first) {
        json_t *value = look(first);
        const char *problem = json_string_value(json_array_get(json_object_get(value, "problems"), 0));
        ck_assert_msg(strncmp(problem, cases[_i].problem, strlen(cases[_i].problem)) == 0, "%s", problem);
        json_decref(value);
    }
    /* What it says now is what the store says now: looking again finds nothing. */
    heed_user("alice");
    ck_assert_int_eq(drifts(), cases[_i].first + cases[_i].second);
    retry_now("alice", "db-admins");
    retry_now("alice", "other");
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(fixture_gate_opens(&fixture, "alice", "other"));
}
END_TEST
enum { EDITS = 12 };

/* What is added by hand gives nothing for long, and takes nothing from anybody. */
START_TEST(test_added)
{
    const int64_t id = hold("alice", "db-admins");
    shell("sed -i 's/^end/package other 1763935940 1999999999 9\\nend/' grants/user/alice");
    heed_user("alice");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "other"));
    shell("sed 's/alice 1001/dave 1004/' grants/user/alice >grants/user/dave");
    heed_user("dave");
    ck_assert(!fixture_gate_opens(&fixture, "dave", "db-admins"));
    shell("echo x >grants/user/nobody-here");
    ck_assert_int_eq(engine_heed_user_file(&fixture.engine, "nobody-here", false), 1);
    shell("test -e grants/user/nobody-here"); /* sed -i makes such a file, and renames it */
    heed_user("nobody-here");
    shell("test ! -e grants/user/nobody-here");
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert_int_eq(drifts(), 3);
    shell("echo x >grants/user/%%zz");
    heed_user("%zz");
    ck_assert_int_eq(drifts(), 3);
}
END_TEST

/* The same content, not for everybody to read: written again, and nobody fell short. */
START_TEST(test_mode)
{
    const int64_t id = hold("alice", "db-admins");
    shell("chmod 600 grants/user/alice");
    heed_user("alice");
    shell("test $(stat -c %%a grants/user/alice) = 644");
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert_int_eq(drifts(), 0);
}
END_TEST

/* What we write and remove ourselves is no drift, nor is a former file of ours that lags as we know. */
START_TEST(test_own_writing)
{
    const int64_t id = hold("alice", "db-admins");
    hold("dave", "db-admins");
    heed_user("alice");
    fixture.now += 30; /* `written` is another */
    ck_assert_int_eq(engine_heed_files(&fixture.engine), 0);
    while (engine_drift_step(&fixture.engine) > 0)
        ;
    ck_assert_int_eq(drifts(), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    fixture.now += 3600;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    heed_user("alice");
    ck_assert_int_eq(drifts(), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
}
END_TEST

/* A file of ours that somebody kept and moves back is not what we wrote last (rule 6). */
START_TEST(test_kept_and_moved_back)
{
    const int64_t id = hold("alice", "db-admins");
    shell("ln grants/user/alice kept");
    fixture.now += 3600;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    shell("mv kept grants/user/alice");
    heed_user("alice");
    shell("test ! -e grants/user/alice");
    ck_assert_int_eq(drifts(), 1);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
}
END_TEST

/* All of a folder at once. */
START_TEST(test_everything)
{
    const int64_t alice = hold("alice", "db-admins");
    const int64_t dave = hold("dave", "other");
    shell("rm -r grants/user && mkdir grants/user && echo x >grants/user/stray");
    ck_assert_int_eq(engine_heed_files(&fixture.engine), 0);
    int steps = 0;
    while (engine_drift_step(&fixture.engine) > 0)
        steps++;
    ck_assert_str_eq(fixture_state(&fixture, alice), "partially-fulfilled");
    ck_assert_str_eq(fixture_state(&fixture, dave), "partially-fulfilled");
    shell("test -z \"$(ls grants/user)\"");
}
END_TEST

/* A retry for another reason does not put back what was taken away. */
START_TEST(test_other_reasons)
{
    const int64_t id = submit("alice", "db-admins");
    struct caller caller = fixture_caller("bob");
    struct reply reply = {0};
    struct facts *facts = fixture_facts("bob", "alice");
    const struct decision_terms terms = {.reason = ""};
    facts->groups[1].gid = GID_UNSET; /* no group backup yet */
    ck_assert_int_eq(fixture_ask(engine_decide, &fixture.engine, &caller, facts, &reply, id, true, &terms),
                     0);
    json_decref(reply.value);
    facts_free(facts);
    shell("rm grants/user/alice");
    heed_user("alice");
    has_problems(id, false,
                 "backup: there is no such group on this host (an administrator makes it, then runs: "
                 "pkg-admin reload)",
                 "dbadmins: removed by hand (drift)");
    fixture.now += 2;
    ck_assert(retry_due("alice"));
    has_problems(id, true, "dbadmins: removed by hand (drift)", NULL);
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    retry_now("alice", "db-admins");
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    fixture.now += 3599; /* whole for the first time: its clock begins (rule 8) */
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
}
END_TEST

/* What was put back finds the group gone, and is tried again: the end stays (rule 8). */
START_TEST(test_end_stays)
{
    const int64_t id = hold("alice", "db-admins");
    fixture.now += 600;
    shell("rm grants/user/alice");
    heed_user("alice");
    struct facts *facts = fixture_facts("root", "alice");
    const struct caller caller = fixture_caller("root");
    struct reply reply = {0};
    facts->groups[1].gid = GID_UNSET;
    ck_assert_int_eq(
        fixture_ask(engine_retry_now, &fixture.engine, &caller, facts, &reply, "alice", "db-admins"), 0);
    json_decref(reply.value);
    facts_free(facts);
    has_problems(id, false,
                 "backup: there is no such group on this host (an administrator makes it, then runs: "
                 "pkg-admin reload)",
                 NULL);
    fixture.now += 600;
    ck_assert(retry_due("alice"));
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    fixture.now = FIXTURE_NOW + 3600;
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
}
END_TEST

/* ---- repair ---- */

START_TEST(test_repair)
{
    const int64_t id = hold("dave", "repaired");
    shell("rm grants/user/dave");
    heed_user("dave");
    has_problems(id, false, "backup: removed by hand (drift); it is put back by itself", NULL);
    ck_assert(retry_due("dave"));
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(fixture_gate_opens(&fixture, "dave", "repaired"));
    ck_assert_int_eq(drifts(), 1);
}
END_TEST

/* Somebody goes on removing it: each time it takes longer, up to the longest pause, and starts anew after peace. */
START_TEST(test_no_endless_fight)
{
    const int64_t id = hold("dave", "repaired");
    int64_t wanted = 0;
    for (int i = 0; i < 20; i++) {
        shell("rm grants/user/dave");
        heed_user("dave");
        ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
        if (wanted > 0) {
            fixture.now += wanted - 1;
            ck_assert_msg(!retry_due("dave"), "round %d", i);
            fixture.now++;
        }
        ck_assert_msg(retry_due("dave"), "round %d", i);
        ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
        fixture.now += 1;
        wanted = wanted == 0 ? 1 : wanted * 2 < 3600 ? wanted * 2 : 3600;
    }
    ck_assert_int_eq(wanted, 3600);
    fixture.now += 2 * 3600;
    shell("rm grants/user/dave");
    heed_user("dave");
    ck_assert(retry_due("dave"));
}
END_TEST

/* The policy changes its mind: what waited is tried, and the other way round waits. */
START_TEST(test_policy_changes)
{
    const int64_t id = hold("dave", "other");
    shell("rm grants/user/dave");
    heed_user("dave");
    ck_assert_int_eq(engine_heed_policy(&fixture.engine), 0);
    ck_assert(!retry_due("dave"));
    fixture_write_package(&fixture, "other", OTHER "drift = repair\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(engine_heed_policy(&fixture.engine), 0);
    ck_assert(retry_due("dave"));
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
}
END_TEST

/* The pauses between tries of what cannot be put in place: 1 s, doubling, to an hour. */
START_TEST(test_backoff)
{
    const int64_t id = submit("alice", "db-admins");
    struct caller caller = fixture_caller("bob");
    struct reply reply = {0};
    struct facts *facts = fixture_facts("bob", "alice");
    const struct decision_terms terms = {.reason = ""};
    fixture_write_package(&fixture, "db-admins", DB_ADMINS "max_duration = 30d\n");
    fixture_reload(&fixture);
    facts->groups[1].gid = GID_UNSET;
    ck_assert_int_eq(fixture_ask(engine_decide, &fixture.engine, &caller, facts, &reply, id, true, &terms),
                     0);
    const int64_t assignment = json_integer_value(json_object_get(reply.value, "assignment"));
    json_decref(reply.value);
    ck_assert_int_eq(count("UPDATE assignment SET end = end + 1000000 RETURNING 1"), 1);
    int64_t pause = 1;
    for (int i = 0; i < 16; i++) {
        struct inquiry inquiry = INQUIRY_NOBODY;
        int64_t due = 0;
        ck_assert_int_eq(count("SELECT retry_at FROM assignment") - fixture.now, pause);
        fixture.now += pause - 1;
        ck_assert_int_eq(engine_due_retry(&fixture.engine, &due, &inquiry), STORE_E_NONE);
        fixture.now++;
        ck_assert_int_eq(engine_due_retry(&fixture.engine, &due, &inquiry), 0);
        ck_assert_int_eq(due, assignment);
        inquiry_deinit(&inquiry);
        ck_assert_int_eq(engine_retry(&fixture.engine, due, facts), 0);
        pause = pause * 2 < 3600 ? pause * 2 : 3600;
    }
    ck_assert_int_eq(pause, 3600);
    facts_free(facts);
}
END_TEST

/* ---- groups and the allow-list ---- */

/* The daemon's walk over groups, with these facts. */
static void walk_groups(gid_t dbadmins, gid_t backup, bool local)
{
    struct inquiry inquiry = INQUIRY_NOBODY;
    ck_assert_int_eq(engine_next_groups(&fixture.engine, "", &inquiry), 0);
    const char *last = inquiry.groups[strv_length(inquiry.groups) - 1];
    struct inquiry rest = INQUIRY_NOBODY;
    ck_assert_int_eq(engine_next_groups(&fixture.engine, last, &rest), STORE_E_NONE);
    inquiry_deinit(&inquiry);
    struct facts *facts = fixture_facts(NULL, NULL);
    facts->groups[0].gid = dbadmins;
    facts->groups[1].gid = backup;
    facts->groups[0].local = local && dbadmins != GID_UNSET;
    facts->groups[1].local = local && backup != GID_UNSET;
    ck_assert_int_eq(engine_heed_groups(&fixture.engine, facts), 0);
    facts_free(facts);
    while (engine_drift_step(&fixture.engine) > 0)
        ;
}

START_TEST(test_group_deleted)
{
    const int64_t alice = hold("alice", "db-admins");
    const int64_t dave = hold("dave", "other");
    walk_groups(2001, 34, true); /* from now on known to be local */
    ck_assert_int_eq(drifts(), 0);
    walk_groups(2001, GID_UNSET, true);
    has_problems(alice, true, "backup: the group backup was deleted (drift)", NULL);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert_str_eq(fixture_state(&fixture, dave), "fulfilled");
    retry_now("alice", "db-admins");
    ck_assert_str_eq(fixture_state(&fixture, alice), "fulfilled");
}
END_TEST

/* The same name with another number is another group. */
START_TEST(test_group_renumbered)
{
    const int64_t alice = hold("alice", "db-admins");
    walk_groups(2001, 35, false);
    has_problems(alice, true, "backup: the group backup has the number 35 now, not 34 (drift)", NULL);
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
}
END_TEST

/* A directory that does not know a group may be away. */
START_TEST(test_group_of_a_directory)
{
    const int64_t alice = hold("alice", "db-admins");
    walk_groups(GID_UNSET, GID_UNSET, false);
    ck_assert_str_eq(fixture_state(&fixture, alice), "fulfilled");
    ck_assert_int_eq(drifts(), 0);
}
END_TEST

/* Many holders of one group: in steps, and all of them. */
START_TEST(test_many_holders)
{
    struct store *store = fixture.engine.store;
    ck_assert_int_eq(store_begin(store), 0);
    for (int i = 0; i < 30; i++) {
        char user[16];
        snprintf(user, sizeof(user), "user%d", i);
        struct assignment assignment = {.package = (char *)"other",
                                        .user = user,
                                        .uid = (uid_t)(5000 + i),
                                        .state = STATE_FULFILLED,
                                        .span = {1, GRANT_FOREVER}};
        const struct grant grant = {.group = (char *)"dbadmins", .gid = 2001, .local = true};
        ck_assert_int_eq(store_add_assignment(store, &assignment), 0);
        ck_assert_int_eq(store_set_grants(store, assignment.id, &grant, 1, true), 0);
    }
    ck_assert_int_eq(store_commit(store), 0);
    struct facts *facts = fixture_facts(NULL, NULL);
    facts->groups[0].gid = GID_UNSET;
    ck_assert_int_eq(engine_heed_groups(&fixture.engine, facts), 0);
    ck_assert_int_eq(engine_heed_groups(&fixture.engine, facts), 0);
    facts_free(facts);
    int steps = 0;
    while (engine_drift_step(&fixture.engine) > 0)
        steps++;
    ck_assert_int_gt(steps, 5);
    ck_assert_int_eq(count("SELECT count(*) FROM assignment WHERE state = 'partially-fulfilled'"), 30);
    ck_assert_int_eq(drifts(), 30);
}
END_TEST

/* An entry that goes although its package still names the group; not one that a reload is about to take. */
START_TEST(test_allow_list)
{
    const int64_t alice = hold("alice", "db-admins");
    const int64_t dave = hold("dave", "other");
    const struct allow_entry entry = {34, "backup"};
    ck_assert_int_eq(engine_heed_allow_list(&fixture.engine, fixture.packages), 0);
    ck_assert_int_eq(engine_drift_step(&fixture.engine), 0);
    ck_assert_int_eq(drifts(), 0);
    ck_assert_int_eq(grantdir_write_allow(fixture.state, &entry, 1), 0);
    struct packages none = {0};
    ck_assert_int_eq(engine_heed_allow_list(&fixture.engine, &none), 0);
    ck_assert_int_eq(engine_drift_step(&fixture.engine), 0);
    ck_assert_int_eq(drifts(), 0);
    const struct package other = *packages_find(fixture.packages, "other");
    struct packages one = {.items = (struct package *)&other, .count = 1};
    ck_assert_int_eq(engine_heed_allow_list(&fixture.engine, &one), 0);
    while (engine_drift_step(&fixture.engine) > 0)
        ;
    ck_assert_str_eq(fixture_state(&fixture, alice), "fulfilled");
    has_problems(dave, true,
                 "dbadmins: it was taken off the allow-list, which pkg-admin reload mends (drift)", NULL);
}
END_TEST

/* ---- users ---- */

static struct facts *facts_of(const char *user, bool local)
{
    struct facts *facts = fixture_facts(NULL, user);
    if (facts->user)
        facts->user->local = local;
    return facts;
}

static void heed_holder(const char *name, struct facts *facts)
{
    ck_assert_int_eq(engine_heed_holder(&fixture.engine, name, facts), 0);
    facts_free(facts);
}

static struct facts *nobody(void)
{
    struct facts *facts = fixture_facts(NULL, NULL);
    facts->user_gone = true;
    return facts;
}

/* Whose name is found by the walk: who holds something, who asked, who waits for a start. */
START_TEST(test_concerned)
{
    hold("alice", "db-admins");
    submit("dave", "db-admins");
    char *name = NULL;
    ck_assert_int_eq(engine_next_holder(&fixture.engine, "", &name), 0);
    ck_assert_str_eq(name, "alice");
    free(name);
    ck_assert_int_eq(engine_next_holder(&fixture.engine, "alice", &name), 0);
    ck_assert_str_eq(name, "dave");
    free(name);
    ck_assert_int_eq(engine_next_holder(&fixture.engine, "dave", &name), STORE_E_NONE);
}
END_TEST

/* Deleted and made anew with the same name and number: inherits nothing. */
START_TEST(test_user_deleted)
{
    const int64_t held = hold("alice", "db-admins");
    const int64_t waits = submit("dave", "db-admins");
    heed_holder("alice", facts_of("alice", true));
    heed_holder("dave", facts_of("dave", true));
    struct facts *unanswered =
        fixture_facts(NULL, NULL); /* not found, and no word that /etc/passwd lacks it */
    heed_holder("alice", unanswered);
    ck_assert_str_eq(fixture_state(&fixture, held), "fulfilled");
    heed_holder("alice", nobody());
    heed_holder("dave", nobody());
    ck_assert_str_eq(fixture_state(&fixture, held), "revoked");
    ck_assert_str_eq(fixture_state(&fixture, waits), "cancelled");
    ck_assert_int_eq(count("SELECT count(*) FROM audit WHERE event = 'revoke' AND detail ="
                           " 'the user is no longer on this host'"),
                     1);
    heed_holder("alice", facts_of("alice", true));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    ck_assert_int_ne(submit("alice", "db-admins"), held);
}
END_TEST

/* Local is known from the first day, without any walk. */
START_TEST(test_local_from_the_first_day)
{
    struct facts *facts = fixture_facts("dave", NULL);
    const struct caller caller = fixture_caller("dave");
    char *names[] = {(char *)"other", NULL};
    const struct submission submission = {.packages = names};
    struct reply reply = {0};
    facts->caller->local = true;
    ck_assert_int_eq(fixture_ask(engine_submit, &fixture.engine, &caller, facts, &reply, &submission), 0);
    const int64_t held = fixture_id(reply.value);
    names[0] = (char *)"db-admins";
    ck_assert_int_eq(fixture_ask(engine_submit, &fixture.engine, &caller, facts, &reply, &submission), 0);
    const int64_t waits = fixture_id(reply.value);
    facts_free(facts);
    heed_holder("dave", nobody());
    ck_assert_str_eq(fixture_state(&fixture, held), "revoked");
    ck_assert_str_eq(fixture_state(&fixture, waits), "cancelled");
}
END_TEST

/* The user of a directory that is away keeps all; it is said once, until the user was seen again. */
START_TEST(test_user_of_a_directory)
{
    const int64_t held = hold("alice", "db-admins");
    heed_holder("alice", facts_of("alice", false));
    for (int i = 0; i < 3; i++)
        heed_holder("alice", nobody());
    ck_assert_str_eq(fixture_state(&fixture, held), "fulfilled");
    ck_assert_int_eq(count("SELECT count(*) FROM audit WHERE event = 'missing'"), 1);
    heed_holder("alice", facts_of("alice", false));
    heed_holder("alice", nobody());
    ck_assert_int_eq(count("SELECT count(*) FROM audit WHERE event = 'missing'"), 2);
    /* Moved from the directory to this host, and then deleted here. */
    heed_holder("alice", facts_of("alice", true));
    heed_holder("alice", nobody());
    ck_assert_str_eq(fixture_state(&fixture, held), "revoked");
}
END_TEST

/* Made anew with another uid: neither what was held nor what was asked for passes on. */
START_TEST(test_uid_changed)
{
    const int64_t held = hold("alice", "db-admins");
    const int64_t waits = submit("dave", "db-admins");
    struct facts *facts = facts_of("alice", true);
    facts->user->uid = 1234;
    heed_holder("alice", facts);
    facts = facts_of("dave", true);
    facts->user->uid = 1235;
    heed_holder("dave", facts);
    ck_assert_str_eq(fixture_state(&fixture, held), "revoked");
    ck_assert_str_eq(fixture_state(&fixture, waits), "cancelled");
}
END_TEST

/* ---- shown ---- */

START_TEST(test_status)
{
    hold("alice", "db-admins");
    hold("dave", "other");
    shell("rm grants/user/alice");
    heed_user("alice");
    struct reply reply = {0};
    ck_assert_int_eq(engine_status(&fixture.engine, &(struct caller){0}, &reply), 0);
    const json_t *partial = json_object_get(reply.value, "partial");
    ck_assert_uint_eq(json_array_size(partial), 1);
    ck_assert_str_eq(
        json_string_value(json_array_get(partial, 0)),
        "db-admins of alice: backup: removed by hand (drift); dbadmins: removed by hand (drift); to put it "
        "back: pkg-admin retry db-admins alice");
    json_decref(reply.value);
}
END_TEST

/* At a start everything is written again from the store, what drifted excepted. */
START_TEST(test_start)
{
    const int64_t alice = hold("alice", "db-admins");
    hold("dave", "db-admins");
    shell("rm grants/user/alice");
    heed_user("alice");
    shell("rm grants/user/dave"); /* while the daemon is away */
    struct engine_verification verification = {0};
    while (engine_verify(&fixture.engine, &verification) > 0)
        ;
    engine_verification_deinit(&verification);
    ck_assert(fixture_gate_opens(&fixture, "dave", "db-admins"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert_str_eq(fixture_state(&fixture, alice), "partially-fulfilled");
}
END_TEST

int main(void)
{
    suite_case("engine_drift", setup, fixture_teardown);
    suite_add(test_removed, test_gate_asks);
    suite_loop(test_edited, 0, EDITS);
    suite_add(test_added, test_mode, test_own_writing, test_kept_and_moved_back, test_everything,
              test_other_reasons, test_end_stays, test_repair, test_no_endless_fight, test_policy_changes,
              test_backoff, test_group_deleted, test_group_renumbered, test_group_of_a_directory,
              test_many_holders, test_allow_list, test_concerned, test_user_deleted,
              test_local_from_the_first_day, test_user_of_a_directory, test_uid_changed, test_status,
              test_start);
    return suite_run();
}
