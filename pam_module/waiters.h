/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many logins of this host may wait at the gate at once: waiting ones fill sshd's MaxStartups, and keep out the
 * others, root included. A place is a lock on a file of root's, and so is each user's turn; whatever ends its holder
 * frees both.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Who may take a package in an emergency has places that nobody else can fill; with them seven, less than MaxStartups. */
enum { WAITERS_MAX = 5, WAITERS_EMERGENCY_MAX = 2 };

/*
 * Takes a place for this user, who may have one (and, with may_emergency, one of those besides), in a folder that root alone (or who we are) may write: a descriptor
 * above the standard ones that keeps it until it is closed; -EBUSY when there is none; other -errno. Never waits.
 */
int waiters_enter(const char *folder, uid_t user, bool may_emergency);
