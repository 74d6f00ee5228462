/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real commands on a bus of the test's own, against a fake accesspkgd: what they ask, what they show, how they
 * end. What the real accesspkgd answers is the business of the other suites here.
 */
#include "cli/calls.h"
#include "cli/runner.h"
#include "tests/support/fake_manager.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* ---- the fake's answers ----------------------------------------------------------------------------------- */

/* What a method answers: values, or an error. `wants` is what its arguments must be; NULL: anything. */
struct script {
    const char *method;
    const char *wants;
    const char *signature;
    const char *values;
    enum bus_error error;
    const char *message;
};

#define ANSWERS(method_, wants_, signature_, values_)                                                        \
    {                                                                                                        \
        .method = (method_), .wants = (wants_), .signature = (signature_), .values = (values_)               \
    }
#define REFUSED(method_, wants_, error_, message_)                                                           \
    {                                                                                                        \
        .method = (method_), .wants = (wants_), .error = (error_), .message = (message_)                     \
    }

static const struct script *script;
static size_t script_length, calls;

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_DECODE_ANY, &error);

    ck_assert_msg(value != NULL, "%s: %s", text, error.text);
    return value;
}

static struct fake_reply play(const char *method, const json_t *arguments, void *data)
{
    const struct script *line = &script[calls++];

    (void)data;
    ck_assert_msg(calls <= script_length, "an unexpected call of %s", method);
    ck_assert_str_eq(method, line->method);
    if (line->wants) {
        json_t *wanted = parse(line->wants);

        ck_assert_msg(json_equal(wanted, arguments), "%s: %s", method, json_dumps(arguments, 0));
        json_decref(wanted);
    }
    if (line->error)
        return (struct fake_reply){.error = bus_error_name(line->error), .message = line->message};
    if (!line->signature)
        return (struct fake_reply){0};
    return (struct fake_reply){.signature = line->signature, .values = parse(line->values)};
}

static struct fake_manager fake;
static struct fake_run result;

static void run_somewhere(enum fake_where where, const char *typed, const struct script *lines,
                          size_t n_lines, const char *const words[])
{
    script = lines;
    script_length = n_lines;
    calls = 0;
    fake_run_free(&result);
    fake_manager_run(&fake, words, where, typed, &result);
    ck_assert_uint_eq(calls, n_lines);
}

#define WORDS(...)        ((const char *const[]){__VA_ARGS__, NULL})
#define RUN(lines, ...)   run_somewhere(FAKE_PIPES, NULL, lines, LENGTH(lines), WORDS(__VA_ARGS__))
#define RUN_UNASKED(...)  run_somewhere(FAKE_PIPES, NULL, NULL, 0, WORDS(__VA_ARGS__))
#define SHOWS(text, what) ck_assert_msg(strstr(text, what) != NULL, "no '%s' in:\n%s", what, text)

static void start(void)
{
    setenv("TZ", "UTC0", 1);
    unsetenv("LC_ALL");
    unsetenv("LANG");
    fake_manager_start(&fake, true, play, NULL);
}

static void start_empty(void)
{
    setenv("TZ", "UTC0", 1);
    fake_manager_start(&fake, false, play, NULL);
}

static void stop(void)
{
    fake_run_free(&result);
    fake_manager_stop(&fake);
}

/* ---- lists ------------------------------------------------------------------------------------------------ */

#define PENDING                                                                                              \
    "{\"id\": 12, \"user\": \"alice\", \"uid\": 1001, \"package\": \"db-admins\", \"state\": "               \
    "\"pending-approval\", \"request_state\": \"pending-approval\", \"justification\": \"INC-4711, disk "    \
    "full\", \"submitted\": 1763935940, \"expires\": 1764022340, \"groups\": [\"dbadmins\", \"backup\"], "   \
    "\"approvers\": [\"bob\", \"%dba-leads\"]}"
#define UNREASONED                                                                                           \
    "{\"id\": 7, \"user\": \"dave\", \"package\": \"web\", \"state\": \"fulfilled\", \"no_reason_given\": "  \
    "true, \"submitted\": 1763935940, \"assignment_end\": 1763950340}"

START_TEST(a_bare_call_lists_what_waits)
{
    static const struct script lines[] = {
        ANSWERS("ListRequests", "[{\"role\": \"approver\", \"limit\": 500}]", "aa{sv}b",
                "[[" PENDING "," UNREASONED "], false]"),
    };

    RUN(lines, "pkg-approve");
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(result.err, "");
    ck_assert_str_eq(
        result.out,
        "ID USER  PACKAGE   STATE            REASON              SUBMITTED                 EXPIRES\n"
        "12 alice db-admins Pending approval INC-4711, disk full 2025-11-23T22:12:20+00:00 "
        "2025-11-24T22:12:20+00:00\n"
        " 7 dave  web       Fulfilled        (no reason given)   2025-11-23T22:12:20+00:00 "
        "2025-11-24T02:12:20+00:00\n");
}
END_TEST

