/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/acts.h"

#include "helperd/store/sql.h"
#include "tests/support/unmarked.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int acts_submit(struct fixture *fixture, const char *user, const struct submission *submission,
                json_t **ret_value)
{
    const char *who = submission->at_gate ? "root" : user;
    return fixture_answer(engine_submit(fixture_call(fixture, who, user), submission), ret_value);
}

int acts_approve(struct fixture *fixture, const char *decider, int64_t id, const struct decision_terms *terms,
                 json_t **ret_value)
{
    struct inquiry inquiry = INQUIRY_EMPTY;
    engine_inquire_request(&fixture->engine, id, &inquiry);
    const struct call *call = fixture_call(fixture, decider, inquiry.user);
    struct decision_terms seen = *terms;
    inquiry_deinit(&inquiry);
    if (!seen.digest)
        seen.digest = fixture_digest(&fixture->engine, id);
    return fixture_answer(engine_decide(call, id, true, &seen), ret_value);
}

int acts_approve_knowing(struct fixture *fixture, const char *decider, struct facts *facts, int64_t id,
                         json_t **ret_value)
{
    const struct decision_terms terms = {.reason = "", .digest = fixture_digest(&fixture->engine, id)};
    const struct call *call = fixture_call_with(fixture, fixture_caller(decider), facts);
    return fixture_answer(engine_decide(call, id, true, &terms), ret_value);
}

int64_t acts_approve_in_part(struct fixture *fixture, int64_t id)
{
    json_t *value = NULL;
    struct facts *facts = fixture_facts("bob", "alice");
    facts->groups[1].gid = GID_UNSET;
    ck_assert_int_eq(acts_approve_knowing(fixture, "bob", facts, id, &value), 0);
    const int64_t assignment = acts_number(value, "assignment");
    json_decref(value);
    return assignment;
}

int acts_cancel(struct fixture *fixture, const char *user, int64_t id, const char *reason, json_t **ret_value)
{
    return fixture_answer(engine_cancel(fixture_call(fixture, user, NULL), id, reason), ret_value);
}

int acts_extend(struct fixture *fixture, const char *user, const char *package, int64_t seconds,
                json_t **ret_value)
{
    return fixture_answer(
        engine_extend(fixture_call(fixture, user, NULL), package, "more", (struct wish){.duration = seconds}),
        ret_value);
}

int acts_return(struct fixture *fixture, const char *user, const char *package)
{
    return fixture_answer(engine_return(fixture_call(fixture, user, NULL), package, "done"), NULL);
}

int acts_revoke(struct fixture *fixture, const char *user, const char *package, const char *reason)
{
    return fixture_answer(engine_revoke(fixture_call(fixture, "root", NULL), user, package, reason), NULL);
}

int acts_assign(struct fixture *fixture, const char *user, const struct assign_terms *terms,
                json_t **ret_value)
{
    return fixture_answer(engine_assign(fixture_call(fixture, "root", user), terms), ret_value);
}

int acts_delegate(struct fixture *fixture, const char *from, const char *to, int64_t until)
{
    const struct delegate_terms terms = {.to = to, .until = until, .reason = "leave"};
    return fixture_answer(engine_delegate(fixture_call(fixture, from, to), &terms), NULL);
}

int acts_emergency(struct fixture *fixture, const char *user, const char *package, const char *why,
                   json_t **ret_value)
{
    char *packages[] = {(char *)package, NULL};
    const struct submission submission = {.packages = packages, .justification = why};
    return fixture_answer(engine_emergency(fixture_call(fixture, user, NULL), &submission), ret_value);
}

struct facts *acts_facts_of_delegate(struct fixture *fixture, const char *who)
{
    struct inquiry inquiry = INQUIRY_EMPTY;
    struct facts *facts = fixture_facts(who, NULL);
    const uid_t uid = fixture_caller(who).identity.uid;
    ck_assert_int_eq(engine_inquire_delegators(&fixture->engine, uid, &inquiry), 0);
    fixture_add_others(facts, inquiry.others);
    inquiry_deinit(&inquiry);
    return facts;
}

