/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ladder of formats: saved databases of each, newer ones, what is none; a change that is taken back. */
#include "helperd/store/schema.h"
#include "helperd/store/sql.h"
#include "tests/support/suite.h"
#include "tests/unit/storefile.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void run_sql(const char *sql)
{
    sqlite3 *database = NULL;
    ck_assert_int_eq(sqlite3_open(path, &database), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(database));
    ck_assert_int_eq(sqlite3_close(database), SQLITE_OK);
}

static void record_something(void)
{
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(
        store_add_audit(store, &(struct audit){.at = 1, .actor = "accesspkgd", .event = "begin"}), 0);
    ck_assert_int_eq(store_commit(store), 0);
}

/* A start that was cut off before anything was recorded is made again as the first. */
START_TEST(test_newborn)
{
    open_store(true);
    store_close(store);
    open_store(true);
    record_something();
    store_close(store);
    open_store(false);
}
END_TEST

static void run_saved(const char *name)
{
    char sql[65536] = "";
    FILE *in = fopen(name, "re");
    ck_assert_ptr_nonnull(in);
    ck_assert_uint_gt(fread(sql, 1, sizeof(sql) - 1, in), 0);
    ck_assert(feof(in));
    ck_assert_int_eq(fclose(in), 0);
    run_sql(sql);
}

/* The one value of a question, by SQL of its own. Static. */
static const char *value_of(const char *sql)
{
    static char value[8192];
    sqlite3_stmt *s = sql_take(store, sql, "");
    ck_assert_int_eq(sql_step(store, s), 1);
    snprintf(value, sizeof(value), "%s", (const char *)sqlite3_column_text(s, 0));
    sql_release(store, s);
    return value;
}

