/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keeper: a small process between the host (the application that loaded us) and the program that we run for it. It
 * is cloned without an exit signal and never execs, so the host gets no SIGCHLD and its wait(-1) does not reap it. The
 * program is the keeper's child; the keeper ends and reaps it. Needs Linux 5.9.
 */
#pragma once

#include <sys/types.h>

/*
 * Makes a child without an exit signal, which only waitid() on its pidfd with __WALL reaps. Otherwise like fork(), but
 * without fork handlers: the child may call only what is safe after a fork of a threaded process. The caller must have
 * blocked all signals and disabled cancellation. 0 in the child; else its pid, with *ret_pidfd, or -errno.
 */
pid_t keeper_clone(int *ret_pidfd);

/*
 * The child's life: runs the program (no arguments, a clean environment, descriptors 0 and 1 this socket, 2 /dev/null,
 * no other), and kills it when the other end of the socket is shut or closed. Exits once the program is dead. Reports
 * what went wrong through the socket, as records of protocol.h: `failed` and `errno` when the program could not be run,
 * `ended` (an exit status) or `killed` (a signal) when it has ended.
 */
_Noreturn void keeper_run(const char *program, int socket);
