/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/outbox.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *identifier;
    enum outbox_audience audience;
    const char *summary;
    const char *terminal;
    const char *commands;
} events[] = {
#define X(symbol, identifier, audience, summary, terminal, commands)                                         \
    [OUTBOX_##symbol] = {identifier, audience, summary, terminal, commands},
    OUTBOX_TABLE(X)
#undef X
};

const char *outbox_identifier(enum outbox_event event)
{
    return events[event].identifier;
}

enum outbox_audience outbox_audience(enum outbox_event event)
{
    return events[event].audience;
}

const char *outbox_summary(enum outbox_event event)
{
    return events[event].summary;
}

const char *outbox_terminal(enum outbox_event event)
{
    return events[event].terminal;
}

const char *outbox_commands(enum outbox_event event)
{
    return events[event].commands;
}

enum outbox_event outbox_from_identifier(const char *identifier)
{
    size_t event = 0;
    while (event < OUTBOX_EVENT_COUNT && strcmp(events[event].identifier, identifier) != 0)
        event++;
    return (enum outbox_event)event;
}

void notice_deinit(struct notice *notice)
{
    free(notice->recipients);
    free(notice->facts);
    free(notice->done);
    free(notice->failure);
    *notice = (struct notice){0};
}
