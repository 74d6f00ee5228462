/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A service's connection to a system bus that may be dead, full or mute: connects without waiting for it, and again when
 * it is lost. Only the connect() itself is waited for, 20 ms.
 */
#pragma once

#include "dbus/server.h"

#include <stdbool.h>

struct bus_uplink;

struct bus_uplink_hooks {
    void (*call)(DBusMessage *call, void *data); /* as in struct bus_hooks */
    void (*up)(void *data);                      /* it has its name on the bus */
    void (*lost)(void *data);                    /* no call of its callers can be answered any more */
    void (*tried)(void *data); /* once: after the first `up`, the first failure or two seconds */
    /* False: the message is skipped unread; who waits for an answer was given one. */
    bool (*wanted)(const struct bus_header *header, void *data);
    void *data;
};

/* Connects later, from the loop. Keeps `self`, copies `hooks`. NULL: no memory. */
struct bus_uplink *bus_uplink_new(struct ev_loop *loop, const struct bus_self *self,
                                  const struct bus_uplink_hooks *hooks);
void bus_uplink_free(struct bus_uplink *uplink);

/* The same bus always, with a connection or without. */
struct bus *bus_uplink_bus(struct bus_uplink *uplink);
/* Why it is not up, for people; NULL: it is, or was not tried yet. */
const char *bus_uplink_problem(const struct bus_uplink *uplink);
