/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notes when an assignment was last used. A part of the contract on disk, below PATH_STATE:
 *
 *   used/<assignment>      empty; its modification time is the last use, to the hour
 *
 * Written by the PAM module when it runs as root: when the gate lets a user in by an assignment, and when a session
 * begins that has the assignment's groups. Read by accesspkgd, for its report. A note that cannot be written is
 * missing: that refuses no login and proves nothing. The folder is root's (0750, group accesspkg); systemd-tmpfiles
 * removes old notes.
 */
#pragma once

#include <stdint.h>

enum { USAGE_GRAIN = 60 * 60 }; /* seconds within which a further use is not noted */

/*
 * MUST: write only into a folder that belongs to root or our own user and that no other may write; follow no link.
 * `now` in seconds since the epoch. 0 or -errno.
 */
int usage_note(const char *state, int64_t assignment, int64_t now);

/* The time of its last use; 0: none is known; -errno when the folder is missing, so that nothing is known. */
int64_t usage_last(const char *state, int64_t assignment);
