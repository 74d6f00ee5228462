/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The a{sv} options of the methods, as one table: what each may carry, of which type, how large. */
#pragma once

#include "helperd/engine/engine.h"

#include <jansson.h>

/* Which options a method takes: a set of these. */
enum {
    BUS_OPTIONS_SUBMIT = 1 << 0,
    BUS_OPTIONS_DECIDE = 1 << 1,
    BUS_OPTIONS_FILTER = 1 << 2,
    BUS_OPTIONS_EXTEND = 1 << 3,
    BUS_OPTIONS_ASSIGN = 1 << 4,
    BUS_OPTIONS_IMPORT = 1 << 16,
    BUS_OPTIONS_DELEGATE = 1 << 5,
    BUS_OPTIONS_REPORT = 1 << 20,
    BUS_OPTIONS_AUDIT = 1 << 21,
    BUS_OPTIONS_HOLDERS = 1 << 22,
};

/* Texts are borrowed from the JSON; NULL where not given. Claims are made visible and cut, never refused: the gate
 * passes on what a network peer calls itself. */
struct bus_options {
    const char *justification;
    const char *reason;
    const char *role;
    const char *state;
    const char *package;
    const char *user;
    const char *name;
    const char *kind;
    int64_t duration;
    int64_t start;
    int64_t until;
    int64_t before;
    int64_t before_at;
    int64_t since;
    int64_t request;
    int64_t limit;
    bool gate;
    bool login_id;
    bool can_ask;
    bool emergency;
    bool override;
    bool dry_run;
    char service[BUS_CLAIM_MAX + 1];
    char host[BUS_CLAIM_MAX + 1];
    char address[BUS_CLAIM_MAX + 1];
    char tty[BUS_CLAIM_MAX + 1];
};

/* 0, or BUS_ERROR_INVALID_ARGUMENT with the reply's message: an unknown option is refused, not ignored. */
int bus_options_read(const json_t *object, unsigned set, struct bus_options *ret, struct reply *reply);
