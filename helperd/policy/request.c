/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/policy/request.h"

#include <stdlib.h>
#include <string.h>

static const enum state transitions[STATE_COUNT][REQUEST_EVENT_COUNT] = {
    [STATE_SUBMITTED] =
        {
            [REQUEST_ROUTE] = STATE_PENDING_APPROVAL,
            [REQUEST_WAIVE] = STATE_APPROVED,
            [REQUEST_CANCEL] = STATE_CANCELLED,
        },
    [STATE_PENDING_APPROVAL] =
        {
            [REQUEST_ADVANCE] = STATE_PENDING_APPROVAL,
            [REQUEST_APPROVE] = STATE_APPROVED,
            [REQUEST_DENY] = STATE_DENIED,
            [REQUEST_TIME_OUT] = STATE_EXPIRED,
            [REQUEST_CANCEL] = STATE_CANCELLED,
        },
    /* While its start is still ahead, it may be withdrawn. After that the assignment is handed back. */
    [STATE_APPROVED] = {[REQUEST_CANCEL] = STATE_CANCELLED},
};

static const char *const event_texts[] = {
#define X(name, text) [REQUEST_##name] = text,
    REQUEST_EVENT_TABLE(X)
#undef X
};

const char *request_event_text(enum request_event event)
{
    return event_texts[event];
}

enum state request_next(enum state state, enum request_event event)
{
    return transitions[state][event];
}

void request_deinit(struct request *request)
{
    free(request->package);
    free(request->user);
    free(request->full_name);
    free(request->organisation);
    free(request->justification);
    free(request->service);
    free(request->host);
    free(request->address);
    free(request->tty);
    free(request->cancel_reason);
    free(request->groups);
    free(request->gids);
    free(request->nonce);
    free(request->undecidable);
    *request = (struct request){0};
}

bool request_may_give(const struct request *request, const char *group)
{
    const size_t length = strlen(group);
    for (const char *line = request->groups; line && *line;) {
        const size_t end = strcspn(line, "\n");
        if (end == length && memcmp(line, group, length) == 0)
            return true;
        line += end + (line[end] == '\n');
    }
    return false;
}

gid_t request_gid(const struct request *request, const char *group)
{
    const size_t length = strlen(group);
    for (const char *line = request->gids; line && *line;) {
        char *name = NULL;
        const unsigned long gid = strtoul(line, &name, 10);
        const size_t end = strcspn(line, "\n");
        if (name + 1 + length == line + end && memcmp(name + 1, group, length) == 0)
            return (gid_t)gid;
        line += end + (line[end] == '\n');
    }
    return GID_UNSET;
}

void stage_deinit(struct stage *stage)
{
    strv_free(stage->approvers);
    strv_free(stage->fallback_approvers);
    *stage = (struct stage){0};
}

void decision_deinit(struct decision *decision)
{
    free(decision->decider);
    free(decision->for_user);
    free(decision->reason);
    *decision = (struct decision){0};
}