START_TEST(each_list_has_its_role_and_its_empty_word)
{
    static const struct {
        const char *program, *command, *wants, *says;
    } lists[] = {
        {"pkg-approve", "list", "[{\"role\": \"approver\", \"limit\": 3}]", "Nothing waits for you.\n"},
        {"pkg-approve", "history", "[{\"role\": \"decided\", \"limit\": 3}]", "has been decided yet"},
        {"pkg-request", "list", "[{\"role\": \"requestor\", \"limit\": 3}]", "You have made no request."},
    };
    struct script line = {"ListRequests", lists[_i].wants, "aa{sv}b", "[[], false]", 0, NULL};

    run_somewhere(FAKE_PIPES, NULL, &line, 1, WORDS(lists[_i].program, lists[_i].command, "-n", "3"));
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(result.out, "");
    SHOWS(result.err, lists[_i].says);
    run_somewhere(FAKE_PIPES, NULL, &line, 1, WORDS(lists[_i].program, lists[_i].command, "-n3", "--json"));
    ck_assert_str_eq(result.out, "[]\n");
    ck_assert_str_eq(result.err, "");
}
END_TEST

/* A page of 500 below `before`, of 10,000 in all. */
static struct fake_reply page(const char *method, const json_t *arguments, void *data)
{
    const json_t *filter = json_array_get(arguments, 0);
    int64_t before = member_integer(filter, "before"), limit = member_integer(filter, "limit");
    json_t *requests = json_array();

