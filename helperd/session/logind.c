/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/session/logind.h"

#include "common/names.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-login.h>

#define LOGIND  "org.freedesktop.login1"
#define SYSTEMD "org.freedesktop.systemd1"

struct target {
    const char *name;
    const char *path;
    const char *interface;
    const char *gone; /* the error when there is nothing to end any more */
};

static const struct target logind = {LOGIND, "/org/freedesktop/login1", LOGIND ".Manager",
                                     LOGIND ".NoSuchSession"};
static const struct target systemd = {SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager",
                                      SYSTEMD ".NoSuchUnit"};

/* A text about a session; "" when logind has none. NULL: no memory. */
static char *session_text(const char *session, int (*get)(const char *session, char **ret))
{
    char *text = NULL;
    return get(session, &text) >= 0 && text ? text : strdup("");
}

/* False for the service manager's session, which newer versions list, too, and which is ended as a unit; false with errno
 * ENOMEM without memory. */
static bool read_session(const char *id, struct logind_session *ret)
{
    char *service = session_text(id, sd_session_get_service);
    char *tty = session_text(id, sd_session_get_tty);
    char *copy = strdup(id);
    if (copy && service && tty && strcmp(service, "systemd-user") != 0) {
        *ret = (struct logind_session){.id = copy, .service = service, .tty = tty};
        return true;
    }
    const bool fault = !copy || !service || !tty;
    free(copy);
    free(service);
    free(tty);
    if (fault)
        errno = ENOMEM;
    return false;
}

int logind_sessions(uid_t uid, struct logind_session **ret, size_t *ret_count)
{
    char **ids = NULL;
    const int n = sd_uid_get_sessions(uid, -1, &ids); /* closing ones too */
    if (n < 0 && n != -ENOENT && n != -ENODATA && n != -ENXIO)
        return n;
    struct logind_session *sessions = calloc(n > 0 ? (size_t)n : 1, sizeof(*sessions));
    size_t count = 0;
    errno = sessions ? 0 : ENOMEM;
    for (int i = 0; i < n; i++) {
        if (sessions && errno != ENOMEM && read_session(ids[i], &sessions[count]))
            count++;
        free(ids[i]);
    }
    free(ids);
    if (!sessions || errno == ENOMEM) {
        logind_sessions_free(sessions, count);
        return -ENOMEM;
    }
    *ret = sessions;
    *ret_count = count;
    return 0;
}

void logind_sessions_free(struct logind_session *sessions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(sessions[i].id);
        free(sessions[i].service);
        free(sessions[i].tty);
    }
    free(sessions);
}

bool logind_has(const char *session)
{
    uid_t uid;
    return sd_session_get_uid(session, &uid) >= 0;
}

DBusConnection *logind_connect(char ret_error[LOGIND_ERROR_MAX])
{
    DBusError error = DBUS_ERROR_INIT;
    DBusConnection *bus = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
    if (bus)
        dbus_connection_set_exit_on_disconnect(bus, FALSE);
    else
        text_visible(error.message, ret_error, LOGIND_ERROR_MAX);
    dbus_error_free(&error);
    return bus;
}

/* Releases the message. Returns the answer; NULL, with *error. */
static DBusMessage *send_and_wait(DBusConnection *bus, DBusMessage *message, DBusError *error)
{
    DBusMessage *answer =
        message ? dbus_connection_send_with_reply_and_block(bus, message, LOGIND_SECONDS * 1000, error)
                : NULL;
    if (message)
        dbus_message_unref(message);
    return answer;
}

/* As dbus_message_append_args: types and addresses, ended by DBUS_TYPE_INVALID. NULL: no memory. */
static DBusMessage *make_call(const struct target *target, const char *method, int first_type, ...)
{
    DBusMessage *message =
        dbus_message_new_method_call(target->name, target->path, target->interface, method);
    va_list arguments;
    va_start(arguments, first_type);
    const bool complete = message && dbus_message_append_args_valist(message, first_type, arguments);
    va_end(arguments);
    if (message && !complete) {
        dbus_message_unref(message);
        return NULL;
    }
    return message;
}

