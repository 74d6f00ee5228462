/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* metrics: figures as text for Prometheus and the like. */
#pragma once

#include "cli/runner.h"

/* The command. Returns the exit code. */
int metrics_show(struct invocation *invocation);

/* Of the text: OpenMetrics 1.0, or Prometheus's text format 0.0.4, which is all that node_exporter's textfile collector
 * reads. */
enum metrics_format { METRICS_OPENMETRICS = 0, METRICS_PROMETHEUS };

/* What GetMetrics answered; NULL: accesspkgd does not answer. */
void metrics_write(FILE *out, const json_t *figures, enum metrics_format format);
