/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call to org.accesspkg1.Manager under way, shared by the table of methods (methods.c), the plans of what to look up
 * (plan.c) and the course of a call (manager.c). Included by these only.
 */
#pragma once

#include "dbus/server_method.h"
#include "helperd/bus/accounts.h"
#include "helperd/bus/admission.h"
#include "helperd/bus/manager.h"
#include "helperd/bus/metrics.h"
#include "helperd/bus/terms.h"

#include <time.h>

struct bus_call {
    struct bus_call *next, **place; /* in its manager's list */
    struct bus_call *next_ready;    /* see share.c */
    struct bus_manager *manager;
    const struct bus_call_method *method;
    struct admitted *admitted; /* what its answer goes to */
    json_t *arguments;
    struct caller caller;
    struct bus_terms terms;
    int file;      /* a descriptor among the arguments; -1: none */
    char *user;    /* owns terms.user after BUS_CALL_BY_NAME has replaced it; else NULL */
    bool for_root; /* see BUS_CALL_FOR_ROOT */
    struct inquiry inquiry;
    struct facts *facts;
    struct reply reply;
    int64_t began;        /* when it was let in (bus_metrics_now) */
    double since;         /* when its accounts were first asked for (bus_accounts_query) */
    bool awaits_accounts; /* has its facts, and waits for the accounts of who decides */
    bool steps;           /* it is done in steps, and has begun */
    time_t parked; /* since when its answer waits for the root service, by CLOCK_MONOTONIC; 0: it does not */
};

struct bus_manager {
    struct engine *engine;
    struct lookup *lookup;
    struct bus_manager_hooks hooks;
    struct bus_privileged *privileged;
    struct bus_accounts *accounts;
    struct admission *admission;
    struct bus_metrics *metrics;
    struct bus_call *calls; /* under way */
    /* The engine has done the call: sends its answer, or has it wait for what must come first (manager.c). */
    void (*conclude)(struct bus_call *call, int result);
    struct bus_call *ready; /* the oldest of those that are to share a commit; NULL: none waits */
    struct bus_call *last_ready;
    int64_t commit_ns; /* how long one of theirs took lately; 0: there was none */
};

enum {
    /* A failed look-up refuses the call, except that of: */
    BUS_CALL_LACKS_USER = 1 << 0,   /* the user: then the name counts as it was typed */
    BUS_CALL_LACKS_GROUPS = 1 << 1, /* the groups */
    BUS_CALL_LACKS_OTHERS = 1 << 2, /* further users, among them delegators */
    /* Uid 0 needs no further right: it is not looked up, so that no directory can block it. A plan may set this for a
     * call, too. */
    BUS_CALL_FOR_ROOT = 1 << 3,
    /* For uid 0 only: other callers are refused before anything is read or looked up. */
    BUS_CALL_ROOT_ONLY = 1 << 4,
    BUS_CALL_NOTIFIER_ONLY = 1 << 5, /* for the user that accesspkg-notify runs as */
    /* Decides: has the root service judge the accounts of the caller and of the delegators, who are the inquiry's others. */
    BUS_CALL_DECIDES = 1 << 7,
    BUS_CALL_NAMES_DECIDER = 1 << 8,  /* and that of the user, who is to decide */
    BUS_CALL_TELLS_ACCOUNTS = 1 << 9, /* tells uid 0 of the people of its principals, the first few */
    /* Needs terms.user as the directory spells it: planned again when another spelling was typed. */
    BUS_CALL_BY_NAME = 1 << 6,
    /* Is only begun by its run; engine_step_backup goes on, between other calls, and answers. */
    BUS_CALL_IN_STEPS = 1 << 10,
    /* May share a commit with others of this kind: all that it changes is in the joined transaction. */
    BUS_CALL_SHARES = 1 << 11,
};

/* Adds to the inquiry what to look up besides the caller. 0, a positive enum bus_error with the reply's message,
 * -errno. */
typedef int bus_plan(struct bus_call *call);

enum { BUS_PLANS_MAX = 5 };

/* options: the keys that an argument of type a{sv} may have. run: calls the engine; engine_finish follows. */
struct bus_call_method {
    struct bus_method shape;
    const char *options;
    bus_plan *plans[BUS_PLANS_MAX + 1];
    unsigned flags;
    int (*run)(const struct bus_call *call, const struct call *asked);
};

/* The methods, in the order of bus_methods_interface. */
extern const struct bus_call_method bus_methods[];
extern const struct bus_interface bus_methods_interface;

/*
 * Results as of a plan. Read: refuses callers who may not make the call, and reads its terms. Plan: runs the plans of
 * its method. Run: calls the engine with the facts, which `asked` has.
 */
int bus_call_read(struct bus_call *call);
int bus_call_plan(struct bus_call *call);
int bus_call_run(const struct bus_call *call, const struct call *asked);

/* The call has all that it needs: runs it, at once or with others that are ready in the same moment (share.c). */
void bus_call_run_ready(struct bus_call *call);
/* Nanoseconds of work that share the next commit, when one took so many lately; 0: it is not known. */
int64_t bus_share_work(int64_t commit_ns);
/* It waits for others no more, as nobody waits for its answer. */
void bus_call_drop_ready(struct bus_call *call);
static inline struct call bus_call_asked(struct bus_call *call)
{
    return (struct call){call->manager->engine, &call->caller, call->facts, &call->reply};
}

/*
 * The accounts of a call that decides (judge.c). Begin: asks for those that are known by uid or name before the look-up.
 * Fill: puts what the root service says into the facts. 0; -EAGAIN: call it again when something was answered; -ENOMEM.
 */
void bus_call_begin_accounts(struct bus_call *call);
int bus_call_fill_accounts(struct bus_call *call);

/* The plans (plan.c), by what they add. */
bus_plan bus_plan_names;          /* nothing; leaves out the groups of users */
bus_plan bus_plan_by_names;       /* leaves them out where the names so far name nobody by group */
bus_plan bus_plan_packages;       /* the groups of the package or packages */
bus_plan bus_plan_approvers;      /* the principals of their first stages */
bus_plan bus_plan_all_approvers;  /* the principals of all their stages */
bus_plan bus_plan_requestors;     /* the names of those who may ask for them, or take them in an emergency */
bus_plan bus_plan_all_requestors; /* the same, of all packages, as far as they are not known */
bus_plan bus_plan_sight;          /* the names of those who may see the request */
bus_plan bus_plan_revoker;        /* the names of those who may end the user's access */
bus_plan bus_plan_delegators;     /* the users in whose name the caller may decide */
bus_plan bus_plan_request;        /* the requestor, and the groups of the requested package */
bus_plan bus_plan_user;           /* the user */
bus_plan bus_plan_own_user;       /* the user that uid 0 names, or the caller themselves */
bus_plan bus_plan_any_user;       /* the user that any caller names */
bus_plan bus_plan_users;          /* the users */
bus_plan bus_plan_delegate;       /* the delegate */
bus_plan bus_plan_holder;         /* the user, unless the store knows the name as it was typed */
bus_plan bus_plan_holding;        /* the groups of the user's assignment of the package */
bus_plan bus_plan_list;           /* what the role of a list needs */
