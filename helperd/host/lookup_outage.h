/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An outage of look-ups: begins when one fails, and is over when the question that failed last, asked again after
 * PROBE_TIMEOUTS time-outs of a look-up, is fully answered. Logs when it begins, again while it lasts, and when it is
 * over, with a count. Times are the loop's.
 */
#pragma once

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>

struct outage_hooks {
    void (*tell)(bool lasts, void *data); /* NULL: nobody is told */
    void *tell_data;
    int (*ask)(json_t *question, void *data); /* asks again, and takes the reference over; -errno: not now */
    void *ask_data;
};

struct outage {
    struct ev_loop *loop;
    struct outage_hooks hooks;
    double timeout;             /* of a look-up, seconds */
    double begun, failed, told; /* failed: last failure; told: last line in the journal */
    unsigned count;
    json_t *question; /* that failed last; NULL: no outage */
    ev_timer probe;
};

void outage_init(struct outage *outage, struct ev_loop *loop, double timeout);
void outage_deinit(struct outage *outage);
/* `why` ends a sentence: "A look-up of users or groups ...". */
void outage_note_failure(struct outage *outage, json_t *question, const char *why);
/* A question that was asked again is answered. Others do not count: they may be answered from files or caches. */
void outage_note_answer(struct outage *outage);
