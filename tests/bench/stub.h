/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One bare call of the service that bench_stub serves: connect, call, close. */
#pragma once

#include <dbus/dbus.h>
#include <stdbool.h>

#define STUB_NAME "org.accesspkg.Stub"

static inline bool stub_call(void)
{
    DBusError error = DBUS_ERROR_INIT;
    DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
    DBusMessage *call =
        connection ? dbus_message_new_method_call(STUB_NAME, "/org/accesspkg/Stub", STUB_NAME, "Call") : NULL;
    DBusMessage *answer =
        call ? dbus_connection_send_with_reply_and_block(connection, call, 10000, &error) : NULL;
    const bool answered = answer != NULL;
    if (answer)
        dbus_message_unref(answer);
    if (call)
        dbus_message_unref(call);
    if (connection) {
        dbus_connection_close(connection);
        dbus_connection_unref(connection);
    }
    return answered;
}
