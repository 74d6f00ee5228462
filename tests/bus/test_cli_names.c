/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests that are named otherwise than by their numbers, by the real commands against a fake accesspkgd; and reasons that
 * are asked for. */
#include "tests/support/fake_script.h"
#include "tests/support/suite.h"

#include <sysexits.h>

#define WAITS(id, user, package)                                                                             \
    "{\"id\": " id ", \"digest\": \"d" id "\", \"user\": \"" user "\", \"package\": \"" package              \
    "\", \"groups\": [], \"state\": \"pending-approval\", \"duration\": 14400, \"may_decide\": true}"
#define TAKEN(id, user)                                                                                      \
    "{\"id\": " id ", \"user\": \"" user "\", \"package\": \"db-admins\", \"state\": \"fulfilled\", "        \
    "\"emergency\": true, \"needs_review\": true, "                                                          \
    "\"justification\": \"pager\", \"may_review\": true}"
#define WAITING                                                                                              \
    ANSWERS("ListRequests", "[{\"role\": \"approver\", \"limit\": 500}]", "aa{sv}b",                         \
            "[[" WAITS("9", "dave", "web") ", " WAITS("7", "carol", "db-admins") ", " TAKEN(                 \
                "6", "erin") ", " WAITS("4", "dave", "db-admins") "], false]")
#define SHOWN_AS(id, user, package)                                                                          \
    ANSWERS("GetRequest", "[" id "]", "a{sv}", "[" WAITS(id, user, package) "]")
#define APPROVED(id, user) ANSWERS("Approve", DECIDES(id, ""), "a{sv}", SAMPLE_HELD(id, user))

/* ---- several ---------------------------------------------------------------------------------------------- */

START_TEST(all_is_all_that_waits)
{
    static const struct script lines[] = {
        WAITING,
        SHOWN_AS("4", "dave", "db-admins"),
        SHOWN_AS("7", "carol", "db-admins"),
        SHOWN_AS("9", "dave", "web"),
        APPROVED("4", "dave"),
        APPROVED("7", "carol"),
        APPROVED("9", "dave"),
    };
    static const struct script by_now[] = {
        WAITING,    SHOWN("4"),           APPROVED("4", "dave"), SHOWN("7"), APPROVED("7", "carol"),
        SHOWN("9"), APPROVED("9", "dave")};
    static const struct script none[] = {ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]")};
    static const struct script others[] = {WAITING};

    AT_TERMINAL("\ny\n", lines, "pkg-approve", "approve", "all");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "Request 4 of dave: dave gets db-admins () for 4 h: (no reason given)");
    SHOWS(result.out, "Request 9 of dave: dave gets web () for 4 h: (no reason given)");
    SHOWS(result.out, "Approve these 3? [y/N] ");
    RUN(lines, "pkg-approve", "approve", "all"); /* nobody is asked, and it is shown all the same */
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.err, "Request 7 of carol: carol gets db-admins ()");
    RUN(none, "pkg-approve", "approve", "all");
    ck_assert_int_eq(result.code, 1);
    ck_assert_str_eq(result.err, "pkg-approve: Nothing waits for your decision, so nothing was changed. What "
                                 "does: pkg-approve\n");
    run_somewhere(FAKE_TERMINAL, "\n\n", lines, 4, WORDS("pkg-approve", "approve", "all"));
    ck_assert_int_eq(result.code, 1);
    SHOWS(result.out, "nothing was approved; the requests still wait");
    RUN(by_now, "pkg-approve", "approve", "all", "--yes"); /* just what it says */
    ck_assert_int_eq(result.code, 0);
    HIDES(result.err, "Request 7 of carol");
    RUN_UNASKED("pkg-approve", "approve", "all", "carol", "--yes"); /* which of hers, by then? */
    ck_assert_int_eq(result.code, EX_USAGE);
    SHOWS(result.err, "'carol' may mean another request by now");
    RUN(others, "pkg-approve", "approve", "all", "--digest", A_DIGEST);
    ck_assert_int_eq(result.code, EX_USAGE);
    SHOWS(result.err, "--digest goes with one request");
}
END_TEST

