/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/log.h"
#include "common/monotonic.h"
#include "dbus/contract.h"
#include "dbus/server_internal.h"
#include "dbus/server_loop.h"
#include "dbus/server_sieve.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Limits of libdbus's queue, beyond which it stops reading. The bus's answers about callers are in the same queue,
 * behind a flood of calls; and each descriptor sent with a call stays open here until its message is read.
 */
enum { QUEUE_BYTES_MAX = 256 * 1024, QUEUE_FDS_MAX = 64 };

enum { DISPATCHED_MAX = 64 }; /* messages in one turn of the loop */

/* What waits for the bus to read it, behind what the sockets hold. What is sent waits for all that was sent before it. */
enum { CLOGGED_BYTES = 8 * 1024 };

enum {
    UNSENT_BYTES_MAX = 4 * 1024 * 1024, /* whoever does not read them is disconnected */
    UNSENT_MS = 10000,                  /* after so long, for one answer may be longer than that */
    FLUSH_MS = 1000,
};

/* ---- the loop ---- */

/* A few messages at a time, so that other events get their turn; with top priority, so that the queue does not grow. */
static void on_dispatch(struct ev_loop *loop, ev_idle *idle, int events)
{
    (void)events;
    struct bus *bus = idle->data;
    for (int i = 0; i < DISPATCHED_MAX && !bus->lost; i++) {
        if (!bus->connection || dbus_connection_dispatch(bus->connection) != DBUS_DISPATCH_DATA_REMAINS) {
            ev_idle_stop(loop, idle);
            break;
        }
    }
    if (bus->lost) {
        ev_idle_stop(loop, idle);
        bus->hooks.lost(bus->hooks.data); /* which may free the bus */
    }
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
    const int r = server_loop_attach(bus->connection, bus->loop);
    if (r < 0)
        return r;
    dbus_connection_set_max_received_size(bus->connection, QUEUE_BYTES_MAX);
    dbus_connection_set_max_received_unix_fds(bus->connection, QUEUE_FDS_MAX);
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
        bus->lost = true;
        return DBUS_HANDLER_RESULT_HANDLED;
    }
    if (dbus_message_get_type(message) != DBUS_MESSAGE_TYPE_METHOD_CALL)
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

struct bus *bus_new(struct ev_loop *loop, const struct bus_self *self, const struct bus_hooks *hooks)
{
    struct bus *bus = calloc(1, sizeof(*bus));
    if (!bus)
        return NULL;
    *bus = (struct bus){.loop = loop, .self = self, .hooks = *hooks};
    ev_idle_init(&bus->dispatch, on_dispatch);
    ev_set_priority(&bus->dispatch, EV_MAXPRI);
    bus->dispatch.data = bus;
    return bus;
}

int bus_attach(struct bus *bus, DBusConnection *connection)
{
    bus->connection = connection;
    bus->lost = false;
    dbus_connection_set_exit_on_disconnect(connection, FALSE);
    /* libdbus would answer them before any limit, even who wants no answer. */
    dbus_connection_set_route_peer_messages(connection, TRUE);
    const int r =
        dbus_connection_add_filter(connection, on_message, bus, NULL) ? attach_to_loop(bus) : -ENOMEM;
    if (r < 0)
        bus_detach(bus);
    return r;
}

void bus_detach(struct bus *bus)
{
    DBusConnection *connection = bus->connection;
    if (!connection)
        return;
    bus->connection = NULL;
    ev_idle_stop(bus->loop, &bus->dispatch);
    dbus_connection_set_dispatch_status_function(connection, NULL, NULL, NULL);
    dbus_connection_remove_filter(connection, on_message, bus);
    dbus_connection_close(connection);
    dbus_connection_unref(connection);
    sieve_free(bus->sieve);
    bus->sieve = NULL;
}

int bus_open(struct ev_loop *loop, const struct bus_self *self, const struct bus_hooks *hooks,
             struct bus **ret)
{
    struct bus *bus = bus_new(loop, self, hooks);
    if (!bus)
        return -ENOMEM;
    DBusError error = DBUS_ERROR_INIT;
    DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
    if (!connection) {
        log_error("Cannot connect to the system bus: %s. See: systemctl status dbus", error.message);
        dbus_error_free(&error);
        free(bus);
        return -ENOTCONN;
    }
    int r = bus_attach(bus, connection);
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
    if (bus)
        bus_detach(bus);
    free(bus);
}

void bus_release(struct bus *bus)
{
    dbus_bus_release_name(bus->connection, bus->self->name, NULL);
    while (dbus_connection_dispatch(bus->connection) == DBUS_DISPATCH_DATA_REMAINS)
        continue;
    if (bus->lost)
        bus->hooks.lost(bus->hooks.data);
}

DBusConnection *bus_connection(struct bus *bus)
{
    return bus->connection;
}

bool bus_is_door(const struct bus *bus)
{
    return bus->peer != 0;
}

struct ev_loop *bus_loop(struct bus *bus)
{
    return bus->loop;
}

bool bus_is_clogged(struct bus *bus)
{
    return bus->connection && dbus_connection_get_outgoing_size(bus->connection) > CLOGGED_BYTES;
}

void bus_refuse(struct bus *bus, const char *receiver, uint32_t serial, const char *error, const char *text)
{
    DBusMessage *answer = dbus_message_new(DBUS_MESSAGE_TYPE_ERROR);
    if (answer && dbus_message_set_destination(answer, receiver) &&
        dbus_message_set_error_name(answer, error) && dbus_message_set_reply_serial(answer, serial) &&
        dbus_message_append_args(answer, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID)) {
        dbus_message_set_no_reply(answer, TRUE);
        bus_send(bus, answer);
    } else if (answer) {
        dbus_message_unref(answer);
    }
}

/* Whether as much was unsent whenever something was sent for so long. */
static bool is_unread(struct bus *bus)
{
    const int64_t now = monotonic_ms();
    if (dbus_connection_get_outgoing_size(bus->connection) <= UNSENT_BYTES_MAX)
        bus->unsent_since = 0;
    else if (bus->unsent_since == 0)
        bus->unsent_since = now;
    return bus->unsent_since != 0 && now - bus->unsent_since >= UNSENT_MS;
}

void bus_send(struct bus *bus, DBusMessage *message)
{
    DBusConnection *connection = bus->connection;
    if (connection && is_unread(bus))
        dbus_connection_close(connection);
    if (connection && !dbus_connection_send(connection, message, NULL))
        log_error("No memory to send a message; its receiver will see a time-out.");
    if (bus->sieve)
        sieve_send_soon(bus->sieve, connection && dbus_connection_has_messages_to_send(connection));
    dbus_message_unref(message);
}

void bus_flush(struct bus *bus)
{
    const int64_t until = monotonic_ms() + FLUSH_MS;
    if (bus->sieve)
        sieve_stop_reading(bus->sieve); /* who would say what is wanted has gone */
    while (bus->connection && dbus_connection_get_is_connected(bus->connection) &&
           (dbus_connection_has_messages_to_send(bus->connection) ||
            (bus->sieve && sieve_holds_back(bus->sieve))) &&
           monotonic_ms() < until) {
        dbus_connection_read_write(bus->connection, bus->sieve ? 0 : FLUSH_MS / 10);
        if (bus->sieve)
            sieve_wait(bus->sieve, FLUSH_MS / 10);
    }
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