    (void)data;
    ck_assert_str_eq(method, "ListRequests");
    calls++;
    for (int64_t id = (before ? before : 10001) - 1; id > 0 && (int64_t)json_array_size(requests) < limit;
         id--)
        json_array_append_new(
            requests, json_pack("{s:I, s:s, s:s}", "id", (json_int_t)id, "user", "alice", "state", "denied"));
    int64_t last = member_integer(json_array_get(requests, json_array_size(requests) - 1), "id");
    return (struct fake_reply){.signature = "aa{sv}b", .values = json_pack("[o, b]", requests, last > 1)};
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;

    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

START_TEST(ten_thousand_requests_come_in_pages)
{
    json_t *all;

    fake.answer = page;
    fake_manager_run(&fake, WORDS("pkg-approve", "history"), FAKE_PIPES, NULL, &result);
    ck_assert_int_eq(result.code, 0);
    ck_assert_uint_eq(lines_of(result.out), 10001);
    ck_assert_uint_eq(calls, 20);
    fake_run_free(&result);
    fake_manager_run(&fake, WORDS("pkg-approve", "history", "--json"), FAKE_PIPES, NULL, &result);
    all = parse(result.out);
    ck_assert_uint_eq(json_array_size(all), 10000);
    json_decref(all);
    fake_run_free(&result);
    calls = 0;
    fake_manager_run(&fake, WORDS("pkg-approve", "history", "--limit", "501"), FAKE_PIPES, NULL, &result);
    ck_assert_uint_eq(lines_of(result.out), 502);
    ck_assert_uint_eq(calls, 2);
}
END_TEST

START_TEST(a_list_that_does_not_get_on_ends)
{
    static const struct script lines[] = {
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[{\"id\": 5}], true]"),
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[{\"id\": 5}], true]"),
    };
    static const struct script nothing[] = {ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], true]")};

    RUN(lines, "pkg-approve");
    RUN(nothing, "pkg-approve");
}
END_TEST

START_TEST(packages_say_what_one_may_do)
{
    static const struct script lines[] = {
        ANSWERS(
            "ListPackages", "[]", "aa{sv}",
            "[[{\"name\": \"db\", \"description\": \"Databases\", \"groups\": [\"a\", \"b\"], \"approvers\": "
            "[\"bob\"],"
            " \"approval\": true, \"duration\": 3600, \"max_duration\": 14400, \"may_request\": true},"
            " {\"name\": \"web\", \"groups\": [\"w\"], \"approval\": false, \"duration\": 3600, "
            "\"may_request\": true,"
            " \"state\": \"fulfilled\", \"assignment_end\": 1763950340},"
            " {\"name\": \"x\", \"groups\": [], \"approval\": true, \"may_request\": false}]]"),
    };

    RUN(lines, "pkg-request", "packages");
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(
        result.out,
        "PACKAGE DESCRIPTION GROUPS APPROVERS          AT MOST YOURS\n"
        "db      Databases   a, b   bob                4 h     may be requested\n"
        "web     -           w      no approval needed 1 h     Fulfilled (ends 2025-11-24T02:12:20+00:00)\n"
        "x       -           -      -                  -       not open to you\n");
}
END_TEST

/* ---- one request ------------------------------------------------------------------------------------------ */

#define WHOLE                                                                                                \
    "[{\"id\": 12, \"state\": \"fulfilled\", \"request_state\": \"approved\", \"user\": \"alice\", "         \
    "\"uid\": 1001,"                                                                                         \
    " \"full_name\": \"Alice Adams\", \"organisation\": \"Payments\", \"package\": \"db-admins\","           \
    " \"description\": \"Production databases\", \"groups\": [\"dbadmins\", \"backup\"],"                    \
    " \"justification\": \"disk full\\nState: Denied\", \"service\": \"sshd\", \"host\": \"desk7\","         \
    " \"address\": \"10.0.0.7\", \"tty\": \"ssh\", \"origin\": \"verified\", \"submitted\": 1763935940,"     \
    " \"duration\": 14400, \"start\": 1763936000, \"expires\": 1764022340, \"stage\": 1, \"stages\": 2,"     \
    " \"quorum\": 2, \"approvers\": [\"bob\", \"%dba-leads\"], \"decisions\": [{\"stage\": 1, \"decider\": " \
    "\"bob\","                                                                                               \
    " \"verdict\": \"approved\", \"reason\": \"go\\nahead\", \"at\": 1763936100}], \"ended\": 1763936100,"   \
    " \"cancel_reason\": \"never mind\", \"assignment\": 3, \"assignment_start\": 1763936100,"               \
    " \"assignment_end\": 1763950500, \"problems\": [\"backup: no such group\"]}]"

START_TEST(show_has_all_that_an_approver_decides_on)
{
    static const struct script lines[] = {ANSWERS("GetRequest", "[12]", "a{sv}", WHOLE)};
    static const char *const labelled[] = {
        "Request:        12\n",
        "State:          Fulfilled (the request: Approved)\n",
        "Not in place:   backup: no such group\n",
        "User:           alice (uid 1001)\n",
        "Full name:      Alice Adams\n",
        "Organisation:   Payments\n",
        "Package:        db-admins\n",
        "Description:    Production databases\n",
        "Groups:         dbadmins, backup\n",
        "Justification:  disk full\n                State: Denied\n",
        "Service:        sshd\n",
        "Host:           desk7\n",
        "Address:        10.0.0.7\n",
        "Terminal:       ssh\n",
        "Origin:         verified: ",
        "Duration:       4 h\n",
        "Start:          Sun 2025-11-23 22:13 UTC (",
        "Submitted:      Sun 2025-11-23 22:12 UTC (",
        "Expires:        Mon 2025-11-24 22:12 UTC (",
        "Stage:          1 of 2, needs 2 approvals\n",
        "Approvers:      bob, %dba-leads\n",
        "Decisions:      approved by bob, Sun 2025-11-23 22:15 UTC (",
        "): go\\x0aahead\n",
        "Ended:          Sun 2025-11-23 22:15 UTC (",
        "Cancelled with: never mind\n",
        "Assignment:     3\n",
        "Access from:    Sun 2025-11-23 22:15 UTC (",
        "Access until:   Mon 2025-11-24 02:15 UTC (",
    };

    RUN(lines, "pkg-approve", "show", "12");
    ck_assert_int_eq(result.code, 0);
    for (size_t i = 0; i < LENGTH(labelled); i++)
        SHOWS(result.out, labelled[i]);
    RUN(lines, "pkg-request", "status", "12");
    for (size_t i = 0; i < LENGTH(labelled); i++)
        SHOWS(result.out, labelled[i]);
}
END_TEST

START_TEST(show_tells_claims_and_missing_reasons_apart)
{
    static const struct script claimed[] = {ANSWERS(
        "GetRequest", NULL, "a{sv}", "[{\"id\": 1, \"service\": \"sshd\", \"origin\": \"claimed\"}]")};
    static const struct script gate[] = {
        ANSWERS("GetRequest", NULL, "a{sv}", "[{\"id\": 1, \"no_reason_given\": true}]")};

    RUN(claimed, "pkg-approve", "show", "1");
    SHOWS(result.out, "Origin:        not verified: the user's own program said so\n");
    SHOWS(result.out, "Justification: (none given)\n");
    RUN(gate, "pkg-approve", "show", "1");
    SHOWS(result.out, "(no reason given at the gate");
}
END_TEST

START_TEST(json_has_the_names_of_the_bus)
{
    static const struct script lines[] = {ANSWERS("GetRequest", "[12]", "a{sv}", WHOLE)};
    json_t *whole = parse(WHOLE), *wanted = json_array_get(whole, 0), *got;

    RUN(lines, "pkg-approve", "show", "12", "--json");
    got = parse(result.out);
    json_object_set_new(wanted, "submitted", json_string("2025-11-23T22:12:20+00:00"));
    json_object_set_new(wanted, "start", json_string("2025-11-23T22:13:20+00:00"));
    json_object_set_new(wanted, "expires", json_string("2025-11-24T22:12:20+00:00"));
    json_object_set_new(wanted, "ended", json_string("2025-11-23T22:15:00+00:00"));
    json_object_set_new(wanted, "assignment_start", json_string("2025-11-23T22:15:00+00:00"));
    json_object_set_new(wanted, "assignment_end", json_string("2025-11-24T02:15:00+00:00"));
    json_object_set_new(json_array_get(json_object_get(wanted, "decisions"), 0), "at",
                        json_string("2025-11-23T22:15:00+00:00"));
    ck_assert_msg(json_equal(got, wanted), "%s", result.out);
    json_decref(got);
    json_decref(whole);
}
END_TEST

/* ---- rule 10 ---------------------------------------------------------------------------------------------- */

#define HOSTILE "\\u001b[2J\\u001b]0;x\\u0007\\r\\n\\u007f\\u009b2J\\u2028\\u202e"

/* The object with every text replaced, and the numbers left alone. */
static json_t *poison(json_t *value)
{
    const char *key;
    size_t i;
    json_t *item, *copy;

    if (json_is_object(value)) {
        copy = json_object();
        json_object_foreach(value, key, item)
        {
            json_object_set_new(copy, key, poison(item));
        }
        return copy;
    }
    if (json_is_array(value)) {
        copy = json_array();
        json_array_foreach(value, i, item)
        {
            json_array_append_new(copy, poison(item));
        }
        return copy;
    }
    return json_is_string(value) ? parse("\"" HOSTILE "\"") : json_incref(value);
}

static void harmless(const char *text)
{
    static const char *const bad[] = {"\x1b[2J", "\x1b]", "\x07", "\x7f", "\xc2\x9b", "\u2028", "\u202e"};

    for (size_t i = 0; i < LENGTH(bad); i++)
        ck_assert_msg(strstr(text, bad[i]) == NULL, "%zu in %s", i, text);
}

START_TEST(no_member_controls_a_terminal)
{
    static const struct {
        const char *words[4];
        const char *method, *signature, *shape;
    } shown[] = {
        {{"pkg-approve", "list"}, "ListRequests", "aa{sv}b", "[%s, false]"},
        {{"pkg-approve", "show", "1"}, "GetRequest", "a{sv}", NULL},
        {{"pkg-approve", "approve", "1"}, "Approve", "a{sv}", NULL},
        {{"pkg-request", "submit", "db"}, "Submit", "a{sv}", NULL},
        {{"pkg-request", "cancel", "1"}, "Cancel", "a{sv}", NULL},
        {{"pkg-request", "packages"}, "ListPackages", "aa{sv}", "[%s]"},
        {{"pkg-admin", "status"}, "GetStatus", "a{sv}", NULL},
    };
    json_t *object = parse(WHOLE), *bad = poison(object);

    json_object_set_new(json_array_get(bad, 0), "warnings", parse("[\"" HOSTILE "\"]"));
    char *text = json_dumps(bad, 0), values[8192];
    snprintf(values, sizeof(values), shown[_i].shape ? "[%s%s]" : "%s%s", text,
             shown[_i].shape && strstr(shown[_i].shape, "false") ? ", false" : "");
    struct script line = {shown[_i].method, NULL, shown[_i].signature, values, 0, NULL};

    for (enum fake_where where = FAKE_PIPES; where <= FAKE_TERMINAL; where++) {
        run_somewhere(where, NULL, &line, 1, shown[_i].words);
        harmless(result.out);
        harmless(result.err ? result.err : "");
    }
    free(text);
    json_decref(object);
    json_decref(bad);
}
END_TEST

START_TEST(no_error_controls_a_terminal)
{
    static const struct script lines[] = {
        REFUSED("GetRequest", NULL, BUS_ERROR_NO_SUCH_REQUEST, "first \x1b[2J\x07\nsecond \u202e")};

    RUN(lines, "pkg-approve", "show", "1");
    ck_assert_int_eq(result.code, 1);
    ck_assert_str_eq(result.err, "pkg-approve: first \\x1b[2J\\x07\nsecond \\xe2\\x80\\xae\n");
}
END_TEST

/* ---- deciding --------------------------------------------------------------------------------------------- */

#define HELD                                                                                                 \
    "[{\"id\": 12, \"state\": \"fulfilled\", \"user\": \"alice\", \"package\": \"db-admins\", \"groups\": "  \
    "[\"dbadmins\"], \"assignment_end\": 1763950340}]"

START_TEST(approve_says_what_is_held)
{
    static const struct script lines[] = {ANSWERS("Approve", "[12, {\"reason\": \"go\"}]", "a{sv}", HELD)};
    static const struct script silent[] = {ANSWERS("Approve", "[12, {}]", "a{sv}", HELD)};

    RUN(lines, "pkg-approve", "approve", "12", "-m", "go");
    ck_assert_int_eq(result.code, 0);
    ck_assert_ptr_eq(strstr(result.out, "Request 12 is approved: alice holds db-admins (dbadmins) until Mon "
                                        "2025-11-24 02:12 UTC ("),
                     result.out);
    RUN(silent, "pkg-approve", "approve", "12");
    ck_assert_int_eq(result.code, 0);
}
END_TEST

START_TEST(approve_is_honest_about_the_rest)
{
    static const struct script partly[] = {
        ANSWERS("Approve", NULL, "a{sv}",
                "[{\"id\": 2, \"state\": \"partially-fulfilled\", \"user\": "
                "\"alice\", \"package\": \"db\", \"problems\": "
                "[\"backup: no such group\"]}]")};
    static const struct script more[] = {
        ANSWERS("Approve", NULL, "a{sv}",
                "[{\"id\": 2, \"state\": \"pending-approval\", \"approvers\": [\"carol\"]}]")};
    static const struct script later[] = {
        ANSWERS("Approve", NULL, "a{sv}", "[{\"id\": 2, \"state\": \"approved\", \"start\": 1763950340}]")};

    RUN(partly, "pkg-approve", "approve", "2");
    SHOWS(result.out, "does not hold all of db () yet: backup: no such group. It is tried again.");
    RUN(more, "pkg-approve", "approve", "2");
    SHOWS(result.out, "is recorded. It still waits for: carol.");
    RUN(later, "pkg-approve", "approve", "2");
    SHOWS(result.out, "is recorded. It is now: Approved, from Mon 2025-11-24 02:12 UTC");
}
END_TEST

START_TEST(of_several_the_worst_counts)
{
    static const struct script lines[] = {
        REFUSED("Approve", "[11, {}]", BUS_ERROR_NOT_AUTHORIZED, "You are no approver of request 11."),
        ANSWERS("Approve", "[12, {}]", "a{sv}", HELD),
        REFUSED("Approve", "[13, {}]", BUS_ERROR_ALREADY_DECIDED, "bob approved it 2 min ago."),
    };

    RUN(lines, "pkg-approve", "approve", "11", "12", "13");
    ck_assert_int_eq(result.code, EX_NOPERM);
    SHOWS(result.err, "pkg-approve: request 11: You are no approver of request 11.\n");
    SHOWS(result.err, "pkg-approve: request 13: bob approved it 2 min ago.\n");
    SHOWS(result.out, "Request 12 is approved");
    RUN(lines, "pkg-approve", "approve", "--json", "11", "12", "13");
    ck_assert_int_eq(result.code, EX_NOPERM);
    json_t *all = parse(result.out);
    ck_assert_str_eq(member_text(json_array_get(all, 0), "error"), "NotAuthorized");
    ck_assert_int_eq(member_integer(json_array_get(all, 0), "id"), 11);
    ck_assert_str_eq(member_text(json_array_get(all, 1), "state"), "fulfilled");
    ck_assert_str_eq(member_text(json_array_get(all, 2), "message"), "bob approved it 2 min ago.");
    json_decref(all);
}
END_TEST

START_TEST(a_daemon_that_does_not_answer_ends_the_row)
{
    static const struct script lines[] = {
        REFUSED("Deny", "[1, \"no\"]", BUS_ERROR_UNAVAILABLE, "The directory does not answer.")};

    RUN(lines, "pkg-approve", "deny", "1", "2", "-m", "no");
    ck_assert_int_eq(result.code, EX_UNAVAILABLE);
    SHOWS(result.err, "request 2 was not tried");
}
END_TEST

START_TEST(deny_needs_a_reason)
{
    static const struct script lines[] = {ANSWERS("Deny", "[3, \"not today\"]", "a{sv}",
                                                  "[{\"id\": 3, \"user\": \"alice\", \"package\": \"db\"}]")};

    RUN_UNASKED("pkg-approve", "deny", "3");
    ck_assert_int_eq(result.code, EX_USAGE);
    SHOWS(result.err, "needs a reason");
    RUN_UNASKED("pkg-approve", "deny", "3", "-m", " \t");
    ck_assert_int_eq(result.code, EX_USAGE);
    RUN(lines, "pkg-approve", "deny", "3", "-m", "not today");
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(result.out, "Request 3 is denied: alice does not get db.\n");
    run_somewhere(FAKE_TERMINAL, "not today\n", lines, 1, WORDS("pkg-approve", "deny", "3"));
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "Reason: not today");
    run_somewhere(FAKE_TERMINAL, "\n", NULL, 0, WORDS("pkg-approve", "deny", "3"));
    ck_assert_int_eq(result.code, EX_USAGE);
    run_somewhere(FAKE_TERMINAL, "\xff\n", NULL, 0, WORDS("pkg-approve", "deny", "3"));
    ck_assert_int_eq(result.code, EX_USAGE);
    run_somewhere(FAKE_TERMINAL, "\x04", NULL, 0, WORDS("pkg-approve", "deny", "3"));
    ck_assert_int_eq(result.code, EX_USAGE);
}
END_TEST

/* ---- asking ----------------------------------------------------------------------------------------------- */

START_TEST(submit_says_who_decides)
{
    static const struct script lines[] = {
        ANSWERS("Submit",
                "[\"\", [\"db-admins\"], {\"service\": \"pkg-request\", \"justification\": \"disk\", "
                "\"duration\": "
                "7200}]",
                "a{sv}", "[" PENDING "]"),
    };

    RUN(lines, "pkg-request", "submit", "db-admins", "-m", "disk", "--duration=2h");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "Request 12 for db-admins is filed. It waits for: bob, %dba-leads.\n");
    SHOWS(result.out, "See: pkg-request status 12\n");
}
END_TEST