START_TEST(a_range_is_what_waits_of_it)
{
    static const struct script lines[] = {
        WAITING,
        SHOWN_AS("4", "dave", "db-admins"),
        SHOWN_AS("7", "carol", "db-admins"),
        APPROVED("4", "dave"),
        APPROVED("7", "carol"),
    };
    static const struct script by_now[] = {
        WAITING, SHOWN("4"), APPROVED("4", "dave"), SHOWN("7"), APPROVED("7", "carol"),
    };
    static const struct script twice[] = {
        WAITING,
        SHOWN_AS("4", "dave", "db-admins"),
        SHOWN_AS("7", "carol", "db-admins"),
        SHOWN_AS("9", "dave", "web"),
        APPROVED("4", "dave"),
        APPROVED("7", "carol"),
        APPROVED("9", "dave"),
    };
    static const struct script none[] = {WAITING};
    static const struct script denied[] = {
        WAITING, SHOWN_AS("4", "dave", "db-admins"),
        ANSWERS("Deny", DECIDES("4", ", \"reason\": \"no\""), "a{sv}", SAMPLE_HELD("4", "dave"))};

    RUN(lines, "pkg-approve", "approve", "3-7"); /* 6 needs a review, which is another matter */
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.err, "Request 7 of carol: carol gets db-admins ()"); /* as with all */
    RUN(by_now, "pkg-approve", "approve", "3-7", "--yes");
    ck_assert_int_eq(result.code, 0);
    HIDES(result.err, "Request 7 of carol");
    RUN(twice, "pkg-approve", "approve", "3-7", "7-9", "4");
    ck_assert_int_eq(result.code, 0);
    RUN(none, "pkg-approve", "approve", "10-20");
    ck_assert_int_eq(result.code, 1);
    ck_assert_str_eq(result.err,
                     "pkg-approve: None of the requests 10-20 waits for your decision, so nothing "
                     "was changed. What does: pkg-approve\n");
    RUN(denied, "pkg-approve", "deny", "1-5", "-m", "no");
    ck_assert_int_eq(result.code, 0);
}
END_TEST

/* ---- by one name ------------------------------------------------------------------------------------------ */

START_TEST(a_user_is_their_one_request)
{
    static const struct script lines[] = {WAITING, SHOWN_AS("7", "carol", "db-admins"),
                                          APPROVED("7", "carol")};
    static const struct script shown[] = {
        WAITING, ANSWERS("GetRequest", "[7]", "a{sv}", "[" WAITS("7", "carol", "db-admins") "]")};
    static const struct script several[] = {WAITING, REFUSED("Approve", NULL, BUS_ERROR_NONE, "")};
    static const struct script far[] = {WAITING};

    AT_TERMINAL("\ny\n", lines, "pkg-approve", "approve", "carol");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "carol gets db-admins () for 4 h. Approve? [y/N] ");
    RUN(shown, "pkg-approve", "show", "carol");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "Request:       7");
    run_somewhere(FAKE_PIPES, NULL, several, 1, WORDS("pkg-approve", "show", "dave"));
    ck_assert_int_eq(result.code, 1);
    SHOWS(result.err, "Several requests of dave wait for your decision: 9 (web), 4 (db-admins). Please give "
                      "their numbers.");
    RUN(far, "pkg-approve", "show", "carl");
    ck_assert_int_eq(result.code, 1);
    SHOWS(result.err,
          "No request of carl waits for your decision; do you mean carol? What does: pkg-approve");
    RUN(far, "pkg-approve", "show", "zoe\x1b[2J");
    SHOWS(result.err, "No request of zoe\\x1b[2J waits for your decision. What does: pkg-approve");
}
END_TEST

START_TEST(a_number_alone_is_shown)
{
    static const struct script lines[] = {ANSWERS("GetRequest", "[2]", "a{sv}", SAMPLE_WHOLE)};

    RUN(lines, "pkg-approve", "2");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "Justification:  disk full");
    RUN(lines, "pkg-request", "2");
    ck_assert_int_eq(result.code, 0);
}
END_TEST

