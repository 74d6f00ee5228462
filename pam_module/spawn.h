/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks a program one question, within a deadline, from inside somebody else's process (rule 11): whatever that process
 * does with SIGCHLD and wait(), with threads and with the descriptors 0 to 2. Needs Linux 5.9.
 */
#pragma once

#include "pam_module/protocol.h"

/*
 * Runs `program` (as keeper_run does; the socket holds the question) and takes its answer. The program is dead and reaped
 * on return, answered or not. 0 with the answer; where there is none for a reason that is known, with records that say
 * it: `failed` (a call) and `errno`, `ended` (an exit status) or `killed` (a signal). -ETIME when the deadline passed;
 * -ENODATA when nothing is known; -EBADMSG for an answer that is too large or not whole.
 */
int spawn_ask(const char *program, const struct protocol_message *question, unsigned seconds,
              struct protocol_message *ret_answer);
