/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each command that prints a table, on terminals of 40 to 200 columns, with long and wide text: no line is longer than
 * the terminal, no word is cut, headings and numbers are there, colour is only where it is wanted.
 */
#include "tests/support/fake_script.h"
#include "tests/support/suite.h"

#include <ctype.h>
#include <locale.h>
#include <stdlib.h>
#include <wchar.h>
#include <wctype.h>

/* A line of its own for each kind of trouble: long names, blanks, no blanks, characters of two columns, of none. */
#define USER    "alexandra.von-und-zu@corp"
#define PACKAGE "production-databases"
#define WHY                                                                                                  \
    "\"INC-4711: the disk of the billing database is full, r\\u0065\\u0301plique "                           \
    "\\u6f22\\u5b57\\u6f22\\u5b57\\u6f22\\u5b57\\u6f22\\u5b57\\u6f22\\u5b57\\u6f22\\u5b57\\u6f22\\u5b57 "    \
    "and needs somebody\""
#define NAMES  "[\"bob\", \"%dba-leads\", \"carol.of-the-night-shift@corp\", \"dave\"]"
#define GROUPS "\"groups\": [\"dbadmins\", \"backup\", \"storage-operators\"]"
#define REQUESTS                                                                                             \
    "{\"id\": 40712, \"user\": \"" USER "\", \"uid\": 1001, \"package\": \"" PACKAGE                         \
    "\", \"state\": \"pending-approval\", \"request_state\": \"pending-approval\", \"justification\": " WHY  \
    ", \"submitted\": 1763935940, \"expires\": 1764022340, " GROUPS ", \"approvers\": " NAMES "}, "          \
    "{\"id\": 7, \"user\": \"dave\", \"package\": \"web\", \"state\": \"fulfilled\", \"emergency\": true, "  \
    "\"needs_review\": true, \"justification\": \"\\u6025\", \"assignment_end\": 1764022340}"
#define PACKAGES                                                                                             \
    "{\"name\": \"" PACKAGE "\", \"description\": " WHY ", " GROUPS ", \"approval\": true, "                 \
    "\"approvers\": " NAMES ", \"duration\": 14400, \"max_duration\": 43200, \"may_request\": true}, "       \
    "{\"name\": \"web\", \"approval\": false, \"duration\": 3600, \"state\": \"partially-fulfilled\", "      \
    "\"assignment_end\": 1764022340}"
#define HOLDERS                                                                                              \
    "{\"user\": \"" USER "\", \"package\": \"" PACKAGE "\", \"state\": \"fulfilled\", " GROUPS               \
    ", \"assignment\": 40712, \"assignment_start\": 1763935940, \"assignment_end\": 1763950340, "            \
    "\"standing\": [\"dbadmins\"]}, "                                                                        \
    "{\"user\": \"dave\", \"package\": \"web\", \"state\": \"partially-fulfilled\", \"assignment\": 7, "     \
    "\"assignment_start\": 1763935940}"
#define AUDITED                                                                                              \
    "{\"at\": 1763935940, \"actor\": \"" USER "\", \"event\": \"request.submitted\", \"request\": 40712, "   \
    "\"user\": \"carol@corp\", \"package\": \"" PACKAGE "\", \"detail\": " WHY "}, "                         \
    "{\"at\": 1763935940, \"actor\": \"root\", \"uid\": 0, \"loginuid\": 1000, \"event\": \"reload\", "      \
    "\"request\": 7}"
#define COUNTED                                                                                              \
    "{\"package\": \"" PACKAGE "\", \"requests\": 40712, \"approved\": 31, \"automatic\": 4, \"denied\": 5," \
    " \"expired\": 6, \"cancelled\": 7, \"pending\": 8, \"emergencies\": 9, \"assigned\": 10, "              \
    "\"unused\": 11, \"median\": 5400, \"p90\": 86400, \"deciders\": "                                       \
    "[{\"decider\": \"" USER "\", \"approved\": 20, \"denied\": 3}, {\"decider\": \"bob\", "                 \
    "\"approved\": 11, \"denied\": 2}]}"
