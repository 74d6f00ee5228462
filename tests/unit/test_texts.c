/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions that pam_accesspkg.so has in place of the C library's: they do the same, on texts at random. */
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

#define strlen  own_strlen
#define memcpy  own_memcpy
#define memcmp  own_memcmp
#define memchr  own_memchr
#define strcmp  own_strcmp
#define strncmp own_strncmp
#define strchr  own_strchr
#define strspn  own_strspn
#define stpcpy  own_stpcpy
#define strcpy  own_strcpy
#include "pam_module/texts.c"
#undef strlen
#undef memcpy
#undef memcmp
#undef memchr
#undef strcmp
#undef strncmp
#undef strchr
#undef strspn
#undef stpcpy
#undef strcpy

enum { ROUNDS = 20000, LENGTH = 12 };

/* Of few different bytes, some of them above 127, so that much is alike. */
static void fill(char text[LENGTH + 1])
{
    static const char bytes[] = {'a', 'b', '/', (char)0xc3, (char)0xff};
    const size_t length = (size_t)random() % (LENGTH + 1);
    for (size_t i = 0; i < length; i++)
        text[i] = bytes[(size_t)random() % sizeof(bytes)];
    text[length] = '\0';
}

static int sign(int difference)
{
    return (difference > 0) - (difference < 0);
}

START_TEST(test_comparing)
{
    char a[LENGTH + 1], b[LENGTH + 1];
    for (int i = 0; i < ROUNDS; i++) {
        fill(a);
        fill(b);
        const size_t size = (size_t)random() % (LENGTH + 1);
        ck_assert_int_eq(sign(own_strcmp(a, b)), sign(strcmp(a, b)));
        ck_assert_int_eq(sign(own_strncmp(a, b, size)), sign(strncmp(a, b, size)));
        const size_t both = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
        ck_assert_int_eq(sign(own_memcmp(a, b, both)), sign(memcmp(a, b, both)));
    }
}
END_TEST

START_TEST(test_searching)
{
    static const char wanted[] = {'a', '/', (char)0xff, 'x', '\0'};
    char a[LENGTH + 1], b[LENGTH + 1];
    for (int i = 0; i < ROUNDS; i++) {
        fill(a);
        fill(b);
        const int c = wanted[(size_t)random() % sizeof(wanted)];
        ck_assert_uint_eq(own_strlen(a), strlen(a));
        ck_assert_uint_eq(own_strspn(a, b), strspn(a, b));
        ck_assert_ptr_eq(own_strchr(a, c), strchr(a, c));
        ck_assert_ptr_eq(own_memchr(a, c, strlen(a)), memchr(a, c, strlen(a)));
    }
}
END_TEST

/* No byte more than is to be written. */
START_TEST(test_copying)
{
    char from[LENGTH + 1], to[LENGTH + 2], expected[LENGTH + 2];
    for (int i = 0; i < ROUNDS; i++) {
        fill(from);
        memset(to, '#', sizeof(to));
        memset(expected, '#', sizeof(expected));
        strcpy(expected, from);
        ck_assert_ptr_eq(own_stpcpy(to, from), to + strlen(from));
        ck_assert_int_eq(memcmp(to, expected, sizeof(to)), 0);
        memset(to, '#', sizeof(to));
        ck_assert_ptr_eq(own_strcpy(to, from), to);
        ck_assert_int_eq(memcmp(to, expected, sizeof(to)), 0);
        memset(to, '#', sizeof(to));
        ck_assert_ptr_eq(own_memcpy(to, from, strlen(from) + 1), to);
        ck_assert_int_eq(memcmp(to, expected, sizeof(to)), 0);
    }
}
END_TEST

int main(void)
{
    suite_case("texts", NULL, NULL);
    suite_add(test_comparing, test_searching, test_copying);
    return suite_run();
}
