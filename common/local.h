/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands in the files of this host: who is gone from there is gone, which an outage cannot look like. 0 or an errno,
 * also where a file is empty or away: somebody is replacing it, or it is broken, and nobody is gone for that.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

int local_has_user(const char *name, bool *ret);
/* `gid`: only a line with this number counts; (gid_t)-1: any. */
int local_has_group(const char *name, gid_t gid, bool *ret);
