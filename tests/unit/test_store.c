/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store: its ladder, its lists against a model of them, and that no question of it reads a whole table. */
#include "helperd/store/schema.h"
#include "helperd/store/sql.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static char path[96];
static struct store *store;

static void open_store(bool expect_newborn)
{
    bool newborn = !expect_newborn;
    ck_assert_int_eq(store_open(path, &store, &newborn), 0);
    ck_assert(newborn == expect_newborn);
}

static void setup(void)
{
    strcpy(folder, "/tmp/accesspkg-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/state.db", folder);
}

static void teardown(void)
{
    char command[128];
    store_close(store);
    store = NULL;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static void run_sql(const char *sql)
{
    sqlite3 *database = NULL;
    ck_assert_int_eq(sqlite3_open(path, &database), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(database));
    ck_assert_int_eq(sqlite3_close(database), SQLITE_OK);
}

/* ---- the ladder ---- */

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
    ck_assert_int_eq(store_due_escalation(store, next - 1, &request), STORE_E_NONE);
    ck_assert_int_eq(store_due_escalation(store, next, &request), 0);
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
    ck_assert_int_eq(store_count(store, 1, &counts), 0);
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
                         "1:0 2:1 3:1");
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

/* ---- transactions ---- */

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

/* ---- lists against a model ---- */

enum { ROWS = 400, PEOPLE = 6, PACKAGES = 4, CIRCLES = 5 };

/* What was put into the store, again. Ids count from 1. */
static struct row {
    enum state state;
    int user, package, approvers, fallback; /* fallback -1: none */
    int decider;                            /* -1: none */
} rows[ROWS + 1];

static const char *const users[PEOPLE] = {"alice", "bob", "carol", "dave", "erin", "frank"};
static const char *const packages[PACKAGES] = {"db-admins", "backup", "web", "root"};
static const char *const circles[CIRCLES] = {"bob", "bob carol", "%dba-leads", "dave %managers", "erin"};

static uid_t uid_of(int user)
{
    return (uid_t)(1000 + user);
}

static enum state random_state(void)
{
    static const enum state ends[] = {STATE_DENIED, STATE_EXPIRED, STATE_CANCELLED, STATE_APPROVED};
    return rand() % 3 ? ends[rand() % 4] : STATE_PENDING_APPROVAL;
}

/* One open request of a user and package at a time: what would be a second one has ended. */
static bool has_open(const struct row *row)
{
    for (const struct row *other = rows + 1; other < row; other++)
        if (other->state == STATE_PENDING_APPROVAL && other->user == row->user &&
            other->package == row->package)
            return true;
    return false;
}

static void add_row(int64_t number)
{
    struct row *row = &rows[number];
    *row = (struct row){random_state(),   rand() % PEOPLE,        rand() % PACKAGES,
                        rand() % CIRCLES, rand() % (CIRCLES + 3), rand() % (PEOPLE + 2)};
    if (row->fallback >= CIRCLES)
        row->fallback = -1;
    if (row->state == STATE_PENDING_APPROVAL && has_open(row))
        row->state = STATE_DENIED;
    if (row->decider >= PEOPLE || row->state == STATE_PENDING_APPROVAL)
        row->decider = -1;
    struct stage stage = {.number = 1,
                          .quorum = 1,
                          .timeout = 60,
                          .approvers = strv_split(circles[row->approvers]),
                          .fallback_approvers = strv_split(row->fallback < 0 ? "" : circles[row->fallback])};
    struct request request = {.package = (char *)packages[row->package],
                              .user = (char *)users[row->user],
                              .requestor = {uid_of(row->user), UID_UNSET},
                              .state = row->state,
                              .stage = 1,
                              .n_stages = 1,
                              .submitted = number,
                              .duration = 60,
                              .deadline = 100};
    ck_assert_int_eq(store_add_request(store, &request, &stage), 0);
    ck_assert_int_eq(request.id, number);
    const struct decision decision = {.stage = 1,
                                      .decider = (char *)users[row->decider < 0 ? 0 : row->decider],
                                      .identity = {uid_of(row->decider), UID_UNSET},
                                      .at = number};
    for (int i = 0; row->decider >= 0 && i < 1 + rand() % 2; i++)
        ck_assert_int_eq(store_add_decision(store, number, &decision), 0);
    stage_deinit(&stage);
}

