/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A state.db that is not the one that was known on the host: an older one put back, a lost one, another's (rule 13). Nothing
 * comes back that had ended, what the grant files give goes on, and the status says so until root accepts it.
 */
#include "common/disk.h"
#include "helperd/lifecycle/publication.h"
#include "helperd/store/sql.h"
#include "tests/unit/lineage.h"

/* What was revoked since is back in the store, and nowhere else: not at the start, nor by a retry, nor by drift = repair. */
START_TEST(test_revoked_since)
{
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "repaired", NULL, NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "self", NULL, NULL), 0);
    save_store();
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "self", "over"), 0);
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "repaired", "over"), 0);
    put_back();
    ck_assert_ptr_nonnull(strstr(problem(), "older"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "repaired"));
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    ck_assert(fixture_gate_opens(&fixture, "dave", "self"));
    ck_assert_int_eq(engine_apply_policy(&fixture.engine), 0);
    ck_assert_int_eq(engine_retry_all(&fixture.engine), 0);
    ck_assert(!acts_retry_if_due(&fixture, "alice"));
    restart();
    ck_assert_ptr_nonnull(strstr(problem(), "older"));
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    ck_assert_int_eq(count("SELECT count(*) FROM assignment WHERE held = 1"), 2);

    struct facts *facts = fixture_facts("root", "alice");
    ck_assert_int_eq(
        fixture_answer(
            engine_retry_now(fixture_call_with(&fixture, fixture_caller("root"), facts), "alice", "self"),
            NULL),
        BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "accept-store"));
    ck_assert_int_eq(accept_store(), 0);
    ck_assert_str_eq(problem(), "");
    ck_assert_int_eq(engine_apply_policy(&fixture.engine), 0);
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    acts_retry_now(&fixture, "alice", "self");
    ck_assert(fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "repaired"));
    restart();
    ck_assert_str_eq(problem(), "");
    ck_assert_int_eq(accept_store(), BUS_ERROR_POLICY_REFUSED);
}
END_TEST

/* What cannot be recorded is not put into force either: accesspkgd does not start. */
START_TEST(test_not_recorded)
{
    bool newborn = false;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    save_store();
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "self", "over"), 0);
    stop();
    folder_shell(fixture.state, "rm -f state.db-wal state.db-shm && cp ../kept.db state.db");
    ck_assert_int_eq(store_open(store_path, &fixture.engine.store, &newborn), 0);
    ck_assert_int_eq(sqlite3_exec(fixture.engine.store->database, "PRAGMA query_only = ON", NULL, NULL, NULL),
                     SQLITE_OK);
    const int r = engine_start(&fixture.engine, newborn);
    ck_assert_int_lt(r, 0);
    ck_assert(!disk_is_shut(r)); /* which the daemon would go on with */
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    stop();
    open_and_start();
    ck_assert_str_ne(problem(), "");
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
}
END_TEST

/* What was given, extended or given anew since goes on to its end, and can be revoked. */
START_TEST(test_given_since)
{
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "carol", "self", NULL, NULL), 0);
    save_store();
    fixture.now += 60;
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "self", NULL, NULL), 0);
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "self", "over"), 0);
    fixture.now += 60;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    put_back();
    ck_assert(fixture_gate_opens(&fixture, "dave", "self"));
    ck_assert(fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert(fixture_gate_opens(&fixture, "carol", "self"));
    ck_assert_int_eq(count("SELECT count(*) FROM assignment WHERE state = 'fulfilled'"), 3);
    ck_assert_int_eq(count("SELECT count(*) FROM assignment WHERE held = 1 AND state <> 'revoked'"), 0);
    ck_assert_int_eq(acts_revoke(&fixture, "dave", "self", "over"), 0);
    ck_assert(!fixture_gate_opens(&fixture, "dave", "self"));
    acts_pass(&fixture, 601 - 120);
    ck_assert(!fixture_gate_opens(&fixture, "carol", "self"));
    ck_assert(fixture_gate_opens(&fixture, "alice", "self"));
    acts_pass(&fixture, 120);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
}
END_TEST

