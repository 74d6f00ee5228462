/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who holds what, through the engine: holders of a group count among its people, who stands in /etc/group as well is
 * said, and the list of all that is held.
 */
#include "helperd/lifecycle/lifecycle.h"
#include "helperd/store/sql.h"
#include "tests/support/acts.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <string.h>
#include <unistd.h>

static struct fixture fixture;
static char group_file[96];

#define LEADS "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\nmax_duration = forever\n"
#define ADMINS                                                                                               \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\nmax_duration = forever\n"                        \
    "approvers = %backup bob\n"

static void setup(void)
{
    fixture_init(&fixture, "leads", LEADS, "more", LEADS, "admins", ADMINS, NULL);
    snprintf(group_file, sizeof(group_file), "%s/group", fixture.folder);
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
    struct inquiry inquiry = INQUIRY_EMPTY;
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
    struct inquiry inquiry = INQUIRY_EMPTY;
    int64_t id = 0;
    acts_hold(&fixture, "carol", "leads");
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "admins", "x", NULL), 0);
    survey_plan_all(&fixture.engine);
    ck_assert_int_eq(engine_take_due_survey(&fixture.engine, &id, &inquiry), 0);
    ck_assert_uint_eq(inquiry.n_holders, 1);
    ck_assert_str_eq(inquiry.holders[0].name, "carol");
    inquiry_deinit(&inquiry);
}
END_TEST

/* However many there are, the question stays small, and what did not fit is not taken for nobody. */
START_TEST(test_many_holders)
{
    struct inquiry inquiry = INQUIRY_EMPTY;
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

/* As many as are told by name, and how many there are besides. */
START_TEST(test_many_holders_are_told)
{
    struct reply reply = {0};
    run_sql(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
        " INSERT INTO assignment (package, user, uid, state, start, end, duration, extended, attempts,"
        " retry_at) SELECT 'p', 'h' || i, 5000 + i, 'fulfilled', 1, 9223372036854775807, 60, 0, 0, 0 FROM n;"
        "INSERT INTO \"grant\" (assignment, name, gid, problem, live)"
        " SELECT id, 'backup', 34, NULL, 1 FROM assignment");
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "admins", "x", NULL), 0);
    ck_assert_int_eq(engine_take_notices(&fixture.engine, 0, 64, &reply), 0);
    const json_t *last = json_array_get(reply.value, json_array_size(reply.value) - 1);
    ck_assert_uint_eq(json_array_size(json_object_get(last, "recipients")), 256);
    ck_assert_int_eq(json_integer_value(json_object_get(last, "unnamed")),
                     300 + 2 - 256); /* "%backup", "bob" */
    json_decref(reply.value);
}
END_TEST

/* ---- who stands in /etc/group as well ---- */

static void put_group(const char *text)
{
    folder_write(group_file, text);
    fixture.engine.group_file = group_file;
}

/* What the answer to a revocation says of it: "backup, oper"; "" when nothing. Static. */
static const char *revoked(const char *user, const char *package)
{
    static char text[256];
    json_t *value = NULL;
    const struct call *call = fixture_call(&fixture, "root", NULL);
    text[0] = '\0';
    ck_assert_int_eq(fixture_answer(engine_revoke(call, user, package, "over"), &value), 0);
    const json_t *standing = json_object_get(value, "standing");
    for (size_t i = 0; i < json_array_size(standing); i++) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s%s", used ? ", " : "",
                 json_string_value(json_array_get(standing, i)));
    }
    json_decref(value);
    return text;
}

static int64_t count_said(void)
{
    return acts_count(&fixture, "SELECT count(*) FROM audit WHERE event = 'still-member'");
}

/* By the group's name or by its number: another name for it gives it as well. */
START_TEST(test_standing)
{
    static const struct {
        const char *file, *standing;
    } cases[] = {
        {"", ""},
        {"backup:x:34:\ndbadmins:x:2001:carol\n", ""},
        {"backup:x:34:alice,carolx\n", ""},
        {"backup:x:34:alice,carol\n", "backup"},
        {"x:x:1:carol\noper:x:34:carol\nbackup:x:34:dave\n", "oper"},
        {"backup:x:34:carol\nbackup:x:34:carol\noper:x:34:carol,dave\n", "backup, oper"},
        {"backup:x:4711:carol\n", "backup"}, /* it was renumbered meanwhile */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const int64_t said = count_said();
        put_group(cases[i].file);
        acts_hold(&fixture, "carol", "leads");
        ck_assert_str_eq(revoked("carol", "leads"), cases[i].standing);
        ck_assert((count_said() > said) == (*cases[i].standing != '\0'));
    }
    fixture.engine.group_file = "/nonexistent";
    acts_hold(&fixture, "carol", "leads");
    ck_assert_str_eq(revoked("carol", "leads"), "");
}
END_TEST

