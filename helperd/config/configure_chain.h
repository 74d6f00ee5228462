/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds packages that chain: one gives a group whose members approve or request another (or itself). So its holders
 * have a say in the other, which the administrator may not have intended (docs/THREATS.md). Looks up nothing itself.
 */
#pragma once

#include "helperd/config/packages.h"

enum { CHAINS_TOLD_MAX = 100 }; /* warnings; one more line says that there are more */

/* How a group is to be compared: by its name to the directory. Borrowed, until the check is over. */
struct configure_chain_names {
    const char *(*canonical)(const char *group, void *data);
    void *data;
};

/*
 * Warns of each package that can be reached from another one, over any number of packages, with the shortest way. Groups are compared
 * as `names` has them; as they are written when it is NULL.
 * Reports an error if a way leads back by approvals and emergencies alone: holders could keep each other in for ever. 0
 * or -ENOMEM.
 */
int configure_chain_check(const struct packages *packages, const struct configure_chain_names *names,
                          struct problems *problems);
