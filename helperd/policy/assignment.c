/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/policy/assignment.h"

#include "common/duration.h"

#include <stdlib.h>

_Static_assert(DURATION_FOREVER == GRANT_FOREVER,
               "what lasts forever ends at the end of a file that says so");

static const enum state transitions[STATE_COUNT][ASSIGNMENT_EVENT_COUNT] = {
    [STATE_NONE] =
        {
            [ASSIGNMENT_FULFIL] = STATE_FULFILLED,
            [ASSIGNMENT_FALL_SHORT] = STATE_PARTIALLY_FULFILLED,
        },
    [STATE_PARTIALLY_FULFILLED] =
        {
            [ASSIGNMENT_FULFIL] = STATE_FULFILLED,
            [ASSIGNMENT_FALL_SHORT] = STATE_PARTIALLY_FULFILLED,
            [ASSIGNMENT_EXTEND] = STATE_PARTIALLY_FULFILLED,
            [ASSIGNMENT_END] = STATE_ACCESS_EXPIRED,
            [ASSIGNMENT_REVOKE] = STATE_REVOKED,
        },
    [STATE_FULFILLED] =
        {
            [ASSIGNMENT_FULFIL] = STATE_FULFILLED,
            [ASSIGNMENT_FALL_SHORT] = STATE_PARTIALLY_FULFILLED,
            [ASSIGNMENT_EXTEND] = STATE_FULFILLED,
            [ASSIGNMENT_END] = STATE_ACCESS_EXPIRED,
            [ASSIGNMENT_REVOKE] = STATE_REVOKED,
        },
};

static const char *const event_texts[] = {
#define X(name, text) [ASSIGNMENT_##name] = text,
    ASSIGNMENT_EVENT_TABLE(X)
#undef X
};

const char *assignment_event_text(enum assignment_event event)
{
    return event_texts[event];
}

enum state assignment_next(enum state state, enum assignment_event event)
{
    return transitions[state][event];
}

static const int64_t warnings[] = {15 * 60, 60}; /* seconds before the end */

int64_t assignment_next_warning(const struct grant_span *span, int64_t now)
{
    if (span->end == GRANT_FOREVER)
        return 0;
    for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++)
        if (span->end - warnings[i] > now && span->end - warnings[i] >= span->start)
            return span->end - warnings[i];
    return 0;
}

int64_t assignment_next_notice(const struct grant_span *span, int64_t window, int64_t now)
{
    if (span->end == GRANT_FOREVER)
        return 0;
    const int64_t tenth = (span->end - span->start) / 10;
    const int64_t usual = tenth > warnings[0] ? tenth : warnings[0];
    const int64_t at = span->end - (window && window < usual ? window : usual);
    return at > now && at > span->start ? at : 0;
}

bool assignment_is_near_end(const struct grant_span *span, int64_t now)
{
    return span->end != GRANT_FOREVER && now >= span->end - warnings[0] && now < span->end;
}

bool assignment_is_live(enum state state)
{
    return state == STATE_FULFILLED || state == STATE_PARTIALLY_FULFILLED;
}

enum state assignment_shown_state(const struct assignment *assignment)
{
    if (assignment->state == STATE_FULFILLED && assignment->extended)
        return STATE_ACCESS_EXTENDED;
    return assignment->state;
}

void assignment_deinit(struct assignment *assignment)
{
    free(assignment->package);
    free(assignment->user);
    free(assignment->ended_by);
    free(assignment->end_reason);
    *assignment = (struct assignment){0};
}

void grant_deinit(struct grant *grant)
{
    free(grant->group);
    free(grant->problem);
    *grant = (struct grant){0};
}
