/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The programs of notify.d. A program that another user than root could have written is never run, and the caller gets
 * the reason. Checked on the descriptor that is run.
 */
#pragma once

#include "common/strv.h"

#include <stddef.h>

/*
 * Their names, sorted: of letters, digits, '_' and '-', as with run-parts; not folders, nor files that no user may
 * execute. None when there is no folder. 0; -errno with *ret_why (for people) when the folder is not trusted or cannot
 * be read.
 */
int hooks_list(const char *folder, strv *ret, char *ret_why, size_t why_size);

/* Opens a program to run it. A descriptor; -errno with *ret_why (for people); -ENOENT: it was removed. */
int hooks_open(const char *folder, const char *name, char *ret_why, size_t why_size);
