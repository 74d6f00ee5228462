/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real commands, against a fake accesspkgd: what is live, what one has, and names instead of numbers. */
#include "tests/support/fake_script.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <sysexits.h>

#define IN_STATE(state) "{\"id\": 12, \"user\": \"alice\", \"package\": \"db\", \"state\": \"" state "\"}"

/* The change falls between subscribe and read: its signal is there before the list, which shows the old state. */
START_TEST(watch_misses_nothing)
{
    static const struct script lines[] = {
        {"ListRequests", NULL, "aa{sv}b", "[[" IN_STATE("pending-approval") "], false]", 0, NULL, 12},
        {"GetRequest", "[12]", "a{sv}", "[" IN_STATE("fulfilled") "]", 0, NULL, 12},
        {"GetRequest", "[12]", "a{sv}", "[" IN_STATE("fulfilled") "]", 0, NULL, 4711},
        {"GetRequest", "[4711]", NULL, NULL, BUS_ERROR_NO_SUCH_REQUEST, "There is no request 4711.", 12},
        {"GetRequest", "[12]", "a{sv}", "[" IN_STATE("access-expired") "]", 0, NULL, 0},
    };

    fake.cue = "Access expired";
    AT_TERMINAL("\x03", lines, "pkg-approve", "watch");
    ck_assert_int_eq(result.code, 128 + SIGINT);
    SHOWS(result.out, " 12 alice db: Pending approval, waits for:\r\n");
    SHOWS(result.out, " 12 alice db: Fulfilled\r\n");
    HIDES(strstr(result.out, "Fulfilled") + 1, "Fulfilled"); /* a line for each change, not for each signal */
    HIDES(result.out, "4711");
}
END_TEST

/* Who is named beside a state has said what stands behind it. */
START_TEST(watch_tells_whose_reason_it_is)
{
    static const struct script lines[] = {
        {"ListRequests", NULL, "aa{sv}b",
         "[[{\"id\": 12, \"user\": \"alice\", \"package\": \"db\", \"state\": \"pending-approval\","
         " \"justification\": \"disk full\"}], false]",
         0, NULL, 12},
        {"GetRequest", "[12]", "a{sv}",
         "[{\"id\": 12, \"user\": \"alice\", \"package\": \"db\", \"state\": \"fulfilled\","
         " \"justification\": \"disk full\", \"decisions\": [{\"decider\": \"bob\", \"reason\": \"go\"}]}]",
         0, NULL, 12},
        {"GetRequest", "[12]", "a{sv}",
         "[{\"id\": 12, \"user\": \"alice\", \"package\": \"db\", \"state\": \"revoked\","
         " \"justification\": \"disk full\", \"revoked\": 1763950340, \"revoked_by\": \"root\", "
         "\"revoke_reason\": \"incident\", \"decisions\": [{\"decider\": \"bob\", \"reason\": \"go\"}]}]",
         0, NULL, 12},
        {"GetRequest", "[12]", "a{sv}",
         "[{\"id\": 12, \"user\": \"alice\", \"package\": \"db\", \"state\": \"access-expired\","
         " \"decisions\": [{\"decider\": \"bob\", \"reason\": \"go\"}]}]",
         0, NULL, 12},
        {"GetRequest", "[12]", "a{sv}",
         "[{\"id\": 12, \"user\": \"alice\", \"package\": \"db\", \"state\": \"cancelled\","
         " \"justification\": \"disk full\", \"cancel_reason\": \"never mind\"}]",
         0, NULL, 0},
    };

    fake.cue = "Cancelled";
    AT_TERMINAL("\x03", lines, "pkg-approve", "watch");
    SHOWS(result.out, "Pending approval, waits for: : disk full\r\n");
    SHOWS(result.out, "Fulfilled, by bob: go\r\n");
    SHOWS(result.out, "Revoked, by root: incident\r\n");
    SHOWS(result.out, "Access expired\r\n");
    SHOWS(result.out, "Cancelled: never mind\r\n");
}
END_TEST