/* Releases the message. 0 or -EIO, as in the header. */
static int call_to_end(DBusConnection *bus, const struct target *target, DBusMessage *message,
                       char ret_error[LOGIND_ERROR_MAX])
{
    DBusError error = DBUS_ERROR_INIT;
    DBusMessage *answer = send_and_wait(bus, message, &error);
    const bool ok = answer || (dbus_error_is_set(&error) && strcmp(error.name, target->gone) == 0);
    ret_error[0] = '\0';
    if (!ok)
        text_visible(dbus_error_is_set(&error) ? error.message : "out of memory", ret_error,
                     LOGIND_ERROR_MAX);
    if (answer)
        dbus_message_unref(answer);
    dbus_error_free(&error);
    return ok ? 0 : -EIO;
}

/* Releases the message. NULL when there is no answer. */
static DBusMessage *call_to_read(DBusConnection *bus, DBusMessage *message)
{
    DBusError error = DBUS_ERROR_INIT;
    DBusMessage *answer = send_and_wait(bus, message, &error);
    dbus_error_free(&error);
    return answer;
}

static char *variant_string(DBusMessage *answer)
{
    DBusMessageIter iter;
    DBusMessageIter value;
    const char *text = "";
    if (!dbus_message_has_signature(answer, "v") || !dbus_message_iter_init(answer, &iter))
        return NULL;
    dbus_message_iter_recurse(&iter, &value);
    if (dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_STRING)
        dbus_message_iter_get_basic(&value, &text);
    return *text ? strdup(text) : NULL;
}

char *logind_tty(DBusConnection *bus, const char *session)
{
    struct target object = {.name = LOGIND, .interface = DBUS_INTERFACE_PROPERTIES};
    const char *interface = LOGIND ".Session";
    const char *property = "TTY";
    char *tty = NULL;
    DBusMessage *found =
        call_to_read(bus, make_call(&logind, "GetSession", DBUS_TYPE_STRING, &session, DBUS_TYPE_INVALID));
    if (found && dbus_message_get_args(found, NULL, DBUS_TYPE_OBJECT_PATH, &object.path, DBUS_TYPE_INVALID)) {
        DBusMessage *answer = call_to_read(bus, make_call(&object, "Get", DBUS_TYPE_STRING, &interface,
                                                          DBUS_TYPE_STRING, &property, DBUS_TYPE_INVALID));
        if (answer) {
            tty = variant_string(answer);
            dbus_message_unref(answer);
        }
    }
    if (found)
        dbus_message_unref(found);
    return tty;
}

int logind_terminate(DBusConnection *bus, const char *session, char ret_error[LOGIND_ERROR_MAX])
{
    return call_to_end(bus, &logind,
                       make_call(&logind, "TerminateSession", DBUS_TYPE_STRING, &session, DBUS_TYPE_INVALID),
                       ret_error);
}

int logind_kill(DBusConnection *bus, const char *session, char ret_error[LOGIND_ERROR_MAX])
{
    const char *whom = "all";
    const dbus_int32_t number = SIGKILL;
    return call_to_end(bus, &logind,
                       make_call(&logind, "KillSession", DBUS_TYPE_STRING, &session, DBUS_TYPE_STRING, &whom,
                                 DBUS_TYPE_INT32, &number, DBUS_TYPE_INVALID),
                       ret_error);
}

int logind_stop_manager(DBusConnection *bus, uid_t uid, char ret_error[LOGIND_ERROR_MAX])
{
    char text[32];
    const char *unit = text;
    const char *mode = "replace";
    snprintf(text, sizeof(text), "user@%u.service", uid);
    return call_to_end(
        bus, &systemd,
        make_call(&systemd, "StopUnit", DBUS_TYPE_STRING, &unit, DBUS_TYPE_STRING, &mode, DBUS_TYPE_INVALID),
        ret_error);
}
