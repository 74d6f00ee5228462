/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user's membership in a group of /etc/group, where `membership = files`: what the daemon has the root service
 * org.accesspkg1.Privileged do about it, and its state machine as one table. Pure: no clock, no SQL, no bus.
 *
 * Rule 6 lives here: before anything is added it is asked, and recorded, whether the user was a member already; only
 * what was not there before is ever taken away. The answer is durable before the first try to add, so that a crash
 * between the two never makes a stranger's membership ours, nor ours a stranger's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum membership_state {
    MEMBERSHIP_NONE = 0, /* nothing is known, nothing is to be done */
    MEMBERSHIP_ASKING,   /* wanted; whether it was there before is to be asked */
    MEMBERSHIP_ADDING,   /* wanted, to be added */
    MEMBERSHIP_THERE,    /* wanted and in place */
    MEMBERSHIP_LOST,     /* wanted, and somebody took it away: waits for an administrator, or for a retry */
    MEMBERSHIP_REMOVING, /* no longer wanted, to be taken away */
    MEMBERSHIP_STATE_COUNT
};

#define MEMBERSHIP_EVENT_TABLE(X)                                                                            \
    X(WANT)     /* an assignment gives it */                                                                 \
    X(RELEASE)  /* the last assignment that gave it has ended */                                             \
    X(SEEN_IN)  /* asked: the user is a member */                                                            \
    X(SEEN_OUT) /* asked: the user is none */                                                                \
    X(ADDED)                                                                                                 \
    X(REMOVED)                                                                                               \
    X(LOST) /* it was there and is not any more */

enum membership_event {
#define X(name) MEMBERSHIP_##name##_EVENT,
    MEMBERSHIP_EVENT_TABLE(X)
#undef X
        MEMBERSHIP_EVENT_COUNT
};

/* What is to be asked of the root service in a state. */
enum membership_act {
    MEMBERSHIP_ACT_NONE = 0,
    MEMBERSHIP_ACT_ASK,
    MEMBERSHIP_ACT_ADD,
    MEMBERSHIP_ACT_REMOVE
};

struct membership {
    char *user;
    char *group;
    gid_t gid;
    enum membership_state state;
    bool ours; /* we added it, or are about to: to be taken away in the end */
    int64_t attempts;
    int64_t retry_at; /* 0: nothing to do */
    char *problem;    /* why the last try failed; NULL: it did not */
};

void membership_deinit(struct membership *membership);

/* Moves it along, `ours` with it. False, and nothing moved, where the event means nothing in this state: an answer
 * that came too late. */
bool membership_move(struct membership *membership, enum membership_event event);

enum membership_act membership_act(enum membership_state state);

/* As the store keeps it. */
const char *membership_state_text(enum membership_state state);
enum membership_state membership_state_from_text(const char *text); /* NONE when unknown */
