/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks up names in /etc/passwd and /etc/group alone. Unlike an absence in a directory, one here cannot be an outage. 0
 * or an errno (not negative), also for a missing or an empty file: it is broken or being replaced, which proves no
 * absence.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* To be read with fgetpwent(3) or fgetgrent(3), which ask a file for its position at each line: this one answers that
 * without the kernel. NULL with errno. */
FILE *local_open(const char *path);

int local_has_user(const char *name, bool *ret);
/* Only a line with this gid counts; with (gid_t)-1 any. */
int local_has_group(const char *name, gid_t gid, bool *ret);