START_TEST(a_package_is_ones_own_request)
{
    static const struct script waits[] = {
        ANSWERS("ListRequests",
                "[{\"role\": \"requestor\", \"state\": \"pending-approval\", \"package\": \"production\", "
                "\"limit\": 16}]",
                "aa{sv}b", "[[{\"id\": 3}], false]"),
        ANSWERS("GetRequest", "[3]", "a{sv}", SAMPLE_WHOLE)};
    static const struct script was[] = {
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]"),
        ANSWERS("ListRequests", "[{\"role\": \"requestor\", \"package\": \"production\", \"limit\": 16}]",
                "aa{sv}b", "[[{\"id\": 2}, {\"id\": 1}], false]"),
        ANSWERS("Cancel", "[2, \"\"]", "a{sv}", "[{\"id\": 2, \"package\": \"production\"}]")};
    static const struct script far[] = {
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]"),
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[], false]"),
        ANSWERS("ListPackages", NULL, "aa{sv}", "[[{\"name\": \"web\"}, {\"name\": \"production\"}]]")};

    RUN(waits, "pkg-request", "status", "production");
    ck_assert_int_eq(result.code, 0);
    RUN(was, "pkg-request", "cancel", "production");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "Request 2 for production is cancelled.");
    RUN(far, "pkg-request", "status", "prodution");
    ck_assert_int_eq(result.code, 1);
    ck_assert_str_eq(result.err, "pkg-request: You have made no request for prodution; do you mean "
                                 "production? See: pkg-request list\n");
    RUN(far, "pkg-request", "status", "production");
    ck_assert_str_eq(result.err,
                     "pkg-request: You have made no request for production. See: pkg-request list\n");
}
END_TEST

/* ---- reasons ---------------------------------------------------------------------------------------------- */

#define LISTED(more)                                                                                         \
    ANSWERS("ListPackages", NULL, "aa{sv}", "[[{\"name\": \"web\"}, {\"name\": \"db\"" more "}]]")
#define FILED(method, wants)                                                                                 \
    ANSWERS(method, wants, "a{sv}",                                                                          \
            "[{\"id\": 5, \"package\": \"db\", \"state\": \"pending-approval\", \"approvers\": [\"bob\"]}]")
#define APPROVERS(needed) ", \"approval\": true, \"justification\": " needed

START_TEST(submit_asks_for_its_reason)
{
    static const struct script optional[] = {LISTED(APPROVERS("false")), FILED("Submit", NULL)};
    static const struct script needed[] = {LISTED(APPROVERS("true")), FILED("Submit", NULL)};
    static const struct script at_once[] = {LISTED(", \"approval\": false"), FILED("Submit", NULL)};
    static const struct script held[] = {LISTED(APPROVERS("true") ", \"state\": \"fulfilled\""),
                                         FILED("Submit", NULL)};
    static const struct script absent[] = {
        LISTED(""), REFUSED("Submit", NULL, BUS_ERROR_NO_SUCH_PACKAGE, "There is none; do you mean db?")};
    static const struct script given[] = {FILED("Submit", NULL)};

    AT_TERMINAL("INC-7\n", optional, "pkg-request", "submit", "db");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "Your reason, which the approvers read (Enter: none): ");
    AT_TERMINAL("INC-7\n", needed, "pkg-request", "submit", "db");
    SHOWS(result.out, "Your reason, which the approvers read: ");
    AT_TERMINAL("\n", at_once, "pkg-request", "submit", "db");
    SHOWS(result.out, "Your reason, for the record (Enter: none): ");
    AT_TERMINAL(NULL, held, "pkg-request", "submit", "db"); /* nothing would come of it */
    HIDES(result.out, "Your reason");
    AT_TERMINAL(NULL, absent, "pkg-request", "submit", "dbb");
    HIDES(result.out, "Your reason");
    AT_TERMINAL(NULL, given, "pkg-request", "submit", "db", "-m", "INC-7");
    HIDES(result.out, "Your reason");
    AT_TERMINAL(NULL, given, "pkg-request", "submit", "db", "--json");
    RUN(given, "pkg-request", "submit", "db");
    ck_assert_int_eq(result.code, 0);
}
END_TEST

START_TEST(what_is_no_reason_files_nothing)
{
    static const struct script lines[] = {LISTED(APPROVERS("false"))};

    AT_TERMINAL("\x04", lines, "pkg-request", "submit", "db");
    ck_assert_int_eq(result.code, 1);
    SHOWS(result.out, "pkg-request: nothing was changed, for no reason was given");
    AT_TERMINAL("\xff\n", lines, "pkg-request", "submit", "db");
    ck_assert_int_eq(result.code, EX_USAGE);
    run_somewhere(FAKE_TERMINAL, "\n", NULL, 0, WORDS("pkg-request", "emergency", "db"));
    ck_assert_int_eq(result.code, EX_USAGE);
    SHOWS(result.out, "needs a reason, which every approver reads");
    run_somewhere(FAKE_TERMINAL, " \n", NULL, 0, WORDS("pkg-approve", "revoke", "3"));
    ck_assert_int_eq(result.code, EX_USAGE);
}
END_TEST

