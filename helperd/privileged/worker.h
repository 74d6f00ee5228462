/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What may hang (look-ups, gpasswd, logind, terminals) is done in a process of its own per call, so that the service
 * goes on answering and can end what takes too long. The process is a fork: it has the arguments, and must touch none
 * of the service's connection and loop.
 */
#pragma once

#include <ev.h>
#include <jansson.h>

struct worker;

/* In the process: what to tell the service; NULL: nothing. */
typedef json_t *(*worker_run)(void *data);
/* In the service, once, never from inside worker_start. result: the callee's; NULL: the process said nothing. */
typedef void (*worker_done)(json_t *result, void *data);

/* `loop` is libev's default loop, which collects children. 0 or -errno. */
int worker_start(struct ev_loop *loop, worker_run run, worker_done done, void *data, struct worker **ret);
/* Ends it, with whatever it started. Nobody is called. */
void worker_kill(struct worker *worker);
