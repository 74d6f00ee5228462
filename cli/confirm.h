/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Before a decision at a terminal: shows the approver who gets what for how long, and why, and asks to confirm. */
#pragma once

#include "cli/runner.h"

/* What the caller is about to do. */
enum confirm_kind { CONFIRM_APPROVE, CONFIRM_DENY, CONFIRM_REVIEW };

enum confirm_answer {
    CONFIRM_NO = 0, /* no, or no answer: change nothing */
    CONFIRM_YES,
    CONFIRM_FAILED, /* a call failed, which is reported already */
};

/* Shows the requests of the operands, as confirm_decision does, and asks nothing. Returns the exit code. */
int confirm_show(struct invocation *invocation, enum confirm_kind kind);

/*
 * Shows the requests of the operands (invocation->shown; what is decided is what is there), asks for a reason if none was
 * given, and for a "yes" before an approval (else the reason is enough). Asks nothing, but before a denial, if the caller
 * may decide on none of them: accesspkgd says why then. *ret_reason is new memory, or unchanged; *ret_code is the exit
 * code with CONFIRM_FAILED.
 */
enum confirm_answer confirm_decision(struct invocation *invocation, enum confirm_kind kind, char **ret_reason,
                                     int *ret_code);
