/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Retries of what is partially fulfilled: each waits for the look-up of its user and groups. */
#include "helperd/daemon/internal.h"

static void on_retry_facts(struct facts *facts, void *data)
{
    struct retry *retry = data;
    struct daemon *daemon = retry->daemon;
    if (facts)
        engine_retry(&daemon->engine, retry->assignment, facts);
    facts_free(facts);
    retry->daemon = NULL;
    daemon_start_retries(daemon);
}

static bool start_retry(struct daemon *daemon, struct retry *retry)
{
    struct inquiry inquiry = INQUIRY_EMPTY;
    if (engine_take_due_retry(&daemon->engine, &retry->assignment, &inquiry) != 0)
        return false;
    const int r = lookup_ask(daemon->lookup, &inquiry, on_retry_facts, retry);
    inquiry_deinit(&inquiry);
    if (r == 0)
        retry->daemon = daemon;
    return r == 0;
}

void daemon_start_retries(struct daemon *daemon)
{
    for (size_t i = 0; i < RETRIES_AT_ONCE; i++)
        if (!daemon->retries[i].daemon && !start_retry(daemon, &daemon->retries[i]))
            return;
}
