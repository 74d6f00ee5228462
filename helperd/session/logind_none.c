/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In place of logind.c where there is no libsystemd (make HAVE_SYSTEMD=0). A user's sessions are what utmp says, which
 * login services write: good for finding terminals, not for ending anything. Processes are found and ended without it.
 */
#include "helperd/session/logind.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utmpx.h>

static bool add_session(struct logind_session **sessions, size_t *count, const struct utmpx *entry)
{
    struct logind_session *more = realloc(*sessions, (*count + 1) * sizeof(*more));
    if (!more)
        return false;
    *sessions = more;
    more[*count] = (struct logind_session){.id = strndup(entry->ut_id, sizeof(entry->ut_id)),
                                           .service = strdup(""),
                                           .tty = strndup(entry->ut_line, sizeof(entry->ut_line))};
    const struct logind_session *added = &more[(*count)++];
    return added->id && added->service && added->tty;
}

int logind_sessions(uid_t uid, struct logind_session **ret, size_t *ret_count)
{
    struct logind_session *sessions = NULL;
    size_t count = 0;
    bool ok = true;
    const struct passwd *user = getpwuid(uid);
    setutxent();
    for (const struct utmpx *entry = user ? getutxent() : NULL; entry && ok; entry = getutxent())
        if (entry->ut_type == USER_PROCESS &&
            strncmp(entry->ut_user, user->pw_name, sizeof(entry->ut_user)) == 0)
            ok = add_session(&sessions, &count, entry);
    endutxent();
    if (!ok) {
        logind_sessions_free(sessions, count);
        return -ENOMEM;
    }
    *ret = sessions;
    *ret_count = count;
    return 0;
}

/* Never held to go on: utmp does not say which processes a session has, nor surely when it ended. */
bool logind_has(const char *session)
{
    (void)session;
    return false;
}

char *logind_session_of(pid_t pid)
{
    (void)pid;
    return NULL;
}

bool logind_is_manager(uid_t uid, pid_t pid)
{
    (void)uid, (void)pid;
    return false;
}

struct sd_login_monitor *logind_watch(struct pollfd *ret)
{
    *ret = (struct pollfd){.fd = -1};
    return NULL;
}

void logind_watch_flush(struct sd_login_monitor *monitor)
{
    (void)monitor;
}

void logind_unwatch(struct sd_login_monitor *monitor)
{
    (void)monitor;
}

static void say_why(char ret_error[LOGIND_ERROR_MAX])
{
    snprintf(ret_error, LOGIND_ERROR_MAX, "built without libsystemd");
}

struct sd_bus *logind_connect(char ret_error[LOGIND_ERROR_MAX])
{
    say_why(ret_error);
    return NULL;
}

void logind_disconnect(struct sd_bus *bus)
{
    (void)bus;
}

char *logind_tty(struct sd_bus *bus, const char *session)
{
    (void)bus, (void)session;
    return NULL;
}

int logind_terminate(struct sd_bus *bus, const char *session, char ret_error[LOGIND_ERROR_MAX])
{
    (void)bus, (void)session;
    say_why(ret_error);
    return -EIO;
}

int logind_kill(struct sd_bus *bus, const char *session, char ret_error[LOGIND_ERROR_MAX])
{
    return logind_terminate(bus, session, ret_error);
}

int logind_stop_manager(struct sd_bus *bus, uid_t uid, char ret_error[LOGIND_ERROR_MAX])
{
    (void)uid;
    return logind_terminate(bus, NULL, ret_error);
}
