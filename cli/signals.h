/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waiting for RequestChanged, which carries a number and nothing else. Subscribe first, then read what there is: what
 * changes in between is a signal that waits already. Only accesspkgd may send it, as the bus policy says; whoever else
 * did would make us read once more, no more than that.
 */
#pragma once

#include "cli/runner.h"

enum signals_event {
    SIGNALS_BUS_GONE = 0, /* the connection is over: nothing will come any more */
    SIGNALS_CHANGED,      /* *ret_id */
    SIGNALS_DAEMON_GONE,
    SIGNALS_DAEMON_BACK, /* what changed meanwhile was not heard of: read again */
    SIGNALS_TIMEOUT,
    SIGNALS_INTERRUPTED, /* Ctrl-C, after signals_catch_interrupt */
};

/* From here on signals are heard. 0, or -1 with *ret_error filled. */
int signals_subscribe(struct invocation *invocation, struct client_error *ret_error);

/* From here on Ctrl-C ends no call of the bus, and a wait as SIGNALS_INTERRUPTED. */
void signals_catch_interrupt(void);

/* Waits for the next; seconds < 0: as long as it takes. */
enum signals_event signals_wait(struct invocation *invocation, int seconds, int64_t *ret_id);

/* Says that the bus is gone; returns 69. */
int signals_say_bus_gone(const struct invocation *invocation);
