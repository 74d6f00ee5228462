/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and text from outside: rule 10 (nothing of a user reaches a file name, a terminal or a log unencoded). */
#include "common/names.h"
#include "common/wordlist.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(package_names)
{
    static const struct {
        const char *name;
        bool good;
    } cases[] = {
        {"db-admins", true}, {"a", true},    {"9lives", true}, {"a.b_c-d", true},   {"", false},
        {".a", false},       {"-a", false},  {"_a", false},    {"DB", false},       {"a/b", false},
        {"../x", false},     {"a b", false}, {"a\n", false},   {"\xc3\xa4", false}, {"a%20", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        ck_assert_msg(name_is_package(cases[i].name) == cases[i].good, "package name '%s'", cases[i].name);
}
END_TEST

START_TEST(package_name_length)
{
    char name[NAME_PACKAGE_MAX + 2];
    memset(name, 'a', sizeof(name));
    name[NAME_PACKAGE_MAX] = '\0';
    ck_assert(name_is_package(name));
    name[NAME_PACKAGE_MAX] = 'a';
    name[NAME_PACKAGE_MAX + 1] = '\0';
    ck_assert(!name_is_package(name));
}
END_TEST

START_TEST(utf8)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"", true},
        {"plain\n\x7f", true},
        {"J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x94\x91", true},
        {"\xef\xbf\xbf \xf4\x8f\xbf\xbf", true}, /* U+FFFF, U+10FFFF */
        {"\xed\x9f\xbf\xee\x80\x80", true},      /* either side of the surrogates */
        {"\xff", false},
        {"\x80", false},
        {"\xc3", false},             /* cut short */
        {"\xe2\x82", false},         /* cut short */
        {"\xf0\x9f\x94", false},     /* cut short */
        {"\xe2(\xa1", false},        /* second byte wrong */
        {"\xc0\xaf", false},         /* overlong '/' */
        {"\xc1\xbf", false},         /* overlong */
        {"\xe0\x80\xaf", false},     /* overlong */
        {"\xe0\x9f\xbf", false},     /* overlong */
        {"\xf0\x8f\xbf\xbf", false}, /* overlong */
        {"\xed\xa0\x80", false},     /* a surrogate */
        {"\xed\xbf\xbf", false},     /* a surrogate */
        {"\xf4\x90\x80\x80", false}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        ck_assert_msg(text_is_utf8(cases[i].text) == cases[i].good, "case %zu", i);
}
END_TEST

static const struct {
    const char *name, *encoded;
} encodings[] = {
    {"alice", "alice"},
    {"Bob_2@example.org", "Bob_2@example.org"},
    {"by-gid", "by-gid"},
    {"../x", "%2E.%2Fx"},
    {".", "%2E"},
    {"..", "%2E."},
    {"/", "%2F"},
    {".hidden", "%2Ehidden"},
    {"DOM\\user", "DOM%5Cuser"},
    {"domain users", "domain%20users"},
    {"100%", "100%25"},
    {"a\nb", "a%0Ab"},
    {"\xc3\xa4", "%C3%A4"},
    {"\xff", "%FF"},
    {"host$", "host%24"},
};

START_TEST(encoding_and_back)
{
    char text[NAME_ENCODED_MAX + 1];
    for (size_t i = 0; i < sizeof(encodings) / sizeof(*encodings); i++) {
        ck_assert_int_eq(name_encode(encodings[i].name, text, sizeof(text)), 0);
        ck_assert_str_eq(text, encodings[i].encoded);
        ck_assert_int_eq(name_decode(encodings[i].encoded, text, sizeof(text)), 0);
        ck_assert_str_eq(text, encodings[i].name);
    }
}
END_TEST

START_TEST(every_byte_at_every_place)
{
    for (int first = 1; first < 256; first++) {
        for (int second = 0; second < 256; second++) {
            const char name[] = {(char)first, (char)second, '\0'};
            char encoded[8], decoded[8];
            ck_assert_int_eq(name_encode(name, encoded, sizeof(encoded)), 0);
            ck_assert(encoded[0] != '.' && !strchr(encoded, '/'));
            ck_assert_int_eq(name_decode(encoded, decoded, sizeof(decoded)), 0);
            ck_assert_str_eq(decoded, name);
        }
    }
}
END_TEST