/* An end that moved since is the file's: nearer or farther. */
START_TEST(test_moved_ends)
{
    struct assignment assignment = {0};
    acts_hold(&fixture, "alice", "db-admins");
    save_store();
    struct store *store = fixture.engine.store;
    ck_assert_int_eq(store_find_live_assignment(store, ALICE, "alice", "db-admins", &assignment), 0);
    ck_assert_int_eq(store_begin(store), 0);
    assignment.span.end += 600;
    ck_assert_int_eq(store_update_assignment(store, &assignment), 0);
    ck_assert_int_eq(store_add_audit(store, &(struct audit){.at = 1, .actor = "x", .event = "extend"}), 0);
    ck_assert_int_eq(store_commit(store), 0);
    const int64_t end = assignment.span.end;
    assignment_deinit(&assignment);
    ck_assert_int_eq(engine_write_user(&fixture.engine, "alice", false), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "self", NULL, NULL), 0);
    put_back();
    ck_assert_str_ne(problem(), "");
    fixture.now = end - 1;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert(fixture_gate_opens(&fixture, "alice", "db-admins"));
    fixture.now = end;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db-admins"));
}
END_TEST

/* What was approved, or waits, in the older store does not begin by itself, and nobody approves it unawares. */
START_TEST(test_what_lies_ahead)
{
    const int64_t pending = acts_file(&fixture, "alice", "db-admins");
    char *packages[] = {(char *)"self", NULL};
    const struct submission later = {.packages = packages, .start = fixture.now + 600};
    json_t *value = NULL;
    ck_assert_int_eq(fixture_answer(engine_submit(fixture_call(&fixture, "dave", NULL), &later), &value), 0);
    const int64_t ahead = fixture_id(value);
    save_store();
    ck_assert_int_eq(fixture_decide(&fixture, "bob", pending, false, "no", NULL), 0);
    ck_assert_int_eq(fixture_answer(engine_cancel(fixture_call(&fixture, "dave", NULL), ahead, ""), NULL), 0);
    put_back();
    ck_assert_int_eq(fixture_decide(&fixture, "bob", pending, true, "", NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "accept-store"));
    fixture.now += 700;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert(!fixture_gate_opens(&fixture, "dave", "self"));
    ck_assert_str_eq(fixture_state(&fixture, ahead), "approved");
    ck_assert(fixture.deadline == 0 || fixture.deadline > fixture.now); /* nothing is due over and over */
    /* What is asked for from now on is not held, and has a number that nobody has seen. */
    const int64_t fresh = acts_file(&fixture, "alice", "staged");
    ck_assert_int_gt(fresh, ahead);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", fresh, true, "", NULL), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", pending, false, "no", NULL), 0);
    ck_assert_int_eq(accept_store(), 0);
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_str_eq(fixture_state(&fixture, ahead), "cancelled");
}
END_TEST

/* It had begun and was revoked since: accepting the store from before does not give it again. */
START_TEST(test_begun_and_revoked)
{
    char *packages[] = {(char *)"self", NULL};
    const struct submission later = {.packages = packages, .start = fixture.now + 60};
    ck_assert_int_eq(acts_submit(&fixture, "dave", &later, NULL), 0);
    save_store();
    acts_pass(&fixture, 60);
    acts_retry_due(&fixture, NULL);
    ck_assert(fixture_gate_opens(&fixture, "dave", "self"));
    ck_assert_int_eq(acts_revoke(&fixture, "dave", "self", "over"), 0);
    put_back();
    ck_assert_int_eq(accept_store(), 0);
    ck_assert(!acts_retry_if_due(&fixture, "dave"));
    ck_assert(!fixture_gate_opens(&fixture, "dave", "self"));
}
END_TEST

static int64_t file_for_later(const char *user, int64_t start)
{
    char *packages[] = {(char *)"self", NULL};
    json_t *value = NULL;
    ck_assert_int_eq(
        acts_submit(&fixture, user, &(struct submission){.packages = packages, .start = start}, &value), 0);
    return fixture_id(value);
}

