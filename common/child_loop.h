/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a child (common/child.h) in an event loop: reads its output, kills it at a deadline, and reports its end. `loop`
 * must be libev's default loop, the one that reaps children.
 */
#pragma once

#include "common/child.h"

#include <ev.h>

struct child;

struct child_end {
    int status;         /* as of waitpid() */
    bool timed_out;     /* it was killed at the deadline */
    const char *output; /* cut at output_max, and terminated; valid during the call */
    size_t size;
};

struct child_terms {
    void (*done)(const struct child_end *end, void *data); /* called once, from the loop, when it has ended */
    void *data;
    size_t output_max; /* bytes; more is read and dropped */
    double deadline;   /* seconds; then its whole group is killed. 0: none */
};

/* In the plan's descriptors: the pipe from which the output is read. */
enum { CHILD_OUTPUT = -2 };

/* The child always leads a group. Does not wait for processes that it leaves in the background. 0 or -errno. */
int child_run(struct ev_loop *loop, const struct child_plan *plan, const struct child_terms *terms,
              struct child **ret);

/* Kills its whole group. `done` is not called. */
void child_kill(struct child *child);
