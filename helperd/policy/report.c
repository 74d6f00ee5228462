/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/policy/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int64_t report_percentile(const int64_t *sorted, size_t count, unsigned percent)
{
    const size_t rank = (count * percent + 99) / 100;
    return sorted[rank > 0 ? rank - 1 : 0];
}

static json_t *get_or_make(json_t *object, const char *key, json_t *(*make)(void))
{
    if (!json_object_get(object, key) && json_object_set_new(object, key, make()) < 0)
        return NULL;
    return json_object_get(object, key);
}

static int increment(json_t *object, const char *key)
{
    const json_int_t before = json_integer_value(json_object_get(object, key));
    return json_object_set_new(object, key, json_integer(before + 1)) < 0 ? -ENOMEM : 0;
}

/* The counter of a request, beside "requests". */
static const char *request_outcome(const struct request *request, size_t n_decisions)
{
    switch (request->state) {
    case STATE_APPROVED:
        return n_decisions > 0 ? "approved" : "automatic";
    case STATE_DENIED:
        return "denied";
    case STATE_EXPIRED:
        return "expired";
    case STATE_CANCELLED:
        return "cancelled";
    default:
        return "pending";
    }
}

static int add_decider(json_t *row, const struct decision *decision)
{
    json_t *deciders = get_or_make(row, "deciders", json_object);
    json_t *counts = deciders ? get_or_make(deciders, decision->decider, json_object) : NULL;
    return counts ? increment(counts, decision->approved ? "approved" : "denied") : -ENOMEM;
}

/* An administrator's assignment and an emergency need no decision, and so have no time to one. */
int report_add(json_t *collected, const struct request *request, const struct decision *decisions,
               size_t n_decisions)
{
    json_t *row = get_or_make(collected, request->package, json_object);
    if (!row)
        return -ENOMEM;
    if (request->assigned)
        return increment(row, "assigned");
    int r = increment(row, "requests");
    if (r == 0 && request->emergency)
        return increment(row, "emergencies");
    const char *outcome = request_outcome(request, n_decisions);
    if (r == 0)
        r = increment(row, outcome);
    for (size_t i = 0; r == 0 && i < n_decisions; i++)
        r = add_decider(row, &decisions[i]);
    const bool decided = strcmp(outcome, "approved") == 0 || strcmp(outcome, "denied") == 0;
    if (r == 0 && decided && request->ended >= request->submitted) {
        json_t *times = get_or_make(row, "times", json_array);
        if (!times || json_array_append_new(times, json_integer(request->ended - request->submitted)) < 0)
            r = -ENOMEM;
    }
    return r;
}

int report_add_assignment(json_t *collected, const char *package, enum report_use use)
{
    json_t *row = get_or_make(collected, package, json_object);
    int r = row ? increment(row, "begun") : -ENOMEM;
    if (r == 0 && use != REPORT_USED)
        r = increment(row, use == REPORT_UNUSED ? "unused" : "not_known");
    return r;
}

static int compare_times(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int set_times(json_t *row, const json_t *times)
{
    const size_t count = json_array_size(times);
    if (count == 0)
        return 0;
    int64_t *sorted = calloc(count, sizeof(*sorted));
    if (!sorted)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        sorted[i] = json_integer_value(json_array_get(times, i));
    qsort(sorted, count, sizeof(*sorted), compare_times);
    const int failed =
        json_object_set_new(row, "median", json_integer(report_percentile(sorted, count, 50))) |
        json_object_set_new(row, "p90", json_integer(report_percentile(sorted, count, 90)));
    free(sorted);
    return failed ? -ENOMEM : 0;
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The object's names, sorted and borrowed, in a new array that ends with NULL; NULL: no memory. */
static const char **sorted_names(const json_t *object)
{
    const char **names = calloc(json_object_size(object) + 1, sizeof(*names));
    const char *name;
    json_t *value;
    size_t count = 0;
    json_object_foreach((json_t *)object, name, value)
    {
        if (names)
            names[count++] = name;
    }
    if (names)
        qsort(names, count, sizeof(*names), compare_strings);
    return names;
}

static int set_deciders(json_t *row, const json_t *deciders)
{
    const char **names = sorted_names(deciders);
    json_t *list = json_array();
    int failed = names && list ? 0 : -ENOMEM;
    for (const char **name = names; !failed && *name; name++) {
        const json_t *counts = json_object_get(deciders, *name);
        failed = json_array_append_new(
            list, json_pack("{s:s, s:I, s:I}", "decider", *name, "approved",
                            json_integer_value(json_object_get(counts, "approved")), "denied",
                            json_integer_value(json_object_get(counts, "denied"))));
    }
    free(names);
    if (failed) {
        json_decref(list);
        return -ENOMEM;
    }
    return json_object_set_new(row, "deciders", list) < 0 ? -ENOMEM : 0;
}

static json_t *make_row(const char *package, const json_t *counted)
{
    static const char *const counts[] = {"requests", "approved",  "automatic", "denied",
                                         "expired",  "cancelled", "pending",   "emergencies",
                                         "assigned", "begun",     "unused"};
    json_t *row = json_pack("{s:s}", "package", package);
    json_t *deciders = json_object_get(counted, "deciders");
    int failed = row ? 0 : -ENOMEM;
    for (size_t i = 0; !failed && i < sizeof(counts) / sizeof(*counts); i++)
        failed = json_object_set_new(row, counts[i],
                                     json_integer(json_integer_value(json_object_get(counted, counts[i]))));
    if (!failed && json_object_get(counted, "not_known"))
        failed = json_object_del(row, "unused");
    if (!failed)
        failed = set_times(row, json_object_get(counted, "times"));
    if (!failed && deciders)
        failed = set_deciders(row, deciders);
    if (!failed)
        return row;
    json_decref(row);
    return NULL;
}

json_t *report_rows(const json_t *collected)
{
    const char **names = sorted_names(collected);
    json_t *rows = json_array();
    int failed = rows && names ? 0 : -ENOMEM;
    for (const char **name = names; !failed && *name; name++)
        failed = json_array_append_new(rows, make_row(*name, json_object_get(collected, *name)));
    free(names);
    if (!failed)
        return rows;
    json_decref(rows);
    return NULL;
}
