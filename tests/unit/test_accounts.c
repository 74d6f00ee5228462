/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What accesspkgd keeps of the root service's verdicts on accounts: for how long, shared by whom, what a failure does. */
#include "helperd/bus/accounts.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <string.h>

enum { ASKED_MAX = 16 };

static struct asked {
    uid_t uid;
    char user[32];
    bus_privileged_judged done;
    void *data;
} asked[ASKED_MAX];
static size_t n_asked, n_answered;
static double read_at;
static int refuses;
static struct bus_accounts *accounts;

static int on_ask(uid_t uid, const char *user, bus_privileged_judged done, void *done_data, void *data)
{
    (void)data;
    ck_assert_uint_lt(n_asked, ASKED_MAX);
    asked[n_asked] = (struct asked){.uid = uid, .done = done, .data = done_data};
    snprintf(asked[n_asked].user, sizeof(asked[n_asked].user), "%s", user ? user : "");
    n_asked++;
    return refuses;
}

static double on_now(void *data)
{
    (void)data;
    return read_at;
}

static void on_answered(void *data)
{
    (void)data;
    n_answered++;
}

static void setup(void)
{
    const struct bus_accounts_hooks hooks = {on_ask, on_now, on_answered, NULL};
    n_asked = n_answered = 0;
    read_at = refuses = 0;
    accounts = bus_accounts_new(&hooks);
    ck_assert_ptr_nonnull(accounts);
}

static void teardown(void)
{
    bus_accounts_free(accounts);
}

static void answer(size_t question, enum account_state state, const char *name)
{
    char *const names[] = {(char *)name, NULL};
    const struct account_verdict verdict = {state, 0, name, *name ? names : names + 1};
    asked[question].done(0, &verdict, "", asked[question].data);
}

static void fail_question(size_t question, const char *why)
{
    asked[question].done(BUS_ERROR_UNAVAILABLE, NULL, why, asked[question].data);
}

/* "wait", "locked", or "?why" for what could not be found out. Of a call that began at `since`. */
static const char *get_since(uid_t uid, const char *user, const char *as, double since)
{
    static char text[128];
    struct account_facts account = {0};
    const struct bus_accounts_query query = {uid, user, as, since};
    const int r = bus_accounts_get(accounts, &query, &account);
    ck_assert(r == 0 || r == -EAGAIN);
    if (r < 0)
        return "wait";
    snprintf(text, sizeof(text), "%s%s", account.why ? "?" : account_state_identifier(account.state),
             account.why ? account.why : "");
    account_deinit(&account);
    return text;
}

static const char *get(uid_t uid, const char *user, const char *as)
{
    return get_since(uid, user, as, read_at);
}

/* From the question on, not from the answer: a lock counts after 30 s at the latest. */
START_TEST(test_kept)
{
    read_at = 100;
    ck_assert_str_eq(get(1002, NULL, "bob"), "wait");
    ck_assert_str_eq(get(1002, NULL, NULL), "wait"); /* who comes meanwhile waits for the same answer */
    ck_assert_uint_eq(n_asked, 1);
    read_at = 105;
    answer(0, ACCOUNT_OPEN, "bob");
    ck_assert_uint_eq(n_answered, 1);
    ck_assert_str_eq(get(1002, NULL, "bob"), "open");
    read_at = 129.9;
    ck_assert_str_eq(get(1002, NULL, "bob"), "open");
    ck_assert_uint_eq(n_asked, 1);
    read_at = 130;
    ck_assert_str_eq(get(1002, NULL, "bob"), "wait");
    ck_assert_uint_eq(n_asked, 2);
    answer(1, ACCOUNT_LOCKED, "bob");
    ck_assert_str_eq(get(1002, NULL, "bob"), "locked");
    ck_assert_str_eq(get(1003, NULL, NULL), "wait");
    ck_assert_str_eq(get(-1, "bob", NULL), "wait"); /* by name is another question */
    ck_assert_uint_eq(n_asked, 4);
}
END_TEST

