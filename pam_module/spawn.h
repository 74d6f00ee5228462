/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks a program one question, within a deadline, from inside somebody else's process (rule 11): whatever that
 * process does with SIGCHLD, with threads and with the descriptors 0 to 2. Needs Linux 5.9 (pidfds, close_range).
 */
#pragma once

#include "pam_module/protocol.h"

/*
 * Runs `program` (no arguments; clean environment, the descriptors 0 and 1 a socket that holds the question, 2
 * /dev/null, no other) and takes its answer. The program is dead and reaped on return, answered or not.
 * 0; -ETIME when the deadline passed; -ENODATA when it ended without an answer; -EBADMSG for an answer that is too
 * large or not whole; other -errno.
 */
int spawn_ask(const char *program, const struct protocol_message *question, unsigned seconds,
              struct protocol_message *ret_answer);
