/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of a record in locks/, shared by the files of common/locks*.c only. A line each, in this order, and "end"; a
 * number that is not known is "-", and free text is one line:
 *
 *   accesspkg-lock 1
 *   id 9f86d081884c7d659a2feaa0c55ad015
 *   uid 1000
 *   at 1795476230
 *   by 0 1001               (uid and login id)
 *   why stolen laptop
 *   lifted 0                (or when)
 *   lifted-by - -
 *   lifted-why
 *   end
 */
#pragma once

#include "common/grantdir_open.h"
#include "common/locks.h"

#include <stdio.h>
#include <sys/stat.h>

/* locks/ below the state folder, with MUST 1. */
int locks_open_folder(const char *state, struct grantdir_folder *ret);

/* The text of a record, new. 0; -EPERM for MUST 1; other -errno. *ret_stat is filled in any case, with zeros at worst. */
int lock_read(int folder, const char *name, uid_t root, char **ret_text, struct stat *ret_stat);
/* 0 with a lock to be released with lock_deinit; -EBADMSG; -ENOMEM. */
int lock_parse(const char *text, const char *user, struct lock *ret);
void lock_render(const struct lock *lock, FILE *out);
