/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the notices of an event, each as a step of its transaction (common/outbox.h has the events). */
#pragma once

#include "common/outbox.h"
#include "helperd/config/packages.h"
#include "helperd/lifecycle/txn.h"

struct record;

/*
 * A stage was entered; its fallback approvers are asked; its reminder is due; a decision completed a stage or ended the
 * request (the record has the stage of the decision, and the state after it).
 */
void notify_stage(struct txn *txn, const struct request *request, const struct stage *stage);
void notify_escalated(struct txn *txn, const struct request *request, const struct stage *stage);
void notify_reminder(struct txn *txn, struct request *request);
void notify_decision(struct txn *txn, const struct record *record, const struct decision *decision);
/* act: zero without an actor or a reason. */
void notify_requestor(struct txn *txn, enum outbox_event event, const struct request *request,
                      struct act act);
void notify_emergency(struct txn *txn, const struct request *request, const struct package *package);
/* Nobody has reviewed it within the time that its package says, which begins anew. */
void notify_overdue_review(struct txn *txn, struct request *request);
void notify_review(struct txn *txn, const struct request *request, const struct package *package,
                   const struct decision *review);
/* `turn`: see struct notice. */
void notify_holder(struct txn *txn, enum outbox_event event, const struct assignment *assignment,
                   int64_t turn, struct act act);
/* The assignment was fulfilled, wholly or partially. detail: its groups, with their problems. */
void notify_fulfilment(struct txn *txn, const struct assignment *assignment, const char *detail);
/* The assignment ends soon: its notice is due. */
void notify_end(struct txn *txn, struct assignment *assignment);
/* Set a member of a notice; nothing for an empty text and for 0. */
void notice_set_text(json_t *facts, const char *key, const char *text);
void notice_set_number(json_t *facts, const char *key, int64_t number);
