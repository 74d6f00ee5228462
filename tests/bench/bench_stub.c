/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The yardstick of a refusal: the least that any gate does which asks a daemon over the system bus from a process of its
 * own. Usage: bench_stub serve (answers each call at once, with nothing), bench_stub call (one call, as accesspkg-submit).
 */
#include "tests/bench/bench.h"

#include "tests/bench/stub.h"

#include <dbus/dbus.h>
#include <string.h>

static void serve(void)
{
    DBusError error = DBUS_ERROR_INIT;
    DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
    if (!connection || dbus_bus_request_name(connection, STUB_NAME, 0, &error) < 0)
        bench_fail("%s", error.message);
    while (dbus_connection_read_write(connection, -1)) {
        DBusMessage *message;
        while ((message = dbus_connection_pop_message(connection))) {
            DBusMessage *answer = dbus_message_get_type(message) == DBUS_MESSAGE_TYPE_METHOD_CALL
                                      ? dbus_message_new_method_return(message)
                                      : NULL;
            if (answer) {
                dbus_connection_send(connection, answer, NULL);
                dbus_connection_flush(connection);
                dbus_message_unref(answer);
            }
            dbus_message_unref(message);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "call") == 0)
        return stub_call() ? 0 : 1;
    serve();
    return 1;
}
