/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Limits how many logins wait at this host's gate at a time, each user to one: waiting logins fill sshd's MaxStartups,
 * and so keep out all others, root included. Places and turns are locks on a file of root's, which the kernel frees
 * when their holder ends.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* WAITERS_EMERGENCY_MAX more for users who may take a package in an emergency; all seven are fewer than MaxStartups. */
enum { WAITERS_MAX = 5, WAITERS_EMERGENCY_MAX = 2 };

/*
 * Takes a place for this user, who may have one, and with may_emergency one of the emergency places besides. The folder
 * must be writable by root or our own user alone. Returns a descriptor above the standard ones, which keeps the place
 * until it is closed; -EBUSY when no place is free; other -errno. Never waits.
 */
int waiters_enter(const char *folder, uid_t user, bool may_emergency);
