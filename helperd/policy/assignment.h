/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An assignment, which gives a user a package, and its state machine as one table. Pure: no clock, no SQL, no bus.
 */
#pragma once

#include "common/grantfile.h"
#include "common/usage.h"
#include "dbus/contract.h"

#include <stdbool.h>
#include <sys/types.h>

/* Strings are owned. Times are seconds since the epoch. */
struct assignment {
    int64_t id;
    int64_t request; /* 0: none (adopted from a grant file) */
    char *package;
    char *user;
    uid_t uid;
    enum state state;
    struct grant_span span; /* begins when it is first fulfilled (rule 8) */
    int64_t duration;       /* seconds; DURATION_FOREVER: its span ends at GRANT_FOREVER, or at `until` */
    int64_t until;          /* the latest end that was asked for, or given; 0: none */
    bool extended;
    bool begun;        /* a group of it was in place once: its clock runs, even if it lacks groups later */
    int64_t attempts;  /* to fulfil it, since it was last fulfilled */
    int64_t retry_at;  /* 0: nothing to retry */
    int64_t warn_at;   /* when to warn the user of the end on terminals; 0: no more */
    int64_t notice_at; /* when to write a notice of the coming end; 0: no more */
    struct usage use;  /* as it was known when it ended; of one that is live: zero */
    bool held;         /* its store was put back: nothing but an administrator's retry gives it */
    int64_t ended;     /* when it was revoked; 0: not revoked */
    char *ended_by;    /* who revoked it; NULL: not revoked */
    char *end_reason;  /* NULL: none was given */
};

/* One resource of an assignment: a group membership, in place or not. */
struct grant {
    char *group;
    gid_t gid;     /* (gid_t)-1: not resolved yet */
    char *problem; /* why it is not in place; NULL: it is */
    bool local;    /* the group was in /etc/group when its gid was last looked up */
    bool drifted;  /* it was removed manually: put back only on request */
};

void assignment_deinit(struct assignment *assignment);
void grant_deinit(struct grant *grant);

#define ASSIGNMENT_EVENT_TABLE(X)                                                                            \
    X(FULFIL, "fulfil")         /* every resource is in place */                                             \
    X(FALL_SHORT, "fall-short") /* at least one is not */                                                    \
    X(EXTEND, "extend")         /* its end moves */                                                          \
    X(END, "end")               /* its end passed */                                                         \
    X(REVOKE, "revoke")         /* ended early */

enum assignment_event {
#define X(name, text) ASSIGNMENT_##name,
    ASSIGNMENT_EVENT_TABLE(X)
#undef X
        ASSIGNMENT_EVENT_COUNT
};

const char *assignment_event_text(enum assignment_event event);

/* The next state (from STATE_NONE: the first one); STATE_NONE when the event is not allowed. */
enum state assignment_next(enum state state, enum assignment_event event);

/* True in the last 15 minutes. */
bool assignment_is_near_end(const struct grant_span *span, int64_t now);
/* The time of the next warning, 15 minutes and one minute before the end; 0: no more. */
int64_t assignment_next_warning(const struct grant_span *span, int64_t now);
/* The time of the notice: a tenth of the span before its end, at least 15 minutes; but not before the window opens in which
 * an extension may be asked for (seconds; 0: none). 0 when that has passed, or the span is no longer than that or has no
 * end. */
int64_t assignment_next_notice(const struct grant_span *span, int64_t window, int64_t now);

/* True while it is fulfilled, wholly or partially. */
bool assignment_is_live(enum state state);

/* The state that people see: "Access extended" is fulfilled and once extended. */
enum state assignment_shown_state(const struct assignment *assignment);
