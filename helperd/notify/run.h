/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a program of notify.d with a text on its stdin. The text reaches neither its arguments nor its environment. */
#pragma once

#include "common/child_loop.h"

#include <stdbool.h>

/* fd: the program, which the caller closes. 0 or -errno, as child_run. */
int run_start(struct ev_loop *loop, int fd, const char *name, const char *text,
              const struct child_terms *terms);

/* How it ended: its exit status, or -1, with a message: what a program that failed says of it, with the beginning of its
 * output as one line; of one that did not fail that alone. */
enum { RUN_MESSAGE_MAX = 480 };
int run_describe_end(const struct child_end *end, const char *name, double deadline,
                     char ret_message[RUN_MESSAGE_MAX]);

/* Whether the program ended so (EX_OSFILE) because this host lacks what it delivers with, as a mail system. Logged once of
 * each, until it ends otherwise. */
bool run_note_absent(const char *name, int code, const char *message);
