/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables and records, printed by libsmartcols. Wraps and cuts the cells itself, between words: libsmartcols would cut
 * inside them. Makes cells visible itself, with libsmartcols' own encoding off: that ignores bidirectional overrides
 * and encodes text twice.
 */
#include "cli/output.h"

#include "cli/layout.h"
#include "cli/wrap.h"
#include "common/cleanup.h"
#include "dbus/contract.h"

#include <assert.h>
#include <ctype.h>
#include <libsmartcols/libsmartcols.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* WRAPPED_MIN: narrower columns are hard to read. */
enum { WRAPPED_MIN = 14, VALUES_MIN = 20, INDENT = 2, RANK_EMPTY = 16 };

static struct libscols_table *table_new(const struct output *output)
{
    struct libscols_table *table = scols_new_table();

    if (!table || scols_table_enable_noencoding(table, 1) < 0 ||
        scols_table_set_stream(table, output->stream) < 0)
        output_no_memory();
    scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER); /* what does not fit was wrapped before */
    if (output->color)
        scols_table_enable_colors(table, 1);
    return table;
}

static struct libscols_column *column_new(struct libscols_table *table, const char *heading, int flags)
{
    struct libscols_column *column = scols_table_new_column(table, heading, 0, flags);

    if (!column)
        output_no_memory();
    return column;
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

    if (output->color && field_look(field) == FIELD_STATE)
        color = state_color(object, field->member);
    if (color && scols_cell_set_color(scols_line_get_cell(line, column), color) < 0)
        output_no_memory();
}

static void table_print(struct output *output, struct libscols_table *table)
{
    output_note_error(output, scols_print_table(table));
    scols_unref_table(table);
    output_finish(output);
}

static size_t larger(size_t one, size_t other)
{
    return one > other ? one : other;
}

/* ---- records ---------------------------------------------------------------------------------------------- */

struct record {
    const struct output *output;
    struct libscols_table *table;
    const json_t *object;
    size_t width; /* of values beside their labels; 0: do not wrap */
    bool stacked; /* no room beside them: below, indented */
};

/* Adds a row with the label and the first line of the value, and rows without a label for further lines. */
static void record_add_beside(const struct record *record, const struct field *field, char *text)
{
    _cleanup_free_ char *label = output_format("%s:", field->label);
    const char *beside = label;

    for (char *line; (line = strsep(&text, "\n"));) {
        _cleanup_free_ char *shown = output_visible(line);
        _cleanup_free_ char *wrapped = record->width > 0 ? wrap_text(shown, record->width) : NULL;
        char *rest = wrapped ? wrapped : shown;

        for (char *part; (part = strsep(&rest, "\n"));) {
            struct libscols_line *row = line_new(record->table);

            cell_set(row, 0, beside);
            cell_set(row, 1, part);
            cell_color(record->output, row, 1, field, record->object);
            beside = "";
        }
    }
}

static void record_add_stacked(const struct record *record, const struct field *field, char *text)
{
    const size_t width = record->output->width > INDENT + 1 ? record->output->width - INDENT : 1;
    const char *label = field->label, *colon = ": ", *indent = "";

    for (char *line; (line = strsep(&text, "\n"));) {
        _cleanup_free_ char *shown = output_visible(line);
        _cleanup_free_ char *whole = output_format("%s%s%s", label, colon, shown);
        _cleanup_free_ char *wrapped = wrap_text(whole, width);
        char *rest = wrapped;

        for (char *part; (part = strsep(&rest, "\n"));) {
            _cleanup_free_ char *indented = output_format("%s%s", indent, part);
            cell_set(line_new(record->table), 0, indented);
            indent = "  ";
        }
        label = colon = "";
    }
}

/* Of the fields that have a text: the longest label, and the longest word of the texts. */
static void measure_record(const struct output *output, const struct field *fields, size_t n_fields,
                           const json_t *object, size_t *ret_label, size_t *ret_word)
{
    *ret_label = *ret_word = 0;
    for (size_t i = 0; i < n_fields; i++) {
        _cleanup_free_ char *text = fields[i].format(output, object, fields[i].member);
        if (!text || !*text)
            continue;
        _cleanup_free_ char *shown = output_visible(text);
        *ret_label = larger(*ret_label, strlen(fields[i].label));
        *ret_word = larger(*ret_word, wrap_longest_word(shown));
    }
}

