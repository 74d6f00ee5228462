/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Identifies the caller: by the bus daemon, which has asked the kernel, or at root's own door by the kernel itself, and
 * never by an argument. Reads the audit loginuid from /proc/PID/loginuid, and the process's start time, to notice a
 * reused pid.
 */
#pragma once

#include "common/identity.h"
#include "dbus/server.h"

#include <stdbool.h>

/* Who connected. What the bus says of a connection stays true as long as it lasts, and its name is never given again. */
struct bus_caller {
    uid_t uid;
    pid_t pid;
    unsigned long long started; /* the process's start time, once it was read; 0: it was not */
};

/* caller NULL: it could not be found out who calls; refuse the call (rule 1). */
typedef void (*bus_caller_done)(const struct bus_caller *caller, void *data);

/* 0, and `done` is called exactly once, later or (at the door) at once; or -errno, and it is not. It is not called any more
 * once the connection is lost. */
int bus_caller_identify(struct bus *bus, const char *sender, bus_caller_done done, void *data);

/*
 * The caller with the login id that their process has now, so for each call anew. 0 or -errno (logged): refuse the call
 * (rule 5). When the process ended, or one that is not the first has the pid, the connection is another's by now.
 */
int bus_caller_read_identity(struct bus_caller *caller, struct identity *ret);

/*
 * Says whether login ids identify people. In a container all processes may have the login id of the user who started
 * it: process 1 has one then, which it never has on a host, and all callers count as having none. `proc` is "/proc",
 * except in tests.
 */
bool bus_caller_login_ids_count(const char *proc);

/* Public for tests. 0, with UID_UNSET if none is set; -ESRCH when the process does not have this uid, ended, or did not
 * start when it had been seen first, so is not the one that connected; other -errno. */
int bus_caller_read_loginuid(const char *proc, struct bus_caller *caller, uid_t *ret);