START_TEST(others_ask_for_theirs)
{
    static const struct script extend[] = {
        LISTED(APPROVERS("false") ", \"state\": \"fulfilled\""),
        FILED("Extend", "[\"db\", {\"justification\": \"not done yet\"}]")};
    static const struct script emergency[] = {FILED("Emergency", "[\"db\", \"disk full\"]")};
    static const struct script review[] = {
        ANSWERS("GetRequest", "[6]", "a{sv}", "[" TAKEN("6", "erin") "]"),
        ANSWERS("Review", "[6, \"right so\"]", "a{sv}", SAMPLE_HELD("6", "erin"))};
    static const struct script silent[] = {WAITING,
                                           ANSWERS("GetRequest", "[6]", "a{sv}", "[" TAKEN("6", "erin") "]"),
                                           ANSWERS("Review", "[6, \"\"]", "a{sv}", SAMPLE_HELD("6", "erin"))};
    static const struct script said[] = {
        WAITING, ANSWERS("GetRequest", "[6]", "a{sv}", "[" TAKEN("6", "erin") "]"),
        ANSWERS("Review", "[6, \"right so\"]", "a{sv}", SAMPLE_HELD("6", "erin"))};
    static const struct script unasked[] = {
        ANSWERS("Review", "[6, \"\"]", "a{sv}", SAMPLE_HELD("6", "erin"))};

    static const struct script later[] = {
        WAITING,
        ANSWERS("GetRequest", "[6]", "a{sv}", "[" TAKEN("6", "erin") "]"),
        WAITING,
        ANSWERS("Review", "[6, \"right so\"]", "a{sv}", SAMPLE_HELD("6", "erin")),
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[" TAKEN("10", "dave") "], false]"),
    };

    AT_TERMINAL("not done yet\n", extend, "pkg-request", "extend", "db");
    ck_assert_int_eq(result.code, 0);
    AT_TERMINAL("disk full\n", emergency, "pkg-request", "emergency", "db");
    SHOWS(result.out, "Your reason, which every approver reads: ");
    AT_TERMINAL("right so\n", review, "pkg-approve", "review", "6");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "Request 6 of erin for db-admins: pager\r\n");
    SHOWS(result.out, "What you found, which erin may read (Enter: nothing to say): ");
    AT_TERMINAL("\n", silent, "pkg-approve", "review", "all");
    ck_assert_int_eq(result.code, 0);
    run_somewhere(FAKE_TERMINAL, "\x04", review, 1, WORDS("pkg-approve", "review", "6"));
    ck_assert_int_eq(result.code, 1);
    SHOWS(result.out, "nothing was reviewed; the request still waits");
    RUN(unasked, "pkg-approve", "review", "6");
    ck_assert_int_eq(result.code, 0);
    RUN(said, "pkg-approve", "review", "all", "-m", "right so"); /* nobody reviews what was not shown */
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.err, "Request 6 of erin for db-admins: pager\n");
    RUN(later, "pkg-approve", "review", "erin", "dave", "-m", "right so"); /* nor what came meanwhile */
    ck_assert_int_eq(result.code, 1);
    SHOWS(result.err, "request dave: request 10 came when the others had been shown, so nothing was decided");
}
END_TEST

/* ---- ends by the calendar --------------------------------------------------------------------------------- */

#define YEAR_3000 "32503680000" /* 3000-01-01T00:00:00Z */

START_TEST(until_is_told_in_the_users_zone)
{
    static const struct script submit[] = {ANSWERS(
        "Submit", "[\"\", [\"db\"], {\"service\": \"pkg-request\", \"until\": " YEAR_3000 "}]", "a{sv}",
        "[{\"id\": 5, \"package\": \"db\", \"state\": \"pending-approval\", \"approvers\": [\"bob\"], "
        "\"until\": " YEAR_3000 "}]")};
    static const struct script cut[] = {ANSWERS(
        "Submit", NULL, "a{sv}",
        "[{\"id\": 5, \"package\": \"db\", \"state\": \"pending-approval\", \"approvers\": [\"bob\"], "
        "\"until\": " YEAR_3000 ", \"not_after\": 32503593600}]")};

    RUN(submit, "pkg-request", "submit", "db", "--until", "2999-12-31"); /* to its end */
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "It is asked for until Wed 3000-01-01 00:00 UTC (in ");
    RUN(submit, "pkg-request", "submit", "db", "--until", "3000-01-01 01:00 +01:00");
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    RUN(submit, "pkg-request", "submit", "db", "--until", "3000-01-01 01:00");
    SHOWS(result.out, "It is asked for until Wed 3000-01-01 01:00 CET (in ");
    setenv("TZ", "UTC0", 1);
    RUN(cut, "pkg-request", "submit", "db", "--until", "2999-12-31");
    SHOWS(result.out, "It ends Tue 2999-12-31 00:00 UTC (in ");
    SHOWS(result.out, ") at the latest: the package is not given after that.");
}
END_TEST

