/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks the syntax of our INI files: lines, sections, keys. Must never skip a line: each is accepted, or complained
 * about.
 */
#include "common/inifile.h"

#include "common/cleanup.h"
#include "common/names.h"
#include "common/wordlist.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define BLANK " \t"

struct reader {
    struct inifile *file;
    const char *next;
    const char *end;
    size_t line;
    bool continuable; /* there is a value that a line could continue */
    bool no_memory;
};

void inifile_complain(struct inifile *file, size_t line, const char *format, ...)
{
    if (file->complaints > INIFILE_COMPLAINTS_MAX)
        return;
    if (file->complaints++ == INIFILE_COMPLAINTS_MAX) {
        problems_add(file->problems, true, "%s: more is wrong in this file; mend the above first",
                     file->label);
        return;
    }

    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    const int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        text = NULL;
    const char *shown = text ? text : "an error, and no memory is left to describe it; try again";
    if (line > 0)
        problems_add(file->problems, true, "%s:%zu: %s", file->label, line, shown);
    else
        problems_add(file->problems, true, "%s: %s", file->label, shown);
    free(text);
}

static void add_section(struct reader *reader, const char *name, size_t length)
{
    struct inifile *file = reader->file;
    for (size_t i = 0; i < file->n_sections; i++)
        if (strlen(file->sections[i].name) == length && memcmp(file->sections[i].name, name, length) == 0)
            inifile_complain(file, reader->line,
                             "section [%s] comes twice (first in line %zu); keep one of them",
                             file->sections[i].name, file->sections[i].line);
    if (file->n_sections == INIFILE_SECTIONS_MAX) {
        inifile_complain(file, reader->line, "more than %d sections; split the file", INIFILE_SECTIONS_MAX);
        return;
    }
    char *copy = strndup(name, length);
    if (!copy) {
        reader->no_memory = true;
        return;
    }
    file->sections[file->n_sections++] = (struct inifile_section){.name = copy, .line = reader->line};
}

static void read_section(struct reader *reader, const char *line)
{
    reader->continuable = false;
    const char *end = strchr(line, ']');
    const char *behind = end ? end + 1 + strspn(end + 1, BLANK) : NULL;
    if (!end || end == line + 1 || (*behind && *behind != ';' && *behind != '#'))
        inifile_complain(reader->file, reader->line,
                         "this is no section; write it as [NAME] on a line of its own");
    else
        add_section(reader, line + 1, (size_t)(end - line - 1));
}

/* Finds text outside of words in quotes. */
static char *find_unquoted(char *text, const char *wanted)
{
    const size_t length = strlen(wanted);
    for (char *at = text; *at; at++) {
        const char *end = at == text || at[-1] == ' ' ? wordlist_skip_quoted(at) : NULL;
        if (end)
            at += end - at;
        if (strncmp(at, wanted, length) == 0)
            return at;
        if (!*at)
            break;
    }
    return NULL;
}

/* Cuts blanks and a comment off its end, and skips blanks at its beginning. */
static char *trim(char *text)
{
    char *comment = find_unquoted(text, " ;");
    if (comment)
        *comment = '\0';
    for (size_t length = strlen(text); length > 0 && text[length - 1] == ' '; length--)
        text[length - 1] = '\0';
    return text + strspn(text, " ");
}

static void add_ini_entry(struct reader *reader, const char *key, const char *value)
{
    struct inifile *file = reader->file;
    const size_t section = file->n_sections - 1;
    for (size_t i = 0; i < file->n_entries; i++)
        if (file->entries[i].section == section && strcmp(file->entries[i].key, key) == 0)
            inifile_complain(file, reader->line, "%s is given twice (first in line %zu); keep one of them",
                             key, file->entries[i].line);
    if (file->n_entries == INIFILE_ENTRIES_MAX) {
        inifile_complain(file, reader->line, "more than %d keys; split the file", INIFILE_ENTRIES_MAX);
        return;
    }
    struct inifile_entry *entry = &file->entries[file->n_entries++];
    *entry = (struct inifile_entry){.section = section,
                                    .line = reader->line,
                                    .last_line = reader->line,
                                    .key = strdup(key),
                                    .value = strdup(value)};
    reader->no_memory |= !entry->key || !entry->value;
}

static void read_key(struct reader *reader, char *line)
{
    char *mark = strpbrk(line, "=:");
    char *comment = strstr(line, " ;");
    reader->continuable = false;
    if (!mark || mark == line || (comment && comment < mark)) {
        inifile_complain(
            reader->file, reader->line,
            "this is neither KEY = VALUE nor [SECTION]; write one, or start the line with # for a "
            "comment");
        return;
    }
    if (reader->file->n_sections == 0) {
        inifile_complain(reader->file, reader->line,
                         "a key before the first section; write a [SECTION] above it");
        return;
    }
    *mark = '\0';
    reader->continuable = true;
    add_ini_entry(reader, trim(line), trim(mark + 1));
}

