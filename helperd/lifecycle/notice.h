/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices, all inside the caller's transaction: 0 or -errno. */
#pragma once

#include "common/outbox.h"
#include "helperd/config/packages.h"
#include "helperd/lifecycle/txn.h"

struct record;

/*
 * A stage is entered, its fallback approvers are asked, its approvers are to be reminded; a decision completed a stage or
 * the request (the record has the stage in which it was, and the state that follows).
 */
int engine_tell_stage(struct engine *engine, const struct request *request, const struct stage *stage);
int engine_tell_escalated(struct engine *engine, const struct request *request, const struct stage *stage);
int engine_remind_due(struct engine *engine, const struct request *request);
int engine_tell_decision(struct engine *engine, const struct record *record, const struct decision *decision);
int engine_tell_requestor(struct engine *engine, enum outbox_event event, const struct request *request,
                          const char *actor, const char *reason);
int engine_tell_emergency(struct engine *engine, const struct request *request,
                          const struct package *package);
int engine_tell_review(struct engine *engine, const struct request *request, const struct package *package,
                       const struct decision *review);
/* actor, reason: NULL where there is none. `turn`: see struct notice. */
int engine_tell_holder(struct engine *engine, enum outbox_event event, const struct assignment *assignment,
                       int64_t turn, const char *actor, const char *reason);
/* Its groups were put in place, or not; detail: which are not. */
int engine_tell_place(struct engine *engine, const struct assignment *assignment, const char *detail);
/* It is time to say that it ends. */
int engine_notice_due(struct engine *engine, struct assignment *assignment);
/* Members of what a notice says, in UTF-8; nothing where there is none. */
void notice_put_text(json_t *facts, const char *key, const char *text);
void notice_put_number(json_t *facts, const char *key, int64_t number);
