/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process of ours that runs a program or a function. Of ours it has the descriptors and the environment that it is
 * given; its signals do what they do by default. A loop, which must not wait for it, has common/child_loop.h. The PAM
 * module starts its program by itself (pam_module/spawn.h): it lives in processes that are not ours.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

enum { CHILD_FDS_MAX = 4, CHILD_NULL = -1 };

struct child_plan {
    char *const *argv; /* of the program whose path is argv[0]; NULL: a function */
    char *const *environment;
    int (*run)(void *data); /* the function, in a copy of the caller's memory; its value is the exit status */
    void *data;
    bool leads; /* a process group of its own; without, whoever ends the caller's group ends it as well */
    /* Become 0, 1, ...; all others are closed. What is CHILD_NULL, or closed in the caller, is /dev/null there. */
    int fds[CHILD_FDS_MAX];
    size_t n_fds;
};

/* 0, and the program or function has begun; -errno, and there is no process. */
int child_start(const struct child_plan *plan, pid_t *ret);

/* At most `ms` until it has ended; -1: however long. 0 and its status, as waitpid says; -ETIME: it is there still. */
int child_wait(pid_t pid, int ms, int *ret_status);

/* A file in memory that holds the text, to be read from its start; close-on-exec. As stdin, nobody has to wait to write
 * it. The descriptor or -errno. */
int child_text(const char *text);
