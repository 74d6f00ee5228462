/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A watch is an ev_io, a time-out an ev_timer. */
#include "dbus/server_loop.h"

#include <errno.h>
#include <stdlib.h>

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
    struct ev_loop *loop = data;
    ev_io *io = dbus_watch_get_data(watch);
    const unsigned flags = dbus_watch_get_flags(watch);
    ev_io_stop(loop, io);
    ev_io_set(io, dbus_watch_get_unix_fd(watch),
              (flags & DBUS_WATCH_READABLE ? EV_READ : 0) | (flags & DBUS_WATCH_WRITABLE ? EV_WRITE : 0));
    if (dbus_watch_get_enabled(watch))
        ev_io_start(loop, io);
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
    struct ev_loop *loop = data;
    ev_io *io = dbus_watch_get_data(watch);
    ev_io_stop(loop, io);
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
    struct ev_loop *loop = data;
    ev_timer *timer = dbus_timeout_get_data(timeout);
    const double seconds = dbus_timeout_get_interval(timeout) / 1000.;
    ev_timer_stop(loop, timer);
    ev_timer_set(timer, seconds, seconds);
    if (dbus_timeout_get_enabled(timeout))
        ev_timer_start(loop, timer);
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
    struct ev_loop *loop = data;
    ev_timer *timer = dbus_timeout_get_data(timeout);
    ev_timer_stop(loop, timer);
    free(timer);
    dbus_timeout_set_data(timeout, NULL, NULL);
}

int server_loop_attach(DBusConnection *connection, struct ev_loop *loop)
{
    return dbus_connection_set_watch_functions(connection, add_watch, remove_watch, apply_watch, loop,
                                               NULL) &&
                   dbus_connection_set_timeout_functions(connection, add_timeout, remove_timeout,
                                                         apply_timeout, loop, NULL)
               ? 0
               : -ENOMEM;
}
