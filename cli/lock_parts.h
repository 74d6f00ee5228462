/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What pkg-admin lock and unlock ask of others, each with a deadline of its own. For cli/lock.c alone. */
#pragma once

#include "common/locks.h"

enum lock_target { LOCK_TARGET_UNANSWERED = 0, LOCK_TARGET_ABSENT, LOCK_TARGET_FOUND };
/*
 * Fills user and uid (UID_UNSET: not known) for a name as it was typed: from /etc/passwd, from the grant file of that name,
 * or from the directory, which may not answer: then the name counts as it was typed.
 */
enum lock_target lock_find_target(const char *typed, struct lock *ret);
/* A user with a grant file whose name differs from this one in the case of letters or the domain alone; new memory; NULL:
 * none. */
char *lock_find_alike(const char *typed);
/* The name that /etc/passwd has for a uid, else the number; new memory. */
char *lock_user_name(uid_t uid);
/* As whom the caller logged in; UID_UNSET: unknown. */
uid_t lock_own_login(void);

/* Takes the user out of what the root service's notes have them in. 0, or its exit code. */
int lock_end_members(const struct lock *lock);

enum lock_told { LOCK_TOLD_NOT = 0, LOCK_TOLD_NOBODY, LOCK_TOLD };
/* Has accesspkgd, if it runs, read the locks: `method` is Lock or Unlock. */
enum lock_told lock_tell(const char *user, const char *method);
