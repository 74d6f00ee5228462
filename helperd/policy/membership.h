/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user's membership in a group of /etc/group, with `membership = files`: its state machine as one table, and what to
 * ask of the root service, org.accesspkg1.Privileged, in each state. Pure: no clock, no SQL, no bus.
 *
 * Implements rule 6: before adding a membership, the daemon asks whether the user is a member already and records the
 * answer; it never removes a membership that was there before. The root service looks again at each attempt to add, and
 * notes for itself what it adds and until when: whatever becomes of our store, it ends then, and nothing else does.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum membership_state {
    MEMBERSHIP_NONE = 0, /* not wanted, nothing to do */
    MEMBERSHIP_ASKING,   /* wanted; ask first whether it is there already */
    MEMBERSHIP_ADDING,   /* wanted, to be added */
    MEMBERSHIP_THERE,    /* wanted and in place */
    MEMBERSHIP_LOST,     /* wanted, but removed manually: waits for an administrator or a retry */
    MEMBERSHIP_REMOVING, /* no longer wanted, to be removed */
    MEMBERSHIP_STATE_COUNT
};

#define MEMBERSHIP_EVENT_TABLE(X)                                                                            \
    X(WANT)     /* an assignment gives it */                                                                 \
    X(RELEASE)  /* the last assignment that gave it has ended */                                             \
    X(SEEN_IN)  /* the answer: the user is a member already, and not by us */                                \
    X(SEEN_OUT) /* the answer: the user is no member, or one whom the root service added */                  \
    X(ADDED)                                                                                                 \
    X(REMOVED)                                                                                               \
    X(LOST) /* it was in place and is missing now */

enum membership_event {
#define X(name) MEMBERSHIP_##name##_EVENT,
    MEMBERSHIP_EVENT_TABLE(X)
#undef X
        MEMBERSHIP_EVENT_COUNT
};

/* What to ask of the root service in a state. */
enum membership_act {
    MEMBERSHIP_ACT_NONE = 0,
    MEMBERSHIP_ACT_ASK,
    MEMBERSHIP_ACT_ADD,
    MEMBERSHIP_ACT_NOTE, /* tell when it ends; only where retry_at says so */
    MEMBERSHIP_ACT_REMOVE
};

struct membership {
    char *user;
    char *group;
    gid_t gid;
    enum membership_state state;
    bool ours; /* we added it, or are about to, and so remove it in the end */
    int64_t attempts;
    int64_t retry_at; /* 0: nothing to do */
    char *problem;    /* why the last attempt failed; NULL: it did not */
    int64_t until;    /* the end that the root service is told; not in the store */
};

void membership_deinit(struct membership *membership);

/* Moves to the next state, and sets `ours`. False, and no change, for an event without meaning here: a late answer. */
bool membership_move(struct membership *membership, enum membership_event event);

enum membership_act membership_act(enum membership_state state);

/* The identifiers in the store. */
const char *membership_state_text(enum membership_state state);
enum membership_state membership_state_from_text(const char *text); /* NONE when unknown */