/* Rule 12: at an end by the clock, which nobody is answered, it is on record with what takes them out. */
START_TEST(test_standing_at_an_end)
{
    put_group("backup:x:34:carol\n");
    acts_hold(&fixture, "carol", "leads");
    ck_assert_int_eq(count_said(), 0);
    acts_pass(&fixture, 3600);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit WHERE event = 'still-member'"
                                          " AND actor = 'accesspkgd' AND assignment = 1"
                                          " AND detail LIKE '%: gpasswd -d carol backup'"),
                     1);
}
END_TEST

/* With membership = files: whom we put there goes by our doing, and is nothing to tell; who was there before is. */
START_TEST(test_standing_by_our_doing)
{
    fixture.config.membership = CONFIG_MEMBERSHIP_FILES;
    fixture_set_local_groups(true);
    for (int ours = 0; ours < 2; ours++) {
        struct membership due = {0};
        put_group(ours ? "" : "backup:x:34:carol\n");
        ck_assert_int_eq(fixture_submit(&fixture, "carol", "leads", "x", NULL), 0);
        while (engine_take_due_membership(&fixture.engine, &due) == 0) {
            ck_assert_int_eq(engine_membership_done(&fixture.engine, &due, !ours, NULL), 0);
            membership_deinit(&due);
        }
        ck_assert(fixture_gate_opens(&fixture, "carol", "leads"));
        put_group("backup:x:34:carol\n");
        ck_assert_str_eq(revoked("carol", "leads"), ours ? "" : "backup");
        while (engine_take_due_membership(&fixture.engine, &due) == 0) {
            ck_assert_int_eq(membership_act(due.state), MEMBERSHIP_ACT_REMOVE);
            ck_assert_int_eq(engine_membership_done(&fixture.engine, &due, false, NULL), 0);
            membership_deinit(&due);
        }
    }
}
END_TEST

/* Whoever revokes believes that there is access: it is said where there is, though nothing of ours is held. */
START_TEST(test_standing_where_nothing_is_held)
{
    put_group("backup:x:34:carol\n");
    ck_assert_int_eq(acts_revoke(&fixture, "carol", "leads", "over"), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_ptr_nonnull(strstr(fixture_message, "carol does not hold leads now"));
    ck_assert_ptr_nonnull(strstr(fixture_message, "to remove them: gpasswd -d carol backup"));
    ck_assert_int_eq(acts_revoke(&fixture, "carol", "admins", "over"), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_ptr_null(strstr(fixture_message, "gpasswd"));
    ck_assert_int_eq(acts_revoke(&fixture, "carol", "nothing", "over"), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_ptr_null(strstr(fixture_message, "gpasswd"));
}
END_TEST

static json_t *status(void)
{
    struct reply reply = {0};
    ck_assert_int_eq(engine_status(&fixture.engine, &(struct caller){0}, &reply), 0);
    return reply.value;
}

START_TEST(test_standing_in_the_status)
{
    put_group("backup:x:34:carol,dave,nobody\ndbadmins:x:2001:alice\n");
    json_t *value = status();
    ck_assert_int_eq(acts_number(value, "standing_count"), 0);
    ck_assert_ptr_null(json_object_get(value, "standing_members"));
    json_decref(value);
    acts_hold(&fixture, "carol", "leads");
    acts_hold(&fixture, "carol", "more");
    acts_hold(&fixture, "dave", "more");
    acts_hold(&fixture, "bob", "more");
    value = status();
    ck_assert_int_eq(acts_number(value, "standing_count"), 2);
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(value, "standing_members"), 0)),
                     "carol, by other means: gpasswd -d carol backup");
    json_decref(value);
    /* A few are named, all are counted. */
    run_sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)"
            " INSERT INTO assignment (package, user, uid, state, start, end, duration, extended, attempts,"
            " retry_at) SELECT 'more', 'u' || i, 5000 + i, 'fulfilled', 1, 9223372036854775807, 60, 0, 0, 0"
            " FROM n; INSERT INTO \"grant\" (assignment, name, gid, problem, live, local)"
            " SELECT id, 'backup', 34, NULL, 1, id % 2 FROM assignment WHERE user LIKE 'u%'");
    put_group("backup:x:34:u1,u2,u3,u4,u5,u6,u7,u8,u9\n");
    value = status();
    ck_assert_int_eq(acts_number(value, "standing_count"), 9);
    ck_assert_uint_eq(json_array_size(json_object_get(value, "standing_members")), 5);
    json_decref(value);
}
END_TEST

