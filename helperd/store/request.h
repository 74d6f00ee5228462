/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests, their stages and decisions: each alone, and as lists. See store.h for results and ownership. */
#pragma once

#include "helperd/policy/request.h"

struct store;

/* Requests. Adding sets request->id; `stages` are request->n_stages of them. */
int store_add_request(struct store *store, struct request *request, const struct stage *stages);
int store_get_request(struct store *store, int64_t id, struct request *ret);
/* Whose something is, is said by uid and name together: a uid may be given to another person, or to two. */
int store_find_open_request(struct store *store, uid_t uid, const char *user, const char *package,
                            struct request *ret);
int store_find_waiting_request(struct store *store, uid_t uid, const char *user, const char *package,
                               struct request *ret);
int store_find_waiting_request_by_name(struct store *store, const char *user, const char *package,
                                       struct request *ret);
/* Emergencies, which nobody decides on, are left out. */
int store_find_last_request(struct store *store, uid_t uid, const char *user, const char *package,
                            struct request *ret);
/*
 * Requests from before their groups were bound, approved for later: the package of one, new, or STORE_E_NONE; gives all
 * of that package these groups, a line each.
 */
int store_find_unbound(struct store *store, char **ret);
int store_bind_groups(struct store *store, const char *package, const char *groups);
/* Writes what may change: state, stage, deadline, ended, cancel_reason, start, granted, waiting, groups. */
int store_update_request(struct store *store, const struct request *request);
int store_count_open_requests(struct store *store, uid_t uid, int64_t *ret);

/* How many the uid filed after `since`, of its last `most`. */
int store_filed_since(struct store *store, uid_t uid, int64_t since, int64_t most, int64_t *ret);

int store_get_stage(struct store *store, int64_t request, int64_t number, struct stage *ret);
int store_enter_stage(struct store *store, int64_t request, int64_t number, int64_t now);

/* Who can decide (helperd/store/survey.c). When the current stage's fallback approvers will be asked; 0: not. */
int store_set_escalation(struct store *store, int64_t request, int64_t at);
/* They are asked from now on, which nothing takes back. */
int store_escalate(struct store *store, int64_t request, int64_t number, int64_t now);
/* Why nobody can decide it now; NULL: somebody can. */
int store_set_undecidable(struct store *store, int64_t request, const char *why);
int store_count_undecidable(struct store *store, int64_t *ret);
/* The next one of these by number; STORE_E_NONE when there is no more. */
int store_next_undecidable(struct store *store, int64_t after, int64_t *ret);
/* The next request behind this number that waits for a decision; STORE_E_NONE behind the last. */
int store_next_pending(struct store *store, int64_t after, int64_t *ret);

int store_add_decision(struct store *store, int64_t request, const struct decision *decision);
/* A new array, freed with free() after each item's decision_deinit. */
int store_get_decisions(struct store *store, int64_t request, struct decision **ret, size_t *ret_count);
void store_free_decisions(struct decision *decisions, size_t count);

/* Emergencies that nobody has reviewed: the user's last one of this package; all, newest first, below
 * filter->before, of filter's package and user (no limit: a user has one of a package). */
int store_find_unreviewed(struct store *store, uid_t uid, const char *user, const char *package,
                          struct request *ret);
int store_set_reviewed(struct store *store, int64_t request, int64_t now);
int store_count_unreviewed(struct store *store, int64_t *ret);

/* Circles: the distinct lists of approvers. `includes` is asked once per list. */
typedef bool (*store_circle_test)(char *const *principals, void *data);

/* Lists: newest first, ids below `before`, at most `limit`; `each` returns non-zero to stop (returned). */
typedef int (*store_each_request)(const struct request *request, void *data);
struct store_filter {
    int64_t before; /* 0: from the newest */
    int64_t limit;
    enum state state;    /* STATE_NONE: any (request states only) */
    const char *package; /* NULL: any */
    const char *user;    /* NULL: any */
    uid_t uid;           /* UID_UNSET: any requestor */
};
int store_list_requests(struct store *store, const struct store_filter *filter, store_each_request each,
                        void *data);
/* Those pending whose current stage has a circle that `test` accepts. */
int store_list_pending(struct store *store, const struct store_filter *filter, store_circle_test test,
                       void *test_data, store_each_request each, void *data);
/* Those no longer pending that were decided by (or in the name of) this uid and name or had a stage with a circle that `test` accepts. */
int store_list_decided(struct store *store, const struct store_filter *filter, uid_t uid, const char *decider,
                       store_circle_test test, void *test_data, store_each_request each, void *data);

int store_list_unreviewed(struct store *store, const struct store_filter *filter, store_each_request each,
                          void *data);
int store_due_request(struct store *store, int64_t now, struct request *ret);
int store_due_escalation(struct store *store, int64_t now, struct request *ret);
int store_due_reminder(struct store *store, int64_t now, struct request *ret);
int store_due_start(struct store *store, int64_t now, struct request *ret);
