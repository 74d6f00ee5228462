/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process that ran a set-uid program: the shell where su was typed. It has the groups of its login, and none that
 * its user was given since.
 */
#pragma once

#include "common/grantfile.h"

#include <sys/types.h>

/*
 * Which of these groups the process lacks: ret_lacks has a place for each. 0; -ESRCH when it is not (any more) this
 * user's; other -errno. `proc` is "/proc" but in tests.
 */
int calling_lacks(const char *proc, pid_t pid, uid_t uid, const struct grant_group *groups, size_t count,
                  bool *ret_lacks);
