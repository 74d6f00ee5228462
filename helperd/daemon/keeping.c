/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/daemon/keeping.h"

/* Seconds. A step is a commit, which calls wait for. */
#define STEP_PAUSE 0.1
#define LOOK_EVERY 3600.
#define A_DAY      (24 * 3600.)

static void on_step(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    const struct daemon_keeping *keeping = timer->data;
    const int r = engine_forget_old(keeping->engine);
    ev_timer_set(timer, r == ENGINE_E_UNKNOWN ? A_DAY : r > 0 ? STEP_PAUSE : LOOK_EVERY, 0.);
    ev_timer_start(loop, timer);
}

void daemon_keeping_begin(struct daemon_keeping *keeping, struct ev_loop *loop, struct engine *engine)
{
    if (keeping->loop)
        return;
    *keeping = (struct daemon_keeping){.loop = loop, .engine = engine};
    ev_timer_init(&keeping->timer, on_step, STEP_PAUSE, 0.);
    keeping->timer.data = keeping;
    ev_timer_start(loop, &keeping->timer);
}

void daemon_keeping_end(struct daemon_keeping *keeping)
{
    if (keeping->loop)
        ev_timer_stop(keeping->loop, &keeping->timer);
}
