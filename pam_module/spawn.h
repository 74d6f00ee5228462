/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks a program one question, within a deadline, from inside the host process (rule 11), whatever the host does with
 * SIGCHLD, wait(), threads and the descriptors 0 to 2. Needs Linux 5.9.
 */
#pragma once

#include "pam_module/protocol.h"

/*
 * Runs `program` as keeper_run does, with the question in the socket, and reads its answer. The program is dead and
 * reaped on return in any case. 0 with the answer, or with records that say why there is none: `failed` (a call) and
 * `errno`, `ended` (an exit status) or `killed` (a signal). -ETIME when the deadline passed; -ENODATA when the reason
 * is unknown; -EBADMSG for an answer that is too large or incomplete.
 */
int spawn_ask(const char *program, const struct protocol_message *question, unsigned seconds,
              struct protocol_message *ret_answer);
