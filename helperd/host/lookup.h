/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks up users and groups without blocking: what the files of this host have, in this process; else in a few
 * accesspkg-lookup processes, which answer one question at a time, are started when needed and killed when they do not
 * answer in time. A stalled directory costs only the calls that need it.
 */
#pragma once

#include "helperd/host/facts.h"

#include <ev.h>
#include <stdbool.h>

struct lookup;

/* `program` is PATH_LOOKUP, or another one in tests; `timeout` in seconds covers waiting and answering. */
struct lookup *lookup_new(struct ev_loop *loop, const char *program, double timeout);
void lookup_set_timeout(struct lookup *lookup, double timeout); /* for later questions */
/* Has `outage` called from the loop when an outage begins (a question was not fully answered) and when it is over
 * (no other such question for a while, and the last one, asked again, is fully answered). */
void lookup_set_outage(struct lookup *lookup, void (*outage)(bool lasts, void *data), void *data);
/* What the answers so far said of the names of policies. Lives as long as the lookup. */
const struct namebook *lookup_names(const struct lookup *lookup);
/* None of them is fresh any more: users or groups changed. */
void lookup_expire_names(struct lookup *lookup);
void lookup_free(struct lookup *lookup); /* drops outstanding questions without a call back */

/*
 * Called once per question, never from inside lookup_ask. The callee owns the facts, which have what was found in time;
 * the rest is unknown, and nothing follows from it (rule 1). NULL: no memory.
 */
typedef void (*lookup_done)(struct facts *facts, void *data);

/* 0; -ENOMEM; -EBUSY when too many questions wait. Once only principals are missing, waits one more second at most,
 * unless the inquiry has a patience. */
int lookup_ask(struct lookup *lookup, const struct inquiry *inquiry, lookup_done done, void *data);

/* The facts at once, where the files of this host have all that is asked for, as of this turn of the loop. NULL:
 * lookup_ask() has to be called. */
struct facts *lookup_here(struct lookup *lookup, const struct inquiry *inquiry);

/* Drops the questions with this `data`, without a call back. */
void lookup_cancel(struct lookup *lookup, void *data);
