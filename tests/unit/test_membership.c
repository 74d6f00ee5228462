/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memberships of membership = files: every state and every event, and whose a membership is (rule 6). */
#include "helperd/policy/membership.h"
#include "tests/support/suite.h"

#include <stdlib.h>

enum { NO = -1 }; /* the event means nothing in this state */

#define THERE_OR_GONE (-2) /* depends on whose it is */

static const int expected[MEMBERSHIP_STATE_COUNT][MEMBERSHIP_EVENT_COUNT] = {
    /*            WANT               RELEASE              SEEN_IN           SEEN_OUT           ADDED                REMOVED            LOST */
    [MEMBERSHIP_NONE] = {MEMBERSHIP_ASKING, NO, NO, NO, NO, NO, NO},
    [MEMBERSHIP_ASKING] = {MEMBERSHIP_ASKING, MEMBERSHIP_NONE, MEMBERSHIP_THERE, MEMBERSHIP_ADDING, NO, NO,
                           NO},
    [MEMBERSHIP_ADDING] = {MEMBERSHIP_ADDING, MEMBERSHIP_REMOVING, MEMBERSHIP_THERE, NO, MEMBERSHIP_THERE,
                           MEMBERSHIP_ADDING, NO},
    [MEMBERSHIP_THERE] = {MEMBERSHIP_THERE, THERE_OR_GONE, NO, NO, NO, NO, MEMBERSHIP_LOST},
    [MEMBERSHIP_LOST] = {MEMBERSHIP_ASKING, MEMBERSHIP_REMOVING, NO, NO, NO, NO, NO},
    [MEMBERSHIP_REMOVING] = {MEMBERSHIP_ADDING, MEMBERSHIP_REMOVING, MEMBERSHIP_NONE, NO, MEMBERSHIP_REMOVING,
                             MEMBERSHIP_NONE, NO},
};

START_TEST(every_state_and_every_event)
{
    for (int state = 0; state < MEMBERSHIP_STATE_COUNT; state++)
        for (int event = 0; event < MEMBERSHIP_EVENT_COUNT; event++)
            for (int ours = 0; ours < 2; ours++) {
                struct membership membership = {.state = (enum membership_state)state,
                                                .ours = ours || state == MEMBERSHIP_ADDING};
                int next = expected[state][event];
                if (next == THERE_OR_GONE)
                    next = ours ? MEMBERSHIP_REMOVING : MEMBERSHIP_NONE;
                const bool moved = membership_move(&membership, (enum membership_event)event);
                ck_assert_msg(moved == (next != NO), "%d, %d", state, event);
                ck_assert_msg((int)membership.state == (moved ? next : state), "%d, %d", state, event);
            }
}
END_TEST

static bool ours_after(const enum membership_event *events, size_t count)
{
    struct membership membership = {0};
    for (size_t i = 0; i < count; i++)
        ck_assert(membership_move(&membership, events[i]));
    return membership.ours;
}

START_TEST(what_was_there_before_is_not_ours)
{
    static const enum membership_event before[] = {MEMBERSHIP_WANT_EVENT, MEMBERSHIP_SEEN_IN_EVENT};
    static const enum membership_event added[] = {MEMBERSHIP_WANT_EVENT, MEMBERSHIP_SEEN_OUT_EVENT};
    /* An administrator took out who was in before, then had us put them back. */
    static const enum membership_event put_back[] = {MEMBERSHIP_WANT_EVENT, MEMBERSHIP_SEEN_IN_EVENT,
                                                     MEMBERSHIP_LOST_EVENT, MEMBERSHIP_WANT_EVENT,
                                                     MEMBERSHIP_SEEN_OUT_EVENT};
    /* An administrator took out whom we had added, and made them a standing member. */
    static const enum membership_event standing[] = {MEMBERSHIP_WANT_EVENT,  MEMBERSHIP_SEEN_OUT_EVENT,
                                                     MEMBERSHIP_ADDED_EVENT, MEMBERSHIP_LOST_EVENT,
                                                     MEMBERSHIP_WANT_EVENT,  MEMBERSHIP_SEEN_IN_EVENT};
    /* An administrator added them while our attempts failed. */
    static const enum membership_event meanwhile[] = {MEMBERSHIP_WANT_EVENT, MEMBERSHIP_SEEN_OUT_EVENT,
                                                      MEMBERSHIP_SEEN_IN_EVENT};
    ck_assert(!ours_after(meanwhile, 3));
    ck_assert(!ours_after(before, 2));
    ck_assert(ours_after(added, 2)); /* durable before the first try to add */
    ck_assert(ours_after(put_back, 5));
    ck_assert(ours_after(standing, 3));
    ck_assert(!ours_after(standing, 4));
    ck_assert(!ours_after(standing, 6));
}

/* As it was stored before what was lost stopped being ours. */
START_TEST(what_was_lost_is_asked_for_anew)
{
    struct membership membership = {.state = MEMBERSHIP_LOST, .ours = true};
    ck_assert(membership_move(&membership, MEMBERSHIP_WANT_EVENT));
    ck_assert(membership_move(&membership, MEMBERSHIP_SEEN_IN_EVENT));
    ck_assert(!membership.ours);
    ck_assert(membership_move(&membership, MEMBERSHIP_RELEASE_EVENT));
    ck_assert_int_eq(membership.state, MEMBERSHIP_NONE);
}
END_TEST

/* Lost by its name may be there by another: the root service knows. */
START_TEST(what_was_lost_is_released_by_the_root_service)
{
    struct membership membership = {.state = MEMBERSHIP_LOST};
    ck_assert(membership_move(&membership, MEMBERSHIP_RELEASE_EVENT));
    ck_assert_int_eq(membership_act(membership.state), MEMBERSHIP_ACT_REMOVE);
}
END_TEST

START_TEST(each_state_says_what_is_to_be_done)
{
    static const enum membership_act acts[] = {
        [MEMBERSHIP_NONE] = MEMBERSHIP_ACT_NONE,  [MEMBERSHIP_ASKING] = MEMBERSHIP_ACT_ASK,
        [MEMBERSHIP_ADDING] = MEMBERSHIP_ACT_ADD, [MEMBERSHIP_THERE] = MEMBERSHIP_ACT_NOTE,
        [MEMBERSHIP_LOST] = MEMBERSHIP_ACT_NONE,  [MEMBERSHIP_REMOVING] = MEMBERSHIP_ACT_REMOVE,
    };
    for (int state = 0; state < MEMBERSHIP_STATE_COUNT; state++) {
        ck_assert_int_eq(membership_act((enum membership_state)state), acts[state]);
        ck_assert_int_eq(membership_state_from_text(membership_state_text((enum membership_state)state)),
                         state);
    }
    ck_assert_int_eq(membership_state_from_text("nonsense"), MEMBERSHIP_NONE);
}
END_TEST

int main(void)
{
    suite_case("membership", NULL, NULL);
    suite_add(every_state_and_every_event, what_was_there_before_is_not_ours, what_was_lost_is_asked_for_anew,
              what_was_lost_is_released_by_the_root_service, each_state_says_what_is_to_be_done);
    return suite_run();
}
