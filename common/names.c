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

/* ---- characters that are not what they look like --------------------------------------------------------------- */

struct range {
    uint32_t first, last;
};

/* Could move the cursor, break a line or change the reading direction. */
static const struct range controls[] = {{0x01, 0x1f}, {0x7f, 0x9f}, {0x2028, 0x202e}, {0x2066, 0x2069}};

/* Shown as nothing: what Unicode calls default-ignorable, the marks for its directions and annotations. */
static const struct range invisible[] = {
    {0xad, 0xad},     {0x34f, 0x34f},     {0x61c, 0x61c},     {0x115f, 0x1160},
    {0x17b4, 0x17b5}, {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2060, 0x206f},
    {0x3164, 0x3164}, {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
    {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

/* Shown as room between others. */
static const struct range spaces[] = {
    {0x09, 0x0d},     {0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
    {0x202f, 0x202f}, {0x205f, 0x205f}, {0x2800, 0x2800}, {0x3000, 0x3000},
};

#define IS_ONE_OF(character, ranges) is_in(character, ranges, sizeof(ranges) / sizeof(*(ranges)))

static bool is_in(uint32_t character, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    return false;
}

/* The character of these bytes, which utf8_length() has judged. */
static uint32_t decode_utf8(const unsigned char *text, size_t length)
{
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t character = text[0] & first_bits[length];
    for (size_t i = 1; i < length; i++)
        character = character << 6 | (text[i] & 0x3f);
    return character;
}

bool text_is_line(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    for (size_t length; *at; at += length) {
        length = utf8_length(at);
        if (length == 0 || IS_ONE_OF(decode_utf8(at, length), controls))
            return false;
    }
    return true;
}

bool text_is_blank(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    for (size_t length; *at; at += length) {
        length = utf8_length(at);
        const uint32_t character = length > 0 ? decode_utf8(at, length) : 0;
        if (!IS_ONE_OF(character, spaces) && !IS_ONE_OF(character, invisible))
            return false;
    }
    return true;
}

/* Writes the visible form of the character or stray byte at `text`. Returns its size; *ret_taken is how many bytes
 * of text it stands for. */
static size_t make_visible(const unsigned char *text, char ret[16], size_t *ret_taken)
{
    if (text[0] >= ' ' && text[0] < 0x7f) {
        ret[0] = (char)text[0];
        return *ret_taken = 1;
    }
    static const char lower_digits[] = "0123456789abcdef";
    const size_t length = utf8_length(text);
    *ret_taken = length ? length : 1;
    const uint32_t character = length ? decode_utf8(text, length) : 0;
    if (length && !IS_ONE_OF(character, controls) && !IS_ONE_OF(character, invisible)) {
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
