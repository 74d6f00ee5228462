/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Waits with ppoll() on libdbus's descriptor, as libdbus itself cannot wait for Ctrl-C, too. */
#include "cli/signals.h"

#include "cli/calls.h"
#include "common/monotonic.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

static const char changed_rule[] = "type='signal',sender='" BUS_NAME "',path='" BUS_PATH
                                   "',interface='" BUS_INTERFACE_MANAGER "',member='RequestChanged'";
static const char owner_rule[] =
    "type='signal',sender='" DBUS_SERVICE_DBUS "',member='NameOwnerChanged',arg0='" BUS_NAME "'";

static volatile sig_atomic_t interrupted;

static void note_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

void signals_catch_interrupt(void)
{
    const struct sigaction action = {.sa_handler = note_interrupt};
    sigset_t blocked;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    sigaction(SIGINT, &action, NULL);
}

int signals_subscribe(struct invocation *invocation, struct client_error *ret_error)
{
    DBusError error = DBUS_ERROR_INIT;

    client_deadline(invocation->program->deadline);
    if (client_use_bus(&invocation->client, ret_error) < 0) {
        client_deadline(0);
        return -1;
    }
    dbus_bus_add_match(invocation->client.connection, changed_rule, &error);
    if (!dbus_error_is_set(&error))
        dbus_bus_add_match(invocation->client.connection, owner_rule, &error);
    client_deadline(0);
    if (!dbus_error_is_set(&error))
        return 0;
    ret_error->code = BUS_ERROR_UNAVAILABLE;
    snprintf(ret_error->message, sizeof(ret_error->message),
             "the system bus does not tell this user what changes, so nothing can be followed.\n"
             "Ask an administrator to look at: systemctl status dbus");
    dbus_error_free(&error);
    return -1;
}

/* SIGNALS_TIMEOUT for a message of no interest. */
static enum signals_event read_event(DBusMessage *message, int64_t *ret_id)
{
    const char *name, *before, *after;
    dbus_int64_t id;

    if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected"))
        return SIGNALS_BUS_GONE;
    if (dbus_message_is_signal(message, BUS_INTERFACE_MANAGER, "RequestChanged") &&
        dbus_message_get_args(message, NULL, DBUS_TYPE_INT64, &id, DBUS_TYPE_INVALID)) {
        *ret_id = id;
        return SIGNALS_CHANGED;
    }
    if (dbus_message_is_signal(message, DBUS_INTERFACE_DBUS, "NameOwnerChanged") &&
        dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &before,
                              DBUS_TYPE_STRING, &after, DBUS_TYPE_INVALID) &&
        strcmp(name, BUS_NAME) == 0)
        return *after ? SIGNALS_DAEMON_BACK : SIGNALS_DAEMON_GONE;
    return SIGNALS_TIMEOUT;
}

/* The next event that was received already; SIGNALS_TIMEOUT: none. */
static enum signals_event take_received(DBusConnection *connection, int64_t *ret_id)
{
    DBusMessage *message;
    enum signals_event event = SIGNALS_TIMEOUT;

    while (event == SIGNALS_TIMEOUT && (message = dbus_connection_pop_message(connection))) {
        event = read_event(message, ret_id);
        dbus_message_unref(message);
    }
    return event;
}

/* True when there may be something to read. SIGINT is unblocked only here, so that none is missed between two waits. */
static bool poll_until(int fd, int64_t until)
{
    struct pollfd bus = {.fd = fd, .events = POLLIN};
    const int64_t left = until < 0 ? 0 : until > monotonic_ms() ? until - monotonic_ms() : 0;
    const struct timespec timeout = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
    sigset_t mask;

    sigprocmask(SIG_SETMASK, NULL, &mask);
    sigdelset(&mask, SIGINT);
    return ppoll(&bus, 1, until < 0 ? NULL : &timeout, &mask) > 0;
}

enum signals_event signals_wait(struct invocation *invocation, int seconds, int64_t *ret_id)
{
    DBusConnection *connection = invocation->client.connection;
    const int64_t until = seconds < 0 ? -1 : monotonic_ms() + (int64_t)seconds * 1000;
    int fd;

    for (;;) {
        const enum signals_event event = take_received(connection, ret_id);

        if (event != SIGNALS_TIMEOUT)
            return event;
        if (interrupted)
            return SIGNALS_INTERRUPTED;
        if (!dbus_connection_get_is_connected(connection) || !dbus_connection_get_unix_fd(connection, &fd))
            return SIGNALS_BUS_GONE;
        if (!poll_until(fd, until) && !interrupted && until >= 0 && monotonic_ms() >= until)
            return SIGNALS_TIMEOUT;
        dbus_connection_read_write(connection, 0);
    }
}

int signals_say_bus_gone(const struct invocation *invocation)
{
    output_message(
        invocation->program->name,
        "the system bus closed the connection, so nothing more can be followed here. What was filed "
        "or decided stays.\nRun the command again when the bus is back: systemctl status dbus");
    return EX_UNAVAILABLE;
}