START_TEST(until_goes_with_each_that_gives_time)
{
    static const struct script extend[] = {ANSWERS(
        "Extend", "[\"db\", {\"until\": " YEAR_3000 "}]", "a{sv}",
        "[{\"id\": 5, \"package\": \"db\", \"state\": \"pending-approval\", \"approvers\": [\"bob\"], "
        "\"extends\": 3, \"present_end\": 1763950340, \"new_end\": " YEAR_3000 "}]")};
    static const struct script cut[] = {ANSWERS(
        "Extend", NULL, "a{sv}",
        "[{\"id\": 5, \"package\": \"db\", \"state\": \"pending-approval\", \"approvers\": [\"bob\"], "
        "\"extends\": 3, \"present_end\": 1763950340, \"new_end\": 32503593600, \"until\": " YEAR_3000
        ", \"not_after\": 32503593600}]")};
    static const struct script assign[] = {
        ANSWERS("Assign", "[\"eve\", \"db\", {\"until\": " YEAR_3000 "}]", "a{sv}", SAMPLE_HELD("5", "eve"))};
    static const struct script approve[] = {
        SHOWN("12"),
        ANSWERS("Approve", DECIDES("12", ", \"until\": " YEAR_3000), "a{sv}", SAMPLE_HELD("12", "eve"))};

    RUN(extend, "pkg-request", "extend", "db", "--until", "3000-01-01 00:00");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "Your access ends Mon 2025-11-24 02:12 UTC (");
    SHOWS(result.out, "), and would end Wed 3000-01-01 00:00 UTC (in ");
    HIDES(result.out, "at the latest");
    RUN(cut, "pkg-request", "extend", "db", "--until", "3000-01-01 00:00");
    SHOWS(result.out, "), and would end Tue 2999-12-31 00:00 UTC (in ");
    SHOWS(result.out, "It ends Tue 2999-12-31 00:00 UTC (in ");
    SHOWS(result.out, ") at the latest: the package is not given after that.");
    RUN(assign, "pkg-admin", "assign", "db", "eve", "--until", "3000-01-01T00:00Z");
    ck_assert_int_eq(result.code, 0);
    RUN(approve, "pkg-approve", "approve", "12", "--until", "2999-12-31");
    ck_assert_int_eq(result.code, 0);
}
END_TEST

static const struct {
    const char *words[9];
    const char *says;
} bad_ends[] = {
    {{"pkg-request", "submit", "db", "-d", "4h", "--until", "2999-12-31"}, "two ways to say one thing"},
    {{"pkg-approve", "approve", "3", "--for", "4h", "--until", "2999-12-31"}, "two ways to say one thing"},
    {{"pkg-admin", "assign", "db", "eve", "-d", "4h", "--until", "2999-12-31"}, "two ways to say one thing"},
    {{"pkg-request", "extend", "db", "--until", "2020-12-31"},
     "'2020-12-31' is in the past; give a later end"},
    {{"pkg-request", "submit", "db", "--until", "2999-02-30"}, "'2999-02-30' is no time"},
    {{"pkg-request", "submit", "db", "--until", "4h"}, "'4h' is no time; write it as +2d"},
    {{"pkg-request", "submit", "db", "--start", "2999-12-31 10:00", "--until", "2999-12-31 10:00"},
     "--until is not after --start"},
};

START_TEST(a_bad_end_asks_for_nothing)
{
    run_somewhere(FAKE_PIPES, NULL, NULL, 0, bad_ends[_i].words);
    ck_assert_int_eq(result.code, EX_USAGE);
    SHOWS(result.err, bad_ends[_i].says);
}
END_TEST

