/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notes when an assignment was first and last used. A part of the contract on disk, below PATH_STATE:
 *
 *   used/<assignment>        empty; its modification time is the last use, to the hour
 *   used/<assignment>.first  empty; its modification time is the first use
 *
 * Written by the PAM module when it runs as root: when the gate lets a user in by an assignment, and when a session
 * begins that has the assignment's groups. Read by accesspkgd, which keeps what they say with an assignment that ends. A
 * note that cannot be written is missing: that refuses no login and proves nothing. The folder is root's (0750, group
 * accesspkg); systemd-tmpfiles removes notes of what was not used for long.
 */
#pragma once

#include <stdint.h>

enum { USAGE_GRAIN = 60 * 60 }; /* seconds within which a further use is not noted */

/* Times in seconds since the epoch. A note from before `start` is of a lost store, whose numbers begin anew. */
struct usage_subject {
    int64_t assignment;
    int64_t start; /* of the assignment */
};

/*
 * MUST: write only into a folder that belongs to root or our own user and that no other may write; follow no link.
 * 0 or -errno.
 */
int usage_note(const char *state, const struct usage_subject *subject, int64_t now);

struct usage {
    int64_t first; /* 0: not known, though `last` may be: noted by an older version */
    int64_t last;  /* 0: no use is known */
};
/* 0; -errno when the folder is missing, so that nothing is known. */
int usage_read(const char *state, const struct usage_subject *subject, struct usage *ret);
