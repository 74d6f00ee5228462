/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints tables and records with libsmartcols, JSON with jansson. Makes cells visible itself, with libsmartcols' own
 * encoding off: that ignores bidirectional overrides and encodes text twice.
 */
#include "cli/output.h"

#include "cli/when.h"
#include "common/cleanup.h"
#include "common/names.h"
#include "dbus/contract.h"

#include <errno.h>
#include <langinfo.h>
#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <time.h>
#include <wchar.h>

enum { WIDTH_UNKNOWN = 80, HEIGHT_UNKNOWN = 24, SHORTENED_MIN = 16, WORDS_MIN = 20 };

static void note_error(struct output *output, int r)
{
    if (r < 0 && output->error == 0)
        output->error = r;
}

/* See no-color.org; a dumb terminal has no colour. */
static bool wants_color(void)
{
    const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

    return !(no && *no) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

static void read_terminal(int fd, struct output *output)
{
    struct winsize size = {0};

    if (!isatty(fd))
        return;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0)
        size = (struct winsize){0};
    output->width = size.ws_col > 0 ? size.ws_col : WIDTH_UNKNOWN;
    output->height = size.ws_row > 0 ? size.ws_row : HEIGHT_UNKNOWN;
    output->color = wants_color();
}

void output_init(struct output *ret, bool json)
{
    *ret = (struct output){.stream = stdout, .json = json, .now = time(NULL)};
    read_terminal(STDOUT_FILENO, ret);
}

void output_no_memory(void)
{
    fputs("There is not enough memory to show this. Try again when other programs have ended.\n", stderr);
    exit(EX_OSERR);
}

char *output_format(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        output_no_memory();
    va_end(arguments);
    return text;
}

/* For a terminal with another character set, some bytes of UTF-8 are control characters. */
static void encode_high_bytes(const char *text, char *ret)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x80)
            *ret++ = *text;
        else
            ret += sprintf(ret, "\\x%02x", (unsigned char)*text);
    *ret = '\0';
}

char *output_visible(const char *text)
{
    size_t size = strlen(text) * 4 + 1;
    char *visible = malloc(size), *ascii;

    if (!visible)
        output_no_memory();
    text_visible(text, visible, size);
    if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
        return visible;
    ascii = malloc(strlen(visible) * 4 + 1);
    if (!ascii)
        output_no_memory();
    encode_high_bytes(visible, ascii);
    free(visible);
    return ascii;
}

/* ---- tables and records ----------------------------------------------------------------------------------- */

static struct libscols_table *table_new(const struct output *output)
{
    struct libscols_table *table = scols_new_table();

    if (!table || scols_table_enable_noencoding(table, 1) < 0 ||
        scols_table_set_stream(table, output->stream) < 0)
        output_no_memory();
    scols_table_set_termforce(table, output->width > 0 ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
    if (output->width > 0)
        scols_table_set_termwidth(table, output->width);
    if (output->color)
        scols_table_enable_colors(table, 1);
    return table;
}

static void column_new(struct libscols_table *table, const char *heading, double width, int flags)
{
    if (!scols_table_new_column(table, heading, width, flags))
        output_no_memory();
}

static struct libscols_line *line_new(struct libscols_table *table)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);

    if (!line)
        output_no_memory();
    return line;
}

static void cell_set(struct libscols_line *line, size_t column, const char *text)
{
    if (scols_line_set_data(line, column, text) < 0)
        output_no_memory();
}

/* Yellow waits, green gives access, red is a problem. */
static const char *state_color(const json_t *object, const char *member)
{
    static const char *const colors[STATE_COUNT] = {
        [STATE_PENDING_APPROVAL] = "yellow", [STATE_FULFILLED] = "green", [STATE_ACCESS_EXTENDED] = "green",
        [STATE_PARTIALLY_FULFILLED] = "red", [STATE_DENIED] = "red",
    };

    return member_true(object, "needs_review") ? "red"
                                               : colors[state_from_identifier(member_text(object, member))];
}

static void cell_color(const struct output *output, struct libscols_line *line, size_t column,
                       const struct field *field, const json_t *object)
{
    const char *color = NULL;

    if (output->color && field->look == FIELD_STATE)
        color = state_color(object, field->member);
    if (color && scols_cell_set_color(scols_line_get_cell(line, column), color) < 0)
        output_no_memory();
}

