/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices that wait for their delivery. See store.h for results and ownership. */
#pragma once

#include "common/outbox.h"

struct store;

/*
 * The outbox (outbox.c): notices that somebody has not heard yet. What they are is in outbox.h.
 * Adding sets the id; one that waits already (event, request, assignment, turn, recipients) is not added again: id 0.
 */
int store_add_notice(struct store *store, struct notice *notice);
int store_next_notice(struct store *store, int64_t after, struct notice *ret);
int store_get_notice(struct store *store, int64_t id, struct notice *ret);
/* Writes done, attempts, failure, failed_at. */
int store_update_notice(struct store *store, const struct notice *notice);
int store_remove_notice(struct store *store, int64_t id);
/* Takes away all up to this number. *ret: how many that were. */
int store_remove_notices(struct store *store, int64_t last, int64_t *ret);
struct notice_counts {
    int64_t waiting;
    int64_t oldest; /* when it was written; 0: none waits */
    char *failure;  /* the last one of those that wait; owned, NULL: none failed */
    int64_t failed_at;
};
int store_count_notices(struct store *store, struct notice_counts *ret);
/* When the approvers of the stage that it waits in are reminded; 0: no more. */
int store_set_reminder(struct store *store, int64_t request, int64_t at);
/* Notes the state that its user is told of. *ret_news: it was another one before. */
int store_note_told(struct store *store, int64_t assignment, enum state state, bool *ret_news);
