/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real commands on a real terminal, against a fake accesspkgd: colour, questions, paging. */
#include "tests/support/fake_script.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define ASKED(id, user, more)                                                                                \
    "[{\"id\": " id ", \"digest\": \"d" id "\", \"user\": \"" user                                           \
    "\", \"package\": \"db-admins\", \"groups\": [\"dbadmins\"], "                                           \
    "\"state\": \"pending-approval\", \"duration\": 14400, \"justification\": \"disk \\u001b[2J full\", "    \
    "\"may_decide\": true" more "}]"

#define LIST_OF_TWO                                                                                          \
    "[[" SAMPLE_PENDING ", {\"id\": 7, \"user\": \"dave\", \"package\": \"web\", \"state\": \"fulfilled\","  \
    " \"emergency\": true, \"needs_review\": true}], false]"

static const struct script list_lines[] = {ANSWERS("ListRequests", NULL, "aa{sv}b", LIST_OF_TWO)};

START_TEST(colour_is_for_terminals_that_want_it)
{
    setenv("TERM", "xterm", 1);
    AT_TERMINAL(NULL, list_lines, "pkg-approve");
    SHOWS(result.out, "\x1b[1;33mPending approval");
    SHOWS(result.out, "\x1b[31mFulfilled (needs");
    RUN(list_lines, "pkg-approve");
    HIDES(result.out, "\x1b");
    setenv("NO_COLOR", "1", 1);
    AT_TERMINAL(NULL, list_lines, "pkg-approve");
    SHOWS(result.out, "Fulfilled (needs");
    HIDES(result.out, "\x1b");
    setenv("NO_COLOR", "", 1);
    setenv("TERM", "dumb", 1);
    AT_TERMINAL(NULL, list_lines, "pkg-approve");
    HIDES(result.out, "\x1b");
    unsetenv("TERM");
    AT_TERMINAL(NULL, list_lines, "pkg-approve");
    HIDES(result.out, "\x1b");
}
END_TEST

/* Beside the prompt stands what is newest, and last what needs a review; elsewhere the order is as it was. */
START_TEST(the_newest_stands_last_on_a_terminal)
{
    static const struct script lines[] = {
        ANSWERS("ListRequests", NULL, "aa{sv}b",
                "[[{\"id\": 9, \"package\": \"nine\", \"expires\": 32503680000}, {\"id\": 8, \"package\": "
                "\"eight\"}], false]")};

    AT_TERMINAL(NULL, lines, "pkg-approve");
    ck_assert(strstr(result.out, "eight") < strstr(result.out, "nine"));
    SHOWS(result.out, "in ");
    RUN(lines, "pkg-approve");
    ck_assert(strstr(result.out, "eight") > strstr(result.out, "nine"));
    SHOWS(result.out, "3000-01-01T00:00:00+00:00");
}
END_TEST

static json_t *many(size_t count)
{
    json_t *requests = json_array();

    for (size_t id = count; id > 0; id--)
        json_array_append_new(requests, json_pack("{s:i, s:s}", "id", (int)id, "package", "db"));
    return json_pack("[o, b]", requests, 0);
}

static void run_list_with(const char *typed, size_t count, enum fake_where where, const char *const words[])
{
    json_t *values = many(count);
    char *text = json_dumps(values, 0);
    const struct script line = {"ListRequests", NULL, "aa{sv}b", text, 0, NULL, 0};

    run_somewhere(where, typed, &line, 1, words);
    free(text);
    json_decref(values);
}

static void run_list(size_t count, enum fake_where where, const char *const words[])
{
    run_list_with(NULL, count, where, words);
}

static void run_list_typing(const char *typed, size_t count)
{
    run_list_with(typed, count, FAKE_TERMINAL, WORDS("pkg-approve", "history"));
}

START_TEST(only_what_fills_a_terminal_is_paged)
{
    setenv("ACCESSPKG_PAGER", "sed 's/^/paged: /'", 1);
    run_list(40, FAKE_TERMINAL, WORDS("pkg-approve", "history"));
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "paged: 40");
    SHOWS(result.out, "paged:  1");
    run_list(10, FAKE_TERMINAL, WORDS("pkg-approve", "history"));
    HIDES(result.out, "paged");
    run_list(40, FAKE_TERMINAL, WORDS("pkg-approve", "history", "--no-pager"));
    HIDES(result.out, "paged");
    run_list(40, FAKE_TERMINAL, WORDS("pkg-approve", "history", "--json"));
    HIDES(result.out, "paged");
    run_list(40, FAKE_PIPES, WORDS("pkg-approve", "history"));
    HIDES(result.out, "paged");
}
END_TEST

