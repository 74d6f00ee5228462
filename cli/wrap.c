/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. */
#include "cli/wrap.h"

#include "cli/output_text.h"

#include <langinfo.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* A character, or a byte that is none. */
struct glyph {
    size_t bytes;
    size_t columns;
};

static struct glyph glyph_at(const char *text)
{
    mbstate_t state = {0};
    wchar_t wide;
    const size_t bytes = mbrtowc(&wide, text, MB_CUR_MAX, &state);

    if (bytes == (size_t)-1 || bytes == (size_t)-2 || bytes == 0)
        return (struct glyph){1, 1};
    const int columns = wcwidth(wide);
    return (struct glyph){bytes, columns > 0 ? (size_t)columns : 0};
}

/* A character with the combining ones behind it. */
static struct glyph cluster_at(const char *text)
{
    struct glyph cluster = glyph_at(text);

    while (text[cluster.bytes] && text[cluster.bytes] != '\n') {
        const struct glyph next = glyph_at(text + cluster.bytes);
        if (next.columns > 0)
            break;
        cluster.bytes += next.bytes;
    }
    return cluster;
}

/* True if a line may end between two clusters, neither of which is a blank. */
static bool may_break(struct glyph before, const char *after)
{
    return before.columns > 1 || glyph_at(after).columns > 1;
}

/* The piece at the begin of the text: up to a blank, a line break, or where it may be broken. */
static struct glyph word_at(const char *text)
{
    struct glyph word = {0};

    while (text[word.bytes] && text[word.bytes] != ' ' && text[word.bytes] != '\n') {
        const struct glyph cluster = cluster_at(text + word.bytes);
        word.bytes += cluster.bytes;
        word.columns += cluster.columns;
        if (may_break(cluster, text + word.bytes))
            break;
    }
    return word;
}

/* As much of the text as fits, at least one cluster. */
static struct glyph cut_at(const char *text, size_t width)
{
    struct glyph fits = {0};

    while (text[fits.bytes]) {
        const struct glyph cluster = cluster_at(text + fits.bytes);
        if (fits.bytes > 0 && fits.columns + cluster.columns > width)
            break;
        fits.bytes += cluster.bytes;
        fits.columns += cluster.columns;
    }
    return fits;
}

/* The bytes of the whole words that fit; 0: not even the first. Ends before blanks. */
static size_t words_length(const char *text, size_t width)
{
    size_t columns = 0, at = 0, fits = 0;

    while (text[at] && text[at] != '\n') {
        const size_t blanks = strspn(text + at, " ");
        const struct glyph word = word_at(text + at + blanks);
        columns += blanks + word.columns;
        if (columns > width)
            break;
        at += blanks + word.bytes;
        if (word.bytes > 0)
            fits = at;
    }
    return fits;
}

size_t wrap_columns(const char *text)
{
    size_t longest = 0, columns = 0;

    for (struct glyph glyph; *text; text += glyph.bytes) {
        glyph = glyph_at(text);
        columns = *text == '\n' ? 0 : columns + glyph.columns;
        longest = columns > longest ? columns : longest;
    }
    return longest;
}

size_t wrap_longest_word(const char *text)
{
    size_t longest = 0;

    while (*text) {
        const struct glyph word = word_at(text);
        longest = word.columns > longest ? word.columns : longest;
        text += word.bytes > 0 ? word.bytes : 1;
    }
    return longest;
}

char *wrap_text(const char *text, size_t width)
{
    char *wrapped = NULL;
    size_t size;
    FILE *stream = open_memstream(&wrapped, &size);

    if (!stream)
        output_no_memory();
    while (*text) {
        size_t length = words_length(text, width);
        if (length == 0 && *text != '\n')
            length = cut_at(text, width).bytes;
        fwrite(text, 1, length, stream);
        text += length;
        const bool ends = text[strspn(text, " ")] == '\n' || !text[strspn(text, " ")];
        text += strspn(text, " ");
        if (!ends)
            fputc('\n', stream);
        else if (*text == '\n')
            fputc(*text++, stream);
    }
    if (fclose(stream) != 0)
        output_no_memory();
    return wrapped;
}

char *wrap_cut(const char *text, size_t width)
{
    const char *dots = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? "\u2026" : "...";
    const size_t n_dots = wrap_columns(dots);

    if (wrap_columns(text) <= width)
        return output_format("%s", text);
    const size_t room = width > n_dots ? width - n_dots : 0;
    size_t length = words_length(text, room);
    if (length == 0)
        length = cut_at(text, room).bytes;
    return output_format("%.*s%s", (int)length, text, dots);
}
