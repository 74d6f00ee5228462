/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accesspkgd running: ties store, policy, engine, look-ups and bus together on one libev loop. Layers are built from
 * the bottom up and taken down in reverse.
 */
#pragma once

/* Runs until SIGTERM or SIGINT, or until the bus is lost. An exit code. */
int daemon_run(void);
