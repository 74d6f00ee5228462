/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who calls: asked of the bus daemon, which asked the kernel; never taken from an argument. The audit loginuid comes
 * from /proc/PID/loginuid, read between two looks at the process's start time, so that a number that was given to
 * another process meanwhile is noticed.
 */
#pragma once

#include "common/identity.h"
#include "dbus/server.h"

#include <stdbool.h>

/* identity NULL: who it is could not be found out, which refuses the call (rules 1 and 5). */
typedef void (*bus_caller_done)(const struct identity *identity, void *data);

/* 0, and `done` is called exactly once, later; -errno, and it is not. */
int bus_caller_identify(struct bus *bus, const char *sender, bus_caller_done done, void *data);

/*
 * Whether login ids say who somebody is. In a container each process may carry the id of whoever started it: process 1 has
 * one then, which no host's has, and all callers count as having none. `proc` is "/proc".
 */
bool bus_caller_login_ids_count(const char *proc);

/* The part that reads /proc, for tests: 0 with UID_UNSET where nothing set it; -ESRCH where the process is none of this
 * uid, so another than the one that connected; -errno. `proc` is "/proc". */
int bus_caller_read_loginuid(const char *proc, pid_t pid, uid_t uid, uid_t *ret);