START_TEST(watch_ends_with_the_bus)
{
    static const struct script lines[] = {
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[" IN_STATE("pending-approval") "], false]")};

    fake.cue = "\"id\":12";
    fake.cue_ends_bus = true;
    RUN(lines, "pkg-approve", "watch", "--json");
    ck_assert_int_eq(result.code, EX_UNAVAILABLE);
    SHOWS(result.err, "the system bus closed the connection");
    SHOWS(result.err, "Run the command again");
    json_t *line = script_parse(result.out);
    ck_assert_str_eq(member_text(line, "state"), "pending-approval");
    json_decref(line);
}
END_TEST

START_TEST(watch_ends_with_its_reader)
{
    static const struct script lines[] = {
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[" IN_STATE("pending-approval") "], false]")};

    run_somewhere(FAKE_BROKEN_PIPE, NULL, lines, 1, WORDS("pkg-approve", "watch"));
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(result.err, "");
}
END_TEST

static const struct {
    const char *state, *says;
    int code;
} ends[] = {
    {"fulfilled", "You hold db until", 0},
    {"denied", "request 12 for db: Denied", 1},
    {"expired", "To ask again: pkg-request submit db", 1},
    {"cancelled", "request 12 for db: Cancelled", 1},
    {"revoked", "request 12 for db: Revoked", 1},
};

START_TEST(submit_waits_for_its_end)
{
    char answer[160];
    const struct script lines[] = {
        {"Submit", NULL, "a{sv}", "[" IN_STATE("pending-approval") "]", 0, NULL, 12},
        {"GetRequest", "[12]", "a{sv}", "[" IN_STATE("partially-fulfilled") "]", 0, NULL, 12},
        {"GetRequest", "[12]", "a{sv}", answer, 0, NULL, 0},
    };

    snprintf(answer, sizeof(answer),
             "[{\"id\": 12, \"package\": \"db\", \"state\": \"%s\", \"request_state\": \"%s\"}]",
             ends[_i].state, ends[_i].state);
    RUN(lines, "pkg-request", "submit", "db", "--wait");
    ck_assert_int_eq(result.code, ends[_i].code);
    SHOWS(ends[_i].code ? result.err : result.out, ends[_i].says);
    HIDES(result.err, "Waiting for");
    RUN(lines, "pkg-request", "submit", "db", "--wait", "--json");
    ck_assert_int_eq(result.code, ends[_i].code);
    json_t *last = script_parse(result.out);
    ck_assert_str_eq(member_text(last, "state"), ends[_i].state);
    json_decref(last);
}
END_TEST

START_TEST(what_is_held_or_begins_later_is_not_waited_for)
{
    static const struct script held[] = {ANSWERS("Submit", NULL, "a{sv}", "[" IN_STATE("fulfilled") "]")};
    static const struct script later[] = {
        ANSWERS("Submit", NULL, "a{sv}",
                "[{\"id\": 12, \"package\": \"db\", \"state\": \"approved\", \"start\": 32503680000}]")};

    RUN(held, "pkg-request", "submit", "db", "--wait");
    ck_assert_int_eq(result.code, 0);
    RUN(later, "pkg-request", "submit", "db", "--wait");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "Request 12 for db: Approved");
}
END_TEST

START_TEST(ctrl_c_leaves_it_filed)
{
    static const struct script lines[] = {
        ANSWERS("Submit", NULL, "a{sv}",
                "[{\"id\": 12, \"package\": \"db\", \"state\": \"pending-approval\", \"approvers\": "
                "[\"b\\u001b[2J\"]}]")};

    setenv("TERM", "xterm", 1);
    fake.cue = "Ctrl-C leaves it filed";
    AT_TERMINAL("\x03", lines, "pkg-request", "submit", "db", "--wait", "-m", "x");
    ck_assert_int_eq(result.code, 128 + SIGINT);
    SHOWS(result.out, "Waiting for b\\x1b[2J");
    HIDES(result.out, "\x1b[2J");
    SHOWS(result.out,
          "request 12 stays filed. To follow it: pkg-request status 12; to withdraw it: pkg-request "
          "cancel 12");
}
END_TEST

