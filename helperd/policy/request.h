/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A request: what it holds, and its state machine as one table. Pure: no clock, no SQL, no bus.
 */
#pragma once

#include "common/identity.h"
#include "dbus/contract.h"
#include "helperd/config/packages.h"

/* Strings are owned; NULL where nothing was said. Times are seconds since the epoch, 0 where there is none.
 */
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
    bool origin_verified; /* uid 0 said where it came from */
    bool at_gate;         /* filed by the PAM module */
    bool assigned;        /* by an administrator, not asked for */
    bool overrides;       /* and although it is incompatible with what the user had */
    bool waiting;         /* approved, its start still ahead */
    bool emergency;       /* taken without approval; somebody reviews it afterwards */
    int64_t reviewed;     /* when; 0: not yet, or no emergency */
    int64_t duration;     /* asked for; DURATION_FOREVER: without an end */
    int64_t granted;      /* what an approver gave instead, less than asked; 0: what was asked */
    int64_t start;
    int64_t submitted;
    int64_t ended;
    char *cancel_reason;
    int64_t stage; /* the one it waits in, from 1; 0 before and without approval */
    int64_t n_stages;
    int64_t deadline;  /* of the current stage */
    int64_t extends;   /* the assignment whose end it would move; 0: it asks for a new one */
    char *undecidable; /* why nobody can decide it now; NULL: somebody can, as far as is known */
};

/* A stage as it was when the request was filed: policy edits do not change it. */
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

/* for_user: the approver in whose name a delegate decided, and who they were when they delegated; NULL: nobody. */
struct decision {
    int64_t stage;
    char *decider;
    struct identity identity;
    char *for_user;
    struct identity for_identity;
    bool approved;
    char *reason;
    int64_t at;
};

void request_deinit(struct request *request);
void stage_deinit(struct stage *stage);
void decision_deinit(struct decision *decision);

#define REQUEST_EVENT_TABLE(X)                                                                               \
    X(ROUTE, "route")     /* filed; somebody has to approve */                                               \
    X(WAIVE, "waive")     /* filed; the policy asks nobody */                                                \
    X(ADVANCE, "advance") /* a stage is complete, another follows */                                         \
    X(APPROVE, "approve") /* the last stage is complete */                                                   \
    X(DENY, "deny")                                                                                          \
    X(TIME_OUT, "time-out") /* nobody decided in time */                                                     \
    X(CANCEL, "cancel")     /* the requestor withdrew it */

enum request_event {
#define X(name, text) REQUEST_##name,
    REQUEST_EVENT_TABLE(X)
#undef X
        REQUEST_EVENT_COUNT
};

const char *request_event_text(enum request_event event);

/* The state that follows, or STATE_NONE when the event is not allowed in this state: refuse and record it. */
enum state request_next(enum state state, enum request_event event);

/* Whether the user has a request that still may lead somewhere: one of these per user and package at a time.
 */
bool request_is_open(enum state state);
