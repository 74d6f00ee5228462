/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process that called a set-uid program, such as the shell where su was typed. It has the groups of its login, and
 * none that its user was given since.
 */
#pragma once

#include "common/grantfile.h"

#include <sys/types.h>

struct calling_process {
    const char *proc; /* "/proc", except in tests */
    pid_t pid;
    uid_t uid; /* whose process it has to be */
};

/*
 * Sets ret_missing[i] where the process does not have groups[i]; `count` places of each. 0; -ESRCH when the process
 * does not belong to that user (any more); other -errno.
 */
int calling_find_missing(const struct calling_process *process, const struct grant_group *groups,
                         size_t count, bool *ret_missing);
