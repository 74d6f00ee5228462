/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who holds what now. See store.h for results and ownership. */
#pragma once

#include "helperd/policy/assignment.h"

struct store;

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