/* ---- the list ---- */

static json_t *list(const struct store_holders_filter *filter)
{
    struct reply reply = {0};
    ck_assert_int_eq(engine_list_holders(&fixture.engine, filter, &reply), 0);
    return reply.value;
}

/* "carol leads, dave more; package": who holds what, and what the name is. Static. */
static const char *listed(const char *name, unsigned kinds)
{
    static char text[512];
    const struct store_holders_filter filter = {.limit = 10, .name = name, .kinds = kinds};
    json_t *value = list(&filter), *item;
    size_t i;
    text[0] = '\0';
    json_array_foreach(json_array_get(value, 0), i, item)
    {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s%s %s", i ? ", " : "", acts_text(item, "user"),
                 acts_text(item, "package"));
    }
    json_array_foreach(json_array_get(value, 2), i, item)
    {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "; ", json_string_value(item));
    }
    json_decref(value);
    return text;
}

START_TEST(test_list)
{
    const unsigned any = ~0U;
    acts_hold(&fixture, "carol", "leads");
    acts_hold(&fixture, "dave", "more");
    acts_pass(&fixture, 60);
    acts_hold(&fixture, "alice", "leads");
    ck_assert_str_eq(listed(NULL, any), "alice leads, dave more, carol leads");
    ck_assert_str_eq(listed("leads", any), "alice leads, carol leads; package");
    ck_assert_str_eq(listed("leads", STORE_NAMES_GROUP), "");
    ck_assert_str_eq(listed("backup", any), "alice leads, dave more, carol leads; group");
    ck_assert_str_eq(listed("dave", any), "dave more; user");
    ck_assert_str_eq(listed("admins", any), "; package");
    ck_assert_str_eq(listed("dbadmins", any), "; group");
    ck_assert_str_eq(listed("bob", any), "");
    acts_remove_package(&fixture, "leads");
    fixture_reload(&fixture);
    ck_assert_str_eq(listed("leads", any), "alice leads, carol leads; package");
    fixture.now += 3540; /* an end that nobody has seen to yet */
    ck_assert_str_eq(listed(NULL, any), "alice leads");
}
END_TEST

/* All of a row; a user whose name is no UTF-8 is shown as well. */
START_TEST(test_row)
{
    const struct store_holders_filter one = {.limit = 1};
    put_group("oper:x:34:carol\n");
    acts_hold(&fixture, "carol", "leads");
    run_sql("UPDATE assignment SET user = CAST(x'ff61' AS TEXT), end = 9223372036854775807;"
            "INSERT INTO \"grant\" (assignment, name, gid, problem, live) VALUES (1, 'x', NULL, 'away', 1)");
    json_t *value = list(&one);
    json_t *row = json_array_get(json_array_get(value, 0), 0);
    ck_assert_str_eq(acts_text(row, "user"), "\\xffa");
    ck_assert_int_eq(acts_number(row, "uid"), 1003);
    ck_assert_str_eq(acts_text(row, "state"), "fulfilled");
    ck_assert_int_eq(acts_number(row, "request"), 1);
    ck_assert_int_eq(acts_number(row, "assignment_start"), FIXTURE_NOW);
    ck_assert_ptr_null(json_object_get(row, "assignment_end"));
    ck_assert_uint_eq(json_array_size(json_object_get(row, "groups")), 1);
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(row, "problems"), 0)), "x: away");
    ck_assert_ptr_null(json_object_get(row, "standing"));
    ck_assert(json_is_false(json_array_get(value, 1)));
    json_decref(value);
    run_sql("UPDATE assignment SET user = 'carol'");
    acts_hold(&fixture, "dave", "more");
    value = list(&one);
    ck_assert_uint_eq(json_array_size(json_array_get(value, 0)), 1);
    ck_assert(json_is_true(json_array_get(value, 1)));
    json_decref(value);
    value = list(&(struct store_holders_filter){.limit = 1, .before = 2});
    row = json_array_get(json_array_get(value, 0), 0);
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(row, "standing"), 0)), "oper");
    json_decref(value);
}
END_TEST

int main(void)
{
    suite_case("holders", setup, fixture_teardown);
    suite_add(test_holders_are_asked_for, test_each_way_of_asking, test_many_holders, test_holders_are_told,
              test_many_holders_are_told, test_standing, test_standing_at_an_end, test_standing_by_our_doing,
              test_standing_where_nothing_is_held, test_standing_in_the_status, test_list, test_row);
    return suite_run();
}
