/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What others change by hand, and users who are gone. See store.h for results and ownership. */
#pragma once

#include "helperd/policy/assignment.h"
#include "helperd/policy/request.h"

struct store;

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