/* A name that passwd does not have for the uid is asked about as well; the stricter of the two counts. */
START_TEST(test_name_of_a_directory)
{
    ck_assert_str_eq(get(5000, NULL, NULL), "wait");
    answer(0, ACCOUNT_ABSENT, "");
    ck_assert_str_eq(get(5000, NULL, NULL), "absent");
    ck_assert_str_eq(get(5000, NULL, "zoe"), "wait");
    ck_assert_str_eq(asked[1].user, "zoe");
    answer(1, ACCOUNT_EXPIRED, "zoe");
    ck_assert_str_eq(get(5000, NULL, "zoe"), "expired");

    ck_assert_str_eq(get(5001, NULL, "kim"), "wait");
    answer(2, ACCOUNT_LOCKED, "local");
    ck_assert_str_eq(get(5001, NULL, "kim"), "wait");
    answer(3, ACCOUNT_OPEN, "kim");
    ck_assert_str_eq(get(5001, NULL, "kim"), "locked");

    ck_assert_str_eq(get(5002, NULL, "leo"), "wait");
    answer(4, ACCOUNT_OPEN, "local");
    ck_assert_str_eq(get(5002, NULL, "leo"), "wait");
    fail_question(5, "no answer");
    ck_assert_str_eq(get_since(5002, NULL, "leo", -1), "?no answer");
}
END_TEST

/* It counts for those who waited for it, and is not kept. */
START_TEST(test_failure)
{
    read_at = 10;
    ck_assert_str_eq(get(1002, NULL, "bob"), "wait");
    read_at = 20;
    fail_question(0, "it did not answer in time");
    ck_assert_str_eq(get_since(1002, NULL, "bob", 10), "?it did not answer in time");
    ck_assert_str_eq(get_since(1002, NULL, "bob", 12), "?it did not answer in time");
    read_at = 21;
    ck_assert_str_eq(get(1002, NULL, "bob"), "wait");
    ck_assert_uint_eq(n_asked, 2);
    ck_assert_str_eq(bus_accounts_failure(accounts), "it did not answer in time");
    asked[1].done(-EBADMSG, NULL, "", asked[1].data);
    ck_assert_str_eq(get_since(1002, NULL, "bob", 21),
                     "?the root service gave an answer that cannot be read");
    read_at = 22;
    refuses = -ENOMEM;
    ck_assert_str_eq(get(1002, NULL, "bob"), "?the root service could not be asked");
    ck_assert_uint_eq(n_answered, 2);
    refuses = 0;
    read_at = 23;
    ck_assert_str_eq(get(1002, NULL, "bob"), "wait");
    answer(3, ACCOUNT_OPEN, "bob");
    ck_assert_str_eq(get(1002, NULL, "bob"), "open");
    ck_assert_ptr_null(bus_accounts_failure(accounts));
}
END_TEST

/* shadow changed: neither what is known counts, nor what was asked before. */
START_TEST(test_forgotten)
{
    ck_assert_str_eq(get(1002, NULL, "bob"), "wait");
    answer(0, ACCOUNT_OPEN, "bob");
    ck_assert_str_eq(get(1002, NULL, "bob"), "open");
    bus_accounts_forget(accounts);
    ck_assert_str_eq(get(1002, NULL, "bob"), "wait");
    bus_accounts_forget(accounts);
    ck_assert_str_eq(get(1002, NULL, "bob"), "wait");
    ck_assert_uint_eq(n_asked, 3);
    answer(1, ACCOUNT_OPEN, "bob"); /* of before the change */
    ck_assert_str_eq(get(1002, NULL, "bob"), "wait");
    answer(2, ACCOUNT_LOCKED, "bob");
    ck_assert_str_eq(get(1002, NULL, "bob"), "locked");
    ck_assert_uint_eq(n_answered, 3);
    ck_assert_uint_eq(n_asked, 3);
}
END_TEST

int main(void)
{
    suite_case("accounts", setup, teardown);
    suite_add(test_kept, test_name_of_a_directory, test_failure, test_forgotten);
    return suite_run();
}