/* Below their labels values have more room: for few columns, or a word that would be broken beside. */
static bool is_stacked(const struct output *output, size_t labels, size_t word)
{
    const size_t beside = output->width > labels ? output->width - labels : 0;

    return output->width > 0 && (beside < VALUES_MIN || (word > beside && word + INDENT <= output->width));
}

void output_record(struct output *output, const struct field *fields, size_t n_fields, const json_t *object)
{
    struct record record = {.output = output, .table = table_new(output), .object = object};
    size_t labels, word;

    measure_record(output, fields, n_fields, object, &labels, &word);
    labels += 2; /* colon, blank */
    record.width = output->width > labels ? output->width - labels : 0;
    record.stacked = is_stacked(output, labels, word);
    scols_table_enable_noheadings(record.table, 1);
    column_new(record.table, "label", 0);
    if (!record.stacked)
        column_new(record.table, "value", 0);
    for (size_t i = 0; i < n_fields; i++) {
        _cleanup_free_ char *text = fields[i].format(output, object, fields[i].member);

        if (text && *text)
            (record.stacked ? record_add_stacked : record_add_beside)(&record, &fields[i], text);
    }
    table_print(output, record.table);
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

/* ---- tables ----------------------------------------------------------------------------------------------- */

/* All cells, row by row, as text of one line. */
struct cells {
    const struct field *fields;
    size_t n_fields;
    size_t n_rows;
    char **texts;
};

static char *cell_text(const struct output *output, const struct field *field, const json_t *object)
{
    _cleanup_free_ char *text = field->format(output, object, field->member);

    return text && *text ? output_visible(text) : output_format("-");
}

static void cells_init(const struct output *output, const json_t *objects, struct cells *cells)
{
    size_t row;
    json_t *object;

    cells->n_rows = json_array_size(objects);
    cells->texts = calloc(cells->n_rows * cells->n_fields + 1, sizeof(*cells->texts));
    if (!cells->texts)
        output_no_memory();
    json_array_foreach(objects, row, object)
    {
        for (size_t i = 0; i < cells->n_fields; i++)
            cells->texts[row * cells->n_fields + i] = cell_text(output, &cells->fields[i], object);
    }
}

static void cells_deinit(struct cells *cells)
{
    for (size_t i = 0; i < cells->n_rows * cells->n_fields; i++)
        free(cells->texts[i]);
    free(cells->texts);
}

static bool is_wrapped(const struct field *field)
{
    return field_look(field) == FIELD_WRAP || field_look(field) == FIELD_STATE;
}

static bool is_empty(const struct cells *cells, size_t column)
{
    for (size_t row = 0; row < cells->n_rows; row++)
        if (strcmp(cells->texts[row * cells->n_fields + column], "-") != 0)
            return false;
    return true;
}

/* What the column needs in full, and wrapped or cut. One that says nothing is the first to go. */
static struct layout_column measure(const struct cells *cells, size_t column)
{
    const struct field *field = &cells->fields[column];
    const size_t heading = strlen(field->label);
    const unsigned rank = field_rank(field);
    struct layout_column measured = {.natural = heading,
                                     .rank = rank > 0 && is_empty(cells, column) ? RANK_EMPTY : rank};
    size_t longest = heading;

    for (size_t row = 0; row < cells->n_rows; row++) {
        const char *text = cells->texts[row * cells->n_fields + column];
        measured.natural = larger(measured.natural, wrap_columns(text));
        if (is_wrapped(field))
            longest = larger(longest, wrap_longest_word(text));
    }
    const bool fixed = !is_wrapped(field) && field_look(field) != FIELD_SHORTEN;
    longest = larger(longest, WRAPPED_MIN);
    measured.least = fixed || longest > measured.natural ? measured.natural : longest;
    return measured;
}

/* The cell as it fits into its column. */
static char *fit_cell(const struct field *field, const char *text, const struct layout_column *column)
{
    if (is_wrapped(field))
        return wrap_text(text, column->width);
    return field_look(field) == FIELD_SHORTEN ? wrap_cut(text, column->width) : output_format("%s", text);
}

/* The lines of all cells of the column, wrapped to this width. */
static size_t count_lines(const struct cells *cells, size_t column, size_t width)
{
    size_t lines = 0;

    for (size_t row = 0; row < cells->n_rows; row++) {
        _cleanup_free_ char *wrapped = wrap_text(cells->texts[row * cells->n_fields + column], width);
        for (const char *at = wrapped; at; at = strchr(at + 1, '\n'))
            lines++;
    }
    return lines;
}

/* The least width that needs no more lines than the present one: "22:40 CET" below a date instead of "CET". */
static size_t tighten(const struct cells *cells, size_t column, const struct layout_column *layout)
{
    const size_t lines = count_lines(cells, column, layout->width);
    size_t low = layout->least, high = layout->width;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (count_lines(cells, column, middle) == lines)
            high = middle;
        else
            low = middle + 1;
    }
    return high;
}

