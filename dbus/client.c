/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. One private connection, one call at a time. Turns every failure into an error of the contract, with a
 * message that says what to do. Makes a peer's text visible before it is shown (rule 10).
 */
#include "dbus/client.h"

#include "common/cleanup.h"
#include "common/names.h"
#include "common/paths.h"
#include "dbus/variant.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define LOOK_AT_DAEMON "Ask an administrator to look at: systemctl status accesspkgd"
#define LOOK_AT_BUS    "Ask an administrator to look at: systemctl status dbus accesspkgd"

/* ---- the deadline ----------------------------------------------------------------------------------------- */

/* Made before the timer is set: the handler may only write() and exit. By the bus, and by the door. */
static char deadline_messages[2][512];
static volatile sig_atomic_t at_door;
static const char *deadline_note = "";

static void deadline_passed(int signal_number)
{
    const char *message = deadline_messages[at_door != 0];
    ssize_t written = write(STDERR_FILENO, deadline_note, strlen(deadline_note));

    written = write(STDERR_FILENO, message, strlen(message));
    (void)signal_number;
    (void)written;
    _exit(bus_error_exit_code(BUS_ERROR_UNAVAILABLE));
}

static void deadline_prepare(unsigned seconds)
{
    static const char *const ways[] = {"over the system bus", "from accesspkgd"};
    static const char *const advice[] = {LOOK_AT_BUS, LOOK_AT_DAEMON};
    char name[64];

    text_visible(program_invocation_short_name, name, sizeof(name));
    for (size_t i = 0; i < 2; i++)
        snprintf(
            deadline_messages[i], sizeof(deadline_messages[i]),
            "%s: no answer came %s within %u s. Whether it was done is not known: look before you repeat "
            "it.\n%s\n",
            name, ways[i], seconds, advice[i]);
}

void client_deadline_note(const char *text)
{
    deadline_note = text;
}

