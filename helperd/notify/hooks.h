/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The programs of notify.d. They are root's to put there: what somebody else could have written is never run, and that is
 * told. Checked on the descriptor that is then run.
 */
#pragma once

#include "common/strv.h"

#include <stddef.h>

/*
 * Their names, sorted: letters, digits, '_' and '-', as run-parts has it; not folders, nor what nobody may execute. No
 * folder: no names. 0; -errno with *ret_why (for people) when the folder is not to be trusted or cannot be read.
 */
int hooks_list(const char *folder, strv *ret, char *ret_why, size_t why_size);

/* Opens one to be run. A descriptor; -errno with a reason for people. -ENOENT: it is gone. */
int hooks_open(const char *folder, const char *name, char *ret_why, size_t why_size);
