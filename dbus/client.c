/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. One private connection, one call at a time. Turns every failure into an error of the contract, with a
 * message that says what to do. Makes a peer's text visible before it is shown (rule 10).
 */
#include "dbus/client.h"

#include "common/cleanup.h"
#include "common/names.h"
#include "dbus/variant.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define LOOK_AT_DAEMON "Ask an administrator to look at: systemctl status accesspkgd"
#define LOOK_AT_BUS    "Ask an administrator to look at: systemctl status dbus accesspkgd"

/* ---- the deadline ----------------------------------------------------------------------------------------- */

/* Made before the timer is set: the handler may only write() and exit. */
static char deadline_message[512];
static size_t deadline_length;
static const char *deadline_note = "";
static size_t deadline_note_length;

static void deadline_passed(int signal_number)
{
    ssize_t written = write(STDERR_FILENO, deadline_note, deadline_note_length);

    written = write(STDERR_FILENO, deadline_message, deadline_length);
    (void)signal_number;
    (void)written;
    _exit(bus_error_exit_code(BUS_ERROR_UNAVAILABLE));
}

static void deadline_prepare(unsigned seconds)
{
    char name[64];

    snprintf(deadline_message, sizeof(deadline_message),
             "%s: no answer came over the system bus within %u s. Whether it was done is not known: look "
             "before you repeat it.\n" LOOK_AT_BUS "\n",
             text_visible(program_invocation_short_name, name, sizeof(name)), seconds);
    deadline_length = strlen(deadline_message);
}

void client_deadline_note(const char *text)
{
    deadline_note = text;
    deadline_note_length = strlen(text);
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
    {DBUS_ERROR_UNKNOWN_METHOD, BUS_ERROR_UNAVAILABLE, "the accesspkgd that runs is of another version",
     "Ask an administrator to run: systemctl restart accesspkgd"},
    {DBUS_ERROR_INVALID_ARGS, BUS_ERROR_UNAVAILABLE, "the accesspkgd that runs is of another version",
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

int client_open(struct client *ret, struct client_error *ret_error)
{
    DBusError error = DBUS_ERROR_INIT;
    DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
    char detail[256];

    if (!connection) {
        text_visible(error.message, detail, sizeof(detail));
        dbus_error_free(&error);
        ret_error->code = BUS_ERROR_UNAVAILABLE;
        snprintf(ret_error->message, sizeof(ret_error->message), "the system bus cannot be reached (%s).\n%s",
                 detail, LOOK_AT_BUS);
        return -1;
    }
    dbus_connection_set_exit_on_disconnect(connection, FALSE);
    ret->connection = connection;
    return 0;
}

void client_close(struct client *client)
{
    if (!client->connection)
        return;
    dbus_connection_close(client->connection);
    dbus_connection_unref(client->connection);
    client->connection = NULL;
}

int client_daemon_runs(struct client *client, bool *ret_runs, struct client_error *ret_error)
{
    DBusError error = DBUS_ERROR_INIT;
    bool runs = dbus_bus_name_has_owner(client->connection, BUS_NAME, &error);

    if (dbus_error_is_set(&error))
        return fill_error(&error, ret_error);
    *ret_runs = runs;
    return 0;
}

/* ---- a call ----------------------------------------------------------------------------------------------- */

static int send_and_read(struct client *client, DBusMessage *call, json_t **ret_values,
                         struct client_error *ret_error)
{
    DBusError error = DBUS_ERROR_INIT;
    DBusMessage *reply =
        dbus_connection_send_with_reply_and_block(client->connection, call, DBUS_TIMEOUT_INFINITE, &error);
    json_t *values;

    if (!reply)
        return fill_error(&error, ret_error);
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