/* The pager's variable of everybody counts where ours is not set; who has no pager still sees the list. */
START_TEST(the_pager_is_the_users)
{
    unsetenv("ACCESSPKG_PAGER");
    setenv("PAGER", "sed s/^/theirs:/", 1);
    run_list(40, FAKE_TERMINAL, WORDS("pkg-approve", "history"));
    SHOWS(result.out, "theirs:40");
    setenv("PAGER", "/nonexistent/pager", 1);
    run_list(40, FAKE_TERMINAL, WORDS("pkg-approve", "history"));
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "40 -");
    setenv("PAGER", "head -n 1 >/dev/null", 1);
    run_list(500, FAKE_TERMINAL, WORDS("pkg-approve", "history"));
    ck_assert_int_eq(result.code, 0);
    setenv("PAGER", "", 1);
    run_list(40, FAKE_TERMINAL, WORDS("pkg-approve", "history"));
    SHOWS(result.out, "40 -");
}
END_TEST

/* Without a word from the user it is less, as git runs it: it ends by itself only where all fits. */
START_TEST(the_pager_is_less)
{
    unsetenv("ACCESSPKG_PAGER");
    unsetenv("PAGER");
    unsetenv("LESS");
    setenv("TERM", "xterm", 1);
    fake.cue = ":";
    run_list_typing("q", 60);
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "60 -");
    HIDES(result.out, " 1 -"); /* the user has seen enough */
}
END_TEST

/* What waits ends with the newest, so the pager begins there; who has options of their own for less keeps them. */
START_TEST(less_begins_where_the_newest_stands)
{
    unsetenv("ACCESSPKG_PAGER");
    unsetenv("PAGER");
    unsetenv("LESS");
    setenv("TERM", "xterm", 1);
    fake.cue = "(END)";
    run_list_with("q", 60, FAKE_TERMINAL, WORDS("pkg-approve"));
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "60 -");
    HIDES(result.out, " 1 -");
    setenv("LESS", "RX", 1);
    fake.cue = ":";
    run_list_with("q", 60, FAKE_TERMINAL, WORDS("pkg-approve"));
    SHOWS(result.out, " 1 -");
    HIDES(result.out, "60 -");
}
END_TEST

/* A less that says its version and what it is called with, before what it is to show. */
static void install_less(const char *folder, unsigned version)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/less", folder);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "#!/bin/sh\n[ \"$1\" = --version ] && echo \"less %u (GNU)\" && exit\necho \"<$*>\"\ncat\n",
            version);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(path, 0755), 0);
}

/* One that does not know the option would stop with an error. */
START_TEST(headings_stay_where_less_can)
{
    char folder[] = "/tmp/less-XXXXXX", path[256];
    static const unsigned before = 590, since = 608;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s:%s", folder, getenv("PATH"));
    setenv("PATH", path, 1);
    setenv("TERM", "xterm", 1);
    unsetenv("ACCESSPKG_PAGER");
    unsetenv("PAGER");
    install_less(folder, since);
    run_list(40, FAKE_TERMINAL, WORDS("pkg-approve", "history"));
    SHOWS(result.out, "<--header=1>\r\nID USER");
    install_less(folder, before);
    run_list(40, FAKE_TERMINAL, WORDS("pkg-approve", "history"));
    SHOWS(result.out, "<>\r\nID USER");
    setenv("PAGER", "less", 1);
    install_less(folder, since);
    run_list(40, FAKE_TERMINAL, WORDS("pkg-approve", "history", "--lines"));
    SHOWS(result.out, "<>\r\nId: ");
    snprintf(path, sizeof(path), "rm -r %s", folder);
    ck_assert_int_eq(system(path), 0);
}
END_TEST