enum list { LIST_REQUESTS, LIST_PENDING, LIST_DECIDED, LISTS };

struct question {
    enum list list;
    struct store_filter filter;
    int asker; /* decides who is in a circle */
};

static bool names_asker(char *const *principals, void *data)
{
    const struct question *question = data;
    return strv_contains(principals, users[question->asker]);
}

static bool in_circle(const struct question *question, int circle)
{
    strv principals = strv_split(circle < 0 ? "" : circles[circle]);
    const bool in = strv_contains(principals, users[question->asker]);
    strv_free(principals);
    return in;
}

static bool expected(const struct question *question, int64_t id)
{
    const struct row *row = &rows[id];
    const struct store_filter *filter = &question->filter;
    const bool asked = in_circle(question, row->approvers) || in_circle(question, row->fallback);
    if ((filter->before && id >= filter->before) || (filter->state && filter->state != row->state) ||
        (filter->package && strcmp(filter->package, packages[row->package]) != 0) ||
        (filter->user && strcmp(filter->user, users[row->user]) != 0) ||
        (filter->uid != UID_UNSET && filter->uid != uid_of(row->user)))
        return false;
    switch (question->list) {
    case LIST_PENDING:
        return row->state == STATE_PENDING_APPROVAL && asked;
    case LIST_DECIDED:
        return row->state != STATE_PENDING_APPROVAL && (asked || row->decider == question->asker);
    default:
        return true;
    }
}

struct got {
    int64_t ids[ROWS];
    size_t count;
};

static int note(const struct request *request, void *data)
{
    struct got *got = data;
    got->ids[got->count++] = request->id;
    return 0;
}

static int put(const struct question *question, struct got *got)
{
    const struct store_filter *filter = &question->filter;
    void *data = (void *)question;
    switch (question->list) {
    case LIST_PENDING:
        return store_list_pending(store, filter, names_asker, data, note, got);
    case LIST_DECIDED:
        return store_list_decided(store, filter, uid_of(question->asker), users[question->asker], names_asker,
                                  data, note, got);
    default:
        return store_list_requests(store, filter, note, got);
    }
}

static void check_question(const struct question *question)
{
    struct got got = {0};
    ck_assert_int_eq(put(question, &got), 0);
    size_t at = 0;
    for (int64_t id = ROWS; id > 0 && at < (size_t)question->filter.limit; id--)
        if (expected(question, id))
            ck_assert_msg(at < got.count && got.ids[at++] == id, "list %d: %lld is not where it belongs",
                          question->list, (long long)id);
    ck_assert_uint_eq(at, got.count);
}

static void fill(void)
{
    strcpy(path, ":memory:");
    open_store(true);
    srand(20251123);
    ck_assert_int_eq(store_begin(store), 0);
    for (int64_t number = 1; number <= ROWS; number++)
        add_row(number);
    ck_assert_int_eq(store_commit(store), 0);
}

START_TEST(test_lists)
{
    fill();
    for (int i = 0; i < 3000; i++) {
        const int user = rand() % PEOPLE;
        check_question(&(struct question){
            .list = (enum list)(rand() % LISTS),
            .filter = {.before = rand() % 2 ? rand() % (ROWS + 20) : 0,
                       .limit = rand() % 4 ? 1 + rand() % 60 : ROWS,
                       .state = rand() % 3 ? STATE_NONE : random_state(),
                       .package = rand() % 2 ? NULL : packages[rand() % PACKAGES],
                       .user = rand() % 3 ? NULL : users[user],
                       .uid = rand() % 2 ? UID_UNSET : uid_of(user)},
            .asker = rand() % PEOPLE,
        });
    }
}
END_TEST

/* ---- no question reads a whole table ---- */

static int each_assignment(const struct assignment *assignment, void *data)
{
    (void)assignment, (void)data;
    return 0;
}

static int each_name(const char *name, void *data)
{
    (void)name, (void)data;
    return 0;
}

