/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gates of a host: our account lines in its services, and whom the lines above let past them. Reads pam.d alone. */
#pragma once

#include "common/gate_options.h"
#include "common/pamstack.h"

struct gate_line {
    const char *service;
    const struct pamstack *stack;
    size_t at; /* the entry */
    struct gate_options options;
};

/* Calls `visit` with each of our account lines below `root` ("": this host), service by service. 0; -errno. */
typedef void gates_visit(const struct gate_line *line, void *data);
int gates_each(const char *root, gates_visit *visit, void *data);
/* The same for one service. 0; -ENOENT: it has no file; -ENOMEM. */
int gates_of(const char *root, const char *service, gates_visit *visit, void *data);

/* The next entry from *at on, before the one of ours, that lets whom it applies to past that. Moves *at behind it; NULL: none. */
const struct pamstack_entry *gates_next_past(const struct pamstack *stack, size_t ours, size_t *at);
/* Whether a line before ours may let people past it in a way that does not come with the above: by an answer other than success. */
bool gates_past_otherwise(const struct pamstack *stack, size_t ours);
/* The group that such a line applies to ("user ingroup NAME" of pam_succeed_if.so); NULL: it is another line. */
const char *gates_group_of(const struct pamd_line *line);
