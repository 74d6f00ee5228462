/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* That no question of the store reads a whole table. */
#include "helperd/store/sql.h"
#include "tests/support/suite.h"
#include "tests/unit/storefile.h"

static int each_assignment(const struct assignment *assignment, void *data)
{
    (void)assignment, (void)data;
    return 0;
}

static int each_tally(const char *kind, const char *name, int64_t count, void *data)
{
    (void)kind, (void)name, (void)count, (void)data;
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
    store_find_due_membership(store, 1, &found);
    store_find_due_removal(store, 1, 0, &found);
    store_next_chore(store, &number);
    store_user_gets_group(store, "u", "g", 1, &gets);
    ck_assert(!gets);
    store_find_membership_under_way(store, "u", &found);
    store_find_any_membership_under_way(store, &found);
    store_find_membership_left(store, "u", &found);
    store_each_membership_of_group(store, "g", each_membership, NULL);
    store_each_membership_group(store, each_name, NULL);
    store_next_without_membership(store, 0, &number);
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
    ck_assert_int_eq(store_hasten_retries(store, 1), 0);
    ck_assert_int_eq(store_commit(store), 0);
    ck_assert_int_eq(store_find_due_ending(store, 1, &found), STORE_E_NONE); /* it is done */
    ck_assert_int_eq(store_find_ready_ending(store, 1, &found), STORE_E_NONE);
    ck_assert_int_eq(store_find_due_warning(store, 1, &warned), 0);
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
    ck_assert_int_eq(store_find_due_reminder(store, 0, &request), STORE_E_NONE);
    ck_assert_int_eq(store_find_due_notice(store, 0, &assignment), STORE_E_NONE);
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
    store_count_delegations_since(store, 1, 1, 1, &number);
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
    struct store_forgotten forgotten;
    struct store_named named = {0};
    store_forget(store, &(struct store_keep){.before = 1, .most = 5, .delegation_max = 5}, &forgotten);
    store_find_named(store, 1, 0, &named);
    store_named_deinit(&named);
    store_find_named(store, 0, 1, &named);
    store_named_deinit(&named);
    store_oldest_line(store, &next.at);
    store_line_before(store, 1, &next.at);
    store_rollback(store);
    struct store_history_cursor goes_on;
    store_list_history(store,
                       &(struct store_history_filter){
                           .name = "x", .kinds = STORE_NAMES_GROUP, .since = 1, .limit = 5, .examine = 5},
                       each_assignment, NULL, &goes_on);
    store_each_extension(store, 1, 1, each_filed, NULL);
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
    ck_assert_int_eq(store_set_stage_times(store, -1, 1, 1), 0);
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
    store_find_due_start(store, 1, &request);
    store_find_missed_start(store, 1, 1, &request);
    store_find_due_request(store, 1, &request);
    store_find_due_escalation(store, 1, &request);
    store_next_pending(store, INT64_MAX - 1, &number);
    store_count_undecidable(store, &number);
    store_count_unreviewed(store, &number);
    store_next_undecidable(store, 0, &number);
    store_find_too_many_open(store, 1, 1, &number);
    store_find_filed_since(store, 1, 1, 2, 1);
    store_find_pending_in_stage(store, 1, 1);
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
    store_each_holder_of_gid(store, 1, 1, each_holder, NULL);
    store_each_holder(store, 1, each_holder, NULL);
    store_find_held_kinds(store, "x", &kinds);
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
    store_find_due_assignment(store, 0, &assignment);
    store_find_due_of_user(store, "x", 0, &assignment);
    store_find_due_retry(store, 1, &assignment);
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
    store_find_user_unlike(store, "x", 1, true);
    ck_assert_int_eq(store_begin(store), 0);
    store_note_group_local(store, "x", 1);
    store_count_drift(store, -1, 1, 1, &number);
    store_note_user_seen(store, "x", 1, true);
    store_note_missing(store, "x");
    store_rollback(store);
    store_next_deadline(store, &number);
    store_next_retry(store, &number);
    store_each_publication(store, each_publication, NULL);
}

static bool is_asked(char *const *principals, void *data)
{
    (void)principals, (void)data;
    return true;
}

static void ask_of_lists(uid_t uid)
{
    const struct store_filter filter = {.limit = 5, .uid = uid};
    store_list_requests(store, &filter, each_request, NULL);
    store_list_pending(store, &filter, is_asked, NULL, each_request, NULL);
    store_list_decided(store, &filter, 1001, "bob", is_asked, NULL, each_request, NULL);
}

