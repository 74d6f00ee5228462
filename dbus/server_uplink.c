/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/server_uplink.h"

#include "common/log.h"
#include "common/names.h"
#include "dbus/server_internal.h"
#include "dbus/server_sieve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

static const double AGAIN_SECONDS = 1.;
static const double FIRST_SECONDS = 2.;
enum { CONNECT_USECONDS = 20000, PROBLEM_MAX = 512 };

/* As libdbus has it, where its environment names none. */
static const char system_bus[] = "unix:path=/run/dbus/system_bus_socket";

struct bus_uplink {
    struct bus *bus;
    struct ev_loop *loop;
    struct bus_uplink_hooks hooks;
    ev_timer again;
    ev_timer first;
    DBusPendingCall *pending; /* the answer to Hello, then that about the name */
    bool up;
    bool tried;
    char problem[PROBLEM_MAX];
};

/* ---- the outcome ------------------------------------------------------------------------------------------------ */

static void forget_pending(struct bus_uplink *uplink)
{
    if (!uplink->pending)
        return;
    dbus_pending_call_cancel(uplink->pending);
    dbus_pending_call_unref(uplink->pending);
    uplink->pending = NULL;
}

static void end_first_try(struct bus_uplink *uplink)
{
    if (uplink->tried)
        return;
    uplink->tried = true;
    ev_timer_stop(uplink->loop, &uplink->first);
    uplink->hooks.tried(uplink->hooks.data);
}

static void log_problem(const struct bus_uplink *uplink)
{
    log_error("%s. Until it is back users cannot call %s; root's commands and the gate need no bus. See: "
              "systemctl status dbus",
              uplink->problem, uplink->bus->self->program);
}

/* A bus that stays away is logged once. */
static void fail(struct bus_uplink *uplink, const char *problem, const char *detail)
{
    char shown[PROBLEM_MAX / 2];
    char text[PROBLEM_MAX];
    snprintf(text, sizeof(text), "%s%s%s", problem, *detail ? ": " : "",
             text_visible(detail, shown, sizeof(shown)));
    const bool had_connection = uplink->bus->connection != NULL;
    forget_pending(uplink);
    bus_detach(uplink->bus);
    uplink->up = false;
    if (had_connection)
        uplink->hooks.lost(uplink->hooks.data);
    if (strcmp(uplink->problem, text) != 0) {
        snprintf(uplink->problem, sizeof(uplink->problem), "%s", text);
        log_problem(uplink);
    }
    ev_timer_set(&uplink->again, AGAIN_SECONDS, 0.);
    ev_timer_start(uplink->loop, &uplink->again);
    end_first_try(uplink);
}

static void succeed(struct bus_uplink *uplink)
{
    forget_pending(uplink);
    if (uplink->tried)
        log_info("%s is on the system bus.", uplink->bus->self->program);
    uplink->up = true;
    *uplink->problem = '\0';
    uplink->hooks.up(uplink->hooks.data);
    end_first_try(uplink);
}

static void on_call(DBusMessage *call, void *data)
{
    const struct bus_uplink *uplink = data;
    uplink->hooks.call(call, uplink->hooks.data);
}

static void on_lost(void *data)
{
    struct bus_uplink *uplink = data;
    fail(uplink, uplink->up ? "The system bus went away" : "The system bus closes the connection", "");
}

/* ---- the steps: connect, Hello, the name ------------------------------------------------------------------------ */

/* Takes over the message. However long the bus takes to answer: when it is gone, the connection is, too. */
static void ask(struct bus_uplink *uplink, DBusMessage *question, DBusPendingCallNotifyFunction answered)
{
    const bool sent = question &&
                      dbus_connection_send_with_reply(uplink->bus->connection, question, &uplink->pending,
                                                      DBUS_TIMEOUT_INFINITE) &&
                      uplink->pending &&
                      dbus_pending_call_set_notify(uplink->pending, answered, uplink, NULL);
    if (question)
        dbus_message_unref(question);
    if (!sent)
        fail(uplink, "There is no memory for a connection to the system bus", "");
}

/* The answer, to be released; NULL: it was an error, which is dealt with. */
static DBusMessage *take_answer(struct bus_uplink *uplink, const char *problem)
{
    DBusMessage *answer = dbus_pending_call_steal_reply(uplink->pending);
    DBusError error = DBUS_ERROR_INIT;
    dbus_pending_call_unref(uplink->pending);
    uplink->pending = NULL;
    if (answer && !dbus_set_error_from_message(&error, answer))
        return answer;
    fail(uplink, problem, dbus_error_is_set(&error) ? error.message : "no memory");
    dbus_error_free(&error);
    if (answer)
        dbus_message_unref(answer);
    return NULL;
}

static void on_name(DBusPendingCall *pending, void *data)
{
    (void)pending;
    struct bus_uplink *uplink = data;
    dbus_uint32_t outcome = 0;
    DBusMessage *answer =
        take_answer(uplink, "The system bus refuses the name, as if it had not read our policy");
    if (!answer)
        return;
    dbus_message_get_args(answer, NULL, DBUS_TYPE_UINT32, &outcome, DBUS_TYPE_INVALID);
    dbus_message_unref(answer);
    if (outcome == DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER)
        succeed(uplink);
    else
        fail(uplink, "Somebody else has the name on the system bus", "");
}

