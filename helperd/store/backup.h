/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A copy of the store while it is used, in steps, into a file that somebody else has opened. */
#pragma once

struct store;
struct store_backup;

/* The file is empty, and stays the caller's. 0 or -errno. */
int store_backup_begin(struct store *store, int file, struct store_backup **ret);
/* 1: more is to be done; 0: the file has all that was committed until now; -errno, as -ENOSPC of the file's disk. */
int store_backup_step(struct store_backup *backup);
/* Also for one that is not finished. NULL: nothing. */
void store_backup_end(struct store_backup *backup);
