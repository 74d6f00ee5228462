/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats members of objects from the bus. An array of fields is the columns of a table, or the lines of a record
 * (cli/output.h). What a format returns may contain control characters; output.c makes it visible.
 */
#pragma once

#include "cli/member.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output;

/* Returns the text for a member, new memory, lines separated by '\n'; NULL: no text. */
typedef char *field_format(const struct output *output, const json_t *object, const char *member);

struct field {
    const char *label; /* the heading of a column, or of a line without its colon */
    const char *member;
    field_format *format;
    enum {
        FIELD_PLAIN = 0,
        FIELD_RIGHT,
        FIELD_SHORTEN,
        FIELD_STATE
    } look; /* STATE: in colour, if the terminal has it */
};

field_format field_text;     /* a string */
field_format field_count;    /* an integer */
field_format field_list;     /* strings, "a, b" */
field_format field_lines;    /* strings, a line each */
field_format field_state;    /* a state's identifier as the word for people */
field_format field_time;     /* "Mon 2026-11-23 22:40 CET (in 3 h)" */
field_format field_when;     /* "in 3 h" on a terminal, else ISO 8601 */
field_format field_end;      /* of an assignment: as field_time, or "no end" */
field_format field_end_when; /* of an assignment: as field_when, or "no end" */
field_format field_duration; /* "4 h" */
field_format field_user;     /* "alice (uid 1000)" */

/* Of a package. */
field_format field_max_duration;      /* its duration if it has no max_duration */
field_format field_package_approvers; /* or "no approval needed" */
