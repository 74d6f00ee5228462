/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Assignments, their grants, and the live sessions to end after them. See store.h for results and ownership. */
#pragma once

#include "helperd/policy/assignment.h"
#include "helperd/policy/request.h"

struct store;

/* Assignments and their grants. Adding sets assignment->id. */
int store_add_assignment(struct store *store, struct assignment *assignment);
int store_get_assignment(struct store *store, int64_t id, struct assignment *ret);
int store_find_assignment_of_request(struct store *store, int64_t request, struct assignment *ret);
int store_find_live_assignment(struct store *store, uid_t uid, const char *user, const char *package,
                               struct assignment *ret);
/* A live assignment of this user name with another uid. */
int store_find_stale_assignment(struct store *store, const char *user, uid_t uid, struct assignment *ret);
/* By the name alone, so also of a user who no longer exists. */
int store_find_live_assignment_by_name(struct store *store, const char *user, const char *package,
                                       struct assignment *ret);
/* Any live assignment of this package; any request for it that is approved and waits for its start. */
int store_find_live_assignment_of_package(struct store *store, const char *package, struct assignment *ret);
int store_find_waiting_request_of_package(struct store *store, const char *package, struct request *ret);
/* Writes state, span, duration, extended, attempts, retry_at, begun, warn_at, notice_at. */
/* Whether the user has a live assignment. */
int store_user_holds(struct store *store, const char *user, bool *ret);
/* The highest number of an assignment; 0: none. */
int store_last_assignment(struct store *store, int64_t *ret);
int store_update_assignment(struct store *store, const struct assignment *assignment);
/* Records when an assignment was revoked, by whom and why (NULL: no reason was given). */
int store_note_end(struct store *store, int64_t assignment, int64_t at, const char *by, const char *reason);
/* Replaces the assignment's grants; with `live` false they give nothing any more and stay as history. */
int store_set_grants(struct store *store, int64_t assignment, const struct grant *grants, size_t count,
                     bool live);
int store_get_grants(struct store *store, int64_t assignment, struct grant **ret, size_t *ret_count);
void store_free_grants(struct grant *grants, size_t count);

typedef int (*store_each_assignment_fn)(const struct assignment *assignment, void *data);
int store_each_live_of_user(struct store *store, const char *user, store_each_assignment_fn each, void *data);
/* Calls `each` with every package that the user holds; or that is approved for later or, with `pending_too`,
 * requested. */
typedef int (*store_each_name_fn)(const char *name, void *data);
int store_each_package_held(struct store *store, uid_t uid, const char *user, store_each_name_fn each,
                            void *data);
int store_each_package_asked(struct store *store, uid_t uid, const char *user, bool pending_too,
                             store_each_name_fn each, void *data);
/* Calls `each` once with every user who has a live assignment. */
int store_each_live_user(struct store *store, store_each_name_fn each, void *data);
/* The next user after `after` ("": the first) with a live assignment, new; STORE_E_NONE after the last. */
int store_next_live_user(struct store *store, const char *after, char **ret);

/* The live assignment that is due first: its end, its retry, the notice of its coming end, the warning on terminals. */
int store_find_due_assignment(struct store *store, int64_t now, struct assignment *ret);
int store_find_due_of_user(struct store *store, const char *user, int64_t now, struct assignment *ret);
int store_find_due_retry(struct store *store, int64_t now, struct assignment *ret);
int store_find_due_notice(struct store *store, int64_t now, struct assignment *ret);
int store_find_due_warning(struct store *store, int64_t now, struct assignment *ret);
/* Makes a warning due for every live assignment of the package that has no time for one, so that the time is planned
 * anew. */
int store_replan_warnings(struct store *store, const char *package);

/* The live sessions to end after an assignment has ended. One per assignment; store_put_ending replaces it. */
struct ending {
    int64_t assignment;
    char *services; /* separated by blanks, as the package named them when the assignment ended */
    int64_t attempts;
    int64_t retry_at; /* 0: done */
    char *problem;    /* why the last attempt failed; NULL: it did not */
    char *remaining;  /* the sessions and processes that were not ended, one a line */
};
void ending_deinit(struct ending *ending);
int store_put_ending(struct store *store, const struct ending *ending);
int store_get_ending(struct store *store, int64_t assignment, struct ending *ret);
int store_find_due_ending(struct store *store, int64_t now, struct ending *ret);
/* The first of those that are due and whose users have no membership under way, which it would wait for. */
int store_find_ready_ending(struct store *store, int64_t now, struct ending *ret);
/* Makes every retry due now: the clock by which it was planned was set back. */
int store_hasten_retries(struct store *store, int64_t now);
/* When the next chore for the root service is due: a membership, a warning, an ending. 0: none. */
int store_next_chore(struct store *store, int64_t *ret);
