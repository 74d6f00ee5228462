/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin pam: guards services of /etc/pam.d, and says which are guarded. Each returns the exit code. */
#pragma once

#include "cli/runner.h"

int pam_enable(struct invocation *invocation);
int pam_disable(struct invocation *invocation);
int pam_status(struct invocation *invocation);
int pam_test(struct invocation *invocation);
