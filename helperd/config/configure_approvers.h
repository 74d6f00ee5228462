/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The approvers of all packages, and which of them a line of ours keeps out. For check-config. */
#pragma once

#include "common/gates.h"
#include "common/strv.h"
#include "helperd/config/configure.h"

struct configure_approvers;

/* Looks up all who may approve, by name or as a member of a group. 0 or -ENOMEM. */
int configure_approvers_find(const struct configure_place *place, const struct packages *packages,
                             struct configure_approvers **ret);
void configure_approvers_free(struct configure_approvers *approvers);

/* Adds to the list whom the line would refuse now, surely. 0 or -ENOMEM. */
int configure_approvers_outside(const struct configure_approvers *approvers, const struct gate_line *line,
                                strv *ret);
