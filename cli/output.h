/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The output layer of all commands: data on stdout as tables, records (labelled lines) or JSON; messages on stderr.
 * Prints no control characters (rule 10): text passes text_visible, JSON is ASCII. With --json members keep their names
 * and values of the bus, except that times are ISO 8601 in the user's zone; keys are sorted.
 */
#pragma once

#include "cli/field.h"
#include "cli/output_text.h"

#include <stdio.h>

struct output {
    FILE *stream;
    bool json;
    size_t width; /* of the terminal; 0: no terminal, so nothing is shortened, and times are absolute */
    size_t height;
    bool color;        /* on a terminal, except with NO_COLOR or TERM=dumb; must carry no meaning alone */
    bool lines;        /* --lines: a table is labelled lines */
    struct held *held; /* cli/pager.h */
    size_t n_tables;   /* with headings, printed so far */
    long headings;     /* where the first of them begins in what is held */
    int64_t now;       /* seconds since the epoch */
    int error;         /* the first -errno of the stream */
};

void output_init(struct output *ret, bool json);

/* True for TERM=dumb or none: no colour, no line is written anew, and no pager that was not asked for. */
bool output_terminal_is_dumb(void);

/*
 * Prints a table with headings; an empty cell is "-". `objects` is an array of objects. Fits it to the terminal: leaves out
 * columns by their rank, wraps and cuts text between words. With --lines, and where not even the columns of rank 0 have
 * room, prints each object as a record, with a blank line between them.
 */
void output_table(struct output *output, const struct field *fields, size_t n_fields, const json_t *objects);

/* Prints a line for each field that has a text. Wraps long text beside the labels; on a narrow terminal below them,
 * indented, so that it never stands where a label does. */
void output_record(struct output *output, const struct field *fields, size_t n_fields, const json_t *object);

/* How many rows of the terminal the record would take. */
size_t output_record_rows(const struct output *output, const struct field *fields, size_t n_fields,
                          const json_t *object);

void output_json(struct output *output, const json_t *value);

/* The same on one line, for a stream of objects. */
void output_json_line(struct output *output, const json_t *value);

/* Prints text that holds no command to copy: wraps it on a terminal, further lines indented by two more. */
void output_wrapped(struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints one line of data, and flushes: it must be visible even if the next call ends the process. */
void output_line(struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Keeps the first error. */
void output_note_error(struct output *output, int r);

/* Flushes. 0, or the first -errno of any output. */
int output_finish(struct output *output);

/* Prints "PROGRAM: text" on stderr. Keeps line breaks, encodes other control characters. */
void output_message(const char *program, const char *format, ...) __attribute__((format(printf, 2, 3)));
