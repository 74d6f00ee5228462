/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking about users and groups without ever waiting: a few accesspkg-lookup processes, one question at a
 * time each, started when needed and killed when they do not answer in time. One stalled directory costs the
 * calls that needed it, never the daemon.
 */
#pragma once

#include "helperd/host/facts.h"

#include <ev.h>
#include <stdbool.h>

struct lookup;

/* `program` is PATH_LOOKUP, or another one in tests; `timeout` in seconds covers waiting and answering. */
struct lookup *lookup_new(struct ev_loop *loop, const char *program, double timeout);
void lookup_set_timeout(struct lookup *lookup, double timeout); /* of the questions to come */
/* Called from the loop when an outage begins, with a question that is not answered whole, and when it is over: when there
 * was none for a while, and the last such one, asked again, is answered. */
void lookup_set_outage(struct lookup *lookup, void (*outage)(bool lasts, void *data), void *data);
void lookup_free(struct lookup *lookup); /* outstanding questions are dropped without a call back */

/*
 * Called once per question, never from inside lookup_ask. The facts (the callee's now) have what was found in time; the
 * rest is not answered, and nothing follows from it (rule 1). NULL: there is no memory.
 */
typedef void (*lookup_done)(struct facts *facts, void *data);

/* 0, or -ENOMEM, -EBUSY when too many wait. What is only principals' has a second at most, whatever
 * the time-out, unless the inquiry has more patience. */
int lookup_ask(struct lookup *lookup, const struct inquiry *inquiry, lookup_done done, void *data);

/* Forgets a question whose asker went away. */
void lookup_cancel(struct lookup *lookup, void *data);
