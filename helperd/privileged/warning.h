/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The method Warn. Runs in a worker. 0 or the error, with the answer filled. */
#pragma once

#include "helperd/privileged/answer.h"

#include <sys/types.h>

int warning_send(const json_t *arguments, struct answer *answer);

/* Writes a line to one terminal, without ever waiting for it. 0; -EPERM when it is none, or not this uid's;
 * -EAGAIN when it takes nothing now; other -errno. */
int warning_write(const char *terminal, uid_t uid, const char *line);
