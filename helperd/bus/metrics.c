/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/bus/metrics.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

/* Microseconds. A call that asks a directory may take seconds; one that waits for the root service twelve. */
static const int64_t bounds[] = {1000, 5000, 25000, 100000, 500000, 2500000, 10000000};
enum { BOUNDS = sizeof(bounds) / sizeof(bounds[0]) };

struct method_figures {
    int64_t outcomes[BUS_OUTCOMES];
    int64_t within[BOUNDS + 1]; /* the last: longer than all bounds */
    int64_t sum;                /* microseconds */
};

struct bus_metrics {
    int64_t started; /* seconds since the epoch */
    size_t n_methods;
    struct method_figures methods[];
};

struct bus_metrics *bus_metrics_new(size_t n_methods)
{
    struct bus_metrics *metrics = calloc(1, sizeof(*metrics) + n_methods * sizeof(metrics->methods[0]));
    if (metrics) {
        metrics->started = time(NULL);
        metrics->n_methods = n_methods;
    }
    return metrics;
}

void bus_metrics_free(struct bus_metrics *metrics)
{
    free(metrics);
}

int64_t bus_metrics_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void bus_metrics_note(struct bus_metrics *metrics, size_t method, enum bus_outcome outcome, int64_t began)
{
    struct method_figures *figures = &metrics->methods[method];
    const int64_t took = (bus_metrics_now() - began) / 1000;
    size_t bucket = 0;
    while (bucket < BOUNDS && took > bounds[bucket])
        bucket++;
    figures->outcomes[outcome]++;
    figures->within[bucket]++;
    figures->sum += took;
}

static json_t *numbers(const int64_t *values, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < count; i++)
        if (json_array_append_new(array, json_integer(values[i])) < 0) {
            json_decref(array);
            array = NULL;
        }
    return array;
}

static json_t *view_method(const struct method_figures *figures, const char *name)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:o, s:o, s:I}", "method", name, "done",
                     (json_int_t)figures->outcomes[BUS_OUTCOME_DONE], "refused",
                     (json_int_t)figures->outcomes[BUS_OUTCOME_REFUSED], "failed",
                     (json_int_t)figures->outcomes[BUS_OUTCOME_FAILED], "bounds", numbers(bounds, BOUNDS),
                     "counts", numbers(figures->within, BOUNDS + 1), "sum", (json_int_t)figures->sum);
}

static bool was_called(const struct method_figures *figures)
{
    int64_t calls = 0;
    for (size_t i = 0; i <= BOUNDS; i++)
        calls += figures->within[i];
    return calls > 0;
}

int bus_metrics_add(const struct bus_metrics *metrics, const char *(*name)(size_t method), json_t *figures)
{
    json_t *calls = json_array();
    int failed = !calls;
    for (size_t i = 0; !failed && i < metrics->n_methods; i++)
        if (was_called(&metrics->methods[i]))
            failed = json_array_append_new(calls, view_method(&metrics->methods[i], name(i)));
    failed |= json_object_set_new(figures, "calls", calls) |
              json_object_set_new(figures, "started", json_integer(metrics->started));
    return failed ? -ENOMEM : 0;
}
