/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rule 13: an end whose transaction could not be committed holds all the same. It is noted when it is made; after a commit
 * that failed the note stands: durably, where that can be written, and no grant file gives what it ended. The engine
 * records what stands as soon as the store can be written.
 */
#pragma once

#include "helperd/lifecycle/txn.h"
#include "helperd/store/unrecorded.h"

struct narrowed {
    struct narrowed *next;
    struct unrecorded what;
    enum assignment_event event;
    int slot;          /* in the file; -1: in memory alone */
    bool stands;       /* a commit failed */
    bool noted;        /* by the transaction under way */
    size_t n_released; /* of its groups, where membership = files: asked of the root service */
};

/* An assignment ends; a request is withdrawn. */
void narrow_note_end(struct txn *txn, const struct assignment *assignment, enum assignment_event event,
                     struct act act);
void narrow_note_withdrawal(struct txn *txn, const struct request *request, struct act act);
/* It is on record, whatever became of the note: nothing is left to do but to commit. */
void narrow_note_recorded(struct narrowed *narrowed);

/* A user whose grant file has to be written for what stands. */
typedef int (*narrow_each_user)(struct engine *engine, const char *user);

/* The commit of the transaction under way, which noted these, succeeded; or it failed: whether anything stands by that; or
 * it failed and all of it is done again: what stood before stands on. */
void narrow_forget_noted(struct engine *engine);
void narrow_drop_noted(struct engine *engine);
bool narrow_keep_noted(struct engine *engine, narrow_each_user each);

/* Reads what a former process left: 0 or -errno. The end: what stands is in the file. */
int narrow_load(struct engine *engine, narrow_each_user each);
void narrow_unload(struct engine *engine);

/* Whether it is about this one. Numbers begin anew in a new store: that of a note may be another's there. */
bool narrow_is_about(const struct unrecorded *what, const char *user, const char *package, int64_t start);
/* What stands about an assignment, or about a request; NULL: nothing. */
const struct narrowed *narrow_find(const struct engine *engine, int64_t assignment, int64_t request);
bool narrow_any(const struct engine *engine);
