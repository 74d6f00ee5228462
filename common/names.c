/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks and converts names and text from outside. Pure functions over bytes: no allocation, no locale, no <ctype.h>,
 * whose tables depend on the host's locale. Used by every program and by both modules.
 */
#include "common/names.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static bool is_lower_or_digit(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool name_is_package(const char *name)
{
    if (!is_lower_or_digit((unsigned char)name[0]))
        return false;
    size_t length = 1;
    for (; name[length]; length++) {
        const unsigned char c = (unsigned char)name[length];
        if (length == NAME_PACKAGE_MAX || (!is_lower_or_digit(c) && c != '.' && c != '_' && c != '-'))
            return false;
    }
    return true;
}

/* Table 3-7 of the Unicode standard: the second bytes that a first byte allows; further bytes are 80..BF. */
static const struct utf8_form {
    unsigned char first_low, first_high, second_low, second_high;
    unsigned char length;
} utf8_forms[] = {
    {0x01, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* Bytes of the character at `text`; 0 when there is none. Never reads past a zero byte. */
static size_t utf8_length(const unsigned char *text)
{
    const struct utf8_form *form = utf8_forms;
    const struct utf8_form *const end = utf8_forms + sizeof(utf8_forms) / sizeof(*utf8_forms);
    while (form < end && (text[0] < form->first_low || text[0] > form->first_high))
        form++;
    if (form == end)
        return 0;
    if (form->length > 1 && (text[1] < form->second_low || text[1] > form->second_high))
        return 0;
    for (size_t i = 2; i < form->length; i++)
        if (text[i] < 0x80 || text[i] > 0xbf)
            return 0;
    return form->length;
}

bool text_is_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        const size_t length = utf8_length(at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

static bool is_unencoded(unsigned char c, bool first)
{
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '@' || c == '+' || c == '-' ||
           (c == '.' && !first);
}

static const char upper_digits[] = "0123456789ABCDEF";

int name_encode(const char *name, char *ret, size_t size)
{
    char encoded[NAME_ENCODED_MAX + 1];
    size_t length = 0;
    if (!*name)
        return -EINVAL;
    for (const char *at = name; *at; at++) {
        const unsigned char c = (unsigned char)*at;
        const bool plain = is_unencoded(c, at == name);
        if (length + (plain ? 1 : 3) > NAME_ENCODED_MAX)
            return -ENAMETOOLONG;
        if (plain) {
            encoded[length++] = (char)c;
        } else {
            encoded[length++] = '%';
            encoded[length++] = upper_digits[c >> 4];
            encoded[length++] = upper_digits[c & 15];
        }
    }
    if (length >= size)
        return -ENAMETOOLONG;
    memcpy(ret, encoded, length);
    ret[length] = '\0';
    return 0;
}

/* The value of an upper-case hexadecimal digit; -1 for any other character. */
static int digit_value(char c)
{
    const char *at = c ? strchr(upper_digits, c) : NULL;
    return at ? (int)(at - upper_digits) : -1;
}

/* Decodes one byte at *at and moves on. -1 for what name_encode does not write. */
static int decode_byte(const char **at, bool first)
{
    const char *text = *at;
    if (*text != '%') {
        *at = text + 1;
        return is_unencoded((unsigned char)*text, first) ? (unsigned char)*text : -1;
    }
    const int high = digit_value(text[1]);
    const int low = high < 0 ? -1 : digit_value(text[2]);
    if (low < 0)
        return -1;
    *at = text + 3;
    const int byte = high * 16 + low;
    return byte == 0 || is_unencoded((unsigned char)byte, first) ? -1 : byte;
}

int name_decode(const char *encoded, char *ret, size_t size)
{
    char name[NAME_ENCODED_MAX + 1];
    size_t length = 0;
    const char *at = encoded;
    while (*at) {
        const int byte = decode_byte(&at, at == encoded);
        if (byte < 0 || at - encoded > NAME_ENCODED_MAX)
            return -EINVAL;
        name[length++] = (char)byte;
    }
    if (length == 0)
        return -EINVAL;
    if (length >= size)
        return -ENAMETOOLONG;
    memcpy(ret, name, length);
    ret[length] = '\0';
    return 0;
}

/* True for a character that could move the cursor, break a line or change the reading direction. */
static bool is_unsafe(const unsigned char *c, size_t length)
{
    switch (length) {
    case 1:
        return c[0] < 0x20 || c[0] == 0x7f;
    case 2: /* U+0080..U+009F */
        return c[0] == 0xc2 && c[1] < 0xa0;
    case 3: /* U+2028..U+202E, U+2066..U+2069 */
        return c[0] == 0xe2 && ((c[1] == 0x80 && c[2] >= 0xa8 && c[2] <= 0xae) ||
                                (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9));
    default:
        return false;
    }
}

/* Writes the visible form of the character or stray byte at `text`. Returns its size; *ret_taken is how many bytes
 * of text it stands for. */
static size_t make_visible(const unsigned char *text, char ret[16], size_t *ret_taken)
{
    static const char lower_digits[] = "0123456789abcdef";
    const size_t length = utf8_length(text);
    *ret_taken = length ? length : 1;
    if (length && !is_unsafe(text, length)) {
        memcpy(ret, text, length);
        return length;
    }
    char *out = ret;
    for (size_t i = 0; i < *ret_taken; i++) {
        *out++ = '\\';
        *out++ = 'x';
        *out++ = lower_digits[text[i] >> 4];
        *out++ = lower_digits[text[i] & 15];
    }
    return (size_t)(out - ret);
}

char *text_visible(const char *text, char *ret, size_t size)
{
    static const char dots[] = "...";
    const size_t n_dots = sizeof(dots) - 1;
    const unsigned char *at = (const unsigned char *)text;
    size_t used = 0, cut = 0; /* cut: the last end of a character behind which the dots fit */
    if (size == 0)
        return ret;
    while (*at) {
        char form[16];
        size_t taken;
        const size_t length = make_visible(at, form, &taken);
        if (used + length >= size) {
            const size_t room = size - 1 - cut;
            const size_t n = room < n_dots ? room : n_dots;
            memcpy(ret + cut, dots, n);
            used = cut + n;
            break;
        }
        memcpy(ret + used, form, length);
        used += length;
        at += taken;
        if (used + n_dots < size)
            cut = used;
    }
    ret[used] = '\0';
    return ret;
}

char *text_word(const char *text, char ret[TEXT_WORD_MAX])
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@%+-";
    static const char quote[] = "'\\''";
    char visible[TEXT_WORD_MAX];
    text_visible(text, visible, sizeof(visible));
    if (*visible && !visible[strspn(visible, plain)])
        return strcpy(ret, visible);
    char *end = stpcpy(ret, "'");
    for (const char *at = visible; *at; at++) {
        if ((size_t)(end - ret) + sizeof(quote) + 1 > TEXT_WORD_MAX)
            return strcpy(ret, "NAME");
        if (*at == '\'')
            end = stpcpy(end, quote);
        else
            *end++ = *at;
    }
    strcpy(end, "'");
    return ret;
}