/* A database of step 1 with something in it, as it was saved: each later version must open it and read it so. */
START_TEST(test_saved_database)
{
    run_saved("tests/unit/state-1.sql");
    open_store(false);

    struct request request = {0};
    struct stage stage = {0};
    struct assignment assignment = {0};
    struct decision *decisions = NULL;
    struct grant *grants = NULL;
    size_t count = 0;
    ck_assert_int_eq(store_get_request(store, 1, &request), 0);
    ck_assert_str_eq(request.user, "alice");
    ck_assert_uint_eq(request.requestor.uid, 1001);
    ck_assert_uint_eq(request.requestor.loginuid, UID_UNSET);
    ck_assert_str_eq(request.justification, "because");
    ck_assert_int_eq(request.state, STATE_APPROVED);
    request_deinit(&request);
    ck_assert_int_eq(store_get_stage(store, 1, 1, &stage), 0);
    ck_assert_str_eq(stage.approvers[0], "bob");
    ck_assert_str_eq(stage.approvers[1], "%dba-leads");
    stage_deinit(&stage);
    ck_assert_int_eq(store_get_decisions(store, 1, &decisions, &count), 0);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(decisions[0].decider, "bob");
    ck_assert_str_eq(decisions[0].reason, "fine");
    store_free_decisions(decisions, count);
    ck_assert_int_eq(store_find_live_assignment(store, 1001, "alice", "db-admins", &assignment), 0);
    ck_assert_int_eq(assignment.span.end, 1763939540);
    ck_assert_int_eq(store_get_grants(store, assignment.id, &grants, &count), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert_uint_eq(grants[1].gid, 2001);
    store_free_grants(grants, count);
    assignment_deinit(&assignment);
    ck_assert_int_eq(store_find_open_request(store, 1004, "dave", "db-admins", &request), 0);
    ck_assert_int_eq(request.deadline, 1764022340);
    request_deinit(&request);
}
END_TEST

/* A request that waited when the database was older has its fallback approvers asked at their time all the same. */
START_TEST(test_saved_escalation)
{
    int64_t next = 0;
    run_saved("tests/unit/state-1.sql");
    run_sql("UPDATE stage SET fallback = 2, escalate_after = 600 WHERE request = 2");
    open_store(false);
    ck_assert_int_eq(store_next_deadline(store, &next), 0);
    ck_assert_int_eq(next, 1763935940 + 600);
    struct request request = {0};
    ck_assert_int_eq(store_find_due_escalation(store, next - 1, &request), STORE_E_NONE);
    ck_assert_int_eq(store_find_due_escalation(store, next, &request), 0);
    ck_assert_int_eq(request.id, 2);
    request_deinit(&request);
}
END_TEST

/* All tables and indices of a store, by name. */
static const char names[] = "SELECT group_concat(type || ' ' || name, char(10)) FROM"
                            " (SELECT type, name FROM sqlite_master ORDER BY type, name)";

/* ret_born: the names of a store that is made anew. */
static void open_saved(const char *saved, char ret_born[8192])
{
    open_store(true);
    snprintf(ret_born, 8192, "%s", value_of(names));
    store_close(store);
    ck_assert_int_eq(unlink(path), 0);
    run_saved(saved);
    open_store(false);
}

static const char *const saved_since_4[] = {"tests/unit/state-4.sql", "tests/unit/state-5.sql"};

/* Databases of steps 4 and 5: what waits, what is held, an emergency to be reviewed, notices. */
START_TEST(test_saved_since_step_4)
{
    char born[8192];
    struct store_counts counts;
    struct notice_counts notices = {0};
    int64_t unreviewed = 0;
    open_saved(saved_since_4[_i], born);
    ck_assert_str_eq(value_of(names), born);
    ck_assert_str_eq(value_of("PRAGMA integrity_check"), "ok");
    ck_assert_str_eq(value_of("SELECT count(*) FROM pragma_foreign_key_check"), "0");
    ck_assert_int_eq(store_read_counts(store, 1, &counts), 0);
    ck_assert_int_eq(counts.pending, 1);
    ck_assert_int_eq(counts.live, 3);
    ck_assert_int_eq(store_count_unreviewed(store, &unreviewed), 0);
    ck_assert_int_eq(unreviewed, 1);
    ck_assert_int_eq(store_count_notices(store, &notices), 0);
    ck_assert_int_gt(notices.waiting, 0);
    free(notices.failure);
}
END_TEST

/* What lagged when the store was of step 5 lags still; lists of members by group are written no more. */
START_TEST(test_saved_publications)
{
    char born[8192];
    open_saved("tests/unit/state-5.sql", born);
    ck_assert_str_eq(value_of("SELECT group_concat(user || ':' || narrows, ' ') FROM"
                              " (SELECT * FROM publication ORDER BY user)"),
                     "alice:1 dave:0");
}
END_TEST

/* A database of step 6: what is partial with a group in place has begun; what was approved for later is not bound yet. */
START_TEST(test_saved_step_6)
{
    char born[8192];
    char *package = NULL;
    open_saved("tests/unit/state-6.sql", born);
    ck_assert_str_eq(value_of(names), born);
    ck_assert_str_eq(value_of("PRAGMA integrity_check"), "ok");
    ck_assert_str_eq(value_of("SELECT group_concat(id || ':' || begun, ' ') FROM assignment"),
                     "1:1 2:1 3:1 4:1");
    /* Whose files are on stable storage was not said: all are to be written, so that no login is lost. */
    ck_assert_str_eq(
        value_of("SELECT count(*) FROM assignment WHERE state IN ('partially-fulfilled', 'fulfilled')"
                 " AND user NOT IN (SELECT user FROM publication)"),
        "0");
    ck_assert_int_eq(store_find_unbound(store, &package), 0);
    ck_assert_str_eq(package, "prod");
    free(package);
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_bind_groups(store, "prod", "dbadmins\nbackup"), 0);
    ck_assert_int_eq(store_commit(store), 0);
    ck_assert_int_eq(store_find_unbound(store, &package), STORE_E_NONE);
    ck_assert_str_eq(value_of("SELECT group_concat(id, ' ') FROM request WHERE groups IS NOT NULL"), "6");
}
END_TEST

/* A database of step 8: nothing of it changes. */
START_TEST(test_saved_step_8)
{
    char born[8192];
    open_saved("tests/unit/state-8.sql", born);
    ck_assert_str_eq(value_of(names), born);
    ck_assert_str_eq(value_of("PRAGMA integrity_check"), "ok");
    ck_assert_str_eq(value_of("SELECT user || id FROM locked"), "malloryl1");
    ck_assert_str_eq(value_of("SELECT host FROM origin"), "SHA256:abc");
    ck_assert_str_eq(value_of("SELECT request FROM unaccepted"), "6");
    ck_assert_str_eq(value_of("SELECT group_concat(id) FROM assignment WHERE held"), "3");
    ck_assert_str_eq(value_of("SELECT count(*) FROM epoch"), "1");
    ck_assert_str_eq(value_of("SELECT version FROM written_by"), ACCESSPKG_VERSION);
}
END_TEST

