/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin holders against a fake accesspkgd, and what an end says of who stands in /etc/group as well. */
#include "tests/support/fake_script.h"
#include "tests/support/suite.h"

#include <sysexits.h>

#define ROWS                                                                                                 \
    "[{\"user\": \"carol\", \"uid\": 1003, \"package\": \"db\", \"state\": \"fulfilled\","                   \
    " \"groups\": [\"dbadmins\", \"backup\"], \"assignment\": 7, \"request\": 12,"                           \
    " \"assignment_start\": 1763935940, \"assignment_end\": 1763950340, \"standing\": [\"dbadmins\"]},"      \
    " {\"user\": \"carol\", \"uid\": 1003, \"package\": \"more\", \"state\": \"fulfilled\","                 \
    " \"groups\": [\"dbadmins\"], \"assignment\": 5, \"assignment_start\": 1763935940,"                      \
    " \"standing\": [\"dbadmins\"]},"                                                                        \
    " {\"user\": \"CORP\\\\bob\", \"uid\": 7, \"package\": \"db\", \"state\": \"partially-fulfilled\","      \
    " \"groups\": [], \"problems\": [\"dbadmins: away\"], \"assignment\": 3,"                                \
    " \"assignment_start\": 1763935940, \"assignment_end\": 1763950340}]"

START_TEST(a_table_and_what_to_do)
{
    static const struct script lines[] = {
        ANSWERS("ListHolders", "[{\"limit\": 500}]", "aa{sv}bas", "[" ROWS ", false, []]")};

    RUN(lines, "pkg-admin", "holders");
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(result.out,
                     "USER     PACKAGE GROUPS           STATE               SINCE                     "
                     "UNTIL                     ASSIGNMENT ALSO IN /ETC/GROUP\n"
                     "carol    db      dbadmins, backup Fulfilled           2025-11-23T22:12:20+00:00 "
                     "2025-11-24T02:12:20+00:00          7 dbadmins\n"
                     "carol    more    dbadmins         Fulfilled           2025-11-23T22:12:20+00:00 "
                     "no end                             5 dbadmins\n"
                     "CORP\\bob db      -                Partially fulfilled 2025-11-23T22:12:20+00:00 "
                     "2025-11-24T02:12:20+00:00          3 -\n"
                     "\nUsers who are in /etc/group as well keep the group after the end: accesspkg did not "
                     "add them there. To remove them:\n  gpasswd -d carol dbadmins\n");
    ck_assert_str_eq(result.err, "");
}
END_TEST

START_TEST(json_has_the_rows)
{
    static const struct script lines[] = {ANSWERS("ListHolders", "[{\"limit\": 500, \"name\": \"db\"}]",
                                                  "aa{sv}bas", "[" ROWS ", false, [\"package\"]]")};

    RUN(lines, "pkg-admin", "holders", "db", "--json");
    json_t *rows = script_parse(result.out);
    ck_assert_uint_eq(json_array_size(rows), 3);
    ck_assert_str_eq(member_text(json_array_get(rows, 0), "assignment_end"), "2025-11-24T02:12:20+00:00");
    ck_assert_ptr_null(json_object_get(json_array_get(rows, 1), "assignment_end"));
    json_decref(rows);
    ck_assert_str_eq(result.err, "");
}
END_TEST

/* What is typed, what is asked for. */
START_TEST(a_name_may_say_what_it_is)
{
    static const struct {
        const char *words[5], *wants;
    } asked[] = {
        {{"pkg-admin", "holders", "db"}, "[{\"limit\": 500, \"name\": \"db\"}]"},
        {{"pkg-admin", "holders", "%db"}, "[{\"limit\": 500, \"name\": \"db\", \"kind\": \"group\"}]"},
        {{"pkg-admin", "holders", "--package", "db"},
         "[{\"limit\": 500, \"name\": \"db\", \"kind\": \"package\"}]"},
        {{"pkg-admin", "holders", "--user", "db"},
         "[{\"limit\": 500, \"name\": \"db\", \"kind\": \"user\"}]"},
    };
    struct script line = {
        "ListHolders", asked[_i].wants, "aa{sv}bas", "[" ROWS ", false, [\"user\"]]", 0, NULL, 0};

    run_somewhere(FAKE_PIPES, NULL, &line, 1, asked[_i].words);
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(result.err, "");
}
END_TEST

