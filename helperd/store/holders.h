/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who holds what now. See store.h for results and ownership. */
#pragma once

#include "helperd/policy/assignment.h"
#include "helperd/policy/request.h"
#include "helperd/store/request.h"

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

/*
 * What was held in a period: live assignments first, by falling numbers, then those that are over, the last to end first.
 * Page by page, as the audit log is (report.h).
 */
struct store_history_filter {
    const char *name;  /* NULL: all */
    unsigned kinds;    /* what the name may be: STORE_NAMES_…, or-ed */
    int64_t since;     /* held after that */
    int64_t until;     /* and begun before that; 0: up to now */
    int64_t before_at; /* where the last page ended: 0 among the live ones; */
    int64_t before;    /* 0: from the first */
    int64_t limit;     /* rows to hand out */
    int64_t examine;   /* rows to read */
};
struct store_history_cursor {
    int64_t at;
    int64_t id; /* 0: no more rows */
};
/* `each` returns 1 where its row is to be the last of this page. */
int store_list_history(struct store *store, const struct store_history_filter *filter,
                       store_each_assignment_fn each, void *data, struct store_history_cursor *ret_next);
/* When an assignment that is over ended. */
int64_t store_over_at(const struct assignment *assignment);
/* Calls `each` with the requests that extended the assignment, the newest `most` of them, in their order. */
int store_each_extension(struct store *store, int64_t assignment, int64_t most, store_each_request_fn each,
                         void *data);
