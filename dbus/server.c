/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/server.h"

#include "common/log.h"
#include "dbus/contract.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Limits of libdbus's queue, beyond which it stops reading. The bus's answers about callers are in the same queue,
 * behind a flood of calls; and each descriptor sent with a call stays open here until its message is read.
 */
enum { QUEUE_BYTES_MAX = 256 * 1024, QUEUE_FDS_MAX = 64 };

struct bus {
    struct ev_loop *loop;
    const struct bus_self *self;
    DBusConnection *connection;
    struct bus_hooks hooks;
    ev_idle dispatch;
};

/* ---- libdbus on libev: a watch is an ev_io, a time-out an ev_timer ---- */

static void on_dbus_io(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop;
    unsigned flags = 0;
    if (events & EV_READ)
        flags |= DBUS_WATCH_READABLE;
    if (events & EV_WRITE)
        flags |= DBUS_WATCH_WRITABLE;
    dbus_watch_handle(io->data, flags);
}

static void apply_watch(DBusWatch *watch, void *data)
{
    struct bus *bus = data;
    ev_io *io = dbus_watch_get_data(watch);
    const unsigned flags = dbus_watch_get_flags(watch);
    ev_io_stop(bus->loop, io);
    ev_io_set(io, dbus_watch_get_unix_fd(watch),
              (flags & DBUS_WATCH_READABLE ? EV_READ : 0) | (flags & DBUS_WATCH_WRITABLE ? EV_WRITE : 0));
    if (dbus_watch_get_enabled(watch))
        ev_io_start(bus->loop, io);
}

static dbus_bool_t add_watch(DBusWatch *watch, void *data)
{
    ev_io *io = calloc(1, sizeof(*io));
    if (!io)
        return FALSE;
    ev_init(io, on_dbus_io);
    io->data = watch;
    dbus_watch_set_data(watch, io, NULL);
    apply_watch(watch, data);
    return TRUE;
}

static void remove_watch(DBusWatch *watch, void *data)
{
    struct bus *bus = data;
    ev_io *io = dbus_watch_get_data(watch);
    ev_io_stop(bus->loop, io);
    free(io);
    dbus_watch_set_data(watch, NULL, NULL);
}

static void on_dbus_timeout(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    dbus_timeout_handle(timer->data);
}

static void apply_timeout(DBusTimeout *timeout, void *data)
{
    struct bus *bus = data;
    ev_timer *timer = dbus_timeout_get_data(timeout);
    const double seconds = dbus_timeout_get_interval(timeout) / 1000.;
    ev_timer_stop(bus->loop, timer);
    ev_timer_set(timer, seconds, seconds);
    if (dbus_timeout_get_enabled(timeout))
        ev_timer_start(bus->loop, timer);
}

static dbus_bool_t add_timeout(DBusTimeout *timeout, void *data)
{
    ev_timer *timer = calloc(1, sizeof(*timer));
    if (!timer)
        return FALSE;
    ev_init(timer, on_dbus_timeout);
    timer->data = timeout;
    dbus_timeout_set_data(timeout, timer, NULL);
    apply_timeout(timeout, data);
    return TRUE;
}

static void remove_timeout(DBusTimeout *timeout, void *data)
{
    struct bus *bus = data;
    ev_timer *timer = dbus_timeout_get_data(timeout);
    ev_timer_stop(bus->loop, timer);
    free(timer);
    dbus_timeout_set_data(timeout, NULL, NULL);
}

/* One message at a time, so that other events get their turn; with top priority, so that the queue does not grow. */
static void on_dispatch(struct ev_loop *loop, ev_idle *idle, int events)
{
    (void)events;
    struct bus *bus = idle->data;
    if (dbus_connection_dispatch(bus->connection) != DBUS_DISPATCH_DATA_REMAINS)
        ev_idle_stop(loop, idle);
}

static void on_dispatch_status(DBusConnection *connection, DBusDispatchStatus status, void *data)
{
    (void)connection;
    struct bus *bus = data;
    if (status == DBUS_DISPATCH_DATA_REMAINS)
        ev_idle_start(bus->loop, &bus->dispatch);
}

