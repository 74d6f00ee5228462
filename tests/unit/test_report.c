/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* helperd/policy/report.c and helperd/engine/report.c: the figures of a period, and the audit log page by page. */
#include "common/usage.h"
#include "helperd/policy/report.h"
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DB                                                                                                   \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = alice dave\nduration = 1h\napprovers = bob "       \
    "carol\n"
#define FREE "[package]\ngroups = backup\n[policy]\nrequestors = alice\nduration = 1h\napproval = none\n"

static struct fixture fixture;

static void setup(void)
{
    fixture_init(&fixture, "db", DB, "free", FREE, NULL);
}

/* ---- figures ---- */

static const struct {
    int64_t sorted[10];
    size_t count;
    int64_t median, p90;
} samples[] = {
    {{7}, 1, 7, 7},
    {{1, 2}, 2, 1, 2},
    {{1, 2, 3}, 3, 2, 3},
    {{1, 2, 3, 4}, 4, 2, 4},
    {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 10, 5, 9},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 100}, 10, 0, 0},
};

START_TEST(test_percentiles)
{
    ck_assert_int_eq(report_percentile(samples[_i].sorted, samples[_i].count, 50), samples[_i].median);
    ck_assert_int_eq(report_percentile(samples[_i].sorted, samples[_i].count, 90), samples[_i].p90);
    ck_assert_int_eq(report_percentile(samples[_i].sorted, samples[_i].count, 100),
                     samples[_i].sorted[samples[_i].count - 1]);
    ck_assert_int_eq(report_percentile(samples[_i].sorted, samples[_i].count, 0), samples[_i].sorted[0]);
}
END_TEST

static json_t *report(int64_t since, const char *package)
{
    struct reply reply = {0};
    ck_assert_int_eq(engine_report(&fixture.engine, since, package, &reply), 0);
    return reply.value;
}

static int64_t count(const json_t *row, const char *key)
{
    return json_integer_value(json_object_get(row, key));
}

static void ask_and_decide(const char *user, int64_t after, const char *decider, bool approve)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, user, "db", "why", &value), 0);
    const int64_t id = fixture_id(value);
    acts_pass(&fixture, after);
    if (decider)
        ck_assert_int_eq(fixture_decide(&fixture, decider, id, approve, "because", NULL), 0);
}

START_TEST(test_report)
{
    const struct assign_terms terms = {.package = "db", .reason = "x"};
    ask_and_decide("alice", 60, "bob", false);
    ask_and_decide("alice", 600, "carol", true);
    ask_and_decide("dave", 0, NULL, false);
    ck_assert_int_eq(acts_assign(&fixture, "erin", &terms, NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "free", "why", NULL), 0);

    json_t *value = report(0, NULL);
    ck_assert_int_eq(json_integer_value(json_array_get(value, 1)), 0);
    const json_t *rows = json_array_get(value, 0);
    ck_assert_uint_eq(json_array_size(rows), 2);
    const json_t *db = json_array_get(rows, 0);
    ck_assert_str_eq(json_string_value(json_object_get(db, "package")), "db");
    ck_assert_int_eq(count(db, "requests"), 3);
    ck_assert_int_eq(count(db, "approved"), 1);
    ck_assert_int_eq(count(db, "denied"), 1);
    ck_assert_int_eq(count(db, "pending"), 1);
    ck_assert_int_eq(count(db, "assigned"), 1);
    ck_assert_int_eq(count(db, "median"), 60);
    ck_assert_int_eq(count(db, "p90"), 600);
    const json_t *deciders = json_object_get(db, "deciders");
    ck_assert_uint_eq(json_array_size(deciders), 2);
    ck_assert_int_eq(count(json_array_get(deciders, 0), "denied"), 1);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(deciders, 1), "decider")), "carol");
    const json_t *unasked = json_array_get(rows, 1);
    ck_assert_int_eq(count(unasked, "automatic"), 1);
    ck_assert_ptr_null(json_object_get(unasked, "median"));
    ck_assert_ptr_null(json_object_get(unasked, "deciders"));
    json_decref(value);
}
END_TEST

