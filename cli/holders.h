/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin holders: lists who holds what until when, and who is in /etc/group, too. */
#pragma once

#include "cli/runner.h"

int holders_show(struct invocation *invocation);
