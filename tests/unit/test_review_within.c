/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An emergency that nobody reviewed within review_within alarms again, once for each such time, until somebody does. */
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <string.h>

static struct fixture fixture;

enum { HOUR = 3600 };
#define PROD(more)                                                                                           \
    "[package]\ngroups = dbadmins\n[policy]\nemergency = alice dave\nemergency_duration = 1h\n" more         \
    "[stage 1]\napprovers = bob\n[stage 2]\napprovers = carol\nfallback_approvers = alice\n"

static void setup(void)
{
    fixture_init(&fixture, "prod", PROD("review_within = 24h\n"), "other", PROD(""), NULL);
}

static int64_t take(const char *user, const char *package)
{
    json_t *value = NULL;
    ck_assert_msg(acts_emergency(&fixture, user, package, "disk is full", &value) == 0, "%s",
                  fixture_message);
    return fixture_id(value);
}

static int64_t alarms(void)
{
    return acts_count(&fixture, "SELECT count(*) FROM outbox WHERE event = 'review-overdue'");
}

static int review(int64_t id)
{
    return fixture_answer(engine_review(fixture_call(&fixture, "bob", NULL), id, ""), NULL);
}

static void restart(void)
{
    engine_deinit(&fixture.engine);
    ck_assert_int_eq(engine_start(&fixture.engine, false), 0);
}

/* As the status and the metrics have it. */
static void check_overdue(int64_t count)
{
    struct caller root = {.identity = {0, 0}};
    struct reply reply = {0};
    ck_assert_int_eq(engine_status(&fixture.engine, &root, &reply), 0);
    ck_assert_int_eq(acts_number(reply.value, "review_overdue"), count);
    json_decref(reply.value);
    json_t *figures = NULL;
    ck_assert_int_eq(engine_measure(&fixture.engine, &figures), 0);
    ck_assert_int_eq(acts_number(figures, "review_overdue"), count);
    json_decref(figures);
}

START_TEST(test_once_for_each_time)
{
    const int64_t id = take("alice", "prod");
    check_overdue(0);
    acts_pass(&fixture, 24 * HOUR - 1);
    ck_assert_int_eq(alarms(), 0);
    ck_assert_int_eq(fixture.deadline, FIXTURE_NOW + 24 * HOUR); /* it is woken for that */
    acts_pass(&fixture, 1);
    ck_assert_int_eq(alarms(), 1);
    check_overdue(1);
    acts_pass(&fixture, HOUR);
    ck_assert_int_eq(alarms(), 1);
    acts_pass(&fixture, 23 * HOUR);
    ck_assert_int_eq(alarms(), 2);
    /* One after a week without the daemon, not seven. */
    acts_pass(&fixture, 7 * 24 * HOUR);
    ck_assert_int_eq(alarms(), 3);
    ck_assert_int_eq(review(id), 0);
    check_overdue(0);
    acts_pass(&fixture, 30 * 24 * HOUR);
    ck_assert_int_eq(alarms(), 3);
}
END_TEST

/* Everybody who may review hears of it, not the one who took it; with what the first alarm said. */
START_TEST(test_who_hears_it)
{
    take("alice", "prod");
    acts_pass(&fixture, 24 * HOUR);
    ck_assert_str_eq(acts_query(&fixture,
                                "SELECT recipients || (facts ->> 'except') || (facts ->> 'user') ||"
                                " (facts ->> 'justification') || (facts ->> 'emergency') FROM outbox"
                                " WHERE event = 'review-overdue'"),
                     "[\"bob\",\"carol\",\"alice\"][\"alice\"]alicedisk is full1");
}
END_TEST

START_TEST(test_restarts)
{
    take("alice", "prod");
    restart();
    acts_pass(&fixture, 24 * HOUR - 1);
    restart();
    ck_assert_int_eq(alarms(), 0);
    fixture.now++;
    restart(); /* due while it was down */
    ck_assert_int_eq(alarms(), 1);
    restart();
    ck_assert_int_eq(alarms(), 1);
    acts_pass(&fixture, 24 * HOUR);
    ck_assert_int_eq(alarms(), 2);
}
END_TEST

START_TEST(test_reviewed_in_time)
{
    const int64_t id = take("alice", "prod");
    acts_pass(&fixture, HOUR);
    ck_assert_int_eq(review(id), 0);
    acts_pass(&fixture, 100 * HOUR);
    ck_assert_int_eq(alarms(), 0);
}
END_TEST

/* Without the key nobody hears of it again. Where a file gets it, what is late alarms at once. */
START_TEST(test_policy_is_edited)
{
    take("alice", "other");
    acts_pass(&fixture, 48 * HOUR);
    ck_assert_int_eq(alarms(), 0);
    fixture_write_package(&fixture, "other", PROD("review_within = 24h\n"));
    fixture_reload(&fixture);
    ck_assert_int_eq(engine_apply_policy(&fixture.engine), 0);
    acts_pass(&fixture, 0);
    ck_assert_int_eq(alarms(), 1);
    check_overdue(1);
    /* Sooner than it was to be; and no more, when the file loses it. */
    fixture_write_package(&fixture, "other", PROD("review_within = 1h\n"));
    fixture_reload(&fixture);
    ck_assert_int_eq(engine_apply_policy(&fixture.engine), 0);
    acts_pass(&fixture, HOUR);
    ck_assert_int_eq(alarms(), 2);
    fixture_write_package(&fixture, "other", PROD(""));
    fixture_reload(&fixture);
    ck_assert_int_eq(engine_apply_policy(&fixture.engine), 0);
    acts_pass(&fixture, 100 * HOUR);
    ck_assert_int_eq(alarms(), 2);
    check_overdue(0);
}
END_TEST

START_TEST(test_each_by_itself)
{
    take("alice", "prod");
    acts_pass(&fixture, 12 * HOUR);
    take("dave", "prod");
    acts_pass(&fixture, 12 * HOUR);
    ck_assert_int_eq(alarms(), 1);
    acts_pass(&fixture, 12 * HOUR);
    ck_assert_int_eq(alarms(), 2);
    check_overdue(2);
}
END_TEST

int main(void)
{
    suite_case("review_within", setup, fixture_teardown);
    suite_add(test_once_for_each_time, test_who_hears_it, test_restarts, test_reviewed_in_time,
              test_policy_is_edited, test_each_by_itself);
    return suite_run();
}
