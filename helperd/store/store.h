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

#include "helperd/store/assignment.h"
#include "helperd/store/delegate.h"
#include "helperd/store/drift.h"
#include "helperd/store/holders.h"
#include "helperd/store/membership.h"
#include "helperd/store/outbox.h"
#include "helperd/store/report.h"
#include "helperd/store/request.h"

enum {
    STORE_E_NONE = 1000
}; /* beside -errno, and beyond every enum bus_error: a refusal is never taken for it */

struct store;

/*
 * One accesspkgd at a time: a second one, started by hand, would write grant files between a commit of the first and its
 * files, which the first takes for drift. *ret: kept open as long as the store is used; the kernel lets go of it with
 * the process. -EBUSY: another one has it; -errno (both logged).
 */
int store_lock(const char *path, int *ret);
/* ":memory:" gives a store of its own, for tests. *ret_newborn: nothing was ever recorded in it; a start
 * that was cut off before it took over the grant files leaves it so. */
int store_open(const char *path, struct store **ret, bool *ret_newborn);
void store_close(struct store *store);

/*
 * A transaction keeps its first fault, also that it could not begin: what follows reads and writes nothing and returns
 * -errno, and store_commit rolls back and tells it. So a step need not look at the result of each write.
 */
int store_begin(struct store *store);
int store_commit(struct store *store); /* durable when it returns 0 (rule 2); rolled back otherwise */
void store_rollback(struct store *store);
/* Fails the transaction under way, if any, for a fault outside the store. Returns `error` (-errno). */
int store_fail(struct store *store, int error);
int store_failed(const struct store *store); /* the first fault, -errno; 0: none */

/* Deadlines: found through indexes, never by a scan. */
int store_next_deadline(struct store *store, int64_t *ret); /* of a request or an assignment; 0: none */
int store_next_retry(struct store *store, int64_t *ret);    /* 0: none */

/* Publications: whose grant files may lag behind. */
int store_add_publication(struct store *store, const char *user, bool narrows);
int store_remove_publication(struct store *store, const char *user);
typedef int (*store_each_publication_fn)(const char *user, bool narrows, void *data);
int store_each_publication(struct store *store, store_each_publication_fn each, void *data);

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