static int each_publication(const char *user, bool narrows, void *data)
{
    (void)user, (void)narrows, (void)data;
    return 0;
}

static int each_membership(const struct membership *membership, void *data)
{
    (void)membership, (void)data;
    return 0;
}

static void ask_memberships(void)
{
    struct membership membership = {
        .user = (char *)"u", .group = (char *)"g", .gid = 7, .state = MEMBERSHIP_ADDING, .ours = true};
    struct membership found = {0};
    int64_t number = 0;
    bool gets = true;
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_put_membership(store, &membership), 0);
    ck_assert_int_eq(store_get_membership(store, "u", "g", &found), 0);
    ck_assert(found.ours && found.gid == 7 && found.state == MEMBERSHIP_ADDING);
    membership_deinit(&found);
    membership.state = MEMBERSHIP_NONE;
    ck_assert_int_eq(store_put_membership(store, &membership), 0);
    ck_assert_int_eq(store_get_membership(store, "u", "g", &found), STORE_E_NONE);
    ck_assert_int_eq(store_commit(store), 0);
    store_due_membership(store, 1, &found);
    store_next_chore(store, &number);
    store_user_gets_group(store, "u", "g", 1, &gets);
    ck_assert(!gets);
    store_find_membership_under_way(store, "u", &found);
    store_find_any_membership_under_way(store, &found);
    store_find_membership_left(store, "u", &found);
    store_each_membership_of_group(store, "g", each_membership, NULL);
    store_each_membership_group(store, each_name, NULL);
    store_find_without_membership(store, 0, &number);
    store_count_memberships_left(store, &number);
}

static void ask_endings(int64_t assignment)
{
    struct ending found = {0};
    struct assignment warned = {0};
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(
        store_put_ending(store, &(struct ending){.assignment = assignment, .services = (char *)"sshd"}), 0);
    ck_assert_int_eq(store_get_ending(store, assignment, &found), 0);
    ck_assert_str_eq(found.services, "sshd");
    ending_deinit(&found);
    ck_assert_int_eq(store_replan_warnings(store, "p"), 0);
    ck_assert_int_eq(store_hasten(store, 1), 0);
    ck_assert_int_eq(store_commit(store), 0);
    ck_assert_int_eq(store_due_ending(store, 1, &found), STORE_E_NONE); /* it is done */
    ck_assert_int_eq(store_due_warning(store, 1, &warned), 0);
    assignment_deinit(&warned);
}

/* The first notice is finished; the second one of its key is not added while that waits. */
static void ask_notices(void)
{
    struct notice notice = {.request = 1, .recipients = (char *)"[]", .facts = (char *)"{}", .at = 1};
    struct notice found = {0};
    struct notice_counts counts = {0};
    struct request request = {0};
    struct assignment assignment = {0};
    int64_t gone = 0;
    bool news = false;
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_add_notice(store, &notice), 0);
    const int64_t id = notice.id;
    ck_assert_int_gt(id, 0);
    ck_assert_int_eq(store_add_notice(store, &notice), 0);
    ck_assert_int_eq(notice.id, 0);
    ck_assert_int_eq(store_get_notice(store, id, &found), 0);
    found.failed_at = 1;
    ck_assert_int_eq(store_update_notice(store, &found), 0);
    notice_deinit(&found);
    ck_assert_int_eq(store_next_notice(store, id, &found), STORE_E_NONE);
    ck_assert_int_eq(store_count_notices(store, &counts), 0);
    ck_assert_int_eq(counts.waiting, 1);
    ck_assert_int_eq(store_remove_notice(store, id), 0);
    ck_assert_int_eq(store_remove_notices(store, id, &gone), 0);
    ck_assert_int_eq(gone, 0);
    ck_assert_int_eq(store_set_reminder(store, -1, 1), 0);
    ck_assert_int_eq(store_note_told(store, -1, STATE_FULFILLED, &news), 0);
    ck_assert_int_eq(store_commit(store), 0);
    ck_assert_int_eq(store_due_reminder(store, 0, &request), STORE_E_NONE);
    ck_assert_int_eq(store_due_notice(store, 0, &assignment), STORE_E_NONE);
}

