/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compares the packages with root's allow-list (common/grantdir.h). Looks up no name and writes nothing: the daemon
 * calls this at its start, and tells the administrator to run `pkg-admin reload` if they differ. */
#pragma once

#include "common/grantdir.h"
#include "helperd/config/packages.h"

/* The groups of all packages, sorted, without duplicates. New memory; NULL: no memory. */
strv packages_groups(const struct packages *packages);

/* The allow-list; owns its names. */
struct packages_allowed {
    struct allow_entry *entries;
    size_t count;
};
/* A missing list is empty. 0 or -errno. */
int packages_read_allowed(const char *state, struct packages_allowed *ret);
void packages_allowed_deinit(struct packages_allowed *allowed);
/* NULL when it has no entry. */
const struct allow_entry *packages_allowed_group(const struct packages_allowed *allowed, const char *group);
const struct allow_entry *packages_allowed_gid(const struct packages_allowed *allowed, gid_t gid);

/* A group that no package names any more, but that a user holds or will hold. The engine finds them. */
struct packages_held {
    char *group;
    gid_t gid;
    int64_t until; /* the latest end; GRANT_FOREVER: one has no end */
};

enum { PACKAGES_UNTIL_MAX = 64 };
/* "until 2026-11-24 09:00:00 +0000", "without an end". Returns ret. */
char *packages_until(int64_t until, char ret[PACKAGES_UNTIL_MAX]);

/*
 * Adds a warning for each group without an entry below `state`, and for each entry that no package names. 0, also with
 * warnings; -errno, and a warning, when the list cannot be read.
 */
int packages_compare_allow_list(const struct packages *packages, const char *state,
                                const struct packages_held *held, size_t n_held, struct problems *problems);