START_TEST(one_name_for_several_things)
{
    static const struct script all[] = {
        ANSWERS("ListHolders", NULL, "aa{sv}bas", "[" ROWS ", false, [\"package\", \"group\", \"user\"]]")};
    static const struct script two[] = {
        ANSWERS("ListHolders", NULL, "aa{sv}bas", "[[], false, [\"package\", \"group\"]]")};

    RUN(all, "pkg-admin", "holders", "db");
    ck_assert_str_eq(result.err,
                     "pkg-admin: db is a package and a group and a user; all of it is shown. For one alone: "
                     "pkg-admin holders --package db, pkg-admin holders %db, pkg-admin holders --user db\n");
    RUN(two, "pkg-admin", "holders", "db");
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(result.out, "");
    SHOWS(result.err, "Nobody holds db now.\npkg-admin: db is a package and a group; all of it is shown.");
}
END_TEST

START_TEST(nothing_held)
{
    static const struct {
        const char *name, *kinds, *says;
        int code;
    } cases[] = {
        {"db", "[\"package\"]", "Nobody holds db now.\n", 0},
        {"%db", "[\"group\"]",
         "Nobody has the group db by a package now. Who stands in it: getent group db\n", 0},
        {"%db", "[]", "pkg-admin: no package gives the group db, and nobody has it by one\n", 1},
        {"root", "[]", "root holds nothing now.\n", 0},
        {"nosuch", "[]",
         "pkg-admin: nosuch is no package and no user on this host, nor a group that a package gives",
         EX_NOUSER},
    };
    char values[64];
    snprintf(values, sizeof(values), "[[], false, %s]", cases[_i].kinds);
    struct script lines[] = {{"ListHolders", NULL, "aa{sv}bas", values, 0, NULL, 0},
                             ANSWERS("ListPackages", NULL, "aa{sv}", "[[]]")};

    run_somewhere(FAKE_PIPES, NULL, lines, cases[_i].code == 0 ? 1 : 2,
                  WORDS("pkg-admin", "holders", cases[_i].name));
    ck_assert_int_eq(result.code, cases[_i].code);
    ck_assert_str_eq(result.out, "");
    ck_assert_ptr_eq(strstr(result.err, cases[_i].says), result.err);
}
END_TEST

START_TEST(nobody_holds_anything)
{
    static const struct script lines[] = {ANSWERS("ListHolders", NULL, "aa{sv}bas", "[[], false, []]")};
    static const struct script unknown[] = {ANSWERS("ListHolders", NULL, "aa{sv}bas", "[[], false, []]"),
                                            ANSWERS("ListPackages", NULL, "aa{sv}", "[[]]")};

    RUN(lines, "pkg-admin", "holders");
    ck_assert_str_eq(result.err, "Nobody holds anything now.\n");
    RUN(lines, "pkg-admin", "holders", "--json");
    ck_assert_str_eq(result.out, "[]\n");
    ck_assert_str_eq(result.err, "");
    RUN(unknown, "pkg-admin", "holders", "--package", "gone");
    ck_assert_int_eq(result.code, 1);
    SHOWS(result.err, "there is no access package gone on this host");
}
END_TEST

START_TEST(wrong_usage)
{
    RUN_UNASKED("pkg-admin", "holders", "db", "--package", "db");
    ck_assert_int_eq(result.code, 64);
    RUN_UNASKED("pkg-admin", "holders", "--user", "db", "--package", "db");
    ck_assert_int_eq(result.code, 64);
    RUN_UNASKED("pkg-admin", "holders", "a", "b");
    ck_assert_int_eq(result.code, 64);
}
END_TEST

/* ---- pages ---- */

