/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What check-config says of our lines in pam.d together with packages.d: who is asked for a reason there, and which approvers
 * get in. Each line by itself is common/pamcheck.h's.
 */
#pragma once

#include "common/findings.h"
#include "helperd/config/configure.h"

/* Adds a finding for each line that cannot do what a package wants of it, and for each that keeps approvers out. Uses the
 * place's root, state, lookup and sshd. */
void configure_gates_check(const struct configure_place *place, const struct packages *packages,
                           struct findings *findings);