/* Also where one that was filed since is due before it, and has not begun, as a commit failed a moment ago. */
START_TEST(test_missed_behind_another)
{
    const int64_t ahead = file_for_later("dave", fixture.now + 600);
    save_store();
    ck_assert_int_eq(acts_cancel(&fixture, "dave", ahead, "", NULL), 0);
    put_back();
    const int64_t fresh = file_for_later("alice", fixture.now + 300);
    fixture.now += 700;
    fixture.engine.failed_at = fixture.now;
    ck_assert_int_eq(accept_store(), 0);
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_str_eq(fixture_state(&fixture, ahead), "cancelled");
    ck_assert_str_eq(fixture_state(&fixture, fresh),
                     "partially-fulfilled"); /* its groups are looked up next */
}
END_TEST

/* Notes of lagging files and retries of the older store write nothing. */
START_TEST(test_notes_of_the_older_store)
{
    fixture_write_package(&fixture, "late", "[package]\ngroups = backup nosuch\n[policy]\napproval = none\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "late", NULL, NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "self", NULL, NULL), 0);
    save_store();
    folder_shell(fixture.folder,
                 "sqlite3 kept.db \"INSERT INTO publication VALUES ('dave', 1), ('alice', 0)\"");
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "late", "over"), 0);
    ck_assert_int_eq(acts_revoke(&fixture, "dave", "self", "over"), 0);
    put_back();
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    ck_assert(!fixture_gate_opens(&fixture, "dave", "self"));
    fixture.now += 7200;
    ck_assert(!acts_retry_if_due(&fixture, "alice"));
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
}
END_TEST

/* Nobody is put into /etc/group by what the older store had still to ask for. */
START_TEST(test_memberships)
{
    fixture_set_local_groups(true);
    fixture.config.membership = CONFIG_MEMBERSHIP_FILES;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    ck_assert_int_eq(count("SELECT count(*) FROM membership WHERE state IN ('asking', 'adding')"), 1);
    save_store();
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "self", "over"), 0);
    put_back();
    ck_assert_str_ne(problem(), "");
    fixture.now += 7200;
    ck_assert_int_eq(engine_retry_all(&fixture.engine), 0);
    for (struct membership membership = {0}; engine_take_due_membership(&fixture.engine, &membership) == 0;) {
        ck_assert_int_ne(membership_act(membership.state), MEMBERSHIP_ACT_ASK);
        ck_assert_int_ne(membership_act(membership.state), MEMBERSHIP_ACT_ADD);
        membership_deinit(&membership);
    }
}
END_TEST

/* Delegations that were ended since do not come back. */
START_TEST(test_delegations)
{
    const struct delegate_terms terms = {"dave", fixture.now + 86400, ""};
    ck_assert_int_eq(fixture_answer(engine_delegate(fixture_call(&fixture, "bob", "dave"), &terms), NULL), 0);
    save_store();
    ck_assert_int_eq(fixture_answer(engine_undelegate(fixture_call(&fixture, "bob", "dave"), "dave"), NULL),
                     0);
    put_back();
    ck_assert_int_eq(count("SELECT count(*) FROM delegation WHERE revoked = 0"), 0);
}
END_TEST

/* A store that is gone, as one whose disk is not mounted, is not taken for a first one. */
START_TEST(test_lost)
{
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    const int64_t last = acts_file(&fixture, "alice", "db-admins");
    keep_note();
    stop();
    folder_shell(fixture.state, "rm -rf state.db* grants/user/* grants/mark unrecorded");
    open_and_start();
    ck_assert_ptr_nonnull(strstr(problem(), "not mounted"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert_int_gt(acts_file(&fixture, "alice", "staged"), last);
    keep_note(); /* does not forget the one that was known */
    restart();
    ck_assert_ptr_nonnull(strstr(problem(), "not mounted"));
    ck_assert_int_eq(accept_store(), 0);
    keep_note();
    restart();
    ck_assert_str_eq(problem(), "");
}
END_TEST

/* The store alone is gone: what the files give goes on, and is told. */
START_TEST(test_lost_with_files)
{
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    stop();
    folder_shell(fixture.state, "rm -f state.db*");
    open_and_start();
    ck_assert_ptr_nonnull(strstr(problem(), "new"));
    ck_assert(fixture_gate_opens(&fixture, "alice", "self"));
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "self", "over"), 0);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
}
END_TEST

