/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin holders: who holds what until when, and what of it /etc/group has as well. */
#pragma once

#include "cli/runner.h"

int holders_show(struct invocation *invocation);
