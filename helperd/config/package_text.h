/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A package as a canonical text, and its digest, by which an approver's decision is bound to the policy that they saw. */
#pragma once

#include "common/canonical.h"
#include "helperd/config/packages.h"

/* All that the package says, new; NULL: no memory. What its file says in other words, or by default, is the same. */
char *package_text(const struct package *package);
/* 0 or -ENOMEM. packages_digest: of the texts of all, in the order of their names. */
int package_digest(const struct package *package, char ret[CANONICAL_DIGEST_MAX]);
int packages_digest(const struct packages *packages, char ret[CANONICAL_DIGEST_MAX]);
