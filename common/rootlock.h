/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One of root's commands at a time. The lock is a file of its own that root alone can open: whoever may open a folder or a
 * file could flock(2) it, too, and keep root waiting forever.
 */
#pragma once

/* Waits for the lock, whose file is made. *ret_lock is closed to let others on. 0 or -errno. */
int rootlock_take(const char *path, int *ret_lock);