START_TEST(a_bare_call_says_what_one_has)
{
    static const struct script lines[] = {
        ANSWERS(
            "ListPackages", "[]", "aa{sv}",
            "[[{\"name\": \"db\", \"groups\": [\"a\"], \"state\": \"fulfilled\", \"may_request\": true,"
            "  \"assignment_end\": 1763950340},"
            " {\"name\": \"web\", \"description\": \"The web\", \"approvers\": [\"bob\"], \"approval\": true,"
            "  \"may_request\": true, \"max_duration\": 3600},"
            " {\"name\": \"late\", \"state\": \"pending-approval\", \"may_request\": true},"
            " {\"name\": \"shut\", \"may_request\": false}]]"),
        ANSWERS(
            "ListRequests", NULL, "aa{sv}b",
            "[[{\"id\": 4, \"package\": \"late\", \"state\": \"pending-approval\", \"approvers\": [\"eve\"],"
            "   \"expires\": 1763950340},"
            "  {\"id\": 3, \"package\": \"gone\", \"state\": \"fulfilled\", \"groups\": [\"g\"]},"
            "  {\"id\": 2, \"package\": \"web\", \"state\": \"denied\"}], false]"),
    };
    static const struct script nothing[] = {ANSWERS("ListPackages", NULL, "aa{sv}", "[[]]"),
                                            ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]")};

    RUN(lines, "pkg-request");
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(result.out, "You hold:\n"
                                 "PACKAGE STATE     GROUPS ENDS\n"
                                 "db      Fulfilled a      2025-11-24T02:12:20+00:00\n"
                                 "gone    Fulfilled g      no end\n"
                                 "\n"
                                 "Waiting:\n"
                                 "ID PACKAGE STATE            WAITS FOR EXPIRES\n"
                                 " 4 late    Pending approval eve       2025-11-24T02:12:20+00:00\n"
                                 "\n"
                                 "You may ask for (pkg-request submit PACKAGE):\n"
                                 "PACKAGE DESCRIPTION APPROVERS AT MOST\n"
                                 "web     The web     bob       1 h\n");
    RUN(nothing, "pkg-request");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.err,
          "You hold nothing, nothing of yours waits, and there is no package that you may ask for");
}
END_TEST

#define FOUND(id, more) "[[{\"id\": " id ", \"user\": \"alice\", \"package\": \"db-admins\"" more "}], false]"

START_TEST(user_and_package_name_a_request)
{
    static const struct script lines[] = {
        ANSWERS("ListRequests",
                "[{\"role\": \"approver\", \"user\": \"alice\", \"package\": \"db-admins\", \"limit\": 16}]",
                "aa{sv}b", "[[{\"id\": 14, \"needs_review\": true}, {\"id\": 12}], false]"),
        ANSWERS("Approve", "[12, {\"digest\": \"" A_DIGEST "\"}]", "a{sv}", SAMPLE_HELD("12", "alice")),
    };
    static const struct script review[] = {
        ANSWERS("ListRequests", NULL, "aa{sv}b",
                "[[{\"id\": 15}, {\"id\": 14, \"needs_review\": true}], false]"),
        SHOWN("14"),
        ANSWERS("Review", "[14, \"\"]", "a{sv}", SAMPLE_HELD("14", "alice")),
    };

    run_somewhere(FAKE_NOBODY, NULL, lines, LENGTH(lines),
                  WORDS("pkg-approve", "approve", "alice/db-admins", "--digest", A_DIGEST));
    ck_assert_int_eq(result.code, 0);
    RUN(review, "pkg-approve", "review", "alice/db-admins");
    ck_assert_int_eq(result.code, 0);
}
END_TEST

