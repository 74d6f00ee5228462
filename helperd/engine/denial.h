/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of asking: who cannot get in runs no command, so the gate tells them of a denial. */
#pragma once

#include "helperd/engine/internal.h"

enum { DENIAL_TEXT_MAX = 512 };

/* The newest of the subject's requests for any of these packages, if it was denied; 0: it was not, or there is none. */
int denial_find(const struct call *call, const struct subject *subject, char *const *packages, int64_t *ret);

/* "Request 8 for db-admins was denied by lead2: no ticket.", the reason cut where it is long. 0 or -errno. */
int denial_describe(struct engine *engine, const struct request *denied, char ret[DENIAL_TEXT_MAX]);

/* Adds it to an answer of Submit, as `denial s`, and `denied x`, its number. */
int denial_show(struct engine *engine, int64_t request, json_t *view);
