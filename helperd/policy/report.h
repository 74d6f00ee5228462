/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Counts a period's requests for each package: their outcomes, who decided and how fast, and assignments that were
 * never used. Pure: requests and their decisions in, an object for the bus out.
 */
#pragma once

#include "helperd/policy/request.h"

#include <jansson.h>

/* The percentile by nearest rank, which is one of the values. `sorted` is ascending; count > 0. */
int64_t report_percentile(const int64_t *sorted, size_t count, unsigned percent);

/* Adds a request to `collected`, an object by package. 0 or -ENOMEM. */
int report_add(json_t *collected, const struct request *request, const struct decision *decisions,
               size_t n_decisions);

/* According to common/usage.h. */
enum report_use { REPORT_UNUSED = 0, REPORT_USED, REPORT_NOT_KNOWN };

/* Adds an assignment that has begun. A package with one of unknown use gets no "unused". 0 or -ENOMEM. */
int report_add_assignment(json_t *collected, const char *package, enum report_use use);

/* The rows, as org.accesspkg1.Manager.xml describes them, sorted by package; NULL: no memory. */
json_t *report_rows(const json_t *collected);
