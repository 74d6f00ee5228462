/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one durable truth: requests, decisions, assignments, grants, audit. Operations, not SQL: a fleet may
 * keep this in another engine one day. Owned by the engine; single-threaded.
 *
 * 0; -errno for a fault (logged here); STORE_E_NONE where nothing matched. What is read into a struct is
 * owned by the caller and released with that struct's _deinit. A write outside store_begin/store_commit is a
 * bug.
 */
#pragma once

#include "common/outbox.h"
#include "helperd/policy/assignment.h"
#include "helperd/policy/membership.h"
#include "helperd/policy/request.h"

enum {
    STORE_E_NONE = 1000
}; /* beside -errno, and beyond every enum bus_error: a refusal is never taken for it */

struct store;

/* ":memory:" gives a store of its own, for tests. *ret_newborn: nothing was ever recorded in it; a start
 * that was cut off before it took over the grant files leaves it so. */
/*
 * One accesspkgd at a time: a second one, started by hand, would write grant files between a commit of the first and its
 * files, which the first takes for drift. *ret: kept open as long as the store is used; the kernel lets go of it with
 * the process. -EBUSY: another one has it; -errno (both logged).
 */
int store_lock(const char *path, int *ret);
int store_open(const char *path, struct store **ret, bool *ret_newborn);
void store_close(struct store *store);

int store_begin(struct store *store);
int store_commit(struct store *store); /* durable when it returns 0 (rule 2); rolled back otherwise */
void store_rollback(struct store *store);

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
/* Writes what may change: state, stage, deadline, ended, cancel_reason, start, granted, waiting. */
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

/*
 * Delegations: who decides in somebody's name. One is live while it is not revoked and its end lies ahead; nothing has
 * to happen at its end. They are kept when they are over.
 */
struct delegation {
    int64_t id;
    char *user; /* who gave it */
    struct identity identity;
    char *delegate; /* who received it */
    uid_t delegate_uid;
    char *reason; /* NULL: none was given */
    int64_t since;
    int64_t until;
    bool local; /* who gave it stood in the files of this host; so did the delegate */
    bool delegate_local;
};
void delegation_deinit(struct delegation *delegation);
int store_add_delegation(struct store *store, struct delegation *delegation); /* sets its id */
int store_revoke_delegation(struct store *store, int64_t id, int64_t now);
/* Those whose end has passed by then are over, whatever the clock says later. */
int store_end_delegations(struct store *store, int64_t ended);
/* Those live at `now`, as a new array, freed with store_free_delegations; by uid, so that it can be asked before a name
 * is known: the caller compares that. `uid` is not looked at for ALL. */
enum store_delegations { STORE_DELEGATIONS_GIVEN, STORE_DELEGATIONS_RECEIVED, STORE_DELEGATIONS_ALL };
int store_get_delegations(struct store *store, enum store_delegations which, uid_t uid, int64_t now,
                          struct delegation **ret, size_t *ret_count);
void store_free_delegations(struct delegation *delegations, size_t count);
/* One that is live still, given or received by somebody of this name: who was local; who had another uid. */
int store_find_delegation_of_gone(struct store *store, const char *user, int64_t now, struct delegation *ret);
int store_find_stale_delegation(struct store *store, const char *user, uid_t uid, int64_t now,
                                struct delegation *ret);
/* How many the uid gave after `since`, of its last `most`. */
int store_delegated_since(struct store *store, uid_t uid, int64_t since, int64_t most, int64_t *ret);

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

/*
 * Who holds what now (holders.c). One call for each assignment by which a user has this group in place; what it
 * hands out is borrowed for the length of the call.
 */
struct store_holder {
    const char *user;
    uid_t uid;
    gid_t gid; /* the group's when it was given */
};
typedef int (*store_each_holder)(const struct store_holder *holder, void *data);
int store_each_holder_of_group(struct store *store, const char *group, int64_t now, store_each_holder each,
                               void *data);
/* What is held, newest first: of a name that may be a package's, a group's that is in place, or a user's. */
enum { STORE_NAMES_PACKAGE = 1 << 0, STORE_NAMES_GROUP = 1 << 1, STORE_NAMES_USER = 1 << 2 };
struct store_holders_filter {
    int64_t before; /* 0: from the newest */
    int64_t limit;
    const char *name; /* NULL: all */
    unsigned kinds;   /* what the name is taken for: a set of these */
};
int store_list_holders(struct store *store, const struct store_holders_filter *filter,
                       store_each_assignment each, void *data);
/* Which of these the name is, as far as something is held. */
int store_find_held(struct store *store, const char *name, unsigned *ret_kinds);

/*
 * What others change by hand (drift.c).
 */
/* The next of the groups (name, gid, whether local) with grants in place behind this one ("": the first); the name is
 * new. STORE_E_NONE behind the last. */
struct store_group {
    char *name;
    gid_t gid;
    bool local;
};
int store_next_live_group(struct store *store, const struct store_group *after, struct store_group *ret);
/* The next live assignment behind the number `after` that has this group in place. */
/* The last of the ends of those who hold it. 0; STORE_E_NONE: nobody does. */
int store_last_end_of_group(struct store *store, const char *name, gid_t gid, int64_t *ret);
int store_next_assignment_with_group(struct store *store, const struct store_group *group, int64_t after,
                                     struct assignment *ret);
