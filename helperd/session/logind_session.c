/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is the same with libsystemd and without. */
#include "helperd/session/logind.h"

#include <stdlib.h>

void logind_sessions_free(struct logind_session *sessions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(sessions[i].id);
        free(sessions[i].service);
        free(sessions[i].tty);
    }
    free(sessions);
}
