/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans surveys: which requests to check next for approvers who can decide them. */
#pragma once

#include "helperd/lifecycle/txn.h"

struct grants;

/* Plans a survey of this request before all others; of all pending requests with an id above `after`; of all; of all,
 * if a user got or lost one of these groups by a package and its members approve anything. */
void survey_plan_soon(struct engine *engine, int64_t request);
void survey_plan_from(struct engine *engine, int64_t after);
void survey_plan_all(struct engine *engine);
void survey_plan_for_groups(struct engine *engine, const struct grants *grants);