int store_note_group_local(struct store *store, const char *name, gid_t gid);
/* The next partially fulfilled assignment behind this number; with `resting` one that nothing tries again. */
int store_next_partial(struct store *store, int64_t after, bool resting, struct assignment *ret);
/* Counts that it drifted; from 0 when that is longer ago than `pause`. *ret: how often it had before. */
int store_count_drift(struct store *store, int64_t assignment, int64_t now, int64_t pause, int64_t *ret);
/* The next user behind `after` who holds something or whose request waits; as store_next_live_user. */
int store_next_concerned_user(struct store *store, const char *after, char **ret);
/* Whether the store knows all that was seen now of this user: local or not, and there. STORE_E_NONE: it does; 0: note
 * it. Noting it concerns what is live and what waits. */
int store_find_unlike(struct store *store, const char *user, uid_t uid, bool local);
int store_note_seen(struct store *store, const char *user, uid_t uid, bool local);
/* A live assignment, a waiting request, of somebody who was local. */
int store_find_local_assignment(struct store *store, const char *user, struct assignment *ret);
int store_find_local_request(struct store *store, const char *user, struct request *ret);
/* A waiting request of somebody who had this name with another uid. */
int store_find_stale_request(struct store *store, const char *user, uid_t uid, struct request *ret);
/* One that is not local and was not yet noted as missing. */
int store_find_missing(struct store *store, const char *user, struct assignment *ret);
int store_note_missing(struct store *store, const char *user);

/* Deadlines: found through indexes, never by a scan. */
int store_next_deadline(struct store *store, int64_t *ret); /* of a request or an assignment; 0: none */
int store_next_retry(struct store *store, int64_t *ret);    /* 0: none */
int store_due_request(struct store *store, int64_t now, struct request *ret);
int store_due_escalation(struct store *store, int64_t now, struct request *ret);
int store_due_reminder(struct store *store, int64_t now, struct request *ret);
int store_due_start(struct store *store, int64_t now, struct request *ret);
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

/* Memberships in /etc/group. Putting one whose state is NONE takes it away. */
int store_get_membership(struct store *store, const char *user, const char *group, struct membership *ret);
int store_put_membership(struct store *store, const struct membership *membership);
int store_due_membership(struct store *store, int64_t now, struct membership *ret);
/* Whether a live assignment of the user gives the group, other than `but`. */
int store_user_gets_group(struct store *store, const char *user, const char *group, int64_t but,
                          bool *ret_gets);
/* One of the user's (of anybody's) that was not tried yet, or is being tried; one that is to be taken away still. */
int store_find_membership_under_way(struct store *store, const char *user, struct membership *ret);
int store_find_any_membership_under_way(struct store *store, struct membership *ret);
int store_find_membership_left(struct store *store, const char *user, struct membership *ret);
typedef int (*store_each_membership_fn)(const struct membership *membership, void *data);
int store_each_membership_of_group(struct store *store, const char *group, store_each_membership_fn each,
                                   void *data);
int store_each_membership_group(struct store *store, store_each_name each, void *data);
/* The next live assignment, behind this one, with a group in place that no membership stands for: 0 with its number,
 * STORE_E_NONE. */
int store_find_without_membership(struct store *store, int64_t after, int64_t *ret);
/* Those that should be gone and could not be taken away. */
int store_count_memberships_left(struct store *store, int64_t *ret);

/* Publications: whose grant files may lag behind. */
int store_add_publication(struct store *store, const char *user, bool narrows);
int store_remove_publication(struct store *store, const char *user);
typedef int (*store_each_publication_fn)(const char *user, bool narrows, void *data);
int store_each_publication(struct store *store, store_each_publication_fn each, void *data);

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

/* The audit log (rule 12): in the transaction of what it tells of. request, assignment 0 and detail NULL:
 * none. */
struct audit {
    int64_t at;
    const char *actor; /* a user's name, or "accesspkgd" */
    struct identity identity;
    const char *event;
    int64_t request;
    int64_t assignment;
    const char *detail;
};
int store_add_audit(struct store *store, const struct audit *audit);

/*
 * Looking back (report.c). One line of the audit log, with whom it concerns: the user and package of its request,
 * else of its assignment; NULL where it tells of neither. Borrowed for the length of the call.
 */
struct audit_line {
    int64_t id;
    struct audit audit;
    const char *user;
    const char *package;
};
typedef int (*store_each_audit)(const struct audit_line *line, void *data);
struct store_audit_filter {
    int64_t request;   /* 0: any */
    int64_t since;     /* 0: from the first */
    const char *user;  /* who did it or whom it concerns; NULL: anybody */
    int64_t before_at; /* of the last line examined before; with `before` 0: from the newest */
    int64_t before;
    int64_t limit;   /* lines handed out */
    int64_t examine; /* lines read */
};
struct store_audit_cursor {
    int64_t at;
    int64_t id; /* 0: there is no more */
};
/* Newest first. *ret_next is where to go on, whether or not lines were handed out. */
int store_list_audit(struct store *store, const struct store_audit_filter *filter, store_each_audit each,
                     void *data, struct store_audit_cursor *ret_next);

/* The requests filed since then, newest first. */
struct store_period {
    int64_t since;
    const char *package; /* NULL: any */
    int64_t limit;
};
int store_each_filed(struct store *store, const struct store_period *period, store_each_request each,
                     void *data);

/* What waits by its age at `now`: the hour and the day before that, and what is older. */
struct store_counts {
    int64_t pending;
    int64_t pending_hour;
    int64_t pending_day;    /* without those of the hour */
    int64_t pending_older;  /* than a day */
    int64_t oldest_pending; /* when it was submitted; 0: none */
    int64_t live;
    int64_t partial;
};
int store_count(struct store *store, int64_t now, struct store_counts *ret);

/* Bytes on the disk that it lies on: its own, and those that are left to it. 0, 0: not known, or in memory. */
struct store_space {
    int64_t used;
    int64_t left;
};
struct store_space store_measure(struct store *store);
