/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices that wait for their delivery. See store.h for results and ownership. */
#pragma once

#include "common/outbox.h"

struct store;

/* Sets notice->id; 0 when the same notice (event, request, assignment, turn, recipients) waits already. */
int store_add_notice(struct store *store, struct notice *notice);
int store_next_notice(struct store *store, int64_t after, struct notice *ret);
int store_get_notice(struct store *store, int64_t id, struct notice *ret);
/* Writes done, attempts, failure, failed_at. */
int store_update_notice(struct store *store, const struct notice *notice);
int store_remove_notice(struct store *store, int64_t id);
/* Removes all up to the id `last`. *ret: how many. */
int store_remove_notices(struct store *store, int64_t last, int64_t *ret);
struct notice_counts {
    int64_t waiting;
    int64_t oldest; /* when the oldest was written; 0: none waits */
    char *failure;  /* the latest one among those that wait; owned; NULL: none */
    int64_t failed_at;
};
int store_count_notices(struct store *store, struct notice_counts *ret);
/* When to remind the approvers of the current stage; 0: no more. */
int store_set_reminder(struct store *store, int64_t request, int64_t at);
/* Records the state that the user is told of. *ret_news: they were last told of another one. */
int store_note_told(struct store *store, int64_t assignment, enum state state, bool *ret_news);