/* A database of step 9: what ended is found by when it ended, of no use. */
START_TEST(test_saved_step_9)
{
    char born[8192];
    open_saved("tests/unit/state-9.sql", born);
    ck_assert_str_eq(value_of(names), born);
    ck_assert_str_eq(value_of("PRAGMA integrity_check"), "ok");
    ck_assert_str_eq(value_of("SELECT count(*) FROM pragma_foreign_key_check"), "0");
    ck_assert_str_eq(
        value_of("SELECT group_concat(id || ' ' || coalesce(nullif(ended, 0), end), ', ')"
                 " FROM (SELECT * FROM assignment INDEXED BY assignment_over"
                 "  WHERE state IN ('access-expired', 'revoked') ORDER BY coalesce(nullif(ended, 0), end))"),
        "21 1700001800, 20 1700003600");
    ck_assert_str_eq(value_of("SELECT count(*) FROM assignment WHERE first_used OR last_used"), "0");
    /* Before step 11 nothing had an end but its duration's, and no review was late. */
    ck_assert_str_eq(value_of("SELECT count(*) FROM request WHERE until <> 0"), "0");
    ck_assert_str_eq(value_of("SELECT count(*) FROM assignment WHERE until <> 0"), "0");
    ck_assert_str_eq(
        value_of("SELECT count(*) FROM request WHERE emergency AND NOT reviewed AND remind_at = 0"), "1");
}
END_TEST

/* Before step 8: what waits gets a nonce, each another one, and the store an epoch. */
START_TEST(test_saved_pending)
{
    char born[8192];
    char *epoch = NULL, *again = NULL;
    open_saved("tests/unit/state-6.sql", born);
    ck_assert_str_eq(
        value_of("SELECT count(*) > 0 AND count(*) = count(DISTINCT nonce) AND min(length(nonce)) = 32"
                 " FROM request WHERE state = 'pending-approval'"),
        "1");
    ck_assert_int_eq(store_get_epoch(store, &epoch), 0);
    ck_assert_uint_eq(strlen(epoch), 32);
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_begin_epoch(store, 1), 0);
    ck_assert_int_eq(store_get_epoch(store, &again), 0);
    ck_assert_str_ne(again, epoch);
    free(again);
    store_rollback(store);
    ck_assert_int_eq(store_get_epoch(store, &again), 0);
    ck_assert_str_eq(again, epoch);
    free(again);
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_begin_epoch(store, 1), 0);
    ck_assert_int_eq(store_commit(store), 0);
    ck_assert_int_eq(store_get_epoch(store, &again), 0);
    ck_assert_str_ne(again, epoch);
    free(epoch);
    free(again);
}
END_TEST

/*
 * A database of step 3 with something in each state that a later step writes anew: requests in their first and second
 * stage, with fallback approvers and without; an assignment that is partial, one that is whole, one that ended.
 */
START_TEST(test_saved_step_3)
{
    char born[8192];
    open_saved("tests/unit/state-3.sql", born);
    for (int again = 0; again < 2; again++) {
        ck_assert_str_eq(value_of(names), born);
        ck_assert_str_eq(value_of("PRAGMA integrity_check"), "ok");
        ck_assert_str_eq(value_of("SELECT count(*) FROM pragma_foreign_key_check"), "0");
        ck_assert_str_eq(value_of("SELECT group_concat(id || ':' || escalate_at, ' ') FROM request"
                                  " WHERE escalate_at <> 0 ORDER BY id"),
                         "1:1763943140 2:1763939640");
        ck_assert_str_eq(value_of("SELECT group_concat(id || ':' || begun, ' ') FROM assignment"),
                         "1:1 2:1 3:1");
        ck_assert_str_eq(value_of("SELECT count(*) FROM request WHERE emergency OR reviewed OR local OR"
                                  " undecidable IS NOT NULL"),
                         "0");
        store_close(store);
        open_store(false);
    }
    struct request request = {0};
    ck_assert_int_eq(store_find_waiting_request_of_package(store, "plain", &request), 0);
    ck_assert_int_eq(request.id, 4);
    ck_assert_int_eq(request.start, 1763943240);
    request_deinit(&request);
}
END_TEST

static int format_in_header(void)
{
    unsigned char header[64];
    FILE *in = fopen(path, "re");
    ck_assert_ptr_nonnull(in);
    ck_assert_uint_eq(fread(header, sizeof(header), 1, in), 1);
    fclose(in);
    return header[60] << 24 | header[61] << 16 | header[62] << 8 | header[63];
}

/* dpkg knows no SQLite: the header alone, and that while the store is open, says the format (PRAGMA user_version). */
START_TEST(test_format_in_header)
{
    run_saved("tests/unit/state-8.sql");
    open_store(false);
    ck_assert_int_eq(format_in_header(), schema_newest());
    ck_assert_int_eq(atoi(value_of("PRAGMA user_version")), schema_newest());
}
END_TEST

/* Killed when the climb was committed, and the log not yet written back: the next start does that. */
START_TEST(test_format_in_header_after_kill)
{
    char sql[256];
    open_store(true);
    record_something();
    store_close(store);
    store = NULL;
    run_sql("PRAGMA journal_mode = WAL; PRAGMA user_version = 8; PRAGMA wal_checkpoint(TRUNCATE)");
    snprintf(sql, sizeof(sql), "PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = %d", schema_newest());
    const pid_t pid = fork();
    if (pid == 0) {
        sqlite3 *database = NULL;
        _exit(sqlite3_open(path, &database) != SQLITE_OK ||
              sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK);
    }
    int status = -1;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(format_in_header(), 8);
    open_store(false);
    ck_assert_int_eq(format_in_header(), schema_newest());
}
END_TEST

