/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/session/logind.h"

#include "common/cleanup.h"
#include "common/names.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-login.h>

#define LOGIND      "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define SYSTEMD     "org.freedesktop.systemd1"

/* A text about a session; "" when logind has none. NULL: no memory. */
static char *session_text(const char *session, int (*get)(const char *session, char **ret))
{
    char *text = NULL;
    return get(session, &text) >= 0 && text ? text : strdup("");
}

/* False for the service manager's session, which newer versions list, too, and which is ended as a unit; false with
 * errno ENOMEM without memory. */
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

bool logind_has(const char *session)
{
    uid_t uid;
    return sd_session_get_uid(session, &uid) >= 0;
}

char *logind_session_of(pid_t pid)
{
    char *id = NULL;
    return sd_pid_get_session(pid, &id) >= 0 ? id : NULL;
}

bool logind_is_manager(uid_t uid, pid_t pid)
{
    _cleanup_free_ char *unit = NULL;
    _cleanup_free_ char *inner = NULL;
    char wanted[32];
    snprintf(wanted, sizeof(wanted), "user@%u.service", uid);
    return sd_pid_get_unit(pid, &unit) >= 0 && strcmp(unit, wanted) == 0 &&
           sd_pid_get_user_unit(pid, &inner) >= 0 && strcmp(inner, "init.scope") == 0;
}

struct sd_login_monitor *logind_watch(struct pollfd *ret)
{
    sd_login_monitor *monitor = NULL;
    *ret = (struct pollfd){.fd = -1};
    if (sd_login_monitor_new("session", &monitor) >= 0)
        *ret = (struct pollfd){.fd = sd_login_monitor_get_fd(monitor),
                               .events = (short)sd_login_monitor_get_events(monitor)};
    return monitor;
}

void logind_watch_flush(struct sd_login_monitor *monitor)
{
    sd_login_monitor_flush(monitor);
}

void logind_unwatch(struct sd_login_monitor *monitor)
{
    sd_login_monitor_unref(monitor);
}

sd_bus *logind_connect(char ret_error[LOGIND_ERROR_MAX])
{
    sd_bus *bus = NULL;
    int r = sd_bus_open_system(&bus);
    if (r >= 0)
        r = sd_bus_set_method_call_timeout(bus, (uint64_t)LOGIND_SECONDS * 1000 * 1000);
    if (r >= 0)
        return bus;
    snprintf(ret_error, LOGIND_ERROR_MAX, "%s", strerror(-r));
    return sd_bus_flush_close_unref(bus);
}

void logind_disconnect(struct sd_bus *bus)
{
    sd_bus_flush_close_unref(bus);
}

/* The result of a call as the header has it. `gone`: the error that says that there is nothing to end any more. */
static int finish(int result, sd_bus_error *error, const char *gone, char ret_error[LOGIND_ERROR_MAX])
{
    const bool ok = result >= 0 || sd_bus_error_has_name(error, gone);
    ret_error[0] = '\0';
    if (!ok)
        text_visible(error->message ? error->message : strerror(-result), ret_error, LOGIND_ERROR_MAX);
    sd_bus_error_free(error);
    return ok ? 0 : -EIO;
}

char *logind_tty(sd_bus *bus, const char *session)
{
    sd_bus_message *found = NULL;
    const char *path = NULL;
    char *tty = NULL;
    if (sd_bus_call_method(bus, LOGIND, LOGIND_PATH, LOGIND ".Manager", "GetSession", NULL, &found, "s",
                           session) >= 0 &&
        sd_bus_message_read(found, "o", &path) >= 0)
        sd_bus_get_property_string(bus, LOGIND, path, LOGIND ".Session", "TTY", NULL, &tty);
    sd_bus_message_unref(found);
    if (tty && *tty)
        return tty;
    free(tty);
    return NULL;
}

int logind_terminate(sd_bus *bus, const char *session, char ret_error[LOGIND_ERROR_MAX])
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    const int r = sd_bus_call_method(bus, LOGIND, LOGIND_PATH, LOGIND ".Manager", "TerminateSession", &error,
                                     NULL, "s", session);
    return finish(r, &error, LOGIND ".NoSuchSession", ret_error);
}

int logind_kill(sd_bus *bus, const char *session, char ret_error[LOGIND_ERROR_MAX])
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    const int r = sd_bus_call_method(bus, LOGIND, LOGIND_PATH, LOGIND ".Manager", "KillSession", &error, NULL,
                                     "ssi", session, "all", (int32_t)SIGKILL);
    return finish(r, &error, LOGIND ".NoSuchSession", ret_error);
}

int logind_stop_manager(sd_bus *bus, uid_t uid, char ret_error[LOGIND_ERROR_MAX])
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    char unit[32];
    snprintf(unit, sizeof(unit), "user@%u.service", uid);
    const int r = sd_bus_call_method(bus, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager",
                                     "StopUnit", &error, NULL, "ss", unit, "replace");
    return finish(r, &error, SYSTEMD ".NoSuchUnit", ret_error);
}