/* Two file names must never mean one user, so only the encoder's own spelling is read. */
START_TEST(decoding_refuses_other_spellings)
{
    static const char *const bad[] = {"",        ".",    "..",     ".a",       "%61", "%2e",
                                      "%2E.%2f", "a%",   "a%2",    "a%zz",     "%00", "a b",
                                      "a/b",     "a%2D", "%C3%a4", "\xc3\xa4", "a\n", "a%2E"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        char text[16] = "untouched";
        ck_assert_msg(name_decode(bad[i], text, sizeof(text)) == -EINVAL, "'%s'", bad[i]);
        ck_assert_str_eq(text, "untouched");
    }
}
END_TEST

START_TEST(encoding_limits)
{
    char name[NAME_ENCODED_MAX + 2], text[NAME_ENCODED_MAX + 8] = "untouched";
    ck_assert_int_eq(name_encode("", text, sizeof(text)), -EINVAL);
    ck_assert_int_eq(name_encode("alice", text, 5), -ENAMETOOLONG);
    ck_assert_int_eq(name_encode("a/", text, 4), -ENAMETOOLONG);
    ck_assert_int_eq(name_encode("alice", text, 0), -ENAMETOOLONG);
    ck_assert_str_eq(text, "untouched");
    ck_assert_int_eq(name_encode("alice", text, 6), 0);
    ck_assert_int_eq(name_decode("alice", text, 5), -ENAMETOOLONG);

    memset(name, 'n', sizeof(name));
    name[NAME_ENCODED_MAX] = '\0';
    ck_assert_int_eq(name_encode(name, text, sizeof(text)), 0);
    ck_assert_int_eq(name_decode(name, text, sizeof(text)), 0);
    name[NAME_ENCODED_MAX] = 'n';
    name[NAME_ENCODED_MAX + 1] = '\0';
    ck_assert_int_eq(name_encode(name, text, sizeof(text)), -ENAMETOOLONG);
    ck_assert_int_eq(name_decode(name, text, sizeof(text)), -EINVAL);
    name[200] = '\0';
    ck_assert_int_eq(name_encode(name, text, sizeof(text)), 0);
    memset(name, '\\', 86);
    name[86] = '\0';
    ck_assert_int_eq(name_encode(name, text, sizeof(text)), -ENAMETOOLONG);
    name[85] = '\0';
    ck_assert_int_eq(name_encode(name, text, sizeof(text)), 0);
}
END_TEST

START_TEST(visible_text)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"", ""},
        {"C:\\temp \"100%\"", "C:\\temp \"100%\""},
        {"J\xc3\xbcrgen \xe2\x82\xac", "J\xc3\xbcrgen \xe2\x82\xac"},
        {"a\nb\r\t\x1b[31m\x7f", "a\\x0ab\\x0d\\x09\\x1b[31m\\x7f"},
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"},        /* C1: an 8-bit CSI */
        {"\xc2\xa0", "\xc2\xa0"}, /* the first behind C1 */
        {"\xe2\x80\xa8\xe2\x80\xae",
         "\\xe2\\x80\\xa8\\xe2\\x80\\xae"}, /* line separator, right-to-left override */
        {"\xe2\x81\xa6\xe2\x81\xa9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9"},                   /* isolates */
        {"\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\x9f", "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\x9f"}, /* dot, spaces */
        {"\xff\xc3", "\\xff\\xc3"},
        {"\xc0\xaf", "\\xc0\\xaf"},
    };
    char shown[128];
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        ck_assert_ptr_eq(text_visible(cases[i].text, shown, sizeof(shown)), shown);
        ck_assert_str_eq(shown, cases[i].shown);
    }
}
END_TEST

