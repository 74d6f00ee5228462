/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way past a gate that stays for repairs: root over ssh, root at the console, or a group that the line exempts. Each is
 * tried as far as that can be told without logging in: settings, keys, passwords, and the account phase, walked as libpam
 * does.
 */
#pragma once

#include "cli/pam_plan.h"

/* Adds to `ways` each that there is ("root over ssh, with a key"), and to `missing` why each other one is none. */
void pam_escape_find(const struct invocation *invocation, const struct pam_plan *plan, struct findings *ways,
                     struct findings *missing);

/* What sshd says of a setting, as `sshd -T` has it: new memory; NULL: no sshd, or it does not say. */
char *pam_escape_sshd(const char *setting);
/* Whether one of the lines of this setting names it. */
bool pam_escape_sshd_names(const char *setting, const char *name);
