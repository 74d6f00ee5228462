/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One step of the engine beside the model (model_run.c): a call of somebody's, or what happens to the host, with what
 * should come of it. Users, packages and groups by number.
 */
#pragma once

#include "tests/support/model_world.h"

enum { STEP_SHORT = 600 }; /* seconds: a policy that became stricter */

extern struct world step_world;
extern const struct model_package step_packages[MODEL_PACKAGES]; /* as they were at first */
extern int64_t step_newest;                                      /* the number of the last request */
extern int64_t step_records;                                     /* so many can be noted */
unsigned step_chance(unsigned bound);

/* Calls, each by the user that comes first. */
void step_submit(int user, int package);
void step_extend(int user, int package);
void step_decide(int user, int64_t id, bool approve);
void step_cancel(int user, int64_t id);
void step_end(int user, int package, bool revoke);
void step_assign(int user, int package);
void step_emergency(int user, int package);
void step_review(int user, int64_t id);
void step_delegate(int user, int to);
void step_undelegate(int user, int other);
void step_retry_now(int user, int package);
void step_import(int package, int group);

/* The host, and who else has a hand in it. */
void step_move_clock(int64_t seconds);
void step_restart(void);
void step_go_away(void);
void step_change_policy(int package);
void step_change_uid(int user);
void step_change_group(int group);
void step_change_allowed(int group);
void step_edit_file(int user, unsigned groups);
void step_edit_line(int user, int group);
void step_change_root_service(void);
void step_change_account(int user);
void step_lock(int user);

/* Another store: an older one that is put back, or a new one where one was known. */
void step_save_store(void);
void step_forget_store(void);
void step_put_back_store(bool lost);
void step_accept_store(void);