static void ask_everything(void)
{
    struct store_counts counts;
    write_everything();
    ask_of_delegations();
    ask_of_requests();
    ask_of_assignments();
    ask_of_the_host();
    store_read_counts(store, 1, &counts);
    store_count_endings_left(store, &counts.live);
    store_each_tally(store, each_tally, NULL);
    ask_memberships();
    ask_endings(1);
    look_back();
    ask_notices();
    ask_of_lists(UID_UNSET);
    ask_of_lists(1001);
}

/* These are small whatever happens: distinct lists of approvers, what is just being written, a row for each package. */
static bool may_stand(const char *detail)
{
    static const char *const small[] = {"SCAN circle",    "SCAN publication", "SCAN CONSTANT ROW",
                                        "SCAN (subquery", "SCAN SUBQUERY",    "SCAN tally"};
    if (strncmp(detail, "SCAN ", 5) != 0 || strstr(detail, " USING "))
        return true;
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
        if (strncmp(detail, small[i], strlen(small[i])) == 0)
            return true;
    return false;
}

/* Beside a trigger SQLite plans how it would look for the child of a foreign key that is violated. None ever is, and then it
 * does not look (OP_FkIfZero). */
static bool is_for_violations(const char *sql, const char *detail)
{
    return strncmp(sql, "INSERT INTO assignment", 22) == 0 && strcmp(detail, "SCAN request") == 0;
}

static void check_plan(const char *sql)
{
    char explained[2048];
    sqlite3_stmt *s = NULL;
    ck_assert_int_lt(snprintf(explained, sizeof(explained), "EXPLAIN QUERY PLAN %s", sql), sizeof(explained));
    ck_assert_int_eq(sqlite3_prepare_v2(store->database, explained, -1, &s, NULL), SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(s, 3);
        ck_assert_msg(may_stand(detail) || is_for_violations(sql, detail), "%s\n%s", sql, detail);
        ck_assert_msg(!strstr(detail, "TEMP B-TREE") || strstr(sql, "FROM publication") ||
                          strstr(sql, "ORDER BY a.user, a.start"),
                      "%s\n%s", sql, detail);
        /* What each login asks does not go through all that the user ever filed. */
        ck_assert_msg(
            !(strstr(sql, "AND package = ?") || strncmp(sql, "SELECT count(*) FROM request", 28) == 0) ||
                !strstr(detail, "INDEX request_uid "),
            "%s\n%s", sql, detail);
    }
    sqlite3_finalize(s);
}

/* A request with all that hangs on one, so that each question about them is asked. */
static void add_something(void)
{
    char *approvers[] = {(char *)"bob", NULL};
    const struct stage stage = {.number = 1, .quorum = 1, .timeout = 60, .approvers = approvers};
    struct request request = {.package = (char *)"web",
                              .user = (char *)"bob",
                              .requestor = {1001, UID_UNSET},
                              .state = STATE_DENIED,
                              .stage = 1,
                              .n_stages = 1,
                              .submitted = 1,
                              .duration = 60,
                              .deadline = 100};
    const struct decision decision = {
        .stage = 1, .decider = (char *)"bob", .identity = {1001, UID_UNSET}, .at = 1};
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_add_request(store, &request, &stage), 0);
    ck_assert_int_eq(store_add_decision(store, request.id, &decision), 0);
    ck_assert_int_eq(store_commit(store), 0);
}

START_TEST(test_indexes)
{
    size_t checked = 0;
    strcpy(path, ":memory:");
    open_store(true);
    add_something();
    ask_everything();
    for (size_t slot = 0; slot < STORE_CACHE; slot++) {
        if (!store->cache[slot].sql || strncmp(store->cache[slot].sql, "BEGIN", 5) == 0 ||
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
    for (size_t slot = 0; slot < STORE_CACHE; slot++) {
        if (!store->cache[slot].sql)
            continue;
        const int steps = sqlite3_stmt_status(store->cache[slot].statement, SQLITE_STMTSTATUS_VM_STEP, 0);
        ck_assert_msg(steps < STEPS, "%d steps over %d assignments: %s", steps, LIVE, store->cache[slot].sql);
    }
}
END_TEST

int main(void)
{
    suite_case("indexes", setup, teardown);
    suite_add(test_indexes, test_next_deadline_reads_little);
    return suite_run();
}
