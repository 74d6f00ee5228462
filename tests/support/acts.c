/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/acts.h"

#include "helperd/store/sql.h"
#include "tests/support/unmarked.h"

#include <string.h>
#include <unistd.h>

static int finish(int result, struct reply *reply, struct facts *facts, json_t **ret_value)
{
    snprintf(fixture_message, sizeof(fixture_message), "%s", reply->message);
    facts_free(facts);
    if (ret_value && result == 0)
        *ret_value = reply->value;
    else
        json_decref(reply->value);
    return result;
}

int acts_submit(struct fixture *fixture, const char *user, const struct submission *submission,
                json_t **ret_value)
{
    const char *who = submission->at_gate ? "root" : user;
    struct facts *facts = fixture_facts(who, user);
    const struct caller caller = fixture_caller(who);
    struct reply reply = {0};
    return finish(fixture_ask(engine_submit, &fixture->engine, &caller, facts, &reply, submission), &reply,
                  facts, ret_value);
}

int acts_approve(struct fixture *fixture, const char *decider, int64_t id, const struct decision_terms *terms,
                 json_t **ret_value)
{
    struct inquiry inquiry = INQUIRY_NOBODY;
    engine_inquire_request(&fixture->engine, id, &inquiry);
    struct facts *facts = fixture_facts(decider, inquiry.user);
    const struct caller caller = fixture_caller(decider);
    struct reply reply = {0};
    inquiry_deinit(&inquiry);
    return finish(fixture_ask(engine_decide, &fixture->engine, &caller, facts, &reply, id, true, terms),
                  &reply, facts, ret_value);
}

int acts_extend(struct fixture *fixture, const char *user, const char *package, int64_t seconds,
                json_t **ret_value)
{
    struct facts *facts = fixture_facts(user, NULL);
    const struct caller caller = fixture_caller(user);
    struct reply reply = {0};
    return finish(
        fixture_ask(engine_extend, &fixture->engine, &caller, facts, &reply, package, "more", seconds),
        &reply, facts, ret_value);
}

int acts_return(struct fixture *fixture, const char *user, const char *package)
{
    struct facts *facts = fixture_facts(user, NULL);
    const struct caller caller = fixture_caller(user);
    struct reply reply = {0};
    return finish(fixture_ask(engine_return, &fixture->engine, &caller, facts, &reply, package, "done"),
                  &reply, facts, NULL);
}

int acts_revoke(struct fixture *fixture, const char *user, const char *package, const char *reason)
{
    struct facts *facts = fixture_facts("root", NULL);
    const struct caller caller = fixture_caller("root");
    struct reply reply = {0};
    return finish(fixture_ask(engine_revoke, &fixture->engine, &caller, facts, &reply, user, package, reason),
                  &reply, facts, NULL);
}

int acts_assign(struct fixture *fixture, const char *user, const struct assign_terms *terms,
                json_t **ret_value)
{
    struct facts *facts = fixture_facts("root", user);
    const struct caller caller = fixture_caller("root");
    struct reply reply = {0};
    return finish(fixture_ask(engine_assign, &fixture->engine, &caller, facts, &reply, terms), &reply, facts,
                  ret_value);
}

void acts_pass(struct fixture *fixture, int64_t seconds)
{
    fixture->now += seconds;
    ck_assert_int_eq(engine_tick(&fixture->engine), 0);
}

void acts_retry_due(struct fixture *fixture, struct facts *facts)
{
    int64_t assignment = 0;
    struct inquiry inquiry = INQUIRY_NOBODY;
    ck_assert_int_eq(engine_due_retry(&fixture->engine, &assignment, &inquiry), 0);
    if (!facts)
        facts = fixture_facts(NULL, inquiry.user);
    ck_assert_int_eq(engine_retry(&fixture->engine, assignment, facts), 0);
    facts_free(facts);
    inquiry_deinit(&inquiry);
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

int64_t acts_count(struct fixture *fixture, const char *sql)
{
    sqlite3_stmt *statement = sql_take(fixture->engine.store, sql, "");
    ck_assert_int_eq(sql_step(fixture->engine.store, statement), 1);
    const int64_t count = sqlite3_column_int64(statement, 0);
    sql_release(fixture->engine.store, statement);
    return count;
}

int64_t acts_number(json_t *value, const char *key)
{
    return json_integer_value(json_object_get(value, key));
}

const char *acts_text(json_t *value, const char *key)
{
    const char *text = json_string_value(json_object_get(value, key));
    return text ? text : "";
}
