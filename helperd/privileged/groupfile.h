/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What /etc/group says by itself, whatever NSS adds to it. */
#pragma once

#include "common/strv.h"

#include <sys/types.h>

enum { GROUPFILE_E_NONE = 1 };

/* The line with this name. 0; GROUPFILE_E_NONE; -ENOTUNIQ when two lines have it; -errno. */
int groupfile_find(const char *path, const char *name, gid_t *ret_gid, strv *ret_members);
