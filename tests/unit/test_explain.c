/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What explain says: who could approve, what would be granted, and each refusal as Submit words it. */
#include "tests/support/circles.h"
#include "tests/support/suite.h"

#include <string.h>

static struct fixture fixture;

static void setup(void)
{
    circles_setup(&fixture);
}

static int explain(const char *caller, const char *package, const char *user)
{
    struct inquiry inquiry = INQUIRY_EMPTY;
    char *names[] = {(char *)package, NULL};
    const struct caller who = fixture_caller(caller);
    ck_assert_int_eq(engine_inquire_packages(&fixture.engine, names, &inquiry), 0);
    ck_assert_int_eq(engine_inquire_approvers(&fixture.engine, names, true, &inquiry), 0);
    inquiry.user = *user && who.identity.uid == 0 ? strdup(user) : NULL;
    const struct call *call = fixture_call_with(&fixture, who, circles_look_up(caller, &inquiry));
    inquiry_deinit(&inquiry);
    return circles_answer(engine_explain(call, package, user));
}

static json_t *stage_of(size_t index)
{
    return json_array_get(json_object_get(circles_value, "stages"), index);
}

static void assert_people(size_t stage, const char *member, const char *expected)
{
    strv names = strv_split(expected);
    json_t *found = json_object_get(stage_of(stage), member);
    ck_assert_uint_eq(json_array_size(found), strv_length(names));
    for (size_t i = 0; names[i]; i++)
        ck_assert_str_eq(json_string_value(json_array_get(found, i)), names[i]);
    strv_free(names);
}

START_TEST(test_explain_who_could_approve)
{
    circles_set_group(1, "managers", "dave erin alice");
    ck_assert_int_eq(explain("alice", "early", ""), 0);
    ck_assert(json_is_true(json_object_get(circles_value, "may_request")));
    ck_assert_str_eq(acts_text(stage_of(0), "reach"), "approvers");
    assert_people(0, "people", "bob carol");
    assert_people(0, "fallback_people",
                  "dave"); /* once; without erin, who may not log in, and the requestor */
    ck_assert_int_eq(explain("root", "early", "carol"), 0);
    assert_people(0, "people", "bob");
    circles_set_group(0, "leads", NULL);
    ck_assert_int_eq(explain("alice", "early", ""), 0);
    ck_assert_str_eq(acts_text(stage_of(0), "reach"), "fallback");
    ck_assert_int_eq(explain("alice", "staged", ""), 0);
    ck_assert_str_eq(acts_text(stage_of(0), "reach"), "approvers");
    ck_assert_str_eq(acts_text(stage_of(1), "reach"), "fallback");
    ck_assert_int_eq(explain("alice", "alone", "alice"), 0);
    ck_assert_str_eq(acts_text(stage_of(0), "reach"), "nobody");
    ck_assert_ptr_nonnull(strstr(acts_text(stage_of(0), "why"), "%leads does not exist"));
    /* It was no more than a question. */
    ck_assert_int_eq(circles_count_undecidable(&fixture), 0);
    ck_assert_int_eq(acts_number(circles_value, "pending"), 0);
}
END_TEST

/* Where login ids are required and say nothing, nobody is reached: said beforehand, and of what waits. */
START_TEST(test_login_ids_required_in_a_container)
{
    const int64_t id = circles_submit(&fixture, "alice", "early", true);
    fixture.engine.login_ids_count = false;
    ck_assert_int_eq(explain("alice", "early", ""), 0);
    ck_assert_str_eq(acts_text(stage_of(0), "reach"), "approvers");
    fixture.config.require_login_id = CONFIG_YES;
    ck_assert_int_eq(explain("alice", "early", ""), 0);
    ck_assert_str_eq(acts_text(stage_of(0), "reach"), "nobody");
    ck_assert_ptr_nonnull(strstr(acts_text(stage_of(0), "why"), "require_login_id = yes"));
    circles_survey_all(&fixture);
    ck_assert(circles_is_undecidable(&fixture, id));
    fixture.config.require_login_id = CONFIG_NO;
    circles_survey_all(&fixture);
    ck_assert(!circles_is_undecidable(&fixture, id));
}
END_TEST

START_TEST(test_explain_what_would_be_granted)
{
    ck_assert_int_eq(explain("alice", "held", ""), 0);
    ck_assert(json_is_false(json_object_get(circles_value, "approval")));
    ck_assert_str_eq(acts_text(circles_value, "extension"), "allowed");
    ck_assert_int_eq(acts_number(circles_value, "max_total"), 2 * 24 * 3600);
    json_t *array = json_object_get(circles_value, "groups");
    ck_assert_uint_eq(json_array_size(array), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(array, 0), "gid")), 2001);
    ck_assert(json_is_true(json_object_get(json_array_get(array, 0), "allowed")));
    ck_assert(json_is_false(json_object_get(json_array_get(array, 1), "exists")));
    ck_assert_str_eq(
        acts_text(json_array_get(array, 1), "problem"),
        "there is no such group on this host (an administrator makes it, then runs: pkg-admin reload)");
    circles_submit(&fixture, "alice", "held", false);
    ck_assert_int_eq(explain("alice", "held", ""), 0);
    ck_assert_str_eq(acts_text(circles_value, "state"), "partially-fulfilled");
}
END_TEST

/* What explain answers is what Submit would answer, for each of its refusals. */
static void assert_explained_as_submitted(const char *user, const char *package, const char *says)
{
    ck_assert_int_eq(explain(user, package, ""), 0);
    ck_assert(json_is_false(json_object_get(circles_value, "may_request")));
    char why[1024];
    snprintf(why, sizeof(why), "%s", acts_text(circles_value, "why"));
    ck_assert_msg(strstr(why, says), "%s", why);
    ck_assert_int_ne(fixture_submit(&fixture, user, package, "x", NULL), 0);
    ck_assert_str_eq(why, fixture_message);
}

