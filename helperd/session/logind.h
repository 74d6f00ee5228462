/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists login sessions, and has logind and systemd end them. Each call may wait up to LOGIND_SECONDS, so it is for
 * processes that may wait, such as a worker of the root service. A host without logind has no sessions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

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

/* The terminal of an sshd session, which logind learns from utmp and tells only when asked. New memory; NULL when
 * there is none or logind does not answer. */
char *logind_tty(sd_bus *bus, const char *session);

/* A connection, released with sd_bus_flush_close_unref(). NULL, with the reason in ret_error. */
sd_bus *logind_connect(char ret_error[LOGIND_ERROR_MAX]);

/* 0, also when it is gone already; -EIO, with the reason in ret_error. */
int logind_terminate(sd_bus *bus, const char *session, char ret_error[LOGIND_ERROR_MAX]);
int logind_kill(sd_bus *bus, const char *session, char ret_error[LOGIND_ERROR_MAX]);
int logind_stop_manager(sd_bus *bus, uid_t uid, char ret_error[LOGIND_ERROR_MAX]);
