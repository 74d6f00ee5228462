/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists login sessions, and has logind and systemd end them. Each call may wait up to LOGIND_SECONDS, so it is for
 * processes that may wait, such as a worker of the root service. A host without logind has no sessions.
 * What was built without libsystemd reads utmp (logind_none.c).
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* libsystemd's: nobody else includes its headers. */
struct sd_bus;
struct sd_login_monitor;

enum { LOGIND_SECONDS = 5, LOGIND_ERROR_MAX = 256 };

struct logind_session {
    char *id;
    char *service; /* "" when it is not known */
    char *tty;     /* below /dev, or "": see logind_tty() */
};

/* All sessions of this uid, including closing ones, except that of the user's service manager. 0 or -errno. */
int logind_sessions(uid_t uid, struct logind_session **ret, size_t *ret_count);
void logind_sessions_free(struct logind_session *sessions, size_t count);
/* True while logind has it, also while it is closing. */
bool logind_has(const char *session);
/* The session that this process belongs to: new memory, or NULL when it belongs to none. */
char *logind_session_of(pid_t pid);
/* True for the user's service manager itself; what it started is not meant. */
bool logind_is_manager(uid_t uid, pid_t pid);

/* A monitor of sessions that come and go, and what to poll it for; NULL and fd -1 when there is none. */
struct sd_login_monitor *logind_watch(struct pollfd *ret);
/* Takes what it has told. */
void logind_watch_flush(struct sd_login_monitor *monitor);
void logind_unwatch(struct sd_login_monitor *monitor);

/* The terminal of an sshd session, which logind learns from utmp and tells only when asked. New memory; NULL when
 * there is none or logind does not answer. */
char *logind_tty(struct sd_bus *bus, const char *session);

/* A connection, released with logind_disconnect(). NULL, with the reason in ret_error. */
struct sd_bus *logind_connect(char ret_error[LOGIND_ERROR_MAX]);
void logind_disconnect(struct sd_bus *bus);

/* 0, also when it is gone already; -EIO, with the reason in ret_error. */
int logind_terminate(struct sd_bus *bus, const char *session, char ret_error[LOGIND_ERROR_MAX]);
int logind_kill(struct sd_bus *bus, const char *session, char ret_error[LOGIND_ERROR_MAX]);
int logind_stop_manager(struct sd_bus *bus, uid_t uid, char ret_error[LOGIND_ERROR_MAX]);
