/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of admission share. Included by these only. */
#pragma once

#include "helperd/bus/admission.h"
#include "helperd/bus/turns.h"

enum { ADMISSION_BUCKETS = 1024 };

/* A call that waits, for its turn or until its connection is known. */
struct held {
    struct turn turn;
    struct admitted call;
    struct admission_connection *connection;
    turns_who account; /* whom it counts against */
    size_t *files;     /* among which it counts, as it has descriptors; NULL: it has none */
    bool is_stub; /* its arguments were too long: refused at its turn, so that it counts like any other */
    struct held *next; /* of the same connection, while that is unknown */
    struct held *all_next, **all_place;
};

/* By its unique name; at the door by its bus. Forgotten when it is the one that called longest ago, for no name is ever
 * given twice. */
struct admission_connection {
    struct admission_connection *next;          /* in its bucket */
    struct admission_connection *newer, *older; /* among those that nothing uses */
    struct admission *admission;
    const struct bus *bus;
    char *name;
    struct bus_caller caller;
    bool known;
    size_t uses;        /* calls that are held, and the question whose it is */
    struct held *first; /* until it is known: what waits, */
    size_t count, bytes;
};

struct admission {
    struct bus *bus;
    const int64_t *calls_per_user;
    struct admission_hooks hooks;
    struct turns *turns;
    struct admission_connection *buckets[ADMISSION_BUCKETS];
    struct admission_connection *newest, *oldest;
    struct held *all;
    size_t connections; /* of the bus: the door has no more than it accepts */
    size_t unknown_bytes;
    size_t files[2]; /* calls with descriptors, of users and of root */
    ev_idle serve;
    ev_timer later; /* while the bus does not read */
    ev_timer pace;  /* until somebody slow may have a turn */
};

struct admission_connection *admission_find(const struct admission *admission, const char *name);
/* Used once, by who remembers it. NULL: no memory, or all connections are used. */
struct admission_connection *admission_remember(struct admission *admission, const struct bus *bus,
                                                const char *name);
void admission_use_more(struct admission_connection *connection);
void admission_use_less(struct admission_connection *connection);
/* One that nothing uses. */
void admission_forget(struct admission_connection *connection);
/* Those of this bus, or all (NULL), after their calls. */
void admission_lose_connections(struct admission *admission, const struct bus *bus);
