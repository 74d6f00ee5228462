/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the module asks (pam_module/protocol.h), read and checked before any of it reaches libdbus, which ends the
 * process over bytes that are no UTF-8.
 */
#pragma once

#include "dbus/contract.h"
#include "pam_module/protocol.h"

#include <stdbool.h>
#include <stdint.h>

struct question {
    const char *user; /* "" when none was given */
    const char *packages[BUS_PACKAGES_MAX];
    size_t n_packages;                /* at least 1, but where it is asked what waits */
    const char *service, *host, *tty; /* NULL: not given */
    unsigned timeout;                 /* seconds */
    bool can_ask;
    bool login_id;             /* that of this process is the user's */
    bool emergency;            /* the justification is that of an emergency */
    const char *justification; /* NULL: not given; at most BUS_TEXT_MAX bytes of UTF-8 */
    int64_t request;           /* the number to look at; 0: submit */
    bool waiting;              /* what waits for the user, and nothing else */
};

/* Reads the question from a descriptor, to its end. *ret points into *message. 0; -EBADMSG for what no module of
 * ours sends; other -errno. */
int question_read(int fd, struct protocol_message *message, struct question *ret);

/* Whether a grant file, and so a request, can exist for a user of this name. */
bool question_user_is_valid(const struct question *question);
