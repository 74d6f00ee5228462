/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which processes of a user carry a group, from /proc. `proc` is "/proc", or a folder of a test's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PROCESSES_NAME_MAX = 64 };

/* Ids that a user may give to processes in user namespaces of their own: a line of /etc/subuid. */
struct subuid_range {
    uid_t first;
    uid_t count;
};
enum { SUBUID_RANGES_MAX = 64 };

/* The ranges of this user in such a file. How many; one that is not there has none. */
size_t subuid_read(const char *path, const char *user, uid_t uid, struct subuid_range ret[SUBUID_RANGES_MAX]);

/*
 * Whom to look for: any of these gids, as a supplementary or one of the four own ones, in a process with the real uid, with
 * one of the user's subordinate ones, or in a user namespace that stands on the uid.
 */
struct processes_wanted {
    uid_t uid;
    const gid_t *gids;
    size_t count;
    const struct subuid_range *ranges;
    size_t n_ranges;
};

struct process_facts {
    char name[PROCESSES_NAME_MAX]; /* as it calls itself; visible text */
    gid_t gid;                     /* the first one found */
};

/*
 * Each thread is looked at, since each has its own credentials, and one that has ended leaves the others running.
 * 1 with *ret_facts; 0 when it is not wanted or gone; -errno.
 */
int process_is_wanted(const char *proc, pid_t pid, const struct processes_wanted *wanted,
                      struct process_facts *ret_facts);

/* All of them, as a new array. -EPERM when /proc hides processes of others from us. */
int processes_find(const char *proc, const struct processes_wanted *wanted, pid_t **ret, size_t *ret_count);
