/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the module's question (pam_module/protocol.h) and checks it before libdbus sees it, which aborts the process
 * over invalid UTF-8.
 */
#pragma once

#include "dbus/contract.h"
#include "pam_module/protocol.h"

#include <stdbool.h>
#include <stdint.h>

struct question {
    const char *user; /* "" when none was given */
    const char *packages[BUS_PACKAGES_MAX];
    size_t n_packages;                /* at least 1, unless `waiting` */
    const char *service, *host, *tty; /* NULL: not given */
    unsigned timeout;                 /* seconds */
    bool can_ask;
    bool report;               /* file nothing: say what would become of it */
    bool login_id;             /* this process has the user's login id */
    bool emergency;            /* take the package in an emergency */
    const char *justification; /* NULL: not given; at most BUS_TEXT_MAX bytes of UTF-8 */
    int64_t request;           /* report the state of this one; 0: submit */
    const char *outside; /* then: its approvers who cannot get in, as they were found before; "": none */
    bool waiting;        /* list what waits for the user, and nothing else */
};

/* Reads the question from a descriptor, to its end. *ret points into *message. 0; -EBADMSG for a question that the
 * module never sends; other -errno. */
int question_read(int fd, struct protocol_message *message, struct question *ret);

/* Says whether a grant file, and so a request, can exist for a user of this name. */
bool question_user_is_valid(const struct question *question);
