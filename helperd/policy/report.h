/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The figures of a period, package by package: what was asked, what became of it, how long a decision took and who made
 * it, which assignments nobody ever used. Pure: requests and their decisions in, an object for the bus out.
 */
#pragma once

#include "helperd/policy/request.h"

#include <jansson.h>

/* The value that `percent` of them are not above, by nearest rank: one that occurred. `sorted` is ascending; count > 0. */
int64_t report_percentile(const int64_t *sorted, size_t count, unsigned percent);

/* Collects in an object by package's name. 0 or -ENOMEM. */
int report_add(json_t *collected, const struct request *request, const struct decision *decisions,
               size_t n_decisions);

/* As far as is known (common/usage.h). */
enum report_use { REPORT_UNUSED = 0, REPORT_USED, REPORT_NOT_KNOWN };

/* An assignment that came of such a request and has begun. Of a package with one that is not known, unused is not said. */
int report_add_assignment(json_t *collected, const char *package, enum report_use use);

/* The rows, as org.accesspkg1.Manager.xml describes them, by package's name; NULL without memory. */
json_t *report_rows(const json_t *collected);
