/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libdbus on the libev loop: its watches and time-outs. Dispatching messages is the caller's. */
#pragma once

#include <dbus/dbus.h>
#include <ev.h>

/* 0 or -ENOMEM. */
int server_loop_attach(DBusConnection *connection, struct ev_loop *loop);
