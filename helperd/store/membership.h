/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memberships in /etc/group (membership = files). See store.h for results and ownership. */
#pragma once

#include "helperd/policy/membership.h"

struct store;

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
