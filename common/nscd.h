/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Warns of nscd (or unscd), which caches look-ups: if it caches groups, glibc asks our module once an hour only, and an
 * approved user may log in without the groups.
 */
#pragma once

#include "common/findings.h"

/* Adds a finding if one runs below `root` ("": this host) and caches groups. */
void nscd_check(const char *root, struct findings *findings);