/* What was partially fulfilled goes on as it was, and is not made whole by itself; the gate stays shut. */
START_TEST(test_lost_partial)
{
    fixture_write_package(&fixture, "late",
                          "[package]\ngroups = backup nosuch\n[policy]\napproval = none\nduration = 10m\n"
                          "drift = repair\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "late", NULL, NULL), 0);
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    for (int other = 0; other < 2; other++) {
        stop();
        folder_shell(fixture.state, "rm -f state.db*");
        open_and_start();
        ck_assert_int_eq(engine_apply_policy(&fixture.engine), 0);
        ck_assert(fixture_in_group(&fixture, "alice", 34));
        ck_assert(!fixture_gate_opens(&fixture, "alice", "late"));
    }
    fixture.now += 60;
    ck_assert(!acts_retry_if_due(&fixture, "alice"));
    ck_assert_int_eq(count("SELECT count(*) FROM assignment WHERE state = 'partially-fulfilled'"), 1);
    acts_pass(&fixture, 600);
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
}
END_TEST

/* The mount comes back: it is the store that was known. */
START_TEST(test_found_again)
{
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    keep_note();
    stop();
    folder_shell(fixture.folder,
                 "cp -a state mounted && rm -rf state/state.db* state/grants/user/* state/grants/mark");
    open_and_start();
    ck_assert_str_ne(problem(), "");
    keep_note();
    stop();
    folder_shell(fixture.folder, "rm -rf state && mv mounted state");
    open_and_start();
    ck_assert_str_eq(problem(), "");
    ck_assert(fixture_gate_opens(&fixture, "alice", "self"));
}
END_TEST

/* A whole folder put back is told by root's note alone, and only what is older than the note. */
START_TEST(test_whole_folder)
{
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    stop();
    folder_shell(fixture.folder, "cp -a state copy");
    open_and_start();
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "self", "over"), 0);
    keep_note();
    stop();
    folder_shell(fixture.folder, "rm -rf state && mv copy state");
    open_and_start();
    ck_assert_ptr_nonnull(strstr(problem(), "older"));
}
END_TEST

/* Another's state.db, and one from before a restored one was accepted. */
START_TEST(test_another)
{
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    save_store();
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "self", "over"), 0);
    put_back();
    ck_assert_int_eq(accept_store(), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_str_eq(problem(), "");
        put_back();
        ck_assert_str_ne(problem(), "");
        ck_assert(!fixture_gate_opens(&fixture, "alice", "self"));
        ck_assert_int_eq(accept_store(), 0);
    }
    stop();
    folder_shell(fixture.state, "sqlite3 state.db \"UPDATE epoch SET name = 'x' || number\"");
    open_and_start();
    ck_assert_ptr_nonnull(strstr(problem(), "another"));
}
END_TEST

/* Nothing is known at the first start, nor from another machine's copy of /etc; a damaged note is none. */
START_TEST(test_no_alarm)
{
    struct storenote note = {0};
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "self", NULL, NULL), 0);
    for (int i = 0; i < 3; i++) {
        keep_note();
        restart();
        ck_assert_str_eq(problem(), "");
        acts_file(&fixture, i ? "dave" : "alice", i == 2 ? "staged" : "db-admins");
    }
    ck_assert_int_eq(storenote_read(note_path, geteuid(), &note), 0);
    strcpy(note.machine, "0123");
    strcpy(note.epoch, "another");
    ck_assert_int_eq(storenote_write(note_path, &note), 0);
    restart();
    ck_assert_str_eq(problem(), "");
    folder_shell(fixture.folder, "echo x >note; echo x >state/grants/mark");
    restart();
    ck_assert_str_eq(problem(), "");
    ck_assert_int_eq(storenote_read_mark(fixture.state, &note), 0);
    keep_note();
    ck_assert_int_eq(storenote_read(note_path, geteuid(), &note), 0);
}
END_TEST

