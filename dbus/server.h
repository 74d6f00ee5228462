/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program's connection to the bus: libdbus driven by the main loop, one name and object path, signals out. What the
 * methods mean is in bus/manager.h (accesspkgd) and privileged/service.h; who calls them in server_caller.h. Nothing here
 * waits for the bus once the program runs, but for bus_release().
 */
#pragma once

#include <dbus/dbus.h>
#include <ev.h>
#include <stdint.h>

struct bus;

typedef void (*bus_message)(DBusMessage *call, void *data);
typedef void (*bus_lost)(void *data);

/* Who we are on it. */
struct bus_self {
    const char *program; /* for people */
    const char *name;
    const char *path;
};

/*
 * Connects to the system bus and claims self->name. Method calls to self->path go to `on_call`; `on_lost` is told once
 * when the bus goes away. self is kept. 0 or -errno (logged).
 */
int bus_open(struct ev_loop *loop, const struct bus_self *self, bus_message on_call, bus_lost on_lost,
             void *data, struct bus **ret);
void bus_close(struct bus *bus);

DBusConnection *bus_connection(struct bus *bus);

/* Gives the name up, and hands on the calls that came before: later ones are another process's. Waits for the bus. */
void bus_release(struct bus *bus);

/* Takes the message, sends it, lets it go. */
void bus_send(struct bus *bus, DBusMessage *message);
/* Pushes out what is queued, before the process ends. */
void bus_flush(struct bus *bus);
void bus_emit_request_changed(struct bus *bus, int64_t id);
/* A signal of Manager that carries a number alone. */
void bus_emit(struct bus *bus, const char *name, int64_t id);