/* What a newer version wrote is left alone; so is what no version writes. */
START_TEST(test_other_versions)
{
    static const int versions[] = {1000, -1};
    for (size_t i = 0; i < 2; i++) {
        char sql[128];
        bool newborn = false;
        snprintf(sql, sizeof(sql), "PRAGMA user_version = %d; CREATE TABLE IF NOT EXISTS later (a);",
                 versions[i]);
        run_sql(sql);
        ck_assert_int_eq(store_open(path, &store, &newborn), -EPROTO);
        run_sql("INSERT INTO later VALUES (1)");
    }
}
END_TEST

/* Opens the store at this path, which fails with `error`. Returns what the log says of it. Static. */
static const char *refusal_of(const char *store_path, int error)
{
    static char text[1024];
    char log[FOLDER_MAX + 8];
    bool newborn = false;
    snprintf(log, sizeof(log), "%s/log", folder);
    fflush(stderr);
    const int kept = dup(STDERR_FILENO);
    ck_assert_ptr_nonnull(freopen(log, "w", stderr));
    const int r = store_open(store_path, &store, &newborn);
    dup2(kept, STDERR_FILENO);
    close(kept);
    ck_assert_int_eq(r, error);
    FILE *in = fopen(log, "re");
    ck_assert_ptr_nonnull(in);
    const size_t size = fread(text, 1, sizeof(text) - 1, in);
    ck_assert_uint_gt(size, 0);
    text[size] = '\0';
    fclose(in);
    return text;
}

/* The version that is needed is named, of a store that says it. */
START_TEST(test_newer_named)
{
    open_store(true);
    ck_assert_str_eq(value_of("SELECT version FROM written_by"), ACCESSPKG_VERSION);
    store_close(store);
    store = NULL;
    run_sql("PRAGMA user_version = 1000; UPDATE written_by SET version = '77.1';");
    const char *text = refusal_of(path, -EPROTO);
    ck_assert_msg(strstr(text, "brought to format 1000 by accesspkg 77.1, and this accesspkgd"), "%s", text);
}
END_TEST

START_TEST(test_not_a_database)
{
    bool newborn = false;
    FILE *out = fopen(path, "we");
    ck_assert_ptr_nonnull(out);
    for (int i = 0; i < 1000; i++)
        fputs("no database ", out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_int_eq(store_open(path, &store, &newborn), -EIO);
    char link[112];
    snprintf(link, sizeof(link), "%s/link", folder);
    ck_assert_int_eq(symlink(path, link), 0);
    ck_assert_int_eq(store_open(link, &store, &newborn), -EIO);
}
END_TEST

/* What the log says of it is the link, and nothing of permissions. */
START_TEST(test_links)
{
    char link[FOLDER_MAX + 8], below[FOLDER_MAX + 24];
    snprintf(link, sizeof(link), "%s/state", folder);
    snprintf(below, sizeof(below), "%s/state.db", link);
    ck_assert_int_eq(symlink(folder, link), 0);
    const char *text = refusal_of(below, -EIO);
    ck_assert_msg(strstr(text, link) && strstr(text, "/state is a symbolic link"), "%s", text);
    ck_assert_msg(!strstr(text, "able to write"), "%s", text);
}
END_TEST

START_TEST(test_rollback)
{
    strcpy(path, ":memory:");
    open_store(true);
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_add_publication(store, "alice", true), 0);
    ck_assert_int_lt(store_add_decision(store, 77, &(struct decision){.decider = (char *)"bob"}), 0);
    store_rollback(store);
    ck_assert_int_eq(store_begin(store), 0); /* usable, and nothing of it is there */
    ck_assert_int_eq(store_commit(store), 0);
    sqlite3_stmt *s = sql_take(store, "SELECT count(*) FROM publication", "");
    ck_assert_int_eq(sql_step(store, s), 1);
    ck_assert_int_eq(sqlite3_column_int(s, 0), 0);
    sql_release(store, s);
}
END_TEST

int main(void)
{
    suite_case("schema", setup, teardown);
    suite_add(test_newborn, test_saved_database, test_saved_escalation, test_saved_publications,
              test_saved_step_6, test_saved_step_8, test_saved_step_9, test_saved_pending, test_saved_step_3,
              test_format_in_header, test_format_in_header_after_kill, test_other_versions, test_newer_named,
              test_not_a_database, test_links, test_rollback);
    suite_rows(test_saved_since_step_4, saved_since_4);
    return suite_run();
}
