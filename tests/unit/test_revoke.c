/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule 14: a revocation ends everything of that user and package, what lies ahead too, and says what. */
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <string.h>

static struct fixture fixture;

#define DB                                                                                                   \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\nmax_duration = 4h\nextension = approval\n"       \
    "approvers = bob\nemergency = alice\nemergency_duration = 1h\n"
#define OTHER "[package]\ngroups = backup\n[policy]\nduration = 1h\napprovers = bob\n"

static void setup(void)
{
    fixture_init(&fixture, "db", DB, "other", OTHER, NULL);
}

static int64_t submit_as(const char *user, const char *package, int64_t start)
{
    json_t *value = NULL;
    char *names[] = {(char *)package, NULL};
    const struct submission submission = {.packages = names, .justification = "x", .start = start};
    ck_assert_msg(acts_submit(&fixture, user, &submission, &value) == 0, "%s", fixture_message);
    return fixture_id(value);
}

static int64_t submit(const char *package, int64_t start)
{
    return submit_as("alice", package, start);
}

static int64_t approved(const char *package, int64_t start)
{
    const int64_t id = submit(package, start);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    return id;
}

static int64_t take_in_emergency(void)
{
    json_t *value = NULL;
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "db", "fire", &value), 0);
    return fixture_id(value);
}

static json_t *revoke(void)
{
    json_t *value = NULL;
    const struct call *call = fixture_call(&fixture, "root", NULL);
    ck_assert_int_eq(fixture_answer(engine_revoke(call, "alice", "db", "enough"), &value), 0);
    return value;
}

static void check_withdrawn(json_t *value, int64_t first)
{
    const json_t *withdrawn = json_object_get(value, "withdrawn");
    ck_assert_uint_eq(json_array_size(withdrawn), first ? 1 : 0);
    if (first)
        ck_assert_int_eq(json_integer_value(json_array_get(withdrawn, 0)), first);
    json_decref(value);
}

START_TEST(test_what_lies_ahead)
{
    const int64_t ahead = approved("db", fixture.now + 3600);
    const int64_t emergency = take_in_emergency();
    const int64_t other = approved("other", fixture.now + 3600);
    ck_assert(fixture_gate_opens(&fixture, "alice", "db"));
    json_t *value = revoke();
    ck_assert_int_eq(acts_number(value, "id"), emergency);
    check_withdrawn(value, ahead);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db"));
    ck_assert_str_eq(fixture_state(&fixture, ahead), "cancelled");
    acts_pass(&fixture, 3601);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db"));
    ck_assert_str_eq(fixture_state(&fixture, other), "partially-fulfilled"); /* not meant: it begins */
}
END_TEST

START_TEST(test_extension_that_waits)
{
    const int64_t id = approved("db", 0);
    json_t *value = NULL;
    ck_assert_int_eq(acts_extend(&fixture, "alice", "db", 600, &value), 0);
    const int64_t extension = fixture_id(value);
    value = revoke();
    ck_assert_int_eq(acts_number(value, "id"), id);
    check_withdrawn(value, extension);
    ck_assert_str_eq(fixture_state(&fixture, extension), "cancelled");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", extension, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
}
END_TEST

START_TEST(test_nothing_else)
{
    const int64_t ahead = approved("db", fixture.now + 3600);
    json_t *value = revoke();
    ck_assert_int_eq(acts_number(value, "id"), ahead);
    check_withdrawn(value, 0);
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "db", "again"), BUS_ERROR_NO_SUCH_REQUEST);
}
END_TEST

static int revoke_as(const char *who)
{
    const struct call *call = fixture_call(&fixture, who, NULL);
    return fixture_answer(engine_revoke(call, "alice", "db", "enough"), NULL);
}

/* Who decided, and who may decide now; nobody else, and these do not learn whether it is held. */
START_TEST(test_by_approvers)
{
    char refused[1024];
    ck_assert_int_eq(revoke_as("carol"), BUS_ERROR_NOT_AUTHORIZED); /* nothing is held */
    snprintf(refused, sizeof(refused), "%s", fixture_message);
    approved("db", 0);
    ck_assert_int_eq(revoke_as("carol"), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_str_eq(fixture_message, refused);
    ck_assert(fixture_gate_opens(&fixture, "alice", "db"));
    fixture_write_package(&fixture, "db",
                          "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napprovers = carol\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(revoke_as("bob"), 0); /* who decided */
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db"));
    const int64_t id = submit("db", 0);
    ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL), 0);
    ck_assert_int_eq(revoke_as("bob"), BUS_ERROR_NOT_AUTHORIZED); /* not of this one */
    ck_assert_int_eq(revoke_as("carol"), 0);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db"));
    fixture_write_package(&fixture, "db", DB);
    fixture_reload(&fixture);
    ck_assert_int_eq(acts_emergency(&fixture, "alice", "db", "fire", NULL), 0);
    ck_assert_int_eq(revoke_as("bob"), 0); /* who may decide */
}
END_TEST

/* The name as it was typed is another holder's, whom the directory knows by no such name. */
START_TEST(test_other_spelling)
{
    approved("db", 0);
    fixture_write_package(&fixture, "db",
                          "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napprovers = carol\n");
    fixture_reload(&fixture);
    const int64_t id = submit_as("dave", "db", 0);
    ck_assert_int_eq(fixture_decide(&fixture, "carol", id, true, "", NULL), 0);
    const struct call *call = fixture_call(&fixture, "bob", "alice");
    ck_assert_int_eq(fixture_answer(engine_revoke(call, "dave", "db", "enough"), NULL),
                     BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(fixture_gate_opens(&fixture, "alice", "db")); /* all or nothing */
    call = fixture_call(&fixture, "root", "alice");
    ck_assert_int_eq(fixture_answer(engine_revoke(call, "dave", "db", "enough"), NULL), 0);
    ck_assert(!fixture_gate_opens(&fixture, "dave", "db"));
    ck_assert(!fixture_gate_opens(&fixture, "alice", "db"));
}
END_TEST

int main(void)
{
    suite_case("revoke", setup, fixture_teardown);
    suite_add(test_what_lies_ahead, test_extension_that_waits, test_by_approvers, test_nothing_else,
              test_other_spelling);
    return suite_run();
}
