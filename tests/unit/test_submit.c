/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests filed, by users and by a gate for them, and withdrawn; what is refused at once. */
#include "tests/support/suite.h"
#include "tests/unit/requests.h"

#include <string.h>

/* Rule 7: a second submission shows the same request. */
START_TEST(test_repeat)
{
    json_t *value = NULL;
    const int64_t id = acts_file(&fixture, "alice", "db-admins");
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "db-admins", NULL, &value), 0);
    ck_assert(json_is_true(json_object_get(value, "existing")));
    ck_assert(json_is_false(json_object_get(value, "held")));
    ck_assert_int_eq(fixture_id(value), id);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "db-admins", NULL, &value), 0);
    ck_assert(json_is_true(json_object_get(value, "held")));
    ck_assert_int_eq(fixture_id(value), id);
}
END_TEST

/* Who asks is not among those whom it waits for (rule 5), and no package says that nobody is. */
START_TEST(test_waits_for_others)
{
    static const struct {
        const char *approvers, *shown;
    } rows[] = {{"alice bob", "bob"}, {"bob %dba-leads alice", "bob %dba-leads"}, {"alice", ""}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256], shown[128] = "", name[2] = {(char)('p' + i), '\0'};
        json_t *value = NULL, *item;
        size_t k;
        snprintf(text, sizeof(text), "[package]\ngroups = backup\n[policy]\napprovers = %s\n",
                 rows[i].approvers);
        fixture_write_package(&fixture, name, text);
        fixture_reload(&fixture);
        ck_assert_int_eq(fixture_submit(&fixture, "alice", name, "why", &value), 0);
        json_array_foreach(json_object_get(value, "approvers"), k, item)
        {
            snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), "%s%s", k ? " " : "",
                     json_string_value(item));
        }
        ck_assert_str_eq(shown, rows[i].shown);
        json_decref(value);
    }
}
END_TEST

START_TEST(test_refused_submissions)
{
    char long_text[BUS_TEXT_MAX + 2];
    memset(long_text, 'a', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    const struct {
        const char *user;
        const char *package;
        const char *why;
        int expected;
        const char *says;
    } table[] = {
        {"bob", "db-admins", "reason", BUS_ERROR_POLICY_REFUSED, "does not let you"},
        {"alice", "db-admins", NULL, BUS_ERROR_POLICY_REFUSED, "-m 'REASON'"},
        {"alice", "nothing", "reason", BUS_ERROR_NO_SUCH_PACKAGE, "no access package nothing"},
        {"alice", "db-admn", "reason", BUS_ERROR_NO_SUCH_PACKAGE,
         "no access package db-admn on this host; do you mean db-admins? See: pkg-request packages"},
        {"alice", "../x", "reason", BUS_ERROR_INVALID_ARGUMENT, "'../x' cannot be"},
        {"alice", "\033[31m", "reason", BUS_ERROR_INVALID_ARGUMENT, "'\\x1b[31m' cannot be"},
        {"alice", "", "reason", BUS_ERROR_INVALID_ARGUMENT, "cannot be"},
        {"alice", "db-admins", "\033[2J", BUS_ERROR_INVALID_ARGUMENT, "control characters"},
        {"alice", "db-admins", "two\nlines", BUS_ERROR_INVALID_ARGUMENT, "one line"},
        {"alice", "db-admins", "\xe2\x80\xae turned", BUS_ERROR_INVALID_ARGUMENT, "control characters"},
        {"alice", "db-admins", long_text, BUS_ERROR_INVALID_ARGUMENT, "longer than"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const int r = fixture_submit(&fixture, table[i].user, table[i].package, table[i].why, NULL);
        ck_assert_msg(r == table[i].expected, "row %zu: %d", i, r);
        ck_assert_msg(strstr(fixture_message, table[i].says), "row %zu: %s", i, fixture_message);
    }
    struct store_counts counts = {0};
    ck_assert_int_eq(store_read_counts(fixture.engine.store, fixture.now, &counts), 0);
    ck_assert_int_eq(counts.pending, 0);
    long_text[BUS_TEXT_MAX] = '\0';
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "db-admins", long_text, NULL), 0);
}
END_TEST

START_TEST(test_limit)
{
    fixture.config.pending_per_user = 1;
    acts_file(&fixture, "alice", "db-admins");
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "staged", "x", NULL), BUS_ERROR_LIMIT_EXCEEDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "pkg-request cancel"));
    acts_file(&fixture, "dave", "staged");
}
END_TEST

/* Filing and cancelling in turn ends as well: the history stays. */
START_TEST(test_pace)
{
    fixture.config.pending_per_user = 2;
    for (int i = 0; i < 50; i++) {
        const int64_t id = acts_file(&fixture, "alice", "db-admins");
        fixture.now += 60;
        ck_assert_int_eq(acts_cancel(&fixture, "alice", id, "", NULL), 0);
    }
    fixture.now -= 50 * 60;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "db-admins", "x", NULL), BUS_ERROR_LIMIT_EXCEEDED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "within an hour"));
    acts_file(&fixture, "dave", "db-admins");
    fixture.now += 3600;
    acts_file(&fixture, "alice", "db-admins");
}
END_TEST