static int attach_to_loop(struct bus *bus)
{
    if (!dbus_connection_set_watch_functions(bus->connection, add_watch, remove_watch, apply_watch, bus,
                                             NULL) ||
        !dbus_connection_set_timeout_functions(bus->connection, add_timeout, remove_timeout, apply_timeout,
                                               bus, NULL))
        return -ENOMEM;
    dbus_connection_set_max_received_size(bus->connection, QUEUE_BYTES_MAX);
    dbus_connection_set_max_received_unix_fds(bus->connection, QUEUE_FDS_MAX);
    ev_idle_init(&bus->dispatch, on_dispatch);
    ev_set_priority(&bus->dispatch, EV_MAXPRI);
    bus->dispatch.data = bus;
    dbus_connection_set_dispatch_status_function(bus->connection, on_dispatch_status, bus, NULL);
    on_dispatch_status(bus->connection, dbus_connection_get_dispatch_status(bus->connection), bus);
    return 0;
}

/* ---- messages ---- */

static DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *data)
{
    (void)connection;
    struct bus *bus = data;
    if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected")) {
        bus->hooks.lost(bus->hooks.data);
        return DBUS_HANDLER_RESULT_HANDLED;
    }
    if (dbus_message_get_type(message) != DBUS_MESSAGE_TYPE_METHOD_CALL ||
        !dbus_message_has_path(message, bus->self->path))
        return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
    bus->hooks.call(message, bus->hooks.data);
    return DBUS_HANDLER_RESULT_HANDLED;
}

static int claim_name(struct bus *bus)
{
    DBusError error = DBUS_ERROR_INIT;
    const int r =
        dbus_bus_request_name(bus->connection, bus->self->name, DBUS_NAME_FLAG_DO_NOT_QUEUE, &error);
    if (r == DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER)
        return 0;
    log_error(
        "Cannot have the name %s on the system bus: %s. Either another %s runs, or the bus has not read "
        "its policy: systemctl reload dbus",
        bus->self->name, dbus_error_is_set(&error) ? error.message : "somebody else has it",
        bus->self->program);
    dbus_error_free(&error);
    return -EBUSY;
}

int bus_open(struct ev_loop *loop, const struct bus_self *self, const struct bus_hooks *hooks,
             struct bus **ret)
{
    struct bus *bus = calloc(1, sizeof(*bus));
    if (!bus)
        return -ENOMEM;
    *bus = (struct bus){.loop = loop, .self = self, .hooks = *hooks};
    DBusError error = DBUS_ERROR_INIT;
    bus->connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
    if (!bus->connection) {
        log_error("Cannot connect to the system bus: %s. See: systemctl status dbus", error.message);
        dbus_error_free(&error);
        free(bus);
        return -ENOTCONN;
    }
    dbus_connection_set_exit_on_disconnect(bus->connection, FALSE);
    int r =
        dbus_connection_add_filter(bus->connection, on_message, bus, NULL) ? attach_to_loop(bus) : -ENOMEM;
    if (r == 0)
        r = claim_name(bus);
    if (r < 0) {
        bus_close(bus);
        return r;
    }
    *ret = bus;
    return 0;
}

void bus_close(struct bus *bus)
{
    if (!bus)
        return;
    ev_idle_stop(bus->loop, &bus->dispatch);
    dbus_connection_set_dispatch_status_function(bus->connection, NULL, NULL, NULL);
    dbus_connection_remove_filter(bus->connection, on_message, bus);
    dbus_connection_close(bus->connection);
    dbus_connection_unref(bus->connection);
    free(bus);
}

void bus_release(struct bus *bus)
{
    dbus_bus_release_name(bus->connection, bus->self->name, NULL);
    while (dbus_connection_dispatch(bus->connection) == DBUS_DISPATCH_DATA_REMAINS)
        continue;
}

DBusConnection *bus_connection(struct bus *bus)
{
    return bus->connection;
}

void bus_send(struct bus *bus, DBusMessage *message)
{
    if (!dbus_connection_send(bus->connection, message, NULL))
        log_error("No memory to send a message; its receiver will see a time-out.");
    dbus_message_unref(message);
}

void bus_flush(struct bus *bus)
{
    dbus_connection_flush(bus->connection);
}

void bus_emit_request_changed(struct bus *bus, int64_t id)
{
    bus_emit(bus, "RequestChanged", id);
}

void bus_emit(struct bus *bus, const char *name, int64_t id)
{
    DBusMessage *signal = dbus_message_new_signal(BUS_PATH, BUS_INTERFACE_MANAGER, name);
    const dbus_int64_t number = id;
    if (signal && dbus_message_append_args(signal, DBUS_TYPE_INT64, &number, DBUS_TYPE_INVALID))
        bus_send(bus, signal);
    else if (signal)
        dbus_message_unref(signal);
}
