/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who holds something, or which group is held, and is not known just now: not found, or not answered.
 * For status alone. Noting: 1 when it is news, 0, -ENOMEM. A walk through all begins and ends: what
 * it did not note is nobody's any more.
 */
#pragma once

#include "helperd/lifecycle/txn.h"

enum engine_unknown { ENGINE_UNKNOWN_USER, ENGINE_UNKNOWN_GROUP, ENGINE_UNKNOWN_KINDS };
int engine_note_unknown(struct engine *engine, enum engine_unknown kind, const char *name);
void engine_note_known(struct engine *engine, enum engine_unknown kind, const char *name);
void engine_begin_unknown(struct engine *engine, enum engine_unknown kind);
void engine_end_unknown(struct engine *engine, enum engine_unknown kind);
void engine_forget_unknown(struct engine *engine);
/* Adds "unknown_users" (how many) and "unknown_user_names" (the first few), and the same of groups. 0 or -ENOMEM. */
int engine_add_unknown(const struct engine *engine, json_t *status);
