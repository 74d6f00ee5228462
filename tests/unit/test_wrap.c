/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where text is broken (cli/wrap.c), and which columns of a table have room (cli/layout.c). */
#include "cli/layout.h"
#include "cli/wrap.h"
#include "tests/support/suite.h"

#include <locale.h>
#include <stdlib.h>

static void setup(void)
{
    ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
}

static const struct {
    const char *text;
    size_t width;
    const char *wrapped, *cut;
} cases[] = {
    {"", 5, "", ""},
    {"one two", 7, "one two", "one two"},
    {"one two", 6, "one\ntwo", "one\u2026"},
    {"one  two", 3, "one\ntwo", "on\u2026"},
    {"one two ", 7, "one two", "one\u2026"},
    {"one\ntwo", 3, "one\ntwo", "one\ntwo"},
    {"one\n\ntwo", 3, "one\n\ntwo", "one\n\ntwo"},
    {"abcdef", 3, "abc\ndef", "ab\u2026"},
    {"a bcdefg", 3, "a\nbcd\nefg", "a\u2026"},
    {"\u6f22\u5b57\u6f22", 5, "\u6f22\u5b57\n\u6f22", "\u6f22\u5b57\u2026"},
    {"a\u6f22b", 2, "a\n\u6f22\nb", "a\u2026"},
    {"\u6f22", 1, "\u6f22", "\u6f22\u2026"},
    {"re\u0301 re\u0301", 2, "re\u0301\nre\u0301", "r\u2026"},
    {"e\u0301\u0301e\u0301", 1, "e\u0301\u0301\ne\u0301", "e\u0301\u0301\u2026"},
};

START_TEST(text_is_broken_between_words)
{
    char *wrapped = wrap_text(cases[_i].text, cases[_i].width),
         *cut = wrap_cut(cases[_i].text, cases[_i].width);

    ck_assert_str_eq(wrapped, cases[_i].wrapped);
    ck_assert_str_eq(cut, cases[_i].cut);
    free(wrapped);
    free(cut);
}
END_TEST

START_TEST(words_and_lines_are_measured_in_columns)
{
    ck_assert_uint_eq(wrap_columns("one\n\u6f22\u5b57 x"), 6);
    ck_assert_uint_eq(wrap_columns("re\u0301"), 2);
    ck_assert_uint_eq(wrap_longest_word("a bcd\u6f22\u5b57"), 3);
    ck_assert_uint_eq(wrap_longest_word("  "), 0);
}
END_TEST

START_TEST(the_least_important_column_goes_first)
{
    struct layout_column columns[] = {{.natural = 3, .least = 3},
                                      {.natural = 20, .least = 10, .rank = 1},
                                      {.natural = 10, .least = 10, .rank = 2},
                                      {.natural = 10, .least = 10, .rank = 2}};
    const size_t n = sizeof(columns) / sizeof(*columns);

    ck_assert(layout_fit(columns, n, 46));
    ck_assert_uint_eq(columns[1].width, 20);
    ck_assert(layout_fit(columns, n, 36));
    ck_assert_uint_eq(columns[1].width, 10);
    ck_assert(!columns[3].left_out);
    ck_assert(layout_fit(columns, n, 35));
    ck_assert(columns[3].left_out && !columns[2].left_out);
    ck_assert(layout_fit(columns, n, 24));
    ck_assert(columns[2].left_out && !columns[1].left_out);
    ck_assert_uint_eq(columns[1].width, 20);
    ck_assert(layout_fit(columns, n, 3));
    ck_assert(columns[1].left_out);
    ck_assert(!layout_fit(columns, n, 2));
}
END_TEST

START_TEST(what_is_left_is_shared_by_rank)
{
    struct layout_column columns[] = {{.natural = 20, .least = 5, .rank = 2},
                                      {.natural = 8, .least = 5, .rank = 1},
                                      {.natural = 20, .least = 5, .rank = 2}};

    ck_assert(layout_fit(columns, 3, 25));
    ck_assert_uint_eq(columns[1].width, 8);
    ck_assert_uint_eq(columns[0].width, 8);
    ck_assert_uint_eq(columns[2].width, 7);
}
END_TEST

int main(void)
{
    suite_case("wrap", setup, NULL);
    suite_loop(text_is_broken_between_words, 0, sizeof(cases) / sizeof(*cases));
    suite_add(words_and_lines_are_measured_in_columns, the_least_important_column_goes_first,
              what_is_left_is_shared_by_rank);
    return suite_run();
}
