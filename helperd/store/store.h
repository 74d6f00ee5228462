/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only durable record: requests, decisions, assignments, grants, audit log. The functions are operations on these,
 * and no SQL leaves this folder. Owned by the engine; single-threaded.
 *
 * Results: 0; -errno for a fault (logged here); STORE_E_NONE when nothing matched. What is read into a struct is owned
 * by the caller and released with that struct's _deinit. A write outside store_begin/store_commit is a bug.
 */
#pragma once

#include "helperd/store/assignment.h"
#include "helperd/store/delegate.h"
#include "helperd/store/drift.h"
#include "helperd/store/holders.h"
#include "helperd/store/keep.h"
#include "helperd/store/locked.h"
#include "helperd/store/membership.h"
#include "helperd/store/outbox.h"
#include "helperd/store/report.h"
#include "helperd/store/request.h"

enum {
    STORE_E_NONE = 1000 /* above every enum bus_error, so that a refusal is never taken for it */
};

struct store;

/*
 * Locks out a second accesspkgd: one that was started manually would write grant files between a commit of the first
 * and its files, which the first would take for drift. *ret: a descriptor to keep open while the store is used; the
 * kernel releases the lock with the process. -EBUSY: another one has it; -errno (both logged).
 */
int store_lock(const char *path, int *ret);
/* ":memory:" gives a new store, for tests. *ret_newborn: nothing was ever recorded in it, or a start was interrupted
 * before it took over the grant files. */
int store_open(const char *path, struct store **ret, bool *ret_newborn);
void store_close(struct store *store);

/*
 * A transaction keeps its first fault, even that it could not begin. After that every read and write returns -errno and
 * does nothing, and store_commit rolls back and returns the fault. So a step need not check each write.
 */
int store_begin(struct store *store);
int store_commit(struct store *store); /* durable when it returns 0 (rule 2); rolled back otherwise */
void store_rollback(struct store *store);
/* What is read in between takes SQLite's locks once, not for each statement. Ends by itself when a transaction begins. */
void store_begin_reading(struct store *store);
void store_end_reading(struct store *store);
/* Fails the transaction under way, if any, for a fault outside the store. Returns `error` (-errno). */
int store_fail(struct store *store, int error);
int store_failed(const struct store *store); /* the first fault, -errno; 0: none */

/* The highest numbers that it has given. */
struct store_numbers {
    int64_t audit;
    int64_t request;
    int64_t assignment;
};
int store_get_numbers(struct store *store, struct store_numbers *ret);
/* What comes next has higher numbers than these. */
int store_raise_numbers(struct store *store, const struct store_numbers *least);

/*
 * That this store is not what was known on the host, until root accepts it. *ret_why: new; STORE_E_NONE: it is accepted.
 * *ret_request: requests up to this number do not begin until then.
 */
int store_get_unaccepted(struct store *store, char **ret_why, int64_t *ret_request);
int store_set_unaccepted(struct store *store, const char *why, int64_t now, int64_t request);
int store_accept(struct store *store);
int store_forget_publications(struct store *store);
/* How many live assignments were taken over from grant files. */
int store_count_adopted(struct store *store, int64_t *ret);
/* How many assignments are held; how many requests are approved and begin later. */
int store_count_held(struct store *store, int64_t *ret);
int store_count_waiting(struct store *store, int64_t *ret);

/* The key of the host whose store it is, new; STORE_E_NONE: not known yet. */
int store_get_origin(struct store *store, char **ret);
int store_set_origin(struct store *store, const char *host);
/* 0 when the store had this epoch once; STORE_E_NONE. store_know_epoch: it had, from now on. */
int store_find_epoch(struct store *store, const char *name);
int store_know_epoch(struct store *store, const char *name);
/* The store's epoch: a random name, new. A new one begins when what is here may not be what it was. */
int store_get_epoch(struct store *store, char **ret);
int store_begin_epoch(struct store *store, int64_t now);

/*
 * Makes sure, outside a transaction, that the store can record what narrows on a full disk; cheap where it can. -ENOSPC:
 * the disk has no room for that; -errno.
 */
int store_keep_reserve(struct store *store);

/* The next time at which something is due. */
int store_next_deadline(struct store *store, int64_t *ret); /* of a request or an assignment; 0: none */
int store_next_retry(struct store *store, int64_t *ret);    /* 0: none */

/* Users whose grant files may not say yet what the store says. `narrows`: the change takes access away. */
int store_add_publication(struct store *store, const char *user, bool narrows);
int store_remove_publication(struct store *store, const char *user);
typedef int (*store_each_publication_fn)(const char *user, bool narrows, void *data);
int store_each_publication(struct store *store, store_each_publication_fn each, void *data);

/* Pending requests by their age at `now`, and live assignments. */
struct store_counts {
    int64_t pending;
    int64_t pending_hour;
    int64_t pending_day;    /* older than an hour, up to a day */
    int64_t pending_older;  /* older than a day */
    int64_t oldest_pending; /* when the oldest was submitted; 0: none */
    int64_t live;
    int64_t partial;
};
int store_read_counts(struct store *store, int64_t now, struct store_counts *ret);
/* Those of pending requests alone: without a look at what is held. */
int store_count_pending(struct store *store, int64_t now, struct store_counts *ret);
int store_count_live(struct store *store, int64_t *ret);
int store_count_partial(struct store *store, int64_t *ret);
/* Ends of sessions that failed and are tried again. */
int store_count_endings_left(struct store *store, int64_t *ret);

/*
 * What the store counts as it changes, since it was opened: of kind "live" for each package what is held now,
 * "ended" by state and "decision" by verdict what has come since then. "delay": of the decisions those within each bound of
 * STORE_DELAYS after their stage was entered ("0": the first bound; the last is beyond them all), and "delay-sum" their seconds.
 */
#define STORE_DELAYS(X) X(60) X(300) X(900) X(3600) X(14400) X(86400)
typedef int (*store_each_tally_fn)(const char *kind, const char *name, int64_t count, void *data);
int store_each_tally(struct store *store, store_each_tally_fn each, void *data);

/* Bytes that the store uses, and bytes free on its file system. 0, 0: not known, or in memory. */
struct store_space {
    int64_t used;
    int64_t left;
};
struct store_space store_measure(struct store *store);
