/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call to org.accesspkg1.Manager under way, as its table of methods (methods.c), what is looked up for it (plan.c) and its
 * way (manager.c) share it. Included by these only.
 */
#pragma once

#include "dbus/server_method.h"
#include "helperd/bus/manager.h"
#include "helperd/bus/terms.h"

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
    struct bus_terms terms;
    char *user;    /* what terms.user is, where BUS_CALL_BY_NAME put the directory's name there */
    bool for_root; /* see BUS_CALL_FOR_ROOT */
    struct inquiry inquiry;
    struct facts *facts;
    struct reply reply;
    time_t
        parked; /* done, and waits for what the root service does about it since then, by CLOCK_MONOTONIC; 0: not */
};

struct bus_manager {
    struct engine *engine;
    struct lookup *lookup;
    struct bus_manager_hooks hooks;
    struct bus *bus;
    struct bus_call *calls;
    size_t count;
};

enum {
    /* What is not answered refuses a call, but for: */
    BUS_CALL_LACKS_USER =
        1 << 0, /* the user: its name is canonical where it is known, else as it was typed */
    BUS_CALL_LACKS_GROUPS = 1 << 1, /* the groups */
    BUS_CALL_LACKS_OTHERS = 1 << 2, /* further users, delegators among them */
    /* Uid 0 does it for being uid 0: nothing is looked up of it, so that no directory is in its way. A plan may say so of
     * a call, too. */
    BUS_CALL_FOR_ROOT = 1 << 3,
    /* For uid 0 alone: anybody else is refused before anything is read or looked up. */
    BUS_CALL_ROOT_ONLY = 1 << 4,
    BUS_CALL_NOTIFIER_ONLY = 1 << 5, /* for the user that accesspkg-notify runs as */
    /* terms.user is the name as the directory writes it: planned anew where another one was typed. */
    BUS_CALL_BY_NAME = 1 << 6,
};

/* Adds what to look up besides the caller. 0, a positive enum bus_error with the reply's message, or -errno. */
typedef int bus_plan(struct bus_call *call);

enum { BUS_PLANS_MAX = 3 };

/* `options`: the names of what an argument that is a{sv} may carry. run: asks the engine; engine_finish follows. */
struct bus_call_method {
    struct bus_method shape;
    const char *options;
    bus_plan *plans[BUS_PLANS_MAX + 1];
    unsigned flags;
    int (*run)(const struct bus_call *call, const struct call *asked);
};

/* The methods, in the order of the interface's. */
extern const struct bus_call_method bus_methods[];
extern const struct bus_interface bus_methods_interface;

/*
 * Results as a plan's. Read: refuses who may not make the call, and takes its terms. Plan: all that its method's row names.
 * Run: asks the engine, once the facts are there, for the call `asked`.
 */
int bus_call_read(struct bus_call *call);
int bus_call_plan(struct bus_call *call);
int bus_call_run(const struct bus_call *call, const struct call *asked);

/* The plans (plan.c), each of which a method's row names. */
bus_plan bus_plan_names;         /* no groups of users */
bus_plan bus_plan_packages;      /* the groups of the packages, or of the package */
bus_plan bus_plan_approvers;     /* the principals of their first stages, */
bus_plan bus_plan_all_approvers; /* of all their stages */
bus_plan bus_plan_delegators;    /* in whose name the caller may decide */
bus_plan bus_plan_request;       /* the requestor, and the groups of what was asked for */
bus_plan bus_plan_user;          /* the user */
bus_plan
    bus_plan_own_user; /* the user, where uid 0 names one; others do not have a name of theirs looked up */
bus_plan bus_plan_any_user; /* a user that anybody may name */
bus_plan bus_plan_users;    /* the users */
bus_plan bus_plan_delegate; /* to whom to delegate */
bus_plan bus_plan_holder;   /* the user, where the store does not know the name as it was typed */
bus_plan bus_plan_holding;  /* the groups of what the user holds of the package */
bus_plan bus_plan_list;     /* what the role of a list needs */