START_TEST(test_explain_refusals)
{
    fixture_write_package(&fixture, "closed",
                          CIRCLES_POLICY "approvers = bob\n[policy]\nrequestors = carol\n");
    fixture_write_package(&fixture, "apart",
                          CIRCLES_POLICY "approvers = bob\n[policy]\nincompatible = alone\ncooldown = 1h\n");
    fixture_reload(&fixture);
    assert_explained_as_submitted("alice", "closed", "does not let you ask");
    const int64_t id = circles_submit(&fixture, "alice", "alone", true);
    assert_explained_as_submitted("alice", "apart", "separation of duties");
    ck_assert_int_eq(circles_decide(&fixture, "bob", UID_UNSET, id, false), 0);
    ck_assert_int_eq(
        circles_decide(&fixture, "bob", UID_UNSET, circles_submit(&fixture, "alice", "apart", true), false),
        0);
    assert_explained_as_submitted("alice", "apart", "was denied");
    fixture.config.pending_per_user = 1;
    circles_submit(&fixture, "alice", "alone", true);
    assert_explained_as_submitted("alice", "two", "requests of yours are waiting");
    ck_assert_int_eq(explain("alice", "alone", ""), 0);
    ck_assert_str_eq(acts_text(circles_value, "state"), "pending-approval");
}
END_TEST

/* Once each, with the reason; a failure once for all. */
START_TEST(test_explain_accounts)
{
    static const struct {
        struct account_facts bob, carol;
        const char *told[3];
    } cases[] = {
        {{.state = ACCOUNT_OPEN}, {.state = ACCOUNT_ABSENT}, {NULL}},
        {{0}, {0}, {NULL}}, /* not asked */
        {{.state = ACCOUNT_LOCKED},
         {.state = ACCOUNT_EXPIRED, .day = 20000},
         {"bob: is locked", "carol: expired on 2024-10-04", NULL}},
        {{.state = ACCOUNT_UNKNOWN, .why = (char *)"no answer"},
         {.state = ACCOUNT_UNKNOWN, .why = (char *)"no answer"},
         {"not known (no answer)", NULL}},
    };
    char *names[] = {(char *)"bob", (char *)"carol", (char *)"bob", NULL};
    struct person people[3];
    struct principal principals[] = {{.name = (char *)"%leads", .people = people, .n_people = 2},
                                     {.name = (char *)"bob", .people = people + 2, .n_people = 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct inquiry inquiry = INQUIRY_EMPTY;
        struct facts *facts = circles_look_up("root", &inquiry);
        for (size_t k = 0; k < 3; k++)
            people[k] = (struct person){
                .name = names[k], .uid = 1000, .account = k == 1 ? cases[i].carol : cases[i].bob};
        facts->principals = principals;
        facts->n_principals = 2;
        const struct call *call = fixture_call_with(&fixture, fixture_caller("root"), facts);
        const int r = engine_explain(call, "alone", "root");
        facts->principals = NULL; /* the test's own */
        facts->n_principals = 0;
        ck_assert_int_eq(circles_answer(r), 0);
        const json_t *told = json_object_get(circles_value, "accounts");
        for (size_t k = 0; cases[i].told[k]; k++)
            ck_assert_str_eq(json_string_value(json_array_get(told, k)), cases[i].told[k]);
        ck_assert_ptr_null(json_array_get(told, cases[i].told[0] ? 1 + (cases[i].told[1] != NULL) : 0));
    }
}
END_TEST

/* Root learns who gets it without an approval; absent where everybody does. */
START_TEST(test_explain_open_to)
{
    fixture_write_package(&fixture, "closed",
                          CIRCLES_POLICY "approvers = bob\n[policy]\nemergency = carol %leads\n");
    fixture_write_package(&fixture, "given",
                          "[package]\ngroups = dbadmins\n[policy]\nrequestors = dave\napproval = none\n");
    fixture_write_package(&fixture, "free", "[package]\ngroups = dbadmins\n[policy]\napproval = none\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(explain("root", "closed", ""), 0);
    const json_t *open_to = json_object_get(circles_value, "open_to");
    ck_assert_int_eq(json_array_size(open_to), 2);
    ck_assert_str_eq(json_string_value(json_array_get(open_to, 1)), "%leads");
    ck_assert_int_eq(explain("root", "given", "bob"), 0);
    open_to = json_object_get(circles_value, "open_to");
    ck_assert_str_eq(json_string_value(json_array_get(open_to, 0)), "dave");
    ck_assert_int_eq(explain("root", "free", ""), 0);
    ck_assert_ptr_null(json_object_get(circles_value, "open_to"));
    ck_assert_int_eq(explain("alice", "closed", ""), 0);
    ck_assert_ptr_null(json_object_get(circles_value, "open_to"));
}
END_TEST

START_TEST(test_explain_to_whom)
{
    ck_assert_int_eq(explain("alice", "early", "bob"), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(explain("alice", "early", "ghost"), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(explain("root", "early", "ghost"), BUS_ERROR_NO_SUCH_USER);
    ck_assert_int_eq(explain("alice", "nothing", ""), BUS_ERROR_NO_SUCH_PACKAGE);
    ck_assert_int_eq(explain("root", "early", "bob"), 0);
    ck_assert_str_eq(acts_text(circles_value, "user"), "bob");
}
END_TEST

int main(void)
{
    suite_case("explain", setup, circles_teardown);
    suite_add(test_explain_who_could_approve, test_explain_what_would_be_granted,
              test_login_ids_required_in_a_container, test_explain_refusals, test_explain_accounts,
              test_explain_open_to, test_explain_to_whom);
    return suite_run();
}
