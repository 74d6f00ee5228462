/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changing a line of /etc/group as an administrator does, with its locks, its shadow and its caches. */
#pragma once

#include <stddef.h>

#define GPASSWD_PROGRAM "/usr/bin/gpasswd"

enum { GPASSWD_SECONDS = 5, GPASSWD_SAID_MAX = 256 };

/*
 * `option` is "-a" or "-d". Waits until it ended, at most GPASSWD_SECONDS; then kills it. The names may begin with
 * anything. It keeps `lock` open while it runs, so that the lock of a caller who is killed outlasts what it began.
 * 0; -ETIME; -ENOEXEC when it failed, or cannot be run, with what it said in ret_said (always set).
 */
int gpasswd_run(const char *option, const char *user, const char *group, int lock,
                char ret_said[GPASSWD_SAID_MAX]);
