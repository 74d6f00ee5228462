/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A child (common/child.h) in a loop, which never waits for it: reads what it prints, kills it at a deadline, tells of its
 * end. `loop` is libev's default loop, which collects children.
 */
#pragma once

#include "common/child.h"

#include <ev.h>

struct child;

struct child_end {
    int status;         /* as waitpid says */
    bool timed_out;     /* it was killed at the deadline */
    const char *output; /* what it printed, cut at output_max, with a zero behind it */
    size_t size;
};

struct child_terms {
    void (*done)(const struct child_end *end, void *data); /* called once, later, when it has ended */
    void *data;
    size_t output_max; /* bytes; what it prints beyond is read, and dropped */
    double deadline;   /* seconds; then all of its group is killed. 0: none */
};

/* In the plan's descriptors: where it prints what is read here. */
enum { CHILD_OUTPUT = -2 };

/* The child leads a group, whatever the plan says. What it leaves behind when it ends is not waited for. 0 or -errno. */
int child_run(struct ev_loop *loop, const struct child_plan *plan, const struct child_terms *terms,
              struct child **ret);

/* Ends it, with all of its group. Nobody is told. */
void child_kill(struct child *child);