static void table_print(struct output *output, struct libscols_table *table)
{
    note_error(output, scols_print_table(table));
    scols_unref_table(table);
    output_finish(output);
}

/* Cuts to a quarter of the terminal's width; the command `show` prints all. */
static char *shorten(const struct output *output, const char *text)
{
    size_t size = output->width / 4 > SHORTENED_MIN ? output->width / 4 : SHORTENED_MIN;
    _cleanup_free_ char *cut = malloc(size);

    if (!cut)
        output_no_memory();
    return output_visible(text_visible(text, cut, size));
}

static char *cell_text(const struct output *output, const struct field *field, const json_t *object)
{
    _cleanup_free_ char *text = field->format(output, object, field->member);

    if (!text || !*text)
        return output_format("-");
    return field->look == FIELD_SHORTEN && output->width > 0 ? shorten(output, text) : output_visible(text);
}

void output_table(struct output *output, const struct field *fields, size_t n_fields, const json_t *objects)
{
    static const int flags[] = {[FIELD_PLAIN] = 0,
                                [FIELD_RIGHT] = SCOLS_FL_RIGHT,
                                [FIELD_SHORTEN] = SCOLS_FL_TRUNC,
                                [FIELD_STATE] = 0};
    struct libscols_table *table = table_new(output);
    size_t row;
    json_t *object;

    for (size_t i = 0; i < n_fields; i++)
        column_new(table, fields[i].label, 0, flags[fields[i].look]);
    json_array_foreach(objects, row, object)
    {
        struct libscols_line *line = line_new(table);

        for (size_t i = 0; i < n_fields; i++) {
            _cleanup_free_ char *text = cell_text(output, &fields[i], object);
            cell_set(line, i, text);
            cell_color(output, line, i, &fields[i], object);
        }
    }
    table_print(output, table);
}

/* How many bytes of the text fit into `width` columns and end at a blank; all of it if there is no such blank. */
static size_t line_length(const char *text, size_t width)
{
    size_t columns = 0, last = 0;
    mbstate_t state = {0};

    for (const char *at = text; *at;) {
        wchar_t wide;
        size_t bytes = mbrtowc(&wide, at, MB_CUR_MAX, &state);
        if (bytes == (size_t)-1 || bytes == (size_t)-2)
            return strlen(text);
        if (*at == ' ')
            last = (size_t)(at - text);
        const int wide_columns = wcwidth(wide);
        columns += wide_columns > 0 ? (size_t)wide_columns : 0;
        if (columns > width && last > 0)
            return last;
        at += bytes;
    }
    return strlen(text);
}

struct record {
    const struct output *output;
    struct libscols_table *table;
    const json_t *object;
    size_t width; /* of values; 0: do not wrap */
};

/* Adds a row with the label and the first line of the value, and rows without a label for further lines. */
static void record_add(const struct record *record, const struct field *field, char *text)
{
    _cleanup_free_ char *shown_label = output_format("%s:", field->label);
    const char *beside = shown_label;

    for (char *line; (line = strsep(&text, "\n"));) {
        _cleanup_free_ char *shown = output_visible(line);
        char *rest = shown;

        do {
            const size_t length = record->width > 0 ? line_length(rest, record->width) : strlen(rest);
            char *next = rest + length + (rest[length] == ' ');
            struct libscols_line *row = line_new(record->table);

            rest[length] = '\0';
            cell_set(row, 0, beside);
            cell_set(row, 1, rest);
            cell_color(record->output, row, 1, field, record->object);
            beside = "";
            rest = next;
        } while (*rest);
    }
}

/* The columns left of the longest label, its colon and a blank; 0 if those are too few to wrap text. */
static size_t value_width(const struct output *output, const struct field *fields, size_t n_fields,
                          const json_t *object)
{
    size_t longest = 0;

    for (size_t i = 0; i < n_fields; i++) {
        _cleanup_free_ char *text = fields[i].format(output, object, fields[i].member);
        if (text && *text && strlen(fields[i].label) > longest)
            longest = strlen(fields[i].label);
    }
    return output->width > longest + 2 + WORDS_MIN ? output->width - longest - 2 : 0;
}

void output_record(struct output *output, const struct field *fields, size_t n_fields, const json_t *object)
{
    struct libscols_table *table = table_new(output);
    const struct record record = {output, table, object, value_width(output, fields, n_fields, object)};

    scols_table_enable_noheadings(table, 1);
    column_new(table, "label", 0, 0);
    column_new(table, "value", 0, output->width > 0 ? SCOLS_FL_WRAP : 0);
    for (size_t i = 0; i < n_fields; i++) {
        _cleanup_free_ char *text = fields[i].format(output, object, fields[i].member);

        if (text && *text)
            record_add(&record, &fields[i], text);
    }
    table_print(output, table);
}

