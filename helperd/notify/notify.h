/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accesspkg-notify on the bus: takes notices from accesspkgd when it signals them, and reports their delivery. Repeats
 * reports that were not confirmed, so that a restart of either side loses none.
 */
#pragma once

#include "helperd/notify/queue.h"

/* Runs until SIGTERM or the end of the bus. Returns an exit status. */
int notify_run(const struct queue_settings *settings);
