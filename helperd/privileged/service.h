/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.accesspkg1.Privileged on the bus: one table of methods, and the way of a call: who calls, its turn, a worker with
 * a deadline, the answer. Does nothing itself.
 */
#pragma once

#include <sys/types.h>

/*
 * Serves calls of this uid alone until none came for `idle` seconds and no noted membership is to end, a signal, or the
 * end of the bus. Calls under way
 * are answered first. The exit status.
 */
int service_run(uid_t caller, double idle);