/* There less would ask for a key before it shows anything. */
START_TEST(a_dumb_terminal_has_no_pager_but_a_named_one)
{
    unsetenv("ACCESSPKG_PAGER");
    unsetenv("PAGER");
    run_list(60, FAKE_TERMINAL, WORDS("pkg-approve", "history"));
    SHOWS(result.out, "60 -");
    SHOWS(result.out, " 1 -");
    setenv("PAGER", "sed s/^/theirs:/", 1);
    run_list(60, FAKE_TERMINAL, WORDS("pkg-approve", "history"));
    SHOWS(result.out, "theirs:60");
}
END_TEST

/* Who may run one command as root is not to start others through a pager of their own. */
START_TEST(under_sudo_no_variable_names_a_program)
{
    setenv("ACCESSPKG_PAGER", "sed s/^/theirs:/", 1);
    setenv("PAGER", "sed s/^/theirs:/", 1);
    setenv("SUDO_UID", "1000", 1);
    setenv("PATH", "/nonexistent", 1);
    run_list(40, FAKE_TERMINAL, WORDS("pkg-approve", "history"));
    unsetenv("SUDO_UID");
    HIDES(result.out, geteuid() == 0 ? "theirs:" : "nothing");
}
END_TEST

START_TEST(approve_repeats_who_gets_what)
{
    static const struct script yes[] = {
        ANSWERS("GetRequest", "[12]", "a{sv}", ASKED("12", "alice", "")),
        ANSWERS("Approve", DECIDES("12", ", \"reason\": \"ok\""), "a{sv}", SAMPLE_HELD("12", "alice"))};
    static const struct script two_of_three[] = {
        ANSWERS("GetRequest", "[12]", "a{sv}",
                ASKED("12", "alice",
                      ", \"quorum\": 3, \"stage\": 1, \"stages\": 1, \"decisions\": [{\"stage\": 1}]"))};
    static const struct script no_reason[] = {
        ANSWERS("GetRequest", "[12]", "a{sv}", ASKED("12", "alice", "")),
        ANSWERS("Approve", DECIDES("12", ", \"duration\": 3600"), "a{sv}", SAMPLE_HELD("12", "alice"))};

    AT_TERMINAL("ok\ny\n", yes, "pkg-approve", "approve", "12");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "Request 12 of alice for db-admins: disk \\x1b[2J full\r\n"); /* rule 10 */
    HIDES(result.out, "\x1b[2J");
    SHOWS(result.out, "Your reason, which alice may read (Enter: none): ");
    SHOWS(result.out, "alice gets db-admins (dbadmins) for 4 h. Approve? [y/N] ");
    SHOWS(result.out, "Request 12 is approved");
    AT_TERMINAL("\nn\n", two_of_three, "pkg-approve", "approve", "12");
    SHOWS(result.out, "for 4 h, once others have approved it too. Approve? [y/N] ");
    AT_TERMINAL("\nYES\n", no_reason, "pkg-approve", "approve", "12", "--for", "1h");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "for 1 h. Approve?");
}
END_TEST

START_TEST(everything_but_yes_changes_nothing)
{
    static const char *const answers[] = {"\n\n", "\nn\n", "\nyess\n", "\x04", "\n\x04", "ok\n y\n"};
    static const struct script lines[] = {ANSWERS("GetRequest", "[12]", "a{sv}", ASKED("12", "alice", ""))};

    AT_TERMINAL(answers[_i], lines, "pkg-approve", "approve", "12");
    ck_assert_int_eq(result.code, 1);
    SHOWS(result.out, "nothing was approved; the request still waits");
}
END_TEST

START_TEST(nobody_is_asked_with_yes_or_with_json)
{
    static const struct script lines[] = {
        SHOWN("12"), ANSWERS("Approve", DECIDES("12", ""), "a{sv}", SAMPLE_HELD("12", "alice"))};

    AT_TERMINAL(NULL, lines, "pkg-approve", "approve", "12", "--yes");
    ck_assert_int_eq(result.code, 0);
    AT_TERMINAL(NULL, lines, "pkg-approve", "approve", "12", "--json");
    ck_assert_int_eq(result.code, 0);
    RUN(lines, "pkg-approve", "approve", "12");
    ck_assert_int_eq(result.code, 0);
}
END_TEST