static void read_continuation(struct reader *reader, char *line)
{
    struct inifile *file = reader->file;
    if (!reader->continuable) {
        inifile_complain(file, reader->line,
                         "a line that starts with a blank continues the value before it, and there is none; "
                         "start keys and sections at the beginning of the line");
        return;
    }
    if (find_unquoted(line, "=") || line[strspn(line, BLANK)] == '[') {
        inifile_complain(file, reader->line,
                         "a line that starts with a blank continues the value before it; "
                         "start keys and sections at the beginning of the line");
        return;
    }
    struct inifile_entry *entry = &file->entries[file->n_entries - 1];
    const size_t length = strlen(entry->value);
    const size_t lines = reader->line - entry->last_line;
    const char *added = trim(line);
    char *joined = realloc(entry->value, length + lines + strlen(added) + 1);
    if (!joined) {
        reader->no_memory = true;
        return;
    }
    memset(joined + length, '\n', lines);
    strcpy(joined + length + lines, added);
    entry->value = joined;
    entry->last_line = reader->line;
}

/* Says whether this line (without its end) is text. Complains about another one. */
static bool check_text(struct reader *reader, const char *line, size_t length)
{
    char visible[INIFILE_LINE_MAX * 4 + 1];
    if (memchr(line, 0, length)) {
        inifile_complain(reader->file, reader->line,
                         "holds a zero byte, so this is not a text file; save it as UTF-8");
        return false;
    }
    if (length > INIFILE_LINE_MAX) {
        inifile_complain(
            reader->file, reader->line,
            "longer than %d bytes; continue a long value on a next line that starts with a blank",
            INIFILE_LINE_MAX);
        return false;
    }
    if (!text_is_line(line)) {
        inifile_complain(reader->file, reader->line,
                         "holds control characters or is not UTF-8; take out what is shown as \\x: %s",
                         text_visible(line, visible, sizeof(visible)));
        return false;
    }
    return true;
}

/* Finds the next line, without its end. False at the end of the file. */
static bool next_file_line(struct reader *reader, const char **ret_line, size_t *ret_length)
{
    if (reader->next == reader->end)
        return false;
    const char *line = reader->next;
    const size_t left = (size_t)(reader->end - line);
    const char *newline = memchr(line, '\n', left);
    size_t length = newline ? (size_t)(newline - line) : left;
    reader->next = newline ? newline + 1 : reader->end;
    reader->line++;
    if (length > 0 && line[length - 1] == '\r')
        length--;
    *ret_line = line;
    *ret_length = length;
    return true;
}

static bool is_comment_or_empty(const char *line, size_t length)
{
    size_t i = 0;
    while (i < length && strchr(BLANK, line[i]) && line[i])
        i++;
    return i == length || line[i] == '#' || line[i] == ';';
}

static void read_file_line(struct reader *reader, const char *line, size_t length)
{
    _cleanup_free_ char *copy = strndup(line, length);
    reader->no_memory |= !copy;
    for (char *tab = copy; tab && (tab = strchr(tab, '\t'));)
        *tab = ' ';
    if (!copy || !check_text(reader, length == strlen(copy) ? copy : line, length))
        return;
    if (copy[0] == ' ')
        read_continuation(reader, copy);
    else if (copy[0] == '[')
        read_section(reader, copy);
    else
        read_key(reader, copy);
}

struct inifile *inifile_parse(const char *label, const char *text, size_t size, struct problems *problems)
{
    static const char byte_order_mark[] = {'\xef', '\xbb', '\xbf'};
    struct inifile *file = calloc(1, sizeof(*file));
    if (!file || !(file->label = strdup(label))) {
        free(file);
        return NULL;
    }
    file->problems = problems;
    struct reader reader = {.file = file, .next = text, .end = text + size};
    if (size >= sizeof(byte_order_mark) && memcmp(text, byte_order_mark, sizeof(byte_order_mark)) == 0)
        reader.next += sizeof(byte_order_mark);

    const char *line = NULL;
    size_t length = 0;
    while (!reader.no_memory && next_file_line(&reader, &line, &length))
        if (!is_comment_or_empty(line, length))
            read_file_line(&reader, line, length);
    if (reader.no_memory) {
        inifile_free(file);
        return NULL;
    }
    return file;
}

void inifile_free(struct inifile *file)
{
    if (!file)
        return;
    for (size_t i = 0; i < file->n_sections; i++)
        free(file->sections[i].name);
    for (size_t i = 0; i < file->n_entries; i++) {
        free(file->entries[i].key);
        free(file->entries[i].value);
    }
    free(file->label);
    free(file);
}

static const struct inifile_entry *find_entry(const struct inifile *file, const char *section,
                                              const char *key)
{
    for (size_t i = 0; i < file->n_entries; i++)
        if (strcmp(file->sections[file->entries[i].section].name, section) == 0 &&
            strcmp(file->entries[i].key, key) == 0)
            return &file->entries[i];
    return NULL;
}

bool inifile_has(const struct inifile *file, const char *section, const char *key)
{
    return find_entry(file, section, key) != NULL;
}

size_t inifile_line(const struct inifile *file, const char *section, const char *key)
{
    const struct inifile_entry *entry = find_entry(file, section, key);
    if (entry)
        return entry->line;
    for (size_t i = 0; i < file->n_sections; i++)
        if (strcmp(file->sections[i].name, section) == 0)
            return file->sections[i].line;
    return 0;
}
