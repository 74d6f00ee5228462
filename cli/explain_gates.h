/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who of a package's approvers cannot get in, as check-config says it. For root, who alone is told enough. */
#pragma once

#include "cli/runner.h"

/* Adds `outside` to an explanation: a text for each line of a login service that names the package and keeps some out. */
void explain_gates_add(struct invocation *invocation, json_t *explanation);
