/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notices on their way to the programs of notify.d: which are to be run when, with pauses that grow by notice and program,
 * so that neither holds up another. Knows no bus: what became of them is said through the hooks, and said again until
 * somebody heard it.
 */
#pragma once

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct queue_settings {
    const char *folder; /* notify.d */
    double deadline;    /* seconds a program may take */
    double first;       /* the first pause before it is tried again; doubled each time */
    double longest;
    int64_t give_up; /* seconds after which a notice that still fails is given up */
};

extern const struct queue_settings queue_defaults;

struct queue_hooks {
    /* A program has it (ok), or failed at it. `hook` "": all are through with it; a message: it is given up. The queue
     * keeps what is finished until queue_told. */
    void (*report)(int64_t id, const char *hook, bool ok, const char *message, void *data);
    void *data;
};

struct queue;

struct queue *queue_new(struct ev_loop *loop, const struct queue_settings *settings,
                        const struct queue_hooks *hooks);
void queue_free(struct queue *queue);

/* Whether there is room for more. */
bool queue_has_room(const struct queue *queue);
/* Takes the notice, as TakeNotices gives it; one that is here already is dropped. */
void queue_add(struct queue *queue, json_t *notice);
/* The report was heard. */
void queue_told(struct queue *queue, int64_t id, const char *hook);
/* Says again what was not heard: somebody else listens now. */
void queue_report_again(struct queue *queue);
/* Starts no more. queue_is_idle: nothing runs. */
void queue_stop(struct queue *queue);
bool queue_is_idle(const struct queue *queue);