/* Only what has begun can have been used; a note that is older than the assignment is another's. */
START_TEST(test_never_used)
{
    char folder[256];
    const struct assign_terms terms = {.package = "db", .reason = "x"};
    const struct assign_terms later = {.package = "db", .reason = "x", .start = fixture.now + 86400};
    ck_assert_int_eq(acts_assign(&fixture, "alice", &terms, NULL), 0);
    ck_assert_int_eq(acts_assign(&fixture, "dave", &later, NULL), 0);
    ck_assert_int_eq(acts_assign(&fixture, "carol", &terms, NULL), 0);
    json_t *value = report(0, NULL); /* nothing is noted, and so nothing said: not that nobody used it */
    ck_assert_int_eq(count(json_array_get(json_array_get(value, 0), 0), "begun"), 2);
    ck_assert_ptr_null(json_object_get(json_array_get(json_array_get(value, 0), 0), "unused"));
    json_decref(value);
    snprintf(folder, sizeof(folder), "%s/used", fixture.state);
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    value = report(0, NULL);
    ck_assert_int_eq(count(json_array_get(json_array_get(value, 0), 0), "begun"), 2);
    ck_assert_int_eq(count(json_array_get(json_array_get(value, 0), 0), "unused"), 2);
    json_decref(value);
    ck_assert_int_eq(usage_note(fixture.state, &(struct usage_subject){1, fixture.now}, fixture.now), 0);
    ck_assert_int_eq(usage_note(fixture.state, &(struct usage_subject){2, fixture.now}, fixture.now - 1), 0);
    value = report(0, NULL);
    ck_assert_int_eq(count(json_array_get(json_array_get(value, 0), 0), "begun"), 2);
    ck_assert_int_eq(count(json_array_get(json_array_get(value, 0), 0), "unused"), 1);
    json_decref(value);
    /* What was known at the end stays known without the notes. */
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "db", "x"), 0);
    snprintf(folder, sizeof(folder), "%s/used/1", fixture.state);
    ck_assert_int_eq(unlink(folder), 0);
    value = report(0, NULL);
    ck_assert_int_eq(count(json_array_get(json_array_get(value, 0), 0), "unused"), 1);
    json_decref(value);
    ck_assert_int_eq(
        acts_count(&fixture,
                   "SELECT first_used = last_used AND last_used = start FROM assignment WHERE id = 1"),
        1);
}
END_TEST

START_TEST(test_report_of_a_period_or_package)
{
    ask_and_decide("alice", 60, "bob", false);
    acts_pass(&fixture, 86400);
    const int64_t since = fixture.now;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "free", "why", NULL), 0);
    json_t *value = report(since, NULL);
    ck_assert_uint_eq(json_array_size(json_array_get(value, 0)), 1);
    ck_assert_int_eq(json_integer_value(json_array_get(value, 1)), since);
    json_decref(value);
    value = report(0, "db");
    ck_assert_uint_eq(json_array_size(json_array_get(value, 0)), 1);
    json_decref(value);
    value = report(since + 1, NULL);
    ck_assert_uint_eq(json_array_size(json_array_get(value, 0)), 0);
    json_decref(value);
}
END_TEST

/* However many there are, one call reads a bounded number, and says from when on. */
START_TEST(test_report_is_bounded)
{
    struct reply reply = {0};
    acts_count(&fixture, "SELECT 1");
    ask_and_decide("alice", 60, "bob", false);
    ck_assert_int_eq(
        acts_count(&fixture,
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10500)"
                   " INSERT INTO request (package, user, uid, state, no_reason_given, origin_verified,"
                   " duration, start, submitted, ended, stage, n_stages, deadline)"
                   " SELECT 'many', 'u', 1, 'cancelled', 0, 0, 1, 0, 2000000000 + i, 2000000001 + i, 0,"
                   " 0, 0 FROM n RETURNING id"),
        2);
    ck_assert_int_eq(engine_report(&fixture.engine, 1, NULL, &reply), 0);
    ck_assert_int_eq(count(json_array_get(json_array_get(reply.value, 0), 0), "requests"), 10000);
    ck_assert_int_eq(json_integer_value(json_array_get(reply.value, 1)), 2000000000 + 501);
    json_decref(reply.value);
}
END_TEST

/* ---- the audit log ---- */

/* All the pages; how many calls that took in *ret_calls. */
static json_t *audit(struct store_audit_filter filter, size_t *ret_calls)
{
    json_t *all = json_array();
    size_t calls = 0;
    do {
        struct reply reply = {0};
        ck_assert_int_eq(engine_list_audit(&fixture.engine, &filter, &reply), 0);
        json_array_extend(all, json_array_get(reply.value, 0));
        filter.before_at = json_integer_value(json_array_get(reply.value, 1));
        filter.before = json_integer_value(json_array_get(reply.value, 2));
        json_decref(reply.value);
        calls++;
    } while (filter.before);
    if (ret_calls)
        *ret_calls = calls;
    return all;
}