size_t output_record_rows(const struct output *output, const struct field *fields, size_t n_fields,
                          const json_t *object)
{
    _cleanup_free_ char *text = NULL;
    struct output copy = *output;
    size_t size, rows = 0;

    copy.stream = open_memstream(&text, &size);
    if (!copy.stream)
        output_no_memory();
    output_record(&copy, fields, n_fields, object);
    if (fclose(copy.stream) != 0)
        output_no_memory();
    for (const char *at = text; *at; at++)
        rows += *at == '\n';
    return rows;
}

/* ---- JSON ------------------------------------------------------------------------------------------------- */

static bool is_time_member(const char *member)
{
    static const char *const times[] = {"submitted",
                                        "expires",
                                        "start",
                                        "at",
                                        "ended",
                                        "pause_until",
                                        "assignment_start",
                                        "assignment_end",
                                        "started",
                                        "history_since",
                                        "policy_loaded",
                                        "oldest_pending",
                                        "next_deadline",
                                        "escalated",
                                        "since",
                                        "until",
                                        "reviewed",
                                        "revoked",
                                        "oldest_notice",
                                        "notice_failed",
                                        "returned_last"};

    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
        if (strcmp(times[i], member) == 0)
            return true;
    return false;
}

/* A copy of `value` with times as text; NULL: no memory. */
static json_t *copy_with_times(const json_t *value, const char *member)
{
    char text[WHEN_MAX];
    const char *key;
    size_t i;
    json_t *item, *copy;

    if (json_is_integer(value) && is_time_member(member))
        return json_string(when_iso(json_integer_value(value), text));
    if (json_is_object(value)) {
        copy = json_object();
        json_object_foreach((json_t *)value, key, item)
        {
            if (json_object_set_new(copy, key, copy_with_times(item, key)) < 0)
                output_no_memory();
        }
        return copy;
    }
    if (json_is_array(value)) {
        copy = json_array();
        json_array_foreach(value, i, item)
        {
            if (json_array_append_new(copy, copy_with_times(item, "")) < 0)
                output_no_memory();
        }
        return copy;
    }
    return json_deep_copy(value);
}

/* Escapes DEL, the one control character that jansson leaves. */
static int write_json(const char *text, size_t size, void *data)
{
    struct output *output = data;

    for (size_t i = 0; i < size; i++)
        if (text[i] == '\x7f' ? fputs("\\u007f", output->stream) == EOF
                              : putc(text[i], output->stream) == EOF) {
            note_error(output, -errno);
            return -1;
        }
    return 0;
}

static void dump_json(struct output *output, const json_t *value, size_t layout)
{
    json_t *copy = copy_with_times(value, "");

    if (!copy)
        output_no_memory();
    if (json_dump_callback(copy, write_json, output, layout | JSON_SORT_KEYS | JSON_ENSURE_ASCII) == 0)
        putc('\n', output->stream);
    else
        note_error(output, -ENOMEM);
    json_decref(copy);
    output_finish(output);
}

void output_json(struct output *output, const json_t *value)
{
    dump_json(output, value, JSON_INDENT(2));
}

void output_json_line(struct output *output, const json_t *value)
{
    dump_json(output, value, JSON_COMPACT);
}

/* ---- lines ------------------------------------------------------------------------------------------------ */

void output_line(struct output *output, const char *format, ...)
{
    _cleanup_free_ char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        output_no_memory();
    va_end(arguments);
    _cleanup_free_ char *shown = output_visible(text);
    fprintf(output->stream, "%s\n", shown);
    output_finish(output);
}

int output_finish(struct output *output)
{
    errno = 0;
    if (fflush(output->stream) != 0 || ferror(output->stream))
        note_error(output, errno != 0 ? -errno : -EIO);
    return output->error;
}

void output_message(const char *program, const char *format, ...)
{
    _cleanup_free_ char *text = NULL;
    const char *before = program, *colon = ": ";
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        output_no_memory();
    va_end(arguments);
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        _cleanup_free_ char *shown = output_visible(line);

        fprintf(stderr, "%s%s%s\n", before, colon, shown);
        before = colon = "";
    }
}
