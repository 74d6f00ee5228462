/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The comparison of the grant files with the store after a start, see verify.c. Included by files of engine/ only;
 * engine_verify, which takes its steps, is in engine.h.
 */
#pragma once

#include "helperd/engine/internal.h"

/* All files are to be compared. 0 or -errno. */
int verification_begin(struct engine *engine);
