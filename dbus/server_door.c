/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/server_door.h"

#include "common/log.h"
#include "common/supervisor.h"
#include "dbus/server_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum {
    PEERS_MAX = 1024, /* connections; who comes later waits in the socket's backlog */
    MESSAGE_MAX = 1024 * 1024,
    AUTHENTICATION_SECONDS = 10,
};

struct peer {
    struct peer *next;
    struct bus_door *door;
    struct bus *bus;
    ev_timer patience; /* until it has said who it is */
};

struct bus_door {
    struct ev_loop *loop;
    const struct bus_self *self;
    struct bus_door_hooks hooks;
    DBusServer *server;
    ev_io accept;
    struct peer *peers;
    size_t count;
    size_t most;
};

/* ---- connections ------------------------------------------------------------------------------------------------ */

static void peer_free(struct peer *peer)
{
    struct bus_door *door = peer->door;
    for (struct peer **p = &door->peers; *p; p = &(*p)->next) {
        if (*p == peer) {
            *p = peer->next;
            door->count--;
            break;
        }
    }
    ev_timer_stop(door->loop, &peer->patience);
    bus_close(peer->bus);
    free(peer);
}

static void on_call(DBusMessage *call, void *data)
{
    const struct peer *peer = data;
    peer->door->hooks.call(peer->bus, call, peer->door->hooks.data);
}

static void on_lost(void *data)
{
    struct peer *peer = data;
    struct bus_door *door = peer->door;
    door->hooks.lost(peer->bus, door->hooks.data);
    peer_free(peer);
    ev_io_start(door->loop, &door->accept);
}

/* libdbus itself waits for ever. */
static void on_patience(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    const struct peer *peer = timer->data;
    if (!dbus_connection_get_is_authenticated(bus_connection(peer->bus)))
        dbus_connection_close(bus_connection(peer->bus));
}

static dbus_bool_t is_root(DBusConnection *connection, unsigned long uid, void *data)
{
    (void)connection, (void)data;
    return uid == 0;
}

/* Who connected, as the kernel saw it; 0: not uid 0, or a process that is not seen from here. */
static pid_t find_process_of_root(DBusConnection *connection)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    int fd = -1;
    if (!dbus_connection_get_unix_fd(connection, &fd) ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != 0)
        return 0;
    return peer.pid;
}

/* Who is not kept is disconnected by libdbus. */
static void on_connection(DBusServer *server, DBusConnection *connection, void *data)
{
    (void)server;
    struct bus_door *door = data;
    const pid_t process = find_process_of_root(connection);
    struct peer *peer = process > 0 ? calloc(1, sizeof(*peer)) : NULL;
    if (!peer)
        return;
    *peer = (struct peer){.door = door};
    const struct bus_hooks hooks = {on_call, on_lost, peer};
    peer->bus = bus_new(door->loop, door->self, &hooks);
    if (!peer->bus || bus_attach(peer->bus, dbus_connection_ref(connection)) < 0) {
        bus_close(peer->bus);
        free(peer);
        return;
    }
    peer->bus->peer = process;
    dbus_connection_set_unix_user_function(connection, is_root, NULL, NULL);
    dbus_connection_set_max_message_size(connection, MESSAGE_MAX);
    ev_timer_init(&peer->patience, on_patience, AUTHENTICATION_SECONDS, 0.);
    peer->patience.data = peer;
    ev_timer_start(door->loop, &peer->patience);
    peer->next = door->peers;
    door->peers = peer;
    if (++door->count >= door->most)
        ev_io_stop(door->loop, &door->accept);
}

/* ---- the socket ------------------------------------------------------------------------------------------------- */

static void on_accept(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop, (void)events;
    dbus_watch_handle(io->data, DBUS_WATCH_READABLE);
}

/* Of one socket: the unit has one. */
static dbus_bool_t add_watch(DBusWatch *watch, void *data)
{
    struct bus_door *door = data;
    if (ev_is_active(&door->accept))
        return FALSE;
    ev_io_init(&door->accept, on_accept, dbus_watch_get_unix_fd(watch), EV_READ);
    door->accept.data = watch;
    ev_io_start(door->loop, &door->accept);
    return TRUE;
}

static void remove_watch(DBusWatch *watch, void *data)
{
    struct bus_door *door = data;
    if (door->accept.data == watch)
        ev_io_stop(door->loop, &door->accept);
}

/* So that descriptors are left for look-ups, the store and the grant files. */
static size_t count_peers_allowed(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur / 2 > PEERS_MAX)
        return PEERS_MAX;
    return limit.rlim_cur / 2;
}

static int serve(struct bus_door *door)
{
    const char *mechanisms[] = {"EXTERNAL", NULL};
    DBusError error = DBUS_ERROR_INIT;
    door->server = dbus_server_listen("systemd:", &error);
    if (!door->server) {
        log_error("Cannot serve root's own socket: %s. See: systemctl status %s.socket", error.message,
                  door->self->program);
        dbus_error_free(&error);
        return -ENOTCONN;
    }
    dbus_server_set_new_connection_function(door->server, on_connection, door, NULL);
    if (dbus_server_set_auth_mechanisms(door->server, mechanisms) &&
        dbus_server_set_watch_functions(door->server, add_watch, remove_watch, NULL, door, NULL))
        return 0;
    log_error("Cannot serve root's own socket: either there is no memory, or more than one was passed.");
    return -ENOMEM;
}

int bus_door_open(struct ev_loop *loop, const struct bus_self *self, const struct bus_door_hooks *hooks,
                  struct bus_door **ret)
{
    *ret = NULL;
    if (supervisor_sockets() <= 0)
        return 0;
    struct bus_door *door = calloc(1, sizeof(*door));
    if (!door)
        return -ENOMEM;
    *door = (struct bus_door){.loop = loop, .self = self, .hooks = *hooks, .most = count_peers_allowed()};
    ev_init(&door->accept, on_accept);
    const int r = serve(door);
    if (r < 0)
        bus_door_close(door);
    else
        *ret = door;
    return r;
}

void bus_door_close(struct bus_door *door)
{
    if (!door)
        return;
    while (door->peers) {
        bus_flush(door->peers->bus);
        peer_free(door->peers);
    }
    if (door->server) {
        dbus_server_disconnect(door->server);
        dbus_server_unref(door->server);
    }
    free(door);
}
