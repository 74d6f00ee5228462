/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many logins of this host may wait at the gate at once: waiting ones fill sshd's MaxStartups, and keep out the
 * others, root included. A place is a lock on a file of root's, and so is each user's turn; whatever ends its holder
 * frees both.
 */
#pragma once

#include <sys/types.h>

enum { WAITERS_MAX = 5 };

/*
 * Takes a place for this user, who may have one, in a folder that root alone (or who we are) may write: a descriptor
 * above the standard ones that keeps it until it is closed; -EBUSY when there is none; other -errno. Never waits.
 */
int waiters_enter(const char *folder, uid_t user);
