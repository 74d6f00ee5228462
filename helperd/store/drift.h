/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What drift detection compares with the host: groups, users, partial assignments. See store.h for results and
 * ownership. */
#pragma once

#include "helperd/policy/assignment.h"
#include "helperd/policy/request.h"

struct store;

struct store_group {
    char *name;
    gid_t gid;
    bool local;
};
/* The next group after this one (name "": the first) with a grant in place, in the order of name, gid, local; its name
 * is new. STORE_E_NONE after the last. */
int store_next_live_group(struct store *store, const struct store_group *after, struct store_group *ret);
/* The latest end of the assignments that have this group in place. STORE_E_NONE: no assignment has. */
int store_last_end_of_group(struct store *store, const char *name, gid_t gid, int64_t *ret);
/* The next live assignment with an id above `after` that has this group in place. */
int store_next_assignment_with_group(struct store *store, const struct store_group *group, int64_t after,
                                     struct assignment *ret);
/* Records that the group is in /etc/group, in its grants in place. */
int store_note_group_local(struct store *store, const char *name, gid_t gid);
/* The next partially fulfilled assignment with an id above `after`; with `resting` one that has no retry planned. */
int store_next_partial(struct store *store, int64_t after, bool resting, struct assignment *ret);
/* Counts one more drift of the assignment. *ret: the count before, 0 when the last one is more than `pause` seconds
 * ago. */
int store_count_drift(struct store *store, int64_t assignment, int64_t now, int64_t pause, int64_t *ret);
/* The next user after `after` with a live assignment, a waiting request or a part in a delegation; as
 * store_next_live_user. */
int store_next_concerned_user(struct store *store, const char *after, char **ret);
/* 0 when a live assignment or a waiting request of this user says otherwise than that they exist and whether they are
 * local; STORE_E_NONE when none does. store_note_user_seen mends it. */
int store_find_user_unlike(struct store *store, const char *user, uid_t uid, bool local);
int store_note_user_seen(struct store *store, const char *user, uid_t uid, bool local);
/* A live assignment, a waiting request, of a user who was local. */
int store_find_local_assignment(struct store *store, const char *user, struct assignment *ret);
int store_find_local_request(struct store *store, const char *user, struct request *ret);
/* A waiting request of this user name with another uid. */
int store_find_stale_request(struct store *store, const char *user, uid_t uid, struct request *ret);
/* A live assignment of a user who was not local and is not marked as missing yet. Marking. */
int store_find_missing(struct store *store, const char *user, struct assignment *ret);
int store_note_missing(struct store *store, const char *user);
