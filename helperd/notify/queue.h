/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The queue of notices for the programs of notify.d: decides which program runs when. Each pair of notice and program
 * has its own pauses, which grow, so that neither delays another. Uses no bus: it reports through a hook, and again
 * until the report is confirmed.
 */
#pragma once

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct queue_settings {
    const char *folder; /* notify.d */
    double deadline;    /* seconds that a program may take */
    double first;       /* seconds before the first retry; doubled each time */
    double longest;     /* seconds between retries at most */
    int64_t give_up;    /* seconds until a notice that still fails is given up */
};

extern const struct queue_settings queue_defaults;

struct queue_hooks {
    /* A program has delivered the notice (ok), or failed with this message. hook "": the notice is finished, or given
     * up when there is a message. The queue keeps a finished notice until queue_confirm. */
    void (*report)(int64_t id, const char *hook, bool ok, const char *message, void *data);
    void *data;
};

struct queue;

struct queue *queue_new(struct ev_loop *loop, const struct queue_settings *settings,
                        const struct queue_hooks *hooks);
void queue_free(struct queue *queue);

bool queue_has_room(const struct queue *queue);
/* Takes over the notice, as TakeNotices gives it; drops one that the queue has already. */
void queue_add(struct queue *queue, json_t *notice);
/* accesspkgd has the report. */
void queue_confirm(struct queue *queue, int64_t id, const char *hook);
/* Reports again what was not confirmed. */
void queue_repeat_reports(struct queue *queue);
/* Starts no more programs. queue_is_idle: none runs. */
void queue_stop(struct queue *queue);
bool queue_is_idle(const struct queue *queue);
