/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon's connection to the bus: libdbus driven by the main loop, one object path, signals out. What the
 * methods mean is in bus_manager.h; who calls them in bus_caller.h. Nothing here waits for the bus once the
 * daemon runs.
 */
#pragma once

#include <dbus/dbus.h>
#include <ev.h>
#include <stdint.h>

struct bus;

typedef void (*bus_message)(DBusMessage *call, void *data);
typedef void (*bus_lost)(void *data);

/*
 * Connects to the system bus and claims BUS_NAME. Method calls to BUS_PATH go to `on_call`; `on_lost` is told once
 * when the bus goes away. 0 or -errno (logged).
 */
int bus_open(struct ev_loop *loop, bus_message on_call, bus_lost on_lost, void *data, struct bus **ret);
void bus_close(struct bus *bus);

DBusConnection *bus_connection(struct bus *bus);

/* Takes the message, sends it, lets it go. */
void bus_send(struct bus *bus, DBusMessage *message);
/* Pushes out what is queued, before the process ends. */
void bus_flush(struct bus *bus);
void bus_emit_request_changed(struct bus *bus, int64_t id);