static int each_request(const struct request *request, void *data)
{
    (void)request, (void)data;
    return 0;
}

static void ask_of_delegations(void)
{
    const struct store_filter filter = {.limit = 5, .uid = UID_UNSET};
    struct delegation delegation = {
        .user = (char *)"u", .identity = {1, 1}, .delegate = (char *)"v", .delegate_uid = 2, .until = 9};
    struct delegation *found = NULL;
    struct delegation stale = {0};
    struct request request = {0};
    size_t count = 0;
    int64_t number = 0;
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_add_delegation(store, &delegation), 0);
    ck_assert_int_eq(store_revoke_delegation(store, delegation.id, 1), 0);
    ck_assert_int_eq(store_end_delegations(store, 1), 0);
    ck_assert_int_eq(store_set_reviewed(store, -1, 1), 0);
    ck_assert_int_eq(store_commit(store), 0);
    for (int which = STORE_DELEGATIONS_GIVEN; which <= STORE_DELEGATIONS_ALL; which++)
        store_get_delegations(store, (enum store_delegations)which, 1, 1, &found, &count);
    store_delegated_since(store, 1, 1, 1, &number);
    store_find_delegation_of_gone(store, "u", 1, &stale);
    store_find_stale_delegation(store, "u", 1, 1, &stale);
    store_find_unreviewed(store, 1, "x", "x", &request);
    store_list_unreviewed(store, &filter, each_request, NULL);
}

/* Everything that store.h has, once, so that each statement has been prepared. */
static int each_line(const struct audit_line *line, void *data)
{
    (void)line;
    (void)data;
    return 0;
}

static int each_filed(const struct request *request, void *data)
{
    (void)request;
    (void)data;
    return 0;
}

/* pkg-admin report and audit */
static void look_back(void)
{
    struct store_audit_cursor next;
    ck_assert_int_eq(store_begin(store), 0);
    store_add_audit(store, &(struct audit){.actor = "x", .event = "x", .request = 1});
    store_add_audit(store, &(struct audit){.actor = "x", .event = "x", .assignment = 1});
    for (int64_t request = 0; request < 2; request++)
        store_list_audit(
            store, &(struct store_audit_filter){.limit = 5, .examine = 5, .request = request, .user = "x"},
            each_line, NULL, &next);
    store_rollback(store);
    store_each_filed(store, &(struct store_period){.limit = 5}, each_filed, NULL);
}

/* Each statement that changes something, on rows that hardly are there. */
static void write_everything(void)
{
    struct assignment assignment = {
        .package = (char *)"p", .user = (char *)"u", .uid = 1, .state = STATE_FULFILLED, .span = {1, 2}};
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_add_assignment(store, &assignment), 0);
    ck_assert_int_eq(store_update_assignment(store, &assignment), 0);
    ck_assert_int_eq(store_set_grants(store, assignment.id, NULL, 0, true), 0);
    ck_assert_int_eq(store_update_request(store, &(struct request){.id = -1, .state = STATE_DENIED}), 0);
    ck_assert_int_eq(store_enter_stage(store, -1, 1, 1), 0);
    ck_assert_int_eq(store_set_escalation(store, -1, 1), 0);
    ck_assert_int_eq(store_escalate(store, -1, 1, 1), 0);
    ck_assert_int_eq(store_set_undecidable(store, -1, "x"), 0);
    ck_assert_int_eq(store_add_publication(store, "u", false), 0);
    ck_assert_int_eq(store_remove_publication(store, "u"), 0);
    ck_assert_int_eq(store_commit(store), 0);
}

static void ask_of_requests(void)
{
    struct request request = {0};
    struct decision *decisions = NULL;
    size_t count = 0;
    int64_t number = 0;
    store_find_open_request(store, 1, "x", "x", &request);
    store_find_last_request(store, 1, "x", "x", &request);
    store_find_waiting_request(store, 1, "x", "x", &request);
    store_find_waiting_request_by_name(store, "x", "x", &request);
    store_due_start(store, 1, &request);
    store_due_request(store, 1, &request);
    store_due_escalation(store, 1, &request);
    store_next_pending(store, INT64_MAX - 1, &number);
    store_count_undecidable(store, &number);
    store_count_unreviewed(store, &number);
    store_next_undecidable(store, 0, &number);
    store_count_open_requests(store, 1, &number);
    store_filed_since(store, 1, 1, 1, &number);
    store_get_decisions(store, 1, &decisions, &count);
    store_free_decisions(decisions, count);
    store_find_waiting_request_of_package(store, "p1", &request);
    store_find_local_request(store, "x", &request);
    store_find_stale_request(store, "zzz", 1, &request);
}

