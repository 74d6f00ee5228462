/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one output layer of the commands: data on stdout as aligned tables, labelled lines or JSON, messages on
 * stderr. Nothing leaves it that a terminal would obey (rule 10): text passes text_visible, JSON is ASCII.
 * For --json the members keep the names and values that they have on the bus, except that times
 * are ISO 8601 with the user's zone; keys are sorted.
 */
#pragma once

#include "cli/field.h"

#include <stdio.h>

struct output {
    FILE *stream;
    bool json;
    size_t width; /* of the terminal; 0: no terminal, nothing is shortened, times are absolute */
    size_t height;
    bool
        color; /* on a terminal, unless NO_COLOR or TERM=dumb say otherwise; never the only carrier of meaning */
    struct held *held; /* cli/pager.h */
    int64_t now;
    int error; /* the first -errno of the stream */
};

void output_init(struct output *ret, bool json);

/* A table with headings; an empty cell is "-". `objects` is an array of objects. */
void output_table(struct output *output, const struct field *fields, size_t n_fields, const json_t *objects);

/* A line per field that has something to say, long text wrapped below itself, never below the label. */
void output_record(struct output *output, const struct field *fields, size_t n_fields, const json_t *object);

/* How many rows of the terminal that would take. */
size_t output_record_rows(const struct output *output, const struct field *fields, size_t n_fields,
                          const json_t *object);

void output_json(struct output *output, const json_t *value);

/* The same on one line: of a stream of objects each line is one. */
void output_json_line(struct output *output, const json_t *value);

/* One line of data, on the stream at once: what was done must be seen even if the next call ends us. */
void output_line(struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Flushes. 0 or the first -errno that anything written met. */
int output_finish(struct output *output);

/* On stderr, "PROGRAM: text". Line breaks are kept, everything else that controls a terminal is encoded. */
void output_message(const char *program, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says so and ends with 71: nobody is to decide on a record of which a part is missing. */
_Noreturn void output_no_memory(void);

/* asprintf and text_visible as new strings, never NULL. */
char *output_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *output_visible(const char *text);