START_TEST(submit_names_its_terminal)
{
    static const struct script lines[] = {ANSWERS("Submit", NULL, "a{sv}", HELD)};

    run_somewhere(FAKE_TERMINAL, NULL, lines, 1, WORDS("pkg-request", "submit", "db-admins"));
    SHOWS(result.out, "You hold db-admins until ");
}
END_TEST

START_TEST(submit_tells_what_is_open_already)
{
    static const struct script open[] = {
        ANSWERS("Submit", NULL, "a{sv}",
                "[{\"id\": 4, \"package\": \"db\", \"state\": \"pending-approval\", \"existing\": true}]")};
    static const struct script held[] = {
        ANSWERS("Submit", NULL, "a{sv}",
                "[{\"id\": 4, \"package\": \"db\", \"state\": \"partially-fulfilled\", \"held\": true}]")};
    static const struct script approved[] = {
        ANSWERS("Submit", NULL, "a{sv}", "[{\"id\": 4, \"package\": \"db\", \"state\": \"approved\"}]")};
    static const struct script refused[] = {
        REFUSED("Submit", NULL, BUS_ERROR_POLICY_REFUSED, "db asks for a justification. Add -m TEXT.")};

    RUN(open, "pkg-request", "submit", "db");
    SHOWS(result.out, "Request 4 for db is open already.");
    RUN(held, "pkg-request", "submit", "db");
    SHOWS(result.out, "You hold db until it is taken back.");
    RUN(approved, "pkg-request", "submit", "db");
    SHOWS(result.out, "Request 4 for db: Approved.");
    RUN(refused, "pkg-request", "submit", "db");
    ck_assert_int_eq(result.code, 1);
    ck_assert_str_eq(result.err, "pkg-request: db asks for a justification. Add -m TEXT.\n");
}
END_TEST

