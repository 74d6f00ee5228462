/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users who hold something, and groups that are held, that are unknown now: not found, or the look-up failed. For the
 * status only. engine_note_unknown: 1: new; 0; -ENOMEM. A walk through all users or groups begins and ends; a name that
 * it did not note is forgotten.
 */
#pragma once

#include "helperd/lifecycle/txn.h"

enum engine_unknown { ENGINE_UNKNOWN_USER, ENGINE_UNKNOWN_GROUP, ENGINE_UNKNOWN_KINDS };
int engine_note_unknown(struct engine *engine, enum engine_unknown kind, const char *name);
void engine_note_known(struct engine *engine, enum engine_unknown kind, const char *name);
void engine_begin_unknown(struct engine *engine, enum engine_unknown kind);
void engine_end_unknown(struct engine *engine, enum engine_unknown kind);
void engine_forget_unknown(struct engine *engine);
/* Adds "unknown_users" (a number) and "unknown_user_names" (the first few), and the same for groups. 0 or -ENOMEM. */
int engine_add_unknown(const struct engine *engine, json_t *status);