void client_deadline(unsigned seconds)
{
    const struct sigaction action = {.sa_handler = deadline_passed};
    const struct itimerval timer = {.it_value = {.tv_sec = seconds}};
    sigset_t alarm_only;

    if (seconds > 0) {
        deadline_prepare(seconds);
        sigemptyset(&alarm_only);
        sigaddset(&alarm_only, SIGALRM);
        sigaction(SIGALRM, &action, NULL);
        /* Our parent may have blocked it. */
        sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
    }
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* ---- errors ----------------------------------------------------------------------------------------------- */

/* Errors of libdbus and the bus daemon, in words that help. Their own message follows in parentheses. */
static const struct {
    const char *name;
    enum bus_error code;
    const char *words;
    const char *advice;
} bus_failures[] = {
    {DBUS_ERROR_ACCESS_DENIED, BUS_ERROR_NOT_AUTHORIZED,
     "the system bus does not let this user call accesspkgd",
     "Ask an administrator to run: systemd-sysusers accesspkg.conf; systemctl reload dbus"},
    {DBUS_ERROR_SERVICE_UNKNOWN, BUS_ERROR_UNAVAILABLE,
     "accesspkgd does not run, and the bus cannot start it", LOOK_AT_DAEMON},
    {DBUS_ERROR_NAME_HAS_NO_OWNER, BUS_ERROR_UNAVAILABLE, "accesspkgd does not run", LOOK_AT_DAEMON},
    {DBUS_ERROR_NO_REPLY, BUS_ERROR_UNAVAILABLE,
     "accesspkgd went away before it answered; whether it was done is not known", LOOK_AT_DAEMON},
    {DBUS_ERROR_DISCONNECTED, BUS_ERROR_UNAVAILABLE,
     "the system bus closed the connection; whether it was done is not known", LOOK_AT_BUS},
    {DBUS_ERROR_LIMITS_EXCEEDED, BUS_ERROR_UNAVAILABLE, "the system bus is at its limits",
     "Try again in a minute. " LOOK_AT_BUS},
    {DBUS_ERROR_UNKNOWN_METHOD, BUS_ERROR_UNAVAILABLE, "the running accesspkgd is another version",
     "Ask an administrator to run: systemctl restart accesspkgd"},
    {DBUS_ERROR_INVALID_ARGS, BUS_ERROR_UNAVAILABLE, "the running accesspkgd is another version",
     "Ask an administrator to run: systemctl restart accesspkgd"},
    {DBUS_ERROR_NO_MEMORY, BUS_ERROR_UNAVAILABLE, "there is not enough memory",
     "Try again when other programs have ended."},
    {NULL, BUS_ERROR_UNAVAILABLE, "accesspkgd does not answer on the system bus", LOOK_AT_DAEMON},
};

/* Keeps the line breaks, as a text may be a list of errors. */
static void make_visible_lines(const char *text, char *ret, size_t size)
{
    size_t used = 0;

    ret[0] = '\0';
    while (*text && used + 1 < size) {
        size_t length = strcspn(text, "\n");
        _cleanup_free_ char *line = strndup(text, length);

        if (!line)
            return;
        if (used > 0)
            ret[used++] = '\n';
        text_visible(line, ret + used, size - used);
        used += strlen(ret + used);
        text += length + (text[length] == '\n');
    }
}

static int fill_bus_error(const char *name, const char *detail, struct client_error *ret_error)
{
    char shown[512];
    size_t i = 0;

    while (bus_failures[i].name && strcmp(bus_failures[i].name, name) != 0)
        i++;
    make_visible_lines(detail, shown, sizeof(shown));
    ret_error->code = bus_failures[i].code;
    snprintf(ret_error->message, sizeof(ret_error->message), "%s (%s).\n%s", bus_failures[i].words, shown,
             bus_failures[i].advice);
    return -1;
}

static int fill_memory_error(struct client_error *ret_error)
{
    return fill_bus_error(DBUS_ERROR_NO_MEMORY, strerror(ENOMEM), ret_error);
}

static int fill_error(DBusError *error, struct client_error *ret_error)
{
    enum bus_error code = bus_error_from_name(error->name);

    if (code == BUS_ERROR_NONE) {
        fill_bus_error(error->name, error->message, ret_error);
    } else {
        ret_error->code = code;
        make_visible_lines(error->message, ret_error->message, sizeof(ret_error->message));
    }
    dbus_error_free(error);
    return -1;
}

/* ---- the connection --------------------------------------------------------------------------------------- */

static int open_bus(struct client *ret, struct client_error *ret_error)
{
    DBusError error = DBUS_ERROR_INIT;
    DBusConnection *connection;
    char detail[256];

    at_door = 0;
    connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
    if (!connection) {
        text_visible(error.message, detail, sizeof(detail));
        dbus_error_free(&error);
        ret_error->code = BUS_ERROR_UNAVAILABLE;
        snprintf(ret_error->message, sizeof(ret_error->message), "the system bus cannot be reached (%s).\n%s",
                 detail, LOOK_AT_BUS);
        return -1;
    }
    dbus_connection_set_exit_on_disconnect(connection, FALSE);
    *ret = (struct client){.connection = connection};
    return 0;
}

/* Where connect() fails, for whatever reason, nothing was sent yet, so the bus may be taken. */
int client_open(struct client *ret, struct client_error *ret_error)
{
    DBusConnection *door = geteuid() == 0 ? dbus_connection_open_private("unix:path=" PATH_DOOR, NULL) : NULL;

    if (!door)
        return open_bus(ret, ret_error);
    at_door = 1;
    *ret = (struct client){.connection = door, .door = true};
    return 0;
}

int client_use_bus(struct client *client, struct client_error *ret_error)
{
    if (client->connection && !client->door)
        return 0;
    client_close(client);
    return open_bus(client, ret_error);
}

void client_close(struct client *client)
{
    if (!client->connection)
        return;
    dbus_connection_close(client->connection);
    dbus_connection_unref(client->connection);
    client->connection = NULL;
    client->door = false;
}

/* By the lock that it holds while it runs: a connection to the door would start it, and a bus may be dead. False: that
 * does not say it. */
static bool is_known_to_run(bool *ret_runs)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat st;
    _cleanup_close_ int fd = -1;

    if (geteuid() != 0 || stat(PATH_DOOR, &st) < 0)
        return false;
    fd = open(PATH_LOCK, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 ? errno != ENOENT : fcntl(fd, F_GETLK, &lock) < 0)
        return false;
    *ret_runs = fd >= 0 && lock.l_type != F_UNLCK;
    return true;
}

