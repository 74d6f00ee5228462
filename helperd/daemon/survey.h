/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks up, one request at a time, who could decide what waits (engine.h, "Surveys"), behind the calls and never
 * instead of them. A look-up that fails puts the rest off for a minute. Owned by daemon.c.
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
    double again_at; /* on the loop's clock: then all are due, for of one it was not known; 0: not */
    int64_t request; /* the one that is asked for */
};

void daemon_survey_init(struct daemon_survey *survey, struct ev_loop *loop, struct engine *engine,
                        struct lookup *lookup);
void daemon_survey_deinit(struct daemon_survey *survey);

/* A request changed: it may have entered a stage. */
void daemon_survey_soon(struct daemon_survey *survey);
/* The directory or the policy may say something else now: all that wait are looked at again. */
void daemon_survey_all(struct daemon_survey *survey);
