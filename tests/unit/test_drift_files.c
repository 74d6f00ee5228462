/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Grant files that others remove, edit, add and move; what is put back, when, and what is shown of it. */
#include "tests/support/folder.h"
#include "tests/support/suite.h"
#include "tests/unit/drift.h"

#include <stdlib.h>
#include <string.h>

static void heed_user(const char *name)
{
    /* The daemon waits a moment between the two. */
    if (engine_compare_user_file(&fixture.engine, name, false) != 0)
        ck_assert_int_eq(engine_compare_user_file(&fixture.engine, name, true), 0);
    while (engine_drift_step(&fixture.engine) > 0)
        ;
}

/* Whoever removes it means it: nothing comes back by itself, and one word puts it back until its old end (rule 8). */
START_TEST(test_removed)
{
    const int64_t id = acts_hold(&fixture, "alice", "db-admins");
    const int64_t other = acts_hold(&fixture, "dave", "db-admins");
    fixture.now += 60;
    fixture.changed = 0;
    folder_shell(fixture.state, "rm grants/user/alice");
    heed_user("alice");
    has_problems(id, true, "backup: removed by hand (drift)", "dbadmins: removed by hand (drift)");
    ck_assert_int_eq(fixture.changed, id);
    ck_assert_int_eq(drifts(), 1);
    ck_assert_int_eq(
        acts_count(&fixture, "SELECT count(*) FROM audit WHERE event = 'drift' AND detail ="
                             " 'backup: removed by hand; dbadmins: removed by hand' AND request IS NOT NULL"),
        1);
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    ck_assert(fixture_in_group(&fixture, "dave", 2001));
    ck_assert_str_eq(fixture_state(&fixture, other), "fulfilled");
    fixture.now += 600;
    ck_assert(!acts_retry_if_due(&fixture, "alice"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));

    acts_retry_now(&fixture, "alice", "db-admins");
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
    acts_hold(&fixture, "alice", "db-admins");
    char *names[] = {(char *)"db-admins", NULL};
    const struct submission submission = {.user = "alice", .packages = names, .at_gate = true};
    for (int noticed = 0; noticed < 2; noticed++) {
        json_t *value = NULL;
        folder_shell(fixture.state, "rm grants/user/alice");
        if (noticed)
            heed_user("alice");
        ck_assert_int_eq(acts_submit(&fixture, "alice", &submission, &value), 0);
        ck_assert_int_eq(json_is_true(json_object_get(value, "held")), !noticed);
        ck_assert_int_eq(json_is_true(json_object_get(value, "needs_retry")), noticed);
        ck_assert_int_eq(fixture_gate_opens(&fixture, "alice", "db-admins"), !noticed);
        json_decref(value);
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
    const int64_t first = acts_hold(&fixture, "alice", "db-admins");
    const int64_t second = acts_hold(&fixture, "alice", "other");
    folder_shell(fixture.state, "f=grants/user/alice; %s", cases[_i].change);
    heed_user("alice");
    ck_assert_str_eq(fixture_state(&fixture, first), cases[_i].first ? "partially-fulfilled" : "fulfilled");
    ck_assert_str_eq(fixture_state(&fixture, second), cases[_i].second ? "partially-fulfilled" : "fulfilled");
    ck_assert_int_eq(fixture_gate_opens(&fixture, "alice", "db-admins"), !cases[_i].first);
    ck_assert_int_eq(fixture_gate_opens(&fixture, "alice", "other"), !cases[_i].second);
    ck_assert_int_eq(drifts(), cases[_i].first + cases[_i].second);
    if (cases[_i].first) {
        json_t *value = acts_look(&fixture, first);
        const char *problem = json_string_value(json_array_get(json_object_get(value, "problems"), 0));
        ck_assert_msg(strncmp(problem, cases[_i].problem, strlen(cases[_i].problem)) == 0, "%s", problem);
        json_decref(value);
    }
    /* What it says now is what the store says now: looking again finds nothing. */
    heed_user("alice");
    ck_assert_int_eq(drifts(), cases[_i].first + cases[_i].second);
    acts_retry_now(&fixture, "alice", "db-admins");
    acts_retry_now(&fixture, "alice", "other");
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert(fixture_gate_opens(&fixture, "alice", "other"));
}
END_TEST

enum { EDITS = 12 };

/* What is added by hand gives nothing for long, and takes nothing from anybody. */
START_TEST(test_added)
{
    const int64_t id = acts_hold(&fixture, "alice", "db-admins");
    folder_shell(fixture.state,
                 "sed -i 's/^end/package other 1763935940 1999999999 9\\nend/' grants/user/alice");
    heed_user("alice");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "other"));
    folder_shell(fixture.state, "sed 's/alice 1001/dave 1004/' grants/user/alice >grants/user/dave");
    heed_user("dave");
    ck_assert(!fixture_gate_opens(&fixture, "dave", "db-admins"));
    folder_shell(fixture.state, "echo x >grants/user/nobody-here");
    ck_assert_int_eq(engine_compare_user_file(&fixture.engine, "nobody-here", false), 1);
    folder_shell(fixture.state,
                 "test -e grants/user/nobody-here"); /* sed -i makes such a file, and renames it */
    heed_user("nobody-here");
    folder_shell(fixture.state, "test ! -e grants/user/nobody-here");
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert_int_eq(drifts(), 3);
    folder_shell(fixture.state, "echo x >grants/user/%%zz");
    heed_user("%zz");
    ck_assert_int_eq(drifts(), 3);
}
END_TEST

