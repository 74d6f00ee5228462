/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A group's members taken over as assignments: who is, who is not and why, and that a dry run changes nothing. */
#include "common/cleanup.h"
#include "common/duration.h"
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <string.h>

static struct fixture fixture;

#define LEADS                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = %nobody\nduration = 1h\napprovers = alice\n"
#define OTHER "[package]\ngroups = dbadmins\n[policy]\napproval = none\nduration = 1h\n"
#define AUDIT "[package]\ngroups = backup\n[policy]\napproval = none\nincompatible = leads\n"

static void setup(void)
{
    fixture_init(&fixture, "leads", LEADS, "other", OTHER, "audit", AUDIT, NULL);
}

static void add_group(struct subject *subject, const char *group)
{
    const size_t count = strv_length(subject->groups);
    subject->groups = reallocarray(subject->groups, count + 2, sizeof(*subject->groups));
    subject->groups[count] = strdup(group);
    subject->groups[count + 1] = NULL;
}

/* Facts of all of the users whom the fixture knows; all of them are members of dbadmins but erin. */
static struct facts *facts_about(char *const *users)
{
    struct facts *facts = fixture_facts("root", NULL);
    facts->others = reallocarray(facts->others, strv_length(users), sizeof(*facts->others));
    for (; *users; users++) {
        struct facts *one = fixture_facts(NULL, *users);
        if (one->user && strcmp(*users, "erin") != 0)
            add_group(one->user, "dbadmins");
        facts->others[facts->n_others++] =
            (struct fact_other){.name = strdup(*users), .known = true, .subject = steal_ptr(one->user)};
        facts_free(one);
    }
    return facts;
}

static int import(const struct import_terms *terms, json_t **ret_value)
{
    struct facts *facts = facts_about(terms->users);
    const struct call *call = fixture_call_with(&fixture, fixture_caller("root"), facts);
    return fixture_answer(engine_import(call, terms), ret_value);
}

static json_t *outcome_of(json_t *outcomes, const char *user)
{
    size_t i;
    json_t *outcome;
    json_array_foreach(outcomes, i, outcome)
    {
        if (strcmp(acts_text(outcome, "user"), user) == 0)
            return outcome;
    }
    return NULL;
}

static const char *word_of(json_t *outcomes, const char *user)
{
    return acts_text(outcome_of(outcomes, user), "outcome");
}

static char *everybody[] = {(char *)"alice", (char *)"bob", (char *)"carol", (char *)"dave", (char *)"erin",
                            (char *)"ghost", NULL};
static const struct import_terms all = {
    .group = "dbadmins", .package = "leads", .users = everybody, .reason = ""};

START_TEST(test_each_outcome)
{
    json_t *outcomes = NULL;
    const struct assign_terms held = {.package = "leads", .reason = "x"};
    ck_assert_int_eq(acts_assign(&fixture, "bob", &held, NULL), 0);
    acts_hold(&fixture, "carol", "other"); /* dbadmins, but for an hour */
    acts_hold(&fixture, "dave", "audit");  /* incompatible */
    ck_assert_int_eq(import(&all, &outcomes), 0);
    ck_assert_uint_eq(json_array_size(outcomes), 6);
    ck_assert_str_eq(word_of(outcomes, "alice"), "assigned");
    ck_assert_str_eq(acts_text(outcome_of(outcomes, "alice"), "state"), "fulfilled");
    ck_assert_int_eq(acts_number(outcome_of(outcomes, "alice"), "assignment_end"), FIXTURE_NOW + 3600);
    ck_assert_str_eq(word_of(outcomes, "bob"), "holds");
    ck_assert_str_eq(word_of(outcomes, "carol"), "refused");
    ck_assert_ptr_nonnull(strstr(acts_text(outcome_of(outcomes, "carol"), "why"), "by the package other"));
    ck_assert_str_eq(word_of(outcomes, "dave"), "refused");
    ck_assert_ptr_nonnull(strstr(acts_text(outcome_of(outcomes, "dave"), "why"), "separation of duties"));
    ck_assert_str_eq(word_of(outcomes, "erin"), "no-member");
    ck_assert_str_eq(word_of(outcomes, "ghost"), "unknown");
    json_decref(outcomes);
    ck_assert(fixture_gate_opens(&fixture, "alice", "leads"));
    ck_assert(!fixture_gate_opens(&fixture, "carol", "leads"));
    ck_assert(!fixture_gate_opens(&fixture, "dave", "leads"));

    ck_assert_int_eq(import(&all, &outcomes), 0); /* rule 7 */
    ck_assert_str_eq(word_of(outcomes, "alice"), "holds");
    ck_assert_str_eq(acts_text(outcome_of(outcomes, "alice"), "state"), "fulfilled");
    json_decref(outcomes);
}
END_TEST

static void put_membership(const char *user, enum membership_state state, bool ours)
{
    const struct membership membership = {
        .user = (char *)user, .group = (char *)"dbadmins", .gid = 2001, .state = state, .ours = ours};
    ck_assert_int_eq(store_begin(fixture.engine.store), 0);
    ck_assert_int_eq(store_put_membership(fixture.engine.store, &membership), 0);
    ck_assert_int_eq(store_commit(fixture.engine.store), 0);
}

