/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memberships in /etc/group (membership = files). See store.h for results and ownership. */
#pragma once

#include "helperd/policy/membership.h"

struct store;

/* store_put_membership removes the row of one whose state is NONE. */
int store_get_membership(struct store *store, const char *user, const char *group, struct membership *ret);
int store_put_membership(struct store *store, const struct membership *membership);
int store_find_due_membership(struct store *store, int64_t now, struct membership *ret);
/* Of those that take a user out of a group, the one behind so many. */
int store_find_due_removal(struct store *store, int64_t now, int64_t skip, struct membership *ret);
/* Whether a live assignment of the user other than `but` gives the group. */
int store_user_gets_group(struct store *store, const char *user, const char *group, int64_t but,
                          bool *ret_gets);
/* The last end among the user's live assignments that give the group; 0: none does. */
int store_user_has_group_until(struct store *store, const char *user, const char *group, int64_t *ret);
/* Makes it due that the root service is told the end of every membership in place that is ours. */
int store_note_memberships(struct store *store, int64_t now);
/* A membership of this user, of any user, that is under way and has not failed; one of this user still to be
 * removed. */
int store_find_membership_under_way(struct store *store, const char *user, struct membership *ret);
int store_find_any_membership_under_way(struct store *store, struct membership *ret);
int store_find_membership_left(struct store *store, const char *user, struct membership *ret);
typedef int (*store_each_membership_fn)(const struct membership *membership, void *data);
int store_each_membership_of_group(struct store *store, const char *group, store_each_membership_fn each,
                                   void *data);
int store_each_membership_group(struct store *store, store_each_name_fn each, void *data);
/* The id of the next live assignment above `after` with a group in place for which there is no membership.
 * STORE_E_NONE. */
int store_next_without_membership(struct store *store, int64_t after, int64_t *ret);
/* How many are to be removed and could not be. */
int store_count_memberships_left(struct store *store, int64_t *ret);
