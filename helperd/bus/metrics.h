/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many calls each method had, how they ended, and how long they took, since the start. Counting allocates nothing. */
#pragma once

#include <jansson.h>
#include <stdint.h>

struct bus_metrics;

struct bus_metrics *bus_metrics_new(size_t n_methods); /* NULL: no memory */
void bus_metrics_free(struct bus_metrics *metrics);

enum bus_outcome { BUS_OUTCOME_DONE = 0, BUS_OUTCOME_REFUSED, BUS_OUTCOME_FAILED, BUS_OUTCOMES };

/* Nanoseconds, of a clock that only goes forward. */
int64_t bus_metrics_now(void);
/* A call of this method, in the order of the table, that was let in at `began`, is answered now. */
void bus_metrics_note(struct bus_metrics *metrics, size_t method, enum bus_outcome outcome, int64_t began);

/* Adds to the figures started x and calls aa{sv}, of each method that was called; see Manager.xml. 0 or -ENOMEM. */
int bus_metrics_add(const struct bus_metrics *metrics, const char *(*name)(size_t method), json_t *figures);
