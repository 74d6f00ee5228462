/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a line of another module says of a user, as far as that can be told without running the module. For cli/pam_*.c. */
#pragma once

#include "common/pamd.h"

#include <sys/types.h>

struct pam_person {
    const char *name, *service;
    uid_t uid;
    gid_t gid;
};

/* By /etc/group and directories. */
bool pam_judge_is_member(const struct pam_person *person, const char *group);

/* Whether a line of pam_succeed_if.so or pam_rootok.so applies. 1; 0; -1: not known, or another module. */
int pam_judge_applies(const struct pam_person *person, const struct pamd_line *line);
