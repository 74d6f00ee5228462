/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which requests are to be surveyed next: whether anybody can decide them. */
#pragma once

#include "helperd/lifecycle/txn.h"

struct grants;

/* What is to be surveyed: this request before the others; all behind `after`; all that wait, for the directory may say
 * something else by now; all, if one of the groups that a user got or lost by a package approves anything. */
void survey_soon(struct engine *engine, int64_t request);
void survey_from(struct engine *engine, int64_t after);
void engine_survey_all(struct engine *engine);
void survey_groups(struct engine *engine, const struct grants *grants);
