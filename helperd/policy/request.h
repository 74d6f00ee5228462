/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A request for access, and its state machine as one table. Pure: no clock, no SQL, no bus.
 */
#pragma once

#include "common/identity.h"
#include "dbus/contract.h"
#include "helperd/config/packages.h"

/* Strings are owned; NULL: none was given. Times are seconds since the epoch; 0: none. */
struct request {
    int64_t id;
    char *package;
    char *user; /* canonical, as getpwnam returns it */
    struct identity requestor;
    char *full_name;
    char *organisation;
    enum state state;
    char *justification;
    bool no_reason_given;
    char *service;
    char *host;
    char *address;
    char *tty;
    bool origin_verified; /* uid 0 reported the origin */
    bool at_gate;         /* filed by the PAM module */
    bool assigned;        /* assigned by an administrator, not asked for */
    bool overrides;       /* ... though incompatible with another package of the user */
    bool waiting;         /* approved, its start still ahead */
    bool local;           /* the user was in the files of this host when it was filed, or since */
    bool emergency;       /* taken without approval, to be reviewed afterwards */
    int64_t reviewed;     /* when; 0: not yet, or no emergency */
    int64_t duration;     /* asked for, seconds; DURATION_FOREVER: without an end */
    int64_t granted;      /* a shorter duration, given by an approver; 0: as asked */
    int64_t start;
    int64_t until; /* the latest end that was asked for, or given; 0: its duration alone says */
    int64_t submitted;
    int64_t ended;
    char *cancel_reason;
    int64_t stage; /* the current one, from 1; 0: none yet, or no approval needed */
    int64_t n_stages;
    int64_t deadline;    /* of the current stage */
    int64_t extends;     /* the assignment to extend; 0: it asks for a new one */
    int64_t escalate_at; /* when its fallback approvers are asked; 0: not, or done */
    int64_t remind_at;   /* when those who are asked are reminded; 0: not, or done */
    char *groups; /* those that it may give, a line each: the package's when it was filed or approved */
    char *gids;   /* lines "GID NAME": the gids of groups as they were known when it was filed, or approved */
    char *nonce;  /* random: its text (lifecycle/request_text.c) is unlike any other */
    char *undecidable; /* why no user can decide it now; NULL: some can, as far as is known */
};

/* A stage as of the time when the request was filed: edits of the policy do not change it. Durations in seconds. */
struct stage {
    int64_t number;
    int64_t quorum;
    int64_t timeout;
    int64_t escalate_after;
    int64_t entered;   /* 0: not reached yet */
    int64_t escalated; /* when the fallback approvers were first asked; 0: not yet */
    strv approvers;
    strv fallback_approvers;
};

struct decision {
    int64_t stage;
    char *decider;
    struct identity identity;
    char *for_user;               /* the approver in whose name a delegate decided; NULL: no delegate */
    struct identity for_identity; /* of for_user, as of the time when they delegated */
    bool approved;
    char *reason;
    int64_t at;
};

void request_deinit(struct request *request);
/* Whether the request may give this group (rule 14). One from before there was a bound: no. */
bool request_may_give(const struct request *request, const char *group);
/* The gid that is recorded for this group; GID_UNSET: none is. */
gid_t request_gid(const struct request *request, const char *group);
void stage_deinit(struct stage *stage);
void decision_deinit(struct decision *decision);

#define REQUEST_EVENT_TABLE(X)                                                                               \
    X(ROUTE, "route")     /* filed; approval is needed */                                                    \
    X(WAIVE, "waive")     /* filed; no approval is needed */                                                 \
    X(ADVANCE, "advance") /* a stage is complete, another follows */                                         \
    X(APPROVE, "approve") /* the last stage is complete */                                                   \
    X(DENY, "deny")                                                                                          \
    X(TIME_OUT, "time-out") /* no decision in time */                                                        \
    X(CANCEL, "cancel")     /* the requestor withdrew it */

enum request_event {
#define X(name, text) REQUEST_##name,
    REQUEST_EVENT_TABLE(X)
#undef X
        REQUEST_EVENT_COUNT
};

const char *request_event_text(enum request_event event);

/* The next state; STATE_NONE when the event is not allowed in this state: refuse and record it. */
enum state request_next(enum state state, enum request_event event);
