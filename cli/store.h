/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin accept-store, backup and restore. */
#pragma once

#include "cli/command.h"

int store_accept(struct invocation *invocation);
int store_back_up(struct invocation *invocation);
int store_restore(struct invocation *invocation);