#define INVISIBLE(text)                                                                                      \
    {                                                                                                        \
        text, sizeof(text) - 1                                                                               \
    }

static const struct {
    const char *text;
    size_t length;
} invisible[] = {
    INVISIBLE("\xc2\xad"),         /* soft hyphen */
    INVISIBLE("\xcd\x8f"),         /* combining grapheme joiner */
    INVISIBLE("\xd8\x9c"),         /* U+061C Arabic letter mark */
    INVISIBLE("\xe1\x85\x9f"),     /* Hangul filler */
    INVISIBLE("\xe1\xa0\x8e"),     /* Mongolian vowel separator */
    INVISIBLE("\xe2\x80\x8b"),     /* U+200B zero width space */
    INVISIBLE("\xe2\x80\x8d"),     /* joiner */
    INVISIBLE("\xe2\x80\x8e"),     /* U+200E left-to-right mark */
    INVISIBLE("\xe2\x80\x8f"),     /* U+200F right-to-left mark */
    INVISIBLE("\xe2\x81\xa0"),     /* word joiner */
    INVISIBLE("\xe2\x81\xa5"),     /* nothing yet */
    INVISIBLE("\xe2\x81\xaf"),     /* nominal digit shapes */
    INVISIBLE("\xe3\x85\xa4"),     /* Hangul filler */
    INVISIBLE("\xef\xb8\x8f"),     /* variation selector */
    INVISIBLE("\xef\xbb\xbf"),     /* byte order mark */
    INVISIBLE("\xef\xbf\xb9"),     /* annotation */
    INVISIBLE("\xf3\xa0\x80\x80"), /* U+E0000 */
    INVISIBLE("\xf3\xa0\x81\x81"), /* tag A */
    INVISIBLE("\xf3\xa0\x87\xaf"), /* variation selector 256 */
};

/* Rule 10: stored as it is, shown by its bytes, and alone no reason. */
START_TEST(invisible_text)
{
    char text[16], shown[64], wanted[64] = "a";
    snprintf(text, sizeof(text), "a%sb", invisible[_i].text);
    for (size_t i = 0; i < invisible[_i].length; i++)
        sprintf(wanted + strlen(wanted), "\\x%02x", (unsigned char)invisible[_i].text[i]);
    strcat(wanted, "b");
    ck_assert_str_eq(text_visible(text, shown, sizeof(shown)), wanted);
    ck_assert_str_eq(text_visible(wanted, shown, sizeof(shown)), wanted);
    ck_assert(text_is_line(text));
    ck_assert(!text_is_blank(text));
    ck_assert(text_is_blank(invisible[_i].text));
}
END_TEST

START_TEST(blank_text)
{
    static const char *const blank[] = {"",
                                        " ",
                                        " \t\n",
                                        "\xc2\xa0",
                                        "\xe2\x80\x83",
                                        "\xe3\x80\x80",
                                        "\xe2\xa0\x80",
                                        " \xe2\x80\x8b \xe2\x80\x8f"};
    static const char *const seen[] = {
        "a", "-", " x", "\xc3\xbc", "\xf0\x9f\x9a\x92", "\xff", "\xe2\x80\x8b\xff", "\x1b"};
    for (size_t i = 0; i < sizeof(blank) / sizeof(*blank); i++)
        ck_assert_msg(text_is_blank(blank[i]), "%zu", i);
    for (size_t i = 0; i < sizeof(seen) / sizeof(*seen); i++)
        ck_assert_msg(!text_is_blank(seen[i]), "%zu", i);
}
END_TEST

