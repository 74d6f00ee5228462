/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Groups that are on the allow-list, that no package names any more, and that somebody still holds: a package was
 * removed, or names them no longer, and what it gave runs to its end (docs/decisions/006-removed-packages.md). Judged
 * from grants/gid/<gid>, which accesspkgd writes, by all the checks of a reader; so this may only ever keep an entry
 * that root made, never add one. configure.c and packages_allow.c ask.
 */
#pragma once

#include "common/strv.h"

#include <stdint.h>
#include <sys/types.h>

/* The groups of the allow-list as root wrote them; new. 0, -ENOENT when there is no list, other -errno. */
int packages_allowed_groups(const char *state, strv *ret);

struct packages_kept {
    gid_t gid;
    size_t holders;
    int64_t until; /* the last of their ends; GRANT_FOREVER: one has none */
};

/*
 * Whether somebody holds this group of the allow-list, or will, after `now`. 0; -ENOENT when nobody does or it is not on
 * the list; another -errno when the files cannot be believed, which keeps nothing.
 */
int packages_find_kept(const char *state, const char *group, int64_t now, struct packages_kept *ret);

enum { PACKAGES_UNTIL_MAX = 64 };
/* "until 2026-11-24 09:00:00 +0000", "without an end". Returns ret. */
char *packages_until(int64_t until, char ret[PACKAGES_UNTIL_MAX]);