START_TEST(several_are_confirmed_together)
{
    static const struct script lines[] = {
        ANSWERS("GetRequest", "[12]", "a{sv}", ASKED("12", "alice", "")),
        ANSWERS("GetRequest", "[13]", "a{sv}", ASKED("13", "carol", ", \"extends\": 4")),
        ANSWERS("Approve", DECIDES("12", ""), "a{sv}", SAMPLE_HELD("12", "alice")),
        REFUSED("Approve", DECIDES("13", ""), BUS_ERROR_ALREADY_DECIDED, "dave denied it just now."),
    };

    AT_TERMINAL("\ny\n", lines, "pkg-approve", "approve", "12", "13");
    ck_assert_int_eq(result.code, 1);
    SHOWS(result.out, "Request 12 of alice: alice gets db-admins (dbadmins) for 4 h: disk");
    SHOWS(result.out, "Request 13 of carol: carol keeps db-admins (dbadmins) for 4 h more: disk");
    SHOWS(result.out, "Approve these 2? [y/N] ");
    SHOWS(result.out, "Request 12 is approved");
    SHOWS(result.out, "request 13: dave denied it just now.");
}
END_TEST

/* What cannot be decided is not asked about: accesspkgd says why. */
START_TEST(nothing_is_asked_in_vain)
{
    static const struct script lines[] = {
        ANSWERS("GetRequest", "[12]", "a{sv}",
                "[{\"id\": 12, \"state\": \"denied\", \"may_decide\": false}]"),
        REFUSED("Approve", "[12, {\"digest\": \"\"}]", BUS_ERROR_ALREADY_DECIDED, "dave denied it 2 h ago."),
    };
    static const struct script gone[] = {
        REFUSED("GetRequest", "[12]", BUS_ERROR_UNAVAILABLE, "The directory does not answer.")};

    AT_TERMINAL(NULL, lines, "pkg-approve", "approve", "12");
    ck_assert_int_eq(result.code, 1);
    SHOWS(result.out, "dave denied it 2 h ago.");
    HIDES(result.out, "[y/N]");
    AT_TERMINAL(NULL, gone, "pkg-approve", "approve", "12");
    ck_assert_int_eq(result.code, EX_UNAVAILABLE);
}
END_TEST

START_TEST(deny_asks_for_its_reason)
{
    static const struct script lines[] = {ANSWERS("GetRequest", "[3]", "a{sv}", ASKED("3", "alice", "")),
                                          ANSWERS("Deny", DECIDES("3", ", \"reason\": \"not today\""),
                                                  "a{sv}",
                                                  "[{\"id\": 3, \"user\": \"alice\", \"package\": \"db\"}]")};
    static const char *const unsaid[] = {"\n", "  \n", "\x04"};

    AT_TERMINAL("not today\n", lines, "pkg-approve", "deny", "3");
    ck_assert_int_eq(result.code, 0);
    SHOWS(result.out, "Request 3 of alice for db-admins: disk");
    SHOWS(result.out, "Your reason, which alice may read: not today");
    for (size_t i = 0; i < LENGTH(unsaid); i++) {
        run_somewhere(FAKE_TERMINAL, unsaid[i], lines, 1, WORDS("pkg-approve", "deny", "3"));
        ck_assert_int_eq(result.code, 1);
        SHOWS(result.out, i < 2 ? "a denial needs a reason: nothing was denied; the request still waits"
                                : "pkg-approve: nothing was denied; the request still waits");
    }
    run_somewhere(FAKE_TERMINAL, "\xff\n", lines, 1, WORDS("pkg-approve", "deny", "3"));
    ck_assert_int_eq(result.code, EX_USAGE);
}
END_TEST

int main(void)
{
    script_case("on a terminal", script_setup);
    suite_add(colour_is_for_terminals_that_want_it, the_newest_stands_last_on_a_terminal,
              only_what_fills_a_terminal_is_paged, the_pager_is_the_users,
              under_sudo_no_variable_names_a_program, headings_stay_where_less_can,
              a_dumb_terminal_has_no_pager_but_a_named_one, approve_repeats_who_gets_what);
    suite_loop(everything_but_yes_changes_nothing, 0, 6);
    suite_add(nobody_is_asked_with_yes_or_with_json, several_are_confirmed_together, nothing_is_asked_in_vain,
              deny_asks_for_its_reason);
    if (access("/usr/bin/less", X_OK) == 0)
        suite_add(the_pager_is_less, less_begins_where_the_newest_stands);
    return suite_run();
}
