/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Login sessions as logind knows them, and asking it and systemd to end something. For processes that may wait, as a
 * worker of the root service: each call does, at most LOGIND_SECONDS. A host without logind has no sessions.
 */
#pragma once

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { LOGIND_SECONDS = 5, LOGIND_ERROR_MAX = 256 };

struct logind_session {
    char *id;
    char *service; /* "" when it is not known */
    char *tty;     /* below /dev, or "": see logind_tty() */
};

/* All sessions of this uid but its manager's. 0 or -errno: then nothing is known about them. */
int logind_sessions(uid_t uid, struct logind_session **ret, size_t *ret_count);
void logind_sessions_free(struct logind_session *sessions, size_t count);
/* Whether logind still has it; one that is closing counts. */
bool logind_has(const char *session);

/* What logind knows of a session's terminal that it has not written down: sshd's, which it learns from utmp. New; NULL
 * when there is none, or it does not say. */
char *logind_tty(DBusConnection *bus, const char *session);

/* A connection of this process's own. NULL with why in ret_error. */
DBusConnection *logind_connect(char ret_error[LOGIND_ERROR_MAX]);

/* 0, or -EIO with why in ret_error. What is gone already is no error. */
int logind_terminate(DBusConnection *bus, const char *session, char ret_error[LOGIND_ERROR_MAX]);
int logind_kill(DBusConnection *bus, const char *session, char ret_error[LOGIND_ERROR_MAX]);
int logind_stop_manager(DBusConnection *bus, uid_t uid, char ret_error[LOGIND_ERROR_MAX]);