#define LONGER(more)                                                                                         \
    "{\"id\": 13, \"digest\": \"d13\", \"user\": \"carol\", \"package\": \"db\", \"groups\": "               \
    "[\"dbadmins\"], "                                                                                       \
    "\"state\": \"pending-approval\", \"duration\": 14400, \"may_decide\": true, \"extends\": 4, "           \
    "\"present_end\": 1763950340, \"new_end\": 1763964740" more "}"

/* An approver of an extension sees the end that there is, and the one that there would be. */
START_TEST(both_ends_of_an_extension)
{
    static const struct script list[] = {
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[" LONGER("") "], false]")};
    static const struct script shown[] = {ANSWERS("GetRequest", "[13]", "a{sv}", "[" LONGER("") "]")};
    static const struct script until[] = {
        ANSWERS("GetRequest", "[13]", "a{sv}", "[" LONGER(", \"until\": 1763964740") "]")};
    /* Cut by the package's own end, whatever was asked for. */
    static const struct script cut[] = {ANSWERS(
        "GetRequest", "[13]", "a{sv}", "[" LONGER(", \"until\": 1763968340, \"not_after\": 1763964740") "]")};

    RUN(list, "pkg-approve");
    SHOWS(result.out, "Pending approval (extension: ends 2025-11-24T02:12:20+00:00, would "
                      "2025-11-24T06:12:20+00:00)");
    RUN(shown, "pkg-approve", "13");
    SHOWS(result.out, "Held until:    Mon 2025-11-24 02:12 UTC (");
    SHOWS(result.out, "Would end:     Mon 2025-11-24 06:12 UTC (");
    RUN(shown, "pkg-approve", "13", "--json");
    SHOWS(result.out, "\"present_end\": \"2025-11-24T02:12:20+00:00\"");
    SHOWS(result.out, "\"new_end\": \"2025-11-24T06:12:20+00:00\"");
    AT_TERMINAL("\nn\n", shown, "pkg-approve", "approve", "13");
    SHOWS(result.out, "carol keeps db (dbadmins) for 4 h more, until Mon 2025-11-24 06:12 UTC (");
    SHOWS(result.out, ") instead of Mon 2025-11-24 02:12 UTC (");
    AT_TERMINAL("\nn\n", until, "pkg-approve", "approve", "13");
    SHOWS(result.out, "carol keeps db (dbadmins) until Mon 2025-11-24 06:12 UTC (");
    SHOWS(result.out, "), instead of until Mon 2025-11-24 02:12 UTC (");
    AT_TERMINAL("\nn\n", cut, "pkg-approve", "approve", "13");
    SHOWS(result.out, "carol keeps db (dbadmins) until Mon 2025-11-24 06:12 UTC (");
    AT_TERMINAL("\nn\n", cut, "pkg-approve", "approve", "13", "--until", "2999-12-31");
    SHOWS(result.out, "carol keeps db (dbadmins) until Mon 2025-11-24 06:12 UTC (");
}
END_TEST

/* A reader of the list sees that there is more of a reason; elsewhere than on a terminal there is all of it. */
START_TEST(a_cut_reason_says_so)
{
    static const struct script lines[] = {ANSWERS(
        "ListRequests", NULL, "aa{sv}b",
        "[[{\"id\": 7, \"user\": \"alice\", \"package\": \"db-admins\", \"state\": \"pending-approval\", "
        "\"justification\": \"the disk of the second replica is full again and nobody knows why it is\", "
        "\"submitted\": 1763935940, \"expires\": 1764022340}], false]")};

    AT_TERMINAL(NULL, lines, "pkg-approve");
    SHOWS(result.out, "\u2026");
    HIDES(result.out, "knows why it is");
    RUN(lines, "pkg-approve");
    SHOWS(result.out, "nobody knows why it is");
    HIDES(result.out, "\u2026");
}
END_TEST

int main(void)
{
    script_case("names", script_setup);
    suite_add(all_is_all_that_waits, a_range_is_what_waits_of_it, a_user_is_their_one_request,
              a_number_alone_is_shown, a_package_is_ones_own_request, submit_asks_for_its_reason,
              what_is_no_reason_files_nothing, others_ask_for_theirs, until_is_told_in_the_users_zone,
              until_goes_with_each_that_gives_time, both_ends_of_an_extension, a_cut_reason_says_so);
    suite_rows(a_bad_end_asks_for_nothing, bad_ends);
    return suite_run();
}
