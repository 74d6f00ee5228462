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

/* A message by its header alone; nothing of its arguments was read. */
struct bus_header {
    int type;
    bool no_reply;
    bool has_files;
    uint32_t serial;
    uint64_t size;      /* of the whole message */
    const char *sender; /* as the bus says */
};

struct bus_hooks {
    void (*call)(DBusMessage *call, void *data); /* any method call, whatever its path and interface */
    void (*lost)(void *data);                    /* once, when the connection is lost */
    void *data;
};

/* Connects to the system bus and requests self->name. Keeps `self`, copies `hooks`. 0 or -errno (logged). */
int bus_open(struct ev_loop *loop, const struct bus_self *self, const struct bus_hooks *hooks,
             struct bus **ret);
void bus_close(struct bus *bus);

/* NULL while it is away. */
DBusConnection *bus_connection(struct bus *bus);
struct ev_loop *bus_loop(struct bus *bus);
/* Whether it is a caller's at the door. */
bool bus_is_door(const struct bus *bus);

/* Releases the name, then dispatches the calls that came before. Waits for the bus. */
void bus_release(struct bus *bus);

/* Whether more is queued than the other end reads. What can be left unsent then should be. */
bool bus_is_clogged(struct bus *bus);
/* Answers a message of which only that is known. */
void bus_refuse(struct bus *bus, const char *receiver, uint32_t serial, const char *error, const char *text);
/* Sends the message, unless the bus is away, and releases it. Disconnects a peer that leaves 4 MiB unread for 10 seconds. */
void bus_send(struct bus *bus, DBusMessage *message);
/* Writes what is queued, before the process ends; gives up after a second. */
void bus_flush(struct bus *bus);
void bus_emit_request_changed(struct bus *bus, int64_t id);
/* Emits a signal of Manager that has one number. */
void bus_emit(struct bus *bus, const char *name, int64_t id);
