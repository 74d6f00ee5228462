/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One program of notify.d that runs with a text on its stdin, which reaches neither its arguments nor its environment. */
#pragma once

#include "common/child_loop.h"

/* fd: the program, opened; stays the caller's. 0 or -errno, as child_run. */
int run_start(struct ev_loop *loop, int fd, const char *name, const char *text,
              const struct child_terms *terms);
