/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices: what a person has to hear of, each a step of a transaction. */
#pragma once

#include "common/outbox.h"
#include "helperd/config/packages.h"
#include "helperd/lifecycle/txn.h"

struct record;

/*
 * A stage is entered, its fallback approvers are asked, its approvers are to be reminded (now due); a decision completed a
 * stage or the request (the record has the stage in which it was, and the state that follows).
 */
void notify_stage(struct txn *txn, const struct request *request, const struct stage *stage);
void notify_escalated(struct txn *txn, const struct request *request, const struct stage *stage);
void notify_reminder(struct txn *txn, struct request *request);
void notify_decision(struct txn *txn, const struct record *record, const struct decision *decision);
/* act: without an actor or a reason where there is none. */
void notify_requestor(struct txn *txn, enum outbox_event event, const struct request *request,
                      struct act act);
void notify_emergency(struct txn *txn, const struct request *request, const struct package *package);
void notify_review(struct txn *txn, const struct request *request, const struct package *package,
                   const struct decision *review);
/* `turn`: see struct notice. */
void notify_holder(struct txn *txn, enum outbox_event event, const struct assignment *assignment,
                   int64_t turn, struct act act);
/* The groups were put in place, or not; detail: which are not. */
void notify_fulfilment(struct txn *txn, const struct assignment *assignment, const char *detail);
/* It ends soon (the notice is due). */
void notify_end(struct txn *txn, struct assignment *assignment);
/* Members of what a notice says, in UTF-8; nothing where there is none. */
void notice_put_text(json_t *facts, const char *key, const char *text);
void notice_put_number(json_t *facts, const char *key, int64_t number);