/* A machine that was cloned: told at its first start, as it has the key of the other one. */
START_TEST(test_clone)
{
    const struct notestore_place place = {fixture.state, note_path};
    struct storenote mark = {0};
    for (int i = 0; i < 2; i++) {
        char *text = NULL;
        size_t size = 0;
        ck_assert_int_eq(storenote_read_mark(fixture.state, &mark), 0);
        if (i == 0)
            strcpy(mark.machine, "0123");
        const int fd = storenote_open_mark(fixture.state);
        ck_assert_int_eq(storenote_put(fd, &mark), 0);
        close(fd);
        FILE *out = open_memstream(&text, &size);
        ck_assert_int_eq(notestore_keep_at(&place, out), 0);
        ck_assert_int_eq(fclose(out), 0);
        ck_assert_int_eq(strstr(text, "came with another machine") != NULL, i == 0);
        free(text);
        restart();
        ck_assert_str_eq(problem(), "");
        ck_assert_int_eq(fixture_submit(&fixture, i ? "dave" : "alice", "self", NULL, NULL), 0);
    }
}
END_TEST

/* Root's note never goes back, whatever the daemon's mark says. */
START_TEST(test_note_stays)
{
    struct storenote before = {0}, mark = {0}, note = {0};
    keep_note();
    ck_assert_int_eq(storenote_read(note_path, geteuid(), &before), 0);
    mark = before;
    mark.audit--;
    const int fd = storenote_open_mark(fixture.state);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(storenote_put(fd, &mark), 0);
    keep_note();
    ck_assert_int_eq(storenote_read(note_path, geteuid(), &note), 0);
    ck_assert_int_eq(note.audit, before.audit);
    mark.audit += 10;
    mark.accepted = false;
    ck_assert_int_eq(storenote_put(fd, &mark), 0);
    keep_note();
    ck_assert_int_eq(storenote_read(note_path, geteuid(), &note), 0);
    ck_assert_int_eq(note.audit, before.audit);
    close(fd);
    ck_assert_int_eq(unlink(note_path), 0);
    keep_note();
    ck_assert_int_eq(storenote_read(note_path, geteuid(), &note), -ENOENT);
}
END_TEST

static const char *const bad_notes[] = {
    "",
    "end\n",
    "accesspkg-store 2\nmachine -\nhost -\nepoch e\naccepted yes\naudit 1\nrequest 0\nassignment 0\nend\n",
    "accesspkg-store 1\nmachine -\nhost -\nepoch e\naccepted maybe\naudit 1\nrequest 0\nassignment 0\nend\n",
    "accesspkg-store 1\nmachine -\nhost -\nepoch e\naccepted yes\naudit 01\nrequest 0\nassignment 0\nend\n",
    "accesspkg-store 1\nmachine -\nhost -\nepoch e\naccepted yes\naudit -1\nrequest 0\nassignment 0\nend\n",
    "accesspkg-store 1\nmachine -\nhost -\nepoch e f\naccepted yes\naudit 1\nrequest 0\nassignment 0\nend\n",
    "accesspkg-store 1\nmachine -\nhost -\nepoch e\naccepted yes\naudit 1\nrequest 0\nassignment 0\n",
    ("accesspkg-store 1\nmachine -\nhost -\nepoch e\naccepted yes\naudit 99999999999999999999\nrequest "
     "0\nassignment 0\nend\n"),
};

START_TEST(test_bad_note)
{
    struct storenote note;
    ck_assert_int_eq(storenote_parse(bad_notes[_i], strlen(bad_notes[_i]), &note), -EBADMSG);
}
END_TEST

int main(void)
{
    suite_case("lineage", setup_file, fixture_teardown);
    suite_add(test_revoked_since, test_not_recorded, test_given_since, test_moved_ends, test_what_lies_ahead,
              test_begun_and_revoked, test_missed_behind_another, test_notes_of_the_older_store,
              test_memberships, test_delegations, test_lost, test_lost_with_files, test_lost_partial,
              test_found_again, test_whole_folder, test_another, test_no_alarm, test_clone, test_note_stays);
    suite_loop(test_bad_note, 0, sizeof(bad_notes) / sizeof(*bad_notes));
    return suite_run();
}
