/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waits for RequestChanged, which carries only a request's number. Subscribe first, then read the requests: a change in
 * between is then a pending signal. The bus policy lets only accesspkgd send it; a faked one would only cause a
 * needless read.
 */
#pragma once

#include "cli/runner.h"

enum signals_event {
    SIGNALS_BUS_GONE = 0, /* the connection is lost for good */
    SIGNALS_CHANGED,      /* the request *ret_id */
    SIGNALS_DAEMON_GONE,
    SIGNALS_DAEMON_BACK, /* changes meanwhile were missed: read again */
    SIGNALS_TIMEOUT,
    SIGNALS_INTERRUPTED, /* Ctrl-C, after signals_catch_interrupt */
};

/* Starts to receive signals. 0, or -1 with *ret_error filled. */
int signals_subscribe(struct invocation *invocation, struct client_error *ret_error);

/* From now on Ctrl-C does not interrupt calls, and ends a wait with SIGNALS_INTERRUPTED. */
void signals_catch_interrupt(void);

/* Waits for the next event; seconds < 0: without a limit. */
enum signals_event signals_wait(struct invocation *invocation, int seconds, int64_t *ret_id);

/* Prints that the bus is gone; returns 69. */
int signals_say_bus_gone(const struct invocation *invocation);