static void on_hello(DBusPendingCall *pending, void *data)
{
    (void)pending;
    struct bus_uplink *uplink = data;
    const dbus_uint32_t flags = DBUS_NAME_FLAG_DO_NOT_QUEUE;
    const char *name = uplink->bus->self->name;
    const char *unique = NULL;
    DBusMessage *answer = take_answer(uplink, "The system bus takes no connection");
    if (!answer)
        return;
    if (dbus_message_get_args(answer, NULL, DBUS_TYPE_STRING, &unique, DBUS_TYPE_INVALID))
        dbus_bus_set_unique_name(uplink->bus->connection, unique);
    dbus_message_unref(answer);
    DBusMessage *question =
        dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS, "RequestName");
    if (question && !dbus_message_append_args(question, DBUS_TYPE_STRING, &name, DBUS_TYPE_UINT32, &flags,
                                              DBUS_TYPE_INVALID)) {
        dbus_message_unref(question);
        question = NULL;
    }
    ask(uplink, question, on_name);
}

static void on_alarm(int number)
{
    (void)number; /* interrupts connect() */
}

/* A mute bus, whose queue anybody can fill, must not hold us: libdbus connects with a socket that waits. */
static DBusConnection *open_within_bounds(const char *address, DBusError *error)
{
    const struct sigaction action = {.sa_handler = on_alarm};
    const struct itimerval often = {{0, CONNECT_USECONDS}, {0, CONNECT_USECONDS}};
    const struct itimerval never = {0};
    sigaction(SIGALRM, &action,
              NULL); /* for good: the last signal may come when the timer has been stopped */
    setitimer(ITIMER_REAL, &often, NULL);
    DBusConnection *connection = dbus_connection_open_private(address, error);
    setitimer(ITIMER_REAL, &never, NULL);
    return connection;
}

/*
 * What waits in our socket for the bus to read it is kept short: beside a flood the bus reads 2 KiB of each connection in
 * turn, and each question who calls waits for all that was sent before it.
 */
static void keep_short(int fd)
{
    const int size = 16 * 1024;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* Before anything was read or sent. Releases the connection when it fails. */
static int put_sieve(struct bus_uplink *uplink, DBusConnection *connection)
{
    int fd = -1;
    if (dbus_connection_get_unix_fd(connection, &fd)) {
        keep_short(fd);
        if (sieve_new(uplink->loop, fd, uplink->hooks.wanted, uplink->hooks.data, &uplink->bus->sieve) == 0) {
            keep_short(fd);
            return 0;
        }
    }
    dbus_connection_close(connection);
    dbus_connection_unref(connection);
    return -ENOMEM;
}

static void on_again(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct bus_uplink *uplink = timer->data;
    const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
    DBusError error = DBUS_ERROR_INIT;
    DBusConnection *connection = open_within_bounds(address ? address : system_bus, &error);
    if (!connection) {
        fail(uplink, "The system bus cannot be reached", error.message);
        dbus_error_free(&error);
        return;
    }
    if (put_sieve(uplink, connection) < 0 || bus_attach(uplink->bus, connection) < 0) {
        fail(uplink, "There is no memory for a connection to the system bus", "");
        return;
    }
    ask(uplink, dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS, "Hello"),
        on_hello);
}

static void on_first(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct bus_uplink *uplink = timer->data;
    log_problem(uplink);
    end_first_try(uplink);
}

/* ---- its life --------------------------------------------------------------------------------------------------- */

struct bus_uplink *bus_uplink_new(struct ev_loop *loop, const struct bus_self *self,
                                  const struct bus_uplink_hooks *hooks)
{
    struct bus_uplink *uplink = calloc(1, sizeof(*uplink));
    const struct bus_hooks bus_hooks = {on_call, on_lost, uplink};
    struct bus *bus = bus_new(loop, self, &bus_hooks);
    if (!uplink || !bus) {
        free(uplink);
        bus_close(bus);
        return NULL;
    }
    *uplink = (struct bus_uplink){
        .bus = bus, .loop = loop, .hooks = *hooks, .problem = "The system bus does not answer"};
    ev_timer_init(&uplink->again, on_again, 0., 0.);
    ev_timer_init(&uplink->first, on_first, FIRST_SECONDS, 0.);
    uplink->again.data = uplink->first.data = uplink;
    ev_timer_start(loop, &uplink->again);
    ev_timer_start(loop, &uplink->first);
    return uplink;
}

void bus_uplink_free(struct bus_uplink *uplink)
{
    if (!uplink)
        return;
    ev_timer_stop(uplink->loop, &uplink->again);
    ev_timer_stop(uplink->loop, &uplink->first);
    forget_pending(uplink);
    if (uplink->up)
        bus_flush(uplink->bus);
    bus_close(uplink->bus);
    free(uplink);
}

struct bus *bus_uplink_bus(struct bus_uplink *uplink)
{
    return uplink->bus;
}

const char *bus_uplink_problem(const struct bus_uplink *uplink)
{
    return uplink->up || !uplink->tried ? NULL : uplink->problem;
}