/* A name is whatever is open by then. */
START_TEST(a_name_is_shown_or_approves_nothing)
{
    static const char *const words[][8] = {
        {"pkg-approve", "approve", "alice/db-admins", "--yes"},
        {"pkg-approve", "approve", "12", "alice/db-admins", "--yes", "--json"},
        {"pkg-approve", "approve", "12", "13", "--digest", A_DIGEST},
        {"pkg-approve", "approve", "12", "--digest", "b5bb9d80"},
    };
    static const struct script shown[] = {
        ANSWERS("ListRequests", NULL, "aa{sv}b", FOUND("12", "")),
        ANSWERS("GetRequest", "[12]", "a{sv}",
                "[{\"id\": 12, \"digest\": \"d12\", \"may_decide\": true, \"user\": \"alice\", \"package\": "
                "\"db-admins\", \"justification\": \"another reason\"}]"),
        ANSWERS("Approve", DECIDES("12", ""), "a{sv}", SAMPLE_HELD("12", "alice")),
    };

    for (size_t i = 0; i < LENGTH(words); i++) {
        run_somewhere(FAKE_PIPES, NULL, NULL, 0, words[i]);
        ck_assert_int_eq(result.code, EX_USAGE);
        SHOWS(result.err, i < 2    ? "give its number, or the --digest"
                          : i == 2 ? "with one request"
                                   : "is no digest");
    }
    run_somewhere(FAKE_TERMINAL, NULL, NULL, 0, words[0]);
    ck_assert_int_eq(result.code, EX_USAGE);
    run_somewhere(FAKE_NOBODY, NULL, shown, LENGTH(shown),
                  WORDS("pkg-approve", "approve", "alice/db-admins"));
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.err, "Request 12 of alice for db-admins: another reason\n");
}
END_TEST

START_TEST(what_waits_comes_first_then_the_most_recent)
{
    static const struct script own[] = {
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]"),
        ANSWERS(
            "ListRequests",
            "[{\"role\": \"requestor\", \"state\": \"pending-approval\", \"user\": \"alice\", \"package\": "
            "\"db-admins\", \"limit\": 16}]",
            "aa{sv}b", FOUND("3", "")),
        ANSWERS("GetRequest", "[3]", "a{sv}", "[{\"id\": 3}]"),
    };
    static const struct script old[] = {
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]"),
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]"),
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]"),
        ANSWERS("ListRequests",
                "[{\"role\": \"decided\", \"user\": \"alice\", \"package\": \"db-admins\", \"limit\": 16}]",
                "aa{sv}b", FOUND("2", "")),
        ANSWERS("GetRequest", "[2]", "a{sv}", "[{\"id\": 2}]"),
    };

    run_somewhere(FAKE_NOBODY, NULL, own, LENGTH(own), WORDS("pkg-request", "status", "alice/db-admins"));
    ck_assert_int_eq(result.code, 0);
    run_somewhere(FAKE_NOBODY, NULL, old, LENGTH(old), WORDS("pkg-approve", "show", "alice/db-admins"));
    ck_assert_int_eq(result.code, 0);
}
END_TEST

START_TEST(a_name_that_fits_nothing_is_said_per_name)
{
    static const struct script lines[] = {
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]"),
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]"),
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]"),
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]"),
        SHOWN("12"),
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]"),
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]"),
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]"),
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]"),
        ANSWERS("Deny", DECIDES("12", ", \"reason\": \"no\""), "a{sv}", SAMPLE_HELD("12", "alice")),
    };

    run_somewhere(FAKE_NOBODY, NULL, lines, LENGTH(lines),
                  WORDS("pkg-approve", "deny", "eve\x1b[2J/web", "12", "-m", "no"));
    ck_assert_int_eq(result.code, 1);
    SHOWS(result.err,
          "request eve\\x1b[2J/web: There is no request of eve\\x1b[2J for web that you may see.");
    SHOWS(result.out, "Request 12 is denied");
}
END_TEST

int main(void)
{
    script_case("live", script_setup);
    suite_add(watch_misses_nothing, watch_tells_whose_reason_it_is, watch_ends_with_the_bus,
              watch_ends_with_its_reader);
    suite_rows(submit_waits_for_its_end, ends);
    suite_add(what_is_held_or_begins_later_is_not_waited_for, ctrl_c_leaves_it_filed,
              a_bare_call_says_what_one_has, user_and_package_name_a_request,
              a_name_is_shown_or_approves_nothing, what_waits_comes_first_then_the_most_recent,
              a_name_that_fits_nothing_is_said_per_name);
    return suite_run();
}