START_TEST(cancel_takes_several)
{
    static const struct script lines[] = {
        ANSWERS("Cancel", "[1, \"\"]", "a{sv}", "[{\"id\": 1, \"package\": \"db\"}]"),
        REFUSED("Cancel", "[2, \"\"]", BUS_ERROR_NO_SUCH_REQUEST, "There is no request 2 of yours."),
    };

    RUN(lines, "pkg-request", "cancel", "1", "2");
    ck_assert_int_eq(result.code, 1);
    ck_assert_str_eq(result.out, "Request 1 for db is cancelled.\n");
}
END_TEST

/* ---- administration --------------------------------------------------------------------------------------- */

START_TEST(status_is_one_screen)
{
    static const struct script lines[] = {
        ANSWERS("GetStatus", "[]", "a{sv}",
                "[{\"version\": \"0.1.0\", \"host\": \"db7\", \"started\": 1763935940, \"packages\": 3, "
                "\"warnings\": [\"a: b\","
                " \"c: d\"], \"pending\": 0, \"live_assignments\": 2, \"next_deadline\": 1763950340}]")};

    RUN(lines, "pkg-admin");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out,
          "Version:          0.1.0\nHost:             db7\nRunning since:    Sun 2025-11-23 22:12 UTC (");
    SHOWS(result.out, "Warnings:         a: b\n                  c: d\nWaiting requests: 0\n");
    RUN(lines, "pkg-admin", "status", "--json");
    SHOWS(result.out, "\"started\": \"2025-11-23T22:12:20+00:00\"");
}
END_TEST

