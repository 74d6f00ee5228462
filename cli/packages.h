/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The access packages of this host, as the caller has them. */
#pragma once

#include "cli/command.h"

/* Prints a table of all. Returns the exit code. */
int packages_list(struct invocation *invocation);

/* What ListPackages says of the package, new; NULL: there is none, or it could not be asked. */
json_t *packages_look_up(struct invocation *invocation, const char *name);
