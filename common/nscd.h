/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cache in front of every look-up: where nscd (or unscd) answers for groups, glibc asks our module once in an hour, and
 * who was approved may log in without the groups.
 */
#pragma once

#include "common/findings.h"

/* Says so where one runs below `root` ("": this host) and remembers groups. */
void nscd_check(const char *root, struct findings *findings);
