/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* reload: puts a changed policy into force, as root. */
#pragma once

#include "cli/runner.h"

/* The command. Returns the exit code. */
int reload_configuration(struct invocation *invocation);