/* False if there is no room. What a wrapped column does not need goes to those of higher rank, and behind it. */
static bool fit_columns(const struct cells *cells, struct layout_column *columns, size_t width)
{
    bool fits = layout_fit(columns, cells->n_fields, width);

    for (unsigned rank = 0; fits && rank <= layout_highest_rank(columns, cells->n_fields); rank++)
        for (size_t i = 0; i < cells->n_fields; i++) {
            struct layout_column *column = &columns[i];
            if (column->rank != rank || column->left_out || column->width == column->natural ||
                !is_wrapped(&cells->fields[i]))
                continue;
            column->natural = column->least = tighten(cells, i, column);
            layout_fit(columns, cells->n_fields, width);
        }
    return fits;
}

static void add_columns(struct libscols_table *table, const struct cells *cells,
                        const struct layout_column *columns)
{
    for (size_t i = 0; i < cells->n_fields; i++) {
        if (columns[i].left_out)
            continue;
        const bool right = field_look(&cells->fields[i]) == FIELD_RIGHT;
        struct libscols_column *column =
            column_new(table, cells->fields[i].label, right ? SCOLS_FL_RIGHT : SCOLS_FL_WRAP);
        if (!right)
            scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
    }
}

static void print_columns(struct output *output, const struct cells *cells,
                          const struct layout_column *columns, const json_t *objects)
{
    struct libscols_table *table = table_new(output);

    if (output->held && output->n_tables++ == 0)
        output->headings = ftell(output->stream);
    add_columns(table, cells, columns);
    for (size_t row = 0; row < cells->n_rows; row++) {
        struct libscols_line *line = line_new(table);
        size_t at = 0;

        for (size_t i = 0; i < cells->n_fields; i++) {
            if (columns[i].left_out)
                continue;
            _cleanup_free_ char *text =
                fit_cell(&cells->fields[i], cells->texts[row * cells->n_fields + i], &columns[i]);
            cell_set(line, at, text);
            cell_color(output, line, at++, &cells->fields[i], json_array_get(objects, row));
        }
    }
    table_print(output, table);
}

/* "ALSO IN /ETC/GROUP" as "Also in /etc/group": a screen reader may spell capitals. */
static void write_label(const char *heading, char *ret)
{
    for (size_t i = 0; i == 0 || ret[i - 1]; i++)
        ret[i] = (char)(i == 0 ? heading[i] : tolower((unsigned char)heading[i]));
}

enum { LABEL_MAX = 32, FIELDS_MAX = 32 }; /* of our own tables */

static void print_as_records(struct output *output, const struct cells *cells, const json_t *objects)
{
    char labels[FIELDS_MAX][LABEL_MAX];
    struct field fields[FIELDS_MAX];
    json_t *object;
    size_t row;

    for (size_t i = 0; i < cells->n_fields; i++) {
        fields[i] = cells->fields[i];
        assert(strlen(fields[i].label) < LABEL_MAX);
        write_label(fields[i].label, labels[i]);
        fields[i].label = labels[i];
    }
    json_array_foreach(objects, row, object)
    {
        if (row > 0)
            fputc('\n', output->stream);
        output_record(output, fields, cells->n_fields, object);
    }
}

void output_table(struct output *output, const struct field *fields, size_t n_fields, const json_t *objects)
{
    struct cells cells = {.fields = fields, .n_fields = n_fields};
    struct layout_column columns[FIELDS_MAX];

    assert(n_fields <= FIELDS_MAX);
    cells_init(output, objects, &cells);
    for (size_t i = 0; i < n_fields; i++)
        columns[i] = measure(&cells, i);
    if (!output->lines && fit_columns(&cells, columns, output->width > 0 ? output->width : SIZE_MAX))
        print_columns(output, &cells, columns, objects);
    else
        print_as_records(output, &cells, objects);
    cells_deinit(&cells);
}
