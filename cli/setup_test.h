/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What would become of a package's requests, as setup ends with it: of an approver's and of a requestor's. */
#pragma once

#include "cli/runner.h"
#include "cli/setup_file.h"

/* A new array of explanations (org.accesspkg1.Manager, Explain), each with `as`: "approver" or "requestor". Whom the host
 * does not know is left out, with a message. */
json_t *setup_test(struct invocation *invocation, const struct setup_terms *terms);
void setup_print_test(struct invocation *invocation, const json_t *explanations);
