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

enum field_look {
    FIELD_PLAIN = 0,
    FIELD_RIGHT,
    FIELD_WRAP,    /* in several lines, on a terminal without room for one */
    FIELD_SHORTEN, /* cut, on such a terminal */
    FIELD_STATE,   /* wrapped; in colour, if the terminal has it */
    FIELD_LOOK = 0xf
};

/* 0, without a rank: the column is always there. The highest is left out first where a terminal is too narrow. */
#define FIELD_RANK(rank) ((rank) << 4)

struct field {
    const char *label; /* the heading of a column, or of a line without its colon */
    const char *member;
    field_format *format;
    unsigned look; /* one of the looks below, for a column with a rank */
};

field_format field_text;     /* a string */
field_format field_count;    /* an integer */
field_format field_list;     /* strings, "a, b" */
field_format field_lines;    /* strings, a line each */
field_format field_state;    /* a state's identifier as the word for people */
field_format field_time;     /* "Mon 2026-11-23 22:40 CET (in 3 h)" */
field_format field_when;     /* "in 3 h" on a terminal, else RFC 3339 */
field_format field_iso;      /* RFC 3339 */
field_format field_end;      /* of an assignment: as field_time, or "no end" */
field_format field_end_when; /* of an assignment: as field_when, or "no end" */
field_format field_duration; /* "4 h" */
field_format field_user;     /* "alice (uid 1000)" */

/* The time as people read it on a terminal, as programs do elsewhere. */
char *field_moment(const struct output *output, int64_t time);

/* Of a package. */
field_format field_max_duration;      /* its duration if it has no max_duration */
field_format field_package_approvers; /* or "no approval needed" */

enum field_look field_look(const struct field *field);
unsigned field_rank(const struct field *field);
