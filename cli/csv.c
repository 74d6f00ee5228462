/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Cells have no line breaks: text_visible writes them as \x0a. */
#include "cli/csv.h"

#include "common/cleanup.h"

#include <stdlib.h>
#include <string.h>

/* Spreadsheets take a cell that begins so for a formula, some also behind blanks or in full width. */
static bool is_formula(const char *text)
{
    static const char *const begins[] = {"=",  "+",      "-",      "@",      "\t",
                                         "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20"};
    text += strspn(text, " ");
    for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
        if (strncmp(text, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

static char *add_cell(char *line, const char *text)
{
    _cleanup_free_ char *visible = output_visible(text);
    const size_t length = strlen(line);
    char *longer = realloc(line, length + 2 * strlen(visible) + sizeof(",\"'\""));

    if (!longer)
        output_no_memory();
    char *at = longer + length;
    at = stpcpy(at, length > 0 ? ",\"" : "\"");
    if (is_formula(text))
        *at++ = '\'';
    for (const char *from = visible; *from; from++) {
        if (*from == '"')
            *at++ = '"';
        *at++ = *from;
    }
    stpcpy(at, "\"");
    return longer;
}

static void end_line(struct output *output, char *line)
{
    fprintf(output->stream, "%s\r\n", line);
    free(line);
}

void csv_print(struct output *output, const struct field *fields, size_t n_fields, const json_t *objects)
{
    const json_t *object;
    size_t row;
    char *line = output_format("%s", "");

    for (size_t i = 0; i < n_fields; i++)
        line = add_cell(line, fields[i].label);
    end_line(output, line);
    json_array_foreach(objects, row, object)
    {
        line = output_format("%s", "");
        for (size_t i = 0; i < n_fields; i++) {
            _cleanup_free_ char *text = fields[i].format(output, object, fields[i].member);
            line = add_cell(line, text ? text : "");
        }
        end_line(output, line);
    }
    output_finish(output);
}
