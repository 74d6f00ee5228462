/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which names of policies a call has looked up: all that it decides by, each time; a list only what is not fresh (rule 9). */
#include "helperd/engine/inquire.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

#define TWO                                                                                                  \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = %staff Alice\nemergency = %oncall\n"               \
    "[stage 1]\napprovers = Bob %staff\n"                                                                    \
    "[stage 2]\napprovers = Carol\nescalate_after = 1h\nfallback_approvers = %Leads Bob\n"

static struct fixture fixture;
static struct inquiry inquiry;
static struct namebook book;

static void setup(void)
{
    fixture_init(&fixture, "two", TWO, "other",
                 "[package]\ngroups = backup\n[policy]\nrequestors = Erin\napprovers = Dave\n", NULL);
    fixture.engine.names = &book;
    inquiry = INQUIRY_EMPTY;
}

static void teardown(void)
{
    inquiry_deinit(&inquiry);
    namebook_deinit(&book);
    fixture_deinit(&fixture);
}

static void check_names(const char *wanted)
{
    char *joined = strv_join(inquiry.names, " ");
    ck_assert_str_eq(joined ? joined : "", wanted);
    free(joined);
    inquiry_deinit(&inquiry);
}

static int64_t file(void)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "two", "x", &value), 0);
    return fixture_id(value);
}

START_TEST(a_decision_asks_for_all_each_time)
{
    const int64_t id = file();
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(engine_inquire_request(&fixture.engine, id, &inquiry), 0);
        check_names("Bob %staff Carol %Leads Alice %oncall");
        namebook_note(&book, "Bob", NAMED_FOUND, "bob", BOB);
    }
    ck_assert_int_eq(engine_inquire_sight(&fixture.engine, id, &inquiry), 0);
    check_names("Bob %staff Carol %Leads");
    ck_assert_int_eq(engine_inquire_sight(&fixture.engine, id + 1, &inquiry), 0);
    check_names("");
}
END_TEST

/* The current stage first, for which a slow directory has the most time. */
START_TEST(the_second_stage_asks_for_its_own_first)
{
    const int64_t id = file();
    struct request request = {0};
    ck_assert_int_eq(store_get_request(fixture.engine.store, id, &request), 0);
    request.stage = 2;
    ck_assert_int_eq(store_update_request(fixture.engine.store, &request), 0);
    request_deinit(&request);
    ck_assert_int_eq(engine_inquire_sight(&fixture.engine, id, &inquiry), 0);
    check_names("Carol %Leads Bob %staff");
}
END_TEST

START_TEST(a_list_asks_for_what_is_not_fresh)
{
    file();
    ck_assert_int_eq(engine_inquire_lists(&fixture.engine, &inquiry), 0);
    /* Of lists that are stored, the newest first; then of packages with emergencies. */
    ck_assert_uint_eq(strv_length(inquiry.names), 4);
    ck_assert(!strv_contains(inquiry.names, "Dave"));
    inquiry_deinit(&inquiry);
    namebook_note(&book, "Bob", NAMED_FOUND, "bob", BOB);
    namebook_note(&book, "%staff", NAMED_ABSENT, NULL, 0);
    namebook_note(&book, "Carol", NAMED_UNKNOWN, NULL, 0);
    ck_assert_int_eq(engine_inquire_lists(&fixture.engine, &inquiry), 0);
    ck_assert_uint_eq(strv_length(inquiry.names), 2);
    ck_assert(strv_contains(inquiry.names, "Carol") && strv_contains(inquiry.names, "%Leads"));
    inquiry_deinit(&inquiry);
    book.expired = namebook_clock(); /* users or groups have changed */
    ck_assert_int_eq(engine_inquire_lists(&fixture.engine, &inquiry), 0);
    ck_assert_uint_eq(strv_length(inquiry.names), 4);
    inquiry_deinit(&inquiry);
    ck_assert_int_eq(engine_inquire_all_requestors(&fixture.engine, &inquiry), 0);
    ck_assert_uint_eq(strv_length(inquiry.names), 4); /* Erin, %staff, Alice, %oncall */
}
END_TEST

/* An emergency that waits for its review is reviewed by the approvers of now, though the package has none any more. */
START_TEST(a_list_asks_for_groups_of_reviewers)
{
    fixture_write_package(&fixture, "two", "[package]\ngroups = dbadmins\n[policy]\napprovers = Bob\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(engine_inquire_lists(&fixture.engine, &inquiry), 0);
    ck_assert(!inquiry.by_group);
    fixture_write_package(&fixture, "two",
                          "[package]\ngroups = dbadmins\n[policy]\napprovers = Bob %Leads\n");
    fixture_reload(&fixture);
    ck_assert_int_eq(engine_inquire_lists(&fixture.engine, &inquiry), 0);
    ck_assert(inquiry.by_group);
}
END_TEST

/* A question stays small enough for a socket, whatever policies hold. */
START_TEST(a_question_is_bounded)
{
    char text[16384] = "[package]\ngroups = backup\n[policy]\napprovers = Dave\nrequestors =";
    for (int package = 0; package < 60; package++) {
        char name[32];
        size_t used = strlen("[package]\ngroups = backup\n[policy]\napprovers = Dave\nrequestors =");
        for (int i = 0; i < 60; i++)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%dand%d", i % 8 ? " " : "\n    ",
                                     "somebody", package, i);
        snprintf(text + used, sizeof(text) - used, "\n");
        snprintf(name, sizeof(name), "many-%d", package);
        fixture_write_package(&fixture, name, text);
    }
    fixture_reload(&fixture);
    ck_assert_int_eq(engine_inquire_all_requestors(&fixture.engine, &inquiry), 0);
    const size_t count = strv_length(inquiry.names);
    ck_assert_uint_le(count, 1024);
    ck_assert_uint_ge(count, 512);
    json_t *question = inquiry_to_json(&inquiry);
    char *line = json_dumps(question, JSON_COMPACT);
    ck_assert_uint_lt(strlen(line), 64 * 1024);
    free(line);
    json_decref(question);
    /* What was answered makes room for the rest. */
    for (char **name = inquiry.names; *name; name++)
        namebook_note(&book, *name, NAMED_ABSENT, NULL, 0);
    const char *last = inquiry.names[count - 1];
    struct inquiry next = INQUIRY_EMPTY;
    ck_assert_int_eq(engine_inquire_all_requestors(&fixture.engine, &next), 0);
    ck_assert_uint_ge(strv_length(next.names), 512);
    ck_assert(!strv_contains(next.names, last));
    inquiry_deinit(&next);
}
END_TEST

int main(void)
{
    suite_case("inquire_names", setup, teardown);
    suite_add(a_decision_asks_for_all_each_time, the_second_stage_asks_for_its_own_first,
              a_list_asks_for_what_is_not_fresh, a_list_asks_for_groups_of_reviewers, a_question_is_bounded);
    return suite_run();
}
