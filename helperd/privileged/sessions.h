/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The method EndSessions. Runs in a worker and takes SESSIONS_SECONDS at most. 0 or the error, the answer filled. */
#pragma once

#include "helperd/privileged/answer.h"

enum {
    SESSIONS_SECONDS = 25,
    SESSIONS_TERM_MS = 5000, /* from SIGTERM to SIGKILL */
    SESSIONS_KILL_MS = 1000, /* from SIGKILL to the next look, SESSIONS_LOOKS of them */
    SESSIONS_LOOKS = 3,
    SESSIONS_LIST_MAX = 256, /* services, gids */
    SESSIONS_LINES_MAX = 100,
};

int sessions_end(const json_t *arguments, struct answer *answer);