/* As nobody: as root it would write the allow-list of whatever root this suite runs in. */
START_TEST(reload_is_for_root)
{
    run_somewhere(FAKE_NOBODY, NULL, NULL, 0, WORDS("pkg-admin", "reload"));
    ck_assert_int_eq(result.code, EX_NOPERM);
    SHOWS(result.err, "sudo pkg-admin reload");
}
END_TEST

/* The cases below run the real accesspkgd as root and write below /etc and /var: only in a private root. */
#define PACKAGES_D "/etc/accesspkg/packages.d"

static void write_package(const char *groups)
{
    FILE *file;

    mkdir("/etc/accesspkg", 0755);
    mkdir(PACKAGES_D, 0755);
    file = fopen(PACKAGES_D "/web.conf", "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "[package]\n%s\n[policy]\napprovers = bob\n", groups);
    fclose(file);
}

START_TEST(reload_writes_the_list_then_tells)
{
    static const struct script lines[] = {ANSWERS("Reload", "[]", "as", "[[\"a \\u001b warning\"]]"),
                                          ANSWERS("GetStatus", "[]", "a{sv}", "[{\"packages\": 1}]")};
    static const struct script refused[] = {
        REFUSED("Reload", "[]", BUS_ERROR_INVALID_CONFIGURATION, "web.conf: one\nweb.conf: two")};

    write_package("groups = dbadmins");
    RUN(lines, "pkg-admin", "reload");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "Policy reloaded: 1 package\n");
    SHOWS(result.err, "warning: a \\x1b warning\n");
    ck_assert_int_eq(access("/var/lib/accesspkg/allow/gid-2001", F_OK), 0);
    run_somewhere(FAKE_PIPES, NULL, lines, 1, WORDS("pkg-admin", "reload", "--json"));
    ck_assert_str_eq(result.out, "[\n  \"a \\u001B warning\"\n]\n");
    RUN(refused, "pkg-admin", "reload");
    ck_assert_int_eq(result.code, EX_CONFIG);
    SHOWS(result.err, "the running policy stays:\npkg-admin: web.conf: one\nweb.conf: two\n");
}
END_TEST

START_TEST(a_bad_configuration_tells_nobody)
{
    write_package("nonsense = 1");
    RUN_UNASKED("pkg-admin", "reload");
    ck_assert_int_eq(result.code, EX_CONFIG);
    RUN_UNASKED("pkg-admin", "check-config");
    ck_assert_int_eq(result.code, EX_CONFIG);
    write_package("groups = dbadmins");
    RUN_UNASKED("pkg-admin", "check-config");
    ck_assert_int_eq(result.code, 0);
    RUN_UNASKED("pkg-admin", "check-config", "--json");
    ck_assert_int_eq(result.code, EX_USAGE);
}
END_TEST

