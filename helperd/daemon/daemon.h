/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs accesspkgd: connects store, policy, engine, look-ups and bus on one libev loop. Starts the layers from the
 * bottom up and stops them in reverse.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Runs until SIGTERM or SIGINT, or until the bus is lost. Returns an exit code. */
int daemon_run(void);

/*
 * As root, while no accesspkgd runs: puts a backup in the store's place; any_host: also another host's. An exit code, with
 * lines on `out`. The process has accesspkgd's user afterwards.
 */
int daemon_restore(const char *path, bool any_host, FILE *out);
