/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was held in a period: which assignments, in which order, page by page, and how much one page reads. */
#include "helperd/engine/reports.h"
#include "helperd/store/sql.h"
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <string.h>

#define FREE "[package]\ngroups = backup\n[policy]\nrequestors = alice dave\napproval = none\nduration = 1h\n"
#define ASKED                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nduration = 2h\nmax_duration = 8h\nextension = approval\n"       \
    "approvers = bob carol\n"

static struct fixture fixture;

static void setup(void)
{
    fixture_init(&fixture, "free", FREE, "asked", ASKED, NULL);
}

/* All pages of this size: "USER/PACKAGE ...", static. *ret_pages: NULL: not asked for. */
static const char *held(struct store_history_filter filter, int *ret_pages)
{
    static char text[4096];
    text[0] = '\0';
    int pages = 0;
    do {
        struct reply reply = {0};
        const json_t *row;
        size_t i;
        ck_assert_int_eq(engine_list_history(&fixture.engine, &filter, &reply), 0);
        json_array_foreach(json_array_get(reply.value, 0), i, row)
        {
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s/%s", *text ? " " : "",
                     acts_text(row, "user"), acts_text(row, "package"));
        }
        filter.before_at = json_integer_value(json_array_get(reply.value, 1));
        filter.before = json_integer_value(json_array_get(reply.value, 2));
        json_decref(reply.value);
        ck_assert_int_lt(pages++, 100);
    } while (filter.before > 0);
    if (ret_pages)
        *ret_pages = pages;
    return text;
}

static struct store_history_filter all(int64_t limit)
{
    return (struct store_history_filter){.kinds = ~0U, .limit = limit};
}

/* alice's free ends after an hour, dave's later, alice's asked is held. */
static void fill(void)
{
    acts_hold(&fixture, "alice", "free");
    acts_pass(&fixture, 1800);
    acts_hold(&fixture, "dave", "free");
    acts_hold(&fixture, "alice", "asked");
    acts_pass(&fixture, 3600);
}

START_TEST(the_same_in_pages_of_any_size)
{
    static const char order[] = "alice/asked dave/free alice/free";
    int pages = 0;
    fill();
    for (int64_t limit = 1; limit <= 5; limit++)
        ck_assert_str_eq(held(all(limit), NULL), order);
    held(all(1), &pages);
    ck_assert_int_ge(pages, 3);
}
END_TEST

START_TEST(by_period)
{
    const int64_t begin = fixture.now;
    fill();
    struct store_history_filter filter = all(10);
    filter.since = begin + 3600; /* alice's ended then */
    ck_assert_str_eq(held(filter, NULL), "alice/asked dave/free");
    filter.since = begin + 3599;
    ck_assert_str_eq(held(filter, NULL), "alice/asked dave/free alice/free");
    filter.until = begin + 1800; /* dave's began then */
    ck_assert_str_eq(held(filter, NULL), "alice/free");
    filter.until = begin + 1801;
    ck_assert_str_eq(held(filter, NULL), "alice/asked dave/free alice/free");
    filter.until = begin;
    ck_assert_str_eq(held(filter, NULL), "");
}
END_TEST

START_TEST(by_name)
{
    static const struct {
        const char *name;
        unsigned kinds;
        const char *rows;
    } names[] = {
        {"free", ~0U, "dave/free alice/free"},
        {"alice", ~0U, "alice/asked alice/free"},
        {"alice", STORE_NAMES_PACKAGE, ""},
        {"dbadmins", STORE_NAMES_GROUP, "alice/asked"},
        {"backup", STORE_NAMES_GROUP, "dave/free alice/free"},
        {"backup", STORE_NAMES_USER, ""},
        {"nothing", ~0U, ""},
    };
    fill();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct store_history_filter filter = all(1);
        filter.name = names[i].name;
        filter.kinds = names[i].kinds;
        ck_assert_str_eq(held(filter, NULL), names[i].rows);
    }
}
END_TEST

/* What never had a group in place was not held. */
START_TEST(only_what_was_in_place)
{
    acts_hold(&fixture, "alice", "free");
    acts_query(&fixture, "UPDATE assignment SET begun = 0 RETURNING 1");
    ck_assert_str_eq(held(all(10), NULL), "");
}
END_TEST

