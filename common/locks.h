/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Root's locks of users (pkg-admin lock): who is locked holds nothing, and requests, decides and delegates nothing. Below
 * PATH_STATE:
 *
 *   locks/<encoded user>         root's record, which accesspkgd may read and not write: who, when, why. The truth.
 *   grants/user/<encoded user>   a folder of root's that is not empty, in the place of the grant file: no rename puts a
 *                                file there, and readers reject it without a look at locks/.
 *
 * Either alone counts as a lock. A lock that was lifted keeps its record until accesspkgd has it in its audit log: what was
 * held at the lock ends even if accesspkgd was stopped all the time.
 *
 * MUST 1  locks/ has the owner of PATH_STATE itself and is not writable by group or others, and so is each record;
 * MUST 2  a record that cannot be read or parsed is a lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { LOCK_ID_MAX = 33, LOCK_WHY_MAX = 4096 };

struct lock {
    char *user;
    uid_t uid;            /* of the user, who may be renamed; UID_UNSET: not known */
    char id[LOCK_ID_MAX]; /* another one for each lock of a user */
    int64_t at;
    uid_t by, login; /* who locked; UID_UNSET: not known */
    char *why;       /* "": no reason was given */
    int64_t lifted;  /* 0: it stands */
    uid_t lifted_by, lifted_login;
    char *lifted_why;
    bool closed; /* the folder stands in the place of the grant file */
};

struct locks {
    struct lock *items;
    size_t count;
};

/* Every record, and every folder without one. 0; -EPERM for MUST 1; other -errno. */
int locks_load(const char *state, struct locks *ret);
void locks_deinit(struct locks *locks);
void lock_deinit(struct lock *lock);

/* The lock that stands of this name, or of this uid (UID_UNSET: of the name alone); NULL: none. */
const struct lock *locks_find(const struct locks *locks, const char *user, uid_t uid);
/* The record of this name, also one that was lifted; NULL: none. */
const struct lock *locks_record(const struct locks *locks, const char *user);

/* Whether a folder stands in the place of the user's grant file. */
bool locks_is_closed(const char *state, const char *user);

/*
 * For root. Each is on stable storage when it returns 0.
 * Write: the record, in a new file; makes locks/, 0750 and of the state folder's group. Lift: the record of this lock, now
 * lifted; -ESTALE: somebody has locked the user again, and that stands. Remove: 0 also when there is
 * none, or one of another lock by now, which stays.
 */
int locks_write(const char *state, const struct lock *lock);
int locks_lift(const char *state, const struct lock *lock);
int locks_remove(const char *state, const struct lock *lock);
/* Close: puts the folder in the place of the grant file, which it removes, also where there can be no folder. Open: takes
 * it away. 0 also when that is so already. */
int locks_close(const char *state, const char *user);
int locks_open(const char *state, const char *user);
/* Write and close, so that the folder is there before the record, and nothing that takes time lies between: whoever kills
 * the command does not leave a user locked whom readers let in. Two results, as above. */
void locks_set(const char *state, const struct lock *lock, int *ret_record, int *ret_folder);
/* Removes the grant files that have the lock's uid and another name: of a user who was renamed, or has two names. */
int locks_remove_others(const char *state, const struct lock *lock);
/* Makes what a lock needs beforehand, so that the next one takes no room on the disk. */
int locks_prepare(const char *state);
/* Puts back the folders of the locks that stand. The first -errno. */
int locks_restore(const char *state);

/* Fills `id` anew. */
void lock_new_id(struct lock *lock);