#define EXPLAINED                                                                                            \
    "{\"package\": \"" PACKAGE "\", \"description\": " WHY ", \"user\": \"" USER "\", \"uid\": 1001, "       \
    "\"may_request\": false, \"why\": " WHY ", \"justification\": true, \"approval\": true, "                \
    "\"duration\": 14400, \"max_duration\": 43200, \"extension\": \"approval\", \"stages\": "                \
    "[{\"stage\": 1, \"quorum\": 2, \"timeout\": 86400, \"approvers\": " NAMES ", \"people\": " NAMES ", "   \
    "\"fallback_approvers\": " NAMES ", \"fallback_people\": [\"erin\"], \"escalate_after\": 7200, "         \
    "\"reach\": \"none\", \"why\": " WHY "}], \"groups\": [{\"name\": \"storage-operators\", "               \
    "\"gid\": 40712, \"problem\": " WHY "}]}"
#define DELEGATED                                                                                            \
    "{\"user\": \"" USER                                                                                     \
    "\", \"to\": \"bob\", \"since\": 1763935940, \"until\": 1764022340, \"reason\": " WHY "}"

static const struct view {
    const char *words[4];
    const char *heading; /* of the first column; NULL: no table */
    const char *numbers[2];
    struct script lines[2];
} views[] = {
    {{"pkg-approve"},
     "ID",
     {"40712", "7"},
     {ANSWERS("ListRequests", NULL, "aa{sv}b", "[[" REQUESTS "], false]")}},
    {{"pkg-approve", "history"},
     "ID",
     {"40712", "7"},
     {ANSWERS("ListRequests", NULL, "aa{sv}b", "[[" REQUESTS "], false]")}},
    {{"pkg-approve", "show", "40712"},
     NULL,
     {"40712"},
     {ANSWERS("GetRequest", NULL, "a{sv}",
              "[{\"id\": 40712, \"state\": \"pending-approval\", \"justification\": " WHY
              ", \"approvers\": " NAMES ", \"pause_until\": 1764022340}]")}},
    {{"pkg-approve", "delegate"},
     "FROM",
     {0},
     {ANSWERS("ListDelegations", NULL, "aa{sv}", "[[" DELEGATED "]]")}},
    {{"pkg-request"},
     "PACKAGE",
     {"40712"},
     {ANSWERS("ListPackages", NULL, "aa{sv}", "[[" PACKAGES "]]"),
      ANSWERS("ListRequests", NULL, "aa{sv}b", "[[" REQUESTS "], false]")}},
    {{"pkg-request", "list"},
     "ID",
     {"40712", "7"},
     {ANSWERS("ListRequests", NULL, "aa{sv}b", "[[" REQUESTS "], false]")}},
    {{"pkg-request", "packages"},
     "PACKAGE",
     {0},
     {ANSWERS("ListPackages", NULL, "aa{sv}", "[[" PACKAGES "]]")}},
    {{"pkg-request", "explain", "web"},
     "STAGE",
     {"40712"},
     {ANSWERS("Explain", NULL, "a{sv}", "[" EXPLAINED "]")}},
    {{"pkg-admin", "holders"},
     "USER",
     {"40712", "7"},
     {ANSWERS("ListHolders", NULL, "aa{sv}bas", "[[" HOLDERS "], false, []]")}},
    {{"pkg-admin", "report"},
     "PACKAGE",
     {"40712"},
     {ANSWERS("Report", NULL, "aa{sv}x", "[[" COUNTED "], 1763935940]")}},
    {{"pkg-admin", "audit"},
     "TIME",
     {"40712", "7"},
     {ANSWERS("Audit", NULL, "aa{sv}xx", "[[" AUDITED "], 0, 0]")}},
};
static const unsigned short widths[] = {40, 60, 80, 120, 200};

enum { VIEWS = LENGTH(views), WIDE = 2000 };

static void run_view(const struct view *view, unsigned short columns)
{
    fake.columns = columns;
    run_somewhere(FAKE_TERMINAL, NULL, view->lines, view->lines[1].method ? 2 : 1, view->words);
    ck_assert_int_eq(result.code, 0);
}

