/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses a grant file. Runs at every login and every `id`, inside any process: no stdio, no locale, no state, one
 * allocation per file. Must never guess: refuses the whole file if any of it breaks the format (rule 1). Called by
 * grantdir.c, which has checked the file's owner and mode.
 */
#include "common/grantfile.h"

#include "common/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    const char *at, *end;         /* the rest of the text */
    const char *field, *line_end; /* the rest of the current line */
    /* Room for strings, as large as the text: each string fits, as it is no longer than its field and the separator
     * behind it leaves a byte for its zero. */
    char *strings;
};

/* A kind of line behind the header. */
struct row {
    const char *word;
    bool (*parse)(struct parser *parser, struct grant_user *file);
};

bool grant_span_holds(const struct grant_span *span, int64_t now)
{
    return span->start <= now && now < span->end;
}

/* Moves to the next line that is no comment. False at the end of the text, and for a line without its newline. */
static bool next_row_line(struct parser *parser)
{
    do {
        const char *newline = memchr(parser->at, '\n', (size_t)(parser->end - parser->at));
        if (!newline)
            return false;
        parser->field = parser->at;
        parser->line_end = newline;
        parser->at = newline + 1;
    } while (*parser->field == '#');
    return true;
}

/* Reads one field, and the blank behind it if any. False for an empty field, and for a blank at the end of the line. */
static bool parse_field(struct parser *parser, const char **ret, size_t *ret_length)
{
    const size_t rest = (size_t)(parser->line_end - parser->field);
    const char *blank = memchr(parser->field, ' ', rest);
    const size_t length = blank ? (size_t)(blank - parser->field) : rest;
    if (length == 0 || (blank && blank + 1 == parser->line_end))
        return false;
    *ret = parser->field;
    *ret_length = length;
    parser->field += length + (blank ? 1 : 0);
    return true;
}

static bool field_is(const char *field, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(field, word, length) == 0;
}

static bool parse_keyword(struct parser *parser, const char *word)
{
    const char *field;
    size_t length;
    return parse_field(parser, &field, &length) && field_is(field, length, word);
}

static bool line_is_done(const struct parser *parser)
{
    return parser->field == parser->line_end;
}

