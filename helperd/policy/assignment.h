/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An assignment: what a user holds, and its state machine as one table. Pure: no clock, no SQL, no bus.
 */
#pragma once

#include "common/grantfile.h"
#include "dbus/contract.h"

#include <stdbool.h>
#include <sys/types.h>

struct assignment {
    int64_t id;
    int64_t request; /* 0: none (adopted from a grant file) */
    char *package;
    char *user;
    uid_t uid;
    enum state state;
    struct grant_span span; /* moved to the moment of fulfilment when it was partial before (rule 8) */
    int64_t duration;       /* DURATION_FOREVER: its span ends at GRANT_FOREVER */
    bool extended;
    bool begun;        /* it was whole once: its clock runs, whatever falls short later */
    int64_t attempts;  /* to fulfil it, since it was last whole */
    int64_t retry_at;  /* 0: nothing to retry */
    int64_t warn_at;   /* when the user may have to be told that the end is near; 0: no more */
    int64_t notice_at; /* when a notice of the coming end is written; 0: no more */
    int64_t ended;     /* revoked: when; 0 before, and where its end just passed */
    char *ended_by;    /* then: by whom; NULL as long as it is not revoked */
    char *end_reason;  /* NULL: none was given */
};

/* One resource of an assignment: a group membership, in place or not. */
struct grant {
    char *group;
    gid_t gid;     /* (gid_t)-1 while it could not be resolved */
    char *problem; /* why it is not in place; NULL: it is */
    bool local;    /* the group stood in /etc/group when its gid was last looked up */
    bool drifted;  /* it was in place, and somebody took it away: not put back without being asked */
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

/* The state that follows (from STATE_NONE: the first), or STATE_NONE when the event is not allowed. */
enum state assignment_next(enum state state, enum assignment_event event);

/* When it is next time to tell that the end is near: 15 minutes before, and one. 0: not any more. */
bool assignment_is_near_end(const struct grant_span *span, int64_t now);
int64_t assignment_next_warning(const struct grant_span *span, int64_t now);
/* When a notice says so: a tenth of its time before, at least 15 minutes. 0: that has passed, or it lasts no longer than
 * that, or for ever. */
int64_t assignment_next_notice(const struct grant_span *span, int64_t now);

bool assignment_is_live(enum state state);

/* The word a person sees: Access extended is fulfilled plus the fact that its end was moved. */
enum state assignment_shown_state(const struct assignment *assignment);
