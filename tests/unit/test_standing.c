/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Assignments without an end: asked for, shortened, given, extended to, and ended all the same. */
#include "common/duration.h"
#include "common/grantdir.h"
#include "helperd/grants/grant.h"
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <string.h>

static struct fixture fixture;

/* A standing one by approval, one by nobody's, one that ends, and one that may be extended to no end. */
#define STANDING                                                                                             \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = %staff\nduration = 1h\nmax_duration = forever\n"   \
    "extension = approval\napprovers = %dba-leads\n"
#define ALWAYS                                                                                               \
    "[package]\ngroups = backup\n[policy]\napproval = none\nduration = forever\nmax_duration = forever\n"    \
    "extension = allowed\n"
#define BOUNDED "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\nextension = allowed\n"

static void setup(void)
{
    fixture_init(&fixture, "standing", STANDING, "always", ALWAYS, "bounded", BOUNDED, NULL);
}

static int64_t ask(const char *user, const char *package, int64_t duration, int64_t start)
{
    json_t *value = NULL;
    char *names[] = {(char *)package, NULL};
    const struct submission submission = {.packages = names, .duration = duration, .start = start};
    ck_assert_msg(acts_submit(&fixture, user, &submission, &value) == 0, "%s", fixture_message);
    return fixture_id(value);
}

static bool file_says(const char *user, const char *package, int64_t end)
{
    struct grant_user file = {0};
    bool says = false;
    ck_assert_int_eq(grantdir_read_user(fixture.state, user, fixture.now, &file), 0);
    for (size_t i = 0; i < file.n_packages; i++)
        says |= strcmp(file.packages[i].name, package) == 0 && file.packages[i].span.end == end;
    grant_user_deinit(&file);
    return says;
}

START_TEST(test_by_approval)
{
    json_t *value = NULL;
    const int64_t id = ask("alice", "standing", DURATION_FOREVER, 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", &value), 0);
    ck_assert_str_eq(acts_text(value, "state"), "fulfilled");
    ck_assert_int_eq(acts_number(value, "duration"), DURATION_FOREVER);
    ck_assert_ptr_null(json_object_get(value, "assignment_end"));
    ck_assert_ptr_null(json_object_get(value, "granted"));
    json_decref(value);
    ck_assert(file_says("alice", "standing", GRANT_FOREVER));
    ck_assert_int_eq(fixture.deadline, 0); /* nothing to wake up for */
    acts_pass(&fixture, (int64_t)100 * 365 * 24 * 3600);
    ck_assert(fixture_gate_opens(&fixture, "alice", "standing"));
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert_int_eq(acts_extend(&fixture, "alice", "standing", 60, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "has no end"));
}
END_TEST

/* It has to be asked for where the policy's own duration is another. */
START_TEST(test_default_is_the_policy_s)
{
    const int64_t id = ask("alice", "standing", 0, 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert(file_says("alice", "standing", FIXTURE_NOW + 3600));
    ask("alice", "always", 0, 0);
    ck_assert(file_says("alice", "always", GRANT_FOREVER));
}
END_TEST

START_TEST(test_only_where_the_policy_says_so)
{
    char *names[] = {(char *)"bounded", NULL};
    const struct submission submission = {.packages = names, .duration = DURATION_FOREVER};
    ck_assert_int_eq(acts_submit(&fixture, "alice", &submission, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "at most 1 h"));
    acts_hold(&fixture, "alice", "bounded");
    ck_assert_int_eq(acts_extend(&fixture, "alice", "bounded", DURATION_FOREVER, NULL),
                     BUS_ERROR_POLICY_REFUSED);
    /* The administrator's word stands, as for any other time. */
    const struct assign_terms terms = {.package = "bounded", .reason = "x", .duration = DURATION_FOREVER};
    ck_assert_int_eq(acts_assign(&fixture, "dave", &terms, NULL), 0);
    ck_assert(file_says("dave", "bounded", GRANT_FOREVER));
}
END_TEST

START_TEST(test_shortened)
{
    json_t *value = NULL;
    const int64_t id = ask("alice", "standing", DURATION_FOREVER, 0);
    const struct decision_terms terms = {.reason = "", .duration = 4 * 3600};
    ck_assert_int_eq(acts_approve(&fixture, "bob", id, &terms, &value), 0);
    ck_assert_int_eq(acts_number(value, "granted"), 4 * 3600);
    ck_assert_int_eq(acts_number(value, "assignment_end"), FIXTURE_NOW + 4 * 3600);
    json_decref(value);
    const int64_t hour = ask("dave", "standing", 3600, 0);
    const struct decision_terms longer = {.reason = "", .duration = DURATION_FOREVER};
    ck_assert_int_eq(acts_approve(&fixture, "bob", hour, &longer, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "less, not more"));
}
END_TEST

/* Rule 8: without an end as well, it begins at its start, and when it is whole. */
START_TEST(test_later_start)
{
    const int64_t id = ask("alice", "always", 0, FIXTURE_NOW + 100);
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 100);
    acts_pass(&fixture, 100);
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    struct facts *facts = fixture_facts(NULL, "alice");
    facts->groups[1].gid = GID_UNSET;
    acts_retry_due(&fixture, facts);
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    acts_pass(&fixture, 3600);
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(file_says("alice", "always", GRANT_FOREVER));
}
END_TEST

START_TEST(test_extended_to_no_end)
{
    json_t *value = NULL;
    const int64_t first = acts_hold(&fixture, "alice", "standing");
    ck_assert_int_eq(acts_extend(&fixture, "alice", "standing", DURATION_FOREVER, &value), 0);
    const int64_t id = fixture_id(value);
    ck_assert(file_says("alice", "standing", FIXTURE_NOW + 3600)); /* what waits changes nothing */
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert(file_says("alice", "standing", GRANT_FOREVER));
    ck_assert_str_eq(fixture_state(&fixture, first), "access-extended");
    /* By less, nothing lasts longer than ten years: that is what forever is for. */
    const struct assign_terms terms = {.package = "standing", .reason = "x", .duration = DURATION_MAX};
    ck_assert_int_eq(acts_assign(&fixture, "dave", &terms, NULL), 0);
    ck_assert_int_eq(acts_extend(&fixture, "dave", "standing", 60, NULL), BUS_ERROR_POLICY_REFUSED);
}
END_TEST

START_TEST(test_ends_all_the_same)
{
    const int64_t id = ask("alice", "always", 0, 0);
    ck_assert_int_eq(acts_return(&fixture, "alice", "always"), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "revoked");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "always"));
    ask("alice", "always", 0, 0);
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "always", "left"), 0);
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
    const int64_t third = ask("alice", "always", 0, 0);
    struct facts *facts = fixture_facts(NULL, "alice");
    facts->user->uid = 4321; /* usermod -u */
    ck_assert_int_eq(engine_revoke_stale(&fixture.engine, facts), 0);
    facts_free(facts);
    ck_assert_str_eq(fixture_state(&fixture, third), "revoked");
    ck_assert(!fixture_gate_opens(&fixture, "alice", "always"));
}
END_TEST