/* Decimal digits without a leading zero, from 0 to max. */
static bool field_number(const char *field, size_t length, int64_t max, int64_t *ret)
{
    int64_t number = 0;
    if (length > 1 && field[0] == '0')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (field[i] < '0' || field[i] > '9')
            return false;
        const int digit = field[i] - '0';
        if (number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret = number;
    return true;
}

static bool parse_field_number(struct parser *parser, int64_t max, int64_t *ret)
{
    const char *field;
    size_t length;
    return parse_field(parser, &field, &length) && field_number(field, length, max, ret);
}

/* A point in time; the largest number is reserved for GRANT_FOREVER. */
static bool parse_time(struct parser *parser, int64_t *ret)
{
    return parse_field_number(parser, GRANT_FOREVER - 1, ret);
}

static bool parse_span(struct parser *parser, struct grant_span *ret)
{
    const char *field;
    size_t length;
    if (!parse_time(parser, &ret->start) || !parse_field(parser, &field, &length))
        return false;
    if (field_is(field, length, "forever")) {
        ret->end = GRANT_FOREVER;
        return true;
    }
    return field_number(field, length, GRANT_FOREVER - 1, &ret->end);
}

/* Ids have 32 bits, and the largest means "none" to every call that takes one. */
static bool parse_id(struct parser *parser, int64_t lowest, uint32_t *ret)
{
    int64_t number;
    if (!parse_field_number(parser, (int64_t)UINT32_MAX - 1, &number) || number < lowest)
        return false;
    *ret = (uint32_t)number;
    return true;
}

static bool parse_uid(struct parser *parser, uid_t *ret)
{
    return parse_id(parser, 0, ret);
}

/* Not gid 0: no package gives the group of root. */
static bool parse_group_gid(struct parser *parser, gid_t *ret)
{
    return parse_id(parser, 1, ret);
}

static bool parse_text(struct parser *parser, char ret[NAME_ENCODED_MAX + 1])
{
    const char *field;
    size_t length;
    if (!parse_field(parser, &field, &length) || length > NAME_ENCODED_MAX || memchr(field, '\0', length))
        return false;
    memcpy(ret, field, length);
    ret[length] = '\0';
    return true;
}

static const char *keep_string(struct parser *parser, const char *text)
{
    char *kept = parser->strings;
    const size_t size = strlen(text) + 1;
    memcpy(kept, text, size);
    parser->strings += size;
    return kept;
}

static bool parse_name(struct parser *parser, const char **ret)
{
    char name[NAME_ENCODED_MAX + 1];
    if (!parse_text(parser, name) || name_decode(name, name, sizeof(name)) < 0)
        return false;
    *ret = keep_string(parser, name);
    return true;
}

static bool parse_package_name(struct parser *parser, const char **ret)
{
    char name[NAME_ENCODED_MAX + 1];
    if (!parse_text(parser, name) || !name_is_package(name))
        return false;
    *ret = keep_string(parser, name);
    return true;
}

static bool parse_magic(struct parser *parser, const char *word)
{
    int64_t version;
    return next_row_line(parser) && parse_keyword(parser, word) &&
           parse_field_number(parser, INT64_MAX, &version) && version == 1 && line_is_done(parser);
}

static bool parse_written(struct parser *parser, int64_t *ret)
{
    return next_row_line(parser) && parse_keyword(parser, "written") && parse_time(parser, ret) &&
           line_is_done(parser);
}

static bool parse_package(struct parser *parser, struct grant_user *file)
{
    struct grant_package *package = &file->packages[file->n_packages++];
    return parse_package_name(parser, &package->name) && parse_span(parser, &package->span) &&
           parse_field_number(parser, INT64_MAX, &package->assignment);
}

static bool parse_group(struct parser *parser, struct grant_user *file)
{
    struct grant_group *group = &file->groups[file->n_groups++];
    return parse_group_gid(parser, &group->gid) && parse_name(parser, &group->name) &&
           parse_span(parser, &group->span);
}

static const struct row rows[] = {{"package", parse_package}, {"group", parse_group}};

static const struct row *find_row(const char *field, size_t length)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (field_is(field, length, rows[i].word))
            return &rows[i];
    return NULL;
}

static bool parse_rows(struct parser *parser, struct grant_user *file)
{
    while (next_row_line(parser)) {
        const char *field;
        size_t length;
        if (!parse_field(parser, &field, &length))
            return false;
        if (field_is(field, length, "end"))
            return line_is_done(parser) && parser->at == parser->end;
        const struct row *row = find_row(field, length);
        if (!row || !row->parse(parser, file) || !line_is_done(parser))
            return false;
    }
    return false;
}

static size_t count_lines(const char *text, size_t size)
{
    size_t count = 0;
    for (const char *at = text, *const end = text + size; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        count++;
    return count;
}

static bool parse_user_file(struct parser *parser, struct grant_user *file)
{
    return parse_magic(parser, "accesspkg-grants") && next_row_line(parser) &&
           parse_keyword(parser, "user") && parse_name(parser, &file->user) &&
           parse_uid(parser, &file->uid) && line_is_done(parser) && parse_written(parser, &file->written) &&
           parse_rows(parser, file);
}

int grant_user_parse(const char *text, size_t size, struct grant_user *ret)
{
    if (size > GRANTFILE_USER_MAX)
        return -EBADMSG;
    const size_t lines = count_lines(text, size); /* each may be a package, or a group */
    const size_t packages = lines * sizeof(struct grant_package);
    const size_t groups = lines * sizeof(struct grant_group);
    char *memory = malloc(packages + groups + size + 1);
    if (!memory)
        return -ENOMEM;
    struct grant_user file = {
        .packages = (void *)memory, .groups = (void *)(memory + packages), .memory = memory};
    struct parser parser = {.at = text, .end = text + size, .strings = memory + packages + groups};
    if (!parse_user_file(&parser, &file)) {
        free(memory);
        return -EBADMSG;
    }
    *ret = file;
    return 0;
}

void grant_user_deinit(struct grant_user *file)
{
    free(file->memory);
    *file = (struct grant_user){0};
}
