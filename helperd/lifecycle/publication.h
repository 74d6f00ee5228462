/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Grant files, written from the store after a commit: which are outstanding, which may be on stable storage, which are as
 * we wrote them.
 */
#pragma once

#include "helperd/lifecycle/txn.h"

/* As txn_publish, outside a transaction and without a note in the store. 0 or -ENOMEM. */
int engine_note_publication(struct engine *engine, const char *user, bool narrows);
/* The same for all who hold something, of whom there may be many. 0 or -errno. */
int engine_note_all(struct engine *engine);
/* The same, for a note that the process before left; and for one whose file is in place, perhaps not on stable
 * storage. */
int engine_note_former(struct engine *engine, const char *user, bool narrows);
int engine_note_in_place(struct engine *engine, const char *user);
/* What the file of a user gives who has one that could not be written. */
enum publication_state {
    PUBLICATION_DONE = 0,
    PUBLICATION_LAGS,  /* not all that it should */
    PUBLICATION_SHUT,  /* nothing: it gave more than it should, and was taken away (rule 13) */
    PUBLICATION_GIVES, /* more than it should */
};
/* Writes the outstanding files. The error of the last attempt for the user's file: 0 or -errno. */
void engine_publish(struct engine *engine);
int engine_publication_error(const struct engine *engine, const char *user, enum publication_state *ret);
/* Whether the user's file is still to be written; whether the last attempt failed for any user. */
bool engine_is_outstanding(const struct engine *engine, const char *user);
bool engine_publication_failed(const struct engine *engine);
/* The notes that the process before left: narrowings, and a few others, become outstanding; the other users are kept,
 * to be taken one by one. 0 or -errno. */
int engine_load_former(struct engine *engine);
int engine_keep_former(struct engine *engine, const char *user); /* users in their order */
void engine_forget_former(struct engine *engine);
bool engine_has_former(const struct engine *engine);
const char *engine_take_former(struct engine *engine); /* valid until they are forgotten; NULL: no more */
bool engine_is_former(const struct engine *engine, const char *user); /* and was not taken yet */
/* Syncs the files in place; whether there are some whose notes may go. engine_settle_publications does both: it strikes
 * the notes out of the store. 0 or -errno. */
void engine_sync_publications(struct engine *engine);
bool engine_awaits_strike(const struct engine *engine);
int engine_settle_publications(struct engine *engine);
/* For transactions: removes the notes of files in place from the store; keeps, or drops, the notes made inside. */
void engine_strike_publications(struct txn *txn);
void engine_keep_publications(struct engine *engine);
void engine_drop_publications(struct engine *engine);
void engine_forget_publications(struct engine *engine); /* all: the process ends */
/* How far the store is, in grants/mark: after a commit; from now on, or by another epoch; no more. */
void engine_keep_mark(struct engine *engine);
int engine_open_mark(struct engine *engine); /* 0 or -errno */
void engine_close_mark(struct engine *engine);
/* What the grant files are derived from, now. */
struct grant_source engine_grant_source(const struct engine *engine);
/* Writes the user's file now, and remembers it as our own. Until the file was compared after a start, what it lacks of
 * assignments from before stays out. 0 or -errno (logged). */
int engine_write_user(struct engine *engine, const char *user, bool narrows);
/* Whether the user's file was not compared since the start: what it lacks may have been removed manually before. */
bool engine_is_unverified(const struct engine *engine, const char *user);
int engine_note_verified(struct engine *engine, const char *user); /* 0 or -ENOMEM */
void engine_forget_verified(struct engine *engine);
/* Starts to remember our own files: 0 or -ENOMEM. engine_is_own_file: the user's file is as we wrote it last. */
int engine_remember_own(struct engine *engine);
void engine_forget_own(struct engine *engine);
bool engine_is_own_file(struct engine *engine, const char *user);
void engine_note_own(struct engine *engine, const char *user, const struct grantdir_mark *mark);