static int each_holder(const struct store_holder *holder, void *data)
{
    (void)holder, (void)data;
    return 0;
}

static void ask_of_holders(void)
{
    struct store_holders_filter filter = {
        .limit = 5, .name = "x", .kinds = STORE_NAMES_PACKAGE | STORE_NAMES_GROUP | STORE_NAMES_USER};
    unsigned kinds = 0;
    store_each_holder_of_group(store, "x", 1, each_holder, NULL);
    store_find_held(store, "x", &kinds);
    store_list_holders(store, &filter, each_assignment, NULL);
    filter.name = NULL;
    store_list_holders(store, &filter, each_assignment, NULL);
}

static void ask_of_assignments(void)
{
    struct assignment assignment = {0};
    struct grant *grants = NULL;
    size_t count = 0;
    store_find_assignment_of_request(store, -1, &assignment);
    store_find_live_assignment(store, 2, "x", "x", &assignment);
    store_find_live_assignment_by_name(store, "x", "x", &assignment);
    store_find_stale_assignment(store, "x", 1, &assignment);
    store_get_assignment(store, -1, &assignment);
    store_due_assignment(store, 0, &assignment);
    store_due_retry(store, 1, &assignment);
    store_get_grants(store, 1, &grants, &count);
    store_free_grants(grants, count);
    store_each_live_of_user(store, "x", each_assignment, NULL);
    ask_of_holders();
    store_each_package_held(store, 1, "x", each_name, NULL);
    store_each_package_asked(store, 1, "x", true, each_name, NULL);
    store_each_package_asked(store, 1, "x", false, each_name, NULL);
    if (store_find_live_assignment_of_package(store, "p1", &assignment) == 0)
        assignment_deinit(&assignment);
    store_each_live_user(store, each_name, NULL);
    store_next_partial(store, INT64_MAX, false, &assignment);
    store_next_partial(store, INT64_MAX, true, &assignment);
    store_find_local_assignment(store, "x", &assignment);
    store_find_missing(store, "zzz", &assignment);
}

/* What others may have changed, and when something is to be done. */
static void ask_of_the_host(void)
{
    struct store_group group = {.name = (char *)"zzz"};
    struct assignment assignment = {0};
    char *user = NULL;
    int64_t number = 0;
    store_next_live_user(store, "zzz", &user);
    store_next_live_group(store, &group, &group);
    store_last_end_of_group(store, "zzz", 1, &number);
    store_next_assignment_with_group(store, &group, 0, &assignment);
    store_next_concerned_user(store, "zzz", &user);
    store_find_unlike(store, "x", 1, true);
    ck_assert_int_eq(store_begin(store), 0);
    store_note_group_local(store, "x", 1);
    store_count_drift(store, -1, 1, 1, &number);
    store_note_seen(store, "x", 1, true);
    store_note_missing(store, "x");
    store_rollback(store);
    store_next_deadline(store, &number);
    store_next_retry(store, &number);
    store_each_publication(store, each_publication, NULL);
}

static void ask_everything(void)
{
    struct store_counts counts;
    write_everything();
    ask_of_delegations();
    ask_of_requests();
    ask_of_assignments();
    ask_of_the_host();
    store_count(store, 1, &counts);
    ask_memberships();
    ask_endings(1);
    look_back();
    ask_notices();
    for (int list = 0; list < LISTS; list++)
        for (int own = 0; own < 2; own++)
            check_question(&(struct question){.list = (enum list)list,
                                              .filter = {.limit = 5, .uid = own ? uid_of(1) : UID_UNSET},
                                              .asker = 1});
}