/* Rule 6: who has a group for a while and without an end is one member, without an end; then for the while. */
START_TEST(test_one_group_by_two)
{
    acts_hold(&fixture, "alice", "bounded");
    ask("alice", "always", 0, 0);
    fixture.now += 7200;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    fixture.now -= 7200;
    acts_hold(&fixture, "alice", "bounded");
    ck_assert_int_eq(acts_revoke(&fixture, "alice", "always", "x"), 0);
    ck_assert(fixture_in_group(&fixture, "alice", 34));
    fixture.now += 7200;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
}
END_TEST

/* The next deadline is that of what has one; and a list of packages knows of no end either. */
START_TEST(test_beside_what_ends)
{
    json_t *value = NULL;
    struct reply reply = {0};
    ask("dave", "always", 0, 0);
    ck_assert_int_eq(engine_status(&fixture.engine, &(struct caller){0}, &reply), 0);
    ck_assert_ptr_null(json_object_get(reply.value, "next_deadline"));
    json_decref(reply.value);
    acts_hold(&fixture, "alice", "bounded");
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 2700); /* a notice of the end */
    json_t *packages = NULL;
    ck_assert_int_eq(fixture_answer(engine_list_packages(fixture_call(&fixture, "dave", NULL)), &packages),
                     0);
    value = json_array_get(packages, 0);
    ck_assert_str_eq(acts_text(value, "name"), "always");
    ck_assert_str_eq(acts_text(value, "state"), "fulfilled");
    ck_assert_ptr_null(json_object_get(value, "assignment_end"));
    ck_assert_int_eq(acts_number(value, "max_duration"), DURATION_FOREVER);
    json_decref(packages);
}
END_TEST

/* A lost store: what the files say has no end has none in the new store. */
START_TEST(test_adopted)
{
    bool newborn = false;
    ask("alice", "always", 0, 0);
    engine_deinit(&fixture.engine);
    store_close(fixture.engine.store);
    ck_assert_int_eq(store_open(":memory:", &fixture.engine.store, &newborn), 0);
    ck_assert_int_eq(engine_start(&fixture.engine, newborn), 0);
    ck_assert_int_eq(acts_count(&fixture, "SELECT duration = 9223372036854775807 AND end = duration"
                                          " FROM assignment WHERE user = 'alice'"),
                     1);
    ck_assert(fixture_gate_opens(&fixture, "alice", "always"));
    ck_assert_int_eq(acts_return(&fixture, "alice", "always"), 0);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "always"));
}
END_TEST

int main(void)
{
    suite_case("standing", setup, fixture_teardown);
    suite_add(test_by_approval, test_default_is_the_policy_s, test_only_where_the_policy_says_so,
              test_shortened, test_later_start, test_extended_to_no_end, test_ends_all_the_same,
              test_one_group_by_two, test_beside_what_ends, test_adopted);
    return suite_run();
}
