/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Root's locks of users (common/locks.h) in the engine: applied, recorded, and asked before anything is given or decided. */
#pragma once

#include "helperd/engine/calls.h"

/*
 * Reads the locks, ends what locked users have, and records what is new. Outside any transaction. 0 or -errno; what could
 * not be recorded is tried again with each tick, and a lock that was read holds already.
 */
int engine_apply_locks(struct engine *engine);
/* The same, if the last time failed. */
int engine_retry_locks(struct engine *engine);
void engine_forget_locks(struct engine *engine);

/* This file of grants/user may have become a folder, or have been one. 0 or -errno. */
int engine_compare_lock(struct engine *engine, const char *user);

/* Locked people count as no approvers, and locked approvers as none to decide for. */
void engine_bar_locked(const struct engine *engine, struct facts *facts);

/*
 * The refusal when the subject is locked, or the person behind the identity (NULL: the subject alone) is; 0: neither.
 * Decisions are BUS_ERROR_NOT_AUTHORIZED, requests BUS_ERROR_POLICY_REFUSED.
 */
int engine_check_locked(const struct engine *engine, const struct subject *subject,
                        const struct identity *identity, enum bus_error code, struct reply *reply);
