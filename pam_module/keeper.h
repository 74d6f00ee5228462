/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keeper: a small process between a host that is not ours and the program that we run for it. It is cloned without
 * an exit signal and never execs, so the host neither hears of it nor reaps it with wait(-1); the program is the
 * keeper's child, and the keeper ends and reaps it. Linux 5.9.
 */
#pragma once

#include <sys/types.h>

/*
 * A child without an exit signal: only waitid() on its pidfd, with __WALL, reaps it. As fork() otherwise, without fork
 * handlers: after it only what is safe after a fork of a threaded process. 0 in the child; else its pid, with *ret_pidfd,
 * or -errno. Have every signal blocked, and cancellation disabled.
 */
pid_t keeper_clone(int *ret_pidfd);

/*
 * What the child does: runs the program (no arguments; clean environment, the descriptors 0 and 1 this socket, 2
 * /dev/null, no other), and ends it when the other end of the socket is shut or closed. Then, and when the program has
 * ended by itself, both are gone. What went wrong it says through the socket, as records of protocol.h: `failed` and
 * `errno` when the program could not be run, `ended` (an exit status) or `killed` (a signal) when it is gone.
 */
_Noreturn void keeper_run(const char *program, int socket);
