/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which assignments were ever used, and when last: a part of the contract on disk, below PATH_STATE:
 *
 *   used/<assignment>      empty; the time of its last change is when it was used last, to the hour
 *
 * Written by the PAM module where it runs as root: when a gate lets somebody in by an assignment, and when a session
 * begins that has its groups. Read by accesspkgd, for its report. A note that cannot be written is none: it keeps nobody
 * out and proves nothing. The folder is root's (0750, group accesspkg); systemd-tmpfiles clears away what is old.
 */
#pragma once

#include <stdint.h>

enum { USAGE_GRAIN = 60 * 60 }; /* seconds within which a further use is not noted */

/*
 * MUST: write into no folder but one of ours (root's, or whose we are) that nobody else may write; follow no link. `now`
 * in seconds since the epoch. 0 or -errno.
 */
int usage_note(const char *state, int64_t assignment, int64_t now);

/* When it was used last; 0: never, as far as is known; -errno where there is no folder of ours, so that nothing is. */
int64_t usage_last(const char *state, int64_t assignment);
