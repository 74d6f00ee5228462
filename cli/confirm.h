/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an approver at a terminal is shown and asked before a decision: who gets what for how long, and why. */
#pragma once

#include "cli/runner.h"

enum confirm_answer {
    CONFIRM_NO = 0, /* said no, or nothing: nothing is to be changed */
    CONFIRM_YES,
    CONFIRM_FAILED, /* the bus; said already */
};

/*
 * Shows what the operands name and asks for a reason, where none was given, and whether to go on. *ret_reason is new,
 * or stays; *ret_code is the exit code with CONFIRM_FAILED. Nothing is asked before approving what the caller cannot
 * decide: accesspkgd then says why. Denying takes no "yes": the reason is one.
 */
enum confirm_answer confirm_decision(struct invocation *invocation, bool approve, char **ret_reason,
                                     int *ret_code);