/* One request of a time when the clock was wrong does not stand for an hour's worth of them. */
START_TEST(test_pace_after_a_wrong_clock)
{
    fixture.config.pending_per_user = 2;
    fixture.now += 365 * 86400;
    for (int i = 0; i < 50; i++) {
        const int64_t id = acts_file(&fixture, "alice", "db-admins");
        ck_assert_int_eq(acts_cancel(&fixture, "alice", id, "", NULL), 0);
        fixture.now -= i == 0 ? 365 * 86400 : 0;
        fixture.now += 86400;
    }
    acts_file(&fixture, "alice", "db-admins");
}
END_TEST

/* Whoever files for themselves may say that they are a gate, and where: it is shown as what they claim. */
START_TEST(test_claims)
{
    json_t *value = NULL;
    char *names[] = {(char *)"db-admins", NULL};
    const struct submission submission = {
        .packages = names, .justification = "x", .service = "sshd", .at_gate = true};
    const struct call *call = fixture_call(&fixture, "alice", NULL);
    ck_assert_int_eq(fixture_answer(engine_submit(call, &submission), &value), 0);
    ck_assert_str_eq(acts_text(value, "service"), "sshd");
    ck_assert_str_eq(acts_text(value, "origin"), "claimed");
    json_decref(value);
}
END_TEST

/* The gate speaks for others, as uid 0 only, and need not say why; several packages: the first allowed. */
START_TEST(test_gate)
{
    json_t *value = NULL;
    char *names[] = {(char *)"nothing", (char *)"db-admins", (char *)"staged", NULL};
    struct submission submission = {.user = "alice", .packages = names, .service = "sshd", .at_gate = true};
    const struct call *dave = fixture_call(&fixture, "dave", "alice");
    ck_assert_int_eq(fixture_answer(engine_submit(dave, &submission), NULL), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(acts_submit(&fixture, "alice", &submission, &value), 0);
    ck_assert_str_eq(acts_text(value, "package"), "db-admins");
    ck_assert_str_eq(acts_text(value, "user"), "alice");
    ck_assert_str_eq(acts_text(value, "origin"), "verified");
    ck_assert(json_is_true(json_object_get(value, "no_reason_given")));
    json_decref(value);

    /* An open request of a later package is shown rather than a new one filed. */
    const int64_t staged = acts_file(&fixture, "dave", "staged");
    submission.user = "dave";
    ck_assert_int_eq(acts_submit(&fixture, "dave", &submission, &value), 0);
    ck_assert(json_is_true(json_object_get(value, "existing")));
    ck_assert_int_eq(fixture_id(value), staged);

    /* What needs no approval lets in at once, beside a request that waits and before it. */
    char *with_free[] = {(char *)"staged", (char *)"self", NULL};
    submission.packages = with_free;
    ck_assert_int_eq(acts_submit(&fixture, "dave", &submission, &value), 0);
    ck_assert(json_is_true(json_object_get(value, "held")));
    json_decref(value);
    ck_assert(fixture_gate_opens(&fixture, "dave", "self"));

    submission.packages = names;
    submission.user = "nobody-here";
    ck_assert_int_eq(acts_submit(&fixture, "nobody-here", &submission, NULL), BUS_ERROR_NO_SUCH_USER);
}
END_TEST

START_TEST(test_without_approval)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "dave", "self", NULL, &value), 0);
    ck_assert_str_eq(acts_text(value, "state"), "fulfilled");
    ck_assert_str_eq(acts_text(value, "request_state"), "approved");
    ck_assert(json_is_true(json_object_get(value, "held")));
    json_decref(value);
    ck_assert(fixture_gate_opens(&fixture, "dave", "self"));
    ck_assert(fixture_in_group(&fixture, "dave", 34));
}
END_TEST

START_TEST(test_cancel)
{
    json_t *value = NULL;
    const int64_t id = acts_file(&fixture, "alice", "db-admins");
    ck_assert_int_eq(acts_cancel(&fixture, "dave", id, "", NULL), BUS_ERROR_NO_SUCH_REQUEST);
    ck_assert_int_eq(acts_cancel(&fixture, "alice", id, "not needed", &value), 0);
    ck_assert_str_eq(acts_text(value, "state"), "cancelled");
    ck_assert_str_eq(acts_text(value, "cancel_reason"), "not needed");
    json_decref(value);
    ck_assert_int_eq(acts_cancel(&fixture, "alice", id, "", NULL), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), BUS_ERROR_ALREADY_DECIDED);
}
END_TEST

/* Who withdraws too late holds it: they are told what gives it back. */
START_TEST(test_cancel_too_late)
{
    const int64_t id = acts_file(&fixture, "alice", "db-admins");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "", NULL), 0);
    ck_assert_int_eq(acts_cancel(&fixture, "alice", id, "", NULL), BUS_ERROR_ALREADY_DECIDED);
    ck_assert_ptr_nonnull(
        strstr(fixture_message, "To hand back what you hold of it: pkg-request return db-admins"));
}
END_TEST

int main(void)
{
    suite_case("submit", setup, fixture_teardown);
    suite_add(test_repeat, test_waits_for_others, test_refused_submissions, test_limit, test_pace,
              test_pace_after_a_wrong_clock, test_claims, test_gate, test_without_approval, test_cancel,
              test_cancel_too_late);
    return suite_run();
}