/* ---- what is seen ------------------------------------------------------------------------------------------- */

static wchar_t *wide_text(const char *text)
{
    wchar_t *wide = calloc(strlen(text) + 1, sizeof(*wide));

    ck_assert_ptr_nonnull(wide);
    ck_assert_msg(mbstowcs(wide, text, strlen(text) + 1) != (size_t)-1, "not in the locale's encoding: %s",
                  text);
    return wide;
}

/* Takes colours out; without `allowed` there must be none. */
static void drop_colours(wchar_t *text, bool allowed)
{
    wchar_t *to = text;

    for (const wchar_t *from = text; *from; from++)
        if (*from == L'\x1b') {
            ck_assert_msg(allowed, "colour in: %ls", from);
            from = wcschr(from, L'm');
            ck_assert_ptr_nonnull(from);
        } else if (*from != L'\r') {
            *to++ = *from;
        }
    *to = L'\0';
}

static int columns_of(const wchar_t *line, size_t length)
{
    int columns = 0;

    for (size_t i = 0; i < length; i++) {
        ck_assert_int_ge(wcwidth(line[i]), 0);
        columns += wcwidth(line[i]);
    }
    return columns;
}

/* Commands to copy stand as they are. */
static bool is_command(const wchar_t *line)
{
    return wcsncmp(line, L"  gpasswd", 9) == 0;
}

static void no_line_is_longer(const wchar_t *text, int width)
{
    for (const wchar_t *line = text; *line; line += wcscspn(line, L"\n") + (line[wcscspn(line, L"\n")] != 0))
        ck_assert_msg(is_command(line) || columns_of(line, wcscspn(line, L"\n")) <= width,
                      "longer than %d columns: %ls", width, line);
}

/* The next word from *at on, in lower case, without the end of what was cut or labelled; false: there is none. CJK has no
 * words: each character is one. */
static bool next_word(const wchar_t **at, wchar_t ret[128])
{
    size_t length = 0;

    *at += wcsspn(*at, L" \n");
    while (**at && !wcschr(L" \n", **at) && length < 127) {
        const bool whole = wcwidth(**at) > 1;
        if (whole && length > 0)
            break;
        ret[length++] = (wchar_t)towlower((wint_t) * (*at)++);
        if (whole)
            break;
    }
    while (length > 0 && wcschr(L":\u2026", ret[length - 1]))
        length--;
    ret[length] = L'\0';
    return length > 0 || **at;
}

static bool has_word(const wchar_t *text, const wchar_t *word)
{
    wchar_t other[128];

    while (next_word(&text, other))
        if (wcscmp(other, word) == 0)
            return true;
    return false;
}

static void no_word_is_cut(const wchar_t *text, const wchar_t *whole)
{
    wchar_t word[128];

    while (next_word(&text, word))
        ck_assert_msg(!*word || wcscmp(word, L"-") == 0 || has_word(whole, word), "'%ls' is no word of %ls",
                      word, whole);
}

/* ---- the cases ---------------------------------------------------------------------------------------------- */

static bool has_heading(const char *shown, const char *heading)
{
    char label[32];

    snprintf(label, sizeof(label), "%c", heading[0]);
    for (size_t i = 1; i <= strlen(heading); i++)
        label[i] = (char)tolower((unsigned char)heading[i]);
    strcat(label, ":");
    return strstr(shown, heading) || strstr(shown, label);
}

static void check_view(const struct view *view, unsigned short width, const wchar_t *whole, bool colour)
{
    run_view(view, width);
    wchar_t *text = wide_text(result.out);
    drop_colours(text, colour);
    no_line_is_longer(text, width);
    no_word_is_cut(text, whole);
    ck_assert_msg(!view->heading || has_heading(result.out, view->heading), "no heading in %s", result.out);
    for (size_t i = 0; i < 2 && view->numbers[i]; i++) {
        wchar_t number[16];
        swprintf(number, 16, L"%s", view->numbers[i]);
        ck_assert_msg(has_word(text, number), "no %s in %s", view->numbers[i], result.out);
    }
    free(text);
}

