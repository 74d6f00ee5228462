/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who holds what now. See store.h for results and ownership. */
#pragma once

#include "helperd/policy/assignment.h"

struct store;

/* Borrowed for the length of the call. */
struct store_holder {
    const char *user;
    uid_t uid;
    gid_t gid; /* the group's gid when it was granted */
};
typedef int (*store_each_holder_fn)(const struct store_holder *holder, void *data);
/* Calls `each` for every assignment that is in its span and has this group in place. */
int store_each_holder_of_group(struct store *store, const char *group, int64_t now, store_each_holder_fn each,
                               void *data);
/* The same, of the group that had this gid when it was granted, by whatever name packages have it. */
int store_each_holder_of_gid(struct store *store, gid_t gid, int64_t now, store_each_holder_fn each,
                             void *data);
/* The same, of any group. */
int store_each_holder(struct store *store, int64_t now, store_each_holder_fn each, void *data);
/* What a name may be: a package, a group in place, a user. */
enum { STORE_NAMES_PACKAGE = 1 << 0, STORE_NAMES_GROUP = 1 << 1, STORE_NAMES_USER = 1 << 2 };
struct store_holders_filter {
    int64_t before; /* 0: from the newest */
    int64_t limit;
    const char *name; /* NULL: all */
    unsigned kinds;   /* what the name may be: STORE_NAMES_…, or-ed */
};
/* The live assignments that match, newest first. */
int store_list_holders(struct store *store, const struct store_holders_filter *filter,
                       store_each_assignment_fn each, void *data);
/* Which kinds of name it is among what is held now. */
int store_find_held_kinds(struct store *store, const char *name, unsigned *ret_kinds);