/* These are small whatever happens: distinct lists of approvers, and what is just being written. */
static bool may_stand(const char *detail)
{
    static const char *const small[] = {"SCAN circle", "SCAN publication", "SCAN CONSTANT ROW",
                                        "SCAN (subquery", "SCAN SUBQUERY"};
    if (strncmp(detail, "SCAN ", 5) != 0 || strstr(detail, " USING "))
        return true;
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
        if (strncmp(detail, small[i], strlen(small[i])) == 0)
            return true;
    return false;
}

static void check_plan(const char *sql)
{
    char explained[2048];
    sqlite3_stmt *s = NULL;
    ck_assert_int_lt(snprintf(explained, sizeof(explained), "EXPLAIN QUERY PLAN %s", sql), sizeof(explained));
    ck_assert_int_eq(sqlite3_prepare_v2(store->database, explained, -1, &s, NULL), SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(s, 3);
        ck_assert_msg(may_stand(detail), "%s\n%s", sql, detail);
        ck_assert_msg(!strstr(detail, "TEMP B-TREE") || strstr(sql, "FROM publication") ||
                          strstr(sql, "ORDER BY a.user, a.start"),
                      "%s\n%s", sql, detail);
        /* What each login asks does not go through all that the user ever filed. */
        ck_assert_msg(!strstr(sql, "AND package = ?") || !strstr(detail, "INDEX request_uid "), "%s\n%s", sql,
                      detail);
    }
    sqlite3_finalize(s);
}

START_TEST(test_indexes)
{
    size_t checked = 0;
    fill();
    ask_everything();
    for (size_t slot = 0; slot < STORE_CACHE && store->cache[slot].sql; slot++) {
        if (strncmp(store->cache[slot].sql, "BEGIN", 5) == 0 ||
            strncmp(store->cache[slot].sql, "COMMIT", 6) == 0)
            continue;
        check_plan(store->cache[slot].sql);
        checked++;
    }
    ck_assert_uint_gt(checked, 35);
    ck_assert_uint_lt(checked, STORE_CACHE - 2); /* each has its place */
}
END_TEST

/* A plan does not tell whether the least of an index is taken or all of it is read: the steps do. */
START_TEST(test_next_deadline_reads_little)
{
    enum { LIVE = 2000, STEPS = 400 };
    int64_t next = 0;
    open_store(true);
    ck_assert_int_eq(
        sqlite3_exec(
            store->database,
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
            " INSERT INTO assignment (package, user, uid, state, start, end, duration, extended, attempts, "
            "retry_at,"
            " begun, warn_at, notice_at) SELECT 'p', 'user' || i, 1000 + i,"
            " iif(i % 2, 'fulfilled', 'partially-fulfilled'), 1, 100000 + i, 5, 0, 0, 50000 + i, 1, 60000 + "
            "i, 110000 + i FROM n",
            NULL, NULL, NULL),
        SQLITE_OK);
    ck_assert_int_eq(store_next_deadline(store, &next), 0);
    ck_assert_int_eq(next, 100001);
    ck_assert_int_eq(store_next_retry(store, &next), 0);
    ck_assert_int_eq(next, 50002);
    ck_assert_int_eq(store_next_chore(store, &next), 0);
    ck_assert_int_eq(next, 60001);
    for (size_t slot = 0; slot < STORE_CACHE && store->cache[slot].sql; slot++) {
        const int steps = sqlite3_stmt_status(store->cache[slot].statement, SQLITE_STMTSTATUS_VM_STEP, 0);
        ck_assert_msg(steps < STEPS, "%d steps over %d assignments: %s", steps, LIVE, store->cache[slot].sql);
    }
}
END_TEST

/* ---- what waits, by age ---- */

/* Adds requests of users of their own, which were submitted then. */
static void add_requests(const char *state, int first, int count, int64_t submitted)
{
    sqlite3_stmt *s = sql_take(
        store,
        "WITH RECURSIVE n (i) AS (SELECT ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2 + ?3 - 1)"
        " INSERT INTO request (package, user, uid, state, no_reason_given, origin_verified, duration,"
        " start, submitted, ended, stage, n_stages, deadline)"
        " SELECT 'p', 'u' || i, 2000 + i, ?1, 0, 1, 60, 0, ?4, 0, 1, 1, ?4 + 60 FROM n",
        "tiii", state, (int64_t)first, (int64_t)count, submitted);
    ck_assert_ptr_nonnull(s);
    ck_assert_int_eq(sql_step(store, s), 0);
    sql_release(store, s);
}

