/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Opens no file but the one given to pamd_read. */
#include "common/pamd.h"

#include "common/cleanup.h"
#include "common/textfile.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \n\t"

/* ---- physical lines into one ---------------------------------------------------------------------------------- */

struct reader {
    const char *text;
    size_t size, at;
    unsigned number; /* of the line at `at` */
};

/* A physical line, as a part of a line of the file. */
enum piece { PIECE_EMPTY, PIECE_GOES_ON, PIECE_LAST };

/* Cuts a comment, or the backslash at the end. */
static enum piece cut_piece(char *piece)
{
    char *begin = piece + strspn(piece, BLANKS), *comment = strchr(begin, '#');
    if (!*begin || begin == comment) {
        *piece = '\0';
        return PIECE_EMPTY;
    }
    if (comment) {
        *comment = '\0';
        return PIECE_LAST;
    }
    char *end = begin + strlen(begin) - 1;
    while (end > begin && strchr(BLANKS, *end))
        end--;
    if (*end != '\\')
        return PIECE_LAST;
    strcpy(end, " ");
    return PIECE_GOES_ON;
}

/* Joins the pieces of the next line in `buffer`. False when there is none; too_long or unfinished may say why. */
static bool join_line(struct reader *reader, char buffer[PAMD_LINE_MAX + 1], struct pamd_line *line,
                      struct pamd_file *file)
{
    size_t used = 0;
    *line = (struct pamd_line){0};
    for (enum piece piece = PIECE_EMPTY; piece != PIECE_LAST;) {
        const char *begin = reader->text + reader->at,
                   *line_break = memchr(begin, '\n', reader->size - reader->at);
        const size_t length = line_break ? (size_t)(line_break - begin) + 1 : reader->size - reader->at;
        if (length == 0) {
            file->unfinished = line->number;
            return false;
        }
        if (length > PAMD_LINE_MAX - used) {
            file->too_long = line->number ? line->number : reader->number;
            return false;
        }
        memcpy(buffer + used, begin, length);
        buffer[used + length] = '\0';
        piece = cut_piece(buffer + used);
        if (piece != PIECE_EMPTY && line->number == 0) {
            line->number = reader->number;
            line->start = reader->at;
        }
        used += strlen(buffer + used);
        reader->at += length;
        reader->number++;
        line->length = reader->at - line->start;
    }
    return true;
}

/* ---- words ---------------------------------------------------------------------------------------------------- */

/* Terminates the text of "[...]" in place and returns it; *rest is what follows. */
static char *cut_bracket(char *text, char **rest)
{
    char *to = ++text, *from = text;
    for (; *from && *from != ']'; from++) {
        if (from[0] == '\\' && from[1] == ']')
            from++;
        *to++ = *from;
    }
    *rest = from + (*from == ']');
    *to = '\0';
    return text;
}

/* Terminates the next word of *rest in place and returns it; NULL when there is none. */
static char *cut_word(char **rest)
{
    char *word = *rest + strspn(*rest, BLANKS);
    if (!*word)
        return NULL;
    if (*word == '[')
        return cut_bracket(word, rest);
    *rest = word + strcspn(word, BLANKS);
    if (**rest)
        *(*rest)++ = '\0';
    return word;
}

static enum pamd_type type_of(const char *word)
{
    static const char *const types[] = {"auth", "account", "password", "session", "@include"};
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (strcasecmp(types[i], word) == 0)
            return (enum pamd_type)i;
    return PAMD_UNKNOWN;
}

static void set_control(struct pamd_line *line, const char *word)
{
    line->control = word;
    for (int code = 0; code < PAMD_CODES; code++)
        line->actions[code] = PAMD_BAD;
    if (word && strcasecmp(word, "include") == 0)
        line->kind = PAMD_INCLUDE;
    else if (word && strcasecmp(word, "substack") == 0)
        line->kind = PAMD_SUBSTACK;
    else if (word)
        line->odd_control = !pamd_parse_control(word, line->actions);
}

/* Reads the words after the target. */
static int cut_arguments(struct pamd_line *line, char *rest)
{
    const char **arguments = NULL;
    for (char *word; (word = cut_word(&rest)); line->n_arguments++) {
        const char **more = reallocarray(arguments, line->n_arguments + 1, sizeof(*more));
        if (!more) {
            free(arguments);
            return -ENOMEM;
        }
        arguments = more;
        arguments[line->n_arguments] = word;
    }
    line->arguments = arguments;
    return 0;
}

static int parse_pamd_line(struct pamd_line *line, const char *text)
{
    char *rest = strdup(text), *word;
    if (!(line->words = rest))
        return -ENOMEM;
    if ((word = cut_word(&rest)) && *word == '-') {
        line->silent = true;
        word++;
    }
    line->type_word = word ? word : "";
    line->type = type_of(line->type_word);
    if (line->type == PAMD_EVERY) {
        set_control(line, NULL);
        line->kind = PAMD_INCLUDE;
    } else {
        set_control(line, cut_word(&rest));
    }
    line->target = cut_word(&rest);
    return line->kind == PAMD_MODULE ? cut_arguments(line, rest) : 0;
}

/* ---- files ---------------------------------------------------------------------------------------------------- */

static void pamd_line_deinit(struct pamd_line *line)
{
    free((void *)line->arguments);
    free(line->words);
}

static int add_pamd_line(struct pamd_file *file, struct pamd_line *line, const char *text)
{
    struct pamd_line *lines = reallocarray(file->lines, file->n_lines + 1, sizeof(*lines));
    if (!lines)
        return -ENOMEM;
    file->lines = lines;
    const int r = parse_pamd_line(line, text);
    if (r < 0) {
        pamd_line_deinit(line);
        return r;
    }
    lines[file->n_lines++] = *line;
    return 0;
}

int pamd_parse(const char *path, const char *text, size_t size, struct pamd_file *ret)
{
    struct pamd_file file = {.path = strdup(path), .text = malloc(size + 1), .size = size};
    struct reader reader = {.text = text, .size = size, .number = 1};
    struct pamd_line line;
    char buffer[PAMD_LINE_MAX + 1];
    int r = file.path && file.text ? 0 : -ENOMEM;
    if (r == 0) {
        memcpy(file.text, text, size);
        file.text[size] = '\0';
    }
    while (r == 0 && join_line(&reader, buffer, &line, &file))
        r = add_pamd_line(&file, &line, buffer);
    if (r < 0)
        pamd_deinit(&file);
    else
        *ret = file;
    return r;
}

int pamd_read(const char *path, struct pamd_file *ret)
{
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    const int r = textfile_read(path, &text, &size);
    return r < 0 ? r : pamd_parse(path, text, size, ret);
}

void pamd_deinit(struct pamd_file *file)
{
    for (size_t i = 0; i < file->n_lines; i++)
        pamd_line_deinit(&file->lines[i]);
    free(file->lines);
    free(file->text);
    free(file->path);
    *file = (struct pamd_file){0};
}

const char *pamd_module(const struct pamd_line *line)
{
    const char *slash = line->target ? strrchr(line->target, '/') : NULL;
    return slash ? slash + 1 : line->target ? line->target : "";
}