/* A page below `before`, of 1,200 in all. */
static struct fake_reply page(const char *method, const json_t *arguments, void *data)
{
    const json_t *filter = json_array_get(arguments, 0);
    const int64_t before = member_integer(filter, "before"), limit = member_integer(filter, "limit");
    json_t *rows = json_array();

    (void)data;
    ck_assert_str_eq(method, "ListHolders");
    calls++;
    for (int64_t id = (before ? before : 1201) - 1; id > 0 && (int64_t)json_array_size(rows) < limit; id--)
        json_array_append_new(rows, json_pack("{s:I, s:s, s:s}", "assignment", (json_int_t)id, "user",
                                              "alice", "state", "fulfilled"));
    const int64_t last = member_integer(json_array_get(rows, json_array_size(rows) - 1), "assignment");
    return (struct fake_reply){.signature = "aa{sv}bas", .values = json_pack("[o, b, []]", rows, last > 1)};
}

START_TEST(it_comes_in_pages)
{
    fake.answer = page;
    fake_manager_run(&fake, WORDS("pkg-admin", "holders", "--json"), FAKE_PIPES, NULL, &result);
    json_t *rows = script_parse(result.out);
    ck_assert_uint_eq(json_array_size(rows), 1200);
    ck_assert_uint_eq(calls, 3);
    json_decref(rows);
}
END_TEST

START_TEST(a_list_that_does_not_get_on_ends)
{
    static const struct script again[] = {
        ANSWERS("ListHolders", NULL, "aa{sv}bas", "[[{\"assignment\": 5}], true, []]"),
        ANSWERS("ListHolders", NULL, "aa{sv}bas", "[[{\"assignment\": 5}], true, []]")};
    static const struct script nothing[] = {ANSWERS("ListHolders", NULL, "aa{sv}bas", "[[], true, []]")};
    static const struct script odd[] = {ANSWERS("ListHolders", NULL, "aa{sv}", "[[]]")};

    RUN(again, "pkg-admin", "holders");
    RUN(nothing, "pkg-admin", "holders");
    RUN(odd, "pkg-admin", "holders");
    ck_assert_int_ne(result.code, 0);
}
END_TEST

/* ---- ends ---- */

#define ENDED                                                                                                \
    "[{\"id\": 12, \"state\": \"revoked\", \"user\": \"CORP\\\\bob\", \"package\": \"db\","                  \
    " \"standing\": [\"dbadmins\", \"x;reboot\"]}]"

/* Whom somebody else put there stays there: the command that takes them out can be pasted. */
START_TEST(an_end_says_who_stays)
{
    static const struct script revoked[] = {ANSWERS("Revoke", NULL, "a{sv}", ENDED)};
    static const struct script returned[] = {ANSWERS("Return", NULL, "a{sv}", ENDED)};

    RUN(revoked, "pkg-admin", "revoke", "db", "x", "-m", "over");
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(
        result.out,
        "db of CORP\\bob: Revoked\n"
        "CORP\\bob is also in the group dbadmins in /etc/group, where accesspkg did not add them; to remove "
        "them: gpasswd -d 'CORP\\bob' dbadmins\n"
        "CORP\\bob is also in the group x;reboot in /etc/group, where accesspkg did not add them; "
        "to remove them: gpasswd -d 'CORP\\bob' 'x;reboot'\n");
    RUN(returned, "pkg-request", "return", "db");
    SHOWS(result.out, "You have handed back db.");
    SHOWS(result.out, "You are also in the group dbadmins in /etc/group, where accesspkg did not add you, so "
                      "you keep it. An administrator can remove you: gpasswd -d 'CORP\\bob' dbadmins\n");
}
END_TEST

int main(void)
{
    script_case("holders", script_setup);
    suite_add(a_table_and_what_to_do, json_has_the_rows);
    suite_loop(a_name_may_say_what_it_is, 0, 4);
    suite_add(one_name_for_several_things);
    suite_loop(nothing_held, 0, 5);
    suite_add(nobody_holds_anything, wrong_usage, it_comes_in_pages, a_list_that_does_not_get_on_ends,
              an_end_says_who_stays);
    return suite_run();
}
