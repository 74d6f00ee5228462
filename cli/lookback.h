/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin report and pkg-admin audit: the figures of a period, and the audit log. */
#pragma once

#include "cli/runner.h"

int lookback_report(struct invocation *invocation);
int lookback_audit(struct invocation *invocation);
