/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients that call accesspkgd without an end and read no answer: as many connections as wanted, of one user (live.h). */
#pragma once

#include "tests/support/live.h"

struct flood {
    const char *path;
    const char *interface;
    const char *member;
    size_t strings; /* so many of one letter, as an array, are the argument; 0: there is none */
    bool
        answered; /* asks for answers, which it does not read: as many as the bus lets wait on each connection */
};

enum { FLOOD_ANSWERED = 128 };

/* Returns once each connection has sent its first calls. */
pid_t flood_start(const char *user, const struct flood *flood, size_t connections);
void flood_stop(pid_t pid);