static const char *text(const json_t *line, const char *key)
{
    const char *value = json_string_value(json_object_get(line, key));
    return value ? value : "";
}

START_TEST(test_audit)
{
    size_t calls = 0;
    ask_and_decide("alice", 60, "bob", true); /* request 1 */
    ask_and_decide("dave", 60, "carol", false);
    json_t *all = audit((struct store_audit_filter){.limit = 500}, NULL);
    const size_t size = json_array_size(all);
    ck_assert_int_eq((int64_t)size, acts_count(&fixture, "SELECT count(*) FROM audit"));
    for (size_t i = 1; i < size; i++)
        ck_assert_int_gt(count(json_array_get(all, i - 1), "id"), count(json_array_get(all, i), "id"));
    const json_t *last = json_array_get(all, 0);
    ck_assert_str_eq(text(last, "actor"), "carol");
    ck_assert_str_eq(text(last, "event"), "deny");
    ck_assert_str_eq(text(last, "user"), "dave");
    ck_assert_str_eq(text(last, "package"), "db");
    ck_assert_int_eq(count(last, "uid"), CAROL);
    /* Page by page it is the same. */
    json_t *pages = audit((struct store_audit_filter){.limit = 1}, &calls);
    ck_assert(json_equal(all, pages));
    ck_assert_uint_ge(calls, size);
    json_decref(pages);
    json_decref(all);
}
END_TEST

START_TEST(test_audit_filters)
{
    ask_and_decide("alice", 60, "bob", true);
    const int64_t since = fixture.now + 1;
    acts_pass(&fixture, 10);
    ask_and_decide("dave", 60, "carol", false);
    json_t *lines = audit((struct store_audit_filter){.limit = 500, .request = 1}, NULL);
    ck_assert_uint_gt(json_array_size(lines), 1);
    for (size_t i = 0; i < json_array_size(lines); i++)
        ck_assert_int_eq(count(json_array_get(lines, i), "request"), 1);
    json_decref(lines);
    lines = audit((struct store_audit_filter){.limit = 500, .user = "alice"}, NULL);
    ck_assert_uint_gt(json_array_size(lines), 1);
    for (size_t i = 0; i < json_array_size(lines); i++)
        ck_assert_str_eq(text(json_array_get(lines, i), "user"), "alice"); /* also what bob did about it */
    json_decref(lines);
    lines = audit((struct store_audit_filter){.limit = 500, .user = "bob"}, NULL);
    ck_assert_uint_eq(json_array_size(lines), 1);
    json_decref(lines);
    lines = audit((struct store_audit_filter){.limit = 500, .since = since}, NULL);
    ck_assert_uint_gt(json_array_size(lines), 0);
    for (size_t i = 0; i < json_array_size(lines); i++)
        ck_assert_int_ge(count(json_array_get(lines, i), "at"), since);
    json_decref(lines);
    lines = audit((struct store_audit_filter){.limit = 500, .since = since, .request = 1}, NULL);
    ck_assert_uint_eq(json_array_size(lines), 0);
    json_decref(lines);
}
END_TEST

/* A log of many lines about others: each call reads a part, and the next goes on where it stopped. Times that a clock
 * set back wrote out of order lose no line. */
START_TEST(test_audit_is_bounded)
{
    size_t calls = 0;
    ask_and_decide("alice", 60, "bob", true);
    acts_count(&fixture, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)"
                         " INSERT INTO audit (at, actor, event) SELECT 2000000000 - i % 7, 'x', 'e' FROM n"
                         " RETURNING id");
    json_t *lines = audit((struct store_audit_filter){.limit = 500, .user = "bob"}, &calls);
    ck_assert_uint_eq(json_array_size(lines), 1);
    ck_assert_uint_ge(calls, 5);
    json_decref(lines);
    lines = audit((struct store_audit_filter){.limit = 499, .user = "x"}, NULL);
    ck_assert_uint_eq(json_array_size(lines), 9000);
    json_decref(lines);
}
END_TEST

int main(void)
{
    suite_case("looking back", setup, fixture_teardown);
    suite_rows(test_percentiles, samples);
    suite_add(test_report, test_never_used, test_report_of_a_period_or_package, test_report_is_bounded,
              test_audit, test_audit_filters, test_audit_is_bounded);
    return suite_run();
}