/* Each request for more time stands beside the first, with who decided about it. */
START_TEST(extensions_are_with_it)
{
    struct reply reply = {0};
    const struct store_history_filter filter = all(10);
    acts_hold(&fixture, "alice", "asked");
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 3600, NULL), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "carol", 2, true, "once more", NULL), 0);
    ck_assert_int_eq(engine_list_history(&fixture.engine, &filter, &reply), 0);
    const json_t *requests = json_object_get(json_array_get(json_array_get(reply.value, 0), 0), "requests");
    ck_assert_uint_eq(json_array_size(requests), 2);
    const json_t *decision = json_array_get(json_object_get(json_array_get(requests, 1), "decisions"), 0);
    ck_assert_str_eq(acts_text(decision, "decider"), "carol");
    ck_assert_str_eq(acts_text(decision, "reason"), "once more");
    json_decref(reply.value);
}
END_TEST

/* What gave no more time was no part of what was held: nobody approved it, and it must not read as if nobody had to. */
START_TEST(only_extensions_that_gave_time)
{
    struct reply reply = {0};
    const struct store_history_filter filter = all(10);
    acts_hold(&fixture, "alice", "asked");
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 3600, NULL), 0);
    ck_assert_int_eq(acts_cancel(&fixture, "alice", 2, "no more", NULL), 0);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 3600, NULL), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "carol", 3, false, "no", NULL), 0);
    ck_assert_int_eq(acts_extend(&fixture, "alice", "asked", 3600, NULL), 0);
    ck_assert_int_eq(engine_list_history(&fixture.engine, &filter, &reply), 0);
    const json_t *row = json_array_get(json_array_get(reply.value, 0), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(row, "requests")), 1);
    ck_assert_ptr_null(json_object_get(row, "extensions_cut"));
    json_decref(reply.value);
}
END_TEST

/* A holder who has extended thousands of times, with long words each time, keeps nobody from looking. */
START_TEST(who_floods_a_row)
{
    enum { MANY = 5000 };
    int pages = 0;
    struct reply reply = {0};
    acts_hold(&fixture, "alice", "free");
    acts_hold(&fixture, "alice", "asked");
    acts_query(
        &fixture,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " INSERT INTO request (package, user, uid, state, justification, no_reason_given,"
        " origin_verified, duration, start, submitted, ended, stage, n_stages, deadline, assignment)"
        " SELECT a.package, a.user, a.uid, iif(i %% 2, 'approved', 'cancelled'), i || printf('%%4000d', i),"
        " 0, 0, 1, 0, i, i, 0, 0, 0, a.id FROM n, assignment a RETURNING 1",
        MANY);
    const struct store_history_filter filter = all(10);
    ck_assert_int_eq(engine_list_history(&fixture.engine, &filter, &reply), 0);
    const json_t *row = json_array_get(json_array_get(reply.value, 0), 0);
    const json_t *requests = json_object_get(row, "requests");
    ck_assert_uint_eq(json_array_size(requests), 101);
    ck_assert(json_is_true(json_object_get(row, "extensions_cut")));
    ck_assert_int_eq(acts_number(json_array_get(requests, 1), "at"),
                     MANY - 1 - 2 * 99); /* the last hundred */
    ck_assert_int_eq(acts_number(json_array_get(requests, 100), "at"), MANY - 1);
    json_decref(reply.value);
    ck_assert_str_eq(held(filter, &pages), "alice/asked alice/free");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(acts_return(&fixture, "alice", "free"), 0);
        acts_hold(&fixture, "alice", "free");
    }
    acts_query(&fixture, "UPDATE request SET justification = printf('%%400000d', 1) WHERE assignment IS NULL"
                         " RETURNING 1");
    ck_assert_str_eq(held(filter, &pages), "alice/free alice/asked alice/free alice/free alice/free");
    ck_assert_int_gt(pages, 1); /* as much as a page has room for, and the rest */
}
END_TEST

/* A name that nobody has: each page reads so many rows, however many there are. */
START_TEST(a_page_is_bounded)
{
    enum { MANY = 9000 };
    int pages = 0;
    acts_query(
        &fixture,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " INSERT INTO assignment (package, user, uid, state, start, end, duration, extended, attempts,"
        " retry_at, begun) SELECT 'p' || i, 'u', 1, iif(i %% 2, 'revoked', 'fulfilled'), 1, 4000000000 + i,"
        " 1, 0, 0, 0, 1 FROM n RETURNING 1",
        MANY);
    struct store_history_filter filter = all(500);
    filter.name = "nothing";
    held(filter, &pages);
    ck_assert_int_ge(pages, MANY / 2000);
    ck_assert_int_le(pages, MANY / 2000 + 2);
    filter.name = "p8";
    ck_assert_str_eq(held(filter, NULL), "u/p8");
}
END_TEST

int main(void)
{
    suite_case("history", setup, fixture_teardown);
    suite_add(the_same_in_pages_of_any_size, by_period, by_name, only_what_was_in_place,
              extensions_are_with_it, only_extensions_that_gave_time, who_floods_a_row, a_page_is_bounded);
    return suite_run();
}
