/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether those who approve the packages of a line can be asked, and get in themselves. accesspkgd is asked. */
#pragma once

#include "cli/runner.h"
#include "common/findings.h"

/*
 * Adds to `missing` what would lock people out: a package that nobody can approve, or, where people log in by the service,
 * whose approvers all need somebody's approval to get in. `notes`: what is worth to know. 0, or an exit code after a
 * message: no such package, accesspkgd does not answer.
 */
int pam_people_check(struct invocation *invocation, const char *service, struct findings *missing,
                     struct findings *notes);
