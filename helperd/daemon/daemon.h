/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs accesspkgd: connects store, policy, engine, look-ups and bus on one libev loop. Starts the layers from the
 * bottom up and stops them in reverse.
 */
#pragma once

/* Runs until SIGTERM or SIGINT, or until the bus is lost. Returns an exit code. */
int daemon_run(void);
