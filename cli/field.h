/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How one member of an object from the bus is shown. An array of fields is the columns of a table or the lines of
 * a record (cli/output.h). What a format returns is not safe to show yet: output.c makes it so.
 */
#pragma once

#include "cli/member.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output;

/* Text for a member, owned by the caller, lines separated by '\n'; NULL when there is nothing to say. */
typedef char *field_format(const struct output *output, const json_t *object, const char *member);

struct field {
    const char *label; /* a heading, or a label without its colon */
    const char *member;
    field_format *format;
    enum {
        FIELD_PLAIN = 0,
        FIELD_RIGHT,
        FIELD_SHORTEN,
        FIELD_STATE
    } look; /* STATE: in colour, where there is any */
};

field_format field_text;     /* a string */
field_format field_count;    /* an integer */
field_format field_list;     /* strings, "a, b" */
field_format field_lines;    /* strings, a line each */
field_format field_state;    /* a state's identifier as the word for people */
field_format field_time;     /* "Mon 2026-11-23 22:40 CET (in 3 h)" */
field_format field_when;     /* "in 3 h" on a terminal, else ISO 8601 */
field_format field_end;      /* of an assignment: as field_time, or "no end" */
field_format field_duration; /* "4 h" */
