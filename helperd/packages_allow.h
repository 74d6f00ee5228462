/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The packages beside the allow-list that root keeps (common/grantdir.h). No name is looked up, nothing is written:
 * the daemon calls this at its start, and on a difference an administrator runs `pkg-admin reload`. */
#pragma once

#include "helperd/packages.h"

/* The groups of all packages, each once, sorted; new, owned. NULL when there is no memory. */
strv packages_groups(const struct packages *packages);

/*
 * Adds a warning for each group that has no entry below `state`, and for each entry that no package names. 0, also
 * with warnings; -errno when the list cannot be read (told as a warning too).
 */
int packages_compare_allow_list(const struct packages *packages, const char *state,
                                struct problems *problems);
