/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin status: shows the answer of GetStatus, findings on this host and returned mail, on 24 lines. */
#pragma once

#include "cli/runner.h"

int status_show(struct invocation *invocation);