/* membership = files: what ended and could not be taken out yet is no standing membership; what was there before is. */
START_TEST(test_of_our_own_doing)
{
    json_t *outcomes = NULL;
    put_membership("alice", MEMBERSHIP_REMOVING, true);
    put_membership("bob", MEMBERSHIP_THERE, false);
    ck_assert_int_eq(import(&all, &outcomes), 0);
    ck_assert_str_eq(word_of(outcomes, "alice"), "refused");
    ck_assert_ptr_nonnull(
        strstr(acts_text(outcome_of(outcomes, "alice"), "why"), "by accesspkg's doing alone"));
    ck_assert_str_eq(word_of(outcomes, "bob"), "assigned");
    json_decref(outcomes);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "leads"));
}
END_TEST

START_TEST(test_dry_run)
{
    json_t *outcomes = NULL;
    struct import_terms dry = all;
    dry.dry_run = true;
    const int64_t audited = acts_count(&fixture, "SELECT count(*) FROM audit");
    ck_assert_int_eq(import(&dry, &outcomes), 0);
    ck_assert_str_eq(word_of(outcomes, "alice"), "would-assign");
    ck_assert_str_eq(word_of(outcomes, "erin"), "no-member");
    json_decref(outcomes);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "leads"));
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM audit"), audited);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM request"), 0);
}
END_TEST

/* Rule 12: who did it, and why. */
START_TEST(test_on_the_record)
{
    char *alice[] = {(char *)"alice", NULL};
    char *dave[] = {(char *)"dave", NULL};
    struct import_terms terms = all;
    terms.users = alice;
    ck_assert_int_eq(import(&terms, NULL), 0);
    terms.users = dave;
    terms.reason = "ticket 4711";
    terms.duration = DURATION_FOREVER;
    ck_assert_int_eq(import(&terms, NULL), 0);
    ck_assert_int_eq(acts_count(&fixture,
                                "SELECT count(*) FROM audit WHERE actor = 'root' AND event = 'assign'"
                                " AND detail = 'imported from the group dbadmins'"),
                     1);
    ck_assert_int_eq(acts_count(&fixture,
                                "SELECT count(*) FROM audit WHERE actor = 'root' AND event = 'assign'"
                                " AND detail = 'ticket 4711'"),
                     1);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM assignment WHERE user = 'dave'"
                                          " AND end = 9223372036854775807"),
                     1);
}
END_TEST

START_TEST(test_refused_as_a_whole)
{
    struct import_terms terms = all;
    terms.package = "nothing";
    ck_assert_int_eq(import(&terms, NULL), BUS_ERROR_NO_SUCH_PACKAGE);
    terms.package = "audit";
    ck_assert_int_eq(import(&terms, NULL), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "audit does not give the group dbadmins"));
    terms = all;
    terms.duration = INT64_MAX - 1;
    ck_assert_int_eq(import(&terms, NULL), BUS_ERROR_INVALID_ARGUMENT);
    terms.duration = 0;
    terms.reason = "two\nlines";
    ck_assert_int_eq(import(&terms, NULL), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(acts_count(&fixture, "SELECT count(*) FROM request"), 0);
}
END_TEST

/* A name that comes twice is taken over once; what waits of the member's is answered by it. */
START_TEST(test_twice_and_waiting)
{
    json_t *outcomes = NULL;
    char *twice[] = {(char *)"dave", (char *)"dave", NULL};
    struct import_terms terms = all;
    fixture_write_package(&fixture, "leads", "[package]\ngroups = dbadmins\n[policy]\napprovers = alice\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "leads", "x", NULL), 0);
    terms.users = twice;
    ck_assert_int_eq(import(&terms, &outcomes), 0);
    ck_assert_str_eq(acts_text(json_array_get(outcomes, 0), "outcome"), "assigned");
    ck_assert_str_eq(acts_text(json_array_get(outcomes, 1), "outcome"), "holds");
    json_decref(outcomes);
    ck_assert_str_eq(fixture_state(&fixture, 1), "cancelled");
}
END_TEST

/* Who held it under this name with another uid is somebody else: that ends first. */
START_TEST(test_former_holder_of_the_name)
{
    json_t *outcomes = NULL;
    struct assignment former = {.package = (char *)"leads",
                                .user = (char *)"alice",
                                .uid = 4321,
                                .state = STATE_FULFILLED,
                                .span = {fixture.now, fixture.now + 9999}};
    ck_assert_int_eq(store_add_assignment(fixture.engine.store, &former), 0);
    ck_assert_int_eq(import(&all, &outcomes), 0);
    ck_assert_str_eq(word_of(outcomes, "alice"), "assigned");
    json_decref(outcomes);
    ck_assert_int_eq(
        acts_count(&fixture, "SELECT count(*) FROM assignment WHERE uid = 4321 AND state = 'revoked'"), 1);
}
END_TEST

int main(void)
{
    suite_case("import", setup, fixture_teardown);
    suite_add(test_each_outcome, test_of_our_own_doing, test_dry_run, test_on_the_record,
              test_refused_as_a_whole, test_twice_and_waiting, test_former_holder_of_the_name);
    return suite_run();
}
