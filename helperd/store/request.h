/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests, their stages and decisions: each alone, and as lists. See store.h for results and ownership. */
#pragma once

#include "helperd/policy/request.h"

struct store;

/* Sets request->id; `stages` are request->n_stages of them. */
int store_add_request(struct store *store, struct request *request, const struct stage *stages);
int store_get_request(struct store *store, int64_t id, struct request *ret);
/* STORE_E_NONE: it is not pending in this stage. */
int store_find_pending_in_stage(struct store *store, int64_t id, int64_t stage);
/* A user is identified by uid and name together, for a uid may be given to another person, or to two. Open: not decided
 * yet; waiting: approved, its start lies ahead. */
int store_find_open_request(struct store *store, uid_t uid, const char *user, const char *package,
                            struct request *ret);
int store_find_waiting_request(struct store *store, uid_t uid, const char *user, const char *package,
                               struct request *ret);
int store_find_waiting_request_by_name(struct store *store, const char *user, const char *package,
                                       struct request *ret);
/* The latest request that was not an emergency. */
int store_find_last_request(struct store *store, uid_t uid, const char *user, const char *package,
                            struct request *ret);
/*
 * Requests that an older version approved for later without recording their groups: the package of one, new, or
 * STORE_E_NONE; records these groups, one a line, in all of that package.
 */
int store_find_unbound(struct store *store, char **ret);
int store_bind_groups(struct store *store, const char *package, const char *groups);
/* Writes what may change: state, stage, deadline, ended, cancel_reason, start, granted, waiting, groups, gids. */
int store_update_request(struct store *store, const struct request *request);
/* 0 with the number of the uid's open requests, which are `most` or more; STORE_E_NONE: there are fewer. */
int store_find_too_many_open(struct store *store, uid_t uid, int64_t most, int64_t *ret);
/* STORE_E_NONE: the uid's last `most` requests were not all filed after `since`, or there are fewer. The oldest of them
 * stands for all; one that lies ahead of `now`, of a clock that was wrong, does not. */
int store_find_filed_since(struct store *store, uid_t uid, int64_t since, int64_t now, int64_t most);

int store_get_stage(struct store *store, int64_t request, int64_t number, struct stage *ret);
int store_enter_stage(struct store *store, int64_t request, int64_t number, int64_t now);

/* When to ask the fallback approvers of the current stage (0: not), and when to remind those who are asked. */
int store_set_stage_times(struct store *store, int64_t request, int64_t escalate_at, int64_t remind_at);
/* Records that they are asked from now on. */
int store_escalate(struct store *store, int64_t request, int64_t number, int64_t now);
/* Why no approver can decide it now; NULL: one can. */
int store_set_undecidable(struct store *store, int64_t request, const char *why);
int store_count_undecidable(struct store *store, int64_t *ret);
/* The next of these with an id above `after`; STORE_E_NONE after the last. */
int store_next_undecidable(struct store *store, int64_t after, int64_t *ret);
/* The next request with an id above `after` that waits for a decision; STORE_E_NONE after the last. */
int store_next_pending(struct store *store, int64_t after, int64_t *ret);

int store_add_decision(struct store *store, int64_t request, const struct decision *decision);
/* A new array for store_free_decisions. */
int store_get_decisions(struct store *store, int64_t request, struct decision **ret, size_t *ret_count);
void store_free_decisions(struct decision *decisions, size_t count);

/* The user's latest emergency of this package that is not reviewed. */
int store_find_unreviewed(struct store *store, uid_t uid, const char *user, const char *package,
                          struct request *ret);
/* When the emergencies of the package that are not reviewed are told of again: so long after they were taken, or, where they
 * were told of already, so long after now at the latest. How many were taken before then. */
int store_plan_reviews(struct store *store, const char *package, int64_t within, int64_t now);
int store_count_overdue_reviews(struct store *store, const char *package, int64_t before, int64_t *ret);
int store_find_due_review(struct store *store, int64_t now, struct request *ret);
int store_set_reviewed(struct store *store, int64_t request, int64_t now);
int store_count_unreviewed(struct store *store, int64_t *ret);

/* A circle is a distinct list of approvers. Called once for each circle, not for each request. */
typedef bool (*store_circle_test_fn)(char *const *principals, void *data);
/* Calls `each` with every circle, the newest first; a result other than 0 stops and is returned. */
typedef int (*store_each_circle_fn)(char *const *principals, void *data);
int store_each_circle(struct store *store, store_each_circle_fn each, void *data);

/* Lists: newest first, ids below `before`, at most `limit`; a result of `each` other than 0 stops and is returned. */
typedef int (*store_each_request_fn)(const struct request *request, void *data);
struct store_filter {
    int64_t before; /* 0: from the newest */
    int64_t limit;
    enum state state;    /* of a request; STATE_NONE: any */
    const char *package; /* NULL: any */
    const char *user;    /* NULL: any */
    uid_t uid;           /* UID_UNSET: any requestor */
};
int store_list_requests(struct store *store, const struct store_filter *filter, store_each_request_fn each,
                        void *data);
/* Pending requests whose current stage has a circle that `test` accepts. */
int store_list_pending(struct store *store, const struct store_filter *filter, store_circle_test_fn test,
                       void *test_data, store_each_request_fn each, void *data);
/* Requests that this user (uid and name) decided on, or another in their name; and such that are no longer pending and had
 * a stage with a circle that `test` accepts. */
int store_list_decided(struct store *store, const struct store_filter *filter, uid_t uid, const char *decider,
                       store_circle_test_fn test, void *test_data, store_each_request_fn each, void *data);
/* Emergencies that are not reviewed; filter->limit counts, for a user has one of a package. */
int store_list_unreviewed(struct store *store, const struct store_filter *filter, store_each_request_fn each,
                          void *data);

/* Calls `each` for requests for this package that are approved and wait for their start, up to the limit. */
int store_each_waiting_of_package(struct store *store, const char *package, int64_t limit,
                                  store_each_request_fn each, void *data);

/* The request that is due first: its deadline, its escalation, its reminder, its start. */
int store_find_due_request(struct store *store, int64_t now, struct request *ret);
int store_find_due_escalation(struct store *store, int64_t now, struct request *ret);
int store_find_due_reminder(struct store *store, int64_t now, struct request *ret);
int store_find_due_start(struct store *store, int64_t now, struct request *ret);
/* The same among those up to this number, whether they may begin or not. */
int store_find_missed_start(struct store *store, int64_t now, int64_t last, struct request *ret);