START_TEST(reload_without_a_daemon_says_when_it_counts)
{
    write_package("groups = dbadmins");
    RUN_UNASKED("pkg-admin", "reload");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.err, "takes effect when it starts");
    RUN_UNASKED("pkg-admin", "reload", "--json");
    ck_assert_str_eq(result.out, "[]\n");
    setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
    RUN_UNASKED("pkg-admin", "reload");
    ck_assert_int_eq(result.code, EX_UNAVAILABLE);
    SHOWS(result.err, "the allow-list is written, but accesspkgd could not be told");
}
END_TEST

/* ---- a bus that fails ------------------------------------------------------------------------------------- */

START_TEST(every_error_has_its_exit_code)
{
    struct script line = {"GetRequest", NULL, NULL, NULL, (enum bus_error)_i, "It did not work."};

    run_somewhere(FAKE_PIPES, NULL, &line, 1, WORDS("pkg-approve", "show", "1"));
    ck_assert_int_eq(result.code, bus_error_exit_code((enum bus_error)_i));
    ck_assert_str_eq(result.err, "pkg-approve: It did not work.\n");
    ck_assert_str_eq(result.out, "");
}
END_TEST

static struct fake_reply fail_with(const char *method, const json_t *arguments, void *data)
{
    (void)method;
    (void)arguments;
    return (struct fake_reply){.error = data, .message = "detail \x1b[2J"};
}

START_TEST(failures_of_the_bus_say_what_to_do)
{
    static const struct {
        const char *name, *says;
        int code;
    } failures[] = {
        {DBUS_ERROR_ACCESS_DENIED, "bus policy", EX_NOPERM},
        {DBUS_ERROR_NO_REPLY, "whether it was done is not known", EX_UNAVAILABLE},
        {DBUS_ERROR_UNKNOWN_METHOD, "of another version", EX_UNAVAILABLE},
        {DBUS_ERROR_SPAWN_EXEC_FAILED, "systemctl status accesspkgd", EX_UNAVAILABLE},
        {"org.accesspkg1.Error.Unheard", "systemctl status accesspkgd", EX_UNAVAILABLE},
    };

    fake.answer = fail_with;
    fake.data = (char *)failures[_i].name;
    fake_manager_run(&fake, WORDS("pkg-approve", "list"), FAKE_PIPES, NULL, &result);
    ck_assert_int_eq(result.code, failures[_i].code);
    SHOWS(result.err, failures[_i].says);
    SHOWS(result.err, "(detail \\x1b[2J)");
}
END_TEST

START_TEST(answers_of_other_types_are_refused)
{
    static const struct script lines[] = {ANSWERS("GetRequest", NULL, "s", "[\"text\"]")};
    static const struct script list[] = {ANSWERS("ListRequests", NULL, "", "[]")};

    RUN(lines, "pkg-approve", "show", "1");
    ck_assert_int_eq(result.code, EX_UNAVAILABLE);
    SHOWS(result.err, "of another version");
    RUN(list, "pkg-approve", "list");
    ck_assert_int_eq(result.code, EX_UNAVAILABLE);
}
END_TEST

START_TEST(no_daemon)
{
    RUN_UNASKED("pkg-approve", "approve", "1", "2");
    ck_assert_int_eq(result.code, EX_UNAVAILABLE);
    SHOWS(result.err, "request 1: accesspkgd does not run");
    SHOWS(result.err, "systemctl status accesspkgd");
    SHOWS(result.err, "request 2 was not tried");
}
END_TEST

START_TEST(no_bus)
{
    setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
    RUN_UNASKED("pkg-request");
    ck_assert_int_eq(result.code, EX_UNAVAILABLE);
    SHOWS(result.err, "pkg-request: the system bus cannot be reached");
}
END_TEST

static int call_once(struct invocation *invocation)
{
    struct client_error error;
    json_t *value = NULL;

    if (calls_call(invocation, "GetStatus", "", NULL, JSON_OBJECT, &value, &error) < 0)
        return calls_report(invocation, &error);
    return 0;
}

/* Runs the program above, whose deadline is short, and returns its wait status and what it said. */
static int run_with_deadline(char *ret_said, size_t size)
{
    static const struct command commands[] = {{"call", "", 0, 0, 0, call_once, "calls"}, {0}};
    static const struct program program = {"prog", "waits", commands, 1};
    char *argv[] = {(char *)"prog", NULL};
    int ends[2], status;
    pid_t pid;

    ck_assert_int_eq(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        sigset_t all;

        dup2(ends[1], STDERR_FILENO);
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        _exit(runner_main(&program, 1, argv));
    }
    close(ends[1]);
    ssize_t length = read(ends[0], ret_said, size - 1);
    ret_said[length > 0 ? length : 0] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

/* FIELD: a bus that accepts and never answers held libdbus for over a minute. */
START_TEST(a_mute_bus_meets_the_deadline)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char variable[128], said[512];
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), status;

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/mute", fake.folder);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    snprintf(variable, sizeof(variable), "unix:path=%s", address.sun_path);
    setenv("DBUS_SYSTEM_BUS_ADDRESS", variable, 1);
    status = run_with_deadline(said, sizeof(said));
    unlink(address.sun_path);
    close(listener);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), EX_UNAVAILABLE);
    SHOWS(said, "no answer came over the system bus within 1 s");
}
END_TEST