const struct call *acts_call_of_delegate(struct fixture *fixture, const char *who)
{
    return fixture_call_with(fixture, fixture_caller(who), acts_facts_of_delegate(fixture, who));
}

int64_t acts_file(struct fixture *fixture, const char *user, const char *package)
{
    json_t *value = NULL;
    ck_assert_msg(fixture_submit(fixture, user, package, "x", &value) == 0, "%s", fixture_message);
    return fixture_id(value);
}

json_t *acts_look(struct fixture *fixture, int64_t id)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_answer(engine_get_request(fixture_call(fixture, "root", NULL), id), &value), 0);
    return value;
}

void acts_pass(struct fixture *fixture, int64_t seconds)
{
    fixture->now += seconds;
    ck_assert_int_eq(engine_tick(&fixture->engine), 0);
}

bool acts_retry_if_due(struct fixture *fixture, const char *user)
{
    int64_t assignment = 0;
    struct inquiry inquiry = INQUIRY_EMPTY;
    if (engine_take_due_retry(&fixture->engine, &assignment, &inquiry) != 0)
        return false;
    ck_assert_str_eq(inquiry.user, user);
    inquiry_deinit(&inquiry);
    struct facts *facts = fixture_facts(NULL, user);
    ck_assert_int_eq(engine_retry(&fixture->engine, assignment, facts), 0);
    facts_free(facts);
    return true;
}

void acts_retry_due(struct fixture *fixture, struct facts *facts)
{
    int64_t assignment = 0;
    struct inquiry inquiry = INQUIRY_EMPTY;
    ck_assert_int_eq(engine_take_due_retry(&fixture->engine, &assignment, &inquiry), 0);
    if (!facts)
        facts = fixture_facts(NULL, inquiry.user);
    ck_assert_int_eq(engine_retry(&fixture->engine, assignment, facts), 0);
    facts_free(facts);
    inquiry_deinit(&inquiry);
}

void acts_retry_now(struct fixture *fixture, const char *user, const char *package)
{
    const struct call *call = fixture_call(fixture, "root", user);
    ck_assert_int_eq(fixture_answer(engine_retry_now(call, user, package), NULL), 0);
}

int64_t acts_hold(struct fixture *fixture, const char *user, const char *package)
{
    json_t *value = NULL;
    ck_assert_msg(fixture_submit(fixture, user, package, "x", &value) == 0, "%s", fixture_message);
    const bool waits = strcmp(acts_text(value, "state"), "pending-approval") == 0;
    const int64_t id = fixture_id(value);
    if (waits)
        ck_assert_int_eq(fixture_decide(fixture, "bob", id, true, "", NULL), 0);
    ck_assert(fixture_gate_opens(fixture, user, package));
    return id;
}

void acts_remove_package(struct fixture *fixture, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/packages.d/%s.conf", fixture->folder, name);
    ck_assert_int_eq(unlink(path), 0);
}

const char *acts_query(struct fixture *fixture, const char *format, ...)
{
    static char text[1024];
    char sql[1024];
    va_list values;
    va_start(values, format);
    vsnprintf(sql, sizeof(sql), format, values);
    va_end(values);
    sqlite3_stmt *statement = NULL;
    ck_assert_int_eq(sqlite3_prepare_v2(fixture->engine.store->database, sql, -1, &statement, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    snprintf(text, sizeof(text), "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return text;
}

int64_t acts_count(struct fixture *fixture, const char *sql)
{
    return strtoll(acts_query(fixture, "%s", sql), NULL, 10);
}

int64_t acts_number(const json_t *value, const char *key)
{
    return json_integer_value(json_object_get(value, key));
}

const char *acts_text(const json_t *value, const char *key)
{
    const char *text = json_string_value(json_object_get(value, key));
    return text ? text : "";
}
