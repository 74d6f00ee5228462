/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/wordlist.h"

#include "common/cleanup.h"

#include <errno.h>
#include <string.h>

#define BLANKS " \t\n"

const char *wordlist_skip_quoted(const char *text)
{
    if (*text != '"')
        return NULL;
    for (text++; *text && *text != '\n'; text++) {
        if (*text == '"')
            return text + 1;
        if (*text == '\\' && text[1] && text[1] != '\n')
            text++;
    }
    return NULL;
}

/* Bytes of the word that begins here. */
static size_t measure(const char *begin)
{
    const char *end = wordlist_skip_quoted(begin);
    return end ? (size_t)(end - begin) : strcspn(begin, *begin == '"' ? "\n" : BLANKS);
}

/* Copies what stands between the quotes. Returns why it cannot be read, or NULL. */
static const char *copy_quoted(const char *from, const char *end, char *to)
{
    const char *fault = NULL;
    for (; from < end; from++) {
        if (*from == '\\' && from + 1 < end && (from[1] == '"' || from[1] == '\\'))
            from++;
        else if (*from == '\\')
            fault = "a backslash in quotes stands before \" or \\ alone; write it twice";
        *to++ = *from;
    }
    *to = '\0';
    return fault;
}

static const char *read_quoted(const struct word *word)
{
    const char *end = wordlist_skip_quoted(word->begin);
    if (!end) {
        memcpy(word->text, word->begin + 1, word->length - 1);
        word->text[word->length - 1] = '\0';
        return "the quote is not closed in this line; write another \" behind the name";
    }
    const char *fault = copy_quoted(word->begin + 1, end - 1, word->text);
    if (*end && !strchr(BLANKS, *end))
        return "separate names by blanks, also behind a quote";
    return fault;
}

static const char *read_plain(const struct word *word)
{
    memcpy(word->text, word->begin, word->length);
    word->text[word->length] = '\0';
    return strchr(word->text, '"')
               ? "a quote stands before and behind the whole name, as in \"%domain admins\"; a quote "
                 "inside is written as \\\""
               : NULL;
}

int wordlist_next(const char **at, struct word *ret)
{
    const char *begin = *at + strspn(*at, BLANKS);
    if (!*begin) {
        *at = begin;
        return 0;
    }
    struct word word = {.begin = begin, .length = measure(begin), .quoted = *begin == '"'};
    word.text = malloc(word.length + 1);
    if (!word.text)
        return -ENOMEM;
    word.fault = word.quoted ? read_quoted(&word) : read_plain(&word);
    *at = begin + word.length;
    *ret = word;
    return 1;
}

char *wordlist_write(char *const *list)
{
    size_t size = 1;
    for (size_t i = 0; list && list[i]; i++)
        size += 2 * strlen(list[i]) + sizeof("\"\" ");
    char *text = malloc(size);
    char *end = text;
    for (size_t i = 0; text && list && list[i]; i++) {
        const bool quoted = !list[i][0] || strpbrk(list[i], BLANKS "\"");
        if (i)
            *end++ = ' ';
        if (quoted)
            *end++ = '"';
        for (const char *from = list[i]; *from; from++) {
            if (quoted && (*from == '"' || *from == '\\'))
                *end++ = '\\';
            *end++ = *from;
        }
        if (quoted)
            *end++ = '"';
    }
    if (text)
        *end = '\0';
    return text;
}

strv wordlist_read(const char *text)
{
    strv list = calloc(strlen(text) / 2 + 2, sizeof(*list));
    struct word word;
    int r = list ? 1 : -ENOMEM;
    for (size_t n = 0; list && (r = wordlist_next(&text, &word)) > 0; n++)
        list[n] = word.text;
    if (r < 0) {
        strv_free(list);
        return NULL;
    }
    return list;
}
