/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users who hold something, and groups that are held, that are unknown now: not found, or the look-up failed. For the
 * status only. A walk through all users or groups begins and ends; a name that it did not note is forgotten.
 */
#pragma once

#include "helperd/lifecycle/txn.h"

/* A walk notes each user once, in the order of names. 0 or -ENOMEM. */
void engine_begin_unknown_users(struct engine *engine);
int engine_note_unknown_user(struct engine *engine, const char *name);
void engine_end_unknown_users(struct engine *engine);

/* 1: new; 0; -ENOMEM. */
int engine_note_unknown_group(struct engine *engine, const char *name);
void engine_note_known_group(struct engine *engine, const char *name);
void engine_begin_unknown_groups(struct engine *engine);
void engine_end_unknown_groups(struct engine *engine);

void engine_forget_unknown(struct engine *engine);
/* Adds "unknown_users" (a number) and "unknown_user_names" (the first few), and the same for groups. 0 or -ENOMEM. */
int engine_add_unknown(const struct engine *engine, json_t *status);
