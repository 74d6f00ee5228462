/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accesspkg-notify on the bus: takes notices from accesspkgd as it says that there are some, and tells it what became of
 * them. Says again what accesspkgd may not have heard; loses nothing with either's restart.
 */
#pragma once

#include "helperd/notify/queue.h"

/* Until SIGTERM or the end of the bus. An exit status. */
int notify_run(const struct queue_settings *settings);
