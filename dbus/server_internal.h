/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the service's side share. Included by dbus/server*.c only. */
#pragma once

#include "dbus/server.h"

#include <stdbool.h>
#include <sys/types.h>

struct bus {
    struct ev_loop *loop;
    const struct bus_self *self;
    DBusConnection *connection; /* NULL: none now */
    struct bus_hooks hooks;
    ev_idle dispatch;
    int64_t
        unsent_since;    /* by the monotonic clock, in ms: since when much waits to be read; 0: it does not */
    bool lost;           /* the hook is told after the message that says so */
    pid_t peer;          /* uid 0's process at the other end of the door; 0: the connection is to a bus */
    struct sieve *sieve; /* between it and the bus; NULL: none */
};

/* Without a connection. NULL: no memory. */
struct bus *bus_new(struct ev_loop *loop, const struct bus_self *self, const struct bus_hooks *hooks);
/* Takes over the connection, also when it fails. 0 or -ENOMEM. */
int bus_attach(struct bus *bus, DBusConnection *connection);
/* Closes the connection, if there is one: no call-back of it is called any more. */
void bus_detach(struct bus *bus);
