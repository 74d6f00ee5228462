/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks up who can decide each waiting request (engine.h, "Surveys"), one look-up at a time and between the calls.
 * After a failed look-up it pauses for a minute. Owned by daemon.c.
 */
#pragma once

#include "helperd/engine/engine.h"
#include "helperd/host/lookup.h"

struct daemon_survey {
    struct ev_loop *loop;
    struct engine *engine;
    struct lookup *lookup;
    ev_timer timer;
    bool asking;
    double
        again_at; /* when to survey all again, since one result was unknown, on the loop's clock; 0: never */
    struct surveys surveys; /* whose look-up is under way */
};

void daemon_survey_init(struct daemon_survey *survey, struct ev_loop *loop, struct engine *engine,
                        struct lookup *lookup);
void daemon_survey_deinit(struct daemon_survey *survey);

/* Call it when a request changed: it may have entered a stage. */
void daemon_survey_soon(struct daemon_survey *survey);
/* Surveys all waiting requests again: call it when a directory or the policy may have changed. */
void daemon_survey_all(struct daemon_survey *survey);