int client_daemon_runs(struct client *client, bool *ret_runs, struct client_error *ret_error)
{
    DBusError error = DBUS_ERROR_INIT;
    bool runs;

    if (is_known_to_run(ret_runs))
        return 0;
    if (client_use_bus(client, ret_error) < 0)
        return -1;
    runs = dbus_bus_name_has_owner(client->connection, BUS_NAME, &error);
    if (dbus_error_is_set(&error))
        return fill_error(&error, ret_error);
    *ret_runs = runs;
    return 0;
}

/* ---- a call ----------------------------------------------------------------------------------------------- */

/* libdbus sends no call before the other end has said that it takes us. */
static int fill_call_error(const struct client *client, DBusError *error, struct client_error *ret_error)
{
    const bool closed = dbus_error_has_name(error, DBUS_ERROR_DISCONNECTED) ||
                        dbus_error_has_name(error, DBUS_ERROR_NO_REPLY);

    if (!client->door || !closed)
        return fill_error(error, ret_error);
    dbus_error_free(error);
    ret_error->code = BUS_ERROR_UNAVAILABLE;
    snprintf(ret_error->message, sizeof(ret_error->message), "%s.\n%s",
             dbus_connection_get_is_authenticated(client->connection)
                 ? "accesspkgd went away before it answered; whether it was done is not known"
                 : "accesspkgd takes no connection, so nothing was done",
             LOOK_AT_DAEMON);
    return -1;
}

/*
 * Before a descriptor is sent through the door. libdbus can pass one only after the handshake, and the other end loses
 * one that comes right behind it, in one piece (seen): so a call goes ahead. The bus has Hello for that.
 */
static void prepare_descriptors(const struct client *client, DBusMessage *call)
{
    DBusMessage *ping;
    DBusMessage *answer;

    if (!client->door || !strchr(dbus_message_get_signature(call), DBUS_TYPE_UNIX_FD))
        return;
    ping = dbus_message_new_method_call(NULL, BUS_PATH, DBUS_INTERFACE_PEER, "Ping");
    answer = ping ? dbus_connection_send_with_reply_and_block(client->connection, ping, DBUS_TIMEOUT_INFINITE,
                                                              NULL)
                  : NULL;
    if (ping)
        dbus_message_unref(ping);
    if (answer)
        dbus_message_unref(answer);
}

static int send_and_read(struct client *client, DBusMessage *call, json_t **ret_values,
                         struct client_error *ret_error)
{
    DBusError error = DBUS_ERROR_INIT;
    DBusMessage *reply;
    json_t *values;

    prepare_descriptors(client, call);
    reply =
        dbus_connection_send_with_reply_and_block(client->connection, call, DBUS_TIMEOUT_INFINITE, &error);

    if (!reply)
        return fill_call_error(client, &error, ret_error);
    values = variant_read_message(reply);
    dbus_message_unref(reply);
    if (!values)
        return fill_bus_error(DBUS_ERROR_UNKNOWN_METHOD, "its answer cannot be read", ret_error);
    *ret_values = values;
    return 0;
}

static int call_with(struct client *client, const struct client_message *message, json_t **ret_values,
                     struct client_error *ret_error)
{
    DBusMessage *call =
        dbus_message_new_method_call(BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, message->method);
    int r = call ? variant_append_message(call, message->in, message->arguments) : -ENOMEM;

    if (r == -EINVAL) {
        ret_error->code = BUS_ERROR_INVALID_ARGUMENT;
        snprintf(ret_error->message, sizeof(ret_error->message),
                 "an argument is not UTF-8 text, so it cannot be sent; write it in a UTF-8 terminal");
        r = -1;
    } else if (r < 0) {
        r = fill_memory_error(ret_error);
    } else {
        r = send_and_read(client, call, ret_values, ret_error);
    }
    if (call)
        dbus_message_unref(call);
    return r;
}

int client_call_all(struct client *client, struct client_message message, json_t **ret_values,
                    struct client_error *ret_error)
{
    int r;

    if (!message.arguments)
        message.arguments = json_array();
    r = message.arguments ? call_with(client, &message, ret_values, ret_error) : fill_memory_error(ret_error);
    json_decref(message.arguments);
    return r;
}

int client_call(struct client *client, struct client_message message, json_t **ret_value,
                struct client_error *ret_error)
{
    json_t *values = NULL;
    int r = client_call_all(client, message, &values, ret_error);

    if (r < 0)
        return r;
    *ret_value = json_array_size(values) > 0 ? json_incref(json_array_get(values, 0)) : json_null();
    json_decref(values);
    return 0;
}
