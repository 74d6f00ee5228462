/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The method JudgeAccount. Runs in a worker. 0 or the error, with the answer filled. */
#pragma once

#include "helperd/privileged/answer.h"

int accounts_judge(const json_t *arguments, struct answer *answer);
