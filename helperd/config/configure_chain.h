/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packages that chain: one gives a group whose members approve or request another (or itself). Whoever is let into
 * the first has a say in the second, which nobody may have meant (docs/THREATS.md). Pure.
 */
#pragma once

#include "helperd/config/packages.h"

enum { CHAINS_TOLD_MAX = 100 }; /* warnings; one more line says that there are more */

/*
 * Follows the closure: a warning for each package that can be reached from another one, with the shortest way there;
 * an error where the way leads back by approvals (and emergencies) alone, so that holders could keep each other in for ever. 0 or
 * -ENOMEM.
 */
int configure_chain_check(const struct packages *packages, struct problems *problems);