/* The name is owned, but nobody serves it here. */
START_TEST(a_mute_daemon_meets_the_deadline)
{
    char said[512];
    int status = run_with_deadline(said, sizeof(said));

    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), EX_UNAVAILABLE);
    SHOWS(said, "Whether it was done is not known");
}
END_TEST

/* ---- descriptors ------------------------------------------------------------------------------------------ */

START_TEST(an_output_that_is_lost_is_an_error)
{
    static const struct script lines[] = {ANSWERS("GetRequest", NULL, "a{sv}", WHOLE)};

    run_somewhere(FAKE_FULL_STDOUT, NULL, lines, 1, WORDS("pkg-approve", "show", "1"));
    ck_assert_int_eq(result.code, EX_IOERR);
    SHOWS(result.err, "No space left");
    run_somewhere(FAKE_FULL_STDOUT, NULL, lines, 1, WORDS("pkg-approve", "show", "1", "--json"));
    ck_assert_int_eq(result.code, EX_IOERR);
    run_somewhere(FAKE_FULL_STDOUT, NULL, NULL, 0, WORDS("pkg-approve", "--help"));
    ck_assert_int_eq(result.code, EX_IOERR);
    run_somewhere(FAKE_CLOSED_STDOUT, NULL, lines, 1, WORDS("pkg-approve", "show", "1"));
    ck_assert_int_eq(result.code, EX_IOERR);
}
END_TEST

START_TEST(bad_text_never_reaches_the_bus)
{
    RUN_UNASKED("pkg-request", "submit", "db", "-m", "\xff");
    ck_assert_int_eq(result.code, EX_USAGE);
    RUN_UNASKED("pkg-request", "submit", "\xc0\x80");
    ck_assert_int_eq(result.code, EX_USAGE);
    RUN_UNASKED("pkg-approve", "show", "../x");
    ck_assert_int_eq(result.code, EX_USAGE);
}
END_TEST

static TCase *tcase_with(Suite *suite, const char *name, SFun setup)
{
    TCase *tests = tcase_create(name);

    tcase_add_checked_fixture(tests, setup, stop);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    return tests;
}

static void add_shown(TCase *tests)
{
    tcase_add_test(tests, a_bare_call_lists_what_waits);
    tcase_add_loop_test(tests, each_list_has_its_role_and_its_empty_word, 0, 3);
    tcase_add_test(tests, ten_thousand_requests_come_in_pages);
    tcase_add_test(tests, a_list_that_does_not_get_on_ends);
    tcase_add_test(tests, packages_say_what_one_may_do);
    tcase_add_test(tests, show_has_all_that_an_approver_decides_on);
    tcase_add_test(tests, show_tells_claims_and_missing_reasons_apart);
    tcase_add_test(tests, json_has_the_names_of_the_bus);
    tcase_add_loop_test(tests, no_member_controls_a_terminal, 0, 7);
    tcase_add_test(tests, no_error_controls_a_terminal);
}

static void add_done(TCase *tests)
{
    tcase_add_test(tests, approve_says_what_is_held);
    tcase_add_test(tests, approve_is_honest_about_the_rest);
    tcase_add_test(tests, of_several_the_worst_counts);
    tcase_add_test(tests, a_daemon_that_does_not_answer_ends_the_row);
    tcase_add_test(tests, deny_needs_a_reason);
    tcase_add_test(tests, submit_says_who_decides);
    tcase_add_test(tests, submit_names_its_terminal);
    tcase_add_test(tests, submit_tells_what_is_open_already);
    tcase_add_test(tests, cancel_takes_several);
    tcase_add_test(tests, status_is_one_screen);
    tcase_add_test(tests, reload_is_for_root);
}

static void add_failures(TCase *tests)
{
    tcase_add_loop_test(tests, every_error_has_its_exit_code, 1, BUS_ERROR_COUNT);
    tcase_add_loop_test(tests, failures_of_the_bus_say_what_to_do, 0, 5);
    tcase_add_test(tests, answers_of_other_types_are_refused);
    tcase_add_test(tests, no_bus);
    tcase_add_test(tests, a_mute_bus_meets_the_deadline);
    tcase_add_test(tests, a_mute_daemon_meets_the_deadline);
    tcase_add_test(tests, an_output_that_is_lost_is_an_error);
    tcase_add_test(tests, bad_text_never_reaches_the_bus);
}

int main(void)
{
    Suite *suite = suite_create("cli");

    add_shown(tcase_with(suite, "what is shown", start));
    add_done(tcase_with(suite, "what is done", start));
    add_failures(tcase_with(suite, "what fails", start));
    TCase *alone = tcase_with(suite, "no daemon", start_empty);
    tcase_add_test(alone, no_daemon);
    if (getenv("ACCESSPKG_BUILD")) { /* tests/support/private-root sets it */
        TCase *rooted = tcase_with(suite, "in a private root", start);
        tcase_add_test(rooted, reload_writes_the_list_then_tells);
        tcase_add_test(rooted, a_bad_configuration_tells_nobody);
        tcase_add_test(alone, reload_without_a_daemon_says_when_it_counts);
    }

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
