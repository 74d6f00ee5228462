/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who holds what, through the engine: holders of a group count among its people, who stands in /etc/group as well is
 * said, and the list of all that is held.
 */
#include "helperd/store_sql.h"
#include "tests/support/acts.h"

#include <check.h>
#include <string.h>
#include <unistd.h>

static struct fixture fixture;

#define LEADS "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\nmax_duration = forever\n"
#define ADMINS                                                                                               \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\nmax_duration = forever\n"                        \
    "approvers = %backup bob\n"

static void setup(void)
{
    fixture_init(&fixture, "leads", LEADS, "more", LEADS, "admins", ADMINS, NULL);
}

static void teardown(void)
{
    fixture_deinit(&fixture);
}

static void run_sql(const char *sql)
{
    ck_assert_msg(sqlite3_exec(fixture.engine.store->database, sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(fixture.engine.store->database));
}

/* ---- who is asked ---- */

/* The holders that a look-up of those who approve this package is told of: "%backup carol 1003 34". Static. */
static const char *asked_for(const char *package, size_t *ret_principals)
{
    static char text[1024];
    struct inquiry inquiry = INQUIRY_NOBODY;
    char *names[] = {(char *)package, NULL};
    text[0] = '\0';
    ck_assert_int_eq(engine_inquire_approvers(&fixture.engine, names, true, &inquiry), 0);
    for (size_t i = 0; i < inquiry.n_holders && i < 8; i++) {
        const struct holder *holder = &inquiry.holders[i];
        const size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s%s %s %u %u", used ? ", " : "", holder->principal,
                 holder->name, holder->uid, holder->gid);
    }
    if (ret_principals)
        *ret_principals = strv_length(inquiry.principals);
    inquiry_deinit(&inquiry);
    return text;
}

/* Those who hold it now; not before, not after, not where the group could not be given. */
START_TEST(test_holders_are_asked_for)
{
    ck_assert_str_eq(asked_for("admins", NULL), "");
    acts_hold(&fixture, "carol", "leads");
    ck_assert_str_eq(asked_for("admins", NULL), "%backup carol 1003 34");
    acts_hold(&fixture, "carol", "more");
    ck_assert_str_eq(asked_for("admins", NULL), "%backup carol 1003 34, %backup carol 1003 34");
    ck_assert_int_eq(acts_return(&fixture, "carol", "leads"), 0);
    acts_pass(&fixture, 1800);
    acts_hold(&fixture, "dave", "leads");
    ck_assert_str_eq(asked_for("admins", NULL), "%backup carol 1003 34, %backup dave 1004 34");
    run_sql("UPDATE \"grant\" SET problem = 'removed by hand' WHERE assignment = 3");
    ck_assert_str_eq(asked_for("admins", NULL), "%backup carol 1003 34");
    fixture.now += 1800; /* the end has come, and nothing was done about it yet */
    ck_assert_str_eq(asked_for("admins", NULL), "");
    ck_assert_str_eq(asked_for("leads", NULL), "");
}
END_TEST

/* The request itself, and the survey, ask likewise. */
START_TEST(test_each_way_of_asking)
{
    struct inquiry inquiry = INQUIRY_NOBODY;
    int64_t id = 0;
    acts_hold(&fixture, "carol", "leads");
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "admins", "x", NULL), 0);
    engine_survey_all(&fixture.engine);
    ck_assert_int_eq(engine_due_survey(&fixture.engine, &id, &inquiry), 0);
    ck_assert_uint_eq(inquiry.n_holders, 1);
    ck_assert_str_eq(inquiry.holders[0].name, "carol");
    inquiry_deinit(&inquiry);
}
END_TEST

/* However many there are, the question stays small, and what did not fit is not taken for nobody. */
START_TEST(test_many_holders)
{
    struct inquiry inquiry = INQUIRY_NOBODY;
    char *names[] = {(char *)"many", NULL};
    size_t principals = 0;
    run_sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
            " INSERT INTO assignment (package, user, uid, state, start, end, duration, extended, attempts,"
            " retry_at) SELECT 'p', 'somebody-with-a-longer-name-' || i, 5000 + i, 'fulfilled', 1,"
            " 9223372036854775807, 60, 0, 0, 0 FROM n;"
            "INSERT INTO \"grant\" (assignment, name, gid, problem, live)"
            " SELECT id, 'big' || (id % 6), 7000 + id % 6, NULL, 1 FROM assignment");
    fixture_write_package(&fixture, "many",
                          "[package]\ngroups = dbadmins\n[policy]\napprovers = %big0 bob %big1 %big2 %big3 "
                          "%big4 %big5\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(engine_inquire_approvers(&fixture.engine, names, true, &inquiry), 0);
    json_t *question = inquiry_to_json(&inquiry);
    char *text = json_dumps(question, JSON_COMPACT);
    ck_assert_uint_lt(strlen(text), 100 * 1024);
    ck_assert_uint_eq(json_array_size(json_object_get(json_object_get(question, "holders"), "%big0")),
                      FACTS_PEOPLE_MAX);
    principals = strv_length(inquiry.principals);
    ck_assert_uint_lt(principals, 7);
    ck_assert(strv_contains(inquiry.principals, "%big0"));
    ck_assert(strv_contains(inquiry.principals, "bob"));
    ck_assert(!strv_contains(inquiry.principals, "%big5"));
    free(text);
    json_decref(question);
    inquiry_deinit(&inquiry);
}
END_TEST

/* ---- who is told ---- */

static char *recipients(void)
{
    struct reply reply = {0};
    ck_assert_int_eq(engine_take_notices(&fixture.engine, 0, 64, &reply), 0);
    json_t *last = json_array_get(reply.value, json_array_size(reply.value) - 1);
    ck_assert_str_eq(acts_text(last, "event"), "request-waits");
    char *text = json_dumps(json_object_get(last, "recipients"), JSON_COMPACT);
    json_decref(reply.value);
    return text;
}

static void check_recipients(const char *expected)
{
    char *text = recipients();
    ck_assert_str_eq(text, expected);
    free(text);
}

/* Those who hold the group when it is told, each once; the row itself names the group alone. */
START_TEST(test_holders_are_told)
{
    acts_hold(&fixture, "carol", "leads");
    acts_hold(&fixture, "carol", "more");
    acts_hold(&fixture, "bob", "more");
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "admins", "x", NULL), 0);
    check_recipients("[\"%backup\",\"bob\",\"carol\"]");
    ck_assert_int_eq(acts_return(&fixture, "carol", "leads"), 0);
    check_recipients("[\"%backup\",\"bob\",\"carol\"]");
    ck_assert_int_eq(acts_return(&fixture, "carol", "more"), 0);
    check_recipients("[\"%backup\",\"bob\"]");
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM outbox WHERE event = 'request-waits'"
                                          " AND recipients = '[\"%backup\",\"bob\"]'"),
                     1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("holders");
    TCase *tests = tcase_create("holders");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_holders_are_asked_for);
    tcase_add_test(tests, test_each_way_of_asking);
    tcase_add_test(tests, test_many_holders);
    tcase_add_test(tests, test_holders_are_told);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
