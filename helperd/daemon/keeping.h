/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When history is deleted that is not kept any longer: soon after the start and every hour, a little at a time. */
#pragma once

#include "helperd/engine/engine.h"

#include <ev.h>

struct daemon_keeping {
    struct ev_loop *loop; /* NULL: it has not begun */
    struct engine *engine;
    ev_timer timer;
};

void daemon_keeping_begin(struct daemon_keeping *keeping, struct ev_loop *loop, struct engine *engine);
void daemon_keeping_end(struct daemon_keeping *keeping);