/* The same content, not for everybody to read: written again, and nobody fell short. */
START_TEST(test_mode)
{
    const int64_t id = acts_hold(&fixture, "alice", "db-admins");
    folder_shell(fixture.state, "chmod 600 grants/user/alice");
    heed_user("alice");
    folder_shell(fixture.state, "test $(stat -c %%a grants/user/alice) = 644");
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert_int_eq(drifts(), 0);
}
END_TEST

/* What we write and remove ourselves is no drift, nor is a former file of ours that lags as we know. */
START_TEST(test_own_writing)
{
    const int64_t id = acts_hold(&fixture, "alice", "db-admins");
    acts_hold(&fixture, "dave", "db-admins");
    heed_user("alice");
    fixture.now += 30; /* `written` is another */
    ck_assert_int_eq(engine_compare_all_files(&fixture.engine), 0);
    while (engine_drift_step(&fixture.engine) > 0)
        ;
    ck_assert_int_eq(drifts(), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    acts_pass(&fixture, 3600);
    heed_user("alice");
    ck_assert_int_eq(drifts(), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
}
END_TEST

/* A file of ours that somebody kept and moves back is not what we wrote last (rule 6). */
START_TEST(test_kept_and_moved_back)
{
    const int64_t id = acts_hold(&fixture, "alice", "db-admins");
    folder_shell(fixture.state, "ln grants/user/alice kept");
    acts_pass(&fixture, 3600);
    folder_shell(fixture.state, "mv kept grants/user/alice");
    heed_user("alice");
    folder_shell(fixture.state, "test ! -e grants/user/alice");
    ck_assert_int_eq(drifts(), 1);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
}
END_TEST

/* All of a folder at once. */
START_TEST(test_everything)
{
    const int64_t alice = acts_hold(&fixture, "alice", "db-admins");
    const int64_t dave = acts_hold(&fixture, "dave", "other");
    folder_shell(fixture.state, "rm -r grants/user && mkdir grants/user && echo x >grants/user/stray");
    ck_assert_int_eq(engine_compare_all_files(&fixture.engine), 0);
    int steps = 0;
    while (engine_drift_step(&fixture.engine) > 0)
        steps++;
    ck_assert_str_eq(fixture_state(&fixture, alice), "partially-fulfilled");
    ck_assert_str_eq(fixture_state(&fixture, dave), "partially-fulfilled");
    folder_shell(fixture.state, "test -z \"$(ls grants/user)\"");
}
END_TEST

/* A retry for another reason does not put back what was taken away. */
START_TEST(test_other_reasons)
{
    const int64_t id = acts_file(&fixture, "alice", "db-admins");
    acts_approve_in_part(&fixture, id);
    folder_shell(fixture.state, "rm grants/user/alice");
    heed_user("alice");
    has_problems(id, false,
                 "backup: there is no such group on this host (an administrator makes it, then runs: "
                 "pkg-admin reload)",
                 "dbadmins: removed by hand (drift)");
    fixture.now += 2;
    ck_assert(acts_retry_if_due(&fixture, "alice"));
    has_problems(id, true, "dbadmins: removed by hand (drift)", NULL);
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    ck_assert(!fixture_in_group(&fixture, "alice", 2001));
    acts_retry_now(&fixture, "alice", "db-admins");
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    fixture.now += 3597; /* its clock began with its first group, 2 seconds before (rule 8) */
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
    fixture.now += 1;
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
}
END_TEST

/* What was put back finds the group gone, and is tried again: the end stays (rule 8). */
START_TEST(test_end_stays)
{
    const int64_t id = acts_hold(&fixture, "alice", "db-admins");
    fixture.now += 600;
    folder_shell(fixture.state, "rm grants/user/alice");
    heed_user("alice");
    struct facts *facts = fixture_facts("root", "alice");
    facts->groups[1].gid = GID_UNSET;
    const struct call *call = fixture_call_with(&fixture, fixture_caller("root"), facts);
    ck_assert_int_eq(fixture_answer(engine_retry_now(call, "alice", "db-admins"), NULL), 0);
    has_problems(id, false,
                 "backup: there is no such group on this host (an administrator makes it, then runs: "
                 "pkg-admin reload)",
                 NULL);
    fixture.now += 600;
    ck_assert(acts_retry_if_due(&fixture, "alice"));
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    fixture.now = FIXTURE_NOW + 3600;
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "access-expired");
}
END_TEST

START_TEST(test_repair)
{
    const int64_t id = acts_hold(&fixture, "dave", "repaired");
    folder_shell(fixture.state, "rm grants/user/dave");
    heed_user("dave");
    has_problems(id, false, "backup: removed by hand (drift); it is put back by itself", NULL);
    ck_assert(acts_retry_if_due(&fixture, "dave"));
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(fixture_gate_opens(&fixture, "dave", "repaired"));
    ck_assert_int_eq(drifts(), 1);
}
END_TEST

/* Somebody goes on removing it: each time it takes longer, up to the longest pause, and starts anew after peace. */
START_TEST(test_no_endless_fight)
{
    const int64_t id = acts_hold(&fixture, "dave", "repaired");
    int64_t wanted = 0;
    for (int i = 0; i < 20; i++) {
        folder_shell(fixture.state, "rm grants/user/dave");
        heed_user("dave");
        ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
        if (wanted > 0) {
            fixture.now += wanted - 1;
            ck_assert_msg(!acts_retry_if_due(&fixture, "dave"), "round %d", i);
            fixture.now++;
        }
        ck_assert_msg(acts_retry_if_due(&fixture, "dave"), "round %d", i);
        ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
        fixture.now += 1;
        wanted = wanted == 0 ? 1 : wanted * 2 < 3600 ? wanted * 2 : 3600;
    }
    ck_assert_int_eq(wanted, 3600);
    fixture.now += 2 * 3600;
    folder_shell(fixture.state, "rm grants/user/dave");
    heed_user("dave");
    ck_assert(acts_retry_if_due(&fixture, "dave"));
}
END_TEST

/* The policy changes its mind: what waited is tried, and the other way round waits. */
START_TEST(test_policy_changes)
{
    const int64_t id = acts_hold(&fixture, "dave", "other");
    folder_shell(fixture.state, "rm grants/user/dave");
    heed_user("dave");
    ck_assert_int_eq(engine_apply_policy(&fixture.engine), 0);
    ck_assert(!acts_retry_if_due(&fixture, "dave"));
    fixture_write_package(&fixture, "other", OTHER "drift = repair\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(engine_apply_policy(&fixture.engine), 0);
    ck_assert(acts_retry_if_due(&fixture, "dave"));
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
}
END_TEST

/* The pauses between tries of what cannot be put in place: 1 s, doubling, to an hour. */
START_TEST(test_backoff)
{
    const int64_t id = acts_file(&fixture, "alice", "db-admins");
    fixture_write_package(&fixture, "db-admins", DB_ADMINS "max_duration = 30d\n");
    fixture_reload(&fixture);
    const int64_t assignment = acts_approve_in_part(&fixture, id);
    struct facts *facts = fixture_facts(NULL, "alice");
    facts->groups[1].gid = GID_UNSET;
    ck_assert_int_eq(acts_count(&fixture, "UPDATE assignment SET end = end + 1000000 RETURNING 1"), 1);
    int64_t pause = 1;
    for (int i = 0; i < 16; i++) {
        struct inquiry inquiry = INQUIRY_EMPTY;
        int64_t due = 0;
        ck_assert_int_eq(acts_count(&fixture, "SELECT retry_at FROM assignment") - fixture.now, pause);
        fixture.now += pause - 1;
        ck_assert_int_eq(engine_take_due_retry(&fixture.engine, &due, &inquiry), STORE_E_NONE);
        fixture.now++;
        ck_assert_int_eq(engine_take_due_retry(&fixture.engine, &due, &inquiry), 0);
        ck_assert_int_eq(due, assignment);
        inquiry_deinit(&inquiry);
        ck_assert_int_eq(engine_retry(&fixture.engine, due, facts), 0);
        pause = pause * 2 < 3600 ? pause * 2 : 3600;
    }
    ck_assert_int_eq(pause, 3600);
    facts_free(facts);
}
END_TEST

START_TEST(test_status)
{
    acts_hold(&fixture, "alice", "db-admins");
    acts_hold(&fixture, "dave", "other");
    folder_shell(fixture.state, "rm grants/user/alice");
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

/* What was removed while the daemon was away stays removed, too. */
START_TEST(test_start)
{
    const int64_t alice = acts_hold(&fixture, "alice", "db-admins");
    const int64_t dave = acts_hold(&fixture, "dave", "db-admins");
    folder_shell(fixture.state, "rm grants/user/alice");
    heed_user("alice");
    engine_deinit(&fixture.engine);
    folder_shell(fixture.state, "rm grants/user/dave");
    ck_assert_int_eq(engine_start(&fixture.engine, false), 0);
    while (engine_verify(&fixture.engine) > 0)
        ;
    ck_assert(!fixture_gate_opens(&fixture, "dave", "db-admins"));
    has_problems(dave, true, "backup: removed by hand (drift)", "dbadmins: removed by hand (drift)");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
    ck_assert_str_eq(fixture_state(&fixture, alice), "partially-fulfilled");
    acts_retry_now(&fixture, "dave", "db-admins");
    ck_assert(fixture_gate_opens(&fixture, "dave", "db-admins"));
}
END_TEST

int main(void)
{
    suite_case("drift_files", setup, fixture_teardown);
    suite_add(test_removed, test_gate_asks, test_added, test_mode, test_own_writing, test_kept_and_moved_back,
              test_everything, test_other_reasons, test_end_stays, test_repair, test_no_endless_fight,
              test_policy_changes, test_backoff, test_status, test_start);
    suite_loop(test_edited, 0, EDITS);
    return suite_run();
}
