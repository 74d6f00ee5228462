/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Root's own door: D-Bus peer to peer on a socket that systemd makes and passes on. Serves uid 0 alone, each connection
 * as a struct bus, and needs no bus. The kernel says who connected; there are no names and no signals here.
 */
#pragma once

#include "dbus/server.h"

struct bus_door;

struct bus_door_hooks {
    void (*call)(struct bus *bus, DBusMessage *call, void *data); /* a method call to self->path, by uid 0 */
    void (*lost)(struct bus *bus, void *data); /* the caller has gone; the bus is freed afterwards */
    void *data;
};

/* Serves the socket that was passed (sd_listen_fds(3)); *ret is NULL where none was. Keeps `self`, copies `hooks`. 0
 * or -errno (logged). */
int bus_door_open(struct ev_loop *loop, const struct bus_self *self, const struct bus_door_hooks *hooks,
                  struct bus_door **ret);
/* Sends what is queued, and closes all connections without calling a hook. */
void bus_door_close(struct bus_door *door);
