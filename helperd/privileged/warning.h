/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The method Warn. Runs in a worker. 0 or the error, with the answer filled. */
#pragma once

#include "helperd/privileged/answer.h"

int warning_send(const json_t *arguments, struct answer *answer);