START_TEST(lines)
{
    static const char *const good[] = {"", "a b", "J\xc3\xbcrgen",
                                       "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"};
    static const char *const bad[] = {"a\nb",         "\t",           "\x1b",         "\x7f", "\xc2\x9b",
                                      "\xe2\x80\xa8", "\xe2\x80\xae", "\xe2\x81\xa6", "\xff", "\xc3"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        ck_assert_msg(text_is_line(good[i]), "%zu", i);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        ck_assert_msg(!text_is_line(bad[i]), "%zu", i);
}
END_TEST

/* What a shell makes of it is the name again, and nothing else. */
START_TEST(words_for_a_shell)
{
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"alice", "alice"},
        {"j.doe_2@example.org", "j.doe_2@example.org"},
        {"CORP\\bob", "'CORP\\bob'"},
        {"ann lee", "'ann lee'"},
        {"x;reboot", "'x;reboot'"},
        {"$(reboot)", "'$(reboot)'"},
        {"o'neill", "'o'\\''neill'"},
        {"'", "''\\'''"},
        {"", "''"},
        {"a\nreboot", "'a\\x0areboot'"},
        {"J\xc3\xbcrgen", "'J\xc3\xbcrgen'"},
    };
    char word[TEXT_WORD_MAX], text[4096];
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        ck_assert_str_eq(text_word(cases[i].text, word), cases[i].word);
    for (size_t length = 1; length < sizeof(text); length++) {
        memset(text, '\'', length);
        text[length] = '\0';
        const size_t size = strlen(text_word(text, word));
        ck_assert(size == 4 * length + 2 || strcmp(word, "NAME") == 0);
        ck_assert_uint_lt(size, TEXT_WORD_MAX);
    }
}
END_TEST

START_TEST(visible_text_is_cut_between_characters)
{
    static const struct {
        const char *text;
        size_t size;
        const char *shown;
    } cases[] = {
        {"abcdef", 7, "abcdef"},
        {"abcdef", 6, "ab..."},
        {"\xe2\x82\xac\xe2\x82\xac", 7, "\xe2\x82\xac\xe2\x82\xac"},
        {"\xe2\x82\xac\xe2\x82\xac", 6, "..."},
        {"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 8, "\xe2\x82\xac..."},
        {"\n\n", 8, "\\x0a..."},
        {"\n\n", 7, "..."},
        {"abcdef", 4, "..."},
        {"abcdef", 3, ".."},
        {"abcdef", 1, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        /* On the heap, so that a sanitizer sees a byte too many. */
        char *shown = malloc(cases[i].size);
        ck_assert_str_eq(text_visible(cases[i].text, shown, cases[i].size), cases[i].shown);
        free(shown);
    }
    char nothing = 'x';
    text_visible("abc", &nothing, 0);
    ck_assert_int_eq(nothing, 'x');
}
END_TEST

/* ---- lists ---- */

static const struct {
    const char *const words[4];
    const char *written;
} lists[] = {
    {{NULL}, ""},
    {{"bob", "%dba-leads"}, "bob %dba-leads"},
    {{"CORP\\bob", "o'hara", "a=b"}, "CORP\\bob o'hara a=b"}, /* as rows of an older store have them */
    {{"%domain admins@corp.example.com", "bob"}, "\"%domain admins@corp.example.com\" bob"},
    {{"a\"b", "", "CORP\\a b"}, "\"a\\\"b\" \"\" \"CORP\\\\a b\""},
};

START_TEST(lists_and_back)
{
    char *written = wordlist_write((char *const *)lists[_i].words);
    ck_assert_str_eq(written, lists[_i].written);
    strv back = wordlist_read(written);
    ck_assert_uint_eq(strv_length(back), strv_length((char *const *)lists[_i].words));
    for (size_t i = 0; back[i]; i++)
        ck_assert_str_eq(back[i], lists[_i].words[i]);
    strv_free(back);
    free(written);
}
END_TEST

int main(void)
{
    suite_case("names", NULL, NULL);
    suite_add(package_names, package_name_length, encoding_and_back, every_byte_at_every_place,
              decoding_refuses_other_spellings, encoding_limits);
    suite_case("text", NULL, NULL);
    suite_add(utf8, visible_text, words_for_a_shell, visible_text_is_cut_between_characters);
    suite_rows(lists_and_back, lists);
    suite_rows(invisible_text, invisible);
    suite_add(blank_text, lines);
    return suite_run();
}
