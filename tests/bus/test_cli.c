/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the real commands show, on a bus of the test's own against a fake accesspkgd. What the real accesspkgd answers
 * is the business of other suites here.
 */
#include "tests/support/fake_script.h"
#include "tests/support/suite.h"

#include <stdlib.h>

/* ---- lists ------------------------------------------------------------------------------------------------ */

#define UNREASONED                                                                                           \
    "{\"id\": 7, \"user\": \"dave\", \"package\": \"web\", \"state\": \"fulfilled\", \"no_reason_given\": "  \
    "true, \"submitted\": 1763935940, \"assignment_end\": 1763950340}"

START_TEST(a_bare_call_lists_what_waits)
{
    static const struct script lines[] = {
        ANSWERS("ListRequests", "[{\"role\": \"approver\", \"limit\": 500}]", "aa{sv}b",
                "[[" SAMPLE_PENDING "," UNREASONED "], false]"),
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
    struct script line = {"ListRequests", lists[_i].wants, "aa{sv}b", "[[], false]", 0, NULL, 0};

    run_somewhere(FAKE_PIPES, NULL, &line, 1, WORDS(lists[_i].program, lists[_i].command, "-n", "3"));
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(result.out, "");
    SHOWS(result.err, lists[_i].says);
    run_somewhere(FAKE_PIPES, NULL, &line, 1, WORDS(lists[_i].program, lists[_i].command, "-n3", "--json"));
    ck_assert_str_eq(result.out, "[]\n");
    ck_assert_str_eq(result.err, "");
}
END_TEST

#define EXPIRED(id, package, more)                                                                           \
    "{\"id\": " id ", \"package\": \"" package                                                               \
    "\", \"state\": \"expired\", \"request_state\": \"expired\"" more "}"
#define EXPIRED_LIST                                                                                         \
    "[[{\"id\": 9, \"package\": \"web\", \"state\": \"pending-approval\"}, " EXPIRED(                        \
        "8", "db", ", \"justification\": \"it's $(late)\"") ", " EXPIRED("7", "web",                         \
                                                                         "") ", " EXPIRED("6", "db",         \
                                                                                          "") "], false]"

/* Who waited in vain is told what to do, in words to be pasted; once it was done nothing is said of it any more. */
START_TEST(an_expired_request_says_how_to_ask_again)
{
    static const struct script listed[] = {ANSWERS("ListRequests", NULL, "aa{sv}b", EXPIRED_LIST)};
    static const struct script extension[] = {
        ANSWERS("GetRequest", NULL, "a{sv}",
                "[" EXPIRED("8", "db", ", \"extends\": 3, \"no_reason_given\": true") "]")};
    static const struct script plain[] = {
        ANSWERS("GetRequest", NULL, "a{sv}", "[" EXPIRED("8", "db", "") "]")};

    RUN(listed, "pkg-request", "list");
    ck_assert_str_eq(result.err, "pkg-request: request 8 expired: nobody decided in time. To ask again: "
                                 "pkg-request submit db -m 'it'\\''s $(late)'\n");
    RUN(listed, "pkg-request", "list", "--json");
    ck_assert_str_eq(result.err, "");
    RUN(extension, "pkg-request", "status", "8");
    SHOWS(result.err, "To ask again: pkg-request extend db -m 'REASON'\n");
    RUN(plain, "pkg-request", "status", "8");
    SHOWS(result.err, "To ask again: pkg-request submit db\n");
    RUN(plain, "pkg-approve", "show", "8");
    ck_assert_str_eq(result.err, "");
}
END_TEST

/* ---- explain ---------------------------------------------------------------------------------------------- */

#define EXPLANATION                                                                                          \
    "[{\"package\": \"db\", \"description\": \"Databases\", \"user\": \"alice\", \"uid\": 1001,"             \
    " \"may_request\": false, \"why\": \"Not yet.\", \"state\": \"pending-approval\", \"request\": 3,"       \
    " \"approval\": true, \"justification\": false, \"duration\": 3600, \"max_duration\": 7200,"             \
    " \"extension\": \"allowed\", \"groups\": ["                                                             \
    "{\"name\": \"dbadmins\", \"gid\": 2001, \"exists\": true, \"allowed\": true},"                          \
    " {\"name\": \"gone\", \"exists\": false, \"allowed\": false, \"problem\": \"no such group\"}],"         \
    " \"stages\": [{\"stage\": 1, \"quorum\": 2, \"timeout\": 86400, \"approvers\": [\"bob\", \"%leads\"],"  \
    " \"people\": [\"bob\", \"eve\"], \"reach\": \"approvers\"},"                                            \
    " {\"stage\": 2, \"quorum\": 1, \"timeout\": 3600, \"approvers\": [\"%gone\"], \"people\": [],"          \
    " \"fallback_approvers\": [\"dave\"], \"fallback_people\": [\"dave\"], \"reach\": \"fallback\"}]}]"

START_TEST(explain_is_aligned)
{
    static const struct script for_alice[] = {
        ANSWERS("Explain", "[\"db\", \"alice\"]", "a{sv}", EXPLANATION)};
    static const struct script for_oneself[] = {ANSWERS("Explain", "[\"db\", \"\"]", "a{sv}", EXPLANATION)};

    RUN(for_alice, "pkg-admin", "explain", "db", "alice");
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(
        result.out,
        "Package:       db\n"
        "Description:   Databases\n"
        "User:          alice (uid 1001)\n"
        "May ask:       no\n"
        "Would be told: Not yet.\n"
        "Has now:       Pending approval, request 3\n"
        "A reason:      may be given\n"
        "Approval:      in 2 stages\n"
        "Lasts:         1 h, at most 2 h at a time\n"
        "Extension:     at once\n"
        "\n"
        "STAGE APPROVALS WITHIN COULD APPROVE NOW      FALLBACK ASKED AFTER CAN BE REACHED\n"
        "    1         2 1 d    bob, eve (bob, %leads) -        -           yes\n"
        "    2         1 1 h    nobody (%gone)         dave     -           with the fallback approvers, who "
        "are asked at once\n"
        "\n"
        "GROUP     GID CAN BE GIVEN\n"
        "dbadmins 2001 yes\n"
        "gone        - no: no such group\n");
    RUN(for_oneself, "pkg-request", "explain", "db", "--json");
    ck_assert_int_eq(result.code, 0);
    static const struct script bounded[] = {ANSWERS(
        "Explain", NULL, "a{sv}",
        "[{\"package\": \"db\", \"extension\": \"approval\", \"extend_window\": 172800, \"not_after\": "
        "1763950340, \"review_within\": 86400, \"groups\": []}]")};
    json_t *explanation = script_parse(result.out);
    ck_assert_uint_eq(json_array_size(json_object_get(explanation, "stages")), 2);
    json_decref(explanation);
    RUN(bounded, "pkg-admin", "explain", "db", "alice");
    SHOWS(result.out, "Not after:     Mon 2025-11-24 02:12 UTC (");
    SHOWS(result.out, "Extension:     when the approvers agree, in the last 2 d before the end\n");
    SHOWS(result.out, "Review within: 1 d\n");
    RUN_UNASKED("pkg-admin", "explain", "db");
    ck_assert_int_eq(result.code, 64);
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
    all = script_parse(result.out);
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

START_TEST(show_has_all_that_an_approver_decides_on)
{
    static const struct script lines[] = {ANSWERS("GetRequest", "[12]", "a{sv}", SAMPLE_WHOLE)};
    static const char *const labelled[] = {
        "Request:        12\n",
        "State:          Fulfilled\n",
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
        "Request closed: Sun 2025-11-23 22:15 UTC (",
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
    static const struct script lines[] = {ANSWERS("GetRequest", "[12]", "a{sv}", SAMPLE_WHOLE)};
    json_t *whole = script_parse(SAMPLE_WHOLE), *wanted = json_array_get(whole, 0), *got;

    RUN(lines, "pkg-approve", "show", "12", "--json");
    got = script_parse(result.out);
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

/* ---- help ------------------------------------------------------------------------------------------------- */

/* What is printed, and the prompt behind it, stand on a terminal of 24 lines by 80 columns. */
static void fits_a_screen(const char *program, const char *command)
{
    enum { ROWS = 24, COLUMNS = 80 };

    run_somewhere(FAKE_PIPES, NULL, NULL, 0, WORDS(program, command, *command == '-' ? NULL : "--help"));
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(result.err, "");
    ck_assert_msg(lines_of(result.out) < ROWS, "%s %s has %zu lines", program, command, lines_of(result.out));
    for (const char *line = result.out; *line; line += strcspn(line, "\n") + 1)
        ck_assert_msg(strcspn(line, "\n") <= COLUMNS, "%s %s is too wide: %.*s", program, command,
                      (int)strcspn(line, "\n"), line);
}

START_TEST(help_fits_a_screen)
{
    static const char *const programs[] = {"pkg-approve", "pkg-request", "pkg-admin"};
    const char *program = programs[_i];
    char words[1024], mark[64];

    RUN_UNASKED(program, "--print-completion");
    ck_assert_uint_lt(strcspn(result.out, "\n"), sizeof(words));
    snprintf(words, sizeof(words), "%.*s", (int)strcspn(result.out, "\n"), result.out);
    fits_a_screen(program, "--help");
    for (char *rest = words, *command; (command = strsep(&rest, " "));) {
        snprintf(mark, sizeof(mark), "\nUsage: %s %s", program, command);
        fits_a_screen(program, command);
        SHOWS(result.out, mark);
        RUN_UNASKED(program, "--help");
        snprintf(mark, sizeof(mark), "\n  %s ", command);
        SHOWS(result.out, mark);
    }
}
END_TEST

/* ---- rule 10 ---------------------------------------------------------------------------------------------- */

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
    return json_is_string(value) ? script_parse("\"" HOSTILE "\"") : json_incref(value);
}

static void harmless(const char *text)
{
    static const char *const bad[] = {"\x1b[2J", "\x1b]",  "\x07",   "\x7f",   "\xc2\x9b",  "\u2028",
                                      "\u202e",  "\u200b", "\u200f", "\u061c", "\U000e0041"};

    for (size_t i = 0; i < LENGTH(bad); i++)
        ck_assert_msg(strstr(text, bad[i]) == NULL, "%zu in %s", i, text);
}

START_TEST(no_member_controls_a_terminal)
{
    static const struct {
        const char *words[7];
        const char *method, *signature, *shape;
    } shown[] = {
        {{"pkg-approve", "delegate"}, "ListDelegations", "aa{sv}", "[%s]"},
        {{"pkg-approve", "delegate", "--revoke", "x"}, "Undelegate", "a{sv}", NULL},
        {{"pkg-approve", "review", "1", "-m", "x"}, "Review", "a{sv}", NULL},
        {{"pkg-request", "emergency", "db", "-m", "x"}, "Emergency", "a{sv}", NULL},
        {{"pkg-approve", "list"}, "ListRequests", "aa{sv}b", "[%s, false]"},
        {{"pkg-approve", "show", "1"}, "GetRequest", "a{sv}", NULL},
        {{"pkg-approve", "approve", "1", "--yes", "--digest", A_DIGEST}, "Approve", "a{sv}", NULL},
        {{"pkg-request", "submit", "db", "-m", "x"}, "Submit", "a{sv}", NULL},
        {{"pkg-request", "cancel", "1"}, "Cancel", "a{sv}", NULL},
        {{"pkg-request", "packages"}, "ListPackages", "aa{sv}", "[%s]"},
        {{"pkg-admin", "status"}, "GetStatus", "a{sv}", NULL},
        {{"pkg-request", "explain", "db"}, "Explain", "a{sv}", NULL},
        {{"pkg-admin", "audit", "-n", "1"}, "Audit", "aa{sv}xx", "[%s, 0, 0]"},
        {{"pkg-admin", "report"}, "Report", "aa{sv}x", "[%s, 1]"},
        {{"pkg-admin", "holders"}, "ListHolders", "aa{sv}bas", "[%s, false, []]"},
        {{"pkg-admin", "revoke", "db", "eve", "-m", "x"}, "Revoke", "a{sv}", NULL},
        {{"pkg-request", "return", "db"}, "Return", "a{sv}", NULL},
    };
    json_t *object = script_parse(SAMPLE_WHOLE), *bad = poison(object);

    json_t *whole = json_array_get(bad, 0);
    json_object_set_new(whole, "warnings", script_parse("[\"" HOSTILE "\"]"));
    json_object_set_new(whole, "stages", script_parse("[{\"people\": [\"" HOSTILE "\"]}]"));
    json_object_set_new(whole, "reviewers", script_parse("[\"" HOSTILE "\"]"));
    json_object_set_new(whole, "standing", script_parse("[\"" HOSTILE "\"]"));
    json_object_set_new(whole, "to", script_parse("\"" HOSTILE "\""));
    json_object_set_new(whole, "decides_for", script_parse("\"" HOSTILE "\""));
    json_object_set_new(whole, "actor", script_parse("\"" HOSTILE "\""));
    json_object_set_new(whole, "event", script_parse("\"" HOSTILE "\""));
    json_object_set_new(whole, "detail", script_parse("\"" HOSTILE "\""));
    json_object_set_new(whole, "deciders", script_parse("[{\"decider\": \"" HOSTILE "\"}]"));
    json_object_set_new(whole, "emergency", json_true());
    json_object_set_new(whole, "needs_review", json_true());
    json_object_set_new(json_array_get(json_object_get(whole, "decisions"), 0), "for",
                        script_parse("\"" HOSTILE "\""));
    char *text = json_dumps(bad, 0), values[8192];
    snprintf(values, sizeof(values), shown[_i].shape ? "[%s%s" : "%s%s", text,
             shown[_i].shape ? shown[_i].shape + strlen("[%s") : "");
    struct script line = {shown[_i].method, NULL, shown[_i].signature, values, 0, NULL, 0};

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

int main(void)
{
    script_case("what is shown", script_setup);
    suite_add(a_bare_call_lists_what_waits);
    suite_loop(each_list_has_its_role_and_its_empty_word, 0, 3);
    suite_add(an_expired_request_says_how_to_ask_again, explain_is_aligned,
              ten_thousand_requests_come_in_pages, a_list_that_does_not_get_on_ends,
              packages_say_what_one_may_do, show_has_all_that_an_approver_decides_on,
              show_tells_claims_and_missing_reasons_apart, json_has_the_names_of_the_bus);
    suite_loop(help_fits_a_screen, 0, 3);
    suite_loop(no_member_controls_a_terminal, 0, 17);
    suite_add(no_error_controls_a_terminal);
    return suite_run();
}
