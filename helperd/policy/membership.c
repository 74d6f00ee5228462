/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/policy/membership.h"

#include <stdlib.h>
#include <string.h>

/* The next state depends on `ours`: see membership_move(). Zero in the table: the event has no meaning here. */
enum { DEPENDS = -1 };

static const int transitions[MEMBERSHIP_STATE_COUNT][MEMBERSHIP_EVENT_COUNT] = {
    [MEMBERSHIP_NONE] = {[MEMBERSHIP_WANT_EVENT] = MEMBERSHIP_ASKING},
    [MEMBERSHIP_ASKING] =
        {
            [MEMBERSHIP_WANT_EVENT] = MEMBERSHIP_ASKING,
            [MEMBERSHIP_SEEN_IN_EVENT] = MEMBERSHIP_THERE,
            [MEMBERSHIP_SEEN_OUT_EVENT] = MEMBERSHIP_ADDING,
            [MEMBERSHIP_RELEASE_EVENT] = DEPENDS,
        },
    [MEMBERSHIP_ADDING] =
        {
            [MEMBERSHIP_WANT_EVENT] = MEMBERSHIP_ADDING,
            [MEMBERSHIP_SEEN_IN_EVENT] = MEMBERSHIP_THERE, /* others added it while our attempts failed */
            [MEMBERSHIP_ADDED_EVENT] = MEMBERSHIP_THERE,
            [MEMBERSHIP_REMOVED_EVENT] = MEMBERSHIP_ADDING, /* wanted again while it was removed */
            [MEMBERSHIP_RELEASE_EVENT] = DEPENDS,
        },
    [MEMBERSHIP_THERE] =
        {
            [MEMBERSHIP_WANT_EVENT] = MEMBERSHIP_THERE,
            [MEMBERSHIP_LOST_EVENT] = MEMBERSHIP_LOST,
            [MEMBERSHIP_RELEASE_EVENT] = DEPENDS,
        },
    [MEMBERSHIP_LOST] =
        {
            [MEMBERSHIP_WANT_EVENT] = MEMBERSHIP_ASKING,      /* it may have been put back manually */
            [MEMBERSHIP_RELEASE_EVENT] = MEMBERSHIP_REMOVING, /* it may be there by another name, and noted */
        },
    [MEMBERSHIP_REMOVING] =
        {
            [MEMBERSHIP_WANT_EVENT] = MEMBERSHIP_ADDING,
            [MEMBERSHIP_SEEN_IN_EVENT] = DEPENDS,           /* released while others added it */
            [MEMBERSHIP_ADDED_EVENT] = MEMBERSHIP_REMOVING, /* released while it was added */
            [MEMBERSHIP_REMOVED_EVENT] = DEPENDS,
            [MEMBERSHIP_RELEASE_EVENT] = MEMBERSHIP_REMOVING,
        },
};

static const char *const texts[] = {
    [MEMBERSHIP_NONE] = "none",   [MEMBERSHIP_ASKING] = "asking", [MEMBERSHIP_ADDING] = "adding",
    [MEMBERSHIP_THERE] = "there", [MEMBERSHIP_LOST] = "lost",     [MEMBERSHIP_REMOVING] = "removing",
};

static const enum membership_act acts[MEMBERSHIP_STATE_COUNT] = {
    [MEMBERSHIP_ASKING] = MEMBERSHIP_ACT_ASK,
    [MEMBERSHIP_ADDING] = MEMBERSHIP_ACT_ADD,
    [MEMBERSHIP_THERE] = MEMBERSHIP_ACT_NOTE,
    [MEMBERSHIP_REMOVING] = MEMBERSHIP_ACT_REMOVE,
};

/* Rule 6. An addition under way may have happened, so it is undone, too. */
static enum membership_state after_release(const struct membership *membership)
{
    const bool may_be_in = membership->state == MEMBERSHIP_THERE || membership->state == MEMBERSHIP_ADDING;
    return may_be_in && membership->ours ? MEMBERSHIP_REMOVING : MEMBERSHIP_NONE;
}

bool membership_move(struct membership *membership, enum membership_event event)
{
    const int next = transitions[membership->state][event];
    if (next == MEMBERSHIP_NONE)
        return false;
    /* A membership to be added was not there, so it becomes ours. One that was removed manually is ours no more, nor is
     * one that others added meanwhile. */
    if (next == MEMBERSHIP_ADDING)
        membership->ours = true;
    else if (next == MEMBERSHIP_LOST || next == MEMBERSHIP_ASKING || event == MEMBERSHIP_SEEN_IN_EVENT)
        membership->ours = false;
    if (next != DEPENDS)
        membership->state = (enum membership_state)next;
    else
        membership->state = event == MEMBERSHIP_RELEASE_EVENT ? after_release(membership) : MEMBERSHIP_NONE;
    return true;
}

enum membership_act membership_act(enum membership_state state)
{
    return acts[state];
}

const char *membership_state_text(enum membership_state state)
{
    return texts[state];
}

enum membership_state membership_state_from_text(const char *text)
{
    for (int state = 0; state < MEMBERSHIP_STATE_COUNT; state++)
        if (strcmp(texts[state], text) == 0)
            return (enum membership_state)state;
    return MEMBERSHIP_NONE;
}

void membership_deinit(struct membership *membership)
{
    free(membership->user);
    free(membership->group);
    free(membership->problem);
    *membership = (struct membership){0};
}
