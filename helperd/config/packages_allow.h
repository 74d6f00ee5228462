/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The packages beside the allow-list that root keeps (common/grantdir.h). No name is looked up, nothing is written:
 * the daemon calls this at its start, and on a difference an administrator runs `pkg-admin reload`. */
#pragma once

#include "common/grantdir.h"
#include "helperd/config/packages.h"

/* The groups of all packages, each once, sorted; new, owned. NULL when there is no memory. */
strv packages_groups(const struct packages *packages);

/* The allow-list as root wrote it; a list that is not there is empty. 0 or -errno. The names are owned. */
struct packages_allowed {
    struct allow_entry *entries;
    size_t count;
};
int packages_read_allowed(const char *state, struct packages_allowed *ret);
void packages_allowed_deinit(struct packages_allowed *allowed);
/* NULL when it is not on the list. */
const struct allow_entry *packages_allowed_group(const struct packages_allowed *allowed, const char *group);
const struct allow_entry *packages_allowed_gid(const struct packages_allowed *allowed, gid_t gid);

/* A group that no package gives any more, and that somebody holds, or will (the engine tells which). */
struct packages_held {
    char *group;
    gid_t gid;
    int64_t until; /* the last of their ends; GRANT_FOREVER: one has none */
};

enum { PACKAGES_UNTIL_MAX = 64 };
/* "until 2026-11-24 09:00:00 +0000", "without an end". Returns ret. */
char *packages_until(int64_t until, char ret[PACKAGES_UNTIL_MAX]);

/*
 * Adds a warning for each group that has no entry below `state`, and for each entry that no package names. 0, also
 * with warnings; -errno when the list cannot be read (told as a warning too).
 */
int packages_compare_allow_list(const struct packages *packages, const char *state,
                                const struct packages_held *held, size_t n_held, struct problems *problems);
