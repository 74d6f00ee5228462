/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Identifies the caller: by the bus daemon, which has asked the kernel, or at root's own door by the kernel itself, and
 * never by an argument. Reads the audit loginuid from /proc/PID/loginuid, and the process's start time before and after it, to notice a reused pid.
 */
#pragma once

#include "common/identity.h"
#include "dbus/server.h"

#include <stdbool.h>

/* identity NULL: the caller could not be identified; refuse the call (rules 1 and 5). */
typedef void (*bus_caller_done)(const struct identity *identity, void *data);

/* 0, and `done` is called exactly once, later or (at the door) at once; or -errno, and it is not. It is not called any more
 * once the connection is lost. */
int bus_caller_identify(struct bus *bus, const char *sender, bus_caller_done done, void *data);

/*
 * Says whether login ids identify people. In a container all processes may have the login id of the user who started
 * it: process 1 has one then, which it never has on a host, and all callers count as having none. `proc` is "/proc",
 * except in tests.
 */
bool bus_caller_login_ids_count(const char *proc);

/* Public for tests. 0, with UID_UNSET if none is set; -ESRCH when the process does not have this uid, so is not the
 * one that connected; other -errno. */
int bus_caller_read_loginuid(const char *proc, pid_t pid, uid_t uid, uid_t *ret);
