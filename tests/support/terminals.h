/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Terminals, and sessions as logind writes them down, where no logind is: for suites in a private root. */
#pragma once

#include <sys/types.h>

struct terminal {
    int master;
    int slave;
    const char *name; /* below /dev */
    char path[64];
};

/* A terminal of this user's, whose owner lets others write, as sshd opens one. */
void terminals_open(uid_t owner, struct terminal *ret);
void terminals_close(struct terminal *terminal);
/* What came on it since it was asked last; never waits. */
const char *terminals_shown(const struct terminal *terminal);

/* A session of this user's. */
void terminals_add_session(const char *id, uid_t uid, const char *service, const char *tty);
void terminals_drop_sessions(void);
