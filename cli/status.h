/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin status: what GetStatus says, and what came back as mail, on one screen of 24 lines by 80 columns. */
#pragma once

#include "cli/runner.h"

int status_show(struct invocation *invocation);
