/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call to org.accesspkg1.Manager under way, as its table of methods (methods.c) and its way (manager.c) share
 * it. Included by these two only.
 */
#pragma once

#include "dbus/server_method.h"
#include "helperd/bus/manager.h"
#include "helperd/bus/options.h"

#include <time.h>

/*
 * Of the message its sender and serial are kept, the arguments as JSON: a message that is held counts against what
 * libdbus reads on, and keeps the descriptors that came with it.
 */
struct bus_call {
    struct bus_call *next;
    struct bus_manager *manager;
    const struct bus_call_method *method;
    DBusMessage *message;
    json_t *arguments;
    struct caller caller;
    bool identified;
    struct bus_options options;
    strv packages; /* Submit */
    char *user;    /* Retry: whom it names, as the directory writes it once that is known */
    bool for_root; /* see BUS_CALL_FOR_ROOT */
    struct inquiry inquiry;
    /* It is done, and its answer waits for what the root service does about it; since when, by CLOCK_MONOTONIC. */
    struct reply answer;
    time_t parked;
    struct facts *facts;
};

struct bus_manager {
    struct engine *engine;
    struct lookup *lookup;
    struct bus_manager_hooks hooks;
    struct bus *bus;
    struct bus_call *calls;
    size_t count;
};

/* What is not answered refuses a call, but for: */
enum {
    BUS_CALL_LACKS_USER =
        1 << 0, /* the user: its name is canonical where it is known, and as it was typed where not */
    BUS_CALL_LACKS_GROUPS = 1 << 1, /* the groups */
    BUS_CALL_LACKS_OTHERS = 1 << 2, /* further users, delegators among them */
    /* Uid 0 does it for being uid 0: nothing is looked up of it, so that no directory is in its way. A plan may say so of
     * a call, too. */
    BUS_CALL_FOR_ROOT = 1 << 3,
};

/*
 * plan: checks the arguments and names what to look up besides the caller; called again when the user that it put into
 * call->user turns out to have another name. run: asks the engine, for the call `asked`; engine_finish
 * follows. Both: 0, a positive enum bus_error with the reply's message, or -errno.
 */
struct bus_call_method {
    struct bus_method shape;
    int (*plan)(struct bus_call *call, struct reply *reply);
    int (*run)(struct bus_call *call, const struct call *asked);
    unsigned flags;
};

/* The methods, in the order of the interface's. */
extern const struct bus_call_method bus_methods[];
extern const struct bus_interface bus_methods_interface;
