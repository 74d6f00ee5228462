/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One program that runs with a text on its stdin: without waiting for it, with a deadline after which it and all that it
 * started (its process group) are killed, with the first part of its output kept. Nothing of the text reaches its
 * arguments or its environment.
 */
#pragma once

#include <ev.h>
#include <stdbool.h>

enum { RUN_OUTPUT_MAX = 8192 };

struct run;

/* status: as waitpid says; timed_out: it was killed at the deadline. output: what it printed, cut, with a zero. */
typedef void (*run_done)(int status, bool timed_out, const char *output, void *data);

/* fd: the program, opened; stays the caller's. 0, and `done` is called once, later; -errno, and it is not. */
int run_start(struct ev_loop *loop, int fd, const char *name, const char *text, double deadline,
              run_done done, void *data, struct run **ret);