START_TEST(everything_fits_and_is_whole)
{
    static const struct {
        const char *terminal, *no_color, *locale;
    } users[] = {{"xterm", NULL, "C.UTF-8"}, {"xterm", "1", "C"}, {"dumb", NULL, "C"}};
    const struct view *view = &views[_i];

    setlocale(LC_CTYPE, "C.UTF-8");
    run_view(view, WIDE);
    wchar_t *whole = wide_text(result.out);
    drop_colours(whole, false);
    for (size_t i = 0; i < LENGTH(users); i++) {
        setenv("TERM", users[i].terminal, 1);
        setenv("LC_ALL", users[i].locale, 1);
        users[i].no_color ? setenv("NO_COLOR", users[i].no_color, 1) : unsetenv("NO_COLOR");
        for (size_t k = 0; k < LENGTH(widths); k++)
            check_view(view, widths[k], whole, i == 0);
    }
    free(whole);
}
END_TEST

/* What a list leaves out goes by importance; its records, with room for everything, say all. */
START_TEST(columns_go_by_importance)
{
    fake.columns = 72;
    run_view(&views[0], 72);
    SHOWS(result.out, "ID USER");
    SHOWS(result.out, "STATE");
    HIDES(result.out, "SUBMITTED");
    run_view(&views[0], 40);
    HIDES(result.out, "ID USER");
    SHOWS(result.out, "Id:        40712\r\n");
    SHOWS(result.out, "Submitted: ");
    SHOWS(result.out, "\r\n\r\nId: ");
}
END_TEST

START_TEST(whoever_wants_lines_gets_them)
{
    static const struct script lines[] = {
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[" REQUESTS "], false]")};

    RUN(lines, "pkg-approve", "list", "--lines");
    SHOWS(result.out, "Id:        40712\nUser:      " USER "\nPackage:   " PACKAGE "\n");
    SHOWS(result.out, "Expires:   2025-11-24T22:12:20+00:00\n");
    SHOWS(result.out, "Expires: 2025-11-24T22:12:20+00:00\n\nId:        40712\n");
    HIDES(result.out, "SUBMITTED");
}
END_TEST

/* A word that no line has room for is broken at its end, and its rest never stands where a label does. */
START_TEST(a_word_without_room_is_broken)
{
    static const struct script lines[] = {ANSWERS(
        "GetRequest", NULL, "a{sv}",
        "[{\"id\": 12, \"justification\": \"0123456789012345678901234567890123456789012345678 end\"}]")};

    fake.columns = 40;
    AT_TERMINAL(NULL, lines, "pkg-approve", "show", "12");
    SHOWS(result.out, "Justification: 0123456789012345678901234\r\n"
                      "               567890123456789012345678\r\n"
                      "               end\r\n");
}
END_TEST

START_TEST(watch_fits)
{
    static const struct script lines[] = {
        ANSWERS("ListRequests", NULL, "aa{sv}b", "[[" REQUESTS "], false]")};

    setlocale(LC_CTYPE, "C.UTF-8");
    for (size_t i = 0; i < LENGTH(widths); i++) {
        fake.columns = widths[i];
        fake.cue = "40712";
        AT_TERMINAL("\x03", lines, "pkg-approve", "watch");
        wchar_t *text = wide_text(strchr(result.out, '\n') + 1);
        drop_colours(text, false);
        no_line_is_longer(text, widths[i]);
        free(text);
        ck_assert_msg(strstr(result.out, " UTC "), "%s", result.out);
    }
    SHOWS(result.out, " 40712 " USER " " PACKAGE ": Pending approval, waits for: ");
}
END_TEST

int main(void)
{
    script_case("width", script_setup);
    suite_loop(everything_fits_and_is_whole, 0, VIEWS);
    suite_add(columns_go_by_importance, whoever_wants_lines_gets_them, a_word_without_room_is_broken,
              watch_fits);
    return suite_run();
}
