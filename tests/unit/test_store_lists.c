/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists against a model of them, and what waits, by age. */
#include "common/wordlist.h"
#include "helperd/store/sql.h"
#include "tests/support/suite.h"
#include "tests/unit/storefile.h"

enum { ROWS = 400, PEOPLE = 6, PACKAGES = 4, CIRCLES = 5 };

/* What was put into the store, again. Ids count from 1. */
static struct row {
    enum state state;
    int user, package, approvers, fallback; /* fallback -1: none */
    int decider;                            /* -1: none */
} rows[ROWS + 1];
static const char *const users[PEOPLE] = {"alice", "bob", "carol", "dave", "erin", "frank"};
static const char *const packages[PACKAGES] = {"db-admins", "backup", "web", "root"};
static const char *const circles[CIRCLES] = {"bob", "bob carol", "%dba-leads",
                                             "dave \"%all \\\"managers\\\"\"", "erin"};

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
    if (row->decider >= PEOPLE)
        row->decider = -1;
    struct stage stage = {.number = 1,
                          .quorum = 1,
                          .timeout = 60,
                          .approvers = wordlist_read(circles[row->approvers]),
                          .fallback_approvers =
                              wordlist_read(row->fallback < 0 ? "" : circles[row->fallback])};
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
    strv principals = wordlist_read(circle < 0 ? "" : circles[circle]);
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
        return row->decider == question->asker || (row->state != STATE_PENDING_APPROVAL && asked);
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
    ck_assert_int_eq(store_read_counts(store, NOW, &counts), 0);
    ck_assert_int_eq(counts.pending + counts.pending_hour + counts.pending_day + counts.pending_older, 0);
    ck_assert_int_eq(counts.oldest_pending, 0);
    add_requests("pending-approval", 1, 2, NOW + 5); /* the clock was set back since */
    add_requests("pending-approval", 3, 7, NOW - HOUR + 1);
    add_requests("pending-approval", 10, 2, NOW - HOUR);
    add_requests("pending-approval", 12, 1, NOW - DAY + 1);
    add_requests("pending-approval", 13, 1, NOW - DAY);
    add_requests("denied", 14, 5, NOW - 3 * DAY);
    ck_assert_int_eq(store_read_counts(store, NOW, &counts), 0);
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
    ck_assert_int_eq(store_read_counts(store, 5001, &counts), 0);
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
    suite_case("store_lists", setup, teardown);
    suite_add(test_lists, test_pending_by_age, test_counting_what_waits_reads_little, test_measure);
    return suite_run();
}
