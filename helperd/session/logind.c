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
    const char *gone; /* the error that says that there is nothing to end any more */
};

static const struct target logind = {LOGIND, "/org/freedesktop/login1", LOGIND ".Manager",
                                     LOGIND ".NoSuchSession"};
static const struct target systemd = {SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager",
                                      SYSTEMD ".NoSuchUnit"};

/* What logind says about a session, or "" where it says nothing. NULL when there is no memory. */
static char *text_of(const char *session, int (*get)(const char *session, char **ret))
{
    char *text = NULL;
    return get(session, &text) >= 0 && text ? text : strdup("");
}

/* Whether it is one that somebody opened. Its manager's, which newer versions list too, is ended as a unit. */
static bool read_session(const char *id, struct logind_session *ret)
{
    char *service = text_of(id, sd_session_get_service);
    char *tty = text_of(id, sd_session_get_tty);
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

/* Takes the message. NULL with the error. */
static DBusMessage *send_and_wait(DBusConnection *bus, DBusMessage *message, DBusError *error)
{
    DBusMessage *answer =
        message ? dbus_connection_send_with_reply_and_block(bus, message, LOGIND_SECONDS * 1000, error)
                : NULL;
    if (message)
        dbus_message_unref(message);
    return answer;
}

static DBusMessage *make_call(const struct target *target, const char *path, const char *interface,
                              const char *method, int first_type, va_list arguments)
{
    DBusMessage *message = dbus_message_new_method_call(target->name, path, interface, method);
    if (message && !dbus_message_append_args_valist(message, first_type, arguments)) {
        dbus_message_unref(message);
        return NULL;
    }
    return message;
}

static int call(DBusConnection *bus, const struct target *target, const char *method,
                char ret_error[LOGIND_ERROR_MAX], int first_type, ...)
{
    DBusError error = DBUS_ERROR_INIT;
    va_list arguments;
    va_start(arguments, first_type);
    DBusMessage *message = make_call(target, target->path, target->interface, method, first_type, arguments);
    va_end(arguments);
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

/* An answer of logind's about something to read; NULL when it has none. */
static DBusMessage *ask(DBusConnection *bus, const char *path, const char *interface, const char *method,
                        int first_type, ...)
{
    DBusError error = DBUS_ERROR_INIT;
    va_list arguments;
    va_start(arguments, first_type);
    DBusMessage *message = make_call(&logind, path, interface, method, first_type, arguments);
    va_end(arguments);
    DBusMessage *answer = send_and_wait(bus, message, &error);
    dbus_error_free(&error);
    return answer;
}

static char *string_of_variant(DBusMessage *answer)
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
    const char *path = NULL;
    const char *interface = LOGIND ".Session";
    const char *property = "TTY";
    char *tty = NULL;
    DBusMessage *found =
        ask(bus, logind.path, logind.interface, "GetSession", DBUS_TYPE_STRING, &session, DBUS_TYPE_INVALID);
    if (found && dbus_message_get_args(found, NULL, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID)) {
        DBusMessage *answer = ask(bus, path, DBUS_INTERFACE_PROPERTIES, "Get", DBUS_TYPE_STRING, &interface,
                                  DBUS_TYPE_STRING, &property, DBUS_TYPE_INVALID);
        if (answer) {
            tty = string_of_variant(answer);
            dbus_message_unref(answer);
        }
    }
    if (found)
        dbus_message_unref(found);
    return tty;
}

int logind_terminate(DBusConnection *bus, const char *session, char ret_error[LOGIND_ERROR_MAX])
{
    return call(bus, &logind, "TerminateSession", ret_error, DBUS_TYPE_STRING, &session, DBUS_TYPE_INVALID);
}

int logind_kill(DBusConnection *bus, const char *session, char ret_error[LOGIND_ERROR_MAX])
{
    const char *whom = "all";
    const dbus_int32_t number = SIGKILL;
    return call(bus, &logind, "KillSession", ret_error, DBUS_TYPE_STRING, &session, DBUS_TYPE_STRING, &whom,
                DBUS_TYPE_INT32, &number, DBUS_TYPE_INVALID);
}

int logind_stop_manager(DBusConnection *bus, uid_t uid, char ret_error[LOGIND_ERROR_MAX])
{
    char text[32];
    const char *unit = text;
    const char *mode = "replace";
    snprintf(text, sizeof(text), "user@%u.service", uid);
    return call(bus, &systemd, "StopUnit", ret_error, DBUS_TYPE_STRING, &unit, DBUS_TYPE_STRING, &mode,
                DBUS_TYPE_INVALID);
}
