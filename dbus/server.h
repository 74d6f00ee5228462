/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A service's connection to the bus: libdbus on the libev loop, with one name, one object path, and signals. It may also be
 * a caller's at root's own door (server_door.h), or be away at times (server_uplink.h).
 * bus/manager.h (accesspkgd) and privileged/service.h implement the methods, server_caller.h identifies callers. After
 * bus_open() only bus_release() and bus_flush() wait for the bus.
 */
#pragma once

#include <dbus/dbus.h>
#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct bus;

struct bus_self {
    const char *program; /* for messages */
    const char *name;
    const char *path;
};

struct bus_hooks {
    void (*call)(DBusMessage *call, void *data); /* a method call to self->path */
    void (*lost)(void *data);                    /* once, when the connection is lost */
    void *data;
};

/* Connects to the system bus and requests self->name. Keeps `self`, copies `hooks`. 0 or -errno (logged). */
int bus_open(struct ev_loop *loop, const struct bus_self *self, const struct bus_hooks *hooks,
             struct bus **ret);
void bus_close(struct bus *bus);

/* NULL while it is away. */
DBusConnection *bus_connection(struct bus *bus);
/* Whether it is a caller's at the door. */
bool bus_is_door(const struct bus *bus);

/* Releases the name, then dispatches the calls that came before. Waits for the bus. */
void bus_release(struct bus *bus);

/* Sends the message, unless the bus is away, and releases it. Disconnects a peer that leaves 4 MiB unread. */
void bus_send(struct bus *bus, DBusMessage *message);
/* Writes what is queued, before the process ends; gives up after a second. */
void bus_flush(struct bus *bus);
void bus_emit_request_changed(struct bus *bus, int64_t id);
/* Emits a signal of Manager that has one number. */
void bus_emit(struct bus *bus, const char *name, int64_t id);
