/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Assignments, their grants, and the end of live sessions. See store.h for results and ownership. */
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
/* A live one of somebody who had this name with another uid. */
int store_find_stale_assignment(struct store *store, const char *user, uid_t uid, struct assignment *ret);
/* By the name it was given to: also of a user who is gone. */
int store_find_live_assignment_by_name(struct store *store, const char *user, const char *package,
                                       struct assignment *ret);
/* One that somebody has of this package, live; one that was approved for later. */
int store_find_live_assignment_of_package(struct store *store, const char *package, struct assignment *ret);
int store_find_waiting_request_of_package(struct store *store, const char *package, struct request *ret);
/* Writes state, span, duration, extended, attempts, retry_at, begun, warn_at, notice_at. */
int store_update_assignment(struct store *store, const struct assignment *assignment);
/* That it was revoked: when, by whom, why (NULL: no reason was given). */
int store_note_end(struct store *store, int64_t assignment, int64_t at, const char *by, const char *reason);
/* Replaces the assignment's grants; `live` false takes them away and keeps the rows as history. */
int store_set_grants(struct store *store, int64_t assignment, const struct grant *grants, size_t count,
                     bool live);
int store_get_grants(struct store *store, int64_t assignment, struct grant **ret, size_t *ret_count);
void store_free_grants(struct grant *grants, size_t count);

typedef int (*store_each_assignment)(const struct assignment *assignment, void *data);
int store_each_live_of_user(struct store *store, const char *user, store_each_assignment each, void *data);
/* One call for each package that this user holds; that was approved for later or, with `pending_too`, asked for. */
typedef int (*store_each_name)(const char *name, void *data);
int store_each_package_held(struct store *store, uid_t uid, const char *user, store_each_name each,
                            void *data);
int store_each_package_asked(struct store *store, uid_t uid, const char *user, bool pending_too,
                             store_each_name each, void *data);
/* Every user with a live assignment, once. */
int store_each_live_user(struct store *store, store_each_name each, void *data);
/* The next user with a live assignment behind `after` ("": the first), new; STORE_E_NONE behind the last. */
int store_next_live_user(struct store *store, const char *after, char **ret);
int store_due_assignment(struct store *store, int64_t now, struct assignment *ret);
int store_due_retry(struct store *store, int64_t now, struct assignment *ret);

/* Live ones of whose end a notice is due. */
int store_due_notice(struct store *store, int64_t now, struct assignment *ret);

/* Live ones whose user may have to be told of the end; through an index. */
int store_due_warning(struct store *store, int64_t now, struct assignment *ret);
/* Makes every live one of the package due that has no time for a warning: its plan is to be made. */
int store_replan_warnings(struct store *store, const char *package);

/* Sessions of assignments that have ended. One of each; putting replaces it. */
struct ending {
    int64_t assignment;
    char *services; /* separated by blanks, as the policy named them at the end */
    int64_t attempts;
    int64_t retry_at; /* 0: it is done */
    char *problem;    /* of the last try */
    char *remaining;  /* lines: what was not ended */
};
void ending_deinit(struct ending *ending);
int store_put_ending(struct store *store, const struct ending *ending);
int store_get_ending(struct store *store, int64_t assignment, struct ending *ret);
int store_due_ending(struct store *store, int64_t now, struct ending *ret);
/* Makes every next try that lies ahead due now: the clock by which it was set was another. */
int store_hasten(struct store *store, int64_t now);
/* The next time that a chore is due: a membership, a warning, an ending. 0: none. */
int store_next_chore(struct store *store, int64_t *ret);