START_TEST(test_pending_by_age)
{
    enum { NOW = 10000000, HOUR = 3600, DAY = 24 * HOUR };
    struct store_counts counts = {.pending = -1};
    open_store(true);
    ck_assert_int_eq(store_count(store, NOW, &counts), 0);
    ck_assert_int_eq(counts.pending + counts.pending_hour + counts.pending_day + counts.pending_older, 0);
    ck_assert_int_eq(counts.oldest_pending, 0);
    add_requests("pending-approval", 1, 2, NOW + 5); /* the clock was set back since */
    add_requests("pending-approval", 3, 7, NOW - HOUR + 1);
    add_requests("pending-approval", 10, 2, NOW - HOUR);
    add_requests("pending-approval", 12, 1, NOW - DAY + 1);
    add_requests("pending-approval", 13, 1, NOW - DAY);
    add_requests("denied", 14, 5, NOW - 3 * DAY);
    ck_assert_int_eq(store_count(store, NOW, &counts), 0);
    ck_assert_int_eq(counts.pending, 13);
    ck_assert_int_eq(counts.pending_hour, 9);
    ck_assert_int_eq(counts.pending_day, 3);
    ck_assert_int_eq(counts.pending_older, 1);
    ck_assert_int_eq(counts.oldest_pending, NOW - DAY);
}
END_TEST

/* What was decided long ago costs nothing, and of what waits no row is read: the index has it all. */
START_TEST(test_counting_what_waits_reads_little)
{
    enum { STEPS = 400 };
    static const char plan[] = "EXPLAIN QUERY PLAN ";
    struct store_counts counts;
    open_store(true);
    add_requests("pending-approval", 1, 10, 5000);
    add_requests("denied", 11, 20000, 5000);
    ck_assert_int_eq(store_count(store, 5001, &counts), 0);
    ck_assert_int_eq(counts.pending_hour, 10);
    for (size_t slot = 0; slot < STORE_CACHE && store->cache[slot].sql; slot++) {
        const char *sql = store->cache[slot].sql;
        char explained[1024];
        sqlite3_stmt *s = NULL;
        if (!strstr(sql, "count(*)"))
            continue;
        const int steps = sqlite3_stmt_status(store->cache[slot].statement, SQLITE_STMTSTATUS_VM_STEP, 0);
        ck_assert_msg(steps < STEPS, "%d steps: %s", steps, sql);
        if (!strstr(sql, "FROM request"))
            continue;
        snprintf(explained, sizeof(explained), "%s%s", plan, sql);
        ck_assert_int_eq(sqlite3_prepare_v2(store->database, explained, -1, &s, NULL), SQLITE_OK);
        ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
        const char *found = (const char *)sqlite3_column_text(s, 3); /* its other words change with SQLite */
        ck_assert_msg(strstr(found, "USING COVERING INDEX request_age"), "%s", found);
        sqlite3_finalize(s);
    }
}
END_TEST

/* On a disk it has a size, and the disk has room; in memory there is nothing to say. */
START_TEST(test_measure)
{
    open_store(true);
    const struct store_space space = store_measure(store);
    ck_assert_int_gt(space.used, 4096);
    ck_assert_int_gt(space.left, 0);
    store_close(store);
    strcpy(path, ":memory:");
    open_store(true);
    ck_assert_int_eq(store_measure(store).used, 0);
}
END_TEST

int main(void)
{
    suite_case("store", setup, teardown);
    suite_add(test_newborn, test_saved_database, test_saved_escalation, test_saved_step_3);
    suite_loop(test_saved_since_step_4, 0, 2);
    suite_add(test_saved_publications, test_other_versions, test_not_a_database, test_rollback, test_lists,
              test_indexes, test_next_deadline_reads_little, test_pending_by_age,
              test_counting_what_waits_reads_little, test_measure);
    return suite_run();
}
