/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starts a child process that runs a program or a function. It inherits only the descriptors and the environment in the
 * plan; its signals have their default actions. In an event loop, which must not wait, use common/child_loop.h. The PAM
 * module has pam_module/spawn.h instead, as it runs inside any process.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

enum { CHILD_FDS_MAX = 4, CHILD_NULL = -1 };

struct child_plan {
    char *const *argv; /* argv[0] is the program's path; NULL: run a function */
    char *const *environment;
    int (*run)(void *data); /* the function, in a copy of our memory; returns the exit status */
    void *data;
    bool leads; /* it leads a process group of its own; else a signal to our group reaches it, too */
    /* Become 0, 1, ... in the child; all others are closed. CHILD_NULL, or one closed here, becomes /dev/null. */
    int fds[CHILD_FDS_MAX];
    size_t n_fds;
};

/* 0 when the program or function has begun; -errno when it could not, and there is no process. */
int child_start(const struct child_plan *plan, pid_t *ret);

/* Waits until it has ended, at most `ms` milliseconds; -1: without a limit. 0 with the status of waitpid(); -ETIME when
 * it still runs; other -errno. */
int child_wait(pid_t pid, int ms, int *ret_status);

/* The same, but kills it at the limit, and reaps it then too: -ETIME. */
int child_wait_or_kill(pid_t pid, int ms, int *ret_status);

/* Makes a file in memory with the text, to be read from its start, such as for stdin without a pipe that could block.
 * Returns the descriptor, close-on-exec, or -errno. */
int child_text(const char *text);
